"""The network that segments, Ronneberger et al. 2015 (arXiv:1505.04597)."""

import keras
from keras import layers

from kerasgan.layers import Conv2D, Conv2DTranspose, MaxPooling2D
from kerasgan.networks.builder import builder
from kerasgan.networks.options import normalize


@builder
def segmentation_unet(
    image_shape: tuple[int | None, int | None, int] = (None, None, 3),
    width: int = 64,
    depth: int = 4,
    normalization: str = "batch",
):
    """The U-Net of segmentation: an encoder and a decoder, joined at every size.

    Two 3×3 convolutions with ReLU at every size; 2×2 pooling halves it and doubles the width, 2×2
    transposed convolutions double it again, and the features of the encoder at that size are
    joined on. The paper's convolutions shrink the image; here they keep its size, and each is
    normalised.

    Args:
        image_shape: `(height, width, channels)` of what it takes, of any number of channels;
            sides that are multiples of `2 ** depth`, or None for any such.
        width: Channels at full size; they double with every halving. 64 in the paper.
        depth: Number of halvings; 4 in the paper.
        normalization: `"batch"`, over all pixels of a batch, of which a few images have enough;
            or `"instance"`, for which a part of an image is another one than the whole.

    Returns:
        Keras model from images `(batch, height, width, channels)` in [-1, 1] to logits of
        masks, `(batch, height, width, 1)`.

    Raises:
        ValueError: On sides that cannot be halved so often, or another normalisation.

    Example:

    ```python
    generator = kerasgan.networks.segmentation_unet((None, None, 1), width=16, depth=3)
    ```
    """
    if any(side is not None and side % 2**depth for side in image_shape[:2]):
        raise ValueError(
            "image_shape must be (height, width, channels) with sides that are multiples of 2 to "
            f"the depth, or None. Received: image_shape={image_shape}, depth={depth}"
        )
    if normalization not in ("batch", "instance"):
        raise ValueError(
            f"normalization must be 'batch' or 'instance'. Received: {normalization!r}"
        )

    def convolved(x, filters):
        for _ in range(2):
            x = Conv2D(filters, 3, padding="same", use_bias=False, kernel_initializer="he_normal")(
                x
            )
            x = layers.ReLU()(normalize(x, normalization))
        return x

    inputs = keras.Input(image_shape, name="images")
    x, skips = inputs, []
    for i in range(depth):
        x = convolved(x, width * 2**i)
        skips.append(x)
        x = MaxPooling2D(2)(x)
    x = convolved(x, width * 2**depth)
    for i in reversed(range(depth)):
        x = Conv2DTranspose(width * 2**i, 2, 2, padding="same")(x)
        x = convolved(layers.Concatenate()([skips.pop(), x]), width * 2**i)
    outputs = Conv2D(1, 1, dtype="float32")(x)
    return keras.Model(inputs, outputs, name="generator")
