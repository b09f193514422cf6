"""Gated convolutions, Yu et al. 2019 (arXiv:1806.03589)."""

from keras import ops

from kerasgan.engine.registry import register
from kerasgan.layers.convolution import Conv2D


@register
class GatedConv2D(Conv2D):
    """A convolution that decides, channel by channel and place by place, what to let through.

    Equation 4 of Yu et al. 2019 (arXiv:1806.03589): `φ(features) ⊙ σ(gate)`, features and gate
    being two convolutions of the same input. Where an image has a hole, a usual convolution takes
    what stands for it for pixels; this one learns where to look.

    Args:
        filters: Channels of the result; the kernel has twice as many, the features first.
        kernel_size: As in `keras.layers.Conv2D`.
        activation: φ.
        **kwargs: As in `keras.layers.Conv2D`.

    Call arguments:
        inputs: As in `keras.layers.Conv2D`.

    Example:

    ```python
    x = kerasgan.layers.GatedConv2D(32, 3, padding="same")(images_and_masks)
    ```
    """

    def __init__(self, filters: int, kernel_size, *, activation="elu", **kwargs):
        super().__init__(2 * filters, kernel_size, activation=activation, **kwargs)

    @property
    def _channel_axis(self):
        return 1 if self.data_format == "channels_first" else -1

    def call(self, inputs):
        outputs = self.convolve(inputs, self.kernel)
        features, gate = ops.split(outputs, 2, axis=self._channel_axis)
        return self.activation(features) * ops.sigmoid(gate)

    def compute_output_shape(self, input_shape):
        shape = list(super().compute_output_shape(input_shape))
        shape[self._channel_axis] //= 2
        return tuple(shape)

    def get_config(self):
        return super().get_config() | {"filters": self.filters // 2}
