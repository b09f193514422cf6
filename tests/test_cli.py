"""The `kerasgan` command, from its arguments to its files and its exit status."""

import csv
import shutil
import subprocess
import sys
import time
import tomllib
import wave
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from PIL import Image
from tiny import SHAPE, mlp_gan

import kerasgan
from kerasgan import modalities, zoo
from kerasgan.cli import main
from kerasgan.modalities import make_grid
from kerasgan.zoo import integrity, store

ROOT = Path(__file__).parents[1]
EPOCHS = 8


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    """A folder of two entries, called pictures and points."""
    folder = tmp_path_factory.mktemp("shelf")
    zoo.save(mlp_gan(shape=(*SHAPE[:2], 3)), folder / "pictures", {"summary": "Coloured noise."})
    zoo.save(mlp_gan(shape=(2,)), folder / "points")
    return folder


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch, shelf):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(store, "shipped", lambda: shelf)


def refused(capsys, *arguments):
    """The one line that a command ends with."""
    capsys.readouterr()
    assert main([str(a) for a in arguments]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and lines[0].startswith("kerasgan: ")
    return lines[0]


# Looking and generating


def test_help_names_the_commands(capsys):
    for arguments, words in (
        (["--help"], ("list", "info", "generate", "train", "KERAS_BACKEND")),
        (["info", "--help"], ("--hugging-face", "hf://")),
        (["generate", "--help"], ("-n", "--seed", "--out", "--format", "--batch-size", "npz")),
        (["train", "--help"], ("--data", "--epochs", "--explain", "table.key=value")),
        (["translate", "--help"], ("--model", "--out", "--force")),
        (["--version"], (f"kerasgan {kerasgan.__version__}",)),
    ):
        with pytest.raises(SystemExit) as end:
            main(arguments)
        text = capsys.readouterr().out
        assert end.value.code == 0
        assert [word for word in words if word not in text] == []


def test_list_groups_entries_by_what_they_do(capsys, tmp_path, monkeypatch):
    cards = {
        "old_x4": {"format": 1, "scale": 4, "data": "Photographs", "licence": "MIT"},
        "old_digits": {"format": 1, "data": "Digits", "licence": "CC0"},
        "sounds": {"format": 2, "verb": "generate", "modality": "audio", "data": "Drums"},
        "facades": {"format": 2, "verb": "translate", "modality": "images", "licence": "MIT"},
    }
    for name, card in cards.items():
        (tmp_path / name).mkdir()
        integrity.write_card(tmp_path / name, {"library": "kerasgan"} | card)
    monkeypatch.setattr(store, "shipped", lambda: tmp_path)
    assert main(["list"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        ["translate"],
        ["facades", "images", "MIT"],
        [],
        ["generate"],
        ["old_digits", "Digits", "CC0"],
        ["sounds", "audio", "Drums"],
        [],
        ["upscale"],
        ["old_x4", "Photographs", "MIT"],
    ]


def test_info(capsys):
    assert main(["info", "pictures"]) == 0
    text = capsys.readouterr().out
    assert "summary: Coloured noise." in text and "samples: 8 × 8 × 3" in text
    assert "sha256" not in text
    assert main(["info", "pictures", "--hugging-face"]) == 0
    assert capsys.readouterr().out.startswith("---\nlibrary_name:")


@pytest.mark.parametrize("suffix", ["png", "jpg", "jpeg", "webp", "PNG"])
def test_generate_a_grid(suffix, capsys):
    assert main(["generate", "pictures", "-n", "5", "--seed", "3", "-o", f"a/b.{suffix}"]) == 0
    assert capsys.readouterr().out == f"Wrote 5 samples to a/b.{suffix}\n"
    with Image.open(f"a/b.{suffix}") as picture:
        assert picture.size == (24, 16)
        pixels = np.asarray(picture.convert("RGB"))
    expected = make_grid(zoo.load("pictures").generate(5, seed=3))
    if suffix.lower() == "png":
        np.testing.assert_array_equal(pixels, expected)
    assert np.corrcoef(pixels.ravel(), expected.ravel())[0, 1] > 0.7
    assert [path.name for path in Path("a").iterdir()] == [f"b.{suffix}"]


@pytest.mark.parametrize("kind", ["png", "jpg", "webp"])
def test_generate_a_folder(kind):
    options = ["--batch-size", "2", "--format", kind]
    assert main(["generate", "pictures", "-n", "3", "--seed", "1", "-o", "out", *options]) == 0
    assert sorted(p.name for p in Path("out").iterdir()) == [f"000{i}.{kind}" for i in range(3)]
    expected = zoo.load("pictures").generate(3, seed=1)
    for i in range(3):
        with Image.open(f"out/000{i}.{kind}") as picture:
            assert picture.size == (8, 8) and picture.mode == "RGB"
            if kind == "png":
                assert np.abs(np.asarray(picture, "int16") - expected[i]).max() <= 1


@pytest.mark.without_backend
@pytest.mark.parametrize("folder", ["samples.v2", "there.png"])
def test_generate_a_folder_whatever_its_name(folder):
    Path("there.png").mkdir()
    assert main(["generate", "pictures", "-n", "2", "-o", folder]) == 0
    assert len([*Path(folder).glob("000?.png")]) == 2


@pytest.mark.without_backend
def test_what_cannot_be_written_is_one_line(capsys):
    Path("file").write_text("mine")
    line = refused(capsys, "generate", "pictures", "-n", "1", "-o", "file/a.png")
    assert line == "kerasgan: file: Not a directory"


@pytest.mark.parametrize(
    ("name", "key", "shape"), [("pictures", "images", (3, 8, 8, 3)), ("points", "samples", (3, 2))]
)
def test_generate_an_array(name, key, shape):
    assert main(["generate", name, "-n", "3", "--seed", "1", "-o", "a.npz"]) == 0
    with np.load("a.npz") as file:
        np.testing.assert_array_equal(file[key], zoo.load(name).generate(3, seed=1))
        assert file[key].shape == shape


def test_generate_what_is_no_picture_as_its_modality_has_it(tmp_path):
    assert main(["generate", "points", "-n", "3", "--seed", "1"]) == 0
    with np.load("points.npz") as file:
        assert file["samples"].shape == (3, 2)
    clip = modalities.Audio(sample_rate=8000)
    zoo.save(mlp_gan(shape=(32, 1), modality=clip), tmp_path / "beeps")
    assert main(["generate", "beeps", "-n", "2", "-o", "all.wav"]) == 0
    with wave.open("all.wav") as sound:
        assert (sound.getframerate(), sound.getnframes()) == (8000, 64)
    assert main(["generate", "beeps", "-n", "2", "-o", "each"]) == 0
    assert sorted(path.name for path in Path("each").iterdir()) == ["0000.wav", "0001.wav"]


def test_generate_by_default_16_into_a_file_of_the_name(shelf):
    assert main(["generate", str(shelf / "pictures")]) == 0
    with Image.open("pictures.png") as picture:
        assert picture.size == (32, 32)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["generate", "pictures", "-n", "0"], "-n must be at least 1. Received: 0"),
        (["generate", "pictures", "--batch-size", "0"], "batch_size must be at least 1"),
        (["generate", "pictures", "-o", "a.gif"], "--out must end in .png"),
        (["generate", "pictures", "-o", "a.npy"], "--out must end in .png"),
        (["generate", "pictures", "--seed", "-4"], "--seed must be 0 or more. Received: -4"),
        (["evaluate", "pictures", "--data", "a", "--seed", "-4"], "--seed must be 0 or more"),
        (["generate", "picture"], "Did you mean pictures"),
        (["generate", "points", "-o", "a.png"], "--out must end in .npz, or be a folder"),
        (["generate", "pictures", "-o", "folder", "--format", "wav"], "--format must be one of"),
        (["upscale", "absent", "--model", "pictures"], "pictures generates: kerasgan generate pic"),
        (["translate", "absent", "--model", "pictures"], "pictures generates: kerasgan generate"),
        (["upscale", "absent"], "Give --model"),
        (["generate", "https://kerasgan.invalid/e.zip"], "Without a network"),
        (["info", "zzz"], "'zzz'. Entries: pictures, points."),
        (["info", "."], "it has no card.toml"),
        (["train", "dcgan", "--data", "absent"], "'absent' does not exist"),
        (["train", "dcgan", "--data", "absent", "--epochs", "0"], "epochs must be at least 1"),
        (["train", "dcgan", "--data", "absent", "--seed", "-1"], "seed must be an integer"),
        (["train", "dcgan", "--data", "absent", "networks.depth=3"], "of dcgan, takes no 'depth'"),
        (["train", "dcgan", "--data", "absent", "--width", "3"], "train has no option --width"),
        (["train", "dcgan", "--data", "absent", "width=3"], "Did you mean networks.width?"),
        (["train", "dcgam", "--data", "absent"], "Did you mean dcgan"),
        (["train", "picturs", "--data", "absent"], "Did you mean pictures"),
        (["train", "pan", "--data", "absent"], "train super_resolution networks.generator.builder"),
        (["train", "absent.toml", "--data", "absent"], "'absent.toml' does not exist"),
        (["train", "dcgan"], "train needs --data PATH"),
        (["train", "pictures", "--data", "absent"], "no recipe.toml"),
    ],
)
def test_bad_input_ends_with_one_line(capsys, arguments, message):
    assert message in refused(capsys, *arguments)
    assert not [*Path.cwd().iterdir()]


# Training


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "noise"
    folder.mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (10, 20, 16, 3), "uint8")
    for i, image in enumerate(pixels):
        Image.fromarray(image).save(folder / f"{i}.png")
    return folder


def command(pictures, out, *changes, size=16, epochs=EPOCHS, seed=5):
    words = ["train", "dcgan", f"data.image_shape=[{size}, {size}, 3]", "--data", pictures]
    words += ["--out", out, "networks.width=4", "--epochs", epochs, "--seed", seed]
    return [str(word) for word in (*words, "--batch-size", 4, *changes)]


@pytest.fixture(scope="module")
def run(tmp_path_factory, pictures):
    """The folder of a finished run."""
    folder = tmp_path_factory.mktemp("runs") / "whole"
    assert main(command(pictures, folder)) == 0
    return folder


def contents(path):
    """Every array of an HDF5 file."""
    found = {}

    def keep(name, item):
        if isinstance(item, h5py.Dataset):
            found[name] = np.array(item)

    with h5py.File(path) as file:
        file.visititems(keep)
    assert len(found) > 30
    return found


def assert_same_run(one, other):
    a, b = contents(one / "state.weights.h5"), contents(other / "state.weights.h5")
    assert a.keys() == b.keys()
    for name in a:
        np.testing.assert_array_equal(a[name], b[name], name)
    for name in ("generator.npz", "discriminator.npz", "sample.png"):
        assert (one / "entry" / name).read_bytes() == (other / "entry" / name).read_bytes()


def epochs(run):
    with open(run / "log.csv", newline="") as file:
        return [int(row["epoch"]) for row in csv.DictReader(file)]


def test_a_run_leaves_an_entry_that_generates(run, capsys):
    assert {p.name for p in run.iterdir()} == {
        *("recipe.toml", "environment.toml", "log.csv", "curves.png", "state.weights.h5"),
        *("previous.state.weights.h5", "grids", "entry"),
    }
    grids = [f"epoch_{i + 1:04d}.png" for i in range(EPOCHS)]
    assert sorted(p.name for p in (run / "grids").iterdir()) == grids
    assert epochs(run) == [*range(EPOCHS)]
    card = integrity.check(run / "entry")
    assert card["data"] == "noise" and card["samples"] == [16, 16, 3]
    training = card["training"]
    assert (training["images"], training["steps"], training["seed"]) == (10, 3 * EPOCHS, 5)
    assert training["backend"].startswith(keras.backend.backend())
    recipe = tomllib.loads((run / "entry" / "recipe.toml").read_text())
    noted = tomllib.loads((run / "recipe.toml").read_text())
    assert noted.pop("backend") == keras.backend.backend() and noted.pop("contents")
    assert recipe | {"images": 10} == noted
    assert (recipe["networks"]["builder"], recipe["networks"]["width"]) == ("dcgan", 4)
    assert recipe["model"]["augmentation"] == {"class_name": "DifferentiableAugmentation"}
    with np.load(run / "entry" / "reference.npz") as reference:
        again = zoo.load(run).generate(latents=reference["latents"])
        assert np.abs(again.astype(int) - reference["samples"]).max() <= 1
    assert main(["generate", str(run), "-n", "4", "-o", "a.png"]) == 0
    with Image.open("a.png") as picture:
        assert picture.size == (32, 32)


def test_a_killed_run_goes_on_to_the_same_bits(run, pictures, tmp_path, capfd):
    out = tmp_path / "killed"
    words = command(pictures, out)
    with subprocess.Popen([sys.executable, "-m", "kerasgan.cli", *words], cwd=ROOT) as process:
        deadline = time.monotonic() + 300
        while not (out / "state.weights.h5").exists():
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.002)
        process.kill()
    assert not (out / "entry").exists(), "the run was over before it was killed"
    capfd.readouterr()
    assert main(words) == 0
    assert f"Going on with {out} after epoch " in capfd.readouterr().out
    assert_same_run(run, out)
    assert epochs(out) == [*range(EPOCHS)]


def test_another_run_in_the_same_folder_is_refused(run, pictures, capsys, tmp_path):
    before = {p: p.stat().st_mtime_ns for p in run.rglob("*")}
    line = refused(capsys, *command(pictures, run, "networks.width=8", seed=6))
    assert "whole holds a run with other seed, networks.width" in line
    (tmp_path / "more").mkdir()
    for i in range(3):
        shutil.copy(pictures / f"{i}.png", tmp_path / "more")
    assert "with other images" in refused(capsys, *command(tmp_path / "more", run))
    assert {p: p.stat().st_mtime_ns for p in run.rglob("*")} == before


def test_an_entry_is_trained_again_by_its_recipe(run, pictures, tmp_path):
    out = tmp_path / "again"
    words = ["train", run / "entry", "--data", pictures, "--out", out, "--epochs", 1, "--seed", 6]
    assert main([str(word) for word in words]) == 0
    old, new = ((r / "entry" / "recipe.toml").read_text() for r in (run, out))
    old = tomllib.loads(old)
    assert tomllib.loads(new) == old | {"seed": 6, "fit": old["fit"] | {"epochs": 1}}
    assert zoo.info(out)["training"]["steps"] == 3
    model, other = zoo.load(run), zoo.load(out)
    assert other.seed == 6
    for a, b in zip(model.generator.weights, other.generator.weights, strict=True):
        assert a.shape == b.shape
    assert (model.generate(4, seed=0) != other.generate(4, seed=0)).any()


def test_what_cannot_be_built_leaves_no_run(pictures, capsys):
    assert "image_shape=(24, 24, 3)" in refused(capsys, *command(pictures, "out", size=24))
    assert not Path("out").exists()


@pytest.mark.without_backend
def test_an_entry_is_trained_again_with_other_networks(run, pictures):
    words = ["train", run / "entry", "--data", pictures, "--out", "other", "--epochs", 1]
    assert main([str(word) for word in (*words, "networks.builder=mlp", "networks.depth=1")]) == 0
    recipe = tomllib.loads(Path("other/recipe.toml").read_text())
    # What dcgan takes is not handed to another builder; the rest is the entry's.
    assert "kernel_size" not in recipe["networks"] and recipe["data"]["batch_size"] == 4


@pytest.mark.without_backend
def test_explain_prints_a_recipe_that_train_takes(run, pictures, capsys):
    assert main(["train", "mlp", "--explain", "networks.width=4", "data.image_shape=[8,8,3]"]) == 0
    text = capsys.readouterr().out
    for word in ("[data]  # kerasgan.datasets.load", "# Images a batch.", "# Length of the latent"):
        assert word in text
    Path("mine.toml").write_text(text)
    assert main(["train", "mine.toml", "--data", str(pictures), "--epochs", "1"]) == 0
    assert zoo.load("runs/mine").sample_shape == (8, 8, 3)
    # Of an entry its own values.
    capsys.readouterr()
    assert main(["train", str(run), "--explain"]) == 0
    shown = tomllib.loads(capsys.readouterr().out)
    assert shown["networks"]["width"] == 4 and shown["data"]["image_shape"] == [16, 16, 3]
