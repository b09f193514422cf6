"""The denoiser and the critic of Yang et al. 2018 (arXiv:1708.00961)."""

import keras
from keras import layers

from kerasgan.layers import Conv2D
from kerasgan.networks.builder import builder


@builder
def denoiser(channels: int = 1, width: int = 32, depth: int = 8):
    """Convolutions that say what to add to an image of any size.

    `depth` convolutions of 3×3 with ReLU between them, as the paper's generator has. It makes
    the image itself and ends in a ReLU; here the last convolution makes what is added to the
    image (residual learning, Zhang et al. 2017, arXiv:1608.03981), and begins at 0.

    Args:
        channels: Of the images.
        width: Channels of the features; 32 in the paper.
        depth: Number of convolutions; 8 in the paper.

    Returns:
        Keras model from images `(batch, height, width, channels)` in [-1, 1] to such images.

    Example:

    ```python
    generator = kerasgan.networks.denoiser(channels=1)
    ```
    """
    x = inputs = keras.Input((None, None, channels), name="images")
    for _ in range(depth - 1):
        x = Conv2D(width, 3, padding="same", activation="relu")(x)
    x = Conv2D(channels, 3, padding="same", kernel_initializer="zeros", dtype="float32")(x)
    return keras.Model(inputs, layers.Add(dtype="float32")([inputs, x]), name="generator")


@builder
def critic(image_shape: tuple[int, int, int] = (64, 64, 1), width: int = 64):
    """A critic without normalisation: six convolutions, every second of which halves the size.

    3×3 convolutions of 1, 1, 2, 2, 4 and 4 times the width with LeakyReLU 0.2, and two dense
    layers, as the paper's.

    Args:
        image_shape: `(height, width, channels)` of the images that it judges.
        width: Channels of the first convolution; 64 in the paper.

    Returns:
        Keras model from images to one value without bounds, `(batch, 1)`.

    Example:

    ```python
    discriminator = kerasgan.networks.critic((64, 64, 1))
    ```
    """
    x = inputs = keras.Input(image_shape, name="images")
    for i in range(6):
        x = Conv2D(width * 2 ** (i // 2), 3, 1 + i % 2, padding="same")(x)
        x = layers.LeakyReLU(0.2)(x)
    x = layers.LeakyReLU(0.2)(layers.Dense(16 * width)(layers.Flatten()(x)))
    outputs = layers.Dense(1, dtype="float32")(x)
    return keras.Model(inputs, outputs, name="discriminator")
