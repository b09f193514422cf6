"""What `fit` accepts, named, and checked before the first step."""

import contextlib
import copy
import functools
import itertools
import sys

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
        What gives the same as `x` and `y`: arrays by name, for arrays of unequal length a
        dataset, for a generator another that gives the looked-at batch too. `first` is a batch
        by name, of arrays their first two samples.

    Raises:
        ValueError: On what `check_batch` refuses, and on weights of samples.
    """
    arrays = _arrays(x, y, model.takes)
    if arrays is not None:
        _refuse_third(x, model.takes)
        model.check_batch(arrays, "x" if len(arrays) == 1 else "the arrays")
        first = {name: array[:2] for name, array in arrays.items()}
        if len({len(array) for array in arrays.values()}) > 1:
            arrays = Unpaired(arrays, batch_size or 32, model.seed or 0)
        return arrays, None, first
    try:
        if isinstance(x, (tuple, list, str)):
            raise TypeError
        batches = iter(x)
        first = next(batches)
    except TypeError:
        raise ValueError(
            f"{type(model).__name__} takes {', '.join(model.takes)}: arrays, or a dataset, a "
            f"loader or a generator of batches of them. {model.expected()} Received: "
            f"{described(x)}"
        ) from None
    except StopIteration:
        raise ValueError(f"The dataset is empty. Received: {described(x)}") from None
    _refuse_third(first, model.takes)
    batch = named(first, (*model.takes, *model.beside))
    model.check_batch(batch, "the first batch")
    if batches is not x:
        return _as_keras_takes_it(x, first, batch, model), None, batch
    # Keras takes a generator, not any iterator, and tuples, not arrays.
    whole = itertools.chain([first], batches)
    return (given if isinstance(given, tuple) else (given,) for given in whole), None, batch


def described(value):
    """What a value is, for messages: not what it holds, which may be a million numbers."""
    if _is_array(value):
        return f"{value.dtype} array of shape {tuple(value.shape)}"
    if isinstance(value, (tuple, list)) and value:
        kinds = sorted({type(item).__name__ for item in value})
        return f"{type(value).__name__} of {len(value)} {' and '.join(kinds)}"
    return type(value).__name__


def refuse_weights(**weights):
    """Raise if any of these arguments is given."""
    for argument, value in weights.items():
        if value is not None:
            raise ValueError(
                f"{argument} has no meaning for an adversarial loss. Repeat or drop "
                "samples in the data instead."
            )


# The least of each count that `fit` and `evaluate` are given.
_LEAST = {
    "batch_size": 1,
    "validation_batch_size": 1,
    "steps": 1,
    "steps_per_epoch": 1,
    "validation_steps": 1,
    "epochs": 0,
    "initial_epoch": 0,
}


def refuse_counts(**arguments):
    """Raise if one of these arguments of `fit` is no whole number, or too small."""
    for name, least in _LEAST.items():
        value = arguments.get(name)
        is_whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
        if value is not None and not (is_whole and value >= least):
            received = value if is_whole or isinstance(value, float) else described(value)
            raise ValueError(
                f"{name} must be a whole number, {least} or more. Received: {received}"
            )
    first, last = (arguments.get(name) for name in ("initial_epoch", "epochs"))
    if first and (1 if last is None else last) < first:
        raise ValueError(
            f"epochs is the epoch to train to, counted from the first: {first} or more. Received: "
            f"initial_epoch={first}, epochs={last}"
        )


def _refuse_third(data, takes):
    """Refuse what Keras takes for weights of samples: the third of what holds two at most."""
    if isinstance(data, (tuple, list)) and len(data) > max(2, len(takes)):
        refuse_weights(sample_weight=data[2])


def _is_array(value):
    return hasattr(value, "shape") and hasattr(value, "dtype")


def _arrays(x, y, takes):
    """The arrays by name, or None if `x` gives batches."""
    if _is_array(x):
        x = (x, y)
    if isinstance(x, dict) or (isinstance(x, (tuple, list)) and any(map(_is_array, x))):
        return {name: _as_array(value) for name, value in named(x, takes).items()}
    return None


def _as_array(value):
    """A list, of labels say, as an array; what is none as it is."""
    with contextlib.suppress(ValueError):
        return np.asarray(value) if isinstance(value, (tuple, list)) else value
    return value


def _as_keras_takes_it(x, first, batch, model):
    """What gives the batches of a dataset in a form that Keras takes on every backend."""
    torch_data = sys.modules.get("torch.utils.data")
    if isinstance(x, keras.utils.PyDataset):
        return _InTuples(x) if isinstance(first, dict) else x
    if torch_data and isinstance(x, torch_data.DataLoader) and not isinstance(first, (tuple, list)):
        # Keras would take a tensor's rows, or a dict's keys, for the parts of a batch.
        loader = copy.copy(x)
        inside = {"__iter__": lambda _: ((given,) for given in x)}
        loader.__class__ = type("InTuples", (type(x),), inside)
        return loader
    specs = keras.tree.flatten(getattr(x, "element_spec", ()))
    if any(getattr(getattr(spec, "shape", ()), "rank", 0) is None for spec in specs):
        return x.map(lambda *parts: _with_shapes(named(parts, model.takes), batch, model))
    return x


def _with_shapes(tensors, batch, model):
    """Tensors of a `tf.data.Dataset` with the ranks and sides of its first batch."""
    shaped = {}
    for name, seen in batch.items():
        shape = model.sample_shapes.get(name) or ()
        # Sides of any length may differ from batch to batch.
        shape = shape if None in shape else seen.shape[1:]
        shaped[name] = sys.modules["tensorflow"].ensure_shape(tensors[name], (None, *shape))
    return shaped


class Unpaired(keras.utils.PyDataset):
    """Arrays of unequal length by name, each in an order of its own; of one length, in one.

    An epoch is as long as the longest; a shorter one begins anew, in a new order.
    """

    orders_itself = True

    def __init__(self, arrays, batch_size, seed):
        super().__init__()
        self.arrays, self.batch_size, self.seed = arrays, batch_size, seed
        self.epoch = 0
        self.most = max(map(len, arrays.values()))
        lengths = [*map(len, arrays.values())]
        self.orders = {name: lengths.index(len(array)) for name, array in arrays.items()}
        self._begun = False

    def __len__(self):
        return -(-self.most // self.batch_size)

    def __getitem__(self, index):
        start = self.epoch * self.most + index * self.batch_size
        rows = range(start, min(start + self.batch_size, (self.epoch + 1) * self.most))
        return ({name: self._drawn(name, rows) for name in self.arrays},)

    def _drawn(self, name, rows):
        array, number = self.arrays[name], self.orders[name]
        n = len(array)
        return array[[_order(self.seed, number, row // n, n)[row % n] for row in rows]]

    def on_epoch_begin(self):
        self._begun = True

    def on_epoch_end(self):
        # Keras also ends an epoch before the first one begins.
        self.epoch += self._begun


@functools.lru_cache(maxsize=8)
def _order(seed, number, times, n):
    """The order in which arrays of this number are gone through, for so many times before."""
    return np.random.default_rng([seed, number, times]).permutation(n)


class FromEpoch(keras.callbacks.Callback):
    """Brings a dataset that orders itself to the epoch that `fit` begins with.

    `keras.callbacks.BackupAndRestore` finds it when training has begun. A dataset that is ahead,
    of a `fit` before, goes on.
    """

    def __init__(self, dataset):
        super().__init__()
        self.dataset = getattr(dataset, "dataset", dataset)

    def on_train_begin(self, logs=None):
        self._begun = False

    def on_epoch_begin(self, epoch, logs=None):
        if not self._begun and self.dataset.epoch < epoch:
            self.dataset.epoch = epoch
        self._begun = True


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
