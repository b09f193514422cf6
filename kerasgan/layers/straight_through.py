"""Binary neurons with straight-through gradients, Bengio et al. 2013 (arXiv:1308.3432)."""

import keras
from keras import ops

from kerasgan.engine.registry import register


@register
class StraightThrough(keras.layers.Layer):
    """Decisions 0 and 1 of probabilities, whose gradient passes as if they were these.

    As Dong and Yang 2018 (arXiv:1804.09399) end a generator of music by them, in training too, so
    that a discriminator cannot tell its samples by values between 0 and 1.

    Args:
        axis: Axis of whose places the likeliest is chosen; by default each value is decided for
            itself, 1 above 0.5.

    Example:

    ```python
    notes = kerasgan.layers.StraightThrough(axis=-1)(keras.layers.Softmax()(logits))
    ```
    """

    def __init__(self, axis: int | None = None, **kwargs):
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, x):
        if self.axis is None:
            decided = x > 0.5
        else:
            places = ops.argmax(x, axis=self.axis)
            decided = ops.one_hot(places, x.shape[self.axis], axis=self.axis)
        # In this order it is 0 and 1 to the bit.
        return ops.cast(decided, x.dtype) + (x - ops.stop_gradient(x))

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return super().get_config() | {"axis": self.axis}
