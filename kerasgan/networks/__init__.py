"""Builders of generator and discriminator pairs."""

from kerasgan.networks.dcgan import dcgan
from kerasgan.networks.mlp import mlp

BUILDERS = {"dcgan": dcgan, "mlp": mlp}

__all__ = ["dcgan", "mlp"]
