"""The binomial filter that StyleGAN2 enlarges and shrinks with, Karras et al. 2019."""

import keras
import numpy as np
from keras import ops

from kerasgan.engine import backend
from kerasgan.engine.registry import register

TAPS = np.array([1.0, 3.0, 3.0, 1.0], "float32") / 8.0


def blurred(x, padding, strides=1):
    """What `Blur2D` makes of features."""
    kernel = np.tile((TAPS[:, None] * TAPS)[:, :, None, None], (1, 1, x.shape[-1], 1))
    pads = (padding, padding)
    return backend.depthwise_convolution(
        ops.pad(x, ((0, 0), pads, pads, (0, 0))),
        ops.convert_to_tensor(kernel, dtype=x.dtype),
        strides,
    )


@register
class Blur2D(keras.layers.Layer):
    """Weights each 4×4 places by the products of (1, 3, 3, 1) / 8, a channel at a time.

    What comes of a transposed convolution of stride 2, or goes into one of stride 2, is filtered
    so that no checkerboard and no alias remains (Karras et al. 2019, arXiv:1912.04958, appendix B;
    Zhang 2019, arXiv:1904.11486). Beyond the border are zeros.

    Args:
        padding: Integer, 0 or more: zeros on each side, so that a side of `n` becomes
            `n + 2 * padding - 3`.
        strides: Integer; with 2, every second place of that.

    Input: `(batch, height, width, channels)`, channels known.

    Example:

    ```python
    x = kerasgan.layers.Blur2D(padding=1, strides=2)(images)  # half as high and wide
    ```
    """

    def __init__(self, padding: int = 1, strides: int = 1, **kwargs):
        super().__init__(**kwargs)
        self.padding = padding
        self.strides = strides

    def call(self, inputs):
        return blurred(inputs, self.padding, self.strides)

    def compute_output_shape(self, input_shape):
        n, height, width, channels = input_shape
        sides = [
            None if side is None else (side + 2 * self.padding - 4) // self.strides + 1
            for side in (height, width)
        ]
        return (n, *sides, channels)

    def get_config(self):
        return super().get_config() | {"padding": self.padding, "strides": self.strides}
