"""The discriminator of patches, Isola et al. 2017 (arXiv:1611.07004)."""

import keras
from keras import layers

from kerasgan.networks.builder import builder
from kerasgan.networks.options import normalize, weight_layers


@builder
def patchgan(
    image_shape: tuple[int | None, int | None, int] = (256, 256, 3),
    condition_channels: int | None = None,
    width: int = 64,
    depth: int = 3,
    normalization: str | None = "instance",
):
    """A discriminator that judges every patch of an image by itself.

    `C64-C128-C256-C512` and a last convolution to one logit a patch, 4×4 kernels, LeakyReLU
    0.2, weights from N(0, 0.02), without normalisation in the first layer. With three
    convolutions of stride 2 a logit sees 70×70 pixels.

    Args:
        image_shape: `(height, width, channels)` of the images that it judges; sides may be None.
        condition_channels: Channels of an image of the same size that it is shown beside,
            pix2pix's source; None for none.
        width: Channels of the first layer; they double with every halving, up to 8 times.
        depth: Number of convolutions of stride 2: 3 see patches of 70 pixels, 2 of 34, 1 of
            16.
        normalization: As in `unet`, `"spectral"` besides, or None.

    Returns:
        Keras model from images, or from `[images, conditions]`, to logits
        `(batch, rows, columns, 1)`.

    Raises:
        ValueError: On sides too small for the depth, or another normalisation.

    Example:

    ```python
    discriminator = kerasgan.networks.patchgan((128, 128, 3), condition_channels=1)
    ```
    """
    normalizations = ("instance", "batch", "spectral", None)
    if normalization not in normalizations:
        raise ValueError(
            f"normalization must be one of {', '.join(map(repr, normalizations))}. "
            f"Received: {normalization!r}"
        )
    known = [side for side in image_shape[:2] if side is not None]
    least = 4 * 2**depth
    if any(side < least for side in known):
        raise ValueError(
            f"Sides must be at least {least}, 4 times 2 to the depth. "
            f"Received: image_shape={image_shape}, depth={depth}"
        )
    convolution, _ = weight_layers(normalization)

    def convolve(x, filters, stride, bias):
        start = keras.initializers.RandomNormal(stddev=0.02)
        return convolution(filters, 4, stride, "same", use_bias=bias, kernel_initializer=start)(x)

    images = keras.Input(image_shape, name="images")
    inputs, x = images, images
    if condition_channels is not None:
        condition = keras.Input((*image_shape[:2], condition_channels), name="condition")
        inputs, x = [images, condition], layers.Concatenate()([images, condition])
    x = layers.LeakyReLU(0.2)(convolve(x, width, 2, True))
    shifted = normalization in ("instance", "batch")
    for i in range(1, depth + 1):
        stride = 2 if i < depth else 1
        x = convolve(x, width * min(2**i, 8), stride, not shifted)
        x = layers.LeakyReLU(0.2)(normalize(x, normalization))
    start = keras.initializers.RandomNormal(stddev=0.02)
    x = convolution(1, 4, 1, "same", kernel_initializer=start, dtype="float32")(x)
    return keras.Model(inputs, x, name="discriminator")
