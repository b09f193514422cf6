"""The context encoder, Pathak et al. 2016 (arXiv:1604.07379)."""

import keras
from keras import layers

from kerasgan.layers import Conv2D, Conv2DTranspose
from kerasgan.networks.builder import builder
from kerasgan.networks.options import normalize


@builder
def context_encoder(
    image_shape: tuple[int, int, int] = (128, 128, 3),
    width: int = 64,
    bottleneck: int = 4000,
):
    """The generator that fills a hole from what one vector says of the whole image.

    As in the authors' code: 4×4 convolutions of stride 2 with LeakyReLU 0.2 down to 4 pixels on
    the shorter side, a vector, and transposed ones with ReLU up again, batch normalisation in all
    but the first and the last, tanh at the end. The faithful choice of a simple network: details
    do not pass the vector, so that what it fills is blurred.

    Args:
        image_shape: `(height, width, channels)` of the images, of this one size. The shorter side
            is halved as long as 4 pixels or more are left: sides are multiples of what that takes.
        width: Channels of the first two layers; they double with every further halving, up to 8
            times. 64 in the authors' code.
        bottleneck: Length of the vector; 4000 in the authors' code.

    Returns:
        Keras model from images `(batch, height, width, channels + 1)`, in [-1, 1] and 0 in their
        holes, the last channel the mask, 1 in holes, to images `(batch, height, width, channels)`
        in [-1, 1].

    Raises:
        ValueError: On sides below 8, or that cannot be halved so often.

    Example:

    ```python
    generator = kerasgan.networks.context_encoder((64, 64, 3), width=32, bottleneck=512)
    ```
    """
    height, across, channels = image_shape
    depth = min(height, across).bit_length() - 3
    if depth < 1 or height % 2**depth or across % 2**depth:
        raise ValueError(
            "image_shape must be (height, width, channels) with sides of 8 or more that can be "
            "halved until the shorter one has 4 to 7 pixels. "
            f"Received: image_shape={image_shape}"
        )
    widths = [width, *(width * min(2**i, 8) for i in range(depth - 1))]
    inputs = keras.Input((height, across, channels + 1), name="images")
    x = layers.LeakyReLU(0.2)(Conv2D(widths[0], 4, 2, padding="same")(inputs))
    for filters in widths[1:]:
        x = Conv2D(filters, 4, 2, padding="same", use_bias=False)(x)
        x = layers.LeakyReLU(0.2)(normalize(x, "batch"))
    shape = x.shape[1:]
    x = layers.Dense(bottleneck, use_bias=False)(layers.Flatten()(x))
    x = layers.LeakyReLU(0.2)(normalize(x, "batch"))
    x = layers.Dense(shape[0] * shape[1] * shape[2], use_bias=False)(x)
    x = layers.ReLU()(normalize(layers.Reshape(shape)(x), "batch"))
    for filters in reversed(widths[:-1]):
        x = Conv2DTranspose(filters, 4, 2, padding="same", use_bias=False)(x)
        x = layers.ReLU()(normalize(x, "batch"))
    x = Conv2DTranspose(channels, 4, 2, padding="same")(x)
    x = layers.Activation("tanh", dtype="float32")(x)
    return keras.Model(inputs, x, name="generator")
