"""Images, and pictures of them on disk: grids and single ones."""

import math
import os
from pathlib import Path

import keras
import numpy as np
from keras import ops
from PIL import Image

from kerasgan.engine.registry import register
from kerasgan.files import write_whole
from kerasgan.levels import HALF, quantised, to_unit
from kerasgan.marks import xmp
from kerasgan.marks.manifest import sign
from kerasgan.marks.watermark import watermarked
from kerasgan.modalities.modality import Modality

# On PyTorch, Keras makes int32 of uint16; int32 that was given is refused before.
HALF_IN_STEP = {dtype.name: half for dtype, half in HALF.items()}
HALF_IN_STEP["int32"] = HALF_IN_STEP["uint16"]


@register
class Images(Modality):
    """Images `(batch, height, width, channels)`, uint8, uint16 or floats in [-1, 1].

    Networks see floats in [-1, 1]; the user gets uint8.

    Example:

    ```python
    model = kerasgan.models.GAN(generator, discriminator, modality=kerasgan.modalities.Images())
    ```
    """

    accepted = "channels last, uint8 in [0, 255], uint16 in [0, 65535] or float in [-1, 1]"
    integers = ("uint8", "uint16")
    limit = 1.0
    suffixes = (".png", ".jpg", ".jpeg", ".webp", ".npz")
    served_as = "uint8"
    stored_as = "images"

    def check_range(self, low, high, where, expected):
        hint = ""
        if low >= 0 and high <= self._most:
            hint = (
                " Images in [0, 1] must be scaled to [-1, 1]: multiply by 2, subtract 1. If these "
                "are, and as bright as that, give them as uint8."
            )
        elif low >= 0 and high <= 255:
            hint = " Divide by 127.5 and subtract 1."
        if hint:
            raise ValueError(
                f"{expected} Received in {where}: values in [{low:g}, {high:g}].{hint}"
            )
        super().check_range(low, high, where, expected)

    def to_network(self, batch):
        batch = ops.convert_to_tensor(batch)
        half = HALF_IN_STEP.get(keras.backend.standardize_dtype(batch.dtype))
        batch = super().to_network(batch)
        return batch if half is None else batch / half - 1.0

    def wrong(self, batch):
        batch = ops.convert_to_tensor(batch)
        is_integer = keras.backend.standardize_dtype(batch.dtype) in HALF_IN_STEP
        return None if is_integer else super().wrong(batch)

    def to_user(self, values):
        return quantised(values, np.dtype("uint8"))

    def seen(self, values):
        return ops.cast(values, "float32") / 127.5 - 1.0

    def served(self, values):
        return ops.cast(ops.round((ops.clip(values, -1.0, 1.0) + 1.0) * 127.5), self.served_as)

    def levels(self, images):
        """Images of any dtype that is accepted, a NumPy array, as uint8."""
        return images if images.dtype == "uint8" else self.to_user(to_unit(images))

    def preview(self, samples):
        """A grid; of channels that no picture has, the first three or the first."""
        channels = samples.shape[-1]
        if channels not in (1, 3, 4):
            samples = samples[..., : 3 if channels > 3 else 1]
        return make_grid(samples)

    def write(self, samples, path):
        """A picture: of several samples their grid. Or an `.npz` array, `images`."""
        if path.suffix.lower() == ".npz":
            super().write(samples, path)
        else:
            write_image(path, self.preview(samples))


def make_grid(images: np.ndarray, columns: int | None = None):
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


def make_rows(shown):
    """Pictures that belong together beside each other, as one picture about as wide as high.

    Args:
        shown: List of uint8 arrays `(n, height, width, channels)`, the i-th pictures of which
            belong together. Of channels that no picture has, the first three or the first are
            shown.

    Returns:
        uint8 array `(rows * height, columns * width, 3)`.

    Example:

    ```python
    Image.fromarray(make_rows([photographs, model.translate(photographs)]))
    ```
    """
    images = np.stack([_colour(images) for images in shown], axis=1)
    n, beside = images.shape[:2]
    columns = beside * max(1, round(math.sqrt(n / beside)))
    return make_grid(images.reshape(-1, *images.shape[2:]), columns)


def _colour(images):
    """Images of 1, 3 or more channels as some of 3."""
    return images[..., :3] if images.shape[-1] > 2 else images[..., :1].repeat(3, axis=-1)


def write_image(path: str | os.PathLike, image: np.ndarray):
    """Write one uint8 image `(height, width, channels)` in the format of its suffix."""
    image = watermarked(image)
    picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
    suffix = Path(path).suffix.lower()
    options = xmp.options(suffix, xmp.marked())
    if suffix in (".jpg", ".jpeg", ".webp"):
        options["quality"] = 95

    def save(temporary):
        picture.save(temporary, **options)
        sign(temporary)

    write_whole(path, save)
