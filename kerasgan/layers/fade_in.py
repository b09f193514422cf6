"""New layers that fade in, Karras et al. 2017 (arXiv:1710.10196)."""

import keras
from keras import ops

from kerasgan.engine.registry import register


@register
class FadeIn(keras.layers.Layer):
    """Goes from one input to another as its weight `alpha` goes from 0 to 1.

    Figure 2 of Karras et al. 2017: `(1 - α) old + α new`. α does not train: it starts at 1, and
    whoever adds layers to a network that has learned sets it to 0 and moves it up.

    Call arguments:
        inputs: `[old, new]`, tensors of one shape.

    Returns:
        Tensor of that shape.

    Example:

    ```python
    images = kerasgan.layers.FadeIn()([enlarged_images, new_images])
    ```
    """

    def build(self, input_shape):
        self.alpha = self.add_weight(
            name="alpha", shape=(), initializer="ones", trainable=False, autocast=False
        )

    def call(self, inputs):
        old, new = inputs
        return old + ops.cast(self.alpha, new.dtype) * (new - old)

    def compute_output_shape(self, input_shape):
        return input_shape[1]
