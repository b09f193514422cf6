"""Layers that generators and discriminators are built of."""

from kerasgan.layers.adaptive_instance_normalization import AdaptiveInstanceNormalization
from kerasgan.layers.batch_normalization import BatchNormalization
from kerasgan.layers.bilinear_upsampling import BilinearUpsampling
from kerasgan.layers.block_conservation import BlockConservation
from kerasgan.layers.blur import Blur2D
from kerasgan.layers.conditional_batch_normalization import ConditionalBatchNormalization
from kerasgan.layers.convolution import (
    Conv2D,
    Conv2DTranspose,
    MaxPooling2D,
    UpSampling2D,
)
from kerasgan.layers.equalized import EqualizedConv2D, EqualizedDense
from kerasgan.layers.fade_in import FadeIn
from kerasgan.layers.gated_convolution import GatedConv2D
from kerasgan.layers.group_normalization import GroupNormalization
from kerasgan.layers.image_pool import ImagePool
from kerasgan.layers.learned_constant import LearnedConstant
from kerasgan.layers.mean_style import MeanStyle
from kerasgan.layers.minibatch_deviation import MinibatchDeviation
from kerasgan.layers.minibatch_discrimination import MinibatchDiscrimination
from kerasgan.layers.modulated_convolution import ModulatedConv2D
from kerasgan.layers.noise import NoiseInput
from kerasgan.layers.periodic_padding import PeriodicPadding
from kerasgan.layers.phase_shuffle import PhaseShuffle
from kerasgan.layers.pixel_normalization import PixelNormalization
from kerasgan.layers.reflection_padding import ReflectionPadding2D
from kerasgan.layers.spectral_normalization import SpectralConv2D, SpectralDense
from kerasgan.layers.straight_through import StraightThrough
from kerasgan.layers.style_mixing import StyleMixing
from kerasgan.layers.token_recurrence import TokenRecurrence

__all__ = [
    "AdaptiveInstanceNormalization",
    "BatchNormalization",
    "BilinearUpsampling",
    "BlockConservation",
    "Blur2D",
    "ConditionalBatchNormalization",
    "Conv2D",
    "Conv2DTranspose",
    "EqualizedConv2D",
    "EqualizedDense",
    "FadeIn",
    "GatedConv2D",
    "GroupNormalization",
    "ImagePool",
    "LearnedConstant",
    "MaxPooling2D",
    "MeanStyle",
    "MinibatchDeviation",
    "MinibatchDiscrimination",
    "ModulatedConv2D",
    "NoiseInput",
    "PeriodicPadding",
    "PhaseShuffle",
    "PixelNormalization",
    "ReflectionPadding2D",
    "SpectralConv2D",
    "SpectralDense",
    "StraightThrough",
    "StyleMixing",
    "TokenRecurrence",
    "UpSampling2D",
]
