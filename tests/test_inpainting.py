"""Filling holes: the layer, the losses, the networks, and what stays as it is."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from PIL import Image
from tiny import images

from kerasgan import zoo
from kerasgan.cli import filling, main
from kerasgan.layers.gated_convolution import GatedConv2D
from kerasgan.models.inpainting import Inpainting
from kerasgan.networks.context_encoder import context_encoder
from kerasgan.networks.inpainting import gated_generator, sn_patchgan
from kerasgan.photos.filling import fill_files, fill_picture


def square(height=16, width=16):
    """A mask of one hole, a quarter of the image and off the centre."""
    mask = np.zeros((height, width), bool)
    mask[: height // 2, width // 2 :] = True
    return mask


def number(tensor):
    return float(ops.convert_to_numpy(ops.stop_gradient(tensor)))


def test_a_gated_convolution_is_its_features_times_its_gate():
    x = np.random.default_rng(0).normal(size=(2, 5, 5, 3)).astype("float32")
    start = keras.initializers.RandomNormal(seed=0)
    layer = GatedConv2D(4, 3, activation="tanh", padding="same", dilation_rate=2)
    layer.bias_initializer = start
    made = ops.convert_to_numpy(layer(x))
    kernel, bias = (ops.convert_to_numpy(w) for w in layer.weights)
    assert kernel.shape == (3, 3, 3, 8) and made.shape == (2, 5, 5, 4)
    both = ops.convert_to_numpy(ops.conv(x, kernel, padding="same", dilation_rate=2)) + bias
    expected = np.tanh(both[..., :4]) / (1 + np.exp(-both[..., 4:]))
    np.testing.assert_allclose(made, expected, rtol=1e-4, atol=1e-5)
    again = GatedConv2D.from_config(layer.get_config())
    assert again.compute_output_shape((2, None, 5, 3)) == (2, None, 5, 4)


def answer(channels, values, name=None):
    """A 1×1 convolution of these weights and no bias."""
    kernel = keras.initializers.Constant(np.reshape(values, (1, 1, channels, 1)))
    return layers.Conv2D(1, 1, use_bias=False, kernel_initializer=kernel, name=name)


def plain(**options):
    """A generator that gives half of what is known, and half of the mask; logits twice as high."""
    seen = keras.Input((4, 4, 2))
    coarse = answer(2, [0.5, 0.0], "coarse")(seen)
    made = answer(2, [0.5, 0.5])(seen) + 0.0 * coarse
    image, mask = keras.Input((4, 4, 1)), keras.Input((4, 4, 1))
    logits = answer(1, [2.0])(image) + 0.0 * mask
    discriminator = keras.Model([image, mask], logits)
    return Inpainting(keras.Model(seen, made), discriminator, **options)


def test_the_losses_are_the_papers():
    image = np.full((2, 4, 4, 1), 0.4, "float32")
    mask = np.broadcast_to(square(4, 4)[None, ..., None], image.shape).astype("float32")
    batch = {"image": ops.convert_to_tensor(image), "mask": ops.convert_to_tensor(mask)}
    model = plain(reconstruction_weight=3.0, adversarial_weight=2.0)
    # In the hole, a quarter, it makes 0.5 and first 0; elsewhere 0.2, which is not looked at
    # by the discriminator.
    errors = (0.75 * 0.2 + 0.25 * 0.1) + (0.75 * 0.2 + 0.25 * 0.4)
    score = 2 * (0.75 * 0.4 + 0.25 * 0.5)
    assert number(model.generator_loss(batch)) == pytest.approx(3 * errors - 2 * score, rel=1e-5)
    judged = (1 - 0.8) + (0.75 * 1.8 + 0.25 * 2.0)
    assert number(model.discriminator_loss(batch)) == pytest.approx(judged, rel=1e-5)
    filled = model.judged(batch)["samples"]
    np.testing.assert_allclose(filled, np.where(mask > 0, 0.5, 0.4), rtol=1e-6)


def test_without_its_weight_the_discriminator_does_not_train():
    keras.utils.set_random_seed(0)
    batch = {"image": images(4, (4, 4, 1)), "mask": np.stack([square(4, 4)[..., None]] * 4)}
    model = plain(adversarial_weight=0.0, seed=0)
    before = [ops.convert_to_numpy(w) for w in model.discriminator.weights]
    first = [np.array(ops.convert_to_numpy(w)) for w in model.generator.weights]
    history = model.fit(batch, epochs=1, batch_size=4, verbose=0).history
    assert history["reconstruction_loss"][0] > 0 and history["discriminator_loss"] == [0]
    for a, b in zip(before, model.discriminator.weights):
        np.testing.assert_array_equal(a, ops.convert_to_numpy(b))
    assert any((a != ops.convert_to_numpy(b)).any() for a, b in zip(first, model.generator.weights))
    batch["mask"] = batch["mask"].astype("uint8") * 7
    with pytest.raises(ValueError, match="other values too"):
        model.fit(batch, verbose=0)


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    generator = gated_generator(channels=3, width=1, dilations=(2,))
    return Inpainting(generator, sn_patchgan((None, None, 3), width=1, depth=2), seed=0)


def test_known_pixels_stay_bit_for_bit_whatever_the_size_and_the_dtype(model):
    random = np.random.default_rng(0)
    assert model.generator.get_layer("coarse").output.shape[-1] == 3
    for size in ((16, 16), (13, 18)):
        mask = square(*size)
        for dtype in ("uint8", "uint16", "float32"):
            given = random.integers(0, np.iinfo(dtype).max, (*size, 3)) if dtype[0] == "u" else None
            given = random.uniform(-1, 1, (*size, 3)) if given is None else given
            given = given.astype(dtype)
            made = model.inpaint(given, mask)
            assert made.dtype == dtype and made.shape == given.shape
            np.testing.assert_array_equal(made[~mask], given[~mask])
            assert (made[mask] != given[mask]).any()
            # What is in a hole is not looked at.
            given[mask] = np.nan if dtype == "float32" else 0
            np.testing.assert_array_equal(model.inpaint(given, mask), made)
    opacity = np.where(mask, 0, 255).astype("uint8")
    given = images(2, (13, 18, 3))
    clear = np.concatenate([given, np.stack([opacity] * 2)[..., None]], axis=-1)
    np.testing.assert_array_equal(model.inpaint(clear), model.inpaint(given, mask))
    for wrong, told in (
        ((given[..., :1], mask), r"Expected images \(height, width, 3\)"),
        ((given, None), "Expected mask"),
        ((given.astype("int64"), mask), "uint8, uint16 or float"),
        ((given / 100.0, mask), r"\[-1, 1\]"),
        ((np.where(clear < 0, 0, 255).astype("uint8"), None), "opaque everywhere"),
    ):
        with pytest.raises(ValueError, match=told):
            model.inpaint(*wrong)


def test_a_network_of_one_size_sees_the_part_around_the_holes():
    keras.utils.set_random_seed(0)
    generator = context_encoder((8, 8, 1), width=2, bottleneck=4)
    with pytest.raises(ValueError, match="halved until"):
        context_encoder((24, 18, 3))
    discriminator = sn_patchgan((8, 8, 1), width=2, depth=2)
    model = Inpainting(generator, discriminator, seed=0)
    with pytest.raises(ValueError, match="of one size"):
        Inpainting(generator, sn_patchgan((16, 16, 1), width=2, depth=2))
    with pytest.raises(ValueError, match=r"sn_patchgan\(…\)"):
        Inpainting(generator, sn_patchgan((8, 8, 3), width=2, depth=2))
    with pytest.raises(ValueError, match="2 to the depth"):
        sn_patchgan((8, 8, 1))
    mask = np.zeros((20, 400), bool)
    mask[5:9, 10:14] = True
    given = images(1, (20, 400, 1))[0]
    made = model.inpaint(given, mask)
    np.testing.assert_array_equal(made[~mask], given[~mask])
    assert (made[mask] != given[mask]).any()
    far = given.copy()
    far[:, 200:] = 0  # beyond what is looked at
    np.testing.assert_array_equal(model.inpaint(far, mask)[mask], made[mask])


def grey_fill(values, holes):
    return np.where(holes[..., None], np.uint8(7), values)


@pytest.mark.without_backend
def test_pictures_and_files_keep_what_is_known(tmp_path):
    hole = square(6, 8)
    colours, opacity = images(1, (6, 8, 3))[0], np.where(hole, 0, 255).astype("uint8")
    mask = Image.fromarray(255 - opacity)
    filled = grey_fill(colours, hole)
    clear = Image.fromarray(np.dstack([colours, opacity]))
    half = Image.fromarray(np.dstack([colours, np.full_like(opacity, 90)]))
    np.testing.assert_array_equal(fill_picture(clear, None, grey_fill, 3), filled)
    kept = np.asarray(fill_picture(half, mask, grey_fill, 3))
    np.testing.assert_array_equal(kept, np.dstack([filled, np.full_like(opacity, 90)]))
    grey = fill_picture(Image.fromarray(colours[..., 0]), mask, grey_fill, 3)
    assert grey.mode == "L"
    np.testing.assert_array_equal(grey, grey_fill(colours[..., :1], hole)[..., 0])
    for picture, channels, told in (
        (Image.fromarray(colours), 1, "cannot fill a colour picture"),
        (half, 3, "transparent everywhere"),
        (Image.fromarray(colours), 3, "Received: no mask"),
    ):
        with pytest.raises(ValueError, match=told):
            fill_picture(picture, None, grey_fill, channels)
    Image.fromarray(colours).save(tmp_path / "photo.png")
    fill_files(tmp_path / "photo.png", mask, None, grey_fill, 3, verbose=False)
    np.testing.assert_array_equal(Image.open(tmp_path / "photo_filled.png"), filled)


@pytest.mark.without_backend
def test_the_command_fills_a_picture(model, tmp_path, monkeypatch):
    hole = square(12, 20)
    Image.fromarray(images(1, (12, 20, 3))[0]).save(tmp_path / "photo.png")
    Image.fromarray(hole).save(tmp_path / "mask.png")
    monkeypatch.setattr(filling, "loaded", lambda name, verb: model)
    photo, mask = str(tmp_path / "photo.png"), str(tmp_path / "mask.png")
    assert main(["inpaint", photo, "--mask", mask, "--model", "any"]) == 0
    with (
        Image.open(tmp_path / "photo.png") as given,
        Image.open(tmp_path / "photo_filled.png") as made,
    ):
        same = (np.asarray(given) == np.asarray(made)).all(axis=-1)
    assert same[~hole].all() and not same[hole].all()


@pytest.mark.without_backend
def test_the_coarse_answer_trains_and_is_saved_with_the_refined_one(tmp_path):
    keras.utils.set_random_seed(0)
    generator = gated_generator(channels=1, width=1, dilations=(2,))
    discriminator = sn_patchgan((16, 16, 1), width=1, depth=2)
    model = Inpainting(generator, discriminator, adversarial_weight=0.0, seed=0)
    before = [np.array(ops.convert_to_numpy(w)) for w in generator.weights]
    masks = np.stack([square()[..., None]] * 4)
    model.fit({"image": images(4, (16, 16, 1)), "mask": masks}, batch_size=4, verbose=0)
    moved = [(a != ops.convert_to_numpy(b)).any() for a, b in zip(before, generator.weights)]
    assert np.mean(moved) > 0.8
    loaded = zoo.load(zoo.save(model, tmp_path / "entry"))
    inputs = model.reference_inputs(2)
    made = [m.reference_samples(**inputs).astype(int) for m in (model, loaded)]
    assert np.abs(made[0] - made[1]).max() <= 1
