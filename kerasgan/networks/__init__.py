"""Builders of generator and discriminator pairs."""

from kerasgan.networks.dcgan import dcgan
from kerasgan.networks.mlp import mlp
from kerasgan.networks.resnet import resnet

BUILDERS = {"dcgan": dcgan, "mlp": mlp, "resnet": resnet}

__all__ = ["dcgan", "mlp", "resnet"]
