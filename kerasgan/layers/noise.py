"""Noise inputs, Karras et al. 2018 (arXiv:1812.04948)."""

import keras
from keras import ops

from kerasgan.engine.registry import register


@register
class NoiseInput(keras.layers.Layer):
    """Adds one picture of noise to all channels, by a strength that is learned.

    In training each sample gets new noise. Else it is always the same, which is kept with the
    weights: what a latent stands for does not change from one call to the next, nor from one
    backend to another.

    Args:
        per_channel: Whether each channel has a strength of its own, as in Karras et al. 2018
            (arXiv:1812.04948), or all have one, as in 2019 (arXiv:1912.04958). They start at 0.
        seed: Integer seed of the noise in training.

    Call arguments:
        inputs: Features `(batch, height, width, channels)`, all sides known.
        training: Whether to draw.

    Returns:
        Tensor of the shape of the features.

    Example:

    ```python
    x = kerasgan.layers.NoiseInput()(x, training=True)
    ```
    """

    def __init__(self, per_channel: bool = False, seed: int | None = None, **kwargs):
        super().__init__(**kwargs)
        self.per_channel = per_channel
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape):
        _, height, width, channels = input_shape
        self.strength = self.add_weight(
            name="strength", shape=(channels if self.per_channel else 1,), initializer="zeros"
        )
        self.noise = self.add_weight(
            name="noise",
            shape=(height, width, 1),
            initializer=keras.initializers.RandomNormal(stddev=1.0),
            trainable=False,
        )

    def call(self, inputs, training=False):
        if training:
            shape = (*ops.shape(inputs)[:3], 1)
            noise = keras.random.normal(shape, dtype=inputs.dtype, seed=self.seed_generator)
        else:
            noise = self.noise
        return inputs + ops.cast(noise, inputs.dtype) * self.strength

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return super().get_config() | {"per_channel": self.per_channel, "seed": self.seed}
