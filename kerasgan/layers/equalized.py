"""Layers of an equalised learning rate, Karras et al. 2017 (arXiv:1710.10196)."""

import math

import keras
from keras import layers, ops

from kerasgan.engine.registry import register
from kerasgan.layers.convolution import Conv2D


class _Equalized:
    """A layer with a kernel, which is scaled whenever it is used and not where it starts."""

    def __init__(self, *args, gain: float = 1.0, deviation: float = 1.0, **kwargs):
        # Not one that is then left unused: it would shift the seeds of those after it.
        if "kernel_initializer" not in kwargs:
            kwargs["kernel_initializer"] = keras.initializers.RandomNormal(stddev=deviation)
        super().__init__(*args, **kwargs)
        self.gain = gain

    def scaled_kernel(self):
        """The kernel as it is used."""
        return self.kernel * (self.gain / math.sqrt(math.prod(self.kernel.shape[:-1])))

    def get_config(self):
        return super().get_config() | {"gain": self.gain}


@register
class EqualizedDense(_Equalized, layers.Dense):
    """`keras.layers.Dense` whose weights all learn at the same speed.

    Equalised learning rate (Karras et al. 2017, arXiv:1710.10196, section 4.1): the kernel starts
    from N(0, 1), and is multiplied by He's constant, `gain / sqrt(inputs)`, whenever it is used.
    Adam moves each weight by the same amount whatever its size, and so all in proportion.

    Args:
        units: As in `keras.layers.Dense`.
        gain: Float. `2 ** 0.5` before a (leaky) ReLU keeps the size of signals.
        learning_rate_multiplier: Float above 0, by which kernel and bias learn slower or faster
            than others (Karras et al. 2018, arXiv:1812.04948, appendix C).
        **kwargs: As in `keras.layers.Dense`.

    Raises:
        ValueError: On a multiplier that is not above 0.

    Example:

    ```python
    x = kerasgan.layers.EqualizedDense(512, learning_rate_multiplier=0.01)(latents)
    ```
    """

    def __init__(
        self, units: int, gain: float = 1.0, learning_rate_multiplier: float = 1.0, **kwargs
    ):
        if not learning_rate_multiplier > 0:
            raise ValueError(
                "learning_rate_multiplier must be above 0. Received: "
                f"learning_rate_multiplier={learning_rate_multiplier}"
            )
        # Larger, as it is used smaller.
        deviation = 1.0 / learning_rate_multiplier
        super().__init__(units, gain=gain, deviation=deviation, **kwargs)
        self.learning_rate_multiplier = learning_rate_multiplier

    def scaled_kernel(self):
        return super().scaled_kernel() * self.learning_rate_multiplier

    def call(self, inputs):
        outputs = ops.matmul(inputs, self.scaled_kernel())
        if self.bias is not None:
            outputs = ops.add(outputs, self.bias * self.learning_rate_multiplier)
        return self.activation(outputs)

    def get_config(self):
        multiplier = self.learning_rate_multiplier
        return super().get_config() | {"learning_rate_multiplier": multiplier}


@register
class EqualizedConv2D(_Equalized, Conv2D):
    """`kerasgan.layers.Conv2D` whose weights all learn at the same speed, as `EqualizedDense`.

    Args:
        filters, kernel_size: As in `keras.layers.Conv2D`.
        gain: As in `EqualizedDense`.
        **kwargs: As in `keras.layers.Conv2D`.

    Example:

    ```python
    x = kerasgan.layers.EqualizedConv2D(64, 3, padding="same", gain=2**0.5)(images)
    ```
    """

    def call(self, inputs):
        return self.activation(self.convolve(inputs, self.scaled_kernel()))
