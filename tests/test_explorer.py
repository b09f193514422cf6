"""The page of sliders: what is in it, and what each of its pictures is."""

import base64
import io
import json

import keras
import numpy as np
import pytest
from PIL import Image
from tiny import mlp_gan

from kerasgan import latents, models, networks, zoo
from kerasgan.cli import main

pytestmark = pytest.mark.without_backend


def panels_of(page):
    """What the page has of each slider, its strips as arrays."""
    line = next(x for x in page.read_text().splitlines() if x.startswith("const panels = "))
    panels = json.loads(line.removeprefix("const panels = ").removesuffix(";"))
    for panel in panels:
        panel["strips"] = [_opened(strip) for strip in panel["strips"]]
    return {panel["title"]: panel for panel in panels}


def _opened(address):
    content = base64.b64decode(address.removeprefix("data:image/webp;base64,"))
    with Image.open(io.BytesIO(content)) as picture:
        return np.asarray(picture.convert("L"), "int16")


def assert_like(shown, made):
    """Equal but for what WebP loses."""
    assert np.abs(shown - made[..., 0].astype("int16")).mean() < 12


def test_a_slider_goes_through_samples_of_codes_that_are_moved(tmp_path):
    keras.utils.set_random_seed(1)
    options = {"latent_dim": 4, "width": 2, "max_width": 4, "style_dim": 4, "mapping_layers": 1}
    model = models.StyleGAN(*networks.stylegan((32, 32, 1), **options), seed=1)
    page = latents.write_explorer(model, tmp_path / "a.html", n=2, number_of_directions=1, seed=3)
    panels = panels_of(page)
    assert [*panels] == ["Direction 1", "Truncation", "To the next sample"]
    moved, truncated, between = panels.values()
    assert [len(panel["strips"]) for panel in panels.values()] == [2] * 3
    samples = model.generate(2, seed=3)
    for i in range(2):
        assert moved["values"][moved["start"]] == "as it is"
        assert_like(moved["strips"][i][:, 4 * 32 : 5 * 32], samples[i])
        assert_like(truncated["strips"][i][:, -32:], samples[i])
        assert_like(between["strips"][i][:, :32], samples[i])
        assert_like(between["strips"][i][:, -32:], samples[1 - i])
    half = model.generate(2, seed=3, truncation=0.4)
    assert_like(truncated["strips"][0][:, 2 * 32 : 3 * 32], half[0])
    assert "http" not in page.read_text()


def test_the_command_writes_the_page_of_a_model_with_labels(tmp_path, capsys):
    pair = networks.mlp((8, 8, 1), latent_dim=4, width=8, depth=1, label_dim=3)
    model = models.ConditionalGAN(*pair, seed=1)
    entry, out = zoo.save(model, tmp_path / "entry"), tmp_path / "page.html"
    assert main(["explore", str(entry), "-o", str(out), "-n", "2", "--directions", "2"]) == 0
    panels = panels_of(out)
    assert [*panels] == ["Direction 1", "Direction 2", "To the next sample", "Label"]
    assert panels["Label"]["values"] == [0, 1, 2]
    z = np.random.default_rng(0).standard_normal((2, 4), "float32")
    made = zoo.load(entry).generate(latents=z[[1]], labels=2)[0]
    assert_like(panels["Label"]["strips"][1][:, 16:], made)
    assert f"Wrote {out}" in capsys.readouterr().out


def test_what_has_no_page_is_refused(tmp_path):
    with pytest.raises(ValueError, match="n must be at least 2"):
        latents.write_explorer(mlp_gan(), tmp_path / "a.html", n=1)
    points = mlp_gan(shape=(2, 2, 2))
    with pytest.raises(ValueError, match=r"A page shows pictures.*\(2, 2, 2\)"):
        latents.write_explorer(points, tmp_path / "a.html")
    assert not (tmp_path / "a.html").exists()
