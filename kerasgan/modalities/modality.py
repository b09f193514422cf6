"""The contract of a modality."""

import keras
import numpy as np
from keras import ops

from kerasgan.files import write_whole


class Modality:
    """What one kind of sample is, from the user to the networks and back.

    A subclass says what it accepts in `kinds` and `accepted` and overrides what is different
    from arrays of floats. What was fitted to data, a vocabulary or a sample rate, is an argument
    of the constructor, so that it is saved with the model; register the class with
    `keras.saving.register_keras_serializable`.

    Attributes:
        accepted: String, what is accepted, for messages.
        integers: Names of the integer dtypes that are accepted beside floats.
        limit: Float: what no float's absolute value is above.
        served_as: Dtype of what an exported model takes and gives.
        stored_as: Name of the array in an `.npz` file of samples.
        suffixes: Endings of files that `write` makes, the usual one first.
    """

    accepted = "finite floats"
    integers = ()
    limit = float("inf")
    suffixes = (".npz",)
    served_as = "float32"
    stored_as = "samples"

    def expected(self, shape):
        """The sentence that says what a batch should be."""
        if shape is None:
            return f"Expected {self.accepted}."
        sides = ", ".join(["batch", *("any" if n is None else str(n) for n in shape)])
        return f"Expected shape ({sides}), {self.accepted}."

    def check(self, batch, where="x", shape=None):
        """Refuse a batch that is not of this kind.

        Args:
            batch: What the user gave.
            where: What the messages call it.
            shape: Of one sample, None for a side of any length; None where it is not known.

        Raises:
            ValueError: On a wrong rank, size, dtype or range, on NaN, on no sample at all.
        """
        expected = self.expected(shape)
        if not hasattr(batch, "shape") or not hasattr(batch, "dtype"):
            raise ValueError(f"{expected} Received in {where}: {type(batch).__name__}")
        if shape is not None and not _fits(shape, tuple(batch.shape)):
            raise ValueError(f"{expected} Received in {where}: shape {tuple(batch.shape)}")
        if batch.shape[0] == 0:
            raise ValueError(f"{expected} Received in {where}: no sample at all")
        dtype = keras.backend.standardize_dtype(batch.dtype)
        if dtype in self.integers:
            return
        if not keras.backend.is_float_dtype(dtype):
            raise ValueError(f"{expected} Received in {where}: dtype {dtype}")
        values = ops.convert_to_numpy(batch)
        low, high = float(np.min(values)), float(np.max(values))
        if not np.isfinite([low, high]).all():
            raise ValueError(f"{expected} Received in {where}: NaN or infinite values")
        self.check_range(low, high, where, expected)

    def check_range(self, low, high, where, expected):
        """Refuse floats in [low, high] that are out of the range."""
        if low < -self._most or high > self._most:
            raise ValueError(f"{expected} Received in {where}: values in [{low:g}, {high:g}]")

    def wrong(self, batch):
        """How many values of a batch are NaN, infinite or out of the range, inside a step.

        Args:
            batch: Tensor, as the user gave it.

        Returns:
            Scalar tensor, or None where the dtype rules them out.
        """
        batch = ops.convert_to_tensor(batch)
        if keras.backend.standardize_dtype(batch.dtype) in self.integers:
            return None
        # In half precision the bound would round to the limit.
        return count_of_others(ops.abs(ops.cast(batch, "float32")) < self._most)

    @property
    def _most(self):
        # Rounding, of resizing say, may step over the limit.
        return self.limit + 1e-3

    def to_network(self, batch):
        """A batch as the networks see it, inside a step."""
        return ops.cast(ops.convert_to_tensor(batch), keras.config.floatx())

    def to_user(self, values):
        """What the user gets of the networks' output, a float32 NumPy array."""
        return values

    def seen(self, values):
        """What the networks see of what an exported model takes, of dtype `served_as`.

        By operations of Keras alone, of symbolic tensors too.
        """
        return values

    def served(self, values):
        """What an exported model gives of the networks' output, by operations of Keras alone.

        Here the numbers themselves, for `to_user` to decode.
        """
        return values

    def preview(self, samples):
        """A picture of samples as `to_user` gives them: uint8 `(height, width, 1, 3 or 4)`."""
        raise NotImplementedError

    def write(self, samples, path):
        """Write samples as `to_user` gives them into one file, by its suffix; whole or not."""

        def save(temporary):
            with open(temporary, "wb") as file:
                np.savez_compressed(file, **{self.stored_as: samples})

        write_whole(path, save)

    def write_each(self, samples, folder, suffix=None):
        """Write every sample into a file of its own: `0000.png`, …"""
        digits = max(4, len(str(len(samples) - 1)))
        for i in range(len(samples)):
            path = folder / f"{i:0{digits}d}{suffix or self.suffixes[0]}"
            self.write(samples[i : i + 1], path)

    def __repr__(self):
        arguments = ", ".join(f"{key}={value!r}" for key, value in self.get_config().items())
        return f"{type(self).__name__}({arguments})"

    def get_config(self):
        return {}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


def count_of_others(which):
    """How many of these booleans do not hold, inside a step."""
    # Not by `ops.logical_not`: TensorFlow makes `x >= 1` of `not x < 1`, and NaN is neither.
    return ops.size(which) - ops.sum(ops.cast(which, "int32"))


def _fits(shape, batch):
    known = zip(shape, batch[1:])
    return len(batch) == len(shape) + 1 and all(side in (None, other) for side, other in known)
