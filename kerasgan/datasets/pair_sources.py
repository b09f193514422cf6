"""Where pairs of pictures come from: each source has a length, `source[i]`, a name, and `read`.

`source.read(i, size)` gives a pair as `(source, target)` in any size, or as large as they are.
"""

import os
import warnings

import numpy as np
from PIL import Image, ImageOps

from kerasgan.datasets.picture import converted, decode_small
from kerasgan.datasets.sources import open_source

# In place of a number of channels: one channel, black and white.
MASK = "mask"
# Of a mask, edges may be soft, but not more of it than this; white may be a little grey, but not
# black: that may be the number of a class.
SOFT = 0.05
WHITE = 230
NAMED = 20
ORIENTATION = 0x0112


def open_pairs(source, target, size, channels, source_half, workers):
    """The pairs that `load_pairs`'s arguments name, in `size` unless asked for another."""
    first = open_one("source", source, workers)
    if target is None:
        return Halves(first, channels, size, source_half)
    sources = (first, open_one("target", target, workers))
    return Partners(sources, _partners(sources), channels, size)


class OfOwnSize:
    """Pairs, or single pictures, as large as they are, if a patch can be cut out of them."""

    def __init__(self, pairs, patch):
        self.pairs, self.patch = pairs, patch
        self.name, self.raw = pairs.name, pairs.raw

    def __len__(self):
        return len(self.pairs)

    def __getitem__(self, index):
        pair = self.pairs.read(index, None)
        sizes = ["×".join(map(str, picture.shape[1::-1])) for picture in pair]
        if sizes[0] != sizes[-1]:
            raise ValueError(
                f"the source has {sizes[0]} pixels and the target {sizes[-1]}, and a patch is cut "
                "out of both at one place"
            )
        if np.any(np.less(pair[0].shape[:2], self.patch)):
            patch = "×".join(map(str, self.patch[::-1]))
            raise ValueError(f"of {sizes[0]} pixels, it is smaller than a patch of {patch}")
        return pair


def open_one(argument, source, workers):
    """The pictures of one kind, named by an argument of a door."""
    if isinstance(source, (str, os.PathLike)) and str(source).startswith("tfds:"):
        raise ValueError(
            f"{argument} must be a folder, a NumPy file or an array; a TensorFlow Dataset has "
            f"no pairs. Received: {argument}={source!r}"
        )
    return open_source(source, None, workers)


class Halves:
    """The pairs of pictures whose halves lie side by side."""

    def __init__(self, pictures, channels, size, source_half):
        self.pictures, self.channels, self.size = pictures, channels, size
        self.order = slice(None, None, 1 if source_half == "left" else -1)

    def __len__(self):
        return len(self.pictures)

    def __getitem__(self, index):
        return self.read(index, self.size)

    def read(self, index, size):
        return self.pictures.read(index, lambda picture: self._split(picture, size))

    def _split(self, picture, size):
        lying = picture.getexif().get(ORIENTATION, 1) > 4
        height, width = picture.size if lying else picture.size[::-1]
        if width < 2:
            raise ValueError("a picture 1 pixel wide has no two halves")
        if width % 16 == 0:
            # Otherwise a block of a JPEG decoded small would hold pixels of both halves.
            _decode_small(picture, size, min(width // 2, height))
        ImageOps.exif_transpose(picture, in_place=True)
        width, height = picture.size
        left = picture.crop((0, 0, width // 2, height))
        right = picture.crop((width - width // 2, 0, width, height))
        halves = (left, right)[self.order]
        return tuple(_resized(half, size, n) for half, n in zip(halves, self.channels))

    def name(self, index):
        return self.pictures.name(index)

    def raw(self, index):
        return self.pictures.raw(index)


class Partners:
    """The pairs of two sources; `places` are those of a pair in each of them."""

    def __init__(self, sources, places, channels, size):
        self.sources, self.places, self.channels, self.size = sources, places, channels, size

    def __len__(self):
        return len(self.places)

    def __getitem__(self, index):
        return self.read(index, self.size)

    def read(self, index, size):
        def whole(channels):
            return lambda picture: _whole(picture, size, channels)

        parts = zip(self.sources, self.places[index], self.channels)
        return tuple(source.read(place, whole(channels)) for source, place, channels in parts)

    def name(self, index):
        parts = zip(self.sources, self.places[index])
        return " with ".join(source.name(place) for source, place in parts)

    def raw(self, index):
        parts = zip(self.sources, self.places[index])
        return tuple(source.raw(place) for source, place in parts)


def _whole(picture, size, channels):
    _decode_small(picture, size, min(picture.size))
    ImageOps.exif_transpose(picture, in_place=True)
    return _resized(picture, size, channels)


def _decode_small(picture, size, used):
    if size is not None:
        decode_small(picture, max(size), used)


def _resized(picture, size, channels):
    is_mask = channels == MASK
    picture = _mask(picture) if is_mask else converted(picture, channels)
    width, height = picture.size if size is None else size[::-1]
    picture = picture.resize((width, height), Image.Resampling.LANCZOS)
    values = np.asarray(picture).reshape(height, width, -1)
    return np.where(values > 127, np.uint8(255), np.uint8(0)) if is_mask else values


def _mask(picture):
    """A Pillow picture of a mask, of whatever mode, with one channel."""
    mask = converted(picture, 1)
    counts = np.array(mask.histogram())
    if not counts[2:].any():
        return mask.point(lambda level: 255 * level)
    soft = counts[1:WHITE].sum() / counts.sum()
    if soft > SOFT or not counts[WHITE:].any():
        raise ValueError(
            f"it is no mask, which is black and white: {soft:.0%} of its pixels are neither. A "
            ".png keeps them so, a .jpg does not"
        )
    return mask


def _partners(sources):
    """The places of each pair in two sources: by name in folders, by number in arrays."""
    folders = [hasattr(source, "paths") for source in sources]
    if folders == [False, False]:
        counts = [len(source) for source in sources]
        if counts[0] != counts[1]:
            raise ValueError(
                "source and target must hold equally many pictures, the i-th of one belonging "
                f"to the i-th of the other. Received: {counts[0]} in source, {counts[1]} in target"
            )
        return [(i, i) for i in range(counts[0])]
    if folders != [True, True]:
        kinds = ["a folder" if folder else "an array" for folder in folders]
        raise ValueError(
            "source and target must be two folders or two arrays. Received: "
            f"{kinds[0]} as source, {kinds[1]} as target"
        )
    first, second = (_by_name(source) for source in sources)
    places = [(place, second[name]) for name, place in first.items() if name in second]
    alone = [
        [source.paths[place] for name, place in own.items() if name not in other]
        for source, own, other in zip(sources, (first, second), (second, first))
    ]
    if not places:
        raise ValueError(
            "No picture of source has a partner in target. Partners have the same path in both "
            "folders, their suffixes aside, as a/1.jpg and a/1.png. Received: "
            f"{_listed(alone[0], 3)}; {_listed(alone[1], 3)}"
        )
    if any(alone):
        warnings.warn(
            f"Skipped {len(alone[0]) + len(alone[1])} pictures without a partner of the same "
            f"name: {'; '.join(_listed(paths, NAMED) for paths in alone if paths)}"
        )
    return places


def _by_name(folder):
    """The place of each picture by its path in the folder, without suffix."""
    places = {}
    for place, path in enumerate(folder.paths):
        name = path.relative_to(folder.folder).with_suffix("").as_posix()
        if name in places:
            raise ValueError(
                f"Two pictures would be {name!r}, and either could be the partner: "
                f"{folder.paths[places[name]]} and {path}. Keep one of them."
            )
        places[name] = place
    return places


def _listed(paths, most):
    more = f" and {len(paths) - most} more" if len(paths) > most else ""
    return ", ".join(map(str, paths[:most])) + more
