"""Masks: which pixels of an image are holes."""

import keras
from keras import ops

from kerasgan.engine.registry import register
from kerasgan.modalities.modality import Modality, count_of_others


@register
class Masks(Modality):
    """Masks `(batch, height, width, 1)` of two values: 0, and in holes True, 1 or 255.

    Networks see 1 in holes and 0 elsewhere.

    Example:

    ```python
    masks = kerasgan.modalities.Masks().to_network(np.zeros((4, 64, 64, 1), "bool"))
    ```
    """

    accepted = "bool, or 0 and 1 as uint8 or float, or 0 and 255 as uint8: a hole is not 0"
    integers = ("bool", "uint8")
    limit = 1.0

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

    def to_network(self, batch):
        return super().to_network(ops.not_equal(ops.convert_to_tensor(batch), 0))
