"""Pixel attention network, Zhao et al. 2020 (arXiv:2010.01073)."""

import keras
from keras import layers

from kerasgan.layers import BilinearUpsampling, Conv2D, UpSampling2D
from kerasgan.networks.builder import builder
from kerasgan.networks.options import steps_of_scale


@builder
def pan(scale: int = 4, width: int = 40, blocks: int = 16, upsampling_width: int = 24):
    """A small generator for super-resolution: 272,000 parameters, for a CPU.

    Blocks of two paths, one of which weighs every value of its features by a sigmoid of the
    features there; the output is added to the input, enlarged bilinearly. It takes images of
    any size.

    Args:
        scale: How many times larger the output is: 2, 3, 4 or 8.
        width: Channels of the features, an even number; 40 in the paper.
        blocks: Number of blocks; 16 in the paper.
        upsampling_width: Channels of the features at the larger sizes; 24 in the paper.

    Returns, Raises: As `srresnet`.

    Example:

    ```python
    generator = kerasgan.networks.pan(scale=4)
    ```
    """
    if width % 2:
        raise ValueError(f"width must be an even number. Received: width={width}")

    def convolution(x, filters, size=3, **kwargs):
        return Conv2D(filters, size, padding="same", **kwargs)(x)

    def activate(x):
        return layers.LeakyReLU(0.2)(x)

    def attend(x, to):
        return layers.Multiply()([x, convolution(to, to.shape[-1], 1, activation="sigmoid")])

    def block(x):
        plain, attended = (
            activate(convolution(x, width // 2, 1, use_bias=False)) for _ in range(2)
        )
        plain = activate(convolution(plain, width // 2, use_bias=False))
        attended = attend(convolution(attended, width // 2, use_bias=False), attended)
        attended = activate(convolution(attended, width // 2, use_bias=False))
        joined = layers.Concatenate()([plain, attended])
        return layers.Add()([x, convolution(joined, width, 1, use_bias=False)])

    inputs = keras.Input((None, None, 3), name="images")
    x = start = convolution(inputs, width)
    for _ in range(blocks):
        x = block(x)
    x = layers.Add()([start, convolution(x, width)])
    for step in steps_of_scale(scale):
        x = convolution(UpSampling2D(step)(x), upsampling_width)
        x = activate(attend(x, x))
        x = activate(convolution(x, upsampling_width))
    x = Conv2D(3, 3, padding="same", dtype="float32")(x)
    enlarged = BilinearUpsampling(scale, dtype="float32")(inputs)
    return keras.Model(inputs, layers.Add()([x, enlarged]), name="generator")
