"""A model looked at between steps as it is in them, and left as it was."""

import keras
import numpy as np
from keras import ops

from kerasgan.engine import backend
from kerasgan.engine.data import named

BATCH = 64


class Look:
    """What a function sees of a model on the same batches every time.

    Args:
        model: A compiled model.
        see: Function of a dict from a kind of data, `"real"` say, to a batch as a loss gets
            it. Returns a dict of tensors: of a sample each, or scalars. Whatever it changes in
            the model is undone.
        kinds: Dict from a kind to data as `fit` takes it.
        n: Most samples of a kind.
        seed: Integer, of what is chosen of the samples and of what a step would draw.

    Attributes:
        chosen: Dict from a kind to its samples, as arrays by name.

    Raises:
        ValueError: On data that the model cannot train on, or fewer than 2 samples.
    """

    def __init__(self, model, see, kinds, n, seed):
        kinds = {kind: named(data, model.takes) for kind, data in kinds.items()}
        for kind, arrays in kinds.items():
            model.check_batch(arrays, f"the {kind.replace('_', '-')} samples")
        counts = {kind: min(map(len, arrays.values())) for kind, arrays in kinds.items()}
        fewest = min(n, *counts.values())
        if fewest < 2:
            raise ValueError(f"Expected at least 2 samples. Received: n={n} of {fewest}")
        size = min(fewest, BATCH)
        n = fewest - fewest % size
        random = np.random.default_rng(seed)
        fixed = model.fixed_draw(n, random)
        self.chosen = {}
        for kind, arrays in kinds.items():
            rows = random.permutation(counts[kind])[:n]
            self.chosen[kind] = {name: np.asarray(array)[rows] for name, array in arrays.items()}
        self._batches = [
            keras.tree.map_structure(lambda array, i=i: array[i : i + size], (fixed, self.chosen))
            for i in range(0, n, size)
        ]
        self.model, self._see = model, see
        touched = [
            *model.trainable_variables,
            *model.non_trainable_variables,
            *model.metrics_variables,
        ]
        self._step = backend.without_effect(self._in_step, touched)

    def _in_step(self, fixed, kinds):
        fixed = {name: ops.convert_to_tensor(array) for name, array in fixed.items()}
        batches = {kind: self.model.read_batch(arrays) | fixed for kind, arrays in kinds.items()}
        return self._see({kind: self.model.draw(batch) for kind, batch in batches.items()})

    def __call__(self):
        """Arrays of all samples by name, and means of the scalars."""
        backend.sync_state(self.model)
        known = self.model.metrics
        seen = [self._step(*batch) for batch in self._batches]
        # A loss that runs for the first time makes the metrics that it logs.
        for metric in self.model.metrics[len(known) :]:
            metric.reset_state()
        columns = {name: [batch[name] for batch in seen] for name in seen[0]}
        return {
            name: np.concatenate(values) if values[0].ndim else float(np.mean(values))
            for name, values in columns.items()
        }
