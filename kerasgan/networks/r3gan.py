"""The networks of R3GAN, Huang et al. 2024 (arXiv:2501.05441)."""

import keras
from keras import layers

from kerasgan.layers import BilinearUpsampling, Blur2D, Conv2D, LearnedConstant
from kerasgan.networks import options
from kerasgan.networks.builder import builder

SIZES = (32, 64, 128, 256)
SLOPE = 0.2
# What keeps the size of signals through a leaky ReLU of that slope.
GAIN = (2 / (1 + SLOPE**2)) ** 0.5
EXPANSION = 2


@builder
def r3gan(
    image_shape: tuple[int, ...] = (64, 64, 3),
    latent_dim: int = 64,
    width: int = 768,
    blocks: int = 2,
    group_width: int = 8,
    label_dim: int | None = None,
):
    """The generator and the discriminator of R3GAN: a ResNet of today, and its mirror image.

    Section 4 of the paper, configuration E: residual blocks of three convolutions, 1×1, grouped
    3×3 on twice as many channels, and 1×1, with leaky ReLUs between them and no normalisation at
    all. Sizes change by bilinear resampling. A fix-up initialisation takes the place of
    normalisation: the last convolution of a block starts from 0, and the others by the number of
    blocks smaller than He's. Latents scale learned features of 4×4 pixels, and the discriminator
    sums its last ones by learned weights in the same way.

    Filters have the taps (1, 3, 3, 1), as elsewhere here, in place of (1, 2, 1) of the authors'
    code.

    Args:
        image_shape: `(size, size, channels)`; size 32, 64, 128 or 256.
        latent_dim: Length of the latent.
        width: Channels up to 32 pixels; half as many at twice the size, and so on.
        blocks: Residual blocks a size.
        group_width: Channels of a block for one group of its grouped convolution. Divides the
            channels of every size.
        label_dim: Length of a label; None without labels. The generator's is embedded and
            appended to the latent; the logit is the inner product of the discriminator's features
            with an embedding of its own.

    Returns:
        `(generator, discriminator)` as `dcgan` returns them; images are not bounded.

    Raises:
        ValueError: On another size, a number below 1, or groups that do not divide the channels.

    Example:

    ```python
    generator, discriminator = kerasgan.networks.r3gan((32, 32, 3), width=96)
    ```
    """
    size, channels = image_shape[0], image_shape[-1]
    options.check_square(image_shape, SIZES)
    sides = [4 * 2**i for i in range(SIZES.index(size) + 4)]
    widths = [width * 32 // max(side, 32) for side in sides]
    if any(n == 0 or n % group_width for n in widths):
        raise ValueError(
            f"group_width must divide the channels of every size, {widths}. Received: "
            f"width={width}, group_width={group_width}"
        )
    gain = GAIN * (blocks * len(widths)) ** -0.25

    def residual(x):
        for _ in range(blocks):
            y = x
            inner = EXPANSION * x.shape[-1]
            for kernel_size, groups in ((1, 1), (3, x.shape[-1] // group_width)):
                y = _convolution(inner, gain, kernel_size, groups=groups, use_bias=True)(y)
                y = layers.LeakyReLU(SLOPE)(y)
            y = Conv2D(x.shape[-1], 1, use_bias=False, kernel_initializer="zeros")(y)
            x = layers.Add()([x, y])
        return x

    inputs, z, labels = options.network_inputs((latent_dim,), label_dim)
    if labels is not None:
        z = layers.Concatenate()([z, _dense(latent_dim)(labels)])
    scales = layers.Reshape((1, 1, widths[0]))(_dense(widths[0])(z))
    x = residual(layers.Multiply()([LearnedConstant((4, 4, widths[0]))(z), scales]))
    for filters in widths[1:]:
        if filters != x.shape[-1]:
            x = _convolution(filters)(x)
        x = residual(BilinearUpsampling(2)(x))
    generator = keras.Model(inputs, _convolution(channels, dtype="float32")(x), name="generator")

    inputs, images, labels = options.network_inputs(image_shape, label_dim)
    x = residual(_convolution(widths[-1])(images))
    for filters in widths[-2::-1]:
        x = Blur2D(padding=1, strides=2)(x)
        if filters != x.shape[-1]:
            x = _convolution(filters)(x)
        x = residual(x)
    weights = LearnedConstant((4, 4, widths[0]), keras.initializers.RandomNormal(stddev=0.25))(x)
    x = options.sum_pool(layers.Multiply()([x, weights]))
    x = _dense(1 if labels is None else widths[0], dtype="float32")(x)
    if labels is not None:
        embedding = _dense(widths[0], widths[0] ** -0.5, dtype="float32")(labels)
        x = layers.Dot(1, dtype="float32")([x, embedding])
    return generator, keras.Model(inputs, x, name="discriminator")


def _initializer(gain):
    return keras.initializers.VarianceScaling(gain**2, "fan_in", "untruncated_normal")


def _convolution(filters, gain=1.0, kernel_size=1, use_bias=False, **kwargs):
    initializer = _initializer(gain)
    kwargs |= {"padding": "same", "use_bias": use_bias, "kernel_initializer": initializer}
    return Conv2D(filters, kernel_size, **kwargs)


def _dense(units, gain=1.0, **kwargs):
    return layers.Dense(units, use_bias=False, kernel_initializer=_initializer(gain), **kwargs)
