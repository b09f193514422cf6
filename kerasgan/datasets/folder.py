"""Every picture below a folder, found, opened and named."""

import os
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from kerasgan import greys


class Folder:
    """Every picture below a folder, in the same order on every machine."""

    def __init__(self, folder, fit, workers):
        self.folder, self.fit = folder, fit
        Image.init()
        known = {end for end, form in Image.registered_extensions().items() if form in Image.OPEN}
        files = list(walk(folder))
        pictures = [path for path in files if path.suffix.lower() in known]
        with ThreadPoolExecutor(workers) as pool:
            ranges = {path: seen for path, *seen in filter(None, pool.map(_opened, pictures))}
        self.paths = list(ranges)
        if not self.paths:
            raise ValueError(
                f"No picture in {str(folder)!r} or below it; {len(files)} files were looked "
                "at. Pictures are known by their extension (.jpg, .png, … as Pillow has them)."
            )
        modes = {}
        for path, (seen,) in ranges.items():
            if seen:
                modes.setdefault(seen[0], {})[path] = seen[1:]
        self.white = {mode: _white(mode, found) for mode, found in modes.items()}

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, index):
        return self.read(index, self.fit)

    def read(self, index, fit):
        with Image.open(self.paths[index]) as picture:
            if greys.is_grey(picture):
                ImageOps.exif_transpose(picture, in_place=True)
                picture = greys.sixteen_bits(picture, self.white.get(picture.mode))
            return fit(picture)

    def name(self, index):
        return str(self.paths[index])

    def raw(self, index):
        return self.paths[index].read_bytes()

    def labels(self):
        return classes_of(self.paths, self.folder, "pictures")


def classes_of(paths, folder, what):
    """The classes of files by the sub-folders that they lie in, and the names of these."""
    parts = [path.relative_to(folder).parts for path in paths]
    loose = [part[0] for part in parts if len(part) == 1]
    if loose:
        raise ValueError(
            f"labels=True takes the sub-folders of {str(folder)!r} as classes, but "
            f"{len(loose)} of {len(parts)} {what} lie in none: {', '.join(loose[:3])}. "
            "Move them into one, or pass labels as an array or a file of attributes."
        )
    names, classes = np.unique([part[0] for part in parts], return_inverse=True)
    return classes, names.tolist()


def walk(folder):
    seen = set()
    for place, folders, names in os.walk(folder, followlinks=True, onerror=_name):
        real = os.path.realpath(place)
        if real in seen:  # a link back to a folder above
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(place, name) for name in sorted(names) if not name.startswith("."))


def _name(error):
    warnings.warn(f"Skipped {error.filename}: {error.strerror}")


def _opened(path):
    """`path` and `greys.value_range`, or None with a warning if it does not begin as a picture."""
    try:
        if not path.is_file():
            raise OSError("not a file, or a link to nothing")
        with Image.open(path) as picture:
            return path, greys.value_range(picture)
    except Exception as error:  # Pillow's plugins raise all kinds
        warnings.warn(skipped(path, error))
        return None


def _white(mode, ranges):
    """What is white in all pictures of a mode that does not tell it, by the ranges of values."""
    # Of NaN no comparison holds: that file is what the message names.
    lowest = min(ranges, key=lambda path: np.nan_to_num(ranges[path][0], nan=-np.inf))
    highest = max(ranges, key=lambda path: ranges[path][1])
    low, high = ranges[lowest][0], ranges[highest][1]
    try:
        white = greys.white(low, high, mode)
    except ValueError as error:
        raise ValueError(f"{str(highest if low >= 0 else lowest)!r} {error}") from None
    kind = "floats" if mode == "F" else "integers of more than 16 bits"
    warnings.warn(
        f"{len(ranges)} pictures hold {kind}, in all from {low:g} to {high:g}: they are read with "
        f"0 for black and {white} for white."
    )
    return white


def skipped(name, error):
    """The message that names a picture which cannot be used."""
    hint = ""
    if isinstance(error, Image.DecompressionBombError):
        hint = " If you trust the file, raise PIL.Image.MAX_IMAGE_PIXELS."
    return f"Skipped {name}: {error or type(error).__name__}{hint}"
