"""Convolutions, of stride too, transposed ones, and what changes sizes between them."""

import keras

from kerasgan.engine import backend
from kerasgan.engine.registry import register


@register
class Conv2D(keras.layers.Conv2D):
    """Keras's convolution, with strides computed in the way that is fastest on the backend.

    The same numbers to rounding, and the same weights and configuration. On JAX without an
    accelerator XLA's own gradient of a strided convolution can take a hundred times as long.

    Args: as of `keras.layers.Conv2D`.

    Example:

    ```python
    x = kerasgan.layers.Conv2D(64, 4, strides=2, padding="same")(images)
    ```
    """

    def call(self, inputs):
        return self.activation(self.convolve(inputs, self.kernel))

    def convolve(self, inputs, kernel):
        """The convolution by another kernel, with the layer's bias and without its activation."""
        return backend.convolution(
            inputs,
            kernel,
            self.bias if self.use_bias else None,
            strides=self.strides,
            padding=self.padding,
            dilation_rate=self.dilation_rate,
            data_format=self.data_format,
        )


@register
class Conv2DTranspose(keras.layers.Conv2DTranspose):
    """Keras's transposed convolution, computed in the way that is fastest on the backend.

    The same numbers to rounding, and the same weights and configuration: see `Conv2D`.

    Args: as of `keras.layers.Conv2DTranspose`.

    Example:

    ```python
    x = kerasgan.layers.Conv2DTranspose(32, 5, strides=2, padding="same")(features)
    ```
    """

    def call(self, inputs):
        outputs = backend.transposed_convolution(
            inputs,
            self.kernel,
            self.bias if self.use_bias else None,
            strides=self.strides,
            padding=self.padding,
            output_padding=self.output_padding,
            dilation_rate=self.dilation_rate,
            data_format=self.data_format,
        )
        return self.activation(outputs)


@register
class MaxPooling2D(keras.layers.MaxPooling2D):
    """Keras's pooling by the maximum, computed in the way that is fastest on the backend.

    The same numbers, and the same configuration: see `Conv2D`.

    Args: as of `keras.layers.MaxPooling2D`.

    Example:

    ```python
    x = kerasgan.layers.MaxPooling2D(2)(features)
    ```
    """

    def call(self, inputs):
        return backend.max_pooling(self, inputs)


@register
class UpSampling2D(keras.layers.UpSampling2D):
    """Keras's enlarging, by nearest neighbours in the way that is fastest on the backend.

    The same numbers, and the same configuration: see `Conv2D`.

    Args: as of `keras.layers.UpSampling2D`.

    Example:

    ```python
    x = kerasgan.layers.UpSampling2D(2)(features)
    ```
    """

    def call(self, inputs):
        if self.interpolation != "nearest":
            return super().call(inputs)
        return backend.nearest_upsampling(self, inputs)
