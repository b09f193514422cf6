"""Pixel normalisation, Karras et al. 2017 (arXiv:1710.10196)."""

import keras
from keras import ops

from kerasgan.engine.registry import register


@register
class PixelNormalization(keras.layers.Layer):
    """Divides each vector along the last axis by the root of the mean of its squares.

    Section 4.2 of Karras et al. 2017: no weights, and no statistics of other places or samples.

    Args:
        epsilon: Float above 0, added to the mean.

    Input: floats `(..., channels)`. Output: the same shape.

    Example:

    ```python
    x = kerasgan.layers.PixelNormalization()(latents)
    ```
    """

    def __init__(self, epsilon: float = 1e-8, **kwargs):
        super().__init__(**kwargs)
        if not epsilon > 0:
            raise ValueError(f"epsilon must be above 0. Received: epsilon={epsilon}")
        self.epsilon = epsilon

    def call(self, inputs):
        x = ops.cast(inputs, self.variable_dtype)
        size = ops.mean(ops.square(x), axis=-1, keepdims=True)
        return ops.cast(x * ops.rsqrt(size + self.epsilon), self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return super().get_config() | {"epsilon": self.epsilon}
