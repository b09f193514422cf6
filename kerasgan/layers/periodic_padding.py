"""Padding by the other side, of what is periodic."""

from keras import ops

from kerasgan.engine.registry import register
from kerasgan.layers.padding import Padding


@register
class PeriodicPadding(Padding):
    """Extends fields at every border by what lies at the opposite one, as on a torus.

    Of one to three dimensions; a convolution after it knows no border.

    Args:
        padding: Number of cells on every side.

    Call arguments:
        inputs: `(batch, *grid, channels)`, sides of at least `padding` cells.

    Returns:
        The same with every side of the grid `2 * padding` cells longer.

    Raises:
        ValueError: On a padding below 1, or on sides that are shorter than it.

    Example:

    ```python
    features = kerasgan.layers.PeriodicPadding(1)(lattices)
    ```
    """

    def call(self, inputs):
        x, p = inputs, self.padding
        if any(side is not None and side < p for side in x.shape[1:-1]):
            raise ValueError(
                f"Periodic padding by {p} cells needs sides of at least {p} cells. Received: "
                f"fields or features of shape {tuple(x.shape)}"
            )
        for axis in range(1, len(x.shape) - 1):
            before = (slice(None),) * axis
            x = ops.concatenate([x[(*before, slice(-p, None))], x, x[(*before, slice(p))]], axis)
        return x
