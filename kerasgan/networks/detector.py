"""A network that tells generated pictures from real ones by what lies between their pixels."""

import keras
from keras import layers

from kerasgan.layers import Conv2D, ReflectionPadding2D
from kerasgan.networks.builder import builder
from kerasgan.networks.options import normalize


@builder
def detector(channels: int = 3, width: int = 16, depth: int = 3):
    """Convolutions on what is left of a picture without its local mean.

    What a picture shows is mostly in its low frequencies, and what made it in the high ones
    (Durall, Keuper and Keuper 2020, arXiv:2003.01826): the mean of 3×3 pixels is subtracted. The
    first convolution has stride 1, so that they are not lost at once (Gragnaniello et al. 2021,
    arXiv:2104.02617); then each of stride 2 has twice the channels. 3×3 kernels, batch
    normalisation, ReLU; the features' mean over the picture, of whatever size, gives the logit.

    Args:
        channels: Of the pictures.
        width: Channels of the first convolution.
        depth: Number of convolutions of stride 2.

    Returns:
        Keras model from pictures `(batch, height, width, channels)` in [-1, 1] to logits
        `(batch, 1)` that they were generated.

    Example:

    ```python
    discriminator = kerasgan.networks.detector(channels=3)
    ```
    """
    inputs = keras.Input((None, None, channels), name="pictures")
    means = layers.AveragePooling2D(3, 1)(ReflectionPadding2D(1)(inputs))
    x = layers.Subtract()([inputs, means])
    for i in range(depth + 1):
        stride = 2 if i else 1
        x = Conv2D(width * 2**i, 3, stride, padding="same", use_bias=False)(x)
        x = layers.ReLU()(normalize(x, "batch"))
    x = layers.GlobalAveragePooling2D(dtype="float32")(x)
    outputs = layers.Dense(1, dtype="float32", name="logit")(x)
    return keras.Model(inputs, outputs, name="discriminator")
