"""ESRGAN's generator, Wang et al. 2018 (arXiv:1809.00219)."""

import keras
from keras import layers

from kerasgan.layers import Conv2D, UpSampling2D
from kerasgan.networks.builder import builder
from kerasgan.networks.options import steps_of_scale


@builder
def rrdb(
    scale: int = 4,
    width: int = 64,
    blocks: int = 23,
    growth: int = 32,
    residual_scaling: float = 0.2,
):
    """The generator of ESRGAN: residual-in-residual dense blocks, without normalisation.

    Each block holds three dense blocks of five convolutions; the size grows by
    nearest-neighbour upsampling. It takes images of any size.

    Args:
        scale: How many times larger the output is: 2, 3, 4 or 8.
        width: Channels of the features; 64 in the paper.
        blocks: Number of blocks; 23 in the paper, of 16.7 million parameters.
        growth: Channels that each convolution of a dense block adds; 32 in the paper.
        residual_scaling: What a residual is multiplied by before it is added; 0.2 in the
            paper. Small residuals keep a deep network from diverging.

    Returns, Raises: As `srresnet`.

    Example:

    ```python
    generator = kerasgan.networks.rrdb(scale=4, blocks=8)
    ```
    """

    def convolution(x, filters, scaling=1.0):
        # The paper starts from a tenth of He's weights inside the blocks.
        start = keras.initializers.VarianceScaling(2.0 * scaling**2, "fan_in", "untruncated_normal")
        return Conv2D(filters, 3, padding="same", kernel_initializer=start)(x)

    def add(x, residual):
        return layers.Add()([x, layers.Rescaling(residual_scaling)(residual)])

    def dense_block(x):
        features = [x]
        for _ in range(4):
            joined = layers.Concatenate()(features) if len(features) > 1 else x
            features.append(layers.LeakyReLU(0.2)(convolution(joined, growth, 0.1)))
        return add(x, convolution(layers.Concatenate()(features), width, 0.1))

    inputs = keras.Input((None, None, 3), name="images")
    x = start = convolution(inputs, width)
    for _ in range(blocks):
        x = add(x, dense_block(dense_block(dense_block(x))))
    x = layers.Add()([start, convolution(x, width)])
    for step in steps_of_scale(scale):
        x = layers.LeakyReLU(0.2)(convolution(UpSampling2D(step)(x), width))
    x = layers.LeakyReLU(0.2)(convolution(x, width))
    outputs = Conv2D(3, 3, padding="same", dtype="float32")(x)
    return keras.Model(inputs, outputs, name="generator")
