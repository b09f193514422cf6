"""The mean of the styles that a mapping network gives, Karras et al. 2018 (arXiv:1812.04948)."""

import keras
from keras import ops

from kerasgan.engine.registry import register


@register
class MeanStyle(keras.layers.Layer):
    """Passes styles on as they are, and keeps their moving mean: what truncation draws them to.

    Appendix B of Karras et al. 2018.

    Args:
        momentum: Float in [0, 1), of the mean, which moves in training alone.

    Call arguments:
        inputs: Styles `(batch, style_dim)`.
        training: Whether the mean moves.

    Returns:
        The inputs. The attribute `mean` is the variable, `(style_dim,)`.

    Raises:
        ValueError: On a momentum out of its range.

    Example:

    ```python
    layer = kerasgan.layers.MeanStyle()
    styles = layer(styles, training=True)
    ```
    """

    def __init__(self, momentum: float = 0.998, **kwargs):
        super().__init__(**kwargs)
        if not 0.0 <= momentum < 1.0:
            raise ValueError(f"momentum must be in [0, 1). Received: momentum={momentum}")
        self.momentum = momentum

    def build(self, input_shape):
        self.mean = self.add_weight(
            name="mean",
            shape=(input_shape[-1],),
            initializer="zeros",
            trainable=False,
            autocast=False,
        )

    def call(self, inputs, training=False):
        if training:
            styles = ops.stop_gradient(ops.cast(inputs, self.variable_dtype))
            step = (1.0 - self.momentum) * (ops.mean(styles, axis=0) - self.mean)
            self.mean.assign(self.mean + step)
        return inputs

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return super().get_config() | {"momentum": self.momentum}
