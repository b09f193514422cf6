"""One model a paper."""

from kerasgan.models.gan import GAN

__all__ = ["GAN"]
