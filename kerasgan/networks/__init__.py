"""Builders of generator and discriminator pairs, and of single networks."""

from kerasgan.networks.cut import cut
from kerasgan.networks.dcgan import dcgan
from kerasgan.networks.mlp import mlp
from kerasgan.networks.pan import pan
from kerasgan.networks.patchgan import patchgan
from kerasgan.networks.resnet import resnet
from kerasgan.networks.rrdb import rrdb
from kerasgan.networks.srresnet import srgan_discriminator, srresnet
from kerasgan.networks.translator import translator
from kerasgan.networks.unet import unet

# By the names that recipes know them by: those that build all networks of a model, and all.
PAIRS = {"cut": cut, "dcgan": dcgan, "mlp": mlp, "resnet": resnet}
BUILDERS = PAIRS | {
    "pan": pan,
    "patchgan": patchgan,
    "rrdb": rrdb,
    "srgan_discriminator": srgan_discriminator,
    "srresnet": srresnet,
    "translator": translator,
    "unet": unet,
}

__all__ = [
    "cut",
    "dcgan",
    "mlp",
    "pan",
    "patchgan",
    "resnet",
    "rrdb",
    "srgan_discriminator",
    "srresnet",
    "translator",
    "unet",
]
