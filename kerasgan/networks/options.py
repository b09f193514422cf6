"""The options that every builder has: the discriminator's normalisation, and labels."""

import math

import keras
from keras import layers

from kerasgan.layers import (
    BatchNormalization,
    Conv2D,
    GroupNormalization,
    SpectralConv2D,
    SpectralDense,
)

NORMALIZATIONS = ("batch", "layer", "spectral", None)
CONDITIONINGS = ("concatenation", "projection", "auxiliary", "classes")
# Of a discriminator that sees samples alone.
UNTOLD = ("auxiliary", "classes")


def check_options(discriminator_normalization, conditioning):
    if discriminator_normalization not in NORMALIZATIONS:
        raise ValueError(
            f"discriminator_normalization must be one of {', '.join(map(repr, NORMALIZATIONS))}. "
            f"Received: {discriminator_normalization!r}"
        )
    if conditioning not in CONDITIONINGS:
        raise ValueError(
            f"conditioning must be one of {', '.join(map(repr, CONDITIONINGS))}. "
            f"Received: {conditioning!r}"
        )


def check_square(image_shape, sizes):
    """Refuse images that are not square, or of another size than these."""
    if len(image_shape) != 3 or image_shape[1] != image_shape[0] or image_shape[0] not in sizes:
        raise ValueError(
            "image_shape must be (size, size, channels) with size one of "
            f"{', '.join(map(str, sizes))}. Received: image_shape={image_shape}"
        )


def weight_layers(normalization):
    """The convolution and the dense layer of a discriminator."""
    if normalization == "spectral":
        return SpectralConv2D, SpectralDense
    return Conv2D, layers.Dense


def normalize(x, normalization, **batch):
    """Features normalised; `batch` are more options of batch normalisation."""
    if normalization == "batch":
        return BatchNormalization(momentum=0.9, epsilon=1e-5, **batch)(x)
    if normalization == "layer":
        # Over all features of a sample, with a scale and a shift a channel: the layer
        # normalisation of Gulrajani et al. 2017 (arXiv:1704.00028).
        return GroupNormalization(1, epsilon=1e-5)(x)
    if normalization == "instance":
        return GroupNormalization(-1, epsilon=1e-5)(x)
    return x


def network_inputs(shape, label_dim):
    """A model's inputs, and its parts: samples or latents, and labels or None."""
    x = keras.Input(tuple(shape))
    if label_dim is None:
        return x, x, None
    labels = keras.Input((label_dim,), name="labels")
    return [x, labels], x, labels


def generator_inputs(latent_dim, label_dim, conditioning):
    return network_inputs((latent_dim,), None if conditioning == "classes" else label_dim)


def discriminator_inputs(image_shape, label_dim, conditioning):
    return network_inputs(image_shape, None if conditioning in UNTOLD else label_dim)


def with_labels(x, labels):
    """Vectors with the labels, if any, appended."""
    return x if labels is None else layers.Concatenate()([x, labels])


def with_label_planes(images, labels, conditioning):
    """Images with a channel a label, of its value everywhere, where these are concatenated."""
    if labels is None or conditioning != "concatenation":
        return images
    grid = images.shape[1:-1]
    planes = layers.RepeatVector(math.prod(grid))(labels)
    planes = layers.Reshape((*grid, labels.shape[-1]))(planes)
    return layers.Concatenate()([images, planes])


def sum_pool(x):
    """Sum over all positions, in float32."""
    positions = x.shape[1] * x.shape[2]
    x = layers.GlobalAveragePooling2D(dtype="float32")(x)
    return layers.Rescaling(positions, dtype="float32")(x)


def discriminator_outputs(x, features, labels, label_dim, conditioning, dense):
    """Logits `(batch, 1)`, the labels' logits beside them if auxiliary, or these alone.

    Args:
        x: What the output layer sees.
        features: What labels are projected on; maps are summed over their positions.
        labels: The discriminator's labels, or None.
        label_dim, conditioning: As the builders have them.
        dense: `dense(units, **options)` makes a weight layer.
    """
    if conditioning == "classes" and label_dim is not None:
        return dense(label_dim, dtype="float32")(x)
    logits = dense(1, dtype="float32")(x)
    if label_dim is None or conditioning == "concatenation":
        return logits
    if conditioning == "auxiliary":
        return [logits, dense(label_dim, dtype="float32")(x)]
    if len(features.shape) == 4:
        features = sum_pool(features)
    embedding = dense(features.shape[-1], use_bias=False, dtype="float32")(labels)
    inner = layers.Dot(1, dtype="float32")([embedding, features])
    return layers.Add(dtype="float32")([logits, inner])


def steps_of_scale(scale):
    """The factors, one after the other, by which a super-resolution network enlarges."""
    steps = {2: [2], 3: [3], 4: [2, 2], 8: [2, 2, 2]}
    if scale not in steps:
        raise ValueError(f"scale must be 2, 3, 4 or 8. Received: {scale}")
    return steps[scale]
