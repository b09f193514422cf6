"""Pictures of two kinds as batches, for translation learnt without pairs."""

import os
from collections.abc import Callable
from typing import Literal

import keras
import numpy as np

from kerasgan.datasets import degradation as degradations
from kerasgan.datasets.batches import check_options, digest_of, threads
from kerasgan.datasets.epochs import CountsEpochs
from kerasgan.datasets.pair_sources import OfOwnSize, Partners, open_one
from kerasgan.datasets.pairs import PairDataset, check_patches, check_pictures


class UnpairedDataset(CountsEpochs, keras.utils.PyDataset):
    """Batches `(source, target)` of pictures that do not belong together.

    `load_unpaired` makes one. uint8 `(batch, height, width, source_channels)` and `(…,
    target_channels)`. Each kind is drawn in an order of its own, a new one every time that it
    has been gone through; an epoch goes once through the larger. What fills no batch at the end
    of an order waits for the next one. `sample` and `hold_out` give whole pictures of that size,
    not cropped and not mirrored, as many of each.

    Args:
        domains: Two `PairDataset`s of one picture an item.

    Attributes:
        epoch: Integer, 0 at first; the end of an epoch raises it.
        num_images: Number of pictures of the larger kind.
        shapes: Dict from `source` and `target` to the shape of a picture.
    """

    orders_itself = True
    label_names = num_labels = multi_label = None

    def __init__(self, domains):
        super().__init__(workers=1)
        self.domains = domains
        self.batch_size = domains[0].batch_size
        self.epoch = 0

    @property
    def num_images(self):
        return max(domain.num_images for domain in self.domains)

    @property
    def shapes(self):
        names = zip(("source", "target"), self.domains)
        return {name: domain.shapes["source"] for name, domain in names}

    @property
    def modalities(self):
        return {}

    def __repr__(self):
        first, second = self.domains
        shapes = ", ".join(f"{name} {shape}" for name, shape in self.shapes.items())
        return (
            f"<{type(self).__name__}: {first.num_images:,} and {second.num_images:,} pictures in "
            f"batches of {self.batch_size}: {shapes}>"
        )

    def fingerprint(self):
        """A text that is another one as soon as anything stored of the pictures is."""
        return digest_of(*(domain.fingerprint().encode() for domain in self.domains)).hex()

    def sample(self, n):
        """`n` of each kind as a batch, drawn by the seed; nothing else about them is drawn."""
        return tuple(domain.sample(n)[0] for domain in self.domains)

    def hold_out(self, n):
        """Take `n` of each kind out of training and return them, as `sample` does.

        Raises:
            ValueError: If `n` is below 1, or no batch of a kind would be left to train on.
        """
        return tuple(domain.hold_out(n)[0] for domain in self.domains)

    def divide(self, n, part=None):
        """As of `Batches`."""
        for data in self.domains:
            data.divide(n, part)

    def __len__(self):
        return max(map(len, self.domains))

    def __getitem__(self, index):
        if not 0 <= index < len(self):
            raise IndexError(f"There are {len(self)} batches. Received: index={index}")
        number = self.epoch * len(self) + index
        return tuple(domain.numbered(number)[0] for domain in self.domains)


def load_unpaired(
    source: str | os.PathLike | np.ndarray,
    target: str | os.PathLike | np.ndarray | None = None,
    *,
    size: int | tuple[int, int] = (256, 256),
    source_channels: int = 3,
    target_channels: int = 3,
    load_size: int | tuple[int, int] | None = None,
    patches: int | None = None,
    degradation: str | Callable | None = None,
    batch_size: int = 1,
    flip: bool = True,
    shuffle: bool = True,
    cache: bool | Literal["auto"] = "auto",
    seed: int = 0,
    workers: int | None = None,
) -> UnpairedDataset:
    """Pictures of two kinds as batches `(source, target)`, to turn one kind into the other.

    A picture is resized whole by the Lanczos filter, whatever its proportions. Arrays need no
    door: `model.fit({"source": array, "target": other})` takes them, in unequal numbers.

    Args:
        source: One kind of pictures: a folder, every picture in it and below, a `.npy` file, a
            `.npz` file (`"kinds.npz:horses"` names one of its arrays) or an array, uint8
            `(n, height, width)` or `(n, height, width, channels)`. What is no picture after all
            is named in a warning and skipped.
        target: The other kind, as many or not; not to be left out.
        size: `(height, width)` of the batches in pixels, or one integer for both.
        source_channels: 1 (luminance), 3 (colour) or 4 (colour and opacity). Pictures are
            converted.
        target_channels: The same of the target.
        load_size: `(height, width)`, or one integer, that pictures are resized to, to cut
            `size` out at a place drawn at random; not below `size`. The paper's jitter is 286
            for 256. By default they are resized to `size`.
        patches: How many patches of `size` an epoch cuts out of each picture, at places drawn at
            random, in place of resizing it; smaller pictures are named in a warning and skipped.
            `hold_out` gives the patches in the centres.
        degradation: What is done to pictures of both kinds once they are cut: a name or a
            callable as in `load_photographs`, at a scale of 1. `"shared"` is for a model that
            is to tell the kinds apart by how they were made. `hold_out` does nothing to them.
        batch_size: Pictures of each kind a batch.
        flip: Mirror each picture left to right with probability 1/2.
        shuffle: Draw a new order every time that a kind has been gone through.
        cache: Keep decoded pictures in memory: a bool, or `"auto"` for up to 2 GiB a kind.
        seed: Integer, 0 or more, of orders, crops and flips.
        workers: Threads that make batches ahead, by default one a processor, up to 16.

    Returns:
        An `UnpairedDataset`, which is a `keras.utils.PyDataset`, of batches `(source, target)`:
        uint8 `(batch, height, width, source_channels)` and `(…, target_channels)`.

    Raises:
        FileNotFoundError: If there is no such folder or file.
        ValueError: If there are fewer pictures of a kind than a batch holds, or on an argument
            out of its range.

    Example:

    ```python
    data = kerasgan.datasets.load_unpaired("horses", "zebras", size=128, load_size=143)
    horses, zebras = data[0]  # uint8 (1, 128, 128, 3) each
    shown = data.hold_out(8)  # (horses, zebras), not trained on
    ```

    Reference: Zhu, Park, Isola and Efros 2017, "Unpaired Image-to-Image Translation using
    Cycle-Consistent Adversarial Networks", arXiv:1703.10593.
    """
    check_options(batch_size=batch_size, patches=patches, workers=workers, seed=seed, cache=cache)
    check_patches(patches, load_size)
    if target is None:
        raise ValueError(
            "load_unpaired takes two kinds of pictures, and target, the other one, was not given: "
            "load_unpaired(source, target), or data.target=… of a recipe."
        )
    channels = (source_channels, target_channels)
    size, load_size = check_pictures(size, load_size, channels)
    degrade = None if degradation is None else degradations.get(degradation)
    if degrade is not None and channels != (3, 3):
        raise ValueError(
            "degradation is for pictures in colour. Received: "
            f"source_channels={source_channels}, target_channels={target_channels}"
        )
    domains = []
    for i, (name, given) in enumerate((("source", source), ("target", target))):
        pictures = open_one(name, given, threads(workers))
        places = [(place,) for place in range(len(pictures))]
        items = Partners((pictures,), places, channels[i : i + 1], load_size)
        domains.append(
            PairDataset(
                items if patches is None else OfOwnSize(items, size),
                size=size,
                load_size=load_size if patches is None else None,
                repeats=patches or 1,
                channels=channels[i : i + 1],
                degrade=degrade,
                batch_size=batch_size,
                flip=flip,
                shuffle=shuffle,
                cache=cache,
                # Folders of one length would be gone through in one order.
                seed=2 * seed + i,
                drop_remainder=True,
                workers=workers,
            )
        )
    return UnpairedDataset(tuple(domains))
