"""Pictures as shuffled batches: a folder, a NumPy file, an array or a TensorFlow Dataset."""

import functools
import os
import threading
from typing import Literal

import keras
import numpy as np

from kerasgan.datasets.batches import Batches, check_options, digest_of, threads
from kerasgan.datasets.labels import read_labels
from kerasgan.datasets.picture import fit
from kerasgan.datasets.sources import open_source
from kerasgan.modalities import Attributes, ClassLabels


class ImageDataset(Batches):
    """Batches of uint8 images `(batch, height, width, channels)`; `load` makes one.

    With labels, batches are tuples `(images, labels)`. A picture's label stays with it where
    it takes the place of one that cannot be decoded, and Keras's augmentation layers draw by
    the seed, the epoch and the place too.

    Args:
        source: Pictures as `open_source` gives them, decoded to `image_shape`.
        image_shape: `(height, width, channels)`.
        augmentation: List of Keras layers.
        labels: int32 `(n,)`, float32 `(n, k)` or None.
        label_names: List of names of classes or attributes, or None.
        **options: As in `Batches`.

    Attributes:
        epoch, num_images, shapes, modalities: As in `Batches`.
        num_labels: Number of classes or attributes; None without labels.
        label_names: List of their names, or None.
        multi_label: False if labels are classes, int32 `(batch,)`; True if attributes,
            float32 `(batch, num_labels)` of 0 and 1; None without labels.
    """

    def __init__(
        self, source, *, image_shape, augmentation=(), labels=None, label_names=None, **options
    ):
        super().__init__(source, **options)
        self.image_shape = image_shape
        self.augmentation = augmentation
        self.label_names = label_names
        self._labels = labels
        if labels is not None:
            self.multi_label = labels.ndim == 2
            known = labels.shape[1] if self.multi_label else int(labels.max()) + 1
            self.num_labels = len(label_names) if label_names else known
        self._layers_lock = threading.Lock()

    @property
    def shapes(self):
        labels = {} if self._labels is None else {"labels": (self.num_labels,)}
        return {"real": self.image_shape} | labels

    @property
    def modalities(self):
        if self._labels is None:
            return {}
        kind = Attributes if self.multi_label else ClassLabels
        return {"labels": kind(self.num_labels, self.label_names)}

    def fingerprint(self):
        own = super().fingerprint()
        return own if self._labels is None else digest_of(own.encode(), self._labels).hex()

    def training_batch(self, items, mirrored, random):
        places, images = zip(*items)
        images = np.stack(images)
        images[mirrored] = images[mirrored, :, ::-1]
        if self.augmentation:
            images = self._augmented(images, random)
        return self._with_labels(places, images)

    def plain_batch(self, items):
        places, images = zip(*items)
        return self._with_labels(places, np.stack(images))

    def _with_labels(self, places, images):
        return images if self._labels is None else (images, self._labels[list(places)])

    def _augmented(self, images, random):
        images = images.astype("float32")
        with self._layers_lock:  # a layer's random state is its own, not a thread's
            for layer in self.augmentation:
                weights = {id(weight) for weight in layer.weights}
                for state in layer.variables:
                    if id(state) not in weights:
                        state.assign([random.integers(2**31), 0])
                images = layer(images, training=True)
        images = keras.ops.convert_to_numpy(images)
        return np.clip(np.rint(images), 0, 255).astype("uint8")


def check_images(image_shape, batch_size, crop, workers, seed, cache):
    """The shape of a door's images, if its arguments can be."""
    shape = tuple(image_shape) if isinstance(image_shape, (tuple, list)) else ()
    if len(shape) != 3 or min(shape) < 1 or shape[2] not in (1, 3, 4):
        raise ValueError(
            "image_shape must be (height, width, channels) with 1, 3 or 4 channels. "
            f"Received: image_shape={image_shape!r}"
        )
    check_options(batch_size=batch_size, crop=crop, workers=workers, seed=seed, cache=cache)
    return shape


def load(
    source: str | os.PathLike | np.ndarray,
    image_shape: tuple[int, int, int] = (64, 64, 3),
    batch_size: int = 64,
    crop: int | None = None,
    flip: bool = True,
    augmentation: keras.layers.Layer | list[keras.layers.Layer] | None = None,
    shuffle: bool = True,
    cache: bool | Literal["auto"] = "auto",
    seed: int = 0,
    drop_remainder: bool = False,
    workers: int | None = None,
    data_dir: str | os.PathLike | None = None,
    labels: bool | str | os.PathLike | np.ndarray | list | None = None,
    label_names: str | list[str] | None = None,
) -> ImageDataset:
    """Pictures as batches that `fit` takes on every backend.

    Args:
        source: One of
            - a folder: every picture in it and below, of any format, size and mode that
              Pillow reads. Hidden files and other extensions are left aside; a file that
              is no picture after all is named in a warning and skipped.
            - a `.npy` file, or a `.npz` file with one array of images
              (`"mnist.npz:x_train"` names one of several), or an array: uint8,
              `(n, height, width)` or `(n, height, width, channels)`.
            - `"tfds:NAME"` or `"tfds:NAME:SPLIT"`, a TensorFlow Dataset, by default its
              split `train`: `"tfds:fashion_mnist:train[:10%]"`.
        image_shape: `(height, width, channels)` of the batches. 1 channel is luminance, 3
            colour, 4 colour and opacity; with 1 or 3, what is transparent shows white.
        batch_size: Images a batch.
        crop: Side in pixels of the square cut out of the centre first; a smaller picture
            gives the largest square it has. By default the largest part with the
            proportions of `image_shape`.
        flip: Mirror each image left to right with probability 1/2.
        augmentation: Keras layer, or list of them, called on each batch as floats in
            [0, 255] with `training=True`; what comes out is rounded and clipped. Layers of
            keras-cv work, but draw from a generator that `seed` does not reach.
        shuffle: Draw a new order every epoch.
        cache: Keep decoded images in memory: a bool, or `"auto"` for up to 2 GiB.
        seed: Integer, 0 or more, of order, flips and augmentation.
        drop_remainder: Leave out the last batch of an epoch if it is smaller.
        workers: Threads that make batches ahead, by default one a processor, up to 16.
        data_dir: Folder of prepared TensorFlow Datasets; by default theirs.
        labels: None for images alone, or one of
            - True, for the classes that come with the source: the sub-folders of a folder,
              sorted by name; the integers beside the images of a `.npz` file (`y_train` for
              `x_train`), which may name them in an array `label_names`; the feature `label`
              of a TensorFlow Dataset.
            - an array or list, one row per picture in the source's order (a folder's own
              files by name, then its sub-folders': `dataset.source.paths`): integers `(n,)`
              for classes, 0 and 1 `(n, k)` for attributes.
            - a file of attributes by file name, for a folder: CSV with a header, CelebA's
              `list_attr_celeba.txt` or a `.npz` file with arrays `names`, `attributes` and
              `attr`. -1 counts as 0.
        label_names: Names of the attributes to take from such a file, in this order; by
            default all.

    Returns:
        An `ImageDataset`, which is a `keras.utils.PyDataset`. Its batches are images, or
        `(images, labels)`.

    Raises:
        FileNotFoundError: If there is no such folder or file.
        ValueError: If it holds no picture, if labels do not fit the pictures, or on an
            argument out of its range.
        ImportError: If TensorFlow Datasets is needed and missing.

    Example:

    ```python
    dataset = kerasgan.datasets.load("photographs", image_shape=(64, 64, 3), crop=108)
    model.fit(dataset, epochs=20)

    faces = kerasgan.datasets.load(
        "celeba", crop=108, labels="list_attr_celeba.txt", label_names=["Smiling", "Male"]
    )
    images, labels = faces[0]
    ```
    """
    shape = check_images(image_shape, batch_size, crop, workers, seed, cache)
    layers = augmentation if isinstance(augmentation, (list, tuple)) else [augmentation]
    reader = functools.partial(fit, shape=shape, crop=crop)
    pictures = open_source(source, reader, threads(workers), data_dir)
    labels, label_names = read_labels(pictures, labels, label_names)
    return ImageDataset(
        pictures,
        image_shape=shape,
        augmentation=[layer for layer in layers if layer is not None],
        labels=labels,
        label_names=label_names,
        batch_size=batch_size,
        flip=flip,
        shuffle=shuffle,
        cache=cache,
        seed=seed,
        drop_remainder=drop_remainder,
        workers=workers,
    )
