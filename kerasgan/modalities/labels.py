"""What is known of a sample: its class, or its attributes."""

import difflib

import keras
import numpy as np
from keras import ops

from kerasgan.engine.registry import register
from kerasgan.modalities.modality import Modality, count_of_others


class Labels(Modality):
    """What `ClassLabels` and `Attributes` share: `dim` of them, with names or without.

    Inside a step a label is a vector `(dim,)`.
    """

    def __init__(self, dim: int, names: list[str] | None = None):
        if dim < 1 or (names is not None and len(names) != dim):
            raise ValueError(
                "Labels need at least one class or attribute, and a name for each or none. "
                f"Received: dim={dim}, names={names!r}"
            )
        self.dim = int(dim)
        self.names = None if names is None else [str(name) for name in names]

    def describe(self):
        """What one label is, for messages."""
        raise NotImplementedError

    def expected(self, shape=None):
        return f"Expected each label to be {self.describe()}."

    def rows(self, labels):
        """Labels as a user of `generate` gives them, as vectors `(n, dim)`."""
        raise NotImplementedError

    def named(self, words, n):
        """Labels of `n` samples in words, a list, as `generate` takes them."""
        raise NotImplementedError

    def words(self):
        """Words that `named` takes, to choose from."""
        return self.names or [str(i) for i in range(self.dim)]

    def valid(self, vectors):
        """Which of the vectors `(n, dim)` are labels, inside a step: booleans `(n,)`."""
        return ops.all(ops.isfinite(vectors), axis=1)

    def wrong(self, batch):
        return count_of_others(self.valid(self.to_network(batch)))

    def untrained(self):
        """Vectors to draw from as long as none were seen."""
        raise NotImplementedError

    def in_a_grid(self, n):
        """Labels of a grid of `n` samples; None to draw them at random."""

    def get_config(self):
        return {"dim": self.dim, "names": self.names}

    def _refuse(self, received):
        raise ValueError(f"{self.expected()} Received: {received}")

    def _index(self, name):
        known = {n.lower(): i for i, n in enumerate(self.names or ())}
        if name.lower() not in known:
            near = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.5)
            meant = f" Did you mean {self.names[known[near[0]]]!r}?" if near else ""
            names = ", ".join(self.names) if known else "none, its labels have no names"
            raise ValueError(f"Unknown label {name!r}.{meant} This model knows: {names}")
        return known[name.lower()]

    def _finished(self, rows, labels):
        if rows.ndim != 2 or rows.shape[1] != self.dim or not np.isfinite(rows).all():
            received = labels if np.size(rows) <= self.dim else f"an array of shape {rows.shape}"
            raise ValueError(f"A label must be {self.describe()}. Received: {received!r}")
        return rows.astype("float32")


def _array(labels):
    return ops.convert_to_numpy(labels) if hasattr(labels, "shape") else np.array(labels)


@register
class ClassLabels(Labels):
    """One of `dim` classes: an integer, or a one-hot vector; by its name too in `generate`.

    Args:
        dim: Number of classes.
        names: List of their names, or None.

    Example:

    ```python
    labels = kerasgan.modalities.ClassLabels(3, ["cat", "dog", "fox"])
    model = kerasgan.models.ACGAN(generator, discriminator, labels=labels)
    ```
    """

    def describe(self):
        names = f" or its name ({', '.join(self.names)})" if self.names else ""
        return f"an integer from 0 to {self.dim - 1}{names}, or a one-hot vector of {self.dim}"

    def expected(self, shape=None):
        # Names are for `generate`: a step computes with numbers.
        names = f" ({', '.join(self.names)})" if self.names else ""
        return (
            f"Expected each label to be an integer from 0 to {self.dim - 1}{names}, or a one-hot "
            f"vector of {self.dim}."
        )

    def check(self, batch, where="labels", shape=None):
        labels = _array(batch)
        if labels.dtype.kind in "UST":
            self._refuse("names. Give each by its place among the classes, counted from 0.")
        elif labels.shape[1:] == (self.dim,) and labels.ndim == 2 and self.dim > 1:
            wrong = labels[(labels.sum(1) != 1) | (labels.max(1) != 1) | (labels.min(1) != 0)]
        elif (
            labels.dtype.kind not in "iub" or labels.shape[1:] not in ((), (1,)) or not labels.ndim
        ):
            self._refuse(f"shape {labels.shape}, dtype {labels.dtype}")
        else:
            wrong = labels[(labels < 0) | (labels >= self.dim)]
        if len(wrong):
            self._refuse(wrong[0])

    def to_network(self, batch):
        labels = ops.convert_to_tensor(batch)
        if len(labels.shape) == 2 and labels.shape[1] > 1:
            return ops.cast(labels, keras.config.floatx())
        # A class that there is not gives zeros on every backend; `ops.one_hot` fails on one.
        classes = ops.cast(ops.reshape(labels, (-1, 1)), "int32")
        return ops.cast(classes == ops.arange(self.dim, dtype="int32"), keras.config.floatx())

    def valid(self, vectors):
        return (ops.max(vectors, axis=1) == 1) & (ops.sum(ops.abs(vectors), axis=1) == 1)

    def rows(self, labels):
        values = [labels] if np.ndim(labels) == 0 else list(labels)
        values = [self._index(v) if isinstance(v, str) else v for v in values]
        rows = np.asarray(values)
        if rows.ndim == 1 and rows.dtype.kind in "iu" or not values:
            wrong = rows[(rows < 0) | (rows >= self.dim)]
            if len(wrong):
                raise ValueError(f"A label must be {self.describe()}. Received: {wrong[0]}")
            rows = np.eye(self.dim, dtype="float32")[rows.astype(int)]
        return self._finished(rows, labels)

    def named(self, words, n):
        """Classes by name or number, taken in turn."""
        classes = [int(word) if word.isdecimal() else word for word in words]
        return [classes[i % len(classes)] for i in range(n)]

    def untrained(self):
        return np.eye(self.dim)

    def in_a_grid(self, n):
        return np.arange(n) * self.dim // n


@register
class Attributes(Labels):
    """Any number of `dim` attributes: a vector, 1 for each that is there and 0 for the others.

    `generate` takes a dict from names to values too, or one name.

    Args:
        dim: Number of attributes.
        names: List of their names, or None.

    Example:

    ```python
    labels = kerasgan.modalities.Attributes(2, ["smiling", "eyeglasses"])
    model = kerasgan.models.ACGAN(generator, discriminator, labels=labels)
    faces = model.generate(16, labels={"smiling": 1})
    ```
    """

    def describe(self):
        names = f" ({', '.join(self.names)})" if self.names else ""
        return f"a vector of {self.dim} attributes{names}"

    def check(self, batch, where="labels", shape=None):
        labels = _array(batch)
        fits = labels.ndim == 2 and labels.shape[1] == self.dim and labels.dtype.kind in "biuf"
        if not fits or not np.isfinite(labels.astype("float64")).all():
            self._refuse(f"shape {labels.shape}, dtype {labels.dtype}")

    def rows(self, labels):
        if isinstance(labels, (dict, str)):
            labels = [labels]
        if len(labels) and isinstance(labels[0], (dict, str)):
            labels = [self._named(label) for label in labels]
        return self._finished(np.atleast_2d(np.asarray(labels, "float32")), labels)

    def named(self, words, n):
        """The attributes that every sample has."""
        return dict.fromkeys(words, 1.0)

    def untrained(self):
        return np.zeros((1, self.dim))

    def _named(self, label):
        label = {label: 1.0} if isinstance(label, str) else label
        row = np.zeros(self.dim, "float32")
        for name, value in label.items():
            row[self._index(name)] = value
        return row
