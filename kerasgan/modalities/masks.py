"""Masks: which pixels of an image are holes, or belong to something."""

import keras
import numpy as np
from keras import ops

from kerasgan.engine.registry import register
from kerasgan.modalities.modality import Modality, count_of_others


@register
class Masks(Modality):
    """Masks `(batch, height, width, 1)` of two values: 0, and where they hold True, 1 or 255.

    Networks see 1 where they hold and 0 elsewhere.

    Example:

    ```python
    masks = kerasgan.modalities.Masks().to_network(np.zeros((4, 64, 64, 1), "bool"))
    ```
    """

    accepted = "masks of bool, of 0 and 1 as uint8 or float, or of 0 and 255 as uint8"
    integers = ("bool", "uint8")
    limit = 1.0
    served_as = "uint8"

    def check(self, batch, where="x", shape=None):
        super().check(batch, where, shape)
        wrong = self.wrong(batch)
        if wrong is not None and int(ops.convert_to_numpy(wrong)):
            raise ValueError(
                f"{self.expected(shape)} Received in {where}: other values too. Of a soft mask "
                "give mask > 127."
            )

    def wrong(self, batch):
        batch = ops.convert_to_tensor(batch)
        dtype = keras.backend.standardize_dtype(batch.dtype)
        if dtype == "bool":
            return None
        most = 255 if dtype == "uint8" else 1
        edge = ops.logical_or(ops.equal(batch, 1), ops.equal(batch, most))
        return count_of_others(ops.logical_or(ops.equal(batch, 0), edge))

    def levels(self, masks):
        """Masks of any dtype, a NumPy array, as uint8 of 0 and 255."""
        return np.where(masks != 0, np.uint8(255), np.uint8(0))

    def seen(self, values):
        return ops.cast(values > 0, "float32")

    def served(self, values):
        return ops.cast(ops.round(255.0 * ops.sigmoid(values)), self.served_as)

    def to_network(self, batch):
        return super().to_network(ops.not_equal(ops.convert_to_tensor(batch), 0))
