"""Photographs as batches of patches and their low resolution, for super-resolution."""

import math
import os
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from kerasgan.datasets import degradation as degradations
from kerasgan.datasets.batches import Batches, check_options, threads
from kerasgan.datasets.folder import Folder
from kerasgan.datasets.picture import fit

# Largest side of what is held out.
MEASURED = 384


class PatchDataset(Batches):
    """Batches `(small, large)` of patches of photographs; `load_photographs` makes one.

    uint8 `(batch, patch_size / scale, patch_size / scale, 3)` and `(batch, patch_size,
    patch_size, 3)`. `sample` gives the patch in the centre of a photograph.

    Args:
        source: Photographs, with their `sizes`.
        scale, patch_size, steps: As in `load_photographs`.
        degrade: Callable, as `degradation` in `load_photographs`.
        **options: As in `Batches`.

    Attributes:
        epoch, num_images, shapes, modalities: As in `Batches`.
        scale, patch_size: As given to `load_photographs`.
        steps: Batches an epoch.
    """

    _what = "photographs"

    def __init__(self, source, *, scale, patch_size, degrade, steps=None, **options):
        super().__init__(source, **options)
        self.scale, self.patch_size, self.degrade = scale, patch_size, degrade
        self._areas = np.array([math.prod(size) for size in source.sizes])
        self._steps = steps

    @property
    def shapes(self):
        low = self.patch_size // self.scale
        return {"small": (low, low, 3), "large": (self.patch_size, self.patch_size, 3)}

    @property
    def steps(self):
        patches = self._areas[self._places].sum() / (self.patch_size**2 * self.batch_size)
        return self._steps or math.ceil(patches)

    def __len__(self):
        return self.steps

    def _chosen(self, epoch, index, random):
        areas = self._areas[self._places]
        return random.choice(self.num_images, self.batch_size, p=areas / areas.sum()), None

    def training_batch(self, items, mirrored, random):
        return self._pairs((self._turned(image, random) for _, image in items), random)

    def plain_batch(self, items):
        centres = []
        for _, image in items:
            top, left = ((n - self.patch_size) // 2 for n in image.shape[:2])
            centres.append(self._cut(image, top, left).copy())
        return self._pairs(centres, np.random.default_rng(self.seed))

    def hold_out(self, n):
        """Take `n` photographs out of training, to enlarge and to measure by.

        Returns:
            Dict with `large`, a list of the centres of these photographs, uint8
            `(height, width, 3)` of up to 384 pixels a side: of whole ones each measurement would
            take minutes.

        Raises:
            ValueError: If `n` is below 1, or no photograph would be left to train on.
        """
        before = self._places
        super().hold_out(n)
        held = [self.source[i] for i in np.setdiff1d(before, self._places)]
        return {"large": [_centre(image) for image in held]}

    def _turned(self, image, random):
        top, left = (random.integers(n - self.patch_size + 1) for n in image.shape[:2])
        patch = np.rot90(self._cut(image, top, left), random.integers(4))
        return patch[:, :: random.choice([1, -1])].copy()

    def _cut(self, image, top, left):
        return image[top : top + self.patch_size, left : left + self.patch_size]

    def _pairs(self, patches, random):
        low, high = zip(*((self._degraded(patch, random), patch) for patch in patches))
        return np.stack(low), np.stack(high)

    def _degraded(self, patch, random):
        low = np.asarray(self.degrade(patch, self.scale, random))
        side = self.patch_size // self.scale
        if low.shape != (side, side, 3) or low.dtype != np.uint8:
            raise ValueError(
                f"degradation must give uint8 of shape {(side, side, 3)} for a patch of shape "
                f"{patch.shape}. Received: {low.dtype} of shape {low.shape}"
            )
        return low


def _centre(image):
    top, left = (max(0, (side - MEASURED) // 2) for side in image.shape[:2])
    return image[top : top + MEASURED, left : left + MEASURED].copy()


class _Photographs:
    """Whole photographs of at least `smallest` pixels a side."""

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

    def __len__(self):
        return len(self._items)

    def __getitem__(self, index):
        item = self._items[index]
        return item if isinstance(item, np.ndarray) else read_photograph(item)

    def name(self, index):
        return self._names[index]

    def raw(self, index):
        item = self._items[index]
        return item if isinstance(item, np.ndarray) else item.read_bytes()


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
    path: str | os.PathLike | list,
    scale: int = 4,
    patch_size: int = 96,
    batch_size: int = 16,
    degradation: str | Callable = "bicubic",
    steps: int | None = None,
    seed: int = 0,
    workers: int | None = None,
) -> PatchDataset:
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
            `"practical"`, blur, noise and JPEG besides (`PracticalDegradation`); `"shared"`, what
            happens to pictures that are passed on (`SharedDegradation`); or a
            callable `degrade(patch, scale, random)`, from uint8 `(height, width, 3)` and a
            `numpy.random.Generator` to uint8 `(height // scale, width // scale, 3)`.
        steps: Batches an epoch; by default as many as have the photographs' area once.
        seed: Integer, 0 or more, of all that is drawn.
        workers: Threads that make batches ahead, by default one a processor, up to 16.

    Returns:
        A `PatchDataset`, which is a `keras.utils.PyDataset`, of batches `(small, large)`.

    Raises:
        FileNotFoundError: If there is no such folder.
        ValueError: If no photograph is left, or on an argument out of its range.

    Example:

    ```python
    dataset = kerasgan.datasets.load_photographs("photographs", scale=4, patch_size=96)
    small, large = dataset[0]  # uint8 (16, 24, 24, 3) and (16, 96, 96, 3)
    ```
    """
    check_options(
        scale=scale,
        patch_size=patch_size,
        batch_size=batch_size,
        steps=steps,
        workers=workers,
        seed=seed,
    )
    if patch_size % scale:
        raise ValueError(
            "patch_size must be a multiple of scale. Received: "
            f"patch_size={patch_size}, scale={scale}"
        )
    degrade = degradations.get(degradation)
    return PatchDataset(
        _Photographs(path, patch_size, threads(workers)),
        scale=scale,
        patch_size=patch_size,
        degrade=degrade,
        steps=steps,
        batch_size=batch_size,
        seed=seed,
        workers=workers,
    )
