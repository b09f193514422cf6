"""Batch normalisation, Ioffe and Szegedy 2015 (arXiv:1502.03167)."""

import keras
from keras import ops

from kerasgan.engine import backend
from kerasgan.engine.registry import register


@register
class BatchNormalization(keras.layers.BatchNormalization):
    """Keras's batch normalisation, in training by the backend's own kernel where it has one.

    The same numbers to rounding. Keras spells the layer out in a dozen operations. The whole
    training step of a DCGAN takes longer with Keras's, see `benchmarks/train_step.py`.

    Args: as of `keras.layers.BatchNormalization`.

    Example:

    ```python
    x = kerasgan.layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(x, training=True)
    ```
    """

    def call(self, inputs, training=None, mask=None):
        last = self.axis in (-1, len(inputs.shape) - 1)
        plain = last and mask is None and not self.renorm and not self.synchronized
        if not (training and self.trainable and plain):
            return super().call(inputs, training=training, mask=mask)
        outputs, mean, variance = backend.batch_normalization(
            ops.cast(inputs, self.variable_dtype), self.gamma, self.beta, self.epsilon
        )
        for average, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
            average.assign(average * self.momentum + value * (1.0 - self.momentum))
        return ops.cast(outputs, self.compute_dtype)
