"""How far an image is from one's content and another's style, Johnson et al. 2016
(arXiv:1603.08155)."""

import os

import keras
import numpy as np
from keras import ops

from kerasgan.engine.registry import register
from kerasgan.layers.convolution import Conv2D
from kerasgan.losses.features import VGG19, frozen, vgg19

# Of ImageNet, blue first, as the VGG networks of Keras Applications take images.
MEANS = (103.939, 116.779, 123.68)


def gram_matrix(features):
    """Products of all pairs of channels, summed over all places and divided by the features' size.

    Which features come together, and not where: the style of Gatys et al. 2015
    (arXiv:1508.06576), by the size as Johnson et al. have it.

    Args:
        features: `(batch, height, width, channels)`.

    Returns:
        float32 `(batch, channels, channels)`.

    Example:

    ```python
    grams = kerasgan.losses.gram_matrix(encoder(images)[0])
    ```
    """
    features = ops.cast(features, "float32")
    _, *sides, channels = ops.shape(features)
    height, width = (ops.cast(side, "float32") for side in sides)
    return ops.einsum("bhwi,bhwj->bij", features, features) / (height * width * channels)


def feature_network(
    network=VGG19,
    layers=("block1_conv1", "block2_conv1", "block3_conv1", "block4_conv1"),
    preprocessing=(1.0, 0.0),
    weights=None,
):
    """A network from images in [-1, 1] to features of several layers, which does not train.

    Args:
        network, preprocessing, weights: As in `FeatureLoss`; a network of images of any size.
        layers: Names of the layers whose outputs are the features.

    Returns:
        Keras model, `encoder`, with weights of its own, from images `(batch, height, width,
        channels)` to a list of features.

    Raises:
        ValueError: On a network, a weights file or a layer that is not there, or a network of
            images of one size.
        ConnectionError: If the weights cannot be downloaded.

    Example:

    ```python
    encoder = kerasgan.losses.feature_network("vgg16.keras", ["block1_conv1", "block2_conv1"])
    ```
    """
    found = frozen(_read(network, weights))
    if not isinstance(found.input_shape, tuple) or found.input_shape[1:3] != (None, None):
        raise ValueError(
            "The feature network must take images (batch, height, width, channels) of any height "
            f"and width. Received: {found.name} with input shape {found.input_shape}"
        )
    names = [layer.name for layer in found.layers]
    unknown = [name for name in layers if name not in names]
    if unknown or not layers:
        told = f"no layer {unknown[0]!r}" if unknown else "layers, but none was named"
        raise ValueError(
            f"The feature network {found.name} has {told}. It has: {', '.join(names)}."
        )
    cut = keras.Model(found.inputs[0], [found.get_layer(name).output for name in layers])
    inputs = keras.Input(found.input_shape[1:], name="images")
    encoder = keras.Model(inputs, cut(_preprocess(inputs, network, preprocessing)), name="encoder")
    encoder.trainable = False
    return encoder


def _preprocess(images, network, preprocessing):
    scale, offset = preprocessing
    channels = images.shape[-1]
    kernel, bias = scale * np.eye(channels), np.full(channels, offset)
    if isinstance(network, str) and network == VGG19:
        kernel, bias = 127.5 * np.eye(3)[::-1], 127.5 - np.array(MEANS)
    # A convolution, for it is saved with the network and knows the order of the channels.
    layer = Conv2D(channels, 1, name="preprocessing", data_format="channels_last")
    images = layer(images)
    layer.set_weights([kernel[None, None], bias])
    return images


def _read(network, weights):
    if isinstance(network, keras.Model):
        return network
    if isinstance(network, str) and network == VGG19:
        return vgg19(weights)
    if not isinstance(network, (str, os.PathLike)) or not os.path.isfile(network):
        raise ValueError(
            "A feature network is 'vgg19', the path of a .keras file or a Keras model, which is "
            "not stored with a model: set model.style_loss to another kerasgan.losses.StyleLoss. "
            f"Received: {network!r}"
        )
    return keras.saving.load_model(network, compile=False)


@register
class StyleLoss:
    """How far images are from the content of some and the style of another.

    `content_weight` times the mean squared distance of features of one layer, and `style_weight`
    times the sum, over several layers, of that of their Gram matrices (Johnson et al. 2016,
    arXiv:1603.08155, equations 2 and 4); and `variation_weight` times the mean squared
    difference of neighbouring pixels in [0, 255], which keeps noise away. `StyleTransfer` and
    `kerasgan.style.stylize_by_optimization` lower it.

    The network does not train, and is not stored with a model: only its name or path is.

    Args:
        network: `"vgg19"`, the path of a `.keras` file or a Keras model, of images of any size.
        content_layer: Name of the layer of the content.
        style_layers: Names of those of the style.
        content_weight, style_weight, variation_weight: Floats. By default for VGG networks of
            images in [0, 255], as Keras Applications have them.
        preprocessing, weights: As in `FeatureLoss`.

    Raises:
        ValueError: On a negative weight; and, when it is first used, on a network, a weights file
            or a layer that is not there.
        ConnectionError: When it is first used: if the weights cannot be downloaded.

    Example:

    ```python
    loss = kerasgan.losses.StyleLoss("vgg16.keras", style_weight=10.0)
    model = kerasgan.models.StyleTransfer(generator, style="wave.jpg", style_loss=loss)
    ```
    """

    def __init__(
        self,
        network=VGG19,
        content_layer: str = "block3_conv3",
        style_layers=("block1_conv2", "block2_conv2", "block3_conv3", "block4_conv3"),
        content_weight: float = 1.0,
        style_weight: float = 5.0,
        variation_weight: float = 0.02,
        preprocessing=(1.0, 0.0),
        weights=None,
    ):
        for name, weight in (
            *(("content_weight", content_weight), ("style_weight", style_weight)),
            ("variation_weight", variation_weight),
        ):
            if not weight >= 0:
                raise ValueError(f"{name} must be 0 or more. Received: {name}={weight}")
        self.network = network
        self.content_layer = content_layer
        self.style_layers = tuple(style_layers)
        self.content_weight = content_weight
        self.style_weight = style_weight
        self.variation_weight = variation_weight
        self.preprocessing = tuple(preprocessing)
        self.weights = weights
        self.encoder = None

    def prepare(self):
        """Read the network: before a step is traced, where no variable can be made."""
        if self.encoder is None:
            names = [self.content_layer, *self.style_layers]
            self.encoder = feature_network(self.network, names, self.preprocessing, self.weights)

    def features(self, images):
        """Of images in [-1, 1] what they are compared by: features, and a list of Gram matrices."""
        self.prepare()
        content, *styles = self.encoder(images, training=False)
        return ops.cast(content, "float32"), [gram_matrix(style) for style in styles]

    def parts(self, images, content, grams):
        """The weighted parts of the loss, whose sum it is.

        Args:
            images: `(batch, height, width, channels)` in [-1, 1], of 2 pixels or more a side.
            content, grams: What `features` gave of the images whose content and whose style they
                are to have; of one, or as many.

        Returns:
            Dict of scalars `content_loss`, `style_loss` and `variation_loss`.
        """
        found, styles = self.features(images)
        pixels = ops.cast(images, "float32") * 127.5
        style_loss = sum(_distance(style, gram) for style, gram in zip(styles, grams))
        variation_loss = _distance(pixels[:, 1:], pixels[:, :-1])
        variation_loss += _distance(pixels[:, :, 1:], pixels[:, :, :-1])
        return {
            "content_loss": self.content_weight * _distance(found, content),
            "style_loss": self.style_weight * style_loss,
            "variation_loss": self.variation_weight * variation_loss,
        }

    def get_config(self):
        network = None if isinstance(self.network, keras.Model) else os.fspath(self.network)
        return {
            "network": network,
            "content_layer": self.content_layer,
            "style_layers": list(self.style_layers),
            "content_weight": self.content_weight,
            "style_weight": self.style_weight,
            "variation_weight": self.variation_weight,
            "preprocessing": list(self.preprocessing),
            "weights": self.weights if self.weights is None else os.fspath(self.weights),
        }

    @classmethod
    def from_config(cls, config):
        return cls(**config)


def _distance(a, b):
    return ops.mean(ops.square(ops.subtract(a, b)))
