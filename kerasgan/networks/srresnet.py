"""SRResNet and SRGAN's discriminator, Ledig et al. 2017 (arXiv:1609.04802)."""

import keras
from keras import layers, ops

from kerasgan.layers import BatchNormalization, Conv2D
from kerasgan.networks.builder import builder
from kerasgan.networks.options import steps_of_scale


@builder
def srresnet(scale: int = 4, width: int = 64, blocks: int = 16):
    """The generator of SRGAN: residual blocks at the small size, then sub-pixel convolutions.

    Figure 4 of the paper. It takes images of any size.

    Args:
        scale: How many times larger the output is: 2, 3, 4 or 8.
        width: Channels of the features; 64 in the paper.
        blocks: Residual blocks; 16 in the paper.

    Returns:
        Keras model from images `(batch, height, width, 3)` in [-1, 1] to images `scale`
        times as high and wide.

    Raises:
        ValueError: On another scale.

    Example:

    ```python
    generator = kerasgan.networks.srresnet(scale=4)
    ```
    """
    inputs = keras.Input((None, None, 3), name="images")

    def normalise(x):
        return BatchNormalization(momentum=0.9, epsilon=1e-5)(x)

    x = start = _prelu(Conv2D(width, 9, padding="same")(inputs))
    for _ in range(blocks):
        y = _prelu(normalise(Conv2D(width, 3, padding="same", use_bias=False)(x)))
        y = normalise(Conv2D(width, 3, padding="same", use_bias=False)(y))
        x = layers.Add()([x, y])
    x = normalise(Conv2D(width, 3, padding="same", use_bias=False)(x))
    x = layers.Add()([x, start])
    for step in steps_of_scale(scale):
        x = Conv2D(width * step**2, 3, padding="same")(x)
        x = _prelu(ops.depth_to_space(x, step))
    outputs = Conv2D(3, 9, padding="same", dtype="float32")(x)
    return keras.Model(inputs, outputs, name="generator")


@builder
def srgan_discriminator(patch_size: int = 96, width: int = 64):
    """The discriminator of SRGAN: eight convolutions, four of which halve the size.

    Args:
        patch_size: Side of the square images that it judges; a multiple of 16. 96 in the
            paper.
        width: Channels of the first convolution; they double with every halving. 64 in the
            paper.

    Returns:
        Keras model from images `(batch, patch_size, patch_size, 3)` to one logit,
        `(batch, 1)`.

    Raises:
        ValueError: On another patch size.

    Example:

    ```python
    discriminator = kerasgan.networks.srgan_discriminator(patch_size=96)
    ```
    """
    if patch_size < 16 or patch_size % 16:
        raise ValueError(f"patch_size must be a multiple of 16. Received: {patch_size}")
    inputs = keras.Input((patch_size, patch_size, 3), name="images")
    x = layers.LeakyReLU(0.2)(Conv2D(width, 3, padding="same")(inputs))
    for i in range(1, 8):
        filters, strides = width * 2 ** (i // 2), 1 + i % 2
        x = Conv2D(filters, 3, strides, padding="same", use_bias=False)(x)
        x = layers.LeakyReLU(0.2)(BatchNormalization(momentum=0.9, epsilon=1e-5)(x))
    x = layers.LeakyReLU(0.2)(layers.Dense(16 * width)(layers.Flatten()(x)))
    outputs = layers.Dense(1, dtype="float32")(x)
    return keras.Model(inputs, outputs, name="discriminator")


def _prelu(x):
    # He et al. 2015 (arXiv:1502.01852) start from 0.25; one slope a channel, for any size.
    return layers.PReLU(keras.initializers.Constant(0.25), shared_axes=[1, 2])(x)
