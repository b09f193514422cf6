"""What is added to the discriminator's loss to keep it smooth.

A penalty is called as `penalty(discriminate, real, fake, seed)`: `discriminate` takes
samples to logits, `seed` is a `keras.random.SeedGenerator`. It gives a scalar, its weight
included. A model takes any number of them: `penalties=[kerasgan.penalties.R1(10.0)]`.
"""

from kerasgan.penalties.gradient_penalty import GradientPenalty
from kerasgan.penalties.zero_centered import R1, R2

__all__ = ["R1", "R2", "GradientPenalty"]
