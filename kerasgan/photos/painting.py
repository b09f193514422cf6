"""One picture as what a network takes of it."""

import os

import numpy as np
from PIL import Image

from kerasgan.arguments import check_whole
from kerasgan.levels import to_unit
from kerasgan.photos.photo import from_array
from kerasgan.photos.reading import read_photo


def read_painting(
    source: str | os.PathLike | Image.Image | np.ndarray, longest: int | None = None
) -> np.ndarray:
    """A picture in colour as floats, resized by the Lanczos filter.

    Args:
        source: Path, Pillow image, or array of one picture as `kerasgan.photos.from_array` has it.
        longest: Pixels of its longer side; by default those that it has.

    Returns:
        float32 array `(height, width, 3)` in [-1, 1].

    Raises:
        ValueError: If `source` is no picture, or several, or on `longest` below 1.
        OSError: If there is no such file, or it may not be read.

    Example:

    ```python
    wave = read_painting("wave.jpg", longest=256)
    ```
    """
    if hasattr(source, "dtype"):
        found = from_array(source)
        if len(found) != 1:
            raise ValueError(f"Expected one picture. Received: {len(found)}")
        photo = found[0]
    else:
        photo = read_photo(source)
    colours = to_unit(photo.array(3))
    if longest is None:
        return colours
    check_whole(1, longest=longest)
    height, width = colours.shape[:2]
    factor = longest / max(height, width)
    size = (max(round(width * factor), 1), max(round(height * factor), 1))
    # Channel by channel, for Pillow's floats have one.
    channels = [
        Image.fromarray(channel).resize(size, Image.Resampling.LANCZOS)
        for channel in np.ascontiguousarray(np.moveaxis(colours, -1, 0))
    ]
    return np.clip(np.stack([np.asarray(channel) for channel in channels], axis=-1), -1, 1)
