"""An image of any size through a network, tile by tile, in bounded memory."""

import itertools
import math

import numpy as np

# What stands for -1 and 1, and half of the way between: value / half - 1.
HALF = {np.dtype("uint8"): 127.5, np.dtype("uint16"): 32767.5}


def upscale_bands(image, network, scale, tile=128, overlap=16, batch_size=4, progress=None):
    """The enlarged image as consecutive bands of rows; one band is in memory at a time.

    The image is cut into overlapping tiles, which the network sees in batches of one and
    the same shape, and neighbouring tiles are blended. The image goes on beyond its border
    as its reflection, so that the border is enlarged like the rest.

    Args:
        image: Array `(height, width, 3)`, uint8, uint16 or float in [-1, 1], or anything
            with `shape` and `dtype` that gives such rows for `image[first:last]`: a
            `numpy.memmap`, for one.
        network: Function from float32 `(batch_size, tile, tile, 3)` in [-1, 1] to
            `(batch_size, tile * scale, tile * scale, 3)`.
        scale: Integer, how many times wider and higher the result is.
        tile: Side of a tile, in pixels of the image.
        overlap: Pixels of context on each side of what a tile adds to the result, at most
            a quarter of `tile`. A network that sees no further than three quarters of it
            gives the same, away from the image's border, as for the whole image at once.
        batch_size: Tiles a call of the network.
        progress: Function `progress(done, total)` called with numbers of tiles.

    Yields:
        Arrays `(rows, width * scale, 3)` of the image's dtype, from top to bottom.

    Raises:
        ValueError: If `tile`, `overlap` or `batch_size` is out of its range, or the
            network's result has another shape.

    Example:

    ```python
    network = lambda tiles: np.asarray(generator.predict_on_batch(tiles))
    enlarged = np.concatenate(list(upscale_bands(image, network, scale=4)))
    ```
    """
    check_tiling(tile, overlap, batch_size)
    height, width = image.shape[:2]
    # A network pads with zeros at a tile's edge. The outer three quarters of the context,
    # which that reaches most, are left aside; the last quarter and its mirror image in the
    # neighbour are blended, wide enough for what is left of the difference not to show.
    margin = overlap * 3 // 4
    step = (tile - 2 * overlap) * scale
    blend = 2 * (overlap - margin) * scale
    kept = slice(margin * scale, (tile - margin) * scale)
    rise = (np.arange(blend, dtype="float32")[:, None] + 0.5) / max(blend, 1)
    rows = math.ceil(height * scale / step)
    columns = math.ceil(width * scale / step)
    tiles = _tiles(image, tile, overlap, rows, columns)
    enlarged = _enlarged(tiles, rows * columns, network, scale, tile, batch_size, progress)
    # In canvases, the image begins half a blend from the left and from the top.
    above = np.empty((blend, columns * step + blend, 3), "float32")
    left = None
    for row in range(rows):
        band = np.empty((step + blend, columns * step + blend, 3), image.dtype)
        for column in range(columns):
            part = next(enlarged)[kept, kept]
            if column:
                part[:, :blend] = left + rise * (part[:, :blend] - left)
            left = part[:, step:].copy()
            if column < columns - 1:
                part = part[:, :step]
            place = slice(column * step, column * step + part.shape[1])
            if row:
                before = above[:, place]
                part[:blend] = before + rise[..., None] * (part[:blend] - before)
            above[:, place] = part[step:]
            band[:, place] = quantised(part, image.dtype)
        top = 0 if row else blend // 2
        bottom = step if row < rows - 1 else height * scale - row * step + blend // 2
        yield band[top:bottom, blend // 2 : blend // 2 + width * scale]


def check_tiling(tile=128, overlap=16, batch_size=4):
    """Raise a `ValueError` on a tiling that cannot work."""
    if tile < 1:
        raise ValueError(f"tile must be at least 1. Received: tile={tile}")
    if not 0 <= overlap <= tile // 4:
        raise ValueError(
            "overlap must be between 0 and a quarter of tile. "
            f"Received: overlap={overlap}, tile={tile}"
        )
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1. Received: batch_size={batch_size}")


def quantised(values, dtype):
    """Floats in [-1, 1], clipped, as the dtype's own range."""
    values = np.clip(values, -1.0, 1.0)
    if dtype not in HALF:
        return values.astype(dtype)
    return np.rint((values + 1.0) * np.float32(HALF[dtype])).astype(dtype)


def _tiles(image, tile, overlap, rows, columns):
    """The tiles, left to right and top to bottom, float32 `(tile, tile, 3)`."""
    height, width = image.shape[:2]
    step = tile - 2 * overlap
    for row in range(rows):
        down = _reflected(row * step - overlap, tile, height)
        strip = np.asarray(image[down.min() : down.max() + 1])
        for column in range(columns):
            across = _reflected(column * step - overlap, tile, width)
            cut = strip[np.ix_(down - down.min(), across)]
            half = np.float32(HALF.get(image.dtype, 0))
            yield cut.astype("float32") / half - 1.0 if half else cut.astype("float32")


def _reflected(start, length, size):
    """The indices of `length` pixels from `start` on, where the image is its mirror image.

    As often as it takes for a tiny one; a side of one pixel repeats it.
    """
    period = max(2 * (size - 1), 1)
    return size - 1 - np.abs(np.arange(start, start + length) % period - (size - 1))


def _enlarged(tiles, total, network, scale, tile, batch_size, progress):
    """Each tile as the network enlarges it."""
    expected = (batch_size, tile * scale, tile * scale, 3)
    done = 0
    while chunk := list(itertools.islice(tiles, batch_size)):
        # Backends compile a network for each shape that they see: the last batch is filled.
        batch = np.stack(chunk + [chunk[-1]] * (batch_size - len(chunk)))
        result = np.array(network(batch), "float32")
        if result.shape != expected:
            raise ValueError(
                f"The network must give shape {expected} for a batch of shape {batch.shape} "
                f"and scale={scale}. Received: shape {result.shape}"
            )
        done += len(chunk)
        if progress:
            progress(done, total)
        yield from result[: len(chunk)]
