"""Residual networks, Gulrajani et al. 2017 (arXiv:1704.00028), Miyato et al. 2018."""

import keras
from keras import layers

from kerasgan.layers import ConditionalBatchNormalization, Conv2D, UpSampling2D
from kerasgan.networks import options
from kerasgan.networks.builder import builder

# Widths, in multiples of the one at the image: of the generator's blocks, each doubling
# the size; of the discriminator's that halve it; of those that follow.
BLOCKS = {32: ((1, 1, 1), (1, 1), (1, 1)), 64: ((8, 4, 2, 1), (1, 2, 4, 8), (8,))}


@builder
def resnet(
    image_shape: tuple[int, ...] = (32, 32, 3),
    latent_dim: int = 128,
    width: int = 128,
    discriminator_normalization: str | None = "spectral",
    label_dim: int | None = None,
    conditioning: str = "concatenation",
):
    """The residual generator and discriminator of WGAN-GP and SNGAN.

    From Gulrajani et al. 2017 (arXiv:1704.00028, appendix) and Miyato et al. 2018
    (arXiv:1802.05957, appendix B.4): pre-activation blocks of two 3×3 convolutions, with
    batch normalisation and nearest-neighbour upsampling in the generator, average pooling
    in the discriminator, ReLU, and uniform He initialisation of these convolutions.

    At 32 pixels every block has `width` channels, as in both papers' CIFAR-10 tables:
    128, but 256 in SNGAN's generator, which is `resnet(width=256)[0]`. At 64 pixels the
    generator has blocks of 8, 4, 2 and 1 times `width`, the discriminator of 1, 2, 4, 8
    and 8 times: WGAN-GP's 64-pixel generator and SNGAN's table for STL-10, both with 64.
    A spectral discriminator sums over positions, as SNGAN's does; others average, as
    WGAN-GP's does.

    Args:
        image_shape: `(size, size, channels)`; size 32 or 64.
        latent_dim: Length of the latent.
        width: Channels next to the image.
        discriminator_normalization: `"spectral"`, SNGAN's, by default; else as in
            `dcgan`. WGAN-GP takes None on CIFAR-10 and `"layer"` at 64 pixels.
        label_dim, conditioning: As in `dcgan`, except that the generator's labels set the
            scale and the shift of its blocks' batch normalisation (Miyato & Koyama 2018,
            arXiv:1802.05637).

    Returns:
        `(generator, discriminator)` as `dcgan` returns them.

    Raises:
        ValueError: On another size, normalisation or conditioning, or a number below 1.

    Example:

    ```python
    generator, critic = kerasgan.networks.resnet(discriminator_normalization=None)
    ```
    """
    size, channels = image_shape[0], image_shape[-1]
    if len(image_shape) != 3 or image_shape[1] != size or size not in BLOCKS:
        raise ValueError(
            "image_shape must be (size, size, channels) with size 32 or 64. "
            f"Received: image_shape={image_shape}"
        )
    options.check_options(discriminator_normalization, conditioning)
    ups, downs, rest = ([width * multiple for multiple in group] for group in BLOCKS[size])

    inputs, z, labels = options.generator_inputs(latent_dim, label_dim, conditioning)
    x = layers.Dense(4 * 4 * ups[0])(z)
    x = layers.Reshape((4, 4, ups[0]))(x)
    for filters in ups:
        x = _generator_block(x, labels, filters)
    x = layers.ReLU()(options.normalize(x, "batch"))
    x = Conv2D(channels, 3, padding="same")(x)
    x = layers.Activation("tanh", dtype="float32")(x)
    generator = keras.Model(inputs, x, name="generator")

    _, dense = options.weight_layers(discriminator_normalization)
    inputs, images, labels = options.discriminator_inputs(image_shape, label_dim, conditioning)
    x = options.with_label_planes(images, labels, conditioning)
    for i, filters in enumerate([*downs, *rest]):
        x = _discriminator_block(
            x, filters, discriminator_normalization, first=i == 0, halve=i < len(downs)
        )
    spectral = discriminator_normalization == "spectral"
    pool = options.sum_pool if spectral else layers.GlobalAveragePooling2D(dtype="float32")
    x = pool(layers.ReLU()(x))
    x = options.discriminator_outputs(x, x, labels, label_dim, conditioning, dense)
    discriminator = keras.Model(inputs, x, name="discriminator")
    return generator, discriminator


def _generator_block(x, labels, filters):
    def activate(x):
        if labels is None:
            return layers.ReLU()(options.normalize(x, "batch"))
        return layers.ReLU()(ConditionalBatchNormalization(0.9, 1e-5)([x, labels]))

    # A 1×1 convolution gives the same before upsampling as after it, for a quarter.
    shortcut = UpSampling2D(2)(Conv2D(filters, 1)(x))
    x = UpSampling2D(2)(activate(x))
    x = _convolution(Conv2D, filters)(x)
    x = _convolution(Conv2D, filters)(activate(x))
    return layers.Add()([x, shortcut])


def _discriminator_block(x, filters, normalization, first, halve):
    convolution, _ = options.weight_layers(normalization)
    # The first block sees pixels: nothing to activate or to normalise before them.
    shortcut, hidden, before = x, x.shape[-1], normalization
    if first:
        hidden, before = filters, None
    else:
        x = layers.ReLU()(options.normalize(x, normalization))
    if halve:
        shortcut = convolution(filters, 1)(layers.AveragePooling2D(2)(shortcut))
    x = _convolution(convolution, hidden)(x)
    x = _convolution(convolution, filters)(layers.ReLU()(options.normalize(x, before)))
    if halve:
        x = layers.AveragePooling2D(2)(x)
    return layers.Add()([x, shortcut])


def _convolution(layer, filters):
    he = keras.initializers.VarianceScaling(2.0, "fan_avg", "uniform")
    return layer(filters, 3, padding="same", kernel_initializer=he)
