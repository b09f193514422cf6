"""The networks of TimeGAN, Yoon et al. 2019 (NeurIPS), appendix B."""

import keras
from keras import layers

from kerasgan.networks.builder import builder


@builder
def timegan(
    series_shape: tuple[int, int],
    latent_channels: int | None = None,
    width: int = 24,
    depth: int = 3,
):
    """Five recurrent networks, between series, embedded series and latents.

    Args:
        series_shape: `(length, channels)` of a series as networks see it.
        latent_channels: Values of the latent at each step; by default as many as channels.
        width: Units of every GRU, and values of an embedded series at each step.
        depth: GRUs of each network; of the supervisor one fewer.

    Returns:
        `(generator, supervisor, recovery, embedder, discriminator)`: from latents
        `(batch, length * latent_channels)` to embedded series `(batch, length, width)` in [0, 1];
        from these to what they are a step later; from these to series; from series to these; and
        from these to a logit a step, `(batch, length, 1)`.

    Raises:
        ValueError: On a number below 1.

    Example:

    ```python
    networks = kerasgan.networks.timegan((24, 6))
    model = kerasgan.models.TimeGAN(*networks, modality=series)
    ```
    """
    length, channels = series_shape
    taken = latent_channels or channels

    def network(name, inputs, x, depth, units, activation=None):
        for _ in range(depth):
            x = layers.GRU(width, return_sequences=True)(x)
        x = layers.Dense(units, activation, dtype="float32")(x)
        return keras.Model(inputs, x, name=name)

    latents = keras.Input((length * taken,), name="latents")
    series = keras.Input((length, channels), name="series")
    steps = layers.Reshape((length, taken))(latents)
    generator = network("generator", latents, steps, depth, width, "sigmoid")
    embedder = network("embedder", series, series, depth, width, "sigmoid")
    others = {"supervisor": (max(1, depth - 1), width, "sigmoid"), "recovery": (depth, channels)}
    made = []
    for name, options in (others | {"discriminator": (depth, 1)}).items():
        embedded = keras.Input((length, width), name="embedded")
        made.append(network(name, embedded, embedded, *options))
    supervisor, recovery, discriminator = made
    return generator, supervisor, recovery, embedder, discriminator
