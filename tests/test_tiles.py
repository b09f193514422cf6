"""Tiles: the same as the whole image, without seams, at any size."""

import keras
import numpy as np
import pytest
from keras import layers

from kerasgan.photos.tiles import upscale_bands


def enlarge(image, network, scale, **options):
    return np.concatenate(list(upscale_bands(image, network, scale, **options)))


def repeated(scale):
    return lambda tiles: tiles.repeat(scale, axis=1).repeat(scale, axis=2)


def convolutions(size):
    """Two convolutions of size × size pixels, an enlargement and a last one of 3 × 3."""
    inputs = keras.Input((None, None, 3))
    x = layers.Conv2D(8, size, padding="same", activation="tanh")(inputs)
    x = layers.Conv2D(8, size, padding="same", activation="tanh")(x)
    x = layers.Conv2D(3, 3, padding="same")(layers.UpSampling2D(2)(x))
    network = keras.Model(inputs, x)
    random = np.random.default_rng(0)
    for weight in network.weights:
        kernel = random.normal(size=weight.shape)
        weight.assign(0.7 * kernel / np.sqrt(np.prod(weight.shape[:-1])))
    return network


def smooth_image(height, width):
    y, x = np.mgrid[:height, :width]
    waves = [np.sin(x / 9 + y / 13), np.cos(x / 17 - y / 7), np.sin(y / 11)]
    return np.rint(127.5 + 110 * np.stack(waves, axis=-1)).astype("uint8")


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (3, 2), (24, 24), (25, 49), (130, 77)])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_repetition_of_pixels_comes_out_exactly_at_any_size(size, dtype):
    random = np.random.default_rng(0)
    image = random.integers(0, 256, (*size, 3)).astype(dtype)
    if dtype == "float32":
        image = image / np.float32(127.5) - 1
    result = enlarge(image, repeated(3), 3, tile=32, overlap=4)
    assert result.dtype == image.dtype
    # A blend of equal floats is off by their last bit.
    np.testing.assert_allclose(result, image.repeat(3, 0).repeat(3, 1), atol=2e-7)


def test_a_network_that_sees_less_than_the_context_gives_what_it_gives_for_the_whole():
    network = convolutions(5)  # sees 2 + 2 + 1 pixels to each side, within 3/4 of 8
    image = np.random.default_rng(0).integers(0, 256, (90, 120, 3), dtype="uint8")
    whole = network.predict_on_batch(image[None] / np.float32(127.5) - 1)[0]
    whole = np.rint((np.clip(whole, -1, 1) + 1) * 127.5)
    tiled = enlarge(image, network.predict_on_batch, 2, tile=32, overlap=8)
    difference = np.abs(tiled.astype(float) - whole)
    assert whole[12:-12, 12:-12].std() > 5
    assert difference[12:-12, 12:-12].max() <= 1
    assert difference.max() > 1  # at the border, where the whole one saw zeros


def test_no_seam_shows_with_a_network_that_sees_further_than_the_context():
    network = convolutions(15)  # sees 7 + 7 + 1 pixels to each side, beyond 3/4 of 16
    image = smooth_image(160, 160) / np.float32(127.5) - 1
    whole = network.predict_on_batch(image[None])[0]

    def gradients(values):
        return np.abs(np.diff(values, axis=1))[40:-40, 40:-40].mean((0, 2))

    def steepest(overlap):
        """The steepest column of a tiled result over the steepest of the whole one."""
        tiled = enlarge(image, network.predict_on_batch, 2, tile=64, overlap=overlap)
        return gradients(tiled).max() / gradients(np.clip(whole, -1, 1)).max()

    assert steepest(16) < 1.1
    assert steepest(0) > 2  # what the seams of tiles without overlap measure


def test_the_network_sees_one_shape_and_the_progress_is_told():
    shapes, told = set(), []

    def network(tiles):
        shapes.add((tiles.shape, tiles.dtype.name))
        return repeated(2)(tiles)

    image = np.zeros((100, 140, 3), "uint8")
    bands = upscale_bands(image, network, 2, tile=80, overlap=8, progress=lambda *n: told.append(n))
    heights = [len(band) for band in bands]
    assert sum(heights) == 200 and max(heights) <= 2 * 80
    # 2 rows of at least 50 pixels and 3 columns of 47, to the next 16, and their context.
    assert shapes == {((1, 64 + 16, 48 + 16, 3), "float32")}
    assert told == [(i, 6) for i in range(1, 7)]


def test_an_image_smaller_than_a_tile_costs_no_more_than_it_is():
    seen = []

    def network(tiles):
        seen.append(tiles.shape)
        return repeated(2)(tiles)

    enlarge(np.zeros((20, 40, 3), "uint8"), network, 2, tile=256, overlap=8)
    assert seen == [(1, 32 + 16, 48 + 16, 3)]


def test_rows_come_from_a_memory_map(tmp_path):
    image = smooth_image(70, 50)
    np.save(tmp_path / "image.npy", image)
    mapped = np.load(tmp_path / "image.npy", mmap_mode="r")
    result = enlarge(mapped, repeated(2), 2, tile=16, overlap=4)
    np.testing.assert_array_equal(result, image.repeat(2, 0).repeat(2, 1))


@pytest.mark.parametrize(
    "options, message",
    [
        ({"tile": 0}, "tile must be at least 1, a whole number. Received: tile=0"),
        ({"tile": 32, "overlap": 9}, "quarter of tile. Received: overlap=9, tile=32"),
        ({"overlap": -1}, "Received: overlap=-1"),
    ],
)
def test_a_tiling_that_cannot_work_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        enlarge(np.zeros((4, 4, 3), "uint8"), repeated(2), 2, **options)


def test_a_network_of_another_scale_is_named():
    with pytest.raises(ValueError, match=r"scale=4. Received: shape \(1, 48, 48, 3\)"):
        enlarge(np.zeros((4, 4, 3), "uint8"), repeated(2), 4, tile=32, overlap=4)
