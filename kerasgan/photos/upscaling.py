"""Arrays, pictures, files and folders enlarged by a network."""

import collections
import os
import shutil
import sys
import warnings
from pathlib import Path

import numpy as np
from PIL import Image

from kerasgan.photos.opacity import FilledIn, bicubic
from kerasgan.photos.reading import from_array, read_photo
from kerasgan.photos.tiles import check_tiling, upscale_bands
from kerasgan.photos.writing import check_target, to_pillow, write_photo

LUMA = np.array([0.299, 0.587, 0.114], "float32")
COMPARED_SIDE = 1024

Summary = collections.namedtuple("Summary", "written skipped failed")


def upscale_array(image, network, scale, progress=None, **tiling):
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


def upscale_picture(source, network, scale, progress=None, **tiling):
    """Enlarge the photograph in a file or a Pillow image to a Pillow image.

    ICC profile, EXIF and resolution are in its `info`, as in that of an opened file. Pillow
    holds colour with 8 bits a channel: of a 16-bit one, `upscale_files` keeps more.

    Args:
        source: Path or `PIL.Image.Image`, as `read_photo` takes it.
        network, scale, progress, **tiling: As in `upscale_array`.

    Raises:
        ValueError: If `source` is no photograph.
    """
    photo = read_photo(source)
    height, width = (side * scale for side in photo.colours.shape[:2])
    bands = _bands(photo, network, scale, progress=progress, **tiling)
    picture = to_pillow(bands, height, width)
    exif = photo.exif_of_size(height, width)
    kept = {"icc_profile": photo.icc_profile, "exif": exif, "dpi": photo.dpi}
    picture.info |= {name: value for name, value in kept.items() if value}
    return picture


def _write(photo, target, network, scale, progress, comparison, **tiling):
    height, width = (side * scale for side in photo.colours.shape[:2])
    channels = (1 if photo.grey else 3) + (photo.alpha is not None)
    check_target(target, height, width, channels, photo.colours.dtype)
    bands = _bands(photo, network, scale, progress=progress, **tiling)
    if comparison:
        check_target(comparison, COMPARED_SIDE, 2 * COMPARED_SIDE, channels, photo.colours.dtype)
        bands = _compared(bands, photo, scale, comparison)
    exif = photo.exif_of_size(height, width)
    write_photo(target, bands, height, width, photo.icc_profile, exif, photo.dpi)


def _bands(photo, network, scale, **tiling):
    """Bands of the enlarged photo with its own channels."""
    colours = photo.colours if photo.alpha is None else FilledIn(photo.colours, photo.alpha)
    top = 0
    for band in upscale_bands(colours, network, scale, **tiling):
        if photo.grey:
            grey = band @ LUMA
            band = (grey if band.dtype.kind == "f" else np.rint(grey).astype(band.dtype))[..., None]
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


def upscale_files(
    source, out, network, scale, force=False, comparison=False, verbose=True, **tiling
):
    """Enlarge one photograph, or every one in a folder and below, into files.

    Of a PNG, memory holds the photograph and one band of rows of the result, whatever its
    size; of the other formats that a single file may be written in, the result too.

    Run again after it was stopped or killed, a folder goes on with the first photograph
    that is missing in `out`.

    Args:
        source: A file or a folder. In a folder, hidden files and extensions that are no
            picture's are left aside, and a file that is no photograph after all, or is of a
            kind that is refused, is named in a warning while the rest goes on.
        out: File to write, ending in .png, .jpg, .webp or .tif, or a folder; `photo_x4.png` or
            `photos_x4` beside the source if it is None. A folder gets PNG files of the same
            relative paths: `a/b.jpg` becomes `a/b.png`, or `a/b.jpg.png` if there is another
            `a/b`.
        network, scale, **tiling: As in `upscale_array`.
        force: Replace what is there. Otherwise a file raises, and in a folder what is
            there is taken as done.
        comparison: Write beside each result, as `photo_x4_comparison.png`, its centre at full
            size: enlarged by bicubic interpolation on the left, by the network on the right.
        verbose: Print the progress in files and tiles.

    Returns:
        `Summary(written, skipped, failed)`: lists of the paths written and of those that
        were there, and a dict from each path that was refused to the reason.

    Raises:
        FileExistsError: If the file to write is there.
        FileNotFoundError: If `source` does not exist.
        ValueError: If `source` is a file and no photograph, or a folder without any, or
            if the result's format cannot hold it.
    """
    check_tiling(**tiling)
    source = Path(source).expanduser()
    if not source.exists():
        raise FileNotFoundError(f"{str(source)!r} does not exist (looked from {Path.cwd()}).")
    folder = source.is_dir()
    named = Path(os.path.abspath(source))  # a link's own place, and not what it leads to
    default = f"{named.name if folder else named.stem}_x{scale}" + ("" if folder else ".png")
    out = Path(out).expanduser() if out else named.parent / default
    if not folder and out.is_dir():
        out = out / default
    if out.exists() and out.samefile(source):
        raise ValueError(f"{str(out)!r} is the source itself. Choose another output.")
    targets = _targets(source, out) if folder else {source: out}
    if not folder and not force:
        for path in (out, _comparison_path(out)) if comparison else (out,):
            if path.exists():
                raise FileExistsError(
                    f"{str(path)!r} is there already. Choose another name, or replace it with "
                    "force=True (--force)."
                )
    summary = Summary([], [], {})
    for number, (path, target) in enumerate(targets.items(), 1):
        if folder and not force and target.exists():
            summary.skipped.append(target)
            continue
        try:
            photo = read_photo(path)
        except (ValueError, OSError) as error:
            if not folder:
                raise
            warnings.warn(f"Left out: {error}")
            summary.failed[path] = str(error)
            continue
        progress = _Printed(f"file {number}/{len(targets)} {path.name}") if verbose else None
        compared = _comparison_path(target) if comparison else None
        _write(photo, target, network, scale, progress, compared, **tiling)
        summary.written.append(target)
    if verbose:
        written, skipped, failed = map(len, summary)
        print(
            f"{out}: {written} written"
            + f", {skipped} skipped, for they were there (force replaces them)" * bool(skipped)
            + f", {failed} left out, for they cannot be read" * bool(failed)
        )
    return summary


def _targets(folder, out):
    """The path to write for each picture in a folder, in the order of their names."""
    Image.init()
    known = {end for end, form in Image.registered_extensions().items() if form in Image.OPEN}
    inside = [path.relative_to(folder) for path in sorted(folder.rglob("*"))]
    pictures = [
        path
        for path in inside
        if path.suffix.lower() in known
        and not any(part.startswith(".") for part in path.parts)
        and (folder / path).is_file()
        and out.resolve() not in (folder / path).resolve().parents
    ]
    if not pictures:
        raise ValueError(
            f"No picture in {str(folder)!r} or below it; {len(inside)} names were looked at. "
            "Pictures are known by their extension (.jpg, .png, … as Pillow has them)."
        )
    stems = collections.Counter(path.with_suffix("") for path in pictures)
    return {
        folder / path: out
        / (path.with_suffix(".png") if stems[path.with_suffix("")] == 1 else f"{path}.png")
        for path in pictures
    }


def _comparison_path(target):
    return target.with_name(f"{target.stem}_comparison.png")


class _Printed:
    """Progress in tiles: one line that is rewritten on a terminal, else ten lines a file."""

    def __init__(self, label):
        self.label = label
        self.shown = -1

    def __call__(self, done, total):
        line = f"{self.label}: tile {done}/{total}"
        if sys.stdout.isatty():
            width = shutil.get_terminal_size().columns - 1
            print(f"\r{line[-width:]:{width}}", end="\n" if done == total else "", flush=True)
        elif done * 10 // total > self.shown:
            self.shown = done * 10 // total
            print(line, flush=True)
