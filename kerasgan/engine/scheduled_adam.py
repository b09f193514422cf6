"""Adam whose memory of squared gradients grows longer, as R3GAN's schedule has it."""

import math

import keras
from keras import ops

from kerasgan.engine.registry import register


def cosine_share(step, steps):
    """From 0 to 1 along half of a cosine in so many steps, and 1 after them."""
    share = ops.minimum(ops.cast(step, "float32") / float(steps), 1.0)
    return 0.5 - 0.5 * ops.cos(math.pi * share)


@register
class ScheduledAdam(keras.optimizers.Adam):
    """`keras.optimizers.Adam` whose beta_2 goes from one value to another.

    Args:
        learning_rate: As of Adam: a number or a schedule.
        decay_steps: Integer, the steps that it takes, along half of a cosine.
        final_beta_2: Float, what `beta_2` goes to.
        **kwargs: As of Adam.

    Example:

    ```python
    rate = keras.optimizers.schedules.CosineDecay(2e-4, 10_000, alpha=0.25)
    optimizer = ScheduledAdam(rate, 10_000, final_beta_2=0.99, beta_1=0.0, beta_2=0.9)
    ```
    """

    def __init__(
        self, learning_rate=0.001, decay_steps: int = 10_000, final_beta_2: float = 0.99, **kwargs
    ):
        super().__init__(learning_rate, **kwargs)
        self.decay_steps = decay_steps
        self.final_beta_2 = final_beta_2

    def update_step(self, gradient, variable, learning_rate):
        first = self.beta_2
        share = ops.cast(cosine_share(self.iterations, self.decay_steps), variable.dtype)
        self.beta_2 = first + (self.final_beta_2 - first) * share
        try:
            super().update_step(gradient, variable, learning_rate)
        finally:
            self.beta_2 = first

    def get_config(self):
        own = {"decay_steps": self.decay_steps, "final_beta_2": self.final_beta_2}
        return super().get_config() | own
