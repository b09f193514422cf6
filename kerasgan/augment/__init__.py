"""Augmentations that gradients flow through, for the discriminator's images."""

from kerasgan.augment.differentiable import DifferentiableAugmentation

__all__ = ["DifferentiableAugmentation"]
