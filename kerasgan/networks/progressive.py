"""The networks that grow, Karras et al. 2017 (arXiv:1710.10196)."""

import keras
from keras import layers

from kerasgan.layers import (
    EqualizedConv2D,
    EqualizedDense,
    FadeIn,
    MinibatchDeviation,
    PixelNormalization,
    UpSampling2D,
)
from kerasgan.networks import options
from kerasgan.networks.builder import builder

SIZES = (4, 8, 16, 32, 64, 128, 256)
# What keeps the size of signals through a leaky ReLU.
GAIN = 2**0.5


@builder
def progressive(
    image_shape: tuple[int, ...] = (64, 64, 3),
    latent_dim: int = 512,
    width: int = 256,
    max_width: int = 512,
):
    """The generator and the discriminator of progressive growing, at one of their sizes.

    Table 2 of the paper: two 3×3 convolutions a size, features of the generator normalised pixel
    by pixel, an equalised learning rate everywhere, and a discriminator that sees how much the
    samples of a batch differ. Layers are named by the size that they work at, and those of a
    smaller size are the same in the networks of a larger one: so
    `kerasgan.models.ProgressiveGAN.grow_from` finds them. The layer `"fade"` of each network goes
    from the pictures of half of the size to its own.

    Args:
        image_shape: `(size, size, channels)`; size 4, 8, 16, 32, 64, 128 or 256.
        latent_dim: Length of the latent.
        width: Channels at 64 pixels; half as many at twice the size, twice as many at half.
        max_width: Up to this.

    Returns:
        `(generator, discriminator)` as `dcgan` returns them; images are not bounded.

    Raises:
        ValueError: On another size, or a number below 1.

    Example:

    ```python
    generator, discriminator = kerasgan.networks.progressive((4, 4, 3))
    ```
    """
    size, channels = image_shape[0], image_shape[-1]
    options.check_square(image_shape, SIZES)
    sizes = SIZES[: SIZES.index(size) + 1]
    widths = {side: max(1, min(width * 64 // side, max_width)) for side in sizes}
    return _generator(latent_dim, widths, channels), _discriminator(widths, image_shape)


def _generator(latent_dim, widths, channels):
    def normalized(layer, x):
        return PixelNormalization()(_leaky(layer(x)))

    def image(side, x):
        return EqualizedConv2D(channels, 1, name=f"image_{side}", dtype="float32")(x)

    latents = keras.Input((latent_dim,))
    x = PixelNormalization()(latents)
    # The paper's gain of this layer is a quarter of the others'.
    x = EqualizedDense(16 * widths[4], gain=GAIN / 4, name="dense_4")(x)
    x = PixelNormalization()(_leaky(layers.Reshape((4, 4, widths[4]))(x)))
    x = normalized(_convolution(widths[4], "convolution_4"), x)
    smaller = None
    for side in [*widths][1:]:
        smaller = x
        x = UpSampling2D(2)(x)
        for i in (1, 2):
            x = normalized(_convolution(widths[side], f"convolution_{side}_{i}"), x)
    made = image([*widths][-1], x)
    if smaller is not None:
        before = UpSampling2D(2, dtype="float32")(image([*widths][-2], smaller))
        made = FadeIn(name="fade", dtype="float32")([before, made])
    return keras.Model(latents, made, name="generator")


def _discriminator(widths, image_shape):
    def features(side, images):
        layer = EqualizedConv2D(widths[side], 1, gain=GAIN, name=f"features_{side}")
        return _leaky(layer(images))

    images = keras.Input(image_shape)
    sides = [*reversed(widths)]
    x = features(sides[0], images)
    for side, half in zip(sides, sides[1:]):
        for i, filters in ((1, widths[side]), (2, widths[half])):
            x = _leaky(_convolution(filters, f"convolution_{side}_{i}")(x))
        x = layers.AveragePooling2D(2)(x)
        if side == sides[0]:
            before = features(half, layers.AveragePooling2D(2)(images))
            x = FadeIn(name="fade")([before, x])
    x = MinibatchDeviation()(x)
    x = _leaky(_convolution(widths[4], "convolution_4")(x))
    x = _leaky(EqualizedDense(widths[4], gain=GAIN, name="dense_4")(layers.Flatten()(x)))
    return keras.Model(images, EqualizedDense(1, name="logits", dtype="float32")(x))


def _convolution(filters, name):
    return EqualizedConv2D(filters, 3, padding="same", gain=GAIN, name=name)


def _leaky(x):
    return layers.LeakyReLU(0.2)(x)
