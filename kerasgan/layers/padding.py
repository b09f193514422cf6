"""What layers of padding share."""

import keras


class Padding(keras.layers.Layer):
    """A base of layers that extend every side of a grid by as many cells.

    Args:
        padding: Cells on each side, 1 or more.
    """

    def __init__(self, padding: int = 1, **kwargs):
        super().__init__(**kwargs)
        if padding < 1:
            raise ValueError(f"padding must be at least 1. Received: padding={padding}")
        self.padding = padding

    def compute_output_shape(self, input_shape):
        batch, *sides, channels = input_shape
        return (batch, *(s and s + 2 * self.padding for s in sides), channels)

    def get_config(self):
        return super().get_config() | {"padding": self.padding}
