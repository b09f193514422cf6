"""The networks of MUNIT, Huang et al. 2018 (arXiv:1804.04732)."""

import keras
from keras import layers

from kerasgan.layers import Conv2D, ReflectionPadding2D, UpSampling2D
from kerasgan.layers.adaptive_instance_normalization import AdaptiveInstanceNormalization
from kerasgan.networks.builder import builder
from kerasgan.networks.options import normalize

STRIDE = 4


@builder
def munit(
    image_shape: tuple[int | None, int | None, int] = (256, 256, 3),
    channels: int = 3,
    width: int = 64,
    blocks: int = 4,
    style_dim: int = 8,
    mlp_width: int = 256,
    discriminator_width: int | None = None,
    discriminator_depth: int = 4,
    scales: int = 3,
):
    """MUNIT's encoders of content and of style, its decoders and discriminators.

    Appendix B. Content: `c7s1-64, d128, d256, R256 × blocks` with instance normalisation. Style:
    `c7s1-64, d128, d256, d256, d256`, the mean over places and a dense layer, without
    normalisation, which would take the style away. Decoder: residual blocks whose adaptive
    instance normalisation is told its numbers by a network of three dense layers of the style;
    twice nearest upsampling, a 5×5 convolution and layer normalisation; `c7s1-3` with tanh.
    Discriminator: 4×4 convolutions of stride 2 with LeakyReLU 0.2 and a 1×1 one, at each of the
    `scales`, each half as large as the one before. ReLU elsewhere. 1×1 of stride apart, generators
    pad by reflection.

    Args:
        image_shape: `(height, width, channels)` of a source, sides that are multiples of 4, of 12
            pixels and 2 to the `scales` or more, or None; encoders and decoders take any such.
        channels: Channels of a target.
        width: Channels of the first layer; the content has four times as many.
        blocks: Residual blocks of each content encoder and each decoder.
        style_dim: Length of a style code.
        mlp_width: Units of the dense layers between a style and what it tells.
        discriminator_width: Channels of a discriminator's first layer, which double with every
            layer; by default `width`.
        discriminator_depth: Convolutions of stride 2 in a discriminator.
        scales: Sizes at which images are judged.

    Returns:
        `(source_content_encoder, source_style_encoder, source_decoder, target_content_encoder,
        target_style_encoder, target_decoder, discriminator, backward_discriminator)`: encoders
        from images in [-1, 1] to content `(batch, height / 4, width / 4, 4 * width)` or to styles
        `(batch, style_dim)`, decoders from `[content, styles]` to images, discriminators from
        targets and from sources to a list of logits `(batch, rows, columns, 1)`, one a scale.

    Raises:
        ValueError: On sides that are no multiples of 4, or too small.

    Example:

    ```python
    networks = kerasgan.networks.munit((128, 128, 3), width=32)
    model = kerasgan.models.MUNIT(*networks)
    ```
    """
    least = max(12, 2**scales)
    if any(side is not None and (side % STRIDE or side < least) for side in image_shape[:2]):
        raise ValueError(
            "image_shape must be (height, width, channels) with sides that are multiples of 4 and "
            f"{least} or more with {scales} scales, or None. Received: image_shape={image_shape}"
        )
    *size, source_channels = image_shape
    judges = (discriminator_width or width, discriminator_depth, scales)
    parts = []
    for kind, depth in (("source", source_channels), ("target", channels)):
        parts += [
            _content_encoder(depth, width, blocks, f"{kind}_content_encoder"),
            _style_encoder(depth, width, style_dim, f"{kind}_style_encoder"),
            _decoder(depth, width, blocks, style_dim, mlp_width, f"{kind}_decoder"),
        ]
    return (
        *parts,
        _discriminator((*size, channels), *judges, "discriminator"),
        _discriminator((*size, source_channels), *judges, "backward_discriminator"),
    )


def _content_encoder(channels, width, blocks, name):
    inputs = keras.Input((None, None, channels), name="images")
    x = layers.ReLU()(normalize(_convolution(inputs, width, 7), "instance"))
    for i in (1, 2):
        x = Conv2D(width * 2**i, 4, 2, "same", **_weights())(x)
        x = layers.ReLU()(normalize(x, "instance"))
    x = _residual(x, blocks, lambda y: normalize(y, "instance"))
    return keras.Model(inputs, x, name=name)


def _style_encoder(channels, width, style_dim, name):
    inputs = keras.Input((None, None, channels), name="images")
    x = layers.ReLU()(_convolution(inputs, width, 7))
    for i in (1, 2, 2, 2):
        x = layers.ReLU()(Conv2D(width * 2**i, 4, 2, "same", **_weights())(x))
    x = layers.GlobalAveragePooling2D(dtype="float32")(x)
    return keras.Model(inputs, layers.Dense(style_dim, dtype="float32")(x), name=name)


def _decoder(channels, width, blocks, style_dim, mlp_width, name):
    content = keras.Input((None, None, 4 * width), name="content")
    styles = keras.Input((style_dim,), name="styles")
    told = styles
    for _ in range(2):
        told = layers.Dense(mlp_width, "relu", **_weights())(told)

    def styled(y):
        parameters = layers.Dense(2 * y.shape[-1], **_weights())(told)
        return AdaptiveInstanceNormalization()([y, parameters])

    x = _residual(content, blocks, styled)
    for i in (1, 0):
        x = _convolution(UpSampling2D()(x), width * 2**i, 5)
        x = layers.ReLU()(normalize(x, "layer"))
    x = layers.Activation("tanh", dtype="float32")(_convolution(x, channels, 7))
    return keras.Model([content, styles], x, name=name)


def _discriminator(shape, width, depth, scales, name):
    inputs = keras.Input(shape, name="images")
    images, outputs = inputs, []
    for scale in range(scales):
        if scale:
            images = layers.AveragePooling2D(3, 2)(ReflectionPadding2D(1)(images))
        x = images
        for i in range(depth):
            start = keras.initializers.RandomNormal(stddev=0.02)
            x = Conv2D(width * 2**i, 4, 2, "same", kernel_initializer=start)(x)
            x = layers.LeakyReLU(0.2)(x)
        start = keras.initializers.RandomNormal(stddev=0.02)
        outputs.append(Conv2D(1, 1, kernel_initializer=start, dtype="float32")(x))
    return keras.Model(inputs, outputs, name=name)


def _residual(x, blocks, normalized):
    for _ in range(blocks):
        y = layers.ReLU()(normalized(_convolution(x, x.shape[-1], 3)))
        x = layers.Add()([x, normalized(_convolution(y, x.shape[-1], 3))])
    return x


def _convolution(x, filters, size):
    x = ReflectionPadding2D(size // 2)(x)
    return Conv2D(filters, size, **_weights())(x)


def _weights():
    return {"kernel_initializer": keras.initializers.HeNormal()}
