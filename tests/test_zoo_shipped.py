"""The entries that come with the package, and those that an earlier version wrote."""

import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kerasgan import zoo
from kerasgan.zoo import integrity, store


def apart(one, other):
    assert one.shape == other.shape and one.dtype == other.dtype
    return np.abs(one.astype("float32") - other.astype("float32")).max()


@pytest.mark.parametrize("name", ["wgan_gp", "acgan"])
def test_an_entry_of_format_1_still_gives_its_pictures(name):
    """As kerasgan 0.1 wrote them, with a critic, and with attributes that were no modality."""
    folder = Path(__file__).parent / "format_1" / name
    assert zoo.info(folder)["format"] == 1
    model = zoo.load(folder)
    with np.load(folder / "reference.npz") as reference:
        inputs = {key: reference[key] for key in reference.files}
    samples = inputs.pop("samples")
    assert apart(model.reference_samples(**inputs), samples) <= 1
    if name == "acgan":
        assert model.labels.names == ["a", "b"]
        assert model.generate(2, labels="b").shape == (2, 8, 8, 1)
    else:
        assert model.discriminator_steps == 2


# What is shipped

SHIPPED = zoo.list()
shipped = pytest.mark.parametrize(
    "name", SHIPPED or [pytest.param("", marks=pytest.mark.skip(reason="zoo/ holds no entry"))]
)


@shipped
def test_a_shipped_entry_is_whole_and_described(name):
    folder = store.find(name)
    card = integrity.check(folder)
    for key in ("summary", "paper", "data", "licence", "limits", "training", "metrics"):
        assert card.get(key), f"{name}: card.toml has no {key}"
    assert card["name"] == name
    files = {path.name for path in folder.iterdir()}
    assert files == {*card["files"], "card.toml"}
    assert files >= {"config.json", "recipe.toml", "reference.npz", "sample.png"}
    assert sum(path.stat().st_size for path in folder.iterdir()) < 12e6
    with Image.open(folder / "sample.png") as picture:
        picture.load()
    recipe = tomllib.loads((folder / "recipe.toml").read_text(encoding="utf-8"))
    assert {"seed", "data", "model", "fit"} <= recipe.keys()
    assert card["format"] == integrity.FORMAT and card["verb"] and card["modality"]


@shipped
def test_a_shipped_model_gives_its_reference_pictures(name):
    model = zoo.load(name)
    with np.load(store.find(name) / "reference.npz") as reference:
        inputs = {name: reference[name] for name in reference.files}
    samples = inputs.pop("samples")
    assert apart(model.reference_samples(**inputs), samples) <= 1
    # Its picture shows what it made of others, diagrams, which a single row changes, or decisions
    # between notes or letters, which may be as good as even.
    decided = ("table", "series", "music", "sequences", "fields")
    if "latents" not in inputs or zoo.info(name)["modality"] in decided:
        return
    with Image.open(store.find(name) / "sample.png") as picture:
        grid = np.asarray(picture)
    expected = model.preview(64, seed=0)
    assert apart(grid.reshape(expected.shape), expected) <= 1


def test_the_zoo_stays_small_enough_to_install():
    files = [path for path in store.shipped().rglob("*") if path.is_file()]
    # PyPI takes files of up to 100 MB, and a wheel compresses weights by a twelfth.
    assert sum(path.stat().st_size for path in files) < 100e6
