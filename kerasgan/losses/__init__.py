"""Adversarial losses: pure functions of logits, always `(real, fake)`."""

from kerasgan.losses.minimax import (
    minimax_discriminator_loss,
    non_saturating_generator_loss,
    saturating_generator_loss,
)

__all__ = [
    "minimax_discriminator_loss",
    "non_saturating_generator_loss",
    "saturating_generator_loss",
]
