"""Items of any kind as shuffled batches, decoded in worker threads while a model trains."""

import functools
import hashlib
import math
import numbers
import os
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np

from kerasgan.datasets.divided import IsDivided
from kerasgan.datasets.epochs import CountsEpochs
from kerasgan.datasets.folder import skipped

CACHE_LIMIT = 2 * 2**30


class Batches(IsDivided, CountsEpochs, keras.utils.PyDataset):
    """What every dataset here is: items of a source, in batches that `fit` takes.

    Worker threads make the next batches while the model trains, over the end of the epoch
    too. Every bit of a batch follows from the seed, the epoch and the place in it alone: a run
    that sets `epoch` and goes on gets the batches it would have got. An item that cannot be
    decoded is named in a warning once, and the next one takes its place.

    Other models' `fit` needs `shuffle=False`: Keras would shuffle the batches once more, by
    Python's random state, and they would be neither the same nor made ahead.

    A subclass says what a batch is: `training_batch`, `plain_batch` and `shapes`.

    Args:
        source: Has a length, `source[i]`, an item, `source.name(i)` and `source.raw(i)`, what is
            stored of it. An item is an array or a tuple of arrays.
        batch_size: Items a batch.
        flip: Whether a place is mirrored with probability 1/2.
        shuffle: Draw a new order every epoch.
        cache: Keep decoded items in memory: a bool, or `"auto"` for up to 2 GiB.
        seed: Integer, 0 or more.
        drop_remainder: Leave out the last batch of an epoch if it is smaller.
        workers: Threads, by default one a processor, up to 16.
        repeats: How often an epoch has each item.

    Attributes:
        epoch: Integer, 0 at first; the end of an epoch raises it.
        num_images: Number of items, without those that `hold_out` took.
        shapes: Dict from the name of what a model takes to its shape without the batch.
        modalities: Dict from such a name to a modality, where the data decide it.
    """

    orders_itself = True
    label_names = num_labels = multi_label = None
    _what = "pictures"

    def __init__(
        self,
        source,
        *,
        batch_size,
        flip=False,
        shuffle=True,
        cache="auto",
        seed=0,
        drop_remainder=False,
        workers=None,
        repeats=1,
    ):
        # Keras's workers would stop for 0.1 s at the end of every epoch and begin the next
        # one with nothing made ahead.
        super().__init__(workers=1)
        check_options(batch_size=batch_size, workers=workers, seed=seed, cache=cache)
        if drop_remainder and len(source) * repeats < batch_size:
            raise ValueError(
                f"{len(source)} {self._what} fill no batch of {batch_size}, and drop_remainder "
                "leaves out smaller ones. Lower batch_size."
            )
        self.source = source
        self.batch_size = batch_size
        self.flip = flip
        self.shuffle = shuffle
        self.seed = seed
        self.drop_remainder = drop_remainder
        self.repeats = repeats
        self.epoch = 0
        self._places = np.arange(len(source))
        self._ahead = 2 * threads(workers)
        self._pool = ThreadPoolExecutor(threads(workers), "kerasgan-data")
        self._pending = {}
        self._expected = 0
        self._lock = threading.Lock()
        self._unreadable = set()
        self._kept = {}
        self._room = CACHE_LIMIT if cache == "auto" else math.inf if cache else 0

    def training_batch(self, items, mirrored, random):
        """A batch to train on.

        Args:
            items: Iterator of `(place, item)`, each decoded as it is asked for.
            mirrored: bool `(batch,)`, which of them to mirror.
            random: `numpy.random.Generator` for all else that is drawn.
        """
        raise NotImplementedError

    def plain_batch(self, items):
        """The same items as they are, nothing drawn, for `sample` and `hold_out`."""
        raise NotImplementedError

    @property
    def shapes(self):
        raise NotImplementedError

    @property
    def modalities(self):
        return {}

    @property
    def num_images(self):
        return len(self._places)

    def __repr__(self):
        shapes = ", ".join(f"{name} {shape}" for name, shape in self.shapes.items())
        names = self.label_names or []
        named = f" ({', '.join(names[:5])}{', …' * (len(names) > 5)})" if names else ""
        return (
            f"<{type(self).__name__}: {self.num_images:,} {self._what} in batches of "
            f"{self.batch_size}: {shapes}{named}>"
        )

    def fingerprint(self):
        """A text that is another one as soon as anything stored of the items is, or their order."""
        whole = hashlib.blake2b(digest_size=16)
        for digest in self._pool.map(self._digest, range(len(self.source))):
            whole.update(digest)
        return whole.hexdigest()

    def _digest(self, place):
        try:
            stored = self.source.raw(place)
        except OSError:  # named when it is to be decoded
            stored = b""
        return digest_of(*(stored if isinstance(stored, tuple) else (stored,)))

    def sample(self, n):
        """`n` items as a batch, drawn by the seed; nothing else about them is drawn."""
        if n < 1:
            raise ValueError(f"n must be 1 or more. Received: n={n}")
        return self._drawn(n)[1]

    def everything(self):
        """All items once as a batch, nothing about them drawn, without what cannot be decoded."""
        items = ((int(place), self._decoded(place)) for place in self._places)
        return self.plain_batch([(place, item) for place, item in items if item is not None])

    def hold_out(self, n, among=None):
        """Take `n` items out of training and return them, as `sample` does.

        Call it before training begins.

        Args:
            n: Integer.
            among: Places of the source that they are drawn from, by default all.

        Raises:
            ValueError: If `n` is below 1, or no batch would be left to train on.
        """
        most = self.num_images - 1 if among is None else np.isin(self._places, among).sum()
        if not 0 < n <= most:
            raise ValueError(
                f"Of {self.num_images} {self._what} {n} cannot be held out: at least one must "
                f"be, and at most {most}, so that what training needs is left."
            )
        if self.drop_remainder and (self.num_images - n) * self.repeats < self.batch_size:
            raise ValueError(
                f"Of {self.num_images} {self._what} {n} cannot be held out: those left fill no "
                f"batch of {self.batch_size}. Lower n or batch_size."
            )
        used, batch = self._drawn(n, among)
        with self._lock:
            self._places = np.setdiff1d(self._places, used)
            self._pending = {}
        return batch

    def _drawn(self, n, among=None):
        items = [self._readable(i) for i in self._numbers_drawn(n, among)]
        return [place for place, _ in items], self.plain_batch(items)

    def _numbers_drawn(self, n, among):
        found = np.arange(self.num_images)
        if among is not None:
            found = found[np.isin(self._places, among)]
        return np.random.default_rng(self.seed).permutation(found)[:n]

    def __len__(self):
        batches = self.num_images * self.repeats / self.batch_size
        return math.floor(batches) if self.drop_remainder else math.ceil(batches)

    def __getitem__(self, index):
        if not 0 <= index < len(self):
            raise IndexError(f"There are {len(self)} batches. Received: index={index}")
        number = self.epoch * len(self) + index
        if index and number != self._expected:
            return self._batch(number)
        return self.numbered(number)

    def numbered(self, number):
        """Batch `number`, counted through all epochs; those after it are begun."""
        with self._lock:
            self._expected = number + 1
            self._pending = {
                n: self._pending.get(n) or self._pool.submit(self._batch, n)
                for n in range(number, number + self._ahead)
            }
            batch = self._pending[number]
        return batch.result()

    def _batch(self, number):
        epoch, index = divmod(number, len(self))
        random = np.random.default_rng([self.seed, epoch, index])
        chosen, mirrored = map(self._own, self._chosen(epoch, index, random))
        random = self._own_random(random, epoch, index)
        # Decoded one by one: large photographs would not all fit in memory.
        return self.training_batch((self._readable(i) for i in chosen), mirrored, random)

    def _chosen(self, epoch, index, random):
        n = self.num_images * self.repeats
        order, mirrored = _plan(self.seed, epoch, n, self.shuffle, self.flip)
        places = slice(index * self.batch_size, (index + 1) * self.batch_size)
        return order[places], mirrored[places]

    def _readable(self, index):
        """The first item from `index` on that can be decoded: its place, and it."""
        for i in range(index, index + self.num_images):
            place = int(self._places[i % self.num_images])
            item = self._decoded(place)
            if item is not None:
                return place, item
        raise ValueError(f"None of the {self.num_images} {self._what} can be decoded.")

    def _decoded(self, i):
        if i in self._kept:
            return self._kept[i]
        if i in self._unreadable:
            return None
        try:
            item = self.source[i]
        except Exception as error:  # Pillow's plugins raise all kinds
            with self._lock:
                if i not in self._unreadable:
                    self._unreadable.add(i)
                    warnings.warn(skipped(self.source.name(i), error))
            return None
        size = sum(array.nbytes for array in (item if isinstance(item, tuple) else (item,)))
        with self._lock:
            if i not in self._kept and size <= self._room:
                self._kept[i] = item
                self._room -= size
        return item


@functools.lru_cache(maxsize=4)
def _plan(seed, epoch, n, shuffle, flip):
    """The order of an epoch's `n` items, and which places in it are mirrored."""
    random = np.random.default_rng([seed, epoch])
    order = random.permutation(n)
    if not shuffle:
        order.sort()
    return order, random.random(n) < (0.5 if flip else 0.0)


def threads(workers):
    """How many threads a door's `workers` means."""
    return min(os.cpu_count() or 1, 16) if workers is None else workers


def digest_of(*contents):
    """Bytes that stand for these arrays or bytes."""
    found = hashlib.blake2b(digest_size=16)
    for content in contents:
        content = content if isinstance(content, bytes) else np.ascontiguousarray(content)
        found.update(str((len(content), getattr(content, "shape", ""))).encode())
        found.update(content)
    return found.digest()


def check_options(*, seed, cache="auto", **counts):
    """Refuse what no door takes; `counts` are integers, 1 or more, or None."""
    for argument, value in counts.items():
        if value is not None and not (_is_integer(value) and value >= 1):
            raise ValueError(
                f"{argument} must be an integer, 1 or more. Received: {argument}={value!r}"
            )
    if cache not in (True, False, "auto"):
        raise ValueError(f"cache must be True, False or 'auto'. Received: cache={cache!r}")
    if not _is_integer(seed) or seed < 0:
        raise ValueError(f"seed must be an integer, 0 or more. Received: seed={seed!r}")


def _is_integer(value):
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)
