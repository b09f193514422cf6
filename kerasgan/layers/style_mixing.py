"""Adaptive instance normalisation, Huang and Belongie 2017 (arXiv:1703.06868)."""

import keras
from keras import ops

from kerasgan.engine.registry import register
from kerasgan.layers.adaptive_instance_normalization import mean_and_deviation


@register
class StyleMixing(keras.layers.Layer):
    """Gives features of a content the means and deviations of a style's, as far as is wanted.

    Equation 8 of Huang and Belongie 2017, `σ(y) (x - μ(x)) / σ(x) + μ(y)`, and 15: a strength
    of 0 leaves the content's features as they are, one of 1 gives them the style's statistics,
    and between them lies what lies between.

    Call arguments:
        inputs: List of features of the content and of the style, `(batch, height, width,
            channels)` each, of the same or another height and width, and strengths `(batch, 1)`.

    Returns:
        Features of the content's shape.

    Example:

    ```python
    mixed = kerasgan.layers.StyleMixing()([features, style_features, strength])
    ```
    """

    def call(self, inputs):
        content, style, strength = inputs
        x = ops.cast(content, "float32")
        (mean, deviation), (style_mean, style_deviation) = (
            [of_channels[:, None, None] for of_channels in mean_and_deviation(features)]
            for features in (x, ops.cast(style, "float32"))
        )
        styled = (x - mean) / deviation * style_deviation + style_mean
        strength = ops.reshape(ops.cast(strength, "float32"), (-1, 1, 1, 1))
        return ops.cast(x + strength * (styled - x), self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return input_shape[0]
