"""Conditional batch normalisation, Dumoulin et al. 2017 (arXiv:1610.07629)."""

import keras
from keras import ops

from kerasgan.engine.registry import register
from kerasgan.layers.batch_normalization import BatchNormalization


@register
class ConditionalBatchNormalization(keras.layers.Layer):
    """Batch normalisation whose scale and shift depend on labels.

    Conditional instance normalisation (Dumoulin et al. 2017, arXiv:1610.07629) over the
    batch, as de Vries et al. 2017 (arXiv:1707.00683) and the generator of Miyato & Koyama
    2018 (arXiv:1802.05637) have it. Scale and shift are linear in the labels: with one-hot
    labels each class has its own. They start at 1 and 0 for every label.

    Args:
        momentum, epsilon: As in `keras.layers.BatchNormalization`.

    Call arguments:
        inputs: `[x, labels]`: features `(batch, ..., channels)` and floats
            `(batch, label_dim)`.
        training: Whether to normalise by the batch, or by the moving statistics.

    Returns:
        Tensor of `x`'s shape.

    Example:

    ```python
    x = kerasgan.layers.ConditionalBatchNormalization()([x, labels], training=True)
    ```
    """

    def __init__(self, momentum: float = 0.99, epsilon: float = 1e-3, **kwargs):
        super().__init__(**kwargs)
        self.normalization = BatchNormalization(
            momentum=momentum, epsilon=epsilon, center=False, scale=False, dtype=self.dtype_policy
        )

    def build(self, input_shape):
        (*_, channels), (_, label_dim) = input_shape
        self.normalization.build(input_shape[0])
        # By how much a label moves the scale from 1 and the shift from 0.
        self.gamma, self.beta = (
            self.add_weight(name=name, shape=(label_dim, channels), initializer="zeros")
            for name in ("gamma", "beta")
        )

    def call(self, inputs, training=False):
        x, labels = inputs
        shape = (-1, *[1] * (len(x.shape) - 2), x.shape[-1])
        scale = ops.reshape(1.0 + ops.matmul(labels, self.gamma), shape)
        shift = ops.reshape(ops.matmul(labels, self.beta), shape)
        return self.normalization(x, training=training) * scale + shift

    def compute_output_shape(self, input_shape):
        return input_shape[0]

    def get_config(self):
        return super().get_config() | {
            "momentum": self.normalization.momentum,
            "epsilon": self.normalization.epsilon,
        }
