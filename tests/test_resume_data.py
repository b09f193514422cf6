"""Runs that are gone on with: on the same data, the same backend, in a folder of their own."""

import shutil
import tomllib

import keras
import numpy as np
import pytest
from PIL import Image

from kerasgan import datasets, zoo
from kerasgan.cli import main
from kerasgan.zoo import store

TINY = {
    "data": {"image_shape": [8, 8, 3], "batch_size": 4},
    "networks": {"width": 3, "depth": 1, "latent_dim": 2},
    "fit": {"epochs": 1},
}


def draw(folder, n=6, seed=0):
    folder.mkdir(parents=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (n, 8, 8, 3), "uint8")
    for i, image in enumerate(pixels):
        Image.fromarray(image).save(folder / f"{i}.png")
    return folder


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return draw(tmp_path_factory.mktemp("data") / "noise")


@pytest.fixture(scope="module")
def finished(tmp_path_factory, pictures):
    folder = tmp_path_factory.mktemp("runs") / "run"
    zoo.train("mlp", pictures, folder, **TINY, seed=3)
    return folder


@pytest.fixture
def run(finished, tmp_path, monkeypatch):
    """A copy of a run of one epoch; the working folder is beside it."""
    monkeypatch.chdir(tmp_path)
    return shutil.copytree(finished, tmp_path / "run")


def go_on(data, run, epochs=2, **changes):
    return zoo.train("mlp", data, run, **TINY | {"fit": {"epochs": epochs}, "seed": 3} | changes)


# The same data


def test_a_fingerprint_is_of_contents_and_their_order(pictures, tmp_path):
    def of(source, **options):
        return datasets.load(source, image_shape=(8, 8, 3), **options).fingerprint()

    same = of(pictures)
    copy = shutil.copytree(pictures, tmp_path / "elsewhere")
    assert of(copy) == of(copy, batch_size=2, seed=4) == same
    assert of(copy, labels=[0, 1, 0, 1, 0, 1]) != of(copy, labels=[0, 1, 0, 1, 1, 0]) != same
    bits = bytearray((copy / "3.png").read_bytes())
    bits[-20] ^= 1
    (copy / "3.png").write_bytes(bits)
    changed = of(copy)
    shutil.copy(pictures / "3.png", copy / "3.png")
    (copy / "0.png").rename(copy / "9.png")
    assert len({same, changed, of(copy)}) == 3
    array = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3), "uint8")
    np.save(tmp_path / "a.npy", array)
    assert of(tmp_path / "a.npy") == of(array)
    array[2, 7, 7, 2] ^= 1
    assert of(tmp_path / "a.npy") != of(array)


@pytest.mark.parametrize("kind", ["pairs", "halves", "photographs"])
def test_every_kind_of_data_has_a_fingerprint(kind, tmp_path):
    one, other = draw(tmp_path / "a"), draw(tmp_path / "b", seed=1)

    def fingerprint():
        if kind == "photographs":
            return datasets.load_photographs(one, scale=2, patch_size=8).fingerprint()
        target = other if kind == "pairs" else None
        return datasets.load_pairs(one, target, size=8).fingerprint()

    before = fingerprint()
    assert fingerprint() == before
    shutil.copy(other / "2.png", (other if kind == "pairs" else one) / "3.png")
    assert fingerprint() != before


def test_other_data_or_another_backend_is_refused_with_a_way_to_go_on(pictures, run, tmp_path):
    recipe, other = run / "recipe.toml", draw(tmp_path / "other", seed=1)
    before = {p: p.stat().st_mtime_ns for p in run.rglob("*")}
    with pytest.raises(ValueError, match="other contents of the data.*delete from .* contents"):
        go_on(other, run)
    with pytest.raises(ValueError, match="other images. Choose.*to go on.$"):
        go_on(draw(tmp_path / "more", n=7), run)
    assert {p: p.stat().st_mtime_ns for p in run.rglob("*")} == before
    text, backend = recipe.read_text(), keras.backend.backend()
    recipe.write_text(text.replace(f'backend = "{backend}"', 'backend = "theano"'))
    with pytest.raises(ValueError, match=r"other backend \(theano\).*the line of backend"):
        go_on(pictures, run)
    lines = [line for line in text.splitlines() if not line.startswith(("contents", "backend"))]
    recipe.write_text("\n".join(lines))
    assert int(go_on(other, run).optimizer.iterations) == 4
    assert tomllib.loads(recipe.read_text())["contents"] != tomllib.loads(text)["contents"]
    assert "contents" not in tomllib.loads((run / "entry" / "recipe.toml").read_text())


def test_fewer_epochs_than_are_done_are_refused(pictures, run):
    go_on(pictures, run)
    before = (run / "recipe.toml").read_text()
    with pytest.raises(ValueError, match="trained for 2 epochs.*Received: epochs=1"):
        go_on(pictures, run, epochs=1)
    assert (run / "recipe.toml").read_text() == before


# The folder


@pytest.mark.parametrize("out", ["photos", "photos/run", ".", "link/run"])
def test_a_run_does_not_lie_among_its_data(out, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    draw(tmp_path / "photos")
    (tmp_path / "link").symlink_to("photos")
    found = sorted(tmp_path.rglob("*"))
    assert main(["train", "mlp", "--data", "photos", "--out", out]) == 2
    assert "lie in one another" in capsys.readouterr().err
    draw(tmp_path / "targets")
    words = ["train", "pix2pix", "--data", "photos", "--out", "targets", "data.target=targets"]
    assert main(words) == 2
    assert "data targets lie in one another" in capsys.readouterr().err
    shutil.rmtree(tmp_path / "targets")
    assert sorted(tmp_path.rglob("*")) == found


@pytest.mark.parametrize("out", ["file", "file/run"])
def test_a_run_needs_a_folder(out, pictures, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("mine")
    assert main(["train", "mlp", "--data", str(pictures), "--out", out]) == 2
    assert "A run needs a folder, and file is a file" in capsys.readouterr().err.replace(
        f"{tmp_path}/", ""
    )


# From the weights of an entry


def weights(network):
    return [np.array(w) for w in network.get_weights()]


def test_an_entry_trains_on_from_its_weights(pictures, run, monkeypatch):
    monkeypatch.setattr(store, "shipped", lambda: run.parent)
    start = zoo.load("run")
    # A rate of nothing shows where training began.
    still = {p: {"learning_rate": 1e-30} for p in ("generator", "discriminator")}
    model = zoo.train("run", pictures, "fine", start="zoo", optimizers=still)
    for name in ("generator", "discriminator"):
        for a, b in zip(weights(getattr(model, name)), weights(getattr(start, name)), strict=True):
            np.testing.assert_allclose(a, b, atol=1e-6)
    assert tomllib.loads((run.parent / "fine/entry/recipe.toml").read_text())["start"] == "run"
    assert zoo.info("fine")["training"]["start"] == "run"
    # The same by the command, with what is near the input frozen, and cut after an epoch.
    words = ["train", "run", "--data", str(pictures), "--out", "part", "start=zoo"]
    for epochs in ("1", "2"):
        assert main([*words, "frozen.discriminator=1", "--epochs", epochs]) == 0
    fine = zoo.load("part")
    (first, *_), (kept, *_) = weights(fine.discriminator), weights(start.discriminator)
    np.testing.assert_allclose(first, kept, atol=1e-3)
    assert not np.allclose(weights(fine.discriminator)[2], weights(start.discriminator)[2])
    assert not np.allclose(weights(fine.generator)[0], weights(start.generator)[0])
    # Its recipe says where it began: to begin anew is said too.
    model = zoo.train("part", pictures, "anew", start="none", frozen="none", fit={"epochs": 1})
    assert "start" not in zoo.info("anew")["training"]
    assert all(layer.trainable for layer in model.discriminator.layers)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"start": "zoo"}, "start=zoo .*and mlp is none"),
        ({"start": "absent"}, "'absent'"),
        ({"start": 3}, "start is the name"),
        ({"frozen": {"generator": 1}}, "frozen needs start"),
        ({"start": "run", "frozen": {"critic": 1}}, "frozen takes no 'critic'"),
        ({"start": "run", "frozen": {"generator": 0}}, "frozen.generator is a number of layers"),
        ({"start": "run", "frozen": {"generator": 9}}, "less than the 2 layers with weights"),
        ({"start": "run", "networks": {"width": 4}}, "The (generator|discriminator) does not fit"),
        (
            {"start": "run", "data": {"image_shape": [8, 8, 1], "batch_size": 4}},
            r"\(8, 8, 1\).* where that of start is .*\(8, 8, 3\).* leave data.image_shape",
        ),
    ],
)
def test_what_training_cannot_start_from_is_refused(changes, message, pictures, run, tmp_path):
    with pytest.raises(ValueError, match=message):
        zoo.train("mlp", pictures, "new", **TINY | changes)
    assert not (tmp_path / "new").exists()


def test_trained_weights_that_go_on_in_python_say_how(run):
    model, x = zoo.load(run), np.zeros((4, 8, 8, 3), "uint8")
    with pytest.warns(UserWarning, match="new optimizers.*generator 0.0002.*compile()"):
        model.fit(x, verbose=0)
    zoo.save(model, "mine")
    with pytest.raises(FileNotFoundError, match="saved without a recipe.*start=mine"):
        zoo.train("mine", "absent")
