"""Padding by reflection."""

from kerasgan.engine import backend
from kerasgan.engine.registry import register
from kerasgan.layers.padding import Padding


@register
class ReflectionPadding2D(Padding):
    """Extends images, or features, by their mirror image at every border.

    A convolution with zeros around an image darkens its borders; with the mirror image there is
    nothing to be seen of them. The generators of Johnson et al. 2016 (arXiv:1603.08155) and of
    CycleGAN pad so.

    Args:
        padding: Number of pixels on every side.

    Call arguments:
        inputs: `(batch, height, width, channels)`, sides of more than `padding` pixels.

    Returns:
        `(batch, height + 2 * padding, width + 2 * padding, channels)`.

    Raises:
        ValueError: On a padding below 1, or on sides that are not longer than it.

    Example:

    ```python
    features = kerasgan.layers.ReflectionPadding2D(3)(images)
    ```
    """

    def call(self, inputs):
        p = self.padding
        if any(side is not None and side <= p for side in inputs.shape[1:3]):
            raise ValueError(
                f"Reflection by {p} pixels needs sides of more than {p} pixels. Received: images "
                f"or features of shape {tuple(inputs.shape)}"
            )
        return backend.reflection_padding(inputs, p, p)
