"""Pictures on disk: grids and single ones."""

import math
from pathlib import Path

import numpy as np
from PIL import Image

from kerasgan.files import write_whole


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
