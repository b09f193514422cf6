"""Phase shuffle, Donahue et al. 2018 (arXiv:1802.04208)."""

import keras
from keras import ops

from kerasgan.engine import backend
from kerasgan.engine.registry import register


@register
class PhaseShuffle(keras.layers.Layer):
    """Moves features along their length by a few places, drawn anew for every batch.

    A discriminator could else tell generated sounds by the phase that transposed convolutions
    leave them in, section 3.3. What is moved in from beyond the end mirrors what lies before it.

    Args:
        shift: Integer, the most places that features are moved by, either way; n of the paper.
        seed: Integer seed of what is drawn.

    Call arguments:
        inputs: Features `(batch, 1, length, channels)`, longer than `shift`.
        training: Whether to move them.

    Returns:
        Tensor of the shape of the features.

    Example:

    ```python
    x = kerasgan.layers.PhaseShuffle(2)(x, training=True)
    ```
    """

    def __init__(self, shift: int = 2, seed: int | None = None, **kwargs):
        super().__init__(**kwargs)
        self.shift = shift
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, inputs, training=False):
        if not training:
            return inputs
        framed = backend.reflection_padding(inputs, 0, self.shift)
        moved = keras.random.randint((), 0, 2 * self.shift + 1, seed=self.seed_generator)
        return ops.slice(framed, [0, 0, moved, 0], ops.shape(inputs))

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return super().get_config() | {"shift": self.shift, "seed": self.seed}
