"""Arrays, pictures, files and folders enlarged by a network."""

import os
from collections.abc import Callable

import numpy as np
from PIL import Image

from kerasgan.photos.files import Summary, companion, convert_files
from kerasgan.photos.opacity import bicubic
from kerasgan.photos.photo import from_array, luma
from kerasgan.photos.reading import read_photo
from kerasgan.photos.tiles import check_tiling, upscale_bands
from kerasgan.photos.writing import check_target, to_pillow, write_photo

COMPARISON = "_comparison"
COMPARED_SIDE = 1024


def upscale_array(
    image: np.ndarray,
    network: Callable[[np.ndarray], np.ndarray],
    scale: int,
    progress: Callable[[int, int], None] | None = None,
    **tiling: int,
) -> np.ndarray:
    """Enlarge an image, or a batch of them, and get the same kind of array.

    Args:
        image: Array `(height, width)`, `(height, width, channels)` or
            `(n, height, width, channels)` with 1, 3 or 4 channels: grey, colour, colour and
            opacity. uint8, uint16 or float in [-1, 1].
        network, scale: As in `upscale_bands`.
        progress: Function `progress(done, total)` of tiles, for each image anew.
        **tiling: `tile` and `overlap` of `upscale_bands`.

    Returns:
        Array of the same dtype and rank, height and width `scale` times as large.

    Raises:
        ValueError: On an array that is no image, as `kerasgan.photos.from_array` has it.

    Example:

    ```python
    enlarged = upscale_array(np.asarray(Image.open("photo.png")), network, scale=4)
    ```
    """
    image = np.asarray(image)
    photos = from_array(image)
    *rest, height, width = image.shape if image.ndim == 2 else image.shape[:-1]
    channels = () if image.ndim == 2 else image.shape[-1:]
    result = np.empty((*rest, height * scale, width * scale, *channels), image.dtype)
    for photo, target in zip(photos, result if rest else [result], strict=True):
        top = 0
        for band in _bands(photo, network, scale, progress=progress, **tiling):
            rows = target[top : top + len(band)]
            rows[...] = band.reshape(rows.shape)
            top += len(band)
    return result


def upscale_picture(
    source: str | os.PathLike | Image.Image,
    network: Callable[[np.ndarray], np.ndarray],
    scale: int,
    progress: Callable[[int, int], None] | None = None,
    **tiling: int,
) -> Image.Image:
    """Enlarge the photograph in a file or a Pillow image to a Pillow image.

    ICC profile, EXIF and resolution are in its `info`, as in that of an opened file. Pillow
    holds colour with 8 bits a channel: of a 16-bit one, `upscale_files` keeps more.

    Args:
        source: Path or `PIL.Image.Image`, as `read_photo` takes it.
        network, scale, progress, **tiling: As in `upscale_array`.

    Raises:
        ValueError: If `source` is no photograph.

    Example:

    ```python
    upscale_picture("photo.jpg", network, scale=4).save("large.png")
    ```
    """
    photo = read_photo(source)
    height, width = (side * scale for side in photo.colours.shape[:2])
    bands = _bands(photo, network, scale, progress=progress, **tiling)
    picture = to_pillow(bands, height, width)
    picture.info |= photo.details(height, width)
    return picture


def upscale_files(
    source: str | os.PathLike,
    out: str | os.PathLike | None,
    network: Callable[[np.ndarray], np.ndarray],
    scale: int,
    *,
    force: bool = False,
    comparison: bool = False,
    verbose: bool = True,
    **tiling: int,
) -> Summary:
    """Enlarge one photograph, or every one in a folder and below, into files.

    Of a PNG, memory holds the photograph and one band of rows of the result, whatever its
    size; of the other formats that a single file may be written in, the result too.

    Run again after it was stopped or killed, a folder goes on with the first photograph
    that is missing in `out`.

    Args:
        source, out, force, verbose: As in `convert_files`; `out` is by default `photo_x4.png` or
            the folder `photos_x4`, beside the source.
        network, scale, **tiling: As in `upscale_array`.
        comparison: Write beside each result, as `photo_x4_comparison.png`, its centre at full
            size: enlarged by bicubic interpolation on the left, by the network on the right.

    Returns:
        A `Summary(written, skipped, failed)`.

    Raises:
        FileExistsError: If the file to write is there.
        FileNotFoundError: If `source` does not exist.
        ValueError: If `source` is a file and no photograph, or a folder without any; if a
            source would be written over; or if a file's format cannot hold the result.

    Example:

    ```python
    upscale_files("photos", None, network, scale=4)
    ```
    """
    check_tiling(**tiling)

    def write(photo, target, progress):
        height, width = (side * scale for side in photo.colours.shape[:2])
        channels = (1 if photo.grey else 3) + (photo.alpha is not None)
        dtype = photo.colours.dtype
        check_target(target, height, width, channels, dtype)
        bands = _bands(photo, network, scale, progress=progress, **tiling)
        if comparison:
            compared = companion(target, COMPARISON)
            check_target(compared, COMPARED_SIDE, 2 * COMPARED_SIDE, channels, dtype)
            bands = _compared(bands, photo, scale, compared)
        write_photo(target, bands, height, width, **photo.details(height, width))

    return convert_files(
        source,
        out,
        write,
        ending=f"_x{scale}",
        companions=(COMPARISON,) if comparison else (),
        force=force,
        verbose=verbose,
    )


def _bands(photo, network, scale, **tiling):
    """Bands of the enlarged photo with its own channels."""
    top = 0
    for band in upscale_bands(photo.visible_colours(), network, scale, **tiling):
        if photo.grey:
            band = luma(band)
        if photo.alpha is not None:
            alpha = bicubic(photo.alpha, scale, (top, top + len(band)), (0, band.shape[1]))
            band = np.concatenate([band, alpha[..., None]], axis=-1)
        top += len(band)
        yield band


def _compared(bands, photo, scale, path):
    """The bands; after the last one, their centre is written beside a bicubic enlargement."""
    channels = [photo.colours[..., i] for i in range(1 if photo.grey else 3)]
    if photo.alpha is not None:
        channels.append(photo.alpha)
    rows, columns = (_centre(side, scale) for side in photo.colours.shape[:2])
    left = np.stack([bicubic(channel, scale, rows, columns) for channel in channels], axis=-1)
    right, top = np.empty_like(left), 0
    for band in bands:
        first, last = (min(max(row, top), top + len(band)) for row in rows)
        right[first - rows[0] : last - rows[0]] = band[first - top : last - top, slice(*columns)]
        top += len(band)
        yield band
    both = np.concatenate([left, right], axis=1)
    write_photo(path, [both], *both.shape[:2], photo.icc_profile)


def _centre(side, scale):
    """The range of the enlarged side that a comparison shows."""
    shown = min(side, COMPARED_SIDE // scale)
    first = (side - shown) // 2
    return first * scale, (first + shown) * scale
