"""Opacity: enlarged by interpolation, and kept from darkening the colours at its edges."""

import math

import numpy as np
from PIL import Image


def bicubic(
    channel: np.ndarray, scale: int, rows: tuple[int, int], columns: tuple[int, int]
) -> np.ndarray:
    """The part of a channel enlarged by Pillow that lies in ranges `(first, last)`."""
    # The filter reaches two pixels beyond the box.
    top, left = (max(0, first // scale - 2) for first, _ in (rows, columns))
    part = channel[top : rows[1] // scale + 3, left : columns[1] // scale + 3]
    box = (columns[0] / scale - left, rows[0] / scale - top)
    box += (columns[1] / scale - left, rows[1] / scale - top)
    size = (columns[1] - columns[0], rows[1] - rows[0])
    image = Image.fromarray(part.astype("float32"))
    enlarged = np.asarray(image.resize(size, Image.Resampling.BICUBIC, box=box))
    if channel.dtype.kind == "f":
        return np.clip(enlarged, -1.0, 1.0)
    return np.clip(np.rint(enlarged), 0, np.iinfo(channel.dtype).max).astype(channel.dtype)


class FilledIn:
    """Colours whose fully transparent pixels take on those of what is visible nearby.

    Editors leave black there, which a network would bleed into the edges.
    """

    def __init__(self, colours: np.ndarray, alpha: np.ndarray):
        self.colours, self.alpha = colours, alpha
        self.shape, self.dtype = colours.shape, colours.dtype

    def __getitem__(self, rows: slice) -> np.ndarray:
        colours, alpha = self.colours[rows], self.alpha[rows].astype("float32")
        if self.dtype.kind == "f":
            alpha = alpha + 1.0
        hidden = alpha == 0
        if not hidden.any():
            return colours
        colours = np.array(colours)
        for reach in (4, 32):
            weight = _smoothed(alpha, reach)
            filled = hidden & (weight > 0)
            for channel in range(3):
                total = _smoothed(alpha * colours[..., channel], reach)
                mean = total[filled] / weight[filled]
                if self.dtype.kind != "f":
                    mean = np.rint(mean)
                colours[..., channel][filled] = mean
            hidden &= ~filled
        return colours


def _smoothed(values, reach):
    """Means over some `reach` to four times `reach` pixels around each."""
    height, width = values.shape
    small = (math.ceil(width / (2 * reach)), math.ceil(height / (2 * reach)))
    image = Image.fromarray(np.ascontiguousarray(values))
    bilinear = Image.Resampling.BILINEAR
    return np.asarray(image.resize(small, bilinear).resize((width, height), bilinear))
