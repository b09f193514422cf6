"""Pictures as shuffled batches, decoded in worker threads while the model trains."""

import functools
import math
import os
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np

from kerasgan.datasets.labels import read_labels
from kerasgan.datasets.picture import fit
from kerasgan.datasets.sources import open_source, skipped

CACHE_LIMIT = 2 * 2**30


class ImageDataset(keras.utils.PyDataset):
    """Batches of uint8 images `(batch, height, width, channels)`; `load` makes one.

    With labels, batches are tuples `(images, labels)`.

    `fit` takes it on every backend. While the model trains, worker threads make the next
    batches, over the end of the epoch too. Order, flips and the draws of Keras's
    augmentation layers follow from the seed, the epoch and the place in it alone: a run
    that sets `epoch` and goes on gets the batches it would have got. A picture that cannot
    be decoded is named in a warning once, and the next one takes its place, with its label.

    Other models' `fit` needs `shuffle=False`: Keras would shuffle the batches once more, by
    Python's random state, and they would be neither the same nor made ahead.

    Attributes:
        epoch: Integer, 0 at first; the end of an epoch raises it.
        num_images: Number of pictures, without those that `hold_out` took.
        num_labels: Number of classes or attributes; None without labels.
        label_names: List of their names, or None.
        multi_label: False if labels are classes, int32 `(batch,)`; True if attributes,
            float32 `(batch, num_labels)` of 0 and 1; None without labels.
    """

    orders_itself = True

    def __init__(
        self,
        source,
        shape,
        batch_size,
        flip,
        augmentation,
        shuffle,
        cache,
        seed,
        drop,
        workers,
        labels,
        label_names,
    ):
        # Keras's workers would stop for 0.1 s at the end of every epoch and begin the next
        # one with nothing made ahead.
        super().__init__(workers=1)
        self.source = source
        self._places = np.arange(len(source))
        self.batch_size = batch_size
        self.flip = flip
        self.augmentation = augmentation
        self.shuffle = shuffle
        self.seed = seed
        self.drop_remainder = drop
        self.label_names = label_names
        self.num_labels = self.multi_label = None
        self._labels = labels
        if labels is not None:
            self.multi_label = labels.ndim == 2
            known = labels.shape[1] if self.multi_label else int(labels.max()) + 1
            self.num_labels = len(label_names) if label_names else known
        self.epoch = 0
        self._ahead = 2 * workers
        self._pool = ThreadPoolExecutor(workers, "kerasgan-data")
        self._pending = {}
        self._expected = 0
        self._lock = threading.Lock()
        self._layers_lock = threading.Lock()
        self._unreadable = set()
        size = len(source) * math.prod(shape)
        keep = size <= CACHE_LIMIT if cache == "auto" else cache
        # Memory is taken as pictures are decoded, not at once.
        self._cache = np.empty((len(source), *shape), "uint8") if keep else None
        self._cached = np.zeros(len(source), bool)

    @property
    def num_images(self):
        return len(self._places)

    def sample(self, n):
        """`n` pictures as a batch, drawn by the seed; not mirrored, not augmented."""
        return self._drawn(n)[1]

    def hold_out(self, n):
        """Take `n` pictures out of training and return them, as `sample` does.

        Call it before training begins.

        Raises:
            ValueError: If `n` is below 1, or none would be left to train on.
        """
        if not 0 < n < self.num_images:
            raise ValueError(
                f"Of {self.num_images} pictures {n} cannot be held out: at least one must be, "
                "and at least one must be left to train on."
            )
        used, batch = self._drawn(n)
        self._places = np.setdiff1d(self._places, used)
        return batch

    def _drawn(self, n):
        drawn = np.random.default_rng(self.seed).permutation(self.num_images)[:n]
        used, images = zip(*(self._readable(i) for i in drawn))
        return used, self._with_labels(used, np.stack(images))

    @property
    def epoch(self):
        return self._epoch

    @epoch.setter
    def epoch(self, epoch):
        self._epoch = epoch
        self._begun = False

    def __len__(self):
        batches = self.num_images / self.batch_size
        return math.floor(batches) if self.drop_remainder else math.ceil(batches)

    def on_epoch_begin(self):
        self._begun = True

    def on_epoch_end(self):
        # Keras also ends an epoch before the first one begins.
        if self._begun:
            self.epoch += 1

    def __getitem__(self, index):
        if not 0 <= index < len(self):
            raise IndexError(f"There are {len(self)} batches. Received: index={index}")
        number = self.epoch * len(self) + index
        if index and number != self._expected:
            return self._batch(number)
        with self._lock:
            self._expected = number + 1
            self._pending = {
                n: self._pending.get(n) or self._pool.submit(self._batch, n)
                for n in range(number, number + self._ahead)
            }
            batch = self._pending[number]
        return batch.result()

    def _batch(self, number):
        """Batch `number`, counted through all epochs."""
        epoch, index = divmod(number, len(self))
        order, flipped = _plan(self.seed, epoch, self.num_images, self.shuffle, self.flip)
        places = slice(index * self.batch_size, (index + 1) * self.batch_size)
        used, images = zip(*(self._readable(i) for i in order[places]))
        images = np.stack(images)
        images[flipped[places]] = images[flipped[places], :, ::-1]
        if self.augmentation:
            images = self._augmented(images, epoch, index)
        return self._with_labels(used, images)

    def _with_labels(self, used, images):
        return images if self._labels is None else (images, self._labels[list(used)])

    def _readable(self, index):
        """The first picture from `index` on that can be decoded: its place, and it."""
        for i in range(index, index + self.num_images):
            place = int(self._places[i % self.num_images])
            image = self._decoded(place)
            if image is not None:
                return place, image
        raise ValueError(f"None of the {self.num_images} pictures can be decoded.")

    def _decoded(self, i):
        if self._cached[i]:
            return self._cache[i]
        if i in self._unreadable:
            return None
        try:
            image = self.source[i]
        except Exception as error:  # Pillow's plugins raise all kinds
            with self._lock:
                if i not in self._unreadable:
                    self._unreadable.add(i)
                    warnings.warn(skipped(self.source.name(i), error))
            return None
        if self._cache is not None:
            # In this order, so that no thread reads a row that is not yet written.
            self._cache[i] = image
            self._cached[i] = True
        return image

    def _augmented(self, images, epoch, index):
        random = np.random.default_rng([self.seed, epoch, index])
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


@functools.lru_cache(maxsize=4)
def _plan(seed, epoch, num_images, shuffle, flip):
    """The order of an epoch's images, and which places in it are mirrored."""
    random = np.random.default_rng([seed, epoch])
    order = random.permutation(num_images)
    if not shuffle:
        order.sort()
    return order, random.random(num_images) < (0.5 if flip else 0.0)


def load(
    source,
    image_shape=(64, 64, 3),
    batch_size=64,
    crop=None,
    flip=True,
    augmentation=None,
    shuffle=True,
    cache="auto",
    seed=0,
    drop_remainder=False,
    workers=None,
    data_dir=None,
    labels=None,
    label_names=None,
):
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
    shape = tuple(image_shape) if isinstance(image_shape, (tuple, list)) else ()
    if len(shape) != 3 or min(shape) < 1 or shape[2] not in (1, 3, 4):
        raise ValueError(
            "image_shape must be (height, width, channels) with 1, 3 or 4 channels. "
            f"Received: image_shape={image_shape!r}"
        )
    workers = min(os.cpu_count() or 1, 16) if workers is None else workers
    for argument, value in {"batch_size": batch_size, "crop": crop, "workers": workers}.items():
        if value is not None and value < 1:
            raise ValueError(f"{argument} must be at least 1. Received: {argument}={value}")
    if cache not in (True, False, "auto"):
        raise ValueError(f"cache must be True, False or 'auto'. Received: cache={cache!r}")
    if not isinstance(seed, int) or seed < 0:
        raise ValueError(f"seed must be an integer, 0 or more. Received: seed={seed!r}")
    layers = augmentation if isinstance(augmentation, (list, tuple)) else [augmentation]
    pictures = open_source(
        source, functools.partial(fit, shape=shape, crop=crop), workers, data_dir
    )
    if drop_remainder and len(pictures) < batch_size:
        raise ValueError(
            f"{len(pictures)} pictures fill no batch of {batch_size}, and drop_remainder "
            "leaves out smaller ones. Lower batch_size."
        )
    return ImageDataset(
        pictures,
        shape,
        batch_size,
        flip,
        [layer for layer in layers if layer is not None],
        shuffle,
        cache,
        seed,
        drop_remainder,
        workers,
        *read_labels(pictures, labels, label_names),
    )
