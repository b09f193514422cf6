"""Networks that fill holes: gated convolutions, Yu et al. 2019 (arXiv:1806.03589)."""

import keras
from keras import layers

from kerasgan.layers import Conv2D, SpectralConv2D, UpSampling2D
from kerasgan.layers.gated_convolution import GatedConv2D
from kerasgan.networks.builder import builder


@builder
def gated_generator(channels: int = 3, width: int = 48, dilations: tuple[int, ...] = (2, 4, 8, 16)):
    """The generator of DeepFill v2: a coarse answer, and a second network that refines it.

    Each of the two is an encoder and a decoder of gated convolutions with ELU, whose features at
    a quarter of the size are seen from ever farther away, by dilation. The second sees the image
    with the first one's answer in its holes. The paper's second network has a branch of
    contextual attention beside, which copies patches from afar; this one has none.

    Args:
        channels: Channels of the images.
        width: Channels of the first layer; a quarter of the size has four times as many. 48 in
            the authors' code.
        dilations: Rates of the dilated convolutions.

    Returns:
        Keras model from images `(batch, height, width, channels + 1)`, in [-1, 1] and 0 in their
        holes, the last channel the mask, 1 in holes, to images `(batch, height, width, channels)`
        in [-1, 1]. Sides are any multiples of 4. Its layer `coarse` is the coarse answer.

    Example:

    ```python
    generator = kerasgan.networks.gated_generator(channels=3, width=24)
    ```
    """
    inputs = keras.Input((None, None, channels + 1), name="images")
    coarse = _answer(inputs, channels, width, dilations, "coarse")
    known, masks = inputs[..., :channels], inputs[..., channels:]
    x = layers.Concatenate(dtype="float32")([known + coarse * masks, masks])
    return keras.Model(inputs, _answer(x, channels, width, dilations, "refined"), name="generator")


def _answer(x, channels, width, dilations, name):
    """One of the two networks, from what it sees to an image."""
    for filters, size, strides in (
        *((width, 5, 1), (2 * width, 3, 2), (2 * width, 3, 1)),
        *((4 * width, 3, 2), (4 * width, 3, 1)),
    ):
        x = GatedConv2D(filters, size, strides=strides, padding="same")(x)
    for rate in dilations:
        x = GatedConv2D(4 * width, 3, dilation_rate=rate, padding="same")(x)
    x = GatedConv2D(4 * width, 3, padding="same")(x)
    for filters, last in ((2 * width, 2 * width), (width, max(width // 2, 1))):
        x = GatedConv2D(filters, 3, padding="same")(UpSampling2D()(x))
        x = GatedConv2D(last, 3, padding="same")(x)
    x = Conv2D(channels, 3, padding="same")(x)
    return layers.Activation("tanh", dtype="float32", name=name)(x)


@builder
def sn_patchgan(
    image_shape: tuple[int | None, int | None, int] = (256, 256, 3),
    width: int = 64,
    depth: int = 6,
):
    """The discriminator of DeepFill v2: spectrally normalised, a logit a feature and a place.

    5×5 convolutions of stride 2 with LeakyReLU 0.2, the last one without: every value of what it
    gives is judged by itself. Holes may be of any shape and anywhere, so there is no part of an
    image for a discriminator of its own.

    Args:
        image_shape: `(height, width, channels)` of the images; sides may be None.
        width: Channels of the first layer, twice and then four times as many of the others.
        depth: Number of convolutions; 6 in the paper, for 256 pixels.

    Returns:
        Keras model from `[images, masks]`, masks `(batch, height, width, 1)` of 1 in holes, to
        logits `(batch, rows, columns, features)`.

    Raises:
        ValueError: On sides too small for the depth.

    Example:

    ```python
    discriminator = kerasgan.networks.sn_patchgan((128, 128, 3), width=32, depth=5)
    ```
    """
    known = [side for side in image_shape[:2] if side is not None]
    if any(side < 2**depth for side in known):
        raise ValueError(
            f"Sides must be at least {2**depth}, 2 to the depth: lower depth. "
            f"Received: image_shape={image_shape}, depth={depth}"
        )
    images = keras.Input(image_shape, name="images")
    masks = keras.Input((*image_shape[:2], 1), name="masks")
    x = layers.Concatenate()([images, masks])
    for i in range(depth - 1):
        x = SpectralConv2D(width * min(2**i, 4), 5, 2, padding="same")(x)
        x = layers.LeakyReLU(0.2)(x)
    filters = width * min(2 ** (depth - 1), 4)
    x = SpectralConv2D(filters, 5, 2, padding="same", dtype="float32")(x)
    return keras.Model([images, masks], x, name="discriminator")
