"""Labels of a model that is conditioned on them: remembered, and drawn."""

import numpy as np
from keras import ops

from kerasgan.engine import backend

REMEMBERED = 4096


class RemembersLabels:
    """What a model with labels adds to `GeneratesSamples`.

    The last 4,096 labels of training are remembered, with the weights, so that `generate`
    can draw from their frequencies.
    """

    def start_memory(self):
        # The last column tells which rows hold a label.
        self.seen_labels = self.add_weight(
            shape=(REMEMBERED, self.labels.dim + 1), initializer="zeros", trainable=False
        )
        self.next_seen = self.add_weight(
            shape=(), dtype="int32", initializer="zeros", trainable=False
        )

    def after_step(self, batch):
        labels = batch["labels"][:REMEMBERED]
        n = ops.shape(labels)[0]
        places = (self.next_seen + ops.arange(n, dtype="int32")) % REMEMBERED
        valid = ops.cast(self.labels.valid(labels), labels.dtype)
        rows = ops.concatenate([labels, valid[:, None]], axis=1)
        rows = ops.cast(rows, self.seen_labels.dtype)
        self.seen_labels.assign(ops.scatter_update(self.seen_labels, places[:, None], rows))
        self.next_seen.assign((self.next_seen + n) % REMEMBERED)

    def label_rows(self, n, labels, seed):
        """Label vectors of `n` samples, or of as many as `labels` names if `n` is None."""
        if labels is None:
            return self._drawn(1 if n is None else n, seed)
        rows = self.labels.rows(labels)
        n = len(rows) if n is None else n
        if len(rows) not in (1, n):
            raise ValueError(
                f"labels must be one label, or one for each of the {n} samples. Received "
                f"{len(rows)} labels."
            )
        return np.broadcast_to(rows, (n, self.labels.dim)).copy()

    def grid_labels(self, n):
        """Labels of a grid of `n` samples: each class in its turn, or drawn at random."""
        return self.labels.in_a_grid(n)

    def _drawn(self, n, seed):
        random = np.random.default_rng(None if seed is None else [seed, 1])
        with backend.settled(self):
            seen = np.array(ops.convert_to_numpy(self.seen_labels))
        seen = seen[seen[:, -1] == 1, :-1]
        if not len(seen):
            seen = self.labels.untrained()
        values, counts = np.unique(seen, axis=0, return_counts=True)
        return values[random.choice(len(values), n, p=counts / counts.sum())].astype("float32")
