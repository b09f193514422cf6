"""Layers that generators and discriminators are built of."""

from kerasgan.layers.batch_normalization import BatchNormalization
from kerasgan.layers.bilinear_upsampling import BilinearUpsampling
from kerasgan.layers.conditional_batch_normalization import ConditionalBatchNormalization
from kerasgan.layers.minibatch_discrimination import MinibatchDiscrimination
from kerasgan.layers.spectral_normalization import SpectralConv2D, SpectralDense

__all__ = [
    "BatchNormalization",
    "BilinearUpsampling",
    "ConditionalBatchNormalization",
    "MinibatchDiscrimination",
    "SpectralConv2D",
    "SpectralDense",
]
