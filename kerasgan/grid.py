"""Files on disk: grids, single pictures and texts, written whole or not at all; TOML read."""

import math
import os
import tomllib
from pathlib import Path

import numpy as np
from PIL import Image


def make_grid(images, columns=None):
    """Images side by side as one picture, as square as their number allows.

    Args:
        images: uint8 array `(n, height, width, channels)`, n at least 1.
        columns: Images a row; by default the root of n, rounded up.

    Returns:
        uint8 array `(rows * height, columns * width, channels)`; places left over are
        black.

    Raises:
        ValueError: On samples that are no images.

    Example:

    ```python
    Image.fromarray(make_grid(model.generate(64)))
    ```
    """
    if images.ndim != 4:
        raise ValueError(
            f"Expected images (n, height, width, channels). Received: shape {images.shape}"
        )
    n, height, width, channels = images.shape
    columns = columns or math.ceil(math.sqrt(n))
    rows = math.ceil(n / columns)
    full = np.zeros((rows * columns, height, width, channels), "uint8")
    full[:n] = images
    full = full.reshape(rows, columns, height, width, channels).swapaxes(1, 2)
    return full.reshape(rows * height, columns * width, channels)


def write_image(path, image):
    """Write one uint8 image `(height, width, channels)` in the format of its suffix."""
    picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
    quality = {"quality": 95} if Path(path).suffix.lower() in (".jpg", ".jpeg", ".webp") else {}
    write_whole(path, lambda temporary: picture.save(temporary, **quality))


def write_text(path, text):
    """Write a text file, whole or not at all."""
    write_whole(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def read_toml(path):
    """What a TOML file holds, as a dict.

    Raises:
        ValueError: If it is damaged, naming it.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not valid TOML: {error}") from None


def write_whole(path, write):
    """Call `write(temporary)` and rename its file to `path`: a cut one leaves the old."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        write(temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
