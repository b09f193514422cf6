"""Convolutions, of stride too, transposed ones, and pooling by the maximum."""

import keras
from keras import ops

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

    def convolution_op(self, inputs, kernel):
        return backend.convolution(
            inputs,
            kernel,
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
            strides=self.strides,
            padding=self.padding,
            output_padding=self.output_padding,
            dilation_rate=self.dilation_rate,
            data_format=self.data_format,
        )
        if self.use_bias:
            first = self.data_format == "channels_first"
            outputs = ops.add(outputs, ops.reshape(self.bias, (-1, 1, 1)) if first else self.bias)
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
        return backend.max_pooling(
            inputs,
            pool_size=self.pool_size,
            strides=self.strides,
            padding=self.padding,
            data_format=self.data_format,
        )
