"""Convolutional networks for fields of one to three dimensions, after DCGAN.

Radford et al. 2015 (arXiv:1511.06434); a noise value for every cell as Karras et al. 2018
(arXiv:1812.04948) have it.
"""

import math

import keras
from keras import layers

from kerasgan.layers import Conv2D, PeriodicPadding, UpSampling2D
from kerasgan.networks import options
from kerasgan.networks.builder import builder

START = 4
CONVOLUTIONS = {1: layers.Conv1D, 2: Conv2D, 3: layers.Conv3D}
UPSAMPLINGS = {1: layers.UpSampling1D, 2: UpSampling2D, 3: layers.UpSampling3D}
CROPPINGS = {1: layers.Cropping1D, 2: layers.Cropping2D, 3: layers.Cropping3D}


@builder
def fields(
    field_shape: tuple[int, ...] = (32, 32, 1),
    latent_dim: int = 64,
    width: int = 32,
    periodic: bool = False,
    activation: str | None = "tanh",
    label_dim: int | None = None,
):
    """A generator and a critic of fields.

    The generator projects the first part of its latents to a coarse grid and doubles it up to the
    field's; two convolutions of every finer grid see a noise value in each cell, which are the
    other latents, so that what is independent from cell to cell need not come out of a short
    latent. The critic halves the grid by convolutions. Neither normalises its features: a mean over
    the batch, or over the grid, would blur what fields are judged by, as their mean is.

    Args:
        field_shape: `(*grid, variables)`, a grid of one to three dimensions, of any size.
        latent_dim: Latents of the whole field. The generator takes those of the cells behind them,
            one for each cell of each grid but the coarsest: 384 latents for `(16, 16, 1)`.
        width: Channels next to the field; they double with every halving of the grid, up to 1024.
        periodic: Whether the grid goes on at the opposite side, as that of a lattice does.
        activation: What the generator ends in: tanh for fields in [-1, 1], None for others.
        label_dim: Length of the vectors of conditions, or None. The generator takes them beside its
            latents, the critic as channels (Mirza and Osindero 2014, arXiv:1411.1784).

    Returns:
        `(generator, critic)`: from latents to fields, and from fields to one value, `(batch, 1)`.
        With conditions the generator takes `[latents, labels]`, the critic `[fields, labels]`.

    Raises:
        ValueError: On a grid of more than three dimensions, a periodic one whose sides cannot be
            halved as often, or a number below 1.

    Example:

    ```python
    generator, critic = kerasgan.networks.fields((32, 32, 1), periodic=True, label_dim=1)
    ```
    """
    *grid, variables = field_shape
    if len(grid) not in CONVOLUTIONS:
        raise ValueError(
            "field_shape must be (*grid, variables), a grid of 1 to 3 dimensions. Received: "
            f"field_shape={field_shape}"
        )
    doublings = max(0, int(math.log2(min(grid) / START)))
    if periodic and any(side % 2**doublings for side in grid):
        raise ValueError(
            f"Each side of a periodic grid must be a multiple of {2**doublings}. Received: "
            f"field_shape={field_shape}"
        )
    grids = [[math.ceil(side / 2**i) for side in grid] for i in range(doublings, -1, -1)]
    widths = [min(width * 2**i, 1024) for i in range(doublings, -1, -1)]

    def convolve(x, filters, kernel, strides=1):
        padding = "same"
        if periodic:
            x, padding = PeriodicPadding((kernel - 1) // 2)(x), "valid"
        start = keras.initializers.HeNormal()
        layer = CONVOLUTIONS[len(grid)]
        return layer(filters, kernel, strides, padding, kernel_initializer=start)(x)

    def leaky(x):
        return layers.LeakyReLU(0.2)(x)

    sizes = [latent_dim, *map(math.prod, grids[1:])]
    inputs, latents, labels = options.network_inputs((sum(sizes),), label_dim)
    latents = layers.Reshape((sum(sizes), 1))(latents)

    def part(i):
        return layers.Cropping1D((sum(sizes[:i]), sum(sizes[i + 1 :])))(latents)

    x = options.with_labels(layers.Flatten()(part(0)), labels)
    x = layers.Dense(math.prod(grids[0]) * widths[0], kernel_initializer="he_normal")(x)
    x = leaky(layers.Reshape((*grids[0], widths[0]))(x))
    for i in range(1, len(grids)):
        x = UPSAMPLINGS[len(grid)](2)(x)
        excess = [(0, side - own) for side, own in zip(x.shape[1:-1], grids[i])]
        if any(after for _, after in excess):
            x = CROPPINGS[len(grid)](excess[0] if len(grid) == 1 else tuple(excess))(x)
        x = layers.Concatenate()([x, layers.Reshape((*grids[i], 1))(part(i))])
        x = leaky(convolve(leaky(convolve(x, widths[i], 3)), widths[i], 3))
    x = convolve(x, variables, 3)
    x = layers.Activation(activation or "linear", dtype="float32")(x)
    generator = keras.Model(inputs, x, name="generator")

    inputs, samples, labels = options.network_inputs(field_shape, label_dim)
    x = options.with_label_planes(samples, labels, "concatenation")
    x = leaky(convolve(x, widths[-1], 3))
    for filters in reversed(widths[:-1]):
        x = leaky(convolve(x, filters, 4, 2))
    x = layers.Dense(1, dtype="float32")(layers.Flatten()(x))
    return generator, keras.Model(inputs, x, name="discriminator")
