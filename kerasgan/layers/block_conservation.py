"""Means of blocks that are kept exactly, Harder et al. 2022 (arXiv:2208.05424)."""

from typing import Literal

import keras
from keras import ops

from kerasgan.engine.registry import register


@register
class BlockConservation(keras.layers.Layer):
    """Corrects fine fields so that the mean of each block is the coarse field's value.

    Downscaled mass or energy must not come from nowhere. The layer comes last in the network, in
    training too: what is conserved is so to rounding, whatever the weights are.

    - `"additive"`: `y = ŷ + x - mean(ŷ)` in each block;
    - `"softmax"`: `y = x · exp(ŷ) / mean(exp(ŷ))`, for what is never negative: where x is not, y is
      not.

    Args:
        scale: Cells of a block along each side.
        constraint: `"additive"` or `"softmax"`.

    Call arguments:
        inputs: `[fine, coarse]`: `(batch, height * scale, width * scale, channels)`, what the
            network made, and `(batch, height, width, channels)`. Any number of channels.

    Returns:
        Tensor of the shape of `fine`.

    Raises:
        ValueError: On another constraint, a scale below 2, or shapes that do not fit.

    Example:

    ```python
    network = kerasgan.networks.srresnet(scale=4)
    fine = kerasgan.layers.BlockConservation(4)([network.output, network.input])
    model = kerasgan.models.SuperResolution(keras.Model(network.input, fine))
    ```
    """

    def __init__(
        self, scale: int = 4, constraint: Literal["additive", "softmax"] = "additive", **kwargs
    ):
        super().__init__(**kwargs)
        if constraint not in ("additive", "softmax"):
            raise ValueError(
                f"constraint must be 'additive' or 'softmax'. Received: constraint={constraint!r}"
            )
        if scale < 2:
            raise ValueError(f"scale must be at least 2. Received: scale={scale}")
        self.scale, self.constraint = scale, constraint

    def build(self, input_shape):
        fine, coarse = input_shape
        pairs = zip(fine[1:3], coarse[1:3])
        sides = all(None in (a, b) or a == b * self.scale for a, b in pairs)
        if not (len(fine) == len(coarse) == 4 and fine[3] == coarse[3] and sides):
            raise ValueError(
                f"BlockConservation takes [fine, coarse], a fine field {self.scale} times as high "
                f"and as wide and of as many channels. Received: {tuple(fine)} and {tuple(coarse)}"
            )

    def call(self, inputs):
        fine, coarse = inputs
        if self.constraint == "additive":
            return fine + self._spread(coarse - self._means(fine))
        # Less the greatest of each block, so that the exponential is finite.
        n = self.scale
        highest = ops.max_pool(fine, n, n, "valid", data_format="channels_last")
        powers = ops.exp(fine - ops.stop_gradient(self._spread(highest)))
        return powers * self._spread(coarse / self._means(powers))

    def _means(self, fine):
        n = self.scale
        return ops.average_pool(fine, n, n, "valid", data_format="channels_last")

    def _spread(self, coarse):
        return ops.repeat(ops.repeat(coarse, self.scale, axis=1), self.scale, axis=2)

    def compute_output_shape(self, input_shape):
        return tuple(input_shape[0])

    def get_config(self):
        return super().get_config() | {"scale": self.scale, "constraint": self.constraint}
