"""Instance noise, Sønderby et al. 2017 (arXiv:1610.04490)."""

import keras
from keras import ops

from kerasgan.engine.registry import register


@register
class InstanceNoise(keras.layers.Layer):
    """Gaussian noise on what the discriminator sees, fading as training goes on.

    Real and generated samples that are far apart give a discriminator that is always
    right and a generator without gradients; noise makes the two overlap (Sønderby et al.
    2017, arXiv:1610.04490; Arjovsky & Bottou 2017, arXiv:1701.04862). Its deviation falls
    linearly from `stddev` to 0; the count of turns is saved with the model.

    Args:
        stddev: Float. Deviation at the start.
        steps: Integer. Turns of the discriminator after which there is no noise left.
        seed: Integer seed.

    Call arguments:
        samples: Floats of any shape `(batch, ...)`.
        training: Without it samples pass through unchanged.

    Returns:
        Samples of the same shape.

    Raises:
        ValueError: On a negative `stddev`, or `steps` below 1.

    Example:

    ```python
    noise = kerasgan.augment.InstanceNoise(stddev=0.2, steps=5_000)
    model = kerasgan.models.GAN(generator, discriminator, augmentation=noise)
    ```
    """

    def __init__(self, stddev: float = 0.1, steps: int = 10_000, seed: int | None = None, **kwargs):
        super().__init__(**{"dtype": keras.config.floatx()} | kwargs)
        if stddev < 0 or steps < 1:
            raise ValueError(
                "stddev must be 0 or more, and steps 1 or more. "
                f"Received: stddev={stddev}, steps={steps}"
            )
        self.stddev = stddev
        self.steps = steps
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape):
        self.turns = self.add_weight(
            name="turns",
            dtype="int32",
            initializer="zeros",
            trainable=False,
            aggregation="only_first_replica",
        )

    def call(self, samples, training=False):
        if not training:
            return samples
        noise = keras.random.normal(
            ops.shape(samples), dtype=samples.dtype, seed=self.seed_generator
        )
        return samples + self._deviation() * noise

    def observe(self, real_logits):
        """Count one turn of the discriminator."""
        self.turns.assign_add(1)

    @property
    def report(self):
        """The deviation of the noise, for the progress bar."""
        return {"noise_stddev": self._deviation()}

    def _deviation(self):
        left = 1.0 - ops.cast(self.turns, self.compute_dtype) / self.steps
        return self.stddev * ops.maximum(left, 0.0)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        own = {"stddev": self.stddev, "steps": self.steps, "seed": self.seed}
        return super().get_config() | own
