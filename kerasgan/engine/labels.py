"""Labels of a model that is conditioned on them: checked, remembered, drawn."""

import difflib

import keras
import numpy as np
from keras import ops

from kerasgan.engine.shapes import shapes

REMEMBERED = 4096


class TakesLabels:
    """What a model with labels adds to `AdversarialModel`.

    Inside a step a label is a vector: one-hot for a class, or the attributes themselves.
    The last 4,096 labels of training are remembered, with the weights, so that `generate`
    can draw from their frequencies.
    """

    takes_labels = True
    label_inputs = (True, True)

    def start_labels(self, label_names, multi_label):
        self.label_dim = shapes(self.generator)[0][1][-1]
        if label_names is not None and len(label_names) != self.label_dim:
            raise ValueError(
                f"label_names must name the {self.label_dim} labels that the generator "
                f"takes. Received {len(label_names)}: {list(label_names)}"
            )
        self.label_names = None if label_names is None else [str(n) for n in label_names]
        self.multi_label = multi_label
        # The last column tells which rows have been written.
        self.seen_labels = self.add_weight(
            shape=(REMEMBERED, self.label_dim + 1), initializer="zeros", trainable=False
        )
        self.next_seen = self.add_weight(
            shape=(), dtype="int32", initializer="zeros", trainable=False
        )

    # In training.

    def check_labels(self, labels, images):
        """Raise a `ValueError` unless these are labels of these images."""
        name, kind = type(self).__name__, self._kind()
        if labels is None:
            raise ValueError(
                f"{name} needs labels: fit(images, labels), or a dataset of (images, "
                f"labels), each label {kind}."
            )
        labels = ops.convert_to_numpy(labels) if hasattr(labels, "shape") else np.array(labels)
        if len(labels) != len(images):
            raise ValueError(f"Received {len(images)} images but {len(labels)} labels.")
        vectors = labels.shape == (len(images), self.label_dim)
        if self.multi_label:
            if not vectors or not np.isfinite(labels.astype("float64")).all():
                raise ValueError(
                    f"Expected each label to be {kind}. Received: shape {labels.shape}, "
                    f"dtype {labels.dtype}"
                )
            return
        if vectors and self.label_dim > 1:
            wrong = labels[(labels.sum(1) != 1) | (labels.max(1) != 1) | (labels.min(1) != 0)]
        elif labels.dtype.kind not in "iub" or labels.shape[1:] not in ((), (1,)):
            raise ValueError(
                f"Expected each label to be {kind}. Received: shape {labels.shape}, dtype "
                f"{labels.dtype}"
            )
        else:
            wrong = labels[(labels < 0) | (labels >= self.label_dim)]
        if len(wrong):
            raise ValueError(f"Expected each label to be {kind}. Received: {wrong[0]}")

    def label_vectors(self, labels):
        """Labels of a batch as vectors, inside a step."""
        labels = ops.convert_to_tensor(labels)
        if len(labels.shape) == 2 and (self.multi_label or labels.shape[1] > 1):
            return ops.cast(labels, keras.config.floatx())
        classes = ops.cast(ops.reshape(labels, (-1,)), "int32")
        return ops.one_hot(classes, self.label_dim, dtype=keras.config.floatx())

    def remember_labels(self, labels):
        """Keep the labels of a training step."""
        labels = labels[:REMEMBERED]
        n = ops.shape(labels)[0]
        places = (self.next_seen + ops.arange(n, dtype="int32")) % REMEMBERED
        rows = ops.concatenate([labels, ops.ones((n, 1))], axis=1)
        self.seen_labels.assign(ops.scatter_update(self.seen_labels, places[:, None], rows))
        self.next_seen.assign((self.next_seen + n) % REMEMBERED)

    # In generation.

    def label_rows(self, n, labels, seed):
        """Label vectors of `n` samples, or of as many as `labels` names if `n` is None."""
        if labels is None:
            return self._drawn(1 if n is None else n, seed)
        rows = self._rows(labels)
        n = len(rows) if n is None else n
        if len(rows) not in (1, n):
            raise ValueError(
                f"labels must be one label, or one for each of the {n} samples. Received "
                f"{len(rows)} labels."
            )
        return np.broadcast_to(rows, (n, self.label_dim)).copy()

    def grid_labels(self, n):
        """Labels of a grid of `n` samples: each class in its turn, or drawn at random."""
        return None if self.multi_label else np.arange(n) * self.label_dim // n

    def _drawn(self, n, seed):
        random = np.random.default_rng(None if seed is None else [seed, 1])
        seen = ops.convert_to_numpy(self.seen_labels)
        seen = seen[seen[:, -1] == 1, :-1]
        if not len(seen):  # not trained: every class alike, no attribute
            seen = np.zeros((1, self.label_dim)) if self.multi_label else np.eye(self.label_dim)
        values, counts = np.unique(seen, axis=0, return_counts=True)
        return values[random.choice(len(values), n, p=counts / counts.sum())].astype("float32")

    def _rows(self, labels):
        if self.multi_label:
            if isinstance(labels, (dict, str)):
                labels = [labels]
            if len(labels) and isinstance(labels[0], (dict, str)):
                labels = [self._attributes(label) for label in labels]
            rows = np.atleast_2d(np.asarray(labels, "float32"))
        else:
            values = [labels] if np.ndim(labels) == 0 else list(labels)
            values = [self._index(v) if isinstance(v, str) else v for v in values]
            rows = np.asarray(values)
            if rows.ndim == 1 and rows.dtype.kind in "iu" or not values:
                wrong = rows[(rows < 0) | (rows >= self.label_dim)]
                if len(wrong):
                    raise ValueError(f"A label must be {self._kind()}. Received: {wrong[0]}")
                rows = np.eye(self.label_dim, dtype="float32")[rows.astype(int)]
        if rows.ndim != 2 or rows.shape[1] != self.label_dim or not np.isfinite(rows).all():
            raise ValueError(f"A label must be {self._kind()}. Received: {labels!r}")
        return rows.astype("float32")

    def _attributes(self, label):
        label = {label: 1.0} if isinstance(label, str) else label
        row = np.zeros(self.label_dim, "float32")
        for name, value in label.items():
            row[self._index(name)] = value
        return row

    def _index(self, name):
        known = {n.lower(): i for i, n in enumerate(self.label_names or ())}
        if name.lower() not in known:
            near = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.5)
            meant = f" Did you mean {self.label_names[known[near[0]]]!r}?" if near else ""
            names = ", ".join(self.label_names) if known else "none, its labels have no names"
            raise ValueError(f"Unknown label {name!r}.{meant} This model knows: {names}")
        return known[name.lower()]

    def _kind(self):
        last = self.label_dim - 1
        if self.multi_label:
            names = f" ({', '.join(self.label_names)})" if self.label_names else ""
            return f"a vector of {self.label_dim} attributes{names}"
        names = f" or its name ({', '.join(self.label_names)})" if self.label_names else ""
        return f"an integer from 0 to {last}{names}, or a one-hot vector of {self.label_dim}"
