"""Residual networks for sequences of tokens, Gulrajani et al. 2017 (arXiv:1704.00028)."""

import keras
from keras import layers

from kerasgan.layers import Conv2D
from kerasgan.networks.builder import builder

# Of what a block adds, as the authors' program has it.
SHARE = 0.3


@builder
def sequence(
    sequence_shape: tuple[int, int] = (81, 4),
    latent_dim: int = 128,
    width: int = 64,
    blocks: int = 5,
    kernel_size: int = 5,
):
    """The generator and the critic of WGAN-GP's language model.

    As many places in every layer as the sequence has: a dense layer from the latent, residual
    blocks of two convolutions, and one of a single place to a softmax over the tokens. The critic
    mirrors it. No normalisation; a block adds 0.3 of what it computes, as in the program of
    Gulrajani et al. 2017. The paper has 512 channels for 32 characters of text.

    Args:
        sequence_shape: `(length, tokens)`.
        latent_dim: Length of the latent.
        width: Channels.
        blocks: Residual blocks of each network.
        kernel_size: Of their convolutions.

    Returns:
        `(generator, critic)`: Keras models from latents `(batch, latent_dim)` to probabilities
        `(batch, length, tokens)`, and from these, or one-hot vectors, to `(batch, 1)`.

    Raises:
        ValueError: On a number below 1.

    Example:

    ```python
    generator, critic = kerasgan.networks.sequence((81, 4), width=32)
    ```
    """
    length, tokens = sequence_shape
    # Images one row high: their convolutions are the fast ones of every backend.
    kernel = (1, kernel_size)

    inputs = keras.Input((latent_dim,))
    x = layers.Dense(length * width)(inputs)
    x = layers.Reshape((1, length, width))(x)
    for _ in range(blocks):
        x = _block(x, kernel)
    x = layers.Reshape(sequence_shape)(Conv2D(tokens, 1)(x))
    x = layers.Softmax(dtype="float32")(x)
    generator = keras.Model(inputs, x, name="generator")

    inputs = keras.Input(sequence_shape)
    x = layers.Reshape((1, length, tokens))(inputs)
    x = Conv2D(width, 1)(x)
    for _ in range(blocks):
        x = _block(x, kernel)
    x = layers.Dense(1, dtype="float32")(layers.Flatten()(x))
    critic = keras.Model(inputs, x, name="discriminator")
    return generator, critic


def _block(x, kernel):
    y = x
    for _ in range(2):
        y = Conv2D(x.shape[-1], kernel, padding="same")(layers.ReLU()(y))
    return layers.Add()([x, layers.Rescaling(SHARE)(y)])
