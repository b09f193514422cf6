"""Adaptive instance normalisation, Huang and Belongie 2017 (arXiv:1703.06868)."""

import keras
from keras import ops

from kerasgan.engine.registry import register


def mean_and_deviation(features, epsilon: float = 1e-5):
    """The mean and the standard deviation of each channel of each sample, over its places.

    Args:
        features: Tensor `(batch, height, width, channels)`.
        epsilon: Float added to the variance, so that the root has a gradient everywhere.

    Returns:
        Two tensors `(batch, channels)`, in float32 or better.

    Example:

    ```python
    mean, deviation = mean_and_deviation(features)
    ```
    """
    x = ops.cast(features, keras.backend.result_type(features.dtype, "float32"))
    mean = ops.mean(x, axis=(1, 2), keepdims=True)
    variance = ops.mean(ops.square(x - mean), axis=(1, 2))
    return mean[:, 0, 0], ops.sqrt(variance + epsilon)


@register
class AdaptiveInstanceNormalization(keras.layers.Layer):
    """Gives each channel of features a mean and a standard deviation that it is told.

    Each channel of each sample is normalised over its places, then scaled and shifted by numbers
    that come from elsewhere: from the features of a picture whose style is wanted (Huang and
    Belongie 2017, arXiv:1703.06868), or from a network of a style code (MUNIT, Huang et al. 2018,
    arXiv:1804.04732).

    Args:
        epsilon: Float above 0, added to the variance.

    Call arguments:
        inputs: `[features, style_parameters]`: `(batch, height, width, channels)` and
            `(batch, 2 * channels)`, the means followed by the standard deviations.

    Returns:
        Tensor of the shape of the features.

    Raises:
        ValueError: On an epsilon that is not above 0, or style parameters of another number.

    Example:

    ```python
    style_parameters = keras.layers.Dense(2 * features.shape[-1])(style)
    x = AdaptiveInstanceNormalization()([features, style_parameters])
    ```
    """

    def __init__(self, epsilon: float = 1e-5, **kwargs):
        super().__init__(**kwargs)
        if not epsilon > 0:
            raise ValueError(f"epsilon must be above 0. Received: epsilon={epsilon}")
        self.epsilon = epsilon

    def build(self, input_shape):
        features, parameters = (tuple(shape) for shape in input_shape)
        if len(features) != 4 or len(parameters) != 2 or parameters[-1] != 2 * features[-1]:
            raise ValueError(
                "Expected features (batch, height, width, channels) and style parameters (batch, "
                f"2 * channels). Received: shapes {features} and {parameters}"
            )

    def call(self, inputs):
        features, parameters = inputs
        mean, deviation = mean_and_deviation(features, self.epsilon)
        x = ops.cast(features, mean.dtype)
        x = (x - mean[:, None, None]) / deviation[:, None, None]
        shift, scale = ops.split(ops.cast(parameters, mean.dtype), 2, axis=-1)
        return ops.cast(x * scale[:, None, None] + shift[:, None, None], self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return input_shape[0]

    def get_config(self):
        return super().get_config() | {"epsilon": self.epsilon}
