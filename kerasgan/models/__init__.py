"""One model a file, one file a paper."""

from kerasgan.models.acgan import ACGAN
from kerasgan.models.adain import AdaIN
from kerasgan.models.conditional_gan import ConditionalGAN
from kerasgan.models.cut import CUT
from kerasgan.models.cycle_gan import CycleGAN
from kerasgan.models.detection import Detection
from kerasgan.models.dpmerf import DPMERF
from kerasgan.models.enhancement import Enhancement
from kerasgan.models.esrgan import ESRGAN
from kerasgan.models.fastgan import FastGAN
from kerasgan.models.feature_matching import FeatureMatchingGAN
from kerasgan.models.field_gan import ConditionalFieldGAN, FieldGAN
from kerasgan.models.gan import GAN
from kerasgan.models.gumbel_sequence_gan import GumbelSequenceGAN
from kerasgan.models.inpainting import Inpainting
from kerasgan.models.lsgan import LSGAN
from kerasgan.models.munit import MUNIT
from kerasgan.models.musegan import MuseGAN
from kerasgan.models.pix2pix import Pix2Pix
from kerasgan.models.progressive_gan import ProgressiveGAN
from kerasgan.models.projected_gan import ProjectedGAN
from kerasgan.models.projection_gan import ProjectionGAN
from kerasgan.models.r3gan import R3GAN, ConditionalR3GAN
from kerasgan.models.segmentation import Segmentation
from kerasgan.models.semi_supervised_gan import SemiSupervisedGAN
from kerasgan.models.sequence_gan import SequenceGAN
from kerasgan.models.sequence_wgan_gp import SequenceWGANGP
from kerasgan.models.series_gan import SeriesGAN
from kerasgan.models.sngan import SNGAN
from kerasgan.models.spec_gan import ConditionalSpecGAN, SpecGAN
from kerasgan.models.srgan import SRGAN
from kerasgan.models.style_transfer import StyleTransfer
from kerasgan.models.stylegan import ConditionalStyleGAN, StyleGAN
from kerasgan.models.stylegan2 import ConditionalStyleGAN2, StyleGAN2
from kerasgan.models.super_resolution import SuperResolution
from kerasgan.models.tabular_gan import TabularGAN
from kerasgan.models.timegan import TimeGAN
from kerasgan.models.unit import UNIT
from kerasgan.models.wavegan import ConditionalWaveGAN, WaveGAN
from kerasgan.models.wgan import WGAN
from kerasgan.models.wgan_gp import WGANGP

# By the names that recipes and the command know them by.
MODELS = {
    "gan": GAN,
    "lsgan": LSGAN,
    "wgan": WGAN,
    "wgan_gp": WGANGP,
    "sngan": SNGAN,
    "r3gan": R3GAN,
    "conditional_r3gan": ConditionalR3GAN,
    "progressive_gan": ProgressiveGAN,
    "stylegan": StyleGAN,
    "conditional_stylegan": ConditionalStyleGAN,
    "stylegan2": StyleGAN2,
    "conditional_stylegan2": ConditionalStyleGAN2,
    "feature_matching": FeatureMatchingGAN,
    "fastgan": FastGAN,
    "projected_gan": ProjectedGAN,
    "conditional_gan": ConditionalGAN,
    "projection_gan": ProjectionGAN,
    "acgan": ACGAN,
    "semi_supervised_gan": SemiSupervisedGAN,
    "dpmerf": DPMERF,
    "super_resolution": SuperResolution,
    "srgan": SRGAN,
    "esrgan": ESRGAN,
    "pix2pix": Pix2Pix,
    "cycle_gan": CycleGAN,
    "cut": CUT,
    "unit": UNIT,
    "munit": MUNIT,
    "inpainting": Inpainting,
    "enhancement": Enhancement,
    "segmentation": Segmentation,
    "detection": Detection,
    "style_transfer": StyleTransfer,
    "adain": AdaIN,
    "tabular_gan": TabularGAN,
    "sequence_wgan_gp": SequenceWGANGP,
    "sequence_gan": SequenceGAN,
    "gumbel_sequence_gan": GumbelSequenceGAN,
    "series_gan": SeriesGAN,
    "timegan": TimeGAN,
    "wavegan": WaveGAN,
    "conditional_wavegan": ConditionalWaveGAN,
    "spec_gan": SpecGAN,
    "conditional_spec_gan": ConditionalSpecGAN,
    "musegan": MuseGAN,
    "field_gan": FieldGAN,
    "conditional_field_gan": ConditionalFieldGAN,
}

__all__ = [
    "DPMERF",
    "ACGAN",
    "CUT",
    "ESRGAN",
    "GAN",
    "LSGAN",
    "MUNIT",
    "R3GAN",
    "SNGAN",
    "SpecGAN",
    "SRGAN",
    "UNIT",
    "WGAN",
    "WGANGP",
    "AdaIN",
    "ConditionalFieldGAN",
    "ConditionalGAN",
    "ConditionalR3GAN",
    "ConditionalStyleGAN",
    "ConditionalStyleGAN2",
    "ConditionalSpecGAN",
    "ConditionalWaveGAN",
    "CycleGAN",
    "Detection",
    "Enhancement",
    "FastGAN",
    "FeatureMatchingGAN",
    "FieldGAN",
    "GumbelSequenceGAN",
    "Inpainting",
    "MuseGAN",
    "Pix2Pix",
    "ProgressiveGAN",
    "ProjectedGAN",
    "ProjectionGAN",
    "Segmentation",
    "SemiSupervisedGAN",
    "SequenceGAN",
    "SequenceWGANGP",
    "SeriesGAN",
    "StyleGAN",
    "StyleGAN2",
    "StyleTransfer",
    "SuperResolution",
    "TabularGAN",
    "TimeGAN",
    "WaveGAN",
]
