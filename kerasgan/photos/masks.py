"""Pictures and files segmented: a mask of each, without what else lies in its file."""

import os
from collections.abc import Callable

import numpy as np
from PIL import Image

from kerasgan.levels import HALF, to_unit
from kerasgan.photos.arrays import translate_array
from kerasgan.photos.files import Summary, convert_files
from kerasgan.photos.photo import check_channels
from kerasgan.photos.reading import read_photo
from kerasgan.photos.writing import check_target, to_pillow, write_photo


def mask_array(
    images: np.ndarray,
    network,
    run: Callable[[np.ndarray], np.ndarray],
    channels: int,
    batch_size: int = 8,
) -> np.ndarray:
    """The probability of each pixel to belong to what a network has learnt to find.

    Args:
        images, network, channels, batch_size: As in `translate_array`, and of any size as there.
        run: Function from a batch of float32 images in [-1, 1] to logits.

    Returns:
        float32 array in [0, 1], of the height and width of the images.

    Raises:
        ValueError: As `translate_array`.
    """

    def doubled(inputs):
        # 2 · probability - 1, between -1 and 1 as images are.
        return np.tanh(run(inputs) / 2)

    images = np.asarray(images)
    if images.dtype in HALF:
        # As floats, so that probabilities keep more than 256 levels.
        images = to_unit(images)
    made = translate_array(images, network, doubled, channels, batch_size)
    return (made.astype("float32") + 1) / 2


def mask_picture(
    source: str | os.PathLike | Image.Image,
    segment: Callable[[np.ndarray], np.ndarray],
    channels: int,
) -> Image.Image:
    """The mask of the photograph in a file or a Pillow image, as a grey Pillow image.

    Args:
        source: Path or `PIL.Image.Image`, as `read_photo` takes it.
        segment, channels: As in `mask_files`.

    Raises:
        ValueError: If `source` is no photograph.

    Example:

    ```python
    mask_picture("retina.jpg", model.segment, channels=3).save("vessels.png")
    ```
    """
    mask = _mask(read_photo(source), segment, channels)
    return to_pillow([mask], *mask.shape[:2])


def mask_files(
    source: str | os.PathLike,
    out: str | os.PathLike | None,
    segment: Callable[[np.ndarray], np.ndarray],
    channels: int,
    *,
    force: bool = False,
    verbose: bool = True,
) -> Summary:
    """Write the mask of one photograph, or of every one in a folder and below, into files.

    Args:
        source, out, force, verbose: As in `convert_files`; `out` is by default `photo_mask.png`
            or the folder `photos_mask`, beside the source. .jpg and .webp files keep no black
            and white.
        segment: Function from an array `(height, width, channels)`, uint8 or uint16, to a mask
            `(height, width, 1)`: uint8, or probabilities as floats in [0, 1].
        channels: How many `segment` takes, 1 or 3.

    Returns:
        A `Summary(written, skipped, failed)`.

    Raises:
        FileExistsError: If the file to write is there.
        FileNotFoundError: If `source` does not exist.
        ValueError: If `source` is a file and no photograph, or a folder without any; or if a
            source would be written over.

    Example:

    ```python
    mask_files("retina", "vessels", model.segment, channels=3)
    ```
    """
    check_channels(channels)

    def write(photo, target, progress):
        mask = _mask(photo, segment, channels)
        check_target(target, *mask.shape, mask.dtype)
        write_photo(target, [mask], *mask.shape[:2])
        if progress:
            progress(1, 1)

    return convert_files(source, out, write, ending="_mask", force=force, verbose=verbose)


def _mask(photo, segment, channels):
    mask = np.asarray(segment(photo.array(channels)))
    return mask if mask.dtype == "uint8" else np.rint(mask * 255).astype("uint8")
