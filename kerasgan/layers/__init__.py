"""Layers that generators and discriminators are built of."""

from kerasgan.layers.adaptive_instance_normalization import AdaptiveInstanceNormalization
from kerasgan.layers.batch_normalization import BatchNormalization
from kerasgan.layers.bilinear_upsampling import BilinearUpsampling
from kerasgan.layers.conditional_batch_normalization import ConditionalBatchNormalization
from kerasgan.layers.convolution import (
    Conv2D,
    Conv2DTranspose,
    MaxPooling2D,
    UpSampling2D,
)
from kerasgan.layers.gated_convolution import GatedConv2D
from kerasgan.layers.group_normalization import GroupNormalization
from kerasgan.layers.image_pool import ImagePool
from kerasgan.layers.minibatch_discrimination import MinibatchDiscrimination
from kerasgan.layers.reflection_padding import ReflectionPadding2D
from kerasgan.layers.spectral_normalization import SpectralConv2D, SpectralDense
from kerasgan.layers.style_mixing import StyleMixing

__all__ = [
    "AdaptiveInstanceNormalization",
    "BatchNormalization",
    "BilinearUpsampling",
    "ConditionalBatchNormalization",
    "Conv2D",
    "Conv2DTranspose",
    "GatedConv2D",
    "GroupNormalization",
    "ImagePool",
    "MaxPooling2D",
    "MinibatchDiscrimination",
    "ReflectionPadding2D",
    "SpectralConv2D",
    "SpectralDense",
    "StyleMixing",
    "UpSampling2D",
]
