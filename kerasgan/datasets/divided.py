"""Batches of which every device has an equal part."""

import numpy as np


class IsDivided:
    """A dataset with a `batch_size` whose batches may be divided over devices."""

    _divided = 1, None

    def divide(self, n, part=None):
        """Fill batches up to a multiple of `n`, by items of theirs; give the part of one alone.

        Args:
            n: Number of devices.
            part: Which of them reads here, no more than its part of every batch; None for all.

        Raises:
            ValueError: If `batch_size` is no multiple.
        """
        if self.batch_size % n:
            raise ValueError(
                f"{n} devices take an equal part of every batch, so that batch_size must be a "
                f"multiple of {n}. Received: batch_size={self.batch_size}"
            )
        with self._lock:
            self._divided = n, part
            self._pending = {}

    def _own(self, chosen):
        """The part of an array, what was chosen for a batch, that is read here; None of None."""
        if chosen is None:
            return None
        n, part = self._divided
        filled = np.resize(chosen, -(-len(chosen) // n) * n)
        return filled if part is None else np.split(filled, n)[part]

    def _own_random(self, random, epoch, index):
        """By what all else is drawn: parts are not cut, turned and degraded alike."""
        part = self._divided[1]
        return np.random.default_rng([self.seed, epoch, index, part]) if part else random
