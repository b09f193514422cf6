"""Pictures of which some have a class, as batches of all and of those."""

import functools
import os
from typing import Literal

import keras
import numpy as np

from kerasgan.datasets.batches import digest_of, threads
from kerasgan.datasets.dataset import ImageDataset, check_images
from kerasgan.datasets.epochs import CountsEpochs
from kerasgan.datasets.labels import classes_of_some
from kerasgan.datasets.picture import fit
from kerasgan.datasets.sources import open_source
from kerasgan.modalities import ClassLabels


class PartlyLabelledDataset(CountsEpochs, keras.utils.PyDataset):
    """Batches of pictures, and of those of them that have a label, each in an order of its own.

    `load_partly_labelled` makes one. A batch is a dict of `real`, any pictures, `labelled`, as many
    of those with a label, both uint8 `(batch, height, width, channels)`, and `labels`, the classes
    of these, int32 `(batch,)`. An epoch goes once through all pictures, and through those with a
    label as often as that takes.

    Args:
        pictures: `ImageDataset` of all pictures, without labels.
        labelled: `ImageDataset` of those with a label.
        places: int array, where these are among all.

    Attributes:
        epoch: Integer, 0 at first; the end of an epoch raises it.
        num_images, num_labelled: Number of pictures, and of those with a label.
        num_labels, label_names: Number of classes, and list of their names or None.
        shapes: Dict from `real`, `labelled` and `labels` to a shape.
        modalities: Dict from `labels` to `kerasgan.modalities.ClassLabels`.
    """

    orders_itself = True
    multi_label = False

    def __init__(self, pictures, labelled, places):
        super().__init__(workers=1)
        self.pictures, self.labelled, self.places = pictures, labelled, places
        self.batch_size = pictures.batch_size
        self.epoch = 0

    @property
    def num_images(self):
        return self.pictures.num_images

    @property
    def num_labelled(self):
        return self.labelled.num_images

    @property
    def num_labels(self):
        return self.labelled.num_labels

    @property
    def label_names(self):
        return self.labelled.label_names

    @property
    def shapes(self):
        shape = self.pictures.image_shape
        return {"real": shape, "labelled": shape, "labels": (self.num_labels,)}

    @property
    def modalities(self):
        return {"labels": ClassLabels(self.num_labels, self.label_names)}

    def __repr__(self):
        return (
            f"<{type(self).__name__}: {self.num_images:,} pictures, {self.num_labelled:,} of them "
            f"with one of {self.num_labels} labels, in batches of {self.batch_size}: "
            f"{self.pictures.image_shape}>"
        )

    def fingerprint(self):
        """A text that is another one as soon as anything stored, or a label, is."""
        parts = self.pictures.fingerprint().encode(), self.labelled.fingerprint().encode()
        return digest_of(*parts, self.places).hex()

    def sample(self, n):
        """A batch of `n`, drawn by the seed; those with a label again where there are fewer."""
        images, labels = self.labelled.sample(n)
        again = np.resize(np.arange(len(images)), n)
        return {"real": self.pictures.sample(n), "labelled": images[again], "labels": labels[again]}

    def hold_out(self, n):
        """Take `n` pictures without a label out of training and return them, as `real`.

        Raises:
            ValueError: If `n` is below 1, or there are fewer without a label.
        """
        unlabelled = np.setdiff1d(np.arange(len(self.pictures.source)), self.places)
        return {"real": self.pictures.hold_out(n, unlabelled)}

    def divide(self, n, part=None):
        """As of `Batches`."""
        for data in (self.labelled, self.pictures):
            data.divide(n, part)

    def __len__(self):
        return len(self.pictures)

    def __getitem__(self, index):
        if not 0 <= index < len(self):
            raise IndexError(f"There are {len(self)} batches. Received: index={index}")
        number = self.epoch * len(self) + index
        images, labels = self.labelled.numbered(number)
        real = self.pictures.numbered(number)
        return {"real": real, "labelled": images[: len(real)], "labels": labels[: len(real)]}


class _Some:
    """The pictures of a source at some places."""

    def __init__(self, source, places):
        self.source, self.places = source, places

    def __len__(self):
        return len(self.places)

    def __getitem__(self, index):
        return self.source[self.places[index]]

    def name(self, index):
        return self.source.name(self.places[index])

    def raw(self, index):
        return self.source.raw(self.places[index])


def load_partly_labelled(
    source: str | os.PathLike | np.ndarray,
    image_shape: tuple[int, int, int] = (64, 64, 3),
    batch_size: int = 64,
    crop: int | None = None,
    flip: bool = True,
    shuffle: bool = True,
    cache: bool | Literal["auto"] = "auto",
    seed: int = 0,
    workers: int | None = None,
    labels: Literal[True] | str | os.PathLike | list | np.ndarray = True,
) -> PartlyLabelledDataset:
    """Pictures of which only some have a class, to learn from all of them.

    Args:
        source: As in `load`.
        image_shape: `(height, width, channels)`, as in `load`.
        batch_size: Pictures a batch, and as many of those with a label.
        crop: As in `load`.
        flip: Mirror each picture left to right with probability 1/2. Of letters, no.
        shuffle: Draw a new order every time that the pictures have been gone through.
        cache: Keep decoded pictures in memory: a bool, or `"auto"` for up to 2 GiB.
        seed: Integer, 0 or more, of order and flips.
        workers: Threads that make batches ahead, by default one a processor, up to 16.
        labels: One of
            - True: pictures in a sub-folder are of its class, those in none have no label; beside
              the images of a `.npz` file their integers, -1 for no label.
            - a CSV file with a header, `file,class`, for a folder: no row, or an empty cell, for no
              label.
            - an array or list of integers `(n,)`, one a picture in the source's order, -1 for no
              label.

    Returns:
        A `PartlyLabelledDataset`, which is a `keras.utils.PyDataset`.

    Raises:
        FileNotFoundError: If there is no such folder or file.
        ValueError: If it holds no picture, if labels do not fit the pictures or a class has none,
            or on an argument out of its range.

    Example:

    ```python
    data = kerasgan.datasets.load_partly_labelled("pictures", (32, 32, 3), labels="labels.csv")
    images, few, classes = (data[0][name] for name in ("real", "labelled", "labels"))
    ```
    """
    shape = check_images(image_shape, batch_size, crop, workers, seed, cache)
    reader = functools.partial(fit, shape=shape, crop=crop)
    pictures = open_source(source, reader, threads(workers))
    if isinstance(labels, os.PathLike):
        labels = str(labels)
    classes, names = classes_of_some(pictures, labels)
    places = np.flatnonzero(classes >= 0)
    options = {
        "image_shape": shape,
        "batch_size": batch_size,
        "flip": flip,
        "shuffle": shuffle,
        "cache": cache,
        "workers": workers,
    }
    return PartlyLabelledDataset(
        ImageDataset(pictures, seed=2 * seed, **options),
        ImageDataset(
            _Some(pictures, places),
            labels=classes[places],
            label_names=names,
            # A batch may be larger than all that have a label.
            repeats=-(-batch_size // len(places)),
            drop_remainder=True,
            # Else a picture of either would come at the same place, where both hold as many.
            seed=2 * seed + 1,
            **options,
        ),
        places,
    )
