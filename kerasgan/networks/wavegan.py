"""Convolutional networks for waveforms, Donahue et al. 2018 (arXiv:1802.04208)."""

import math

import keras
from keras import layers

from kerasgan.layers import Conv2D, Conv2DTranspose, PhaseShuffle
from kerasgan.networks import options
from kerasgan.networks.builder import builder

STRIDE = 4
START = 16


@builder
def wavegan(
    sound_shape: tuple[int, int] = (16384, 1),
    latent_dim: int = 100,
    width: int = 64,
    kernel_size: int = 25,
    phase_shuffle: int | None = 2,
    label_dim: int | None = None,
    conditioning: str = "concatenation",
):
    """The generator and the critic of WaveGAN.

    DCGAN stretched out: of one dimension, with kernels of 25 and strides of 4 in place of 5 × 5
    and 2, and without batch normalisation, tables 3 and 4. The generator projects the latent to
    some 16 places and ends in tanh; the critic mirrors it, and its features are moved by phase
    shuffle after every convolution but the last.

    Args:
        sound_shape: `(length, channels)`, of at least 64 samples; any length. Of one that no
            power of 4 divides the generator makes a little more, and cuts the end off.
        latent_dim: Length of the latent.
        width: Channels next to the waveform, d of the paper; they double with every stride, up
            to 1024.
        kernel_size: Of every convolution.
        phase_shuffle: The most places that the critic's features are moved by, n of the paper;
            None for no phase shuffle.
        label_dim, conditioning: As in `dcgan`.

    Returns:
        `(generator, critic)` as `dcgan` returns them, for sounds `(batch, length, channels)` in
        [-1, 1].

    Raises:
        ValueError: On a shorter sound, another conditioning, or a number below 1.

    Example:

    ```python
    generator, critic = kerasgan.networks.wavegan((8192, 1), width=32)
    ```
    """
    length, channels = sound_shape
    if length < STRIDE * START:
        raise ValueError(
            f"sound_shape must be (length, channels), of {STRIDE * START} samples or more. "
            f"Received: sound_shape={sound_shape}"
        )
    options.check_options(None, conditioning)
    strides = max(1, round(math.log(length / START, STRIDE)))
    start = math.ceil(length / STRIDE**strides)
    widths = [min(width * 2**i, 1024) for i in range(strides)]
    # Images one row high: their convolutions are the fast ones of every backend.
    kernel, stride = (1, kernel_size), (1, STRIDE)

    inputs, z, labels = options.generator_inputs(latent_dim, label_dim, conditioning)
    x = options.with_labels(z, labels)
    x = layers.Dense(start * widths[-1])(x)
    x = layers.ReLU()(layers.Reshape((1, start, widths[-1]))(x))
    for filters in reversed(widths[:-1]):
        x = layers.ReLU()(Conv2DTranspose(filters, kernel, stride, "same")(x))
    x = Conv2DTranspose(channels, kernel, stride, "same")(x)
    if excess := start * STRIDE**strides - length:
        x = layers.Cropping2D(((0, 0), (0, excess)))(x)
    x = layers.Reshape(sound_shape)(x)
    x = layers.Activation("tanh", dtype="float32")(x)
    generator = keras.Model(inputs, x, name="generator")

    inputs, sounds, labels = options.discriminator_inputs(sound_shape, label_dim, conditioning)
    x = layers.Reshape((1, length, channels))(sounds)
    x = options.with_label_planes(x, labels, conditioning)
    for i, filters in enumerate(widths):
        if i and phase_shuffle:
            x = PhaseShuffle(phase_shuffle)(x)
        x = layers.LeakyReLU(0.2)(Conv2D(filters, kernel, stride, "same")(x))
    features, x = x, layers.Flatten()(x)
    x = options.discriminator_outputs(x, features, labels, label_dim, conditioning, layers.Dense)
    critic = keras.Model(inputs, x, name="discriminator")
    return generator, critic
