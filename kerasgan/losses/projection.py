"""Features of a frozen network, randomly mixed, Sauer et al. 2021 (arXiv:2111.01007)."""

import functools
import os

import keras
import numpy as np
from keras import layers, ops

from kerasgan.engine.registry import register
from kerasgan.layers import BilinearUpsampling, Conv2D
from kerasgan.losses.features import VGG19
from kerasgan.losses.style import feature_network

SCALES = 4


@register
class RandomProjection(layers.Layer):
    """Features of a frozen network at four scales, mixed by random convolutions.

    Section 3.2 of Sauer et al. 2021 (arXiv:2111.01007): random convolutions of 1×1 mix the
    channels of each scale, and from the smallest scale to the largest, each is enlarged twice
    bilinearly, mixed by a random one of 3×3, and added to the next. Nothing of it trains. What
    is random follows from `seed` alone, on every backend, and is not stored, nor is the feature
    network: only its name or path is.

    Args:
        network, preprocessing, weights: As in `kerasgan.losses.feature_network`. Images of other
            channels than it takes go through it channel by channel, as grey ones.
        feature_layers: Names of four of its layers, each half as large as the one before.
        width: Channels of the largest scale after the first mixing; they double from scale to
            scale.
        enlargement: Whole number, how many times larger than they are it sees images.
        seed: Integer.
        sides: Sides of the four outputs; None to ask the network.

    Call arguments:
        images: Floats in [-1, 1], `(batch, size, size, channels)`.

    Returns:
        List of four tensors of features, from the largest to the smallest.

    Raises:
        ValueError, ConnectionError: When the network is first asked for: as
            `kerasgan.losses.feature_network`.

    Example:

    ```python
    layers = ["block2_add", "block4_add", "block10_add", "block15_project_bn"]
    projection = RandomProjection("efficientnet_lite0.keras", layers)
    features = projection(images)
    ```
    """

    def __init__(
        self,
        network,
        feature_layers,
        preprocessing=(1.0, 0.0),
        weights=None,
        width: int = 64,
        enlargement: int = 1,
        seed: int = 0,
        sides=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.use(network)
        self.feature_layers = tuple(feature_layers)
        self.preprocessing = tuple(preprocessing)
        self.weights_file = weights
        self.width = width
        self.enlargement = enlargement
        self.seed = seed
        self.sides = None if sides is None else tuple(sides)

    @property
    def network(self):
        """The feature network as it was given."""
        return self.__dict__["_network"]

    def use(self, network):
        """Take another feature network, where the one that is noted is not there."""
        # Out of Keras's sight, as what is made of it: it is not to be stored.
        self.__dict__["_network"] = network
        for made in ("encoder", "mixing"):
            self.__dict__.pop(made, None)

    @functools.cached_property
    def encoder(self):
        """The frozen feature network, of several outputs."""
        network = self.network
        is_file = isinstance(network, (str, os.PathLike)) and os.path.isfile(network)
        if not is_file and not isinstance(network, keras.Model) and network != VGG19:
            raise ValueError(
                "A feature network is 'vgg19', the path of a .keras file or a Keras model, which "
                "is not stored with a model: before training on, give the one that it was trained "
                f"with to model.projection.use(network). Received: {network!r}"
            )
        # Precision is that of the steps: what is made here follows Keras's policy.
        return feature_network(network, self.feature_layers, self.preprocessing, self.weights_file)

    @functools.cached_property
    def mixing(self):
        """The random convolutions, as one frozen network of the encoder's features."""
        numbers = np.random.default_rng(self.seed)

        def convolution(x, filters, kernel_size):
            layer = Conv2D(filters, kernel_size, padding="same", data_format="channels_last")
            made = layer(x)
            kernel = layer.kernel.shape
            deviation = np.sqrt(2.0 / np.prod(kernel[:-1]))
            layer.set_weights([deviation * numbers.standard_normal(kernel), np.zeros(filters)])
            return made

        folds = self._folds()
        outputs = self.encoder.outputs
        inputs = [keras.Input((None, None, folds * x.shape[-1])) for x in outputs]
        widths = [self.width * 2**i for i in range(SCALES)]
        mixed = [convolution(x, filters, 1) for x, filters in zip(inputs, widths)]
        made, x = [], None
        for i in reversed(range(SCALES)):
            x = mixed[i] if x is None else layers.Add()([mixed[i], x])
            x = convolution(BilinearUpsampling(2)(x), widths[max(i - 1, 0)], 3)
            made.insert(0, x)
        network = keras.Model(inputs, made, name="mixing")
        network.trainable = False
        return network

    def prepare(self):
        """Read the network: before a step is traced, where no variable can be made."""
        return self.mixing

    def build(self, input_shape):
        self.channels = input_shape[-1]
        if self.sides is None:
            self.sides = tuple(2 * side for side in self.sides_of_features(input_shape))

    def sides_of_features(self, input_shape):
        """The sides of the network's features, checked."""
        side = self.enlargement * input_shape[1]
        shape = (1, side, side, self.encoder.input_shape[-1])
        sides = [shape[1] for shape in self.encoder.compute_output_shape(shape)]
        if len(sides) != SCALES or any(a != 2 * b for a, b in zip(sides, sides[1:])):
            raise ValueError(
                f"feature_layers must name {SCALES} layers, each of half the side of the one "
                f"before. Received: {', '.join(self.feature_layers)}, of sides {sides} for images "
                f"of {side}"
            )
        return sides

    def _folds(self):
        """How many times the network runs on an image: for each channel, if it takes others."""
        return 1 if self.channels == self.encoder.input_shape[-1] else self.channels

    def call(self, images):
        if self.enlargement > 1:
            images = BilinearUpsampling(self.enlargement)(images)
        folds = self._folds()
        if folds > 1 or self.channels == 1:
            _, height, width, _ = images.shape
            images = ops.reshape(ops.transpose(images, (0, 3, 1, 2)), (-1, height, width, 1))
            images = ops.repeat(images, self.encoder.input_shape[-1], axis=-1)
        features = self.encoder(images, training=False)
        if folds > 1:
            features = [_unfolded(x, folds) for x in features]
        return list(self.mixing(features, training=False))

    def compute_output_shape(self, input_shape):
        widths = [self.width * 2 ** max(i - 1, 0) for i in range(SCALES)]
        return [(input_shape[0], side, side, n) for side, n in zip(self.sides, widths)]

    def get_config(self):
        given = self.network
        return super().get_config() | {
            "network": None if isinstance(given, keras.Model) else os.fspath(given or "") or None,
            "feature_layers": list(self.feature_layers),
            "preprocessing": list(self.preprocessing),
            "weights": None if self.weights_file is None else os.fspath(self.weights_file),
            "width": self.width,
            "enlargement": self.enlargement,
            "seed": self.seed,
            "sides": None if self.sides is None else list(self.sides),
        }


def _unfolded(x, folds):
    """Features of an image's channels, which were images of their own, as channels again."""
    height, width, channels = x.shape[1:]
    x = ops.transpose(ops.reshape(x, (-1, folds, height, width, channels)), (0, 2, 3, 1, 4))
    return ops.reshape(x, (-1, height, width, folds * channels))
