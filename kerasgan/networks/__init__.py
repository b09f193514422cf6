"""Builders of generator and discriminator pairs, and of networks for super-resolution."""

from kerasgan.networks.dcgan import dcgan
from kerasgan.networks.mlp import mlp
from kerasgan.networks.pan import pan
from kerasgan.networks.patchgan import patchgan
from kerasgan.networks.resnet import resnet
from kerasgan.networks.rrdb import rrdb
from kerasgan.networks.srresnet import srgan_discriminator, srresnet
from kerasgan.networks.unet import unet

BUILDERS = {"dcgan": dcgan, "mlp": mlp, "resnet": resnet}
SUPER_RESOLUTION = {"srresnet": srresnet, "rrdb": rrdb, "pan": pan}

__all__ = [
    "dcgan",
    "mlp",
    "pan",
    "patchgan",
    "resnet",
    "rrdb",
    "srgan_discriminator",
    "srresnet",
    "unet",
]
