"""Image translation: networks, the paper's losses, any size and kind of picture."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from PIL import Image
from tiny import images

from kerasgan import networks
from kerasgan.engine.saving import arguments
from kerasgan.models import Pix2Pix

SHAPE = (16, 16, 3)


def tiny(source=3, target=3, **options):
    keras.utils.set_random_seed(1)
    generator = networks.unet((16, 16, source), channels=target, width=2)
    discriminator = networks.patchgan((16, 16, target), source, width=2, depth=1)
    return Pix2Pix(generator, discriminator, seed=1, **options)


def inverting(shape):
    """A generator that gives the negative of what it sees."""
    inputs = keras.Input(shape)
    return keras.Model(inputs, layers.Rescaling(-1.0)(inputs))


def negative(shape, judged=SHAPE):
    return Pix2Pix(inverting(shape), networks.patchgan(judged, 3, width=2, depth=1))


@pytest.mark.without_backend
def test_networks_have_the_papers_numbers_of_parameters():
    # Of the authors' implementation at 256 pixels: 54.414 and 2.769 million.
    assert round(networks.unet((256, 256, 3)).count_params() / 1e6, 2) == 54.41
    assert round(networks.patchgan((256, 256, 3), 3).count_params() / 1e6, 2) == 2.77


@pytest.mark.without_backend
def test_a_logit_of_the_patchgan_sees_70_pixels():
    network = networks.patchgan((128, 128, 1), width=2, normalization=None)
    x = np.random.default_rng(0).normal(size=(1, 128, 128, 1)).astype("float32")
    before = ops.convert_to_numpy(network(x))
    seen = []
    for column in range(128):
        changed = x.copy()
        changed[:, :, column] += 1.0
        after = ops.convert_to_numpy(network(changed))
        row, place = (side // 2 for side in before.shape[1:3])
        if after[0, row, place, 0] != before[0, row, place, 0]:
            seen.append(column)
    assert len(seen) == 70 and seen[-1] - seen[0] == 69


@pytest.mark.parametrize(
    "options, message",
    [
        ({"image_shape": (24, 24, 3)}, "multiples of 2 to the depth"),
        ({"image_shape": (16, 16, 3), "normalization": "layer"}, "'instance' or 'batch'.*'layer'"),
        ({"image_shape": (16, 16, 3), "channels": 0}, "at least 1"),
    ],
    ids=str,
)
def test_a_unet_of_another_shape_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        networks.unet(**options)


@pytest.mark.without_backend
def test_the_losses_are_the_papers_sums():
    model = tiny(reconstruction_weight=7.0)
    random = np.random.default_rng(0)
    source, target = random.uniform(-1, 1, (2, 3, *SHAPE)).astype("float32")
    made = ops.convert_to_numpy(model.generator(source))
    real, fake = (ops.convert_to_numpy(model.discriminator([x, source])) for x in (target, made))
    batch = {"source": ops.convert_to_tensor(source), "target": ops.convert_to_tensor(target)}
    expected = np.log1p(np.exp(-fake)).mean() + 7.0 * np.abs(target - made).mean()
    found = model.generator_loss(batch, training=False)
    assert float(found) == pytest.approx(float(expected), rel=1e-5)
    expected = 0.5 * (np.log1p(np.exp(-real)).mean() + np.log1p(np.exp(fake)).mean())
    found = model.discriminator_loss(batch, training=False)
    assert float(found) == pytest.approx(float(expected), rel=1e-5)


@keras.saving.register_keras_serializable("test_pix2pix")
class Shift(layers.Layer):
    """Moves everything by one column, all channels alike."""

    def call(self, x, training=False):
        return ops.roll(x, 1, axis=2)


@pytest.mark.without_backend
def test_augmentation_moves_source_and_target_alike():
    model = tiny(augmentation=Shift())
    one, other = images(2, SHAPE).astype("float32"), images(2, SHAPE, seed=1).astype("float32")
    moved = model.augment((ops.convert_to_tensor(one), ops.convert_to_tensor(other)))
    for before, after in zip((one, other), moved):
        np.testing.assert_array_equal(ops.convert_to_numpy(after), np.roll(before, 1, axis=2))
    source = images(4, SHAPE)
    model.fit(source, 255 - source, batch_size=2, verbose=0)


def test_it_learns_a_negative():
    keras.utils.set_random_seed(1)
    generator = keras.Sequential(
        [keras.Input(SHAPE), layers.Conv2D(3, 1, activation="tanh", dtype="float32")]
    )
    discriminator = networks.patchgan(SHAPE, 3, width=2, depth=1)
    model = Pix2Pix(generator, discriminator, seed=1, ema_decay=0.9)
    model.compile(keras.optimizers.Adam(5e-2, beta_1=0.5))
    blocks = images(24, (2, 2, 3)).repeat(8, axis=1).repeat(8, axis=2)
    held_out = {"source": blocks[:8], "target": 255 - blocks[:8]}
    before = model.measure(held_out)["held_out_error"]
    model.fit(blocks[8:], 255 - blocks[8:], batch_size=4, epochs=10, verbose=0)
    assert model.measure(held_out)["held_out_error"] < 0.3 * before


@pytest.mark.without_backend
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("shape", [(16, 16, 3), (None, None, 3)], ids=["fixed", "any"])
@pytest.mark.parametrize("size", [(16, 16), (11, 7), (40, 33)], ids=str)
def test_images_of_any_size_come_back_in_their_size_and_dtype(dtype, shape, size):
    if None in shape:
        generator = networks.unet((None, None, 3), width=2, depth=2)
        model = Pix2Pix(generator, networks.patchgan((None, None, 3), 3, width=2, depth=1))
    else:
        model = negative(shape)
    levels = {"uint8": 255, "uint16": 65535}.get(dtype)
    x = np.random.default_rng(0).uniform(-1, 1, (2, *size, 3))
    x = x.astype(dtype) if levels is None else ((x + 1) / 2 * levels).astype(dtype)
    made = model.translate(x)
    assert made.shape == x.shape and made.dtype == dtype
    assert model.translate(x[0]).shape == (*size, 3)
    if size == (16, 16) and None not in shape:
        expected = -x if levels is None else levels - x
        assert np.abs(made.astype("float64") - expected).max() <= 1


def test_sixteen_bits_train_and_show_as_eight_do_of_any_number_of_channels():
    eight = {"source": images(4, (16, 16, 5)), "target": images(4, (16, 16, 2), 1)}
    sixteen = {name: array.astype("uint16") * 257 for name, array in eight.items()}
    seen = []
    for batch in (eight, sixteen):
        model = tiny(source=5, target=2)
        losses = model.fit(batch, batch_size=2, epochs=2, shuffle=False, verbose=0).history
        shown = model.samples(4, batch=batch), model.preview(4, batch=batch)
        assert all(array.dtype == "uint8" for array in shown)
        seen.append((losses["loss"], model.measure(batch)["held_out_error"], shown))
    np.testing.assert_allclose(seen[0][0], seen[1][0], rtol=1e-4)
    np.testing.assert_allclose(seen[0][1], seen[1][1], atol=1)
    for one, other in zip(seen[0][2], seen[1][2]):
        assert np.abs(one.astype("float32") - other).max() <= 2


def test_grey_becomes_colour_and_a_file_a_picture(tmp_path):
    model = tiny(source=1)
    grey = images(1, (16, 16))[0]
    assert model.translate(grey).shape == (16, 16, 3)
    Image.fromarray(grey).save(tmp_path / "grey.png")
    picture = model.translate(tmp_path / "grey.png")
    assert picture.mode == "RGB"
    np.testing.assert_array_equal(np.asarray(picture), model.translate(grey))


@pytest.mark.parametrize(
    "given, message",
    [
        (np.zeros((16, 16, 1), "uint8"), r"\(height, width, 3\).*Received: shape \(16, 16, 1\)"),
        (np.zeros((16, 16, 3), "int32"), "Received: dtype int32"),
        (np.full((16, 16, 3), 3.0), r"\[-1, 1\].*\[3, 3\]"),
        (np.full((16, 16, 3), np.nan), "Received"),
        (np.zeros((0, 16, 16, 3), "uint8"), "Received: shape"),
    ],
    ids=["channels", "dtype", "range", "nan", "none"],
)
def test_what_is_no_image_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        negative((16, 16, 3)).translate(given)


def test_networks_that_do_not_fit_are_refused():
    generator = networks.unet((16, 16, 3), width=2)
    with pytest.raises(ValueError, match="condition_channels"):
        Pix2Pix(generator, networks.patchgan((16, 16, 3), width=2, depth=1))
    with pytest.raises(ValueError, match="built keras.Model. Received: None"):
        Pix2Pix(generator, None)


def test_its_arguments_are_the_papers_and_the_roots():
    known = arguments(Pix2Pix)
    assert list(known)[:4] == [
        "generator",
        "discriminator",
        "reconstruction_weight",
        "adversarial_loss",
    ]
    assert {"augmentation", "ema_decay", "seed", "name"} < set(known)
