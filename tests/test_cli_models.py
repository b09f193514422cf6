"""`kerasgan train` of every kind of model, and labels on the command line."""

import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kerasgan import models, recipes, zoo
from kerasgan.cli import main
from kerasgan.modalities import Attributes
from kerasgan.zoo import store

SIZE = ["data.image_shape=[8, 8, 1]", "networks.width=2", "networks.latent_dim=2"]
TINY = [*SIZE, "--epochs", 1, "--batch-size", 4, "model.augmentation=none"]


@pytest.fixture
def pictures(tmp_path, monkeypatch):
    """Four dark and four bright pictures, a folder each, and a file of two attributes."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    lines = ["file,Bright,Left"]
    for i in range(8):
        kind = ("dark", "bright")[i % 2]
        (tmp_path / "pictures" / kind).mkdir(parents=True, exist_ok=True)
        pixels = random.integers(0, 64, (16, 32), "uint8") + np.uint8(190 * (i % 2))
        Image.fromarray(pixels).save(tmp_path / "pictures" / kind / f"{i}.png")
        lines.append(f"{i}.png,{i % 2},{i // 4}")
    (tmp_path / "attributes.csv").write_text("\n".join(lines))


def command(*arguments):
    return main([str(a) for a in arguments])


def trained(name, *changes, out="run"):
    assert command("train", "mlp", f"model.name={name}", "--data", "pictures", *TINY, *changes) == 0
    Path("runs/mlp").rename(out)
    return zoo.load(out)


def test_classes_from_folders_to_pictures_by_name(pictures, capsys):
    model = trained("conditional_gan")
    assert isinstance(model, models.ConditionalGAN)
    assert model.labels.names == ["bright", "dark"]

    for labels, out in (("dark", "a.npz"), ("0,dark", "b.npz")):
        words = ["generate", "run", "-n", 3, "--seed", 0, "--labels", labels, "-o", out]
        assert command(*words) == 0
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
    chosen = ["data.labels=attributes.csv", 'data.label_names=["Left", "Bright"]']
    model = trained("acgan", *chosen)
    assert isinstance(model.labels, Attributes) and model.labels.names == ["Left", "Bright"]
    assert command("generate", "run", "-n", 2, "--seed", 0, "--labels", "left", "-o", "a.npz") == 0
    with np.load("a.npz") as file:
        expected = model.generate(2, seed=0, labels={"Left": 1})
        np.testing.assert_array_equal(file["images"], expected)
    # The file is of this machine: the run knows it, the entry does not.
    run, entry = (tomllib.loads(Path(p, "recipe.toml").read_text()) for p in ("run", "run/entry"))
    assert run["data"]["labels"] == "attributes.csv" and "labels" not in entry["data"]
    assert entry["data"]["label_names"] == ["Left", "Bright"]


@pytest.mark.parametrize("name", ["wgan_gp", "sngan", "projection_gan"])
def test_a_model_gets_the_networks_it_needs(pictures, name):
    assert type(trained(name)) is models.MODELS[name]
    written = tomllib.loads(Path("run/recipe.toml").read_text(encoding="utf-8"))
    assert written["networks"].items() >= models.MODELS[name].network_options.items()


def test_turns_and_learning_rates_are_those_asked_for_and_again_in_its_recipe(pictures, capsys):
    rates = [f"optimizers.{p}.learning_rate={r}" for p, r in (("discriminator", 4e-4),)]
    rates += ["optimizers.generator.learning_rate=2e-4"]
    assert trained("wgan_gp", *rates, "model.discriminator_steps=2").discriminator_steps == 2
    for out in ("again", "other"):
        other = {"generator": {"learning_rate": 0.1}} if out == "other" else {}
        model = zoo.train("run", "pictures", out, optimizers=other)
        moved = [float(o.learning_rate) for o in model.optimizer.by_player.values()]
        np.testing.assert_allclose(moved, [4e-4, 0.1 if other else 2e-4])
    same, different = (zoo.load(name).generate(2, seed=0) for name in ("again", "other"))
    np.testing.assert_array_equal(zoo.load("run").generate(2, seed=0), same)
    assert (same != different).any()

    capsys.readouterr()
    words = ["train", "mlp", "--data", "pictures", "optimizers.generator.learning_rate=-1"]
    assert command(*words) == 2
    assert "optimizers.generator.learning_rate must be positive" in capsys.readouterr().err


def test_an_unknown_model_is_refused_by_name(pictures, capsys):
    assert command("train", "dcgan", "--data", "pictures", "model.name=wgangp") == 2
    message = capsys.readouterr().err
    assert "Did you mean 'wgan_gp'?" in message and "gan, lsgan, wgan, wgan_gp" in message


def test_labels_are_missed_before_anything_is_built(pictures, capsys, monkeypatch):
    monkeypatch.setattr(recipes.run, "networks_of", None)
    words = ["train", "mlp", "--data", "pictures/dark", *TINY, "model.name=acgan"]
    assert command(*words) == 2
    assert "sub-folder" in capsys.readouterr().err


def test_pairs_to_a_model_that_translates_files(pictures, capsys):
    sizes = ["data.size=16", "networks.generator.width=2", "networks.discriminator.width=2"]
    sizes += ["networks.discriminator.depth=1", "data.source_channels=1"]
    words = ["train", "pix2pix", "--data", "pictures", "--out", "run", "--epochs", 1, *sizes]
    assert command(*words, "fit.held_out=2") == 0
    assert "kerasgan translate PHOTO --model run" in capsys.readouterr().out
    card = zoo.info("run")
    assert card["metrics"].keys() == {"held_out_error", "held_out"}
    with Image.open("run/grids/epoch_0001.png") as grid:
        assert grid.size == (3 * 16, 2 * 16)

    source = np.random.default_rng(1).integers(0, 256, (20, 16), "uint8")
    Image.fromarray(source).save("source.png")
    assert command("translate", "source.png", "--model", "run") == 0
    with Image.open("source_translated.png") as made:
        assert made.size == (16, 20) and made.mode == "RGB"
        expected = zoo.load("run").translate("source.png")
        np.testing.assert_array_equal(np.asarray(made), np.asarray(expected))
    capsys.readouterr()
    assert command("translate", "source.png", "--model", "run") == 2
    assert "--force" in capsys.readouterr().err
    assert command("translate", "source.png", "--model", "run", "--force") == 0
    assert command("translate", "pictures", "--model", "run", "-o", "all") == 0
    assert len([*Path("all").rglob("*.png")]) == 8
    capsys.readouterr()
    assert command("generate", "run") == 2
    message = "run translates: kerasgan translate PHOTO --model run"
    assert message in capsys.readouterr().err


def test_an_entry_that_enlarges_is_taken_by_default_and_no_other(pictures, capsys, monkeypatch):
    monkeypatch.setattr(store, "shipped", Path.cwd)
    Image.fromarray(np.zeros((6, 6, 3), "uint8")).save("photo.png")
    assert command("upscale", "photo.png") == 2
    assert "Give --model" in capsys.readouterr().err
    card = 'library = "kerasgan"\nformat = 1\nscale = 4\n'
    Path("pan_x4").mkdir()
    Path("pan_x4/card.toml").write_text(card)
    assert command("generate", "pan_x4") == 2
    assert "pan_x4 upscales: kerasgan upscale PHOTO --model pan_x4" in capsys.readouterr().err
    assert command("upscale", "photo.png") == 2
    assert "pan_x4" in capsys.readouterr().err
