"""Multilayer perceptrons, as in Goodfellow et al. 2014 (arXiv:1406.2661)."""

import math

import keras
from keras import layers

from kerasgan.layers import MinibatchDiscrimination
from kerasgan.networks import options
from kerasgan.networks.builder import builder


@builder
def mlp(
    image_shape: tuple[int, ...] = (28, 28, 1),
    latent_dim: int = 100,
    width: int = 256,
    depth: int = 2,
    discriminator_normalization: str | None = None,
    label_dim: int | None = None,
    conditioning: str = "concatenation",
    minibatch_discrimination: bool = False,
):
    """A fully connected generator and discriminator, for samples of any shape.

    Args:
        image_shape: Shape of a sample: `(height, width, channels)` for images, whose
            generator ends in tanh, or `(features,)` for points, whose generator is
            linear at its end.
        latent_dim: Length of the latent.
        width: Units of each hidden layer.
        depth: Number of hidden layers.
        discriminator_normalization: As in `dcgan`, of every hidden layer; None by default.
        label_dim, conditioning: As in `dcgan`. `"concatenation"` appends the labels to the
            flattened sample, `"projection"` projects on the last hidden layer.
        minibatch_discrimination: As in `dcgan`.

    Returns:
        `(generator, discriminator)`: from latents `(batch, latent_dim)` to samples, and
        from samples to one logit, `(batch, 1)`; with labels as in `dcgan`. Hidden
        activations are ReLU in the generator and LeakyReLU 0.2 in the discriminator.

    Raises:
        ValueError: On a number below 1, another normalisation or conditioning.

    Example:

    ```python
    generator, discriminator = kerasgan.networks.mlp((2,), latent_dim=2)
    ```
    """
    options.check_options(discriminator_normalization, conditioning)
    is_image = len(image_shape) == 3
    _, dense = options.weight_layers(discriminator_normalization)
    latents, z, labels = options.generator_inputs(latent_dim, label_dim, conditioning)
    made = options.with_labels(z, labels)
    samples, x, labels = options.discriminator_inputs(image_shape, label_dim, conditioning)
    x = layers.Flatten()(x)
    if conditioning == "concatenation":
        x = options.with_labels(x, labels)
    for _ in range(depth):
        made = layers.Dense(width, activation="relu")(made)
        x = options.normalize(dense(width)(x), discriminator_normalization)
        x = layers.LeakyReLU(0.2)(x)
    made = layers.Dense(math.prod(image_shape))(made)
    made = layers.Reshape(image_shape)(made)
    activation = "tanh" if is_image else "linear"
    made = layers.Activation(activation, dtype="float32")(made)
    features = x
    if minibatch_discrimination:
        x = MinibatchDiscrimination()(x)
    x = options.discriminator_outputs(x, features, labels, label_dim, conditioning, dense)
    generator = keras.Model(latents, made, name="generator")
    discriminator = keras.Model(samples, x, name="discriminator")
    return generator, discriminator
