"""Multilayer perceptrons, as in Goodfellow et al. 2014 (arXiv:1406.2661)."""

import math

import keras
from keras import layers


def mlp(image_shape=(28, 28, 1), latent_dim=100, width=256, depth=2):
    """A fully connected generator and discriminator, for samples of any shape.

    Args:
        image_shape: Shape of a sample: `(height, width, channels)` for images, whose
            generator ends in tanh, or `(features,)` for points, whose generator is
            linear at its end.
        latent_dim: Length of the latent.
        width: Units of each hidden layer.
        depth: Number of hidden layers.

    Returns:
        `(generator, discriminator)`: from latents `(batch, latent_dim)` to samples, and
        from samples to one logit, `(batch, 1)`. Hidden activations are ReLU in the
        generator and LeakyReLU 0.2 in the discriminator.

    Raises:
        ValueError: On a shape, width or depth below 1.

    Example:

    ```python
    generator, discriminator = kerasgan.networks.mlp((2,), latent_dim=2)
    ```
    """
    if min(image_shape) < 1 or width < 1 or depth < 1 or latent_dim < 1:
        raise ValueError(
            "image_shape, latent_dim, width and depth must be at least 1. Received: "
            f"image_shape={image_shape}, latent_dim={latent_dim}, width={width}, "
            f"depth={depth}"
        )
    is_image = len(image_shape) == 3
    generator = keras.Sequential([keras.Input((latent_dim,))], name="generator")
    discriminator = keras.Sequential([keras.Input(image_shape)], name="discriminator")
    discriminator.add(layers.Flatten())
    for _ in range(depth):
        generator.add(layers.Dense(width, activation="relu"))
        discriminator.add(layers.Dense(width))
        discriminator.add(layers.LeakyReLU(0.2))
    generator.add(layers.Dense(math.prod(image_shape)))
    generator.add(layers.Reshape(image_shape))
    activation = "tanh" if is_image else "linear"
    generator.add(layers.Activation(activation, dtype="float32"))
    discriminator.add(layers.Dense(1, dtype="float32"))
    return generator, discriminator
