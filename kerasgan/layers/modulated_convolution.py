"""Modulated convolution, Karras et al. 2019 (arXiv:1912.04958)."""

import keras
from keras import ops

from kerasgan.engine import backend
from kerasgan.engine.registry import register
from kerasgan.layers.blur import blurred


@register
class ModulatedConv2D(keras.layers.Layer):
    """A convolution whose kernel is scaled, for every sample, along its input channels.

    Equations 1 and 3 of Karras et al. 2019: `w'_ijk = s_i w_ijk`, and for outputs of the variance
    of the inputs `w''_ijk = w'_ijk / sqrt(sum over i, k of w'_ijk² + ε)`. Not the kernels of the
    samples are scaled but, to the same effect, what is convolved and what comes of it: so one
    convolution does for the batch.

    Args:
        filters: Channels of the output.
        kernel_size: Integer, of both sides.
        upsample: Whether the output is twice as high and wide: a transposed convolution of
            stride 2, followed by the filter of `Blur2D`.
        demodulate: Whether to normalise by equation 3.
        gain: Float that the convolution's result is multiplied by, before the bias.

    Call arguments:
        inputs: `[features, scales]`: `(batch, height, width, channels)` and `(batch, channels)`.

    Returns:
        Tensor `(batch, height, width, filters)`, or twice as high and wide.

    Example:

    ```python
    scales = kerasgan.layers.EqualizedDense(x.shape[-1], bias_initializer="ones")(style)
    x = kerasgan.layers.ModulatedConv2D(64, 3)([x, scales])
    ```
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int,
        upsample: bool = False,
        demodulate: bool = True,
        gain: float = 1.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.filters = filters
        self.kernel_size = kernel_size
        self.upsample = upsample
        self.demodulate = demodulate
        self.gain = gain

    def build(self, input_shape):
        features, scales = (tuple(shape) for shape in input_shape)
        if len(features) != 4 or len(scales) != 2 or scales[-1] != features[-1]:
            raise ValueError(
                "Expected features (batch, height, width, channels) and scales (batch, channels). "
                f"Received: shapes {features} and {scales}"
            )
        self.kernel = self.add_weight(
            name="kernel",
            shape=(self.kernel_size, self.kernel_size, features[-1], self.filters),
            initializer=keras.initializers.RandomNormal(stddev=1.0),
        )
        self.bias = self.add_weight(name="bias", shape=(self.filters,), initializer="zeros")

    def call(self, inputs):
        x, scales = inputs
        inputs_of_one = self.kernel_size**2 * x.shape[-1]
        # Half precision would lose the sum of squares.
        kernel = ops.cast(self.kernel, self.variable_dtype) * inputs_of_one**-0.5
        scales = ops.cast(scales, self.variable_dtype)
        x = x * ops.cast(scales, x.dtype)[:, None, None]
        x = self._convolved(x, ops.cast(kernel, x.dtype))
        if self.demodulate:
            squares = ops.sum(ops.square(kernel), axis=(0, 1))
            sizes = ops.matmul(ops.square(scales), squares)
            x = x * ops.cast(self.gain * ops.rsqrt(sizes + 1e-8), x.dtype)[:, None, None]
        elif self.gain != 1.0:
            x = x * self.gain
        return x + self.bias

    def _convolved(self, x, kernel):
        options = {"dilation_rate": (1, 1), "data_format": "channels_last"}
        if not self.upsample:
            options |= {"strides": (1, 1), "padding": "same"}
            return backend.convolution(x, kernel, None, **options)
        options |= {"strides": (2, 2), "padding": "valid", "output_padding": None}
        # It keeps the input's channels last, and three of four places between are zeros.
        kernel = 4.0 * ops.transpose(kernel, (0, 1, 3, 2))
        return blurred(backend.transposed_convolution(x, kernel, None, **options), padding=1)

    def compute_output_shape(self, input_shape):
        n, height, width, _ = input_shape[0]
        times = 2 if self.upsample else 1
        return (
            n,
            *(None if side is None else side * times for side in (height, width)),
            self.filters,
        )

    def get_config(self):
        return super().get_config() | {
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "upsample": self.upsample,
            "demodulate": self.demodulate,
            "gain": self.gain,
        }
