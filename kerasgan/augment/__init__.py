"""Augmentations that gradients flow through, for the discriminator's images."""

from kerasgan.augment.adaptive import AdaptiveAugmentation
from kerasgan.augment.differentiable import DifferentiableAugmentation
from kerasgan.augment.instance_noise import InstanceNoise

__all__ = ["AdaptiveAugmentation", "DifferentiableAugmentation", "InstanceNoise"]
