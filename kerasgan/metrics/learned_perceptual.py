"""LPIPS, Zhang et al. 2018 (arXiv:1801.03924)."""

import hashlib

import keras
import numpy as np

from kerasgan.metrics.features import CHUNK, FeatureNetwork, Network, Size
from kerasgan.metrics.result import MetricResult


class LearnedPerceptualImagePatchSimilarity(keras.metrics.Metric):
    """Distance between pairs of images as a network sees them; less is more alike.

    At each layer the channels are normalised to length 1, the squared difference is
    weighted by channel and averaged over places; layers are summed, pairs averaged (Zhang et
    al. 2018, arXiv:1801.03924). The LPIPS of papers has the AlexNet or VGG-16 and the weights
    that the authors trained on people's judgements. Without weights every channel counts 1,
    and the result says so.

    Args:
        feature_network: Keras model of images in [-1, 1], or a pair of a model and a
            function that prepares images in [-1, 1] for it.
        layer_names: Names of the layers whose outputs `(batch, height, width, channels)` are
            compared; the authors' are those after each block's last activation.
        weights: One array of non-negative weights a layer, as long as its channels.
        resize: Side in pixels, or `(height, width)`, of what the network sees; by default
            what it demands, or the images' own size.
        name: String.

    Raises:
        ValueError: On a layer that the network does not have, or on weights that do not fit;
            from `result()`, without a pair.

    Example:

    ```python
    vgg = keras.applications.VGG16(include_top=False)
    prepare = lambda x: keras.applications.vgg16.preprocess_input(127.5 * (x + 1))
    metric = kerasgan.metrics.LearnedPerceptualImagePatchSimilarity(
        (vgg, prepare), [f"block{i}_conv{n}" for i, n in enumerate((2, 2, 3, 3, 3), 1)]
    )
    metric.update_state(photographs, upscaled)
    print(metric.result())
    ```
    """

    def __init__(
        self,
        feature_network: Network,
        layer_names: list[str],
        weights: list[np.ndarray] | None = None,
        resize: Size = None,
        name: str = "learned_perceptual_image_patch_similarity",
    ):
        super().__init__(name=name)
        self.features = FeatureNetwork(feature_network, resize)
        self.layer_names = list(layer_names)
        network = self.features.network
        known = [layer.name for layer in network.layers]
        if not layer_names or not set(layer_names) <= set(known):
            raise ValueError(
                f"layer_names must be layers of the network: {', '.join(known)}. Received: "
                f"{self.layer_names}"
            )
        outputs = [network.get_layer(layer).output for layer in layer_names]
        channels = [output.shape[-1] if len(output.shape) == 4 else None for output in outputs]
        if weights is None:
            self.weights = [np.ones(n or 0) for n in channels]
        else:
            self.weights = [np.asarray(weight, "float64").reshape(-1) for weight in weights]
        if [len(weight) for weight in self.weights] != channels:
            raise ValueError(
                "Layers must give (batch, height, width, channels), and weights be one array "
                f"a layer of its channels, here {channels}. Received: arrays of "
                f"{[len(weight) for weight in self.weights]}"
            )
        content = hashlib.sha256(b"".join(weight.tobytes() for weight in self.weights))
        self.weighting = "none: unweighted" if weights is None else content.hexdigest()[:12]
        self.body = keras.Model(network.inputs[0], outputs)
        self.reset_state()

    def update_state(self, real, generated):
        """Compare two batches, pair by pair.

        Args:
            real, generated: Images of one shape, uint8 in [0, 255] or floats in [-1, 1],
                `(batch, height, width, channels)`.

        Raises:
            ValueError: On images that do not fit.
        """
        pair = [self.features.check(images) for images in (real, generated)]
        if pair[0].shape != pair[1].shape or pair[0].ndim != 4:
            raise ValueError(
                "Expected pairs of images, two batches of one shape. Received: shapes "
                f"{pair[0].shape} and {pair[1].shape}"
            )
        for i in range(0, len(pair[0]), CHUNK):
            real, generated = (self._normalised(images[i : i + CHUNK]) for images in pair)
            for weight, a, b in zip(self.weights, real, generated, strict=True):
                self.total += float(np.sum(np.mean((a - b) ** 2, axis=(1, 2)) @ weight))
            self.count += len(real[0])

    def _normalised(self, images):
        outputs = self.body.predict_on_batch(self.features.prepare(images))
        outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
        outputs = [output.astype("float64") for output in outputs]
        return [x / (np.sqrt(np.sum(x**2, axis=-1, keepdims=True)) + 1e-10) for x in outputs]

    def reset_state(self):
        self.features.reset()
        self.total, self.count = 0.0, 0

    def result(self):
        """The mean distance, as a `MetricResult`."""
        if not self.count:
            raise ValueError("There is no pair of images yet: call update_state first.")
        return MetricResult(
            self.total / self.count,
            {
                "metric": type(self).__name__,
                "num_real": self.count,
                "num_generated": self.count,
                "feature_network": self.features.identity,
                "resize": self.features.size,
                "layer_names": tuple(self.layer_names),
                "weights": self.weighting,
            },
        )
