"""Arrays of images of any size through a network that takes one size, or certain multiples."""

from collections.abc import Callable

import numpy as np
from PIL import Image

from kerasgan.arguments import check_whole
from kerasgan.levels import HALF, quantised, to_unit

LARGEST_STRIDE = 512


def translate_array(
    images: np.ndarray,
    network,
    run: Callable[[np.ndarray], np.ndarray],
    channels: int,
    batch_size: int = 8,
) -> np.ndarray:
    """Images of any size through a network from images to images of the same size.

    A network whose input has one fixed size gets each image resized to it, and the result is
    resized back. One that takes any size gets it extended by reflection to a multiple of its
    stride, and the result is cut.

    Args:
        images: Array `(height, width)`, `(height, width, channels)` or
            `(n, height, width, channels)`; uint8, uint16, or float in [-1, 1].
        network: The Keras model, whose shapes are asked for.
        run: Function from a batch of float32 images in [-1, 1] to such.
        channels: What the network takes.
        batch_size: Images at a time.

    Returns:
        Array of the same dtype, height and width, with the channels of the network.

    Raises:
        ValueError: On another rank, dtype, range or number of channels.
    """
    check_whole(1, batch_size=batch_size)
    images = np.asarray(images)
    given = images
    if images.ndim == 2:
        images = images[..., None]
    single = images.ndim == 3
    images = images[None] if single else images
    if images.ndim != 4 or images.shape[-1] != channels or 0 in images.shape:
        raise ValueError(
            f"Expected images (height, width, {channels}) or (n, height, width, {channels}). "
            f"Received: shape {given.shape}"
        )
    dtype = images.dtype
    if dtype not in HALF and dtype.kind != "f":
        raise ValueError(
            f"Images must be uint8, uint16 or float in [-1, 1]. Received: dtype {dtype}"
        )
    parts = []
    for start in range(0, len(images), batch_size):
        values = to_unit(images[start : start + batch_size])
        if not np.isfinite(values).all() or np.abs(values).max() > 1.001:
            raise ValueError(
                f"Float images must lie in [-1, 1]. Received: values in "
                f"[{values.min():g}, {values.max():g}]"
            )
        parts.append(quantised(_of_any_size(values, network, run), dtype))
    made = np.concatenate(parts)
    return made[0] if single else made


def _of_any_size(images, network, run):
    height, width = images.shape[1:3]
    fixed = network.input_shape[1:3]
    if None not in fixed:
        return _resized(run(_resized(images, *fixed)), height, width)
    stride = _stride(network)
    below, right = (-height % stride, -width % stride)
    # Of a side shorter than what is missing, the mirror image is mirrored again.
    padded = np.pad(images, ((0, 0), (0, below), (0, right), (0, 0)), "symmetric")
    return run(padded)[:, :height, :width]


def _resized(images, height, width):
    if images.shape[1:3] == (height, width):
        return images
    # Channel by channel, for Pillow's floats have one.
    resized = [
        [
            Image.fromarray(channel).resize((width, height), Image.Resampling.LANCZOS)
            for channel in np.moveaxis(image, -1, 0)
        ]
        for image in images
    ]
    stacked = np.stack([np.stack([np.asarray(c) for c in image], axis=-1) for image in resized])
    return np.clip(stacked, -1, 1)


def _stride(network):
    """The smallest power of two that sides must be multiples of."""
    stride, channels = 1, network.input_shape[-1]
    while stride < LARGEST_STRIDE:
        try:
            made = network.compute_output_shape((1, stride, stride, channels))
            if tuple(made[1:3]) == (stride, stride):
                return stride
        except ValueError:
            pass
        stride *= 2
    return stride
