"""Minibatch standard deviation, Karras et al. 2017 (arXiv:1710.10196)."""

import keras
from keras import ops

from kerasgan.engine.registry import register


@register
class MinibatchDeviation(keras.layers.Layer):
    """Appends to a sample's features how much they differ in a group of samples.

    The standard deviation of each feature at each place over the group, averaged to one number,
    which becomes a channel (Karras et al. 2017, section 3). A discriminator that sees it can tell
    a generator whose samples are all alike. The group of a sample is itself and those that follow
    it in the batch, around its end: so a batch may have any size.

    Args:
        group_size: Integer above 1; 4 in Karras et al. 2018 and 2019.

    Call arguments:
        inputs: Features `(batch, height, width, channels)`.

    Returns:
        `(batch, height, width, channels + 1)`. They depend on the batch, in inference too.

    Raises:
        ValueError: On a group of fewer than 2.

    Example:

    ```python
    x = kerasgan.layers.MinibatchDeviation()(x)
    ```
    """

    def __init__(self, group_size: int = 4, **kwargs):
        super().__init__(**kwargs)
        if group_size < 2:
            raise ValueError(f"group_size must be at least 2. Received: group_size={group_size}")
        self.group_size = group_size

    def call(self, inputs):
        x = ops.cast(inputs, self.variable_dtype)
        group = [x, *(ops.roll(x, -i, axis=0) for i in range(1, self.group_size))]
        mean = sum(group) / self.group_size
        variance = sum(ops.square(one - mean) for one in group) / self.group_size
        deviation = ops.mean(ops.sqrt(variance + 1e-8), axis=(1, 2, 3), keepdims=True)
        plane = ops.ones_like(x[..., :1]) * deviation
        return ops.concatenate([inputs, ops.cast(plane, inputs.dtype)], axis=-1)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], input_shape[-1] + 1)

    def get_config(self):
        return super().get_config() | {"group_size": self.group_size}
