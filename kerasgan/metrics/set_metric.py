"""What every metric between two sets of images shares."""

import hashlib
import zipfile

import keras
import numpy as np

from kerasgan._choose_backend import keras_home
from kerasgan.files import write_whole
from kerasgan.metrics.features import CHUNK, FeatureNetwork, Network, Size
from kerasgan.metrics.result import MetricResult


class SetMetric(keras.metrics.Metric):
    """A `keras.metrics.Metric` between a set of real and a set of generated images.

    It is evaluated outside compiled steps: its state is NumPy's, in float64.

    Args:
        feature_network: As `FeatureNetwork` takes it: a Keras model of images in [-1, 1],
            a pair of a model and its preprocessing, or None.
        resize: Side in pixels, or `(height, width)`, of what the network sees; by default
            as `FeatureNetwork` has it.
        name: String.
    """

    # Names of the attributes that decide a figure, beside the images and the network.
    settings = ()
    seed = None
    least = 2

    def __init__(self, feature_network: Network, resize: Size = None, name: str | None = None):
        super().__init__(name=name)
        self.features = FeatureNetwork(feature_network, resize)
        self.reset_state()

    def stream(self):
        """Something empty that takes the features of one side."""
        raise NotImplementedError

    def update_state(self, real=None, generated=None):
        """Take a batch of each side.

        Args:
            real, generated: Images, uint8 in [0, 255] or floats in [-1, 1], `(batch,
                height, width, channels)`, of any number, which may differ; or a matrix
                `(batch, features)` of what `FeatureNetwork` made of them. None for a side
                that is known already.

        Raises:
            ValueError: On values that do not fit.
        """
        for stream, images in ((self.real, real), (self.generated, generated)):
            if images is not None and len(features := self.features(images)):
                self._check_width(features)
                stream.add(features)
                stream.width = features.shape[1]

    def _check_width(self, features):
        for side in (self.real, self.generated):
            if side.count and side.width != features.shape[1]:
                raise ValueError(
                    "All images must give equally many features; without a feature network "
                    "these are height × width × channels, so grey and colour do not compare. "
                    f"Received: {side.width} features, then {features.shape[1]}"
                )

    def set_real(self, images, cache: bool = True):
        """Take all of these as the real images, in place of any before.

        Args:
            images: An array of images, or a dataset: any iterable of batches, with or
                without labels. Pictures for comparison are neither flipped nor shuffled:
                `kerasgan.datasets.load(folder, flip=False, shuffle=False)`.
            cache: Keep what was computed of them in Keras's folder (`~/.keras/kerasgan`),
                by their content, the network and the size, and take it from there next
                time. The images are then read twice the first time.

        Raises:
            ValueError: On images that do not fit; on an iterator with `cache=True`.
        """
        if cache and iter(images) is images:
            raise ValueError(
                "An iterator can be read only once, and the cache reads it twice: pass a "
                f"dataset or an array, or cache=False. Received: {images!r}"
            )
        self.real = self.stream()
        if not cache:
            for batch in _batches(images):
                self.update_state(real=batch)
            return
        path = keras_home() / "kerasgan" / "metrics" / f"{self._key(images)}.npz"
        try:
            with np.load(path) as state:
                self.real.load(dict(state))
        except (OSError, ValueError, KeyError, zipfile.BadZipFile):
            self.set_real(images, cache=False)
            state = self.real.state()
            write_whole(path, lambda temporary: np.savez(temporary, **state))

    def _key(self, images):
        content, batch = hashlib.sha256(), np.empty(0)
        for batch in _batches(images):
            batch = self.features.check(batch)
            content.update(np.ascontiguousarray(batch).tobytes())
        stream = {k: v for k, v in vars(self.stream()).items() if isinstance(v, int)}
        what = [type(self.stream()).__name__, stream, self.features.identity, self.features.size]
        content.update(repr([*what, batch.shape[1:], str(batch.dtype)]).encode())
        return content.hexdigest()

    def reset_state(self):
        """Forget the images of both sides."""
        self.features.reset()
        self.real, self.generated = self.stream(), self.stream()

    def figure(self, value, metric=None, **more):
        """`value` with its conditions."""
        conditions = {
            "metric": metric or type(self).__name__,
            "num_real": self.real.count,
            "num_generated": self.generated.count,
            "feature_network": self.features.identity,
            "resize": self.features.size,
            **{name: getattr(self, name) for name in self.settings},
        }
        return MetricResult(value, conditions, self.seed, **more)

    def need(self, **counts):
        """Raise a `ValueError` unless each side named has as many samples."""
        for side, least in counts.items():
            if (count := getattr(self, side).count) < least:
                raise ValueError(
                    f"{type(self).__name__} needs at least {least} {side} samples. Received: "
                    f"{count}"
                )


def measured(metric, real, generated):
    """The result of a metric of features of both sides."""
    metric.update_state(real, generated)
    return metric.result()


def _batches(images):
    if hasattr(images, "shape"):
        return (images[i : i + CHUNK] for i in range(0, len(images), CHUNK))
    # Not every one of these ends when it is iterated over.
    by_index = isinstance(images, keras.utils.PyDataset)
    batches = map(images.__getitem__, range(len(images))) if by_index else images
    return (keras.utils.unpack_x_y_sample_weight(batch)[0] for batch in batches)
