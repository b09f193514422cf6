"""The generator of image translation, Isola et al. 2017 (arXiv:1611.07004)."""

import keras
from keras import layers

from kerasgan.layers import Conv2D, Conv2DTranspose
from kerasgan.networks.builder import builder
from kerasgan.networks.options import normalize


@builder
def unet(
    image_shape: tuple[int | None, int | None, int] = (256, 256, 3),
    channels: int = 3,
    width: int = 64,
    depth: int | None = None,
    normalization: str = "instance",
    dropout: float = 0.5,
):
    """The U-Net of pix2pix: an encoder and a decoder, joined at every size.

    `C64-C128-C256-C512-C512-…` halve the size down to one pixel, `CD512-CD512-CD512-C512-…`
    double it again, each seeing the features of the encoder at its size too. 4×4 kernels of
    stride 2, LeakyReLU 0.2 down and ReLU up, tanh at the end, weights from N(0, 0.02). The
    first layer and the innermost one, whose features have one position, are not normalised.

    The paper normalises by the batch, which with its batches of one image is the default
    here, `"instance"`; it makes the result independent of what else is in the batch.

    Args:
        image_shape: `(height, width, channels)` of what it takes, of any number of channels;
            sides that are multiples of `2 ** depth`, or None for any such.
        channels: Channels of what it makes.
        width: Channels of the first layer; they double with every halving, up to 8 times.
            64 in the paper.
        depth: Number of halvings, at least 2; by default down to one pixel on the shorter side.
        normalization: `"instance"` or `"batch"`.
        dropout: Rate of the first three layers up, as far as they lie below full width; 0.5
            in the paper.

    Returns:
        Keras model from images `(batch, height, width, channels)` in [-1, 1] to images in
        [-1, 1] of the same size.

    Raises:
        ValueError: On sides that cannot be halved so often, or another normalisation.

    Example:

    ```python
    generator = kerasgan.networks.unet((128, 128, 1), channels=3, width=32)
    ```
    """
    known = [side for side in image_shape[:2] if side is not None]
    if depth is None and known:
        depth = min(known).bit_length() - 1
    halves = depth is not None and depth > 1 and not any(side % 2**depth for side in known)
    if not halves:
        raise ValueError(
            f"image_shape must be (height, width, channels) with sides that are multiples of 2 to "
            "the depth, or None if depth is given, and depth at least 2. "
            f"Received: image_shape={image_shape}, depth={depth}"
        )
    if normalization not in ("instance", "batch"):
        raise ValueError(
            f"normalization must be 'instance' or 'batch'. Received: {normalization!r}"
        )

    def options(bias):
        start = keras.initializers.RandomNormal(stddev=0.02)
        return {"padding": "same", "use_bias": bias, "kernel_initializer": start}

    widths = [width * min(2**i, 8) for i in range(depth)]
    inputs = keras.Input(image_shape, name="images")
    x = Conv2D(widths[0], 4, 2, **options(True))(inputs)
    skips = [x]
    for i, filters in enumerate(widths[1:], 1):
        innermost = i == depth - 1
        x = Conv2D(filters, 4, 2, **options(innermost))(layers.LeakyReLU(0.2)(x))
        x = x if innermost else normalize(x, normalization)
        skips.append(x)
    skips.pop()
    for i, filters in enumerate(reversed(widths[:-1])):
        x = Conv2DTranspose(filters, 4, 2, **options(False))(layers.ReLU()(x))
        x = normalize(x, normalization)
        if dropout and i < 3 and i < depth - 4:
            x = layers.Dropout(dropout, seed=i)(x)
        x = layers.Concatenate()([x, skips.pop()])
    x = Conv2DTranspose(channels, 4, 2, **options(True))(layers.ReLU()(x))
    x = layers.Activation("tanh", dtype="float32")(x)
    return keras.Model(inputs, x, name="generator")
