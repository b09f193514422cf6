"""Masks of any kind, of a picture, an array or opacity, as booleans that are True in holes."""

import os

import numpy as np
from PIL import Image

from kerasgan.levels import HALF
from kerasgan.photos.photo import luma
from kerasgan.photos.reading import read_photo

# Of a picture of a mask, edges may be soft, but not more of it than this.
SOFT = 0.05
# Of an array, what is no hole, and what is one.
VALUES = (0, 1, 255, 65535)


def holes_of(mask: str | os.PathLike | Image.Image | np.ndarray, shape: tuple) -> np.ndarray:
    """Where the holes are, of images of a shape.

    Args:
        mask: A path or a Pillow image, white in holes and black elsewhere (or transparent), with
            edges that may be soft; or an array of bool, or of two values, 0 and in holes 1, 255 or
            65535: one mask for all images or one for each, with or without a last axis of
            length 1.
        shape: `(height, width)` or `(n, height, width)` of the images.

    Returns:
        bool array of that shape.

    Raises:
        ValueError: On a mask of another size, of other values, without a hole, or that leaves
            nothing of an image.
    """
    is_array = hasattr(mask, "dtype")
    holes = _of_array(np.asarray(mask)) if is_array else _of_picture(mask)
    if holes.shape[-1:] == (1,) and holes.shape[:-1] in (shape, shape[-2:]):
        holes = holes[..., 0]
    if holes.shape not in (shape, shape[-2:]):
        height, width = shape[-2:]
        raise ValueError(
            f"mask must be as large as the image, {height} pixels high and {width} wide. Received: "
            f"a mask of shape {holes.shape}. Resize it without interpolation."
        )
    if not holes.any():
        raise ValueError(
            "mask has no hole: white (True, 1 or 255) is what is to be filled. Received: a mask "
            "that is black everywhere."
        )
    if holes.all(axis=(-2, -1)).any():
        raise ValueError(
            "mask leaves nothing to fill a hole from: white (True, 1 or 255) is what is to be "
            "filled. Received: a mask that is white everywhere."
        )
    return np.broadcast_to(holes, shape)


def transparent(opacity: np.ndarray) -> np.ndarray:
    """Where opacity of uint8, uint16 or floats in [-1, 1] is not full, as booleans."""
    holes = opacity < (2 * HALF[opacity.dtype] if opacity.dtype in HALF else 1)
    if not holes.any() or holes.all(axis=(-2, -1)).any():
        raise ValueError(
            "Without a mask, what is not fully opaque is the hole. Received: an image that is "
            f"{'transparent' if holes.any() else 'opaque'} everywhere. Give mask=…, a picture or "
            "an array that is white where it is to be filled."
        )
    return holes


def _of_array(mask):
    if mask.dtype == bool:
        return mask
    values = np.unique(mask)
    if mask.dtype.kind not in "uif" or len(values) > 2 or not np.isin(values, VALUES).all():
        told = f"{len(values)} values from {values[0]} to {values[-1]}" if values.size else "none"
        raise ValueError(
            "mask must be of bool, or of two values, 0 and in holes 1, 255 or 65535: mask > 127 "
            f"makes one of a soft one. Received: {told}, dtype {mask.dtype}"
        )
    return mask > 0


def _of_picture(mask):
    photo = read_photo(mask)
    most = 2 * HALF[photo.colours.dtype]
    white = luma(photo.colours)[..., 0] / most
    if photo.alpha is not None:
        white = white * (photo.alpha / most)
    soft = np.mean((white > 0.1) & (white < 0.9))
    if soft > SOFT:
        raise ValueError(
            "mask must be a picture in black and white, white where it is to be filled. Received: "
            f"one that is neither in {soft:.0%} of its pixels."
        )
    return white > 0.5
