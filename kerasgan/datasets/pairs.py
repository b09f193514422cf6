"""Pairs of pictures as batches, for translation from one kind of picture to another."""

import os
from numbers import Integral
from typing import Literal

import numpy as np

from kerasgan.datasets.batches import Batches, check_options, threads
from kerasgan.datasets.pair_sources import MASK, OfOwnSize, open_pairs


class PairDataset(Batches):
    """Batches `(source, target)` of pictures that belong together; `load_pairs` makes one.

    uint8 `(batch, height, width, source_channels)` and `(batch, height, width,
    target_channels)`. Crop and flip are the same for both. `sample` and `hold_out` give whole
    pictures of that size, not cropped and not mirrored; or of patches those in the centre.

    Args:
        source: Pairs, as tuples of arrays of `load_size`; `source.read(i, size)` gives them in
            another size.
        size: `(height, width)` of the batches.
        load_size: `(height, width)` to crop them from, or None: as large as they are.
        channels: `(source_channels, target_channels)`.
        degrade: What is done to each picture of a training batch once it is cut, as in
            `kerasgan.datasets.degradation`; None for nothing.
        **options: As in `Batches`.

    Attributes:
        epoch, num_images, shapes, modalities: As in `Batches`.
        size, load_size, channels: As given.
    """

    _what = "pairs"

    def __init__(self, source, *, size, load_size, channels, degrade=None, **options):
        super().__init__(source, **options)
        self.size, self.load_size, self.channels = size, load_size, channels
        self.degrade = degrade

    @property
    def shapes(self):
        return {
            name: (*self.size, channels)
            for name, channels in zip(("source", "target"), self.channels)
        }

    def training_batch(self, items, mirrored, random):
        pairs = [self._cropped(pair, random.integers(self._margin(pair) + 1)) for _, pair in items]
        if self.degrade is not None:
            pairs = [[self.degrade(picture, 1, random) for picture in pair] for pair in pairs]
        batch = tuple(np.stack(pictures) for pictures in zip(*pairs))
        for pictures in batch:
            pictures[mirrored] = pictures[mirrored, :, ::-1]
        return batch

    def _margin(self, pair):
        return np.subtract(pair[0].shape[:2], self.size)

    def _cropped(self, pair, corner):
        (top, left), (height, width) = corner, self.size
        return [picture[top : top + height, left : left + width] for picture in pair]

    def plain_batch(self, items):
        pairs = [self._plain(place, pair) for place, pair in items]
        return tuple(np.stack(pictures) for pictures in zip(*pairs))

    def _plain(self, place, pair):
        if self.load_size is None:
            return self._cropped(pair, self._margin(pair) // 2)
        return pair if self.load_size == self.size else self.source.read(place, self.size)


def check_pictures(size, load_size, channels):
    """Refuse what pictures of two kinds cannot be; returns `size` and `load_size` as tuples."""
    size = _sides("size", size)
    load_size = size if load_size is None else _sides("load_size", load_size)
    if any(full < part for full, part in zip(load_size, size)):
        raise ValueError(
            "load_size must not be below size, which is cut out of it. Received: "
            f"load_size={load_size}, size={size}"
        )
    for argument, value in zip(("source_channels", "target_channels"), channels):
        if value not in (1, 3, 4):
            raise ValueError(
                f"{argument} must be 1 (luminance), 3 (colour) or 4 (colour and opacity). "
                f"Received: {argument}={value!r}"
            )
    return size, load_size


def check_patches(patches, load_size):
    """Refuse pictures that are to be resized where patches are cut out of them."""
    if patches is not None and load_size is not None:
        raise ValueError(
            "Patches are cut out of pictures as large as they are: give patches or load_size. "
            f"Received: patches={patches}, load_size={load_size}"
        )


def _sides(argument, value):
    sides = (value, value) if isinstance(value, Integral) else value
    good = isinstance(sides, (tuple, list)) and len(sides) == 2
    if not good or not all(isinstance(n, Integral) and n >= 1 for n in sides):
        raise ValueError(
            f"{argument} must be an integer or (height, width), 1 or more pixels each. "
            f"Received: {argument}={value!r}"
        )
    return tuple(int(n) for n in sides)


def load_pairs(
    source: str | os.PathLike | np.ndarray,
    target: str | os.PathLike | np.ndarray | None = None,
    *,
    size: int | tuple[int, int] = (256, 256),
    source_channels: int = 3,
    target_channels: int | Literal["mask"] = 3,
    source_half: Literal["left", "right"] = "left",
    load_size: int | tuple[int, int] | None = None,
    patches: int | None = None,
    batch_size: int = 1,
    flip: bool = True,
    shuffle: bool = True,
    cache: bool | Literal["auto"] = "auto",
    seed: int = 0,
    drop_remainder: bool = False,
    workers: int | None = None,
) -> PairDataset:
    """Pairs of pictures as batches `(source, target)`, to learn one from the other.

    A picture is resized whole by the Lanczos filter, whatever its proportions, so that what
    lies at one place in the source still lies there in the target.

    Args:
        source: Without `target`, pictures with the source in one half and the target in the
            other, side by side; the middle column of an odd width is left out. One of
            - a folder: every picture in it and below, as in `load`. What is no picture after
              all, or has no two halves, is named in a warning and skipped.
            - a `.npy` file, a `.npz` file (`"pairs.npz:x_train"` names one of its arrays) or an
              array: uint8, `(n, height, width)` or `(n, height, width, channels)`.
        target: The targets, if `source` holds sources alone; both are folders or both arrays.
            Pictures of two folders are partners if their paths in them are the same but for
            the suffix (`a/1.jpg` and `a/1.png`); those without a partner are named in a
            warning and left out. Arrays hold equally many pictures, partners at the same
            place; their sizes may differ.
        size: `(height, width)` of the batches in pixels, or one integer for both.
        source_channels: 1 (luminance), 3 (colour) or 4 (colour and opacity). Pictures are
            converted: with 1 here and 3 there, a folder of colour pictures given as source and
            as target teaches to colour them.
        target_channels: The same of the target; or `"mask"`, one channel that is black and white
            in every size. A picture of 0 and 1 alone is taken for one of 0 and 255; one that is
            neither black nor white in more than 5 % of its pixels is named in a warning and
            skipped.
        source_half: `"left"` or `"right"`: where the source lies in a picture with both.
        load_size: `(height, width)`, or one integer, that pictures are resized to, to cut
            `size` out at a place drawn at random, the same for both; not below `size`. The
            paper's jitter is 286 for 256. By default they are resized to `size`.
        patches: How many patches of `size` an epoch cuts out of each picture, at places drawn at
            random, in place of resizing it. Partners are of one size then; those of others, and
            smaller ones, are named in a warning and skipped. `hold_out` gives the patches in the
            centres.
        batch_size: Pairs a batch.
        flip: Mirror each pair left to right with probability 1/2, both pictures or none.
        shuffle: Draw a new order every epoch.
        cache: Keep decoded pairs in memory: a bool, or `"auto"` for up to 2 GiB.
        seed: Integer, 0 or more, of order, crops and flips.
        drop_remainder: Leave out the last batch of an epoch if it is smaller.
        workers: Threads that make batches ahead, by default one a processor, up to 16.

    Returns:
        A `PairDataset`, which is a `keras.utils.PyDataset`, of batches `(source, target)`:
        uint8 `(batch, height, width, source_channels)` and `(…, target_channels)`.

    Raises:
        FileNotFoundError: If there is no such folder or file.
        ValueError: If there is no pair, or on an argument out of its range.

    Example:

    ```python
    facades = kerasgan.datasets.load_pairs("facades/train", source_half="right", load_size=286)
    labels, photographs = facades[0]  # uint8 (1, 256, 256, 3) each
    shown = facades.hold_out(4)  # (source, target), not trained on

    vessels = kerasgan.datasets.load_pairs(
        "retina/image", "retina/vessel", size=128, target_channels="mask", patches=32, batch_size=8
    )
    colouring = kerasgan.datasets.load_pairs("photos", "photos", source_channels=1, size=128)
    ```

    Reference: Isola, Zhu, Zhou and Efros 2017, "Image-to-Image Translation with Conditional
    Adversarial Networks", arXiv:1611.07004, section 6.2 for crop and flip.
    """
    check_options(batch_size=batch_size, patches=patches, workers=workers, seed=seed, cache=cache)
    channels = (source_channels, 1 if target_channels == MASK else target_channels)
    check_patches(patches, load_size)
    size, load_size = check_pictures(size, load_size, channels)
    if source_half not in ("left", "right"):
        raise ValueError(
            "source_half must be 'left' or 'right', the half of each picture that holds the "
            f"source. Received: source_half={source_half!r}"
        )
    kinds = (source_channels, target_channels)
    pairs = open_pairs(source, target, load_size, kinds, source_half, threads(workers))
    return PairDataset(
        pairs if patches is None else OfOwnSize(pairs, size),
        size=size,
        load_size=load_size if patches is None else None,
        repeats=patches or 1,
        channels=channels,
        batch_size=batch_size,
        flip=flip,
        shuffle=shuffle,
        cache=cache,
        seed=seed,
        drop_remainder=drop_remainder,
        workers=workers,
    )
