"""The networks of CTGAN, Xu et al. 2019 (arXiv:1907.00503), section 4.4."""

import keras
from keras import layers

from kerasgan.layers import BatchNormalization
from kerasgan.networks.builder import builder


@builder
def ctgan(
    row_dim: int,
    condition_dim: int,
    latent_dim: int = 128,
    width: int = 256,
    depth: int = 2,
    pack: int = 10,
    discriminator_width: int = 256,
    discriminator_depth: int = 2,
    dropout: float = 0.5,
):
    """A fully connected generator of rows, and a discriminator of several rows at once.

    Each hidden layer of the generator gets what all before it have made, with batch
    normalisation; those of the discriminator have LeakyReLU 0.2 and dropout.

    Args:
        row_dim: Length of a row, `Table.row_dim`.
        condition_dim: Length of a condition, `Table.condition_dim`.
        latent_dim: Length of the latent.
        width: Units of each hidden layer of the generator.
        depth: Its number of them.
        pack: Rows that the discriminator judges at once, so that it sees whether they are all
            alike (PacGAN, Lin et al. 2017, arXiv:1712.04086).
        discriminator_width, discriminator_depth: As `width` and `depth`.
        dropout: Float in [0, 1), of the discriminator.

    Returns:
        `(generator, discriminator)`: from `[latents, conditions]` to the place of each number
        before its tanh and logits of each category and mode, `(batch, row_dim)`; and from `pack`
        rows with their conditions, `(batch, pack * (row_dim + condition_dim))`, to one value.

    Raises:
        ValueError: On a number below 1.

    Example:

    ```python
    networks = kerasgan.networks.ctgan(table.row_dim, table.condition_dim)
    model = kerasgan.models.TabularGAN(*networks, table=table)
    ```
    """
    latents = keras.Input((latent_dim,), name="latents")
    conditions = keras.Input((condition_dim,), name="conditions")
    x = layers.Concatenate()([latents, conditions])
    for _ in range(depth):
        made = layers.Dense(width)(x)
        made = BatchNormalization(momentum=0.9, epsilon=1e-5)(made)
        x = layers.Concatenate()([layers.ReLU()(made), x])
    rows = layers.Dense(row_dim, dtype="float32")(x)
    packed = keras.Input((pack * (row_dim + condition_dim),), name="rows")
    y = packed
    for _ in range(discriminator_depth):
        y = layers.LeakyReLU(0.2)(layers.Dense(discriminator_width)(y))
        y = layers.Dropout(dropout)(y)
    logits = layers.Dense(1, dtype="float32")(y)
    generator = keras.Model([latents, conditions], rows, name="generator")
    return generator, keras.Model(packed, logits, name="discriminator")
