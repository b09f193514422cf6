"""One picture of any size and mode as a uint8 array of the wanted shape."""

import math

import numpy as np
from PIL import Image, ImageOps

from kerasgan import greys


def fit(picture, shape, crop=None):
    """Crop a Pillow picture in its centre, resize it and convert it.

    Args:
        picture: `PIL.Image.Image`, decoded or only opened.
        shape: `(height, width, channels)`; 1, 3 or 4 channels.
        crop: Side in pixels of the square cut out first, or None.

    Returns:
        uint8 array of that shape. With 4 channels the last one is opacity; otherwise
        transparency shows white.
    """
    height, width, channels = shape
    longer = max(picture.size)
    decode_small(picture, max(height, width), min(*picture.size, crop or math.inf))
    scale = max(picture.size) / longer
    ImageOps.exif_transpose(picture, in_place=True)
    picture = converted(picture, channels)
    used = [min(*picture.size, round(crop * scale))] * 2 if crop else picture.size
    ratio = min(used[0] / width, used[1] / height)
    # Whole pixels, so that a crop of the wanted size is exact.
    box = [max(1, round(side * ratio)) for side in (width, height)]
    left, top = ((full - part) // 2 for full, part in zip(picture.size, box))
    picture = picture.resize(
        (width, height),
        Image.Resampling.LANCZOS,
        box=(left, top, left + box[0], top + box[1]),
    )
    return np.asarray(picture).reshape(shape)


def decode_small(picture, wanted, used):
    """Let a picture be decoded small, if `used` pixels of it are to become `wanted` ones."""
    surplus = 2 * wanted / used
    if surplus < 1:
        # A JPEG decodes many times faster to a half, a quarter or an eighth of its size.
        # Twice the wanted size is left, for the filter to do its work on.
        picture.draft(None, tuple(math.ceil(side * surplus) for side in picture.size))


def converted(picture, channels):
    """A Pillow picture of any mode with 1, 3 or 4 channels of 8 bits."""
    if greys.is_grey(picture):
        # Pillow would clip it at 255.
        values = np.asarray(greys.sixteen_bits(picture)) / 257.0
        picture = Image.fromarray(np.rint(values).astype("uint8"))
    if channels == 4:
        return picture.convert("RGBA")
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, picture)
    picture = picture.convert("RGB")
    return picture.convert("L") if channels == 1 else picture
