"""The residual generator of unpaired translation, Zhu et al. 2017 (arXiv:1703.10593)."""

import keras
from keras import layers

from kerasgan.layers import Conv2D, Conv2DTranspose, ReflectionPadding2D
from kerasgan.networks.builder import builder
from kerasgan.networks.options import normalize

STRIDE = 4


@builder
def translator(
    image_shape: tuple[int | None, int | None, int] = (None, None, 3),
    channels: int = 3,
    width: int = 64,
    blocks: int = 6,
    normalization: str = "instance",
):
    """The generator of CycleGAN and CUT: residual blocks at a quarter of the size.

    `c7s1-64, d128, d256, R256 × blocks, u128, u64, c7s1-3` after Johnson et al. 2016
    (arXiv:1603.08155): 7×7 convolutions at the ends and 3×3 ones between them, of stride 2 down,
    transposed ones up, padding by reflection, ReLU, tanh at the end, weights from N(0, 0.02).

    Args:
        image_shape: `(height, width, channels)` of what it takes; sides that are multiples of 4,
            or None for any such, of 12 pixels or more.
        channels: Channels of what it makes.
        width: Channels of the first layer; the blocks have four times as many. 64 in the paper.
        blocks: Residual blocks: 6 in the paper for 128 pixels, 9 from 256 pixels on.
        normalization: `"instance"` or `"batch"`.

    Returns:
        Keras model from images `(batch, height, width, channels)` in [-1, 1] to images in
        [-1, 1] of the same size. Its layers `down_1`, `down_2` and `block_1`, `block_2`, … are
        the features that `CUT` compares.

    Raises:
        ValueError: On sides that are no multiples of 4, or another normalisation.

    Example:

    ```python
    generator = kerasgan.networks.translator((None, None, 3), width=32, blocks=6)
    ```
    """
    if any(side is not None and (side % STRIDE or side < 12) for side in image_shape[:2]):
        raise ValueError(
            "image_shape must be (height, width, channels) with sides that are multiples of 4 and "
            f"12 or more, or None. Received: image_shape={image_shape}"
        )
    if normalization not in ("instance", "batch"):
        raise ValueError(
            f"normalization must be 'instance' or 'batch'. Received: {normalization!r}"
        )

    def weights():
        return {"kernel_initializer": keras.initializers.RandomNormal(stddev=0.02)}

    def convolution(x, filters, size):
        x = ReflectionPadding2D(size // 2)(x)
        return Conv2D(filters, size, use_bias=False, **weights())(x)

    inputs = keras.Input(image_shape, name="images")
    x = layers.ReLU()(normalize(convolution(inputs, width, 7), normalization))
    for i in (1, 2):
        options = weights() | {"padding": "same", "use_bias": False, "name": f"down_{i}"}
        x = Conv2D(width * 2**i, 3, 2, **options)(x)
        x = layers.ReLU()(normalize(x, normalization))
    for i in range(blocks):
        y = layers.ReLU()(normalize(convolution(x, x.shape[-1], 3), normalization))
        y = normalize(convolution(y, x.shape[-1], 3), normalization)
        x = layers.Add(name=f"block_{i + 1}")([x, y])
    for i in (1, 0):
        options = weights() | {"padding": "same", "use_bias": False}
        x = Conv2DTranspose(width * 2**i, 3, 2, **options)(x)
        x = layers.ReLU()(normalize(x, normalization))
    x = Conv2D(channels, 7, **weights())(ReflectionPadding2D(3)(x))
    x = layers.Activation("tanh", dtype="float32")(x)
    return keras.Model(inputs, x, name="generator")
