"""Masks of what a model has learnt to find: its data, its losses, and what it gives back."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from PIL import Image
from tiny import images

from kerasgan import cli, networks, zoo
from kerasgan.datasets import load_pairs
from kerasgan.models import Segmentation


def number(tensor):
    return float(ops.convert_to_numpy(ops.stop_gradient(tensor)))


def scaled(channels, values):
    """A 1×1 convolution of these weights and no bias."""
    kernel = keras.initializers.Constant(np.reshape(values, (1, 1, channels, 1)))
    return layers.Conv2D(1, 1, use_bias=False, kernel_initializer=kernel)


def plain(**options):
    """Logits twice as high as the image; a discriminator that gives 3 times the mask."""
    image = keras.Input((None, None, 1))
    mask, beside = keras.Input((None, None, 1)), keras.Input((None, None, 1))
    discriminator = keras.Model([mask, beside], scaled(1, [3.0])(mask) + 0.0 * beside)
    return Segmentation(keras.Model(image, scaled(1, [2.0])(image)), discriminator, **options)


def test_the_losses_are_the_papers():
    batch = {"source": np.full((2, 4, 4, 1), 0.5, "float32")}
    batch["target"] = np.zeros((2, 4, 4, 1), "float32")
    batch["target"][:, :1] = 1.0  # a quarter
    batch = {name: ops.convert_to_tensor(value) for name, value in batch.items()}
    found = 1 / (1 + np.exp(-1.0))
    cross_entropy = -(0.25 * np.log(found) + 0.75 * np.log(1 - found))
    deceiving = np.log1p(np.exp(-3 * found))
    assert number(plain(adversarial_weight=0.0).generator_loss(batch)) == pytest.approx(
        cross_entropy, rel=1e-5
    )
    model = plain(adversarial_weight=0.2)
    assert number(model.generator_loss(batch)) == pytest.approx(
        cross_entropy + 0.2 * deceiving, rel=1e-5
    )
    judging = 0.25 * np.log1p(np.exp(-3)) + 0.75 * np.log(2) + np.log1p(np.exp(3 * found))
    assert number(model.discriminator_loss(batch)) == pytest.approx(judging, rel=1e-5)
    np.testing.assert_allclose(model.judged(batch)["samples"], found, rtol=1e-5)
    with pytest.raises(ValueError, match="adversarial_weight must be 0 or more"):
        plain(adversarial_weight=-1.0)


def test_it_learns_what_is_bright_and_without_its_weight_the_discriminator_does_not_train():
    source = images(8, (8, 8, 1))
    target = source > 150
    model = plain(adversarial_weight=0.0, seed=0)
    before = [np.array(ops.convert_to_numpy(w)) for w in model.discriminator.weights]
    model.compile(generator_optimizer=keras.optimizers.SGD(1.0))
    logs = model.fit({"source": source, "target": target}, epochs=2, batch_size=4, verbose=0)
    history = logs.history
    assert history["discriminator_loss"] == [0, 0]
    assert history["cross_entropy"][1] < history["cross_entropy"][0]
    for a, b in zip(before, model.discriminator.weights):
        np.testing.assert_array_equal(a, ops.convert_to_numpy(b))
    # What is no mask is said so before anything is trained on it.
    with pytest.raises(ValueError, match="target of the arrays: other values too"):
        model.fit({"source": source, "target": source}, verbose=0)
    # Right where the image is above the middle; wrong from there to 150.
    both, either = (source > 150).sum(), (source > 127).sum()
    dice = 2 * both / (both + either)
    held = {"source": source, "target": target}
    assert plain().measure(held)["held_out_dice"] == pytest.approx(dice, rel=1e-5)


def test_masks_of_any_size_and_kind_of_picture(tmp_path, monkeypatch):
    model = plain()
    grey = images(2, (5, 7, 1))
    expected = np.where(grey > 127, np.uint8(255), np.uint8(0))
    np.testing.assert_array_equal(model.segment(grey), expected)
    np.testing.assert_array_equal(model.segment(grey[0, ..., 0]), expected[0])
    # What it finds follows the threshold, and not the dtype.
    probabilities = model.segment(grey, threshold=None)
    assert probabilities.dtype == "float32" and probabilities.shape == grey.shape
    np.testing.assert_allclose(probabilities, 1 / (1 + np.exp(-2 * (grey / 127.5 - 1))), atol=1e-5)
    np.testing.assert_array_equal(model.segment(grey, threshold=0.8) > 0, probabilities >= 0.8)
    fine = model.segment(grey.astype("uint16") * 257, threshold=None)
    np.testing.assert_allclose(fine, probabilities, atol=1e-6)
    for threshold in (1.5, float("nan")):
        with pytest.raises(ValueError, match=r"threshold must be in \[0, 1\]"):
            model.segment(grey, threshold=threshold)
    with pytest.raises(ValueError, match=r"Expected images \(height, width, 1\)"):
        model.segment(images(1, (5, 7, 3)))

    # Of a picture, whatever its mode; its opacity is not that of the mask.
    folder = tmp_path / "pictures"
    folder.mkdir()
    picture = Image.fromarray(grey[0, ..., 0])
    picture.save(folder / "a.png")
    clear = Image.merge("LA", [picture, Image.new("L", picture.size, 200)])
    assert model.segment(picture).mode == model.segment(clear).mode == "L"
    np.testing.assert_array_equal(np.asarray(model.segment(picture)), expected[0, ..., 0])
    # The command, of a file and of a folder.
    monkeypatch.setattr(cli.segmenting, "loaded", lambda name, verb: model)
    assert cli.main(["segment", str(folder / "a.png"), "--model", "m"]) == 0
    with Image.open(folder / "a_mask.png") as mask:
        np.testing.assert_array_equal(np.asarray(mask), expected[0, ..., 0])
    (folder / "a_mask.png").unlink()
    out = tmp_path / "out"
    assert cli.main(["segment", str(folder), "--model", "m", "--probability", "-o", str(out)]) == 0
    with Image.open(out / "a.png") as found:
        exact = 255 * probabilities[0, ..., 0]
        np.testing.assert_allclose(np.asarray(found), exact, atol=0.51)


@pytest.mark.without_backend
def test_a_unet_joins_every_size_and_takes_any_that_its_depth_allows(tmp_path):
    network = networks.segmentation_unet((None, None, 3), width=2, depth=2)
    assert network.compute_output_shape((1, 12, 8, 3)) == (1, 12, 8, 1)
    joined = [x.output.shape[-1] for x in network.layers if isinstance(x, layers.Concatenate)]
    assert joined == [8, 4]
    judge = networks.patchgan((None, None, 1), condition_channels=3, width=2, depth=1)
    model = Segmentation(network, judge)
    assert model.segment(images(1, (11, 6, 3))).shape == (1, 11, 6, 1)
    with pytest.raises(ValueError, match="multiples of 2 to the depth"):
        networks.segmentation_unet((10, 8, 3), depth=2)
    with pytest.raises(ValueError, match="'batch' or 'instance'. Received: 'layer'"):
        networks.segmentation_unet(width=2, normalization="layer")
    with pytest.raises(ValueError, match=r"discriminator must take \[targets, sources\]"):
        Segmentation(network, networks.patchgan((None, None, 1), width=2, depth=1))
    colour = networks.unet((None, None, 3), channels=3, width=2, depth=2)
    with pytest.raises(ValueError, match="masks of 1 channel"):
        Segmentation(colour, networks.patchgan((None, None, 3), 3, width=2, depth=1))
    # An entry has the door's word for masks, and the verb's table.
    folder = zoo.save(model, tmp_path / "entry")
    assert zoo.info(folder)["verb"] == "segment"
    assert model.data_options() == {"source_channels": 3, "target_channels": "mask"}


# The door


def write_pairs(folder, sizes, mask):
    """Pictures whose pixels name row, column and picture, and masks made of these."""
    for i, (height, width) in enumerate(sizes):
        y, x = np.mgrid[:height, :width]
        picture = np.stack([y, x, np.full_like(x, i)], -1).astype("uint8")
        for name, values in (("image", picture), ("mask", mask(y, x))):
            (folder / name).mkdir(exist_ok=True, parents=True)
            Image.fromarray(values).save(folder / name / f"{i}.png")
    return folder / "image", folder / "mask"


@pytest.mark.without_backend
def test_patches_are_cut_out_of_both_at_one_place_as_often_as_asked(tmp_path):
    def mask(y, x):
        return (y + x) % 3 == 0

    folders = write_pairs(tmp_path, [(20, 31), (16, 40), (24, 24)], mask)
    options = {"size": (8, 12), "target_channels": "mask", "patches": 5, "batch_size": 4}
    data = load_pairs(*folders, **options, flip=False)
    assert len(data) == 4 and data.num_images == 3
    batches = [data[i] for i in range(len(data))]
    source, target = (np.concatenate(part) for part in zip(*batches))
    assert source.shape == (15, 8, 12, 3) and target.shape == (15, 8, 12, 1)
    y, x, picture = np.moveaxis(source.astype(int), -1, 0)
    np.testing.assert_array_equal(target[..., 0] > 0, mask(y, x))
    assert np.bincount(picture[:, 0, 0]).tolist() == [5, 5, 5]
    assert len({(a, b) for a, b in zip(y[:, 0, 0], x[:, 0, 0])}) > 8
    # Another epoch cuts elsewhere, and every bit follows from seed and epoch.
    again = load_pairs(*folders, **options, flip=False)
    np.testing.assert_array_equal(again[0][0], batches[0][0])
    again.epoch = 1
    assert (again[0][0] != batches[0][0]).any()
    held = again.hold_out(1)
    assert held[0].shape == (1, 8, 12, 3) and len(again) == 3
    number = int(held[0][0, 0, 0, 2])
    corner = [((n - m) // 2) for n, m in zip([(20, 31), (16, 40), (24, 24)][number], (8, 12))]
    assert held[0][0, 0, 0, :2].tolist() == corner
    with pytest.raises(ValueError, match="give patches or load_size"):
        load_pairs(*folders, patches=2, load_size=16, size=8)


@pytest.mark.without_backend
def test_what_no_patch_can_be_cut_out_of_is_named(tmp_path):
    folders = write_pairs(tmp_path, [(20, 31), (16, 7), (24, 24)], lambda y, x: y > x)
    Image.new("1", (30, 20)).save(tmp_path / "mask" / "0.png")
    data = load_pairs(*folders, size=8, target_channels="mask", patches=2, batch_size=6)
    with pytest.warns(UserWarning) as warned:
        source, _ = data[0]
    assert set(source[..., 2].ravel()) == {2}
    told = " ".join(str(w.message) for w in warned)
    assert "0.png" in told and "the source has 31×20 pixels and the target 30×20" in told
    assert "1.png" in told and "of 7×16 pixels, it is smaller than a patch of 8×8" in told


@pytest.mark.without_backend
def test_a_mask_stays_black_and_white_in_every_size_and_what_is_none_is_named(tmp_path):
    def levels(y, x):
        return np.where(x > y, 1, 0).astype("uint8")

    folders = write_pairs(tmp_path, [(32, 32)] * 5, levels)
    Image.fromarray(levels(*np.mgrid[:32, :32]) * 255).save(tmp_path / "mask" / "1.png")
    # Soft, of numbers of classes, and of those with a border in white.
    classes = np.mgrid[:32, :32][0].astype("uint8") // 8
    Image.fromarray(classes * 60).save(tmp_path / "mask" / "2.png")
    Image.fromarray(classes).save(tmp_path / "mask" / "3.png")
    Image.fromarray(np.where(classes > 2, 255, classes).astype("uint8")).save(
        tmp_path / "mask" / "4.png"
    )
    data = load_pairs(*folders, size=8, target_channels="mask", batch_size=5, shuffle=False)
    with pytest.warns(UserWarning, match="it is no mask, which is black and white") as warned:
        _, target = data[0]
    told = " ".join(str(w.message) for w in warned)
    assert all(f"{i}.png" in told for i in (2, 3, 4))
    assert data.shapes["target"] == (8, 8, 1) and target.dtype == np.uint8
    assert set(target.ravel()) == {0, 255}
    assert 0.3 < (target[0] > 0).mean() < 0.5
