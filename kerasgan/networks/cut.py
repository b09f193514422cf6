"""The networks of contrastive unpaired translation, Park et al. 2020 (arXiv:2007.15651)."""

import keras
from keras import layers

from kerasgan.networks.builder import builder
from kerasgan.networks.patchgan import patchgan
from kerasgan.networks.translator import translator


@builder
def cut(
    image_shape: tuple[int | None, int | None, int] = (256, 256, 3),
    channels: int = 3,
    width: int = 64,
    blocks: int = 9,
    discriminator_width: int | None = None,
    projection_dim: int = 256,
):
    """CUT's generator and discriminator, those of CycleGAN, and its projections.

    Features of five depths of the generator are compared: its pixels, both halvings, its first
    residual block and one past the middle. Each place of them goes through a network of two
    dense layers, one such network a depth, to a vector whose direction is compared.

    Args:
        image_shape: `(height, width, channels)` of a source; the generator takes any size.
        channels: Channels of a target.
        width: Channels of the generator's first layer, as in `translator`.
        blocks: Residual blocks, as in `translator`; 9 in the paper.
        discriminator_width: As `width` in `patchgan`; by default that of the generator.
        projection_dim: Length of a projected vector.

    Returns:
        `(generator, discriminator, projections)`: as `translator` and `patchgan` return them; the
        third takes a list of features `(batch, places, channels)` and gives as many
        `(batch, places, projection_dim)`.

    Raises:
        ValueError: As `translator` and `patchgan`.

    Example:

    ```python
    networks = kerasgan.networks.cut((128, 128, 3), width=32, blocks=6)
    model = kerasgan.models.CUT(*networks)
    ```
    """
    source = (None, None, image_shape[-1])
    generator = translator(source, channels, width=width, blocks=blocks)
    seen = (*image_shape[:2], channels)
    discriminator = patchgan(seen, width=discriminator_width or width)
    compared = ("images", "down_1", "down_2", "block_1", f"block_{max(blocks * 5 // 9, 1)}")
    inputs, outputs = [], []
    for name in dict.fromkeys(compared):
        features = keras.Input((None, generator.get_layer(name).output.shape[-1]), name=name)
        x = layers.Dense(projection_dim, "relu", **_weights())(features)
        inputs.append(features)
        outputs.append(layers.Dense(projection_dim, **_weights(), dtype="float32")(x))
    return generator, discriminator, keras.Model(inputs, outputs, name="projections")


def _weights():
    return {"kernel_initializer": keras.initializers.RandomNormal(stddev=0.02)}
