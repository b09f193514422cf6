"""Builders of generator and discriminator pairs, and of single networks."""

from kerasgan.networks.context_encoder import context_encoder
from kerasgan.networks.ctgan import ctgan
from kerasgan.networks.cut import cut
from kerasgan.networks.dcgan import dcgan
from kerasgan.networks.denoiser import critic, denoiser
from kerasgan.networks.detector import detector
from kerasgan.networks.fastgan import fastgan
from kerasgan.networks.fields import fields
from kerasgan.networks.inpainting import gated_generator, sn_patchgan
from kerasgan.networks.mlp import mlp
from kerasgan.networks.munit import munit
from kerasgan.networks.musegan import musegan
from kerasgan.networks.pan import pan
from kerasgan.networks.patchgan import patchgan
from kerasgan.networks.progressive import progressive
from kerasgan.networks.projected import RandomProjection, projected
from kerasgan.networks.r3gan import r3gan
from kerasgan.networks.resnet import resnet
from kerasgan.networks.rrdb import rrdb
from kerasgan.networks.segmentation_unet import segmentation_unet
from kerasgan.networks.sequence import sequence
from kerasgan.networks.sequence_gan import sequence_gan
from kerasgan.networks.srresnet import srgan_discriminator, srresnet
from kerasgan.networks.stylegan import stylegan
from kerasgan.networks.stylegan2 import stylegan2
from kerasgan.networks.stylizer import adain, stylizer
from kerasgan.networks.timegan import timegan
from kerasgan.networks.translator import translator
from kerasgan.networks.unet import unet
from kerasgan.networks.unit import unit
from kerasgan.networks.wavegan import wavegan

# By the names that recipes know them by: those that build all networks of a model, and all.
PAIRS = {
    "ctgan": ctgan,
    "cut": cut,
    "dcgan": dcgan,
    "fastgan": fastgan,
    "fields": fields,
    "mlp": mlp,
    "munit": munit,
    "musegan": musegan,
    "progressive": progressive,
    "projected": projected,
    "r3gan": r3gan,
    "resnet": resnet,
    "sequence": sequence,
    "sequence_gan": sequence_gan,
    "stylegan": stylegan,
    "stylegan2": stylegan2,
    "timegan": timegan,
    "unit": unit,
    "wavegan": wavegan,
}
BUILDERS = PAIRS | {
    "adain": adain,
    "context_encoder": context_encoder,
    "critic": critic,
    "denoiser": denoiser,
    "detector": detector,
    "gated_generator": gated_generator,
    "pan": pan,
    "patchgan": patchgan,
    "rrdb": rrdb,
    "segmentation_unet": segmentation_unet,
    "sn_patchgan": sn_patchgan,
    "srgan_discriminator": srgan_discriminator,
    "srresnet": srresnet,
    "stylizer": stylizer,
    "translator": translator,
    "unet": unet,
}

__all__ = [
    "RandomProjection",
    "adain",
    "context_encoder",
    "critic",
    "ctgan",
    "cut",
    "dcgan",
    "denoiser",
    "detector",
    "fastgan",
    "fields",
    "gated_generator",
    "mlp",
    "munit",
    "musegan",
    "pan",
    "patchgan",
    "progressive",
    "projected",
    "r3gan",
    "resnet",
    "rrdb",
    "segmentation_unet",
    "sequence",
    "sequence_gan",
    "sn_patchgan",
    "srgan_discriminator",
    "srresnet",
    "stylegan",
    "stylegan2",
    "stylizer",
    "timegan",
    "translator",
    "unet",
    "unit",
    "wavegan",
]
