"""Pictures, files and folders translated by a network that takes each whole."""

import os
from collections.abc import Callable

import numpy as np
from PIL import Image

from kerasgan.photos.files import Summary, convert_files
from kerasgan.photos.opacity import bicubic
from kerasgan.photos.photo import check_channels
from kerasgan.photos.reading import read_photo
from kerasgan.photos.writing import check_target, to_pillow, write_photo


def translate_picture(
    source: str | os.PathLike | Image.Image,
    translate: Callable[[np.ndarray], np.ndarray],
    channels: int | None = None,
) -> Image.Image:
    """Translate the photograph in a file or a Pillow image to a Pillow image.

    ICC profile, EXIF and resolution are in its `info`, as in that of an opened file. Pillow
    holds colour with 8 bits a channel: of a 16-bit one, `translate_files` keeps more.

    Args:
        source: Path or `PIL.Image.Image`, as `read_photo` takes it.
        translate, channels: As in `translate_files`.

    Raises:
        ValueError: If `source` is no photograph, or `translate` gives what is none.

    Example:

    ```python
    translate_picture("labels.png", model.translate, channels=3).save("facade.png")
    ```
    """
    values, details = _translated(read_photo(source), translate, channels)
    picture = to_pillow([values], *values.shape[:2])
    picture.info |= details
    return picture


def translate_files(
    source: str | os.PathLike,
    out: str | os.PathLike | None,
    translate: Callable[[np.ndarray], np.ndarray],
    channels: int | None = None,
    *,
    ending: str = "_translated",
    force: bool = False,
    verbose: bool = True,
) -> Summary:
    """Translate one photograph, or every one in a folder and below, into files.

    A result has the channels that `translate` gives. The opacity of a photograph is kept aside
    and put back, if the result has none of its own and is as large, or an integer number of
    times as high and wide. The ICC profile is kept if grey stays grey, or colour colour.

    Run again after it was stopped or killed, a folder goes on with the first photograph
    that is missing in `out`.

    Args:
        source, out, ending, force, verbose: As in `convert_files`; `out` is by default
            `labels_translated.png` or the folder `photos_translated`, beside the source.
        translate: Function from an array `(height, width, channels)`, uint8 in [0, 255] or
            uint16 in [0, 65535], to one of the same dtype with 1, 3 or 4 channels (grey,
            colour, colour and opacity), of any size.
        channels: How many `translate` takes. 3: a grey photograph is given to it as three
            equal ones; 1: colour is given to it as luminance; None: 1 for grey, 3 for colour.

    Returns:
        A `Summary(written, skipped, failed)`.

    Raises:
        FileExistsError: If the file to write is there.
        FileNotFoundError: If `source` does not exist.
        ValueError: If `source` is a file and no photograph, or a folder without any; if a
            source would be written over; or if a file's format cannot hold the result.

    Example:

    ```python
    translate_files("labels", "facades", model.translate, channels=3)
    ```
    """
    check_channels(channels)

    def write(photo, target, progress):
        values, details = _translated(photo, translate, channels)
        check_target(target, *values.shape, values.dtype)
        write_photo(target, [values], *values.shape[:2], **details)
        if progress:
            progress(1, 1)

    return convert_files(source, out, write, ending=ending, force=force, verbose=verbose)


def _translated(photo, translate, channels):
    """The pixels of the result, and what is kept beside them."""
    given = photo.array(channels)
    shape, dtype = given.shape, given.dtype
    values = np.asarray(translate(given))
    is_image = values.ndim == 3 and values.size and values.shape[-1] in (1, 3, 4)
    if not is_image or values.dtype != dtype:
        raise ValueError(
            "translate must give an array (height, width, channels) with 1, 3 or 4 channels, of "
            f"dtype {dtype} for dtype {dtype}. Received: shape {values.shape}, dtype "
            f"{values.dtype} for shape {shape}"
        )
    details = photo.details(*values.shape[:2])
    if photo.grey != (values.shape[-1] == 1):
        details.pop("icc_profile", None)
    if photo.alpha is not None and values.shape[-1] < 4:
        values = _with_opacity(values, photo.alpha)
    return values, details


def _with_opacity(values, alpha):
    """The values with opacity for their last channel, if it can be enlarged to their size."""
    height, width = values.shape[:2]
    scale = height // alpha.shape[0]
    if (height, width) != (scale * alpha.shape[0], scale * alpha.shape[1]):
        return values
    alpha = bicubic(alpha, scale, (0, height), (0, width))
    return np.concatenate([values, alpha[..., None]], axis=-1)
