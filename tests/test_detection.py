"""Generated pictures told from real ones: the loss, the data, what is learnt, the command."""

import json

import keras
import numpy as np
import pytest
from keras import layers, ops
from PIL import Image
from tiny import images

from kerasgan import cli, datasets, marks, models, networks, zoo
from kerasgan.modalities import write_image
from kerasgan.models import Detection


def number(tensor):
    return float(ops.convert_to_numpy(ops.stop_gradient(tensor)))


def brightness(slope=2.0, **options):
    """A detector whose logit is the mean of a grey picture in [-1, 1], times a slope."""
    start = keras.initializers.Constant(slope)
    stack = [layers.GlobalAveragePooling2D(), layers.Dense(1, kernel_initializer=start)]
    return Detection(keras.Sequential([keras.Input((None, None, 1)), *stack]), **options)


def sigmoid(x):
    return 1 / (1 + np.exp(-np.asarray(x)))


def kinds(n=24, side=32):
    """Noise, and noise that was enlarged twice, which lacks the highest frequencies."""
    small = images(n, (side // 2, side // 2, 3), seed=1)
    return images(n, (side, side, 3)), small.repeat(2, axis=1).repeat(2, axis=2)


def test_the_loss_is_the_binary_cross_entropy_of_both_kinds_alike():
    batch = {"source": np.full((3, 4, 4, 1), 0.5), "target": np.full((2, 4, 4, 1), 0.1)}
    batch = {k: ops.convert_to_tensor(v.astype("float32")) for k, v in batch.items()}
    expected = -(np.log(1 - sigmoid(1.0)) + np.log(sigmoid(0.2))) / 2
    model = brightness()
    assert number(model.discriminator_loss(batch)) == pytest.approx(expected, rel=1e-5)
    # One real picture in two is taken for generated, here all of three.
    assert number(model.trackers["accuracy"].result()) == pytest.approx(0.5)


def test_it_learns_to_tell_what_was_enlarged_and_is_calibrated():
    real, generated = kinds()
    keras.utils.set_random_seed(0)
    model = Detection(networks.detector(width=4, depth=1), ema_decay=0.5, seed=0)
    train = {"source": real[:16], "target": generated[:16]}
    held = {"source": real[16:], "target": generated[16:]}
    model.fit(train, epochs=20, batch_size=8, verbose=0)
    model.calibrate(held)
    assert model.measure(held) == {"held_out_auc": 1.0, "held_out_accuracy": 1.0}
    found = model.detect(np.concatenate([real, generated]))
    assert found.shape == (48,) and found.dtype == "float32"
    assert found[:24].max() < 0.5 < found[24:].min()


def test_pictures_of_any_size_and_the_mean_of_their_parts():
    model = brightness()
    grey = images(3, (40, 50, 1))
    # Sides are extended by reflection to multiples of 32.
    padded = np.pad(grey, ((0, 0), (0, 24), (0, 14), (0, 0)), "symmetric")
    expected = sigmoid(2 * (padded.mean(axis=(1, 2, 3)) / 127.5 - 1))
    np.testing.assert_allclose(model.detect(grey), expected, atol=1e-5)
    assert model.detect(grey[0]) == pytest.approx(expected[0], abs=1e-5)
    assert model.detect(grey[0, ..., 0]) == pytest.approx(expected[0], abs=1e-5)
    assert model.detect(Image.fromarray(grey[0, ..., 0])) == pytest.approx(expected[0], abs=1e-5)
    fine = grey.astype("uint16") * 257
    np.testing.assert_allclose(model.detect(fine, batch_size=2), expected, atol=1e-5)
    # Of 300 pixels two parts of 256, which overlap in 212.
    wide = np.zeros((64, 300, 1), "uint8")
    wide[:, :44] = 255
    assert model.detect(wide) == pytest.approx(sigmoid(2 * (44 / 256 - 1)), abs=1e-5)
    for given, told in (
        (grey[0, :31], "at least 32 pixels a side. Received: height 31, width 50"),
        (images(1, (40, 40, 3)), "Received in images: shape"),
        (grey[0].astype("float32"), "Received in images: values in"),
    ):
        with pytest.raises(ValueError, match=told):
            model.detect(given)


def test_calibrated_probabilities_are_right_on_average():
    model = brightness(slope=40.0)  # much too sure
    random = np.random.default_rng(0)
    levels = {"source": random.normal(120, 20, 200), "target": random.normal(136, 20, 200)}
    shape = (200, 32, 32, 1)
    held = {
        name: np.broadcast_to(np.clip(v, 0, 255).astype("uint8")[:, None, None, None], shape)
        for name, v in levels.items()
    }
    model.calibrate(held)
    real, generated = (model.detect(held[name]) for name in ("source", "target"))
    # Platt's targets are 1/202 and 201/202: their mean, and that of the probabilities, is 1/2.
    assert np.mean([real, generated]) == pytest.approx(0.5, abs=1e-4)
    sure = np.concatenate([real, generated]) > 0.7
    truth = np.repeat([0, 1], 200)
    assert truth[sure].mean() == pytest.approx(np.r_[real, generated][sure].mean(), abs=0.08)
    before = model.detect(held["source"])
    model.calibrate(held)
    np.testing.assert_allclose(model.detect(held["source"]), before, atol=1e-3)


@pytest.mark.without_backend
def test_what_is_no_detector_is_refused():
    fixed = keras.Sequential([keras.Input((32, 32, 3)), layers.Flatten(), layers.Dense(1)])
    pooled = [keras.Input((None, None, 3)), layers.GlobalAveragePooling2D(), layers.Dense(1)]
    two = keras.Sequential([*pooled[:2], layers.Dense(2)])
    for network in (fixed, two, networks.patchgan((None, None, 3), width=2, depth=1)):
        with pytest.raises(ValueError, match="discriminator must take pictures of any size"):
            Detection(network)
    model = brightness()
    with pytest.raises(ValueError, match="must be of one size.*32, 32, 1.*40, 40, 1"):
        model.fit({"source": images(2, (32, 32, 1)), "target": images(2, (40, 40, 1))}, verbose=0)
    assert models.MODELS["detection"] is Detection


# The data


@pytest.mark.without_backend
def test_patches_of_two_kinds_are_cut_not_resized_and_what_is_smaller_is_named(tmp_path):
    for name, side in (("a", 40), ("b", 48), ("c", 20)):
        y, x = np.mgrid[:side, :side]
        (tmp_path / "real").mkdir(exist_ok=True)
        picture = np.stack([y, x, np.full_like(x, side)], -1).astype("uint8")
        Image.fromarray(picture).save(tmp_path / "real" / f"{name}.png")
    other = images(5, (32, 32, 3))
    data = datasets.load_unpaired(
        tmp_path / "real", other, size=32, patches=4, batch_size=4, flip=False
    )
    with pytest.warns(UserWarning, match="c.png.*20×20 pixels, it is smaller than a patch of 32"):
        batches = [data[i] for i in range(len(data))]
    assert len(batches) == 5  # 4 patches of each of 5
    source = np.concatenate([batch[0] for batch in batches]).astype(int)
    assert (np.diff(source[..., 0], axis=1) == 1).all()
    assert (np.diff(source[..., 1], axis=2) == 1).all()
    with pytest.raises(ValueError, match="give patches or load_size"):
        datasets.load_unpaired(other, other, size=32, patches=1, load_size=40)


@pytest.mark.without_backend
def test_both_kinds_are_degraded_alike_and_what_is_held_out_is_not():
    def dark(patch, scale, random):
        return patch // 2 + random.integers(2, dtype="uint8")

    white = np.full((8, 32, 32, 3), 200, "uint8")
    options = {"size": 32, "batch_size": 4, "degradation": dark}
    data = datasets.load_unpaired(white, white, **options)
    held = data.hold_out(2)
    assert all((pictures == 200).all() for pictures in held)
    for pictures in data[0]:
        assert pictures.min() >= 100 and pictures.max() <= 101
    with pytest.raises(ValueError, match="must be one of 'bicubic', 'practical', 'shared'"):
        datasets.load_unpaired(white, white, size=32, degradation="blurred")
    with pytest.raises(ValueError, match="degradation is for pictures in colour"):
        datasets.load_unpaired(white, white, size=32, source_channels=1, degradation="shared")


@pytest.mark.without_backend
def test_what_is_shared_keeps_its_size_and_half_of_it_is_left_alone_by_each():
    degrade, picture = datasets.SharedDegradation(), images(1, (48, 40, 3))[0]
    drawn = [degrade(picture, 1, np.random.default_rng(seed)) for seed in range(64)]
    assert all(x.shape == picture.shape and x.dtype == np.uint8 for x in drawn)
    # Three draws of one in two.
    untouched = sum((x == picture).all() for x in drawn)
    assert 2 <= untouched <= 16
    assert degrade(picture, 2, np.random.default_rng(0)).shape == (24, 20, 3)
    again = degrade(picture, 1, np.random.default_rng(5))
    np.testing.assert_array_equal(again, drawn[5])


# The command


@pytest.mark.without_backend
def test_a_recipe_trains_calibrates_and_leaves_an_entry_that_the_command_takes(tmp_path, capsys):
    for kind, pictures in zip(("real", "generated"), kinds(90)):
        (tmp_path / kind).mkdir()
        for i, picture in enumerate(pictures):
            Image.fromarray(picture).save(tmp_path / kind / f"{i}.png")
    run = tmp_path / "run"
    words = ["train", "detection", "--data", str(tmp_path / "real"), "--out", str(run)]
    words += [f"data.target={tmp_path / 'generated'}", "data.size=32", "--epochs", "4"]
    words += ["--batch-size", "8", "fit.held_out=16"]
    words += ["networks.discriminator.width=4", "networks.discriminator.depth=1"]
    assert cli.main([*words, "model.ema_decay=0.9", "data.degradation=none"]) == 0
    assert f"kerasgan detect PHOTO --model {run}" in capsys.readouterr().out
    card = zoo.info(run)
    assert card["verb"] == "detect" and card["metrics"]["held_out"] == 16
    assert card["metrics"]["held_out_auc"] > 0.95

    folder = tmp_path / "mixed"
    folder.mkdir()
    real, generated = kinds(1)
    Image.fromarray(real[0]).save(folder / "a.png")
    with marks.marking(marks.Mark("some_entry")):
        write_image(folder / "b.png", generated[0])
    (folder / "notes.txt").write_text("no picture", encoding="utf-8")
    (folder / "cut.png").write_bytes((folder / "a.png").read_bytes()[:300])
    Image.new("RGB", (8, 8)).save(folder / "small.png")
    (folder / ".hidden").write_text("left aside", encoding="utf-8")
    assert cli.main(["detect", str(folder), "--model", str(run)]) == 1
    told = capsys.readouterr()
    lines = told.out.splitlines()
    assert len(lines) == 2
    assert lines[0].endswith(f"{folder / 'a.png'}  no mark")
    said = "created by a trained model, by kerasgan some_entry"
    assert lines[1].startswith("0.9") or lines[1].startswith("1.00")
    assert f"{folder / 'b.png'}  {said}" in lines[1]
    for name in ("notes.txt", "cut.png", "small.png"):
        assert f"Left out: {folder / name}: " in told.err
    assert "at least 32 pixels a side" in told.err and "it fails" in told.err
    assert "hidden" not in told.out + told.err
    assert cli.main(["detect", str(folder / "b.png"), "--model", str(run), "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert found["metadata"]["system"] == "kerasgan some_entry" and found["probability"] > 0.5
    # What cannot be is one line.
    for words, line in (
        ([str(tmp_path / "nowhere")], "does not exist"),
        ([str(folder), "--model", "dcgan_celeba"], "generates"),
    ):
        assert cli.main(["detect", *words]) == 2
        assert line in capsys.readouterr().err
