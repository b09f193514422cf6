"""The learned constant that a style-based generator starts from, Karras et al. 2018."""

import keras
from keras import ops

from kerasgan.engine.registry import register


@register
class LearnedConstant(keras.layers.Layer):
    """The same features for every sample, which are learned (arXiv:1812.04948, section 2).

    Args:
        shape: Tuple, `(height, width, channels)`.
        initializer: As of Keras's layers; the standard normal by default.

    Call arguments:
        inputs: Any tensor `(batch, ...)`: only its length counts.

    Returns:
        Tensor `(batch, height, width, channels)`.

    Example:

    ```python
    x = kerasgan.layers.LearnedConstant((4, 4, 512))(styles)
    ```
    """

    def __init__(self, shape: tuple, initializer=None, **kwargs):
        super().__init__(**kwargs)
        self.shape = tuple(shape)
        if initializer is None:
            initializer = keras.initializers.RandomNormal(stddev=1.0)
        self.initializer = keras.initializers.get(initializer)

    def build(self, input_shape):
        self.constant = self.add_weight(
            name="constant", shape=self.shape, initializer=self.initializer
        )

    def call(self, inputs):
        constant = ops.convert_to_tensor(self.constant)
        return ops.broadcast_to(constant[None], (ops.shape(inputs)[0], *self.shape))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *self.shape)

    def get_config(self):
        initializer = keras.initializers.serialize(self.initializer)
        return super().get_config() | {"shape": self.shape, "initializer": initializer}
