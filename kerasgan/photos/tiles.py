"""An image of any size through a network, tile by tile, in bounded memory."""

import math
from collections.abc import Callable, Iterator

import numpy as np

from kerasgan.arguments import check_whole
from kerasgan.levels import quantised, to_unit

# Sides of tiles differ by this many pixels, for some backends compile a network for each.
GRAIN = 16


def upscale_bands(
    image: np.ndarray,
    network: Callable[[np.ndarray], np.ndarray],
    scale: int,
    tile: int = 256,
    overlap: int = 16,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[np.ndarray]:
    """The enlarged image as consecutive bands of rows; one band is in memory at a time.

    The image is cut into overlapping tiles of one and the same shape, as small as their
    number allows, and neighbouring tiles are blended. The image goes on beyond its border
    as its reflection, so that the border is enlarged like the rest.

    Args:
        image: Array `(height, width, 3)`, uint8, uint16 or float in [-1, 1], or anything
            with `shape` and `dtype` that gives such rows for `image[first:last]`: a
            `numpy.memmap`, for one.
        network: Function from float32 `(1, height, width, 3)` in [-1, 1] to
            `(1, height * scale, width * scale, 3)`.
        scale: Integer, how many times wider and higher the result is.
        tile: Longest side of a tile, in pixels of the image.
        overlap: Pixels of context on each side of what a tile adds to the result, at most
            a quarter of `tile`. A network that sees no further than three quarters of it
            gives the same, away from the image's border, as for the whole image at once.
        progress: Function `progress(done, total)` called with numbers of tiles.

    Yields:
        Arrays `(rows, width * scale, 3)` of the image's dtype, from top to bottom.

    Raises:
        ValueError: If `tile` or `overlap` is out of its range, or the network's result has
            another shape.

    Example:

    ```python
    network = lambda tiles: np.asarray(generator.predict_on_batch(tiles))
    enlarged = np.concatenate(list(upscale_bands(image, network, scale=4)))
    ```
    """
    check_tiling(tile, overlap)
    height, width = image.shape[:2]
    (rows, down), (columns, across) = (_cut(side, tile - 2 * overlap) for side in (height, width))
    # A network pads with zeros at a tile's edge. The outer three quarters of the context,
    # which that reaches most, are left aside; the last quarter and its mirror image in the
    # neighbour are blended, wide enough for what is left of the difference not to show.
    margin = overlap * 3 // 4
    blend = 2 * (overlap - margin) * scale
    kept = slice(margin * scale, -margin * scale or None)
    rise = (np.arange(blend, dtype="float32")[:, None] + 0.5) / max(blend, 1)
    # In canvases, the image begins half a blend from the left and from the top.
    canvas = columns * across * scale + blend
    above = np.empty((blend, canvas, 3), "float32")
    left = None
    for row in range(rows):
        inside = _reflected(row * down - overlap, down + 2 * overlap, height)
        strip = np.asarray(image[inside.min() : inside.max() + 1])
        band = np.empty((down * scale + blend, canvas, 3), image.dtype)
        for column in range(columns):
            beside = _reflected(column * across - overlap, across + 2 * overlap, width)
            part = _enlarged(strip[np.ix_(inside - inside.min(), beside)], network, scale)
            part = part[kept, kept]
            if column:
                part[:, :blend] = left + rise * (part[:, :blend] - left)
            left = part[:, across * scale :].copy()
            if column < columns - 1:
                part = part[:, : across * scale]
            place = slice(column * across * scale, column * across * scale + part.shape[1])
            if row:
                before = above[:, place]
                part[:blend] = before + rise[..., None] * (part[:blend] - before)
            above[:, place] = part[down * scale :]
            band[:, place] = quantised(part, image.dtype)
            if progress:
                progress(row * columns + column + 1, rows * columns)
        top = 0 if row else blend // 2
        bottom = down * scale if row < rows - 1 else (height - row * down) * scale + blend // 2
        yield band[top:bottom, blend // 2 : blend // 2 + width * scale]


def check_tiling(tile: int = 256, overlap: int = 16) -> None:
    """Raise a `ValueError` on a tiling that cannot work."""
    check_whole(1, tile=tile)
    check_whole(0, overlap=overlap)
    if overlap > tile // 4:
        raise ValueError(
            "overlap must be between 0 and a quarter of tile. "
            f"Received: overlap={overlap}, tile={tile}"
        )


def _cut(side, longest):
    """Into how many tiles a side is cut, and how many pixels each adds; at most `longest`."""
    count = math.ceil(side / longest)
    return count, min(longest, math.ceil(side / count / GRAIN) * GRAIN)


def _reflected(start, length, size):
    """The indices of `length` pixels from `start` on, where the image is its mirror image.

    As often as it takes for a tiny one; a side of one pixel repeats it.
    """
    period = max(2 * (size - 1), 1)
    return size - 1 - np.abs(np.arange(start, start + length) % period - (size - 1))


def _enlarged(pixels, network, scale):
    """A tile as the network enlarges it, in floats that may be written to."""
    result = np.array(network(to_unit(pixels)[None]), "float32")
    height, width = pixels.shape[:2]
    if result.shape != (1, height * scale, width * scale, 3):
        raise ValueError(
            f"The network must give shape {(1, height * scale, width * scale, 3)} for a tile of "
            f"shape {(1, height, width, 3)} and scale={scale}. Received: shape {result.shape}"
        )
    return result[0]
