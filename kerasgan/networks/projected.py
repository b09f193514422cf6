"""Projected GAN's networks, Sauer et al. 2021 (arXiv:2111.01007)."""

import os

import keras
from keras import layers

from kerasgan.layers import BatchNormalization, SpectralConv2D
from kerasgan.losses.features import VGG19
from kerasgan.losses.projection import RandomProjection
from kerasgan.networks.builder import builder
from kerasgan.networks.fastgan import fastgan_generator


@builder
def projected(
    image_shape: tuple[int, ...] = (64, 64, 3),
    network: str | os.PathLike | keras.Model = VGG19,
    feature_layers: tuple | list = ("block3_conv4", "block4_conv4", "block5_conv4", "block5_pool"),
    preprocessing: tuple | list = (1.0, 0.0),
    weights: str | os.PathLike | None = None,
    enlargement: int | None = None,
    latent_dim: int = 256,
    width: int = 64,
    projection_width: int = 64,
    discriminator_width: int = 64,
    projection_seed: int = 1,
):
    """FastGAN's generator, and discriminators that see a frozen network's features.

    Four discriminators, one a scale of `RandomProjection`, halve their features by convolutions
    of 4×4 with spectral and batch normalisation to 8×8, or to the side of the smallest features
    if that is less, and judge each 4×4 of it. So all have as many logits.

    Args:
        image_shape: `(size, size, channels)`; size 32, 64, 128 or 256.
        network: `"vgg19"`, the path of a `.keras` file or a Keras model, of images of any size.
            The paper's is EfficientNet-Lite1.
        feature_layers: Names of four of its layers, each of half the side of the one before: of
            strides 4, 8, 16 and 32 in the paper.
        preprocessing, weights: As in `kerasgan.losses.FeatureLoss`.
        enlargement: Whole number, how many times larger than they are the network sees images;
            by default 1, or what its smallest features need to have 2 pixels a side. The paper's
            code shows it no less than 224 pixels.
        latent_dim, width: Of the generator, as in `fastgan`.
        projection_width: Channels of the largest features that are judged; 64 in the paper's code.
        discriminator_width: Channels of the discriminators at 64 pixels; they double with every
            halving, up to 8 times as many at 8.
        projection_seed: Integer, of the random mixing of features. What discriminators have
            learned holds for that one alone: with `start` leave it as the recipe of the start has
            it.

    Returns:
        `(generator, discriminator)`: from latents `(batch, latent_dim)` to images in [-1, 1], and
        from images to the logits of all four, `(batch, n)`.

    Raises:
        ValueError, ConnectionError: On another size, on a network or a layer that is not there,
            or layers of other sides.

    Example:

    ```python
    names = ["block2_add", "block4_add", "block10_add", "block15_project_bn"]
    file = "efficientnet_lite0.keras"
    generator, discriminator = kerasgan.networks.projected((64, 64, 3), file, names)
    ```
    """
    generator = fastgan_generator(image_shape, latent_dim, width)

    def projection(**given):
        return RandomProjection(
            network, feature_layers, preprocessing, weights, projection_width, **given
        )

    if enlargement is None:
        smallest = projection().sides_of_features((1, 256, 256, 3))[-1]
        enlargement = max(2 * 256 // (smallest * image_shape[0]), 1)
    inputs = keras.Input(image_shape, name="images")
    layer = projection(enlargement=enlargement, seed=projection_seed, name="projection")
    features = layer(inputs)
    end = min(8, layer.sides[-1])
    if end < 4:
        raise ValueError(
            "The smallest features must have 2 pixels a side or more. Received: "
            f"enlargement={enlargement}, with which they have {end // 2}"
        )
    logits = [_judge(x, end, discriminator_width) for x in features]
    x = layers.Concatenate(dtype="float32")(logits)
    return generator, keras.Model(inputs, x, name="discriminator")


def _judge(x, end, width):
    while x.shape[1] > end:
        filters = width * min(max(128 // x.shape[1], 1), 8)
        x = SpectralConv2D(filters, 4, 2, "same")(x)
        x = layers.LeakyReLU(0.2)(BatchNormalization(momentum=0.9, epsilon=1e-5)(x))
    x = SpectralConv2D(1, 4, use_bias=False, dtype="float32")(x)
    return layers.Flatten(dtype="float32")(x)
