"""Batches by Poisson sampling, of which differential privacy is counted."""

import keras
import numpy as np

from kerasgan.datasets.epochs import CountsEpochs

# The chance that a lot has more records than there is room for, which are then left out.
OVERFLOW = 1e-15


class Lots(CountsEpochs, keras.utils.PyDataset):
    """Records drawn each with the same probability, in arrays of one length.

    Args:
        records: Dict of arrays of all records, by name.
        batch_size: Records of a lot, on average.
        seed: Integer.
        multiple: Integer that divides how many an array has.

    Attributes:
        share: The probability.
    """

    orders_itself = True

    def __init__(self, records, batch_size, seed, multiple):
        from scipy.stats import binom

        super().__init__()
        self.records, self.batch_size, self.seed = records, batch_size, seed
        self.n = len(next(iter(records.values())))
        self.share = batch_size / self.n
        self.epoch = 0
        most = min(self.n, int(binom.isf(OVERFLOW, self.n, self.share)) + 1)
        self.room = -(-most // multiple) * multiple

    def __len__(self):
        return -(-self.n // self.batch_size)

    def __getitem__(self, index):
        random = np.random.default_rng([self.seed, self.epoch, index])
        chosen = np.flatnonzero(random.random(self.n) < self.share)[: self.room]
        lot = {"included": np.zeros((self.room, 1), "float32")}
        lot["included"][: len(chosen)] = 1.0
        for name, array in self.records.items():
            lot[name] = np.zeros((self.room, *array.shape[1:]), array.dtype)
            lot[name][: len(chosen)] = array[chosen]
        return (lot,)
