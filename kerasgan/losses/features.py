"""Content loss on the features of a network, Johnson et al. 2016 (arXiv:1603.08155)."""

import os

import keras
from keras import ops

from kerasgan.engine import backend
from kerasgan.engine.registry import register
from kerasgan.layers.convolution import Conv2D, MaxPooling2D

VGG19 = "vgg19"


@register
class FeatureLoss(keras.losses.Loss):
    """The mean squared distance of two images in the features of a network.

    The perceptual loss of Johnson et al. 2016 (arXiv:1603.08155), the content loss of SRGAN
    (Ledig et al. 2017, arXiv:1609.04802) and ESRGAN (Wang et al. 2018, arXiv:1809.00219).
    The network does not train. It is read when training begins and not stored with a model:
    only its name or path is.

    Args:
        network: `"vgg19"`, Keras Applications' with ImageNet weights; the path of a `.keras`
            file; or a Keras model. Images of other channels than it takes are compared channel
            by channel, as grey images.
        layer: Name of the layer whose output is compared. SRGAN's φ5,4 is
            `"block5_conv4"`.
        activated: Compare after the activation that the layer has, as SRGAN does; False
            for before it, as ESRGAN does.
        scale: What features are multiplied by, to bring the loss to the size of the mean
            squared error of pixels: by default 1 / 12.75, which is SRGAN's for VGG19.
        preprocessing: `(scale, offset)` that turn images in [-1, 1] into what the network
            takes: `(127.5, 127.5)` for [0, 255]. `"vgg19"` needs none.
        weights: For `"vgg19"`: path of a weights file in place of a download.

    Raises:
        ValueError: When training begins: on a network, a weights file or a layer that is
            not there.
        ConnectionError: When training begins: if the weights cannot be downloaded.

    Example:

    ```python
    loss = kerasgan.losses.FeatureLoss("vgg19", weights="vgg19_notop.weights.h5")
    model = kerasgan.models.SRGAN(generator, discriminator, content_loss=loss)
    ```
    """

    def __init__(
        self,
        network=VGG19,
        layer: str = "block5_conv4",
        activated: bool = True,
        scale: float = 1 / 12.75,
        preprocessing=(1.0, 0.0),
        weights=None,
        name="feature_loss",
        **kwargs,
    ):
        super().__init__(name=name, **kwargs)
        self.network = network
        self.layer = layer
        self.activated = activated
        self.scale = scale
        self.preprocessing = tuple(preprocessing)
        self.weights = weights
        # The network up to the layer, once it is read.
        self.encoder = None

    def prepare(self):
        """Read the network: before a step is traced, where no variable can be made."""
        if self.encoder is not None:
            return
        network = frozen(self._read())
        names = [layer.name for layer in network.layers]
        if self.layer not in names:
            raise ValueError(
                f"The feature network {network.name} has no layer {self.layer!r}. It has: "
                f"{', '.join(names)}."
            )
        if not self.activated:
            network.get_layer(self.layer).activation = keras.activations.linear
        self.encoder = keras.Model(network.inputs[0], network.get_layer(self.layer).output)

    def _read(self):
        network = self.network
        if isinstance(network, keras.Model):
            return network
        if network == VGG19:
            return vgg19(self.weights)
        if network is None:
            raise ValueError(
                "The feature network was a Keras model, which is not stored with the weights: "
                "set model.content_loss = kerasgan.losses.FeatureLoss(network, …) before fit."
            )
        if not os.path.isfile(network):
            raise ValueError(
                "A feature network is 'vgg19', the path of a .keras file or a Keras model. "
                f"There is no file {os.fspath(network)!r}: set model.content_loss to another "
                "kerasgan.losses.FeatureLoss."
            )
        return keras.saving.load_model(network, compile=False)

    def features(self, images):
        """Features of images in [-1, 1]; of other channels than the network's, of each channel."""
        self.prepare()
        taken, (_, height, width, given) = self.encoder.input_shape[-1], ops.shape(images)
        if given != taken:
            images = ops.reshape(ops.transpose(images, (0, 3, 1, 2)), (-1, height, width, 1))
            images = ops.repeat(images, taken, axis=-1)
        scale, offset = self.preprocessing
        images = images * scale + offset
        if self.network == VGG19:
            images = keras.applications.vgg19.preprocess_input((images + 1.0) * 127.5)
        return self.encoder(images, training=False)

    def call(self, y_true, y_pred):
        difference = self.scale * (self.features(y_true) - self.features(y_pred))
        return ops.mean(ops.square(difference), axis=(1, 2, 3))

    def get_config(self):
        network = None if isinstance(self.network, keras.Model) else os.fspath(self.network)
        return super().get_config() | {
            "network": network,
            "layer": self.layer,
            "activated": self.activated,
            "scale": self.scale,
            "preprocessing": list(self.preprocessing),
            "weights": self.weights if self.weights is None else os.fspath(self.weights),
        }


def frozen(network):
    """A copy that does not train, and computes in the precision and the way of other networks."""
    faster = {keras.layers.Conv2D: Conv2D, keras.layers.MaxPooling2D: MaxPooling2D}

    def clone(layer):
        kind = faster.get(type(layer), type(layer))
        return kind.from_config(layer.get_config() | {"dtype": keras.config.dtype_policy().name})

    copy = keras.models.clone_model(network, clone_function=clone)
    copy.set_weights(network.get_weights())
    copy.trainable = False
    backend.order_kernels(copy.variables)
    return copy


def vgg19(weights):
    if weights is not None and not os.path.isfile(weights):
        raise ValueError(f"There is no weights file {os.fspath(weights)!r} for VGG19.")
    try:
        return keras.applications.VGG19(include_top=False, weights=weights or "imagenet")
    except ValueError:
        raise
    except Exception as error:  # each way of downloading raises its own
        raise ConnectionError(
            f"VGG19's weights could not be downloaded: {error}. Without a network, pass "
            'FeatureLoss("vgg19", weights=PATH) a file of them, or another feature network.'
        ) from error
