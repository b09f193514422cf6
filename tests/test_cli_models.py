"""`kerasgan train --model`, and labels on the command line."""

import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kerasgan import models, zoo
from kerasgan.cli import main
from kerasgan.zoo import recipe

TINY = [
    "--size",
    "16",
    "--channels",
    "1",
    "--width",
    "2",
    "--kernel-size",
    "2",
    "--latent-dim",
    "2",
]
TINY += ["--epochs", "1", "--batch-size", "4", "--no-augment"]


@pytest.fixture
def pictures(tmp_path, monkeypatch):
    """Four dark and four bright pictures, a folder each, and a file of two attributes."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    lines = ["file,Bright,Left"]
    for i in range(8):
        kind = ("dark", "bright")[i % 2]
        (tmp_path / "pictures" / kind).mkdir(parents=True, exist_ok=True)
        pixels = random.integers(0, 64, (16, 16), "uint8") + np.uint8(190 * (i % 2))
        Image.fromarray(pixels).save(tmp_path / "pictures" / kind / f"{i}.png")
        lines.append(f"{i}.png,{i % 2},{i // 4}")
    (tmp_path / "attributes.csv").write_text("\n".join(lines))


def command(*arguments):
    return main([str(a) for a in arguments])


def test_classes_from_folders_to_pictures_by_name(pictures, capsys):
    start = ["train", "dcgan", "--data", "pictures", *TINY, "--model", "conditional_gan"]
    assert command(*start, "--out", "run") == 0
    model = zoo.load("run")
    assert isinstance(model, models.ConditionalGAN)
    assert zoo.info("run")["labels"] == ["bright", "dark"]

    assert command("generate", "run", "-n", 3, "--seed", 0, "--labels", "dark", "-o", "a.npz") == 0
    assert (
        command("generate", "run", "-n", 3, "--seed", 0, "--labels", "0,dark", "-o", "b.npz") == 0
    )
    for name, labels in (("a", "dark"), ("b", [0, 1, 0])):
        with np.load(f"{name}.npz") as file:
            expected = model.generate(3, seed=0, labels=labels)
            np.testing.assert_array_equal(file["images"], expected)

    capsys.readouterr()
    assert command("generate", "run", "--labels", "drak") == 2
    assert "Unknown label 'drak'. Did you mean 'dark'?" in capsys.readouterr().err

    # Its recipe, again, needs no word about labels.
    assert command("train", "run", "--data", "pictures", "--out", "again") == 0
    one, other = (zoo.load(name).generate(2, seed=0, labels=1) for name in ("run", "again"))
    np.testing.assert_array_equal(one, other)


def test_attributes_from_a_file_to_pictures_by_name(pictures):
    start = ["train", "dcgan", "--data", "pictures", *TINY, "--model", "acgan"]
    labels = ["--labels", "attributes.csv", "--label-names", "Left,Bright"]
    assert command(*start, *labels, "--out", "run") == 0
    model = zoo.load("run")
    assert model.multi_label and model.label_names == ["Left", "Bright"]
    assert command("generate", "run", "-n", 2, "--seed", 0, "--labels", "left", "-o", "a.npz") == 0
    with np.load("a.npz") as file:
        expected = model.generate(2, seed=0, labels={"Left": 1})
        np.testing.assert_array_equal(file["images"], expected)


@pytest.mark.parametrize("name", ["wgan_gp", "sngan", "projection_gan"])
def test_a_model_gets_the_networks_it_needs(pictures, name):
    start = ["train", "dcgan", "--data", "pictures", *TINY, "--model", name]
    assert command(*start, "--out", "run") == 0
    assert type(zoo.load("run")) is models.MODELS[name]
    written = tomllib.loads(Path("run/recipe.toml").read_text(encoding="utf-8"))
    assert written.items() >= models.MODELS[name].network_options.items()


def test_turns_and_learning_rates_are_those_asked_for_and_again_in_its_recipe(pictures, capsys):
    rates = ["--critic-learning-rate", "4e-4", "--generator-learning-rate", "2e-4"]
    start = ["train", "dcgan", "--data", "pictures", *TINY, "--model", "wgan_gp"]
    assert command(*start, *rates, "--critic-steps", 2, "--out", "run") == 0
    assert zoo.load("run").critic_steps == 2
    for out in ("again", "other"):
        other = {} if out == "again" else {"generator_learning_rate": 0.1}
        model = zoo.train("run", "pictures", out, **other)
        moved = [float(o.learning_rate) for o in model.optimizer.by_player.values()]
        np.testing.assert_allclose(moved, [4e-4, other.get("generator_learning_rate", 2e-4)])
    same, different = (zoo.load(name).generate(2, seed=0) for name in ("again", "other"))
    np.testing.assert_array_equal(zoo.load("run").generate(2, seed=0), same)
    assert (same != different).any()

    capsys.readouterr()
    assert command(*start, "--generator-learning-rate", "-1", "--out", "wrong") == 2
    assert "generator_learning_rate must be positive. Received: -1" in capsys.readouterr().err


def test_an_unknown_model_is_refused_by_name(pictures, capsys):
    assert command("train", "dcgan", "--data", "pictures", "--model", "wgangp") == 2
    assert "model must be one of gan, lsgan, wgan, wgan_gp" in capsys.readouterr().err


def test_labels_are_missed_before_anything_is_built(pictures, capsys, monkeypatch):
    monkeypatch.setattr(recipe, "_build", None)
    assert command("train", "dcgan", "--data", "pictures/dark", *TINY, "--model", "acgan") == 2
    assert "sub-folder" in capsys.readouterr().err
