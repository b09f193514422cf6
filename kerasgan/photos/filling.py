"""Holes in arrays, pictures and files filled by a network; known pixels stay as they are."""

import os
from collections.abc import Callable

import numpy as np
from PIL import Image

from kerasgan.levels import HALF, quantised, to_unit
from kerasgan.photos.arrays import translate_array
from kerasgan.photos.files import Summary, convert_files
from kerasgan.photos.holes import holes_of, transparent
from kerasgan.photos.photo import luma
from kerasgan.photos.reading import read_photo
from kerasgan.photos.writing import check_target, to_pillow, write_photo

# How far around its holes a network sees of an image, at least; as far as they are large if that
# is more. All of a large photograph would take gigabytes.
CONTEXT = 128


def fill_array(
    images: np.ndarray,
    mask,
    network,
    run: Callable[[np.ndarray], np.ndarray],
    channels: int,
    batch_size: int = 8,
) -> np.ndarray:
    """Images of any size with their holes filled.

    The network sees the part of an image around its holes. If its input has one fixed size, that
    part is resized to it and the result back; else its sides are extended by reflection to what
    the network's strides allow, and the result is cut.

    Args:
        images: Array `(height, width)`, `(height, width, channels)` or
            `(n, height, width, channels)`; uint8, uint16, or float in [-1, 1], anything in holes.
            Without a mask it has one channel more, opacity, and what is not opaque is a hole.
        mask: As `holes_of` takes it, or None.
        network: The Keras model, whose shapes are asked for.
        run: Function from a batch of float32 images in [-1, 1], 0 in holes, with a last channel
            that is 1 in holes, to images in [-1, 1].
        channels: Of what the network makes.
        batch_size: Images at a time.

    Returns:
        Array of the same dtype and shape, without opacity if this was the mask. Outside of the
        holes every bit is as it was.

    Raises:
        ValueError: On another rank, dtype, range or number of channels, or a mask that is none.
    """
    given = np.asarray(images)
    images = given[..., None] if given.ndim == 2 else given
    if images.dtype not in HALF and images.dtype.kind != "f":
        raise ValueError(
            f"Images must be uint8, uint16 or float in [-1, 1]. Received: dtype {images.dtype}"
        )
    if mask is None and images.ndim in (3, 4) and images.shape[-1] == channels + 1:
        mask = transparent(images[..., -1])
        given = images = images[..., :-1]
    if images.ndim not in (3, 4) or images.shape[-1] != channels or 0 in images.shape:
        raise ValueError(
            f"Expected images (height, width, {channels}) or (n, height, width, {channels}). "
            f"Received: shape {given.shape}"
        )
    if mask is None:
        raise ValueError(
            "Expected mask, white (True, 1 or 255) where the image is to be filled, or an image "
            f"with a last channel of opacity. Received: images of shape {given.shape} and no mask"
        )
    stack = images.reshape(-1, *images.shape[-3:])
    holes = holes_of(mask, images.shape[:-1]).reshape(*stack.shape[:-1], 1)
    place = (slice(None), *(_around(holes.any(axis=axes)) for axes in ((0, 2, 3), (0, 1, 3))))
    part, holes = stack[place], holes[place]
    known = np.where(holes, np.float32(0), to_unit(part))
    made = _of_any_size(known, holes.astype("float32"), network, run, batch_size)
    filled = stack.copy()
    filled[place] = np.where(holes, quantised(made, part.dtype), part)
    return filled.reshape(given.shape)


def _around(holes):
    """The range along a side that a network sees, of where there are holes along it."""
    places = np.flatnonzero(holes)
    first, last = int(places[0]), int(places[-1]) + 1
    context = max(CONTEXT, last - first)
    return slice(max(first - context, 0), last + context)


def _of_any_size(known, holes, network, run, batch_size):
    size, fixed = known.shape[1:3], tuple(network.input_shape[1:3])
    resized = None not in fixed and size != fixed
    if resized:
        # By areas: of a hole nothing reaches a pixel that is then said to be known.
        known, holes = (_resized(x, fixed, Image.Resampling.BOX) for x in (known, holes))
        holes = (holes > 0).astype("float32")
        known = np.where(holes > 0, np.float32(0), known)
    seen = np.concatenate([known, holes], axis=-1)
    made = translate_array(seen, network, run, seen.shape[-1], batch_size)
    return _resized(made, size, Image.Resampling.BICUBIC) if resized else made


def _resized(images, size, filter):
    # Channel by channel, for Pillow's floats have one.
    flat = np.moveaxis(images, -1, 1)
    shape = (*flat.shape[:2], *size)
    resized = [
        np.asarray(Image.fromarray(channel).resize(size[::-1], filter))
        for channel in np.ascontiguousarray(flat).reshape(-1, *flat.shape[2:])
    ]
    return np.moveaxis(np.reshape(resized, shape), 1, -1)


def fill_picture(
    source: str | os.PathLike | Image.Image,
    mask,
    fill: Callable[[np.ndarray, np.ndarray], np.ndarray],
    channels: int,
) -> Image.Image:
    """The photograph in a file or a Pillow image with its holes filled, as a Pillow image.

    ICC profile, EXIF and resolution are in its `info`, as in that of an opened file. Pillow
    holds colour with 8 bits a channel: of a 16-bit one, `fill_files` keeps more.

    Args:
        source: Path or `PIL.Image.Image`, as `read_photo` takes it.
        mask, fill, channels: As in `fill_files`.

    Raises:
        ValueError: As `fill_files`.

    Example:

    ```python
    fill_picture("photo.jpg", "mask.png", model.inpaint, channels=3).save("filled.png")
    ```
    """
    values, details = _filled(read_photo(source), mask, fill, channels)
    picture = to_pillow([values], *values.shape[:2])
    picture.info |= details
    return picture


def fill_files(
    source: str | os.PathLike,
    mask,
    out: str | os.PathLike | None,
    fill: Callable[[np.ndarray, np.ndarray], np.ndarray],
    channels: int,
    *,
    force: bool = False,
    verbose: bool = True,
) -> Summary:
    """Fill the holes of one photograph, or of every one in a folder and below, into files.

    Known pixels are written as they were read; .jpg and .webp files lose some of them. Grey stays
    grey. Opacity is kept, but for that which was the mask.

    Args:
        source, out, force, verbose: As in `convert_files`; `out` is by default `photo_filled.png`
            or the folder `photos_filled`, beside the source.
        mask: As `holes_of` takes it, one for all photographs; or None: what is not fully opaque
            is the hole.
        fill: Function from an array `(height, width, channels)`, uint8 or uint16, and a bool array
            `(height, width)` that is True in holes, to an array like the first.
        channels: How many `fill` takes: 3, or 1 for grey photographs alone.

    Returns:
        A `Summary(written, skipped, failed)`.

    Raises:
        FileExistsError: If the file to write is there.
        FileNotFoundError: If `source` does not exist.
        ValueError: If `source` is a file and no photograph, or a folder without any; if a
            source would be written over; if a mask does not fit; or if a file's format cannot
            hold the result.

    Example:

    ```python
    fill_files("photo.jpg", "mask.png", None, model.inpaint, channels=3)
    ```
    """

    def write(photo, target, progress):
        values, details = _filled(photo, mask, fill, channels)
        check_target(target, *values.shape, values.dtype)
        write_photo(target, [values], *values.shape[:2], **details)
        if progress:
            progress(1, 1)

    return convert_files(source, out, write, ending="_filled", force=force, verbose=verbose)


def _filled(photo, mask, fill, channels):
    """The pixels of the result, and what is kept beside them."""
    if channels not in ((1, 3) if photo.grey else (3,)):
        kind = "grey" if photo.grey else "colour"
        raise ValueError(
            f"A network of images of {channels} channels cannot fill a {kind} picture and keep its "
            "known pixels. Convert the picture first, or give an array."
        )
    if mask is None and photo.alpha is None:
        raise ValueError(
            "Expected mask, a picture that is white where this one is to be filled, or a picture "
            "that is transparent there. Received: no mask, and a picture without transparency"
        )
    size = photo.colours.shape[:2]
    holes = transparent(photo.alpha) if mask is None else holes_of(mask, size)
    values = fill(photo.colours[..., :channels], holes)
    if photo.grey and channels == 3:
        values = np.where(holes[..., None], luma(values), photo.colours[..., :1])
    if photo.alpha is not None and mask is not None:
        values = np.concatenate([values, photo.alpha[..., None]], axis=-1)
    return values, photo.details(*size)
