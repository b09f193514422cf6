"""Photographs as batches of patches and their low resolution, for super-resolution."""

import math
import os
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from kerasgan.datasets import degradation as degradations
from kerasgan.datasets.dataset import CACHE_LIMIT, ImageDataset
from kerasgan.datasets.picture import fit
from kerasgan.datasets.sources import Folder


class PatchDataset(ImageDataset):
    """Batches `(low, high)` of patches of photographs; `load_photographs` makes one.

    uint8 `(batch, patch_size / scale, patch_size / scale, 3)` and `(batch, patch_size,
    patch_size, 3)`. Worker threads make them ahead. Every bit follows from the seed, the
    epoch and the place in it alone: a run that sets `epoch` and goes on gets the batches it
    would have got. A photograph that cannot be decoded is named in a warning once, and the
    next one takes its place.

    As for an `ImageDataset`, `fit` of models that are not kerasgan's needs `shuffle=False`.

    Attributes:
        epoch: Integer, 0 at first; the end of an epoch raises it.
        num_images: Number of photographs.
        scale, patch_size: As given to `load_photographs`.
    """

    def __init__(self, photographs, scale, patch_size, batch_size, degrade, steps, seed, workers):
        super().__init__(
            photographs,
            shape=(patch_size, patch_size, 3),
            batch_size=batch_size,
            flip=True,
            augmentation=[],
            shuffle=True,
            cache=False,  # `photographs` keeps them
            seed=seed,
            drop=True,
            workers=workers,
            labels=None,
            label_names=None,
        )
        self.scale, self.patch_size, self.degrade = scale, patch_size, degrade
        areas = np.array([math.prod(size) for size in photographs.sizes])
        self.steps = steps or math.ceil(areas.sum() / (patch_size**2 * batch_size))
        self._shares = areas / areas.sum()

    def __len__(self):
        return self.steps

    def _batch(self, number):
        random = np.random.default_rng([self.seed, *divmod(number, len(self))])
        chosen = random.choice(self.num_images, self.batch_size, p=self._shares)
        low, high = zip(*(self._pair(index, random) for index in chosen))
        return np.stack(low), np.stack(high)

    def _pair(self, index, random):
        _, photograph = self._readable(index)
        top, left = (random.integers(n - self.patch_size + 1) for n in photograph.shape[:2])
        patch = photograph[top : top + self.patch_size, left : left + self.patch_size]
        patch = np.rot90(patch, random.integers(4))
        high = patch[:, :: random.choice([1, -1])].copy()
        low = np.asarray(self.degrade(high, self.scale, random))
        side = self.patch_size // self.scale
        if low.shape != (side, side, 3) or low.dtype != np.uint8:
            raise ValueError(
                f"degradation must give uint8 of shape {(side, side, 3)} for a patch of shape "
                f"{high.shape}. Received: {low.dtype} of shape {low.shape}"
            )
        return low, high


class _Photographs:
    """Whole photographs of at least `smallest` pixels a side, in memory as far as they fit."""

    def __init__(self, source, smallest, workers):
        if _is_path(source):
            source = photograph_files(source, workers)
        items = list(source)
        self._names = [
            str(item) if _is_path(item) else f"photograph {i} of the list"
            for i, item in enumerate(items)
        ]
        self._items = [
            Path(item) if _is_path(item) else _colour(item, i) for i, item in enumerate(items)
        ]
        with ThreadPoolExecutor(workers) as pool:
            sizes = list(pool.map(_size, self._items))
        fitting = [i for i, size in enumerate(sizes) if min(size) >= smallest]
        small = [f"{name} ({w}×{h})" for name, (h, w) in zip(self._names, sizes)]
        small = [text for text, size in zip(small, sizes) if min(size) < smallest]
        if not fitting:
            raise ValueError(
                f"None of the {len(sizes)} photographs has {smallest} pixels a side or more. "
                f"Lower patch_size. Received: {', '.join(small[:10]) or 'an empty list'}"
            )
        if small:
            warnings.warn(
                f"Skipped {len(small)} photographs that are smaller than a patch of {smallest} "
                f"pixels a side: {', '.join(small)}"
            )
        self._items, self._names, self.sizes = (
            [values[i] for i in fitting] for values in (self._items, self._names, sizes)
        )
        self._kept = {}
        self._room = CACHE_LIMIT
        self._lock = threading.Lock()

    def __len__(self):
        return len(self._items)

    def __getitem__(self, index):
        item = self._items[index]
        if isinstance(item, np.ndarray):
            return item
        if index in self._kept:
            return self._kept[index]
        image = read_photograph(item)
        with self._lock:
            if index not in self._kept and image.nbytes <= self._room:
                self._kept[index] = image
                self._room -= image.nbytes
        return image

    def name(self, index):
        return self._names[index]


def _folder(path):
    folder = Path(path).expanduser()
    if folder.is_dir():
        return folder
    if folder.exists():
        raise ValueError(
            f"{str(path)!r} is a file. Expected the folder that holds the photographs."
        )
    raise FileNotFoundError(
        f"{str(path)!r} does not exist (looked from {Path.cwd()}). Expected a folder of "
        "photographs."
    )


def photograph_files(folder, workers=None):
    """The pictures below a folder, in the same order on every machine.

    Files that do not begin as a picture are named in a warning.
    """
    return Folder(_folder(folder), None, workers).paths


def _is_path(item):
    return isinstance(item, (str, os.PathLike))


def _size(item):
    if isinstance(item, np.ndarray):
        return item.shape[:2]
    with Image.open(item) as picture:
        return picture.size[::-1]


def _colour(image, number):
    image = np.asarray(image)
    if image.dtype != np.uint8 or not (image.ndim == 2 or image.shape[2:] in [(1,), (3,), (4,)]):
        raise ValueError(
            f"photograph {number} of the list must be uint8 (height, width) or (height, width, "
            f"channels) with 1, 3 or 4 channels. Received: {image.dtype} of shape {image.shape}"
        )
    if image.shape[2:] == (3,):
        return image
    return _whole(Image.fromarray(image[..., 0] if image.shape[2:] == (1,) else image))


def read_photograph(path):
    """A photograph, upright and in colour: uint8 `(height, width, 3)`."""
    with Image.open(path) as picture:
        return _whole(picture)


def _whole(picture):
    """A Pillow picture in its own size, upright, in colour."""
    ImageOps.exif_transpose(picture, in_place=True)
    return fit(picture, (picture.height, picture.width, 3))


def load_photographs(
    path,
    scale=4,
    patch_size=96,
    batch_size=16,
    degradation="bicubic",
    steps=None,
    seed=0,
    workers=None,
):
    """Photographs as batches of patches and their low resolution.

    A patch is cut out of a photograph at a place drawn at random, turned by a multiple of 90
    degrees and mirrored or not. A photograph is drawn with a probability in proportion to
    its pixels. Decoded photographs are kept in memory up to 2 GiB; the others are decoded
    again for every patch, which cutting them into smaller files makes quicker.

    Args:
        path: Folder of photographs, searched through recursively, of any format, size and
            mode that Pillow reads; or a list of files, or of uint8 arrays
            `(height, width, channels)`, of any size. Hidden files and other extensions are
            left aside; files that are no picture after all, and photographs smaller than a
            patch, are named in a warning and skipped. Transparency shows white.
        scale: How many times smaller the low resolution is. Integer.
        patch_size: Side of a patch of the high resolution, in pixels; a multiple of `scale`.
        batch_size: Patches a batch.
        degradation: How the low resolution comes about: `"bicubic"`, the papers' `shrink`;
            `"practical"`, blur, noise and JPEG besides (`PracticalDegradation`); or a
            callable `degrade(patch, scale, random)`, from uint8 `(height, width, 3)` and a
            `numpy.random.Generator` to uint8 `(height // scale, width // scale, 3)`.
        steps: Batches an epoch; by default as many as have the photographs' area once.
        seed: Integer, 0 or more, of all that is drawn.
        workers: Threads that make batches ahead, by default one a processor, up to 16.

    Returns:
        A `PatchDataset`, which is a `keras.utils.PyDataset`, of batches `(low, high)`.

    Raises:
        FileNotFoundError: If there is no such folder.
        ValueError: If no photograph is left, or on an argument out of its range.

    Example:

    ```python
    dataset = kerasgan.datasets.load_photographs("photographs", scale=4, patch_size=96)
    low, high = dataset[0]  # uint8 (16, 24, 24, 3) and (16, 96, 96, 3)
    ```
    """
    workers = min(os.cpu_count() or 1, 16) if workers is None else workers
    counts = {
        "scale": scale,
        "patch_size": patch_size,
        "batch_size": batch_size,
        "steps": 1 if steps is None else steps,
        "workers": workers,
    }
    for argument, value in counts.items():
        if not isinstance(value, int) or value < 1:
            raise ValueError(
                f"{argument} must be an integer, 1 or more. Received: {argument}={value!r}"
            )
    if patch_size % scale:
        raise ValueError(
            "patch_size must be a multiple of scale. Received: "
            f"patch_size={patch_size}, scale={scale}"
        )
    if not isinstance(seed, int) or seed < 0:
        raise ValueError(f"seed must be an integer, 0 or more. Received: seed={seed!r}")
    degrade = degradations.get(degradation)
    photographs = _Photographs(path, patch_size, workers)
    return PatchDataset(photographs, scale, patch_size, batch_size, degrade, steps, seed, workers)
