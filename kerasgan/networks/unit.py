"""The networks of UNIT, Liu et al. 2017 (arXiv:1703.00848)."""

import keras
from keras import layers

from kerasgan.layers import Conv2D, Conv2DTranspose, ReflectionPadding2D
from kerasgan.networks.builder import builder
from kerasgan.networks.options import normalize

STRIDE = 4


@builder
def unit(
    image_shape: tuple[int | None, int | None, int] = (256, 256, 3),
    channels: int = 3,
    width: int = 64,
    blocks: int = 3,
    discriminator_width: int | None = None,
    discriminator_depth: int = 5,
):
    """UNIT's encoders, decoders, what they share, and its discriminators.

    An encoder is a 7×7 convolution, two 3×3 ones of stride 2, LeakyReLU after each, and residual
    blocks; a decoder is residual blocks, two transposed 3×3 convolutions of stride 2 with
    LeakyReLU, and a 1×1 one with tanh. `shared` is the last block of both encoders and the first
    of both decoders, with noise from N(0, 1) between them while it trains. A discriminator is 3×3
    convolutions of stride 2 with LeakyReLU, and a 2×2 one to one logit a patch.

    As in the authors' code the blocks normalise instances and have four times `width` channels.
    Slopes are 0.2, weights start from N(0, 0.02), and the first convolution and the blocks pad by
    reflection.

    Args:
        image_shape: `(height, width, channels)` of a source, sides that are multiples of 4, of 8
            pixels or more, or None; encoders and decoders take any such size.
        channels: Channels of a target.
        width: Channels of the first layer.
        blocks: Residual blocks of each encoder and each decoder, beside the shared ones.
        discriminator_width: Channels of a discriminator's first layer, which double with every
            layer; by default `width`.
        discriminator_depth: Convolutions of stride 2 in a discriminator.

    Returns:
        `(source_encoder, source_decoder, target_encoder, target_decoder, shared, discriminator,
        backward_discriminator)`: encoders from images in [-1, 1] to features, decoders from
        features to images, `shared` from features to `[codes, features]`, discriminators from
        targets and from sources to logits `(batch, rows, columns, 1)`.

    Raises:
        ValueError: On sides that are no multiples of 4, or below 8.

    Example:

    ```python
    networks = kerasgan.networks.unit((128, 128, 3), width=32)
    model = kerasgan.models.UNIT(*networks)
    ```
    """
    if any(side is not None and (side % STRIDE or side < 8) for side in image_shape[:2]):
        raise ValueError(
            "image_shape must be (height, width, channels) with sides that are multiples of 4 and "
            f"8 or more, or None. Received: image_shape={image_shape}"
        )
    *size, source_channels = image_shape
    judges = (discriminator_width or width, discriminator_depth)
    return (
        _encoder(source_channels, width, blocks, "source_encoder"),
        _decoder(source_channels, width, blocks, "source_decoder"),
        _encoder(channels, width, blocks, "target_encoder"),
        _decoder(channels, width, blocks, "target_decoder"),
        _shared(width),
        _discriminator((*size, channels), *judges, "discriminator"),
        _discriminator((*size, source_channels), *judges, "backward_discriminator"),
    )


def _encoder(channels, width, blocks, name):
    inputs = keras.Input((None, None, channels), name="images")
    x = Conv2D(width, 7, **_weights())(ReflectionPadding2D(3)(inputs))
    x = layers.LeakyReLU(0.2)(x)
    for i in (1, 2):
        x = layers.LeakyReLU(0.2)(Conv2D(width * 2**i, 3, 2, "same", **_weights())(x))
    return keras.Model(inputs, _residual(x, blocks), name=name)


def _shared(width):
    inputs = keras.Input((None, None, 4 * width), name="features")
    codes = _residual(inputs, 1)
    x = _residual(layers.GaussianNoise(1.0)(codes), 1)
    return keras.Model(inputs, [codes, x], name="shared")


def _decoder(channels, width, blocks, name):
    inputs = keras.Input((None, None, 4 * width), name="features")
    x = _residual(inputs, blocks)
    for i in (1, 0):
        x = Conv2DTranspose(width * 2**i, 3, 2, padding="same", **_weights())(x)
        x = layers.LeakyReLU(0.2)(x)
    x = Conv2D(channels, 1, **_weights())(x)
    return keras.Model(inputs, layers.Activation("tanh", dtype="float32")(x), name=name)


def _discriminator(shape, width, depth, name):
    inputs = keras.Input(shape, name="images")
    x = inputs
    for i in range(depth):
        x = layers.LeakyReLU(0.2)(Conv2D(width * 2**i, 3, 2, "same", **_weights())(x))
    x = Conv2D(1, 2, padding="same", **_weights(), dtype="float32")(x)
    return keras.Model(inputs, x, name=name)


def _residual(x, blocks):
    for _ in range(blocks):
        y = layers.ReLU()(normalize(_convolution(x), "instance"))
        x = layers.Add()([x, normalize(_convolution(y), "instance")])
    return x


def _convolution(x):
    x = ReflectionPadding2D(1)(x)
    return Conv2D(x.shape[-1], 3, use_bias=False, **_weights())(x)


def _weights():
    return {"kernel_initializer": keras.initializers.RandomNormal(stddev=0.02)}
