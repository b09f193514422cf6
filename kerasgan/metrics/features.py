"""Images as the numbers that sets of them are compared by."""

import functools
import hashlib
from collections.abc import Callable

import keras
import numpy as np
from keras import ops

from kerasgan.modalities import Images

CHUNK = 64
IMAGES = Images()
# What `FeatureNetwork` and every metric on features takes.
Network = keras.Model | tuple[keras.Model, Callable] | None
Size = int | tuple[int, int] | None


class FeatureNetwork:
    """A network, what comes before it, and the size it sees: images in, features out.

    Every set metric makes one of its `feature_network` and `resize`. Make one yourself to
    extract features once and give them to several metrics.

    Images are resized by the antialiased bicubic filter, without rounding, and clipped to
    [-1, 1] (Parmar et al. 2022, arXiv:2104.11222). A network that takes colour sees a grey
    image as three equal channels.

    Args:
        network: One of
            - a Keras model from images in [-1, 1], `(batch, height, width, channels)`, to
              features `(batch, features)`;
            - a pair of a model and a function from a tensor of images in [-1, 1] to what
              the model takes;
            - None: the values of a sample are its features.
        resize: Side, or `(height, width)`, that images are resized to. By default the size
            that the network demands; if it takes any, the size of the first batch, and
            images of another size are refused.

    Call arguments:
        images: uint8 in [0, 255] or floats in [-1, 1]; or a matrix `(n, features)` of what
            the network made of images before, which is left as it is.

    Returns:
        NumPy array `(n, features)`.

    Raises:
        ValueError: On images or a network that do not fit.

    Attributes:
        identity: Name and content of network and preprocessing, as a string; None without
            a network.
        size: `(height, width)` that the network sees; None before it is known.

    Example:

    ```python
    classifier = keras.saving.load_model("efficientnet_lite0.keras")
    body = keras.Model(classifier.input, classifier.layers[-1].input, name="efficientnet_lite0")
    extract = kerasgan.metrics.FeatureNetwork((body, lambda x: (x * 127.5 + 0.5) / 128))
    features = extract(images)
    ```
    """

    def __init__(self, network: Network, resize: Size = None):
        pair = isinstance(network, (tuple, list)) and len(network) == 2
        self.network, self.preprocess = network if pair else (network, None)
        self.size = (resize, resize) if isinstance(resize, int) else resize and tuple(resize)
        if self.size and (len(self.size) != 2 or min(self.size) < 1):
            raise ValueError(
                f"resize must be a side in pixels or (height, width). Received: resize={resize!r}"
            )
        if network is None:
            self._own_size = self.size
            return
        inputs = getattr(self.network, "inputs", None) or []
        if not isinstance(self.network, keras.Model) or [len(i.shape) for i in inputs] != [4]:
            raise ValueError(
                "feature_network must be a built Keras model with one input of images "
                "(batch, height, width, channels), a pair of such a model and a function "
                f"that prepares images in [-1, 1] for it, or None. Received: {network!r}"
            )
        *demanded, self.channels = inputs[0].shape[1:]
        if None not in demanded:
            if self.size not in (None, tuple(demanded)):
                raise ValueError(
                    f"The feature network takes images of {demanded[0]}×{demanded[1]} pixels "
                    f"only. Received: resize={resize!r}"
                )
            self.size = tuple(demanded)
        self._own_size = self.size

    def reset(self):
        """Forget the size of the first batch."""
        self.size = self._own_size

    @functools.cached_property
    def identity(self):
        if self.network is None:
            return None
        # Not the configuration: a model built twice in a program has other names in it.
        content = hashlib.sha256(" ".join(type(x).__name__ for x in self.network.layers).encode())
        for weight in self.network.weights:
            values = np.ascontiguousarray(ops.convert_to_numpy(weight))
            content.update(repr(values.shape).encode() + values.tobytes())
        if self.preprocess:
            probe = np.array([-0.9137, -0.3391, 0.2273, 0.7619], "float32").reshape(1, 2, 2, 1)
            probe = ops.convert_to_tensor(np.repeat(probe, self.channels or 3, axis=-1))
            prepared = ops.convert_to_numpy(self.preprocess(probe)).ravel()
            # As many digits as all backends agree on.
            content.update(" ".join(f"{value:.3g}" for value in prepared).encode())
        return f"{self.network.name} {content.hexdigest()[:12]}"

    def check(self, images):
        """Images or features as a NumPy array, once they are found to fit."""
        if len(getattr(images, "shape", ())) == 2:
            features = ops.convert_to_numpy(images)
            if not np.isfinite(features).all():
                raise ValueError("Expected finite features. Received: NaN or infinite ones")
            return features
        if not hasattr(images, "shape") or images.shape[0]:
            IMAGES.check(images, "the images", (None, None, None))
        images = ops.convert_to_numpy(images)
        channels = images.shape[-1]
        if self.network is not None and channels != self.channels and channels != 1:
            raise ValueError(
                f"The feature network takes {self.channels} channels. Received: shape "
                f"{images.shape}"
            )
        if self._own_size is None and self.size not in (None, images.shape[1:3]):
            raise ValueError(
                f"The images before had {self.size[0]}×{self.size[1]} pixels. Give resize= to "
                f"compare images of several sizes. Received: shape {images.shape}"
            )
        self.size = self.size or images.shape[1:3]
        return images

    def prepare(self, images):
        """A tensor that the network takes, of checked images."""
        images = ops.cast(IMAGES.to_network(images), "float32")
        if images.shape[1:3] != self.size:
            images = ops.image.resize(
                images,
                self.size,
                interpolation="bicubic",
                antialias=True,
                data_format="channels_last",
            )
            images = ops.clip(images, -1.0, 1.0)
        if self.network is not None and images.shape[-1] != self.channels:
            images = ops.repeat(images, self.channels, axis=-1)
        return self.preprocess(images) if self.preprocess else images

    def __call__(self, images):
        images = self.check(images)
        if images.ndim == 2:
            return images
        chunks = [self._features(images[i : i + CHUNK]) for i in range(0, len(images), CHUNK)]
        return np.concatenate(chunks) if chunks else np.empty((0, 0), "float32")

    def _features(self, images):
        prepared = self.prepare(images)
        if self.network is None:
            return ops.convert_to_numpy(prepared).reshape(len(images), -1)
        features = self.network.predict_on_batch(prepared)
        if getattr(features, "ndim", None) != 2:
            shape = getattr(features, "shape", type(features).__name__)
            raise ValueError(
                "The feature network must give one vector an image. End it with pooling "
                f"(keras.layers.GlobalAveragePooling2D). Received: outputs {shape}"
            )
        if not np.isfinite(features).all():
            raise ValueError(
                "The feature network gave NaN or infinite features. Does its preprocessing fit "
                "its weights?"
            )
        return features
