"""Networks of style: Johnson et al. 2016 (arXiv:1603.08155), Huang and Belongie 2017
(arXiv:1703.06868)."""

import os

import keras
from keras import layers

from kerasgan.layers import Conv2D, ReflectionPadding2D, UpSampling2D
from kerasgan.layers.style_mixing import StyleMixing
from kerasgan.losses.features import VGG19
from kerasgan.losses.style import feature_network
from kerasgan.networks.builder import builder
from kerasgan.networks.options import normalize


@builder
def stylizer(
    image_shape: tuple[int | None, int | None, int] = (None, None, 3),
    channels: int = 3,
    width: int = 32,
    blocks: int = 5,
):
    """The network that paints every photograph in the manner of one painting.

    `c9s1-32, d64, d128, R128 × blocks, u64, u32, c9s1-3` of Johnson et al. 2016
    (arXiv:1603.08155), with instance normalisation (Ulyanov et al. 2016, arXiv:1607.08022) in
    place of batch normalisation, padding by reflection at every convolution, and a resize
    before a convolution in place of transposed ones (Odena et al. 2016,
    doi:10.23915/distill.00003), which leave a checkerboard.

    Args:
        image_shape: `(height, width, channels)` of what it takes; sides that are multiples of 4,
            or None for any such, of 8 pixels or more.
        channels: Channels of what it makes.
        width: Channels of the first layer; the blocks have four times as many. 32 in the paper.
        blocks: Residual blocks; 5 in the paper.

    Returns:
        Keras model from images `(batch, height, width, channels)` in [-1, 1] to images of the
        same size, a little beyond [-1, 1] where they are black or white.

    Raises:
        ValueError: On sides that are no multiples of 4.

    Example:

    ```python
    generator = kerasgan.networks.stylizer(width=16)
    ```
    """
    if any(side is not None and (side % 4 or side < 8) for side in image_shape[:2]):
        raise ValueError(
            "image_shape must be (height, width, channels) with sides that are multiples of 4 and "
            f"8 or more, or None. Received: image_shape={image_shape}"
        )

    def convolution(x, filters, size, strides=1):
        x = Conv2D(filters, size, strides, use_bias=False)(ReflectionPadding2D(size // 2)(x))
        return normalize(x, "instance")

    inputs = keras.Input(image_shape, name="images")
    x = layers.ReLU()(convolution(inputs, width, 9))
    for i in (1, 2):
        x = layers.ReLU()(convolution(x, width * 2**i, 3, 2))
    for _ in range(blocks):
        y = layers.ReLU()(convolution(x, x.shape[-1], 3))
        x = layers.Add()([x, convolution(y, x.shape[-1], 3)])
    for i in (1, 0):
        x = layers.ReLU()(convolution(UpSampling2D(2)(x), width * 2**i, 3))
    x = Conv2D(channels, 9)(ReflectionPadding2D(4)(x))
    x = layers.Activation("tanh", dtype="float32")(x)
    # The paper's code goes to 150 of 127.5 too, so that black and white have a gradient.
    x = layers.Rescaling(150 / 127.5, dtype="float32")(x)
    return keras.Model(inputs, x, name="generator")


@builder
def adain(
    network: str | os.PathLike | keras.Model = VGG19,
    feature_layers: tuple | list = ("block1_conv1", "block2_conv1", "block3_conv1", "block4_conv1"),
    preprocessing: tuple | list = (1.0, 0.0),
    weights: str | os.PathLike | None = None,
    scale: float = 0.05,
):
    """The network that paints any photograph in the manner of any painting.

    A feature network, which does not train, turns both into features; those of the photograph
    get the painting's means and deviations (`kerasgan.layers.StyleMixing`), and a decoder makes
    a picture of them. It has two convolutions, padded by reflection, at every size of the
    feature network, no normalisation, and enlarges by nearest neighbours.

    Args:
        network: `"vgg19"`, the path of a `.keras` file or a Keras model, of images of any size,
            RGB. It becomes a part of what is made.
        feature_layers: Names of its layers whose statistics are the style, each a whole number of
            times smaller than the one before; the last one's features are decoded.
        preprocessing, weights: As in `kerasgan.losses.FeatureLoss`.
        scale: What the last features are multiplied by for the decoder: by default for VGG
            networks of images in [0, 255].

    Returns:
        Keras model from `[contents, styles, strengths]` to images of the size of the contents, a
        multiple of the smallest features' stride, a little beyond [-1, 1] where they are black or
        white: images in [-1, 1], `(batch, height, width, channels)` each, and numbers `(batch, 1)`
        in [0, 1]. Its layers `encoder`, `mixing` and `decoder` are the three parts.

    Raises:
        ValueError, ConnectionError: As `kerasgan.losses.feature_network`.

    Example:

    ```python
    generator = kerasgan.networks.adain("vgg16.keras")
    ```
    """
    encoder = feature_network(network, feature_layers, preprocessing, weights)
    channels = encoder.input_shape[-1]
    decoder = _decoder(encoder, channels, scale)
    images = [keras.Input((None, None, channels), name=name) for name in ("content", "style")]
    strength = keras.Input((1,), name="strength")
    content, style = (encoder(image)[-1] for image in images)
    mixed = StyleMixing(name="mixing")([content, style, strength])
    return keras.Model([*images, strength], decoder(mixed), name="generator")


def _decoder(encoder, channels, scale):
    def convolution(x, filters, **options):
        return Conv2D(filters, 3, **options)(ReflectionPadding2D(1)(x))

    side = 256
    shapes = encoder.compute_output_shape((1, side, side, channels))
    sides = [side, *(shape[1] for shape in shapes)]
    if any(large % small for large, small in zip(sides, sides[1:])):
        raise ValueError(
            "Each of feature_layers must be a whole number of times smaller than the one before. "
            f"Received layers that give sides of {sides[1:]} for {side}"
        )
    inputs = keras.Input((None, None, shapes[-1][-1]), name="features")
    x = layers.Rescaling(scale)(inputs)
    for i in range(len(shapes) - 1, -1, -1):
        factor = sides[i] // sides[i + 1]
        if i:
            x = convolution(x, shapes[i - 1][-1], activation="relu")
        if factor > 1:
            x = UpSampling2D(factor)(x)
        if i:
            x = convolution(x, shapes[i - 1][-1], activation="relu")
    # Without tanh, as in the paper: black and white would have no gradient, and stay.
    x = layers.Activation("linear", dtype="float32")(convolution(x, channels))
    return keras.Model(inputs, x, name="decoder")
