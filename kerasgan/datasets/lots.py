"""Batches by Poisson sampling, of which differential privacy is counted."""

import keras
import numpy as np

from kerasgan.datasets.epochs import CountsEpochs

# The chance that a lot has more records than there is room for, which are then left out.
OVERFLOW = 1e-15


class Lots(CountsEpochs, keras.utils.PyDataset):
    """Records drawn each with the same probability, in arrays of one length.

    Args:
        real: Array of all records.
        batch_size: Records of a lot, on average.
        seed: Integer.
        multiple: Integer that divides how many an array has.

    Attributes:
        share: The probability.
    """

    orders_itself = True

    def __init__(self, real, batch_size, seed, multiple):
        from scipy.stats import binom

        super().__init__()
        self.real, self.batch_size, self.seed = real, batch_size, seed
        self.share = batch_size / len(real)
        self.epoch = 0
        most = min(len(real), int(binom.isf(OVERFLOW, len(real), self.share)) + 1)
        self.room = -(-most // multiple) * multiple

    def __len__(self):
        return -(-len(self.real) // self.batch_size)

    def __getitem__(self, index):
        random = np.random.default_rng([self.seed, self.epoch, index])
        chosen = np.flatnonzero(random.random(len(self.real)) < self.share)[: self.room]
        real = np.zeros((self.room, *self.real.shape[1:]), self.real.dtype)
        included = np.zeros((self.room, 1), "float32")
        real[: len(chosen)], included[: len(chosen)] = self.real[chosen], 1.0
        return ({"real": real, "included": included},)
