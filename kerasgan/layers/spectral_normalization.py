"""Spectrally normalised layers, Miyato et al. 2018 (arXiv:1802.05957).

`keras.layers.SpectralNormalization` writes the normalised kernel over the trainable one
during a call, which JAX's trainer drops and the others keep.
"""

import keras
from keras import layers, ops

from kerasgan.engine.registry import register
from kerasgan.layers.convolution import Conv2D


class _Spectral:
    """Adds `u`, the estimate of a singular vector, to a layer that has a kernel."""

    def build(self, input_shape):
        super().build(input_shape)
        self.u = self.add_weight(
            name="u",
            shape=(self.kernel.shape[-1],),
            # Only the direction counts.
            initializer=keras.initializers.RandomNormal(stddev=1.0),
            trainable=False,
            autocast=False,
        )

    def normalized_kernel(self, training=False):
        """The kernel divided by its spectral norm; in training `u` makes a step."""
        # A mixed policy would estimate the norm in half precision.
        kernel = ops.cast(self.kernel, self.variable_dtype)
        matrix = ops.reshape(kernel, (-1, kernel.shape[-1]))
        # The gradient takes the singular vectors for constants, as in the paper.
        constant = ops.stop_gradient(matrix)
        v = ops.normalize(ops.matmul(constant, self.u))
        u = ops.normalize(ops.matmul(v, constant))
        if training:
            self.u.assign(u)
        norm = ops.sum(v * ops.matmul(matrix, u))
        return ops.cast(kernel / norm, self.compute_dtype)

    def save_own_variables(self, store):
        super().save_own_variables(store)
        # Of these layers Keras keeps the kernel and the bias, whatever else they hold.
        store["u"] = self.u

    def load_own_variables(self, store):
        super().load_own_variables(store)
        self.u.assign(store["u"])


@register
class SpectralConv2D(_Spectral, Conv2D):
    """`keras.layers.Conv2D` whose kernel is divided by its spectral norm.

    Spectral normalisation (Miyato et al. 2018, arXiv:1802.05957) bounds how fast a
    discriminator can change. The norm is the largest singular value of the kernel as a
    matrix `(height * width * channels, filters)`. It is estimated by power iteration, one
    step a call in training, that starts where the last one ended. Gradients flow through
    the norm; the trained kernel itself is never overwritten.

    Args:
        filters, kernel_size, **kwargs: As in `keras.layers.Conv2D`. The kernel must not
            start from zeros, which have no direction.

    Call arguments:
        inputs: As in `keras.layers.Conv2D`.
        training: Whether the estimate keeps its step.

    Example:

    ```python
    layer = kerasgan.layers.SpectralConv2D(64, 3, padding="same")
    features = layer(images, training=True)
    ```
    """

    def call(self, inputs, training=False):
        return self.activation(self.convolve(inputs, self.normalized_kernel(training)))


@register
class SpectralDense(_Spectral, layers.Dense):
    """`keras.layers.Dense` whose kernel is divided by its spectral norm.

    As `SpectralConv2D` does it (Miyato et al. 2018, arXiv:1802.05957).

    Args:
        units, **kwargs: As in `keras.layers.Dense`. The kernel must not start from zeros.

    Call arguments:
        inputs: As in `keras.layers.Dense`.
        training: Whether the estimate keeps its step.

    Example:

    ```python
    logits = kerasgan.layers.SpectralDense(1)(features, training=True)
    ```
    """

    def call(self, inputs, training=False):
        outputs = ops.matmul(inputs, self.normalized_kernel(training))
        if self.bias is not None:
            outputs = ops.add(outputs, self.bias)
        return self.activation(outputs)
