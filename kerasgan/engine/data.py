"""What `fit` accepts, named, and checked before the first step."""

import functools
import itertools

import keras
import numpy as np


def named(data, takes):
    """A batch as a dict by the names of `takes`; what is beyond them, or None, is left out.

    Args:
        data: An array, a tuple of them in the order of `takes`, or a dict by name.
        takes: Tuple of names.

    Raises:
        ValueError: On a name that is not taken.
    """
    if isinstance(data, (tuple, list)) and len(data) == 1:
        data = data[0]
    if isinstance(data, dict):
        unknown = [name for name in data if name not in takes]
        if unknown:
            raise ValueError(
                f"A batch holds {', '.join(takes)}. Received: {', '.join(map(str, unknown))}"
            )
    else:
        data = dict(zip(takes, data if isinstance(data, (tuple, list)) else (data,)))
    return {name: value for name, value in data.items() if value is not None}


def prepared(x, y, model, batch_size=None):
    """Refuse what a model cannot train on; returns `(x, y, first)` to fit in their place.

    The first batch of a dataset or a generator is looked at, arrays as a whole.

    Args:
        x, y: What `fit` was given: an array each, a tuple or a dict of arrays, or in `x` any
            iterable of batches.
        model: Has `takes` and `check_batch`.
        batch_size: Of arrays of unequal length.

    Returns:
        `x` and `y` themselves, or what gives the same: for a generator another that gives
        the looked-at batch too, for arrays of unequal length a dataset. `first` is a batch by
        name, of arrays their first two samples.

    Raises:
        ValueError: On what `check_batch` refuses, and on weights of samples.
    """
    arrays = _arrays(x, y, model.takes)
    if arrays is not None:
        _refuse_third(x, model.takes)
        model.check_batch(arrays, "x" if len(arrays) == 1 else "the arrays")
        if len({len(array) for array in arrays.values()}) > 1:
            x, y = Unpaired(arrays, batch_size or 32, model.seed or 0), None
        elif len(arrays) > 2 or isinstance(x, (dict, tuple, list)):
            x, y = arrays, None
        return x, y, {name: array[:2] for name, array in arrays.items()}
    try:
        batches = iter(x)
        first = next(batches)
    except TypeError:
        raise ValueError(
            f"{type(model).__name__} takes {', '.join(model.takes)}: arrays, or a dataset of "
            f"batches of them. {model.expected()} Received: {type(x).__name__}"
        ) from None
    except StopIteration:
        raise ValueError(f"The dataset is empty. Received: x={x!r}") from None
    _refuse_third(first, model.takes)
    batch = named(first, model.takes)
    model.check_batch(batch, "the first batch")
    if batches is not x:
        is_plain = isinstance(x, keras.utils.PyDataset) and isinstance(first, dict)
        return (_InTuples(x) if is_plain else x), None, batch
    # Keras takes a generator, not any iterator, and tuples, not arrays.
    whole = itertools.chain([first], batches)
    return (given if isinstance(given, tuple) else (given,) for given in whole), None, batch


def refuse_weights(**weights):
    """Raise if any of these arguments is given."""
    for argument, value in weights.items():
        if value is not None:
            raise ValueError(
                f"{argument} has no meaning for an adversarial loss. Repeat or drop "
                "samples in the data instead."
            )


def _refuse_third(data, takes):
    """Refuse what Keras takes for weights of samples: the third of what holds two at most."""
    if isinstance(data, (tuple, list)) and len(data) > max(2, len(takes)):
        refuse_weights(sample_weight=data[2])


def _is_array(value):
    return hasattr(value, "shape") and hasattr(value, "dtype")


def _arrays(x, y, takes):
    """The arrays by name, or None if `x` gives batches."""
    if isinstance(x, dict):
        return named(x, takes)
    if isinstance(x, (tuple, list)) and x and all(v is None or _is_array(v) for v in x):
        return named(tuple(x), takes)
    if _is_array(x):
        return named((x, y), takes)
    return None


class Unpaired(keras.utils.PyDataset):
    """Arrays of unequal length by name, each in an order of its own.

    An epoch is as long as the longest; a shorter one begins anew, in a new order.
    """

    orders_itself = True

    def __init__(self, arrays, batch_size, seed):
        super().__init__()
        self.arrays, self.batch_size, self.seed = arrays, batch_size, seed
        self.epoch = 0
        self.most = max(map(len, arrays.values()))
        self._begun = False

    def __len__(self):
        return -(-self.most // self.batch_size)

    def __getitem__(self, index):
        start = self.epoch * self.most + index * self.batch_size
        rows = range(start, min(start + self.batch_size, (self.epoch + 1) * self.most))
        numbered = enumerate(self.arrays.items())
        return ({name: self._drawn(number, array, rows) for number, (name, array) in numbered},)

    def _drawn(self, number, array, rows):
        n = len(array)
        return array[[_order(self.seed, number, row // n, n)[row % n] for row in rows]]

    def on_epoch_begin(self):
        self._begun = True

    def on_epoch_end(self):
        # Keras also ends an epoch before the first one begins.
        self.epoch += self._begun


@functools.lru_cache(maxsize=8)
def _order(seed, number, times, n):
    """The order in which the array of this number is gone through, for so many times before."""
    return np.random.default_rng([seed, number, times]).permutation(n)


class _InTuples(keras.utils.PyDataset):
    """A `PyDataset` of dicts, as Keras takes it."""

    def __init__(self, dataset):
        super().__init__()
        self.dataset = dataset
        self.orders_itself = getattr(dataset, "orders_itself", False)

    def __len__(self):
        return len(self.dataset)

    def __getitem__(self, index):
        return (self.dataset[index],)

    def on_epoch_begin(self):
        self.dataset.on_epoch_begin()

    def on_epoch_end(self):
        self.dataset.on_epoch_end()
