"""Which samples lie near which, in features: fidelity, diversity and memorisation."""

import numpy as np

from kerasgan.metrics.features import Network, Size
from kerasgan.metrics.set_metric import SetMetric
from kerasgan.metrics.streams import Sample

BLOCK = 2048


class _NeighbourMetric(SetMetric):
    settings = ("k",)

    def __init__(self, feature_network, resize, k, max_samples, seed, name):
        if k < 1 or max_samples <= k:
            raise ValueError(
                "k must be at least 1 and less than max_samples. Received: "
                f"k={k}, max_samples={max_samples}"
            )
        self._arguments = max_samples, seed
        super().__init__(feature_network, resize, name)
        self.k = k
        self.seed = seed

    def stream(self):
        return Sample(*self._arguments)


class PrecisionRecall(_NeighbourMetric):
    """Improved precision and recall; both in [0, 1], more is better.

    A sample is in a set's manifold if it is no farther from one of its members than that
    one's `k`-th nearest neighbour in the set. Precision is the share of generated samples in
    the manifold of the real ones, recall that of real ones in the manifold of the generated
    (Kynkäänniemi et al. 2019, arXiv:1904.06991; on VGG-16 features of 50,000 images a side).

    Distances are Euclidean, in float64, computed by blocks.

    Args:
        feature_network: Keras model from images in [-1, 1] to features `(batch, features)`,
            a pair of a model and a function that prepares images in [-1, 1] for it, or None
            for the values of a sample themselves.
        resize: Side in pixels, or `(height, width)`, of what the network sees; by default
            what it demands, or the images' own size.
        k: Which nearest neighbour bounds the manifold.
        max_samples: Samples a side of which features are kept, `4 * features` bytes each; of
            more, this many are drawn at random, each sample as likely as any other.
        seed: Integer, 0 or more, of that draw.
        name: String.

    Raises:
        ValueError: On a setting out of its range; from `result()`, with no more than `k`
            samples on a side.

    Example:

    ```python
    metric = kerasgan.metrics.PrecisionRecall(feature_network)
    metric.update_state(real_images, generated_images)
    print(metric.result()["precision"], metric.result()["recall"])
    ```
    """

    def __init__(
        self,
        feature_network: Network,
        resize: Size = None,
        k: int = 3,
        max_samples: int = 50_000,
        seed: int = 0,
        name: str = "precision_recall",
    ):
        super().__init__(feature_network, resize, k, max_samples, seed, name)

    def result(self):
        """Dict of two `MetricResult`, `"precision"` and `"recall"`."""
        self.need(real=self.k + 1, generated=self.k + 1)
        real, generated = self.real.rows, self.generated.rows
        inside_real, _ = _membership(generated, real, self.k, np.less_equal)
        inside_generated, _ = _membership(real, generated, self.k, np.less_equal)
        return {
            "precision": self.figure(np.mean(inside_real > 0), "precision"),
            "recall": self.figure(np.mean(inside_generated > 0), "recall"),
        }


class DensityCoverage(_NeighbourMetric):
    """Density, around 1 for samples like the data, and coverage, in [0, 1].

    Around each real sample lies a ball that reaches to its `k`-th nearest real neighbour.
    Density is the number of balls that a generated sample lies in, over `k`, mean over the
    generated ones; coverage is the share of balls with a generated sample in it (Naeem et
    al. 2020, arXiv:2002.09797). Unlike precision and recall, one outlier does not move them.

    Args:
        feature_network, resize, max_samples, seed, name: As `PrecisionRecall` has them.
        k: Which nearest neighbour bounds a ball.

    Raises:
        ValueError: On a setting out of its range; from `result()`, with no more than `k`
            samples on a side.

    Example:

    ```python
    metric = kerasgan.metrics.DensityCoverage(feature_network)
    metric.update_state(real_images, generated_images)
    print(metric.result()["density"], metric.result()["coverage"])
    ```
    """

    def __init__(
        self,
        feature_network: Network,
        resize: Size = None,
        k: int = 5,
        max_samples: int = 50_000,
        seed: int = 0,
        name: str = "density_coverage",
    ):
        super().__init__(feature_network, resize, k, max_samples, seed, name)

    def result(self):
        """Dict of two `MetricResult`, `"density"` and `"coverage"`."""
        self.need(real=self.k + 1, generated=self.k + 1)
        balls, samples = _membership(self.generated.rows, self.real.rows, self.k, np.less)
        return {
            "density": self.figure(np.mean(balls) / self.k, "density"),
            "coverage": self.figure(np.mean(samples > 0), "coverage"),
        }


class NearestTrainingImageDistance(SetMetric):
    """How far each sample is from its nearest training image: has the model memorised?

    The value is the median distance over the samples, Euclidean in features. To be read
    against the distance of training images from their own nearest neighbours: `ratio` is
    around 1 for new samples of the same distribution, and 0 for copies.

    Features of all training images are kept, `4 * features` bytes each: the one that a sample
    copies must not be left out.

    Args:
        feature_network: Keras model from images in [-1, 1] to features `(batch, features)`,
            a pair of a model and a function that prepares images in [-1, 1] for it, or None
            for distances between the pixels, in [-1, 1].
        resize: Side in pixels, or `(height, width)`, of what the network sees; by default
            what it demands, or the images' own size.
        seed: Integer, 0 or more, of the draw of training images for `ratio`, as many as
            samples.
        name: String.

    The result has three attributes more: `distances` and `indices`, arrays of one number a
    sample, of its nearest training image and where that was in the order given, and
    `ratio`, the value over the median distance of training images from each other's nearest.

    Raises:
        ValueError: From `result()`, with fewer than 2 training images or without a sample.

    Example:

    ```python
    metric = kerasgan.metrics.NearestTrainingImageDistance(feature_network)
    metric.update_state(training_images, samples)
    result = metric.result()
    copied = training_images[result.indices[result.distances.argmin()]]
    ```
    """

    def __init__(
        self,
        feature_network: Network,
        resize: Size = None,
        seed: int = 0,
        name: str = "nearest_training_image_distance",
    ):
        super().__init__(feature_network, resize, name)
        self.seed = seed

    def stream(self):
        return Sample(None, 0)

    def result(self):
        """The median distance, as a `MetricResult`."""
        self.need(real=2, generated=1)
        training, samples = self.real.rows, self.generated.rows
        distances, indices = nearest(samples, training, 1)
        random = np.random.default_rng(self.seed)
        some = random.choice(len(training), min(len(samples), len(training)), replace=False)
        # The nearest is the image itself.
        among = np.median(nearest(training[some], training, 2)[0][:, 1])
        median = np.median(distances)
        return self.figure(
            median,
            distances=distances[:, 0],
            indices=indices[:, 0],
            ratio=float(median / among) if among else float("nan"),
        )


def _membership(points, centres, k, within):
    """How many balls each point is in, and how many points are in each ball."""
    radii = nearest(centres, centres, k + 1)[0][:, k]
    balls, inside = np.zeros(len(points), int), np.zeros(len(centres), int)
    for i, j, distances in _blocks(points, centres):
        members = within(distances, radii[j])
        balls[i] += members.sum(axis=1)
        inside[j] += members.sum(axis=0)
    return balls, inside


def nearest(points, others, k):
    """Distances and indices `(len(points), k)` of the nearest rows, the nearest first."""
    found = np.full((len(points), k), np.inf)
    indices = np.zeros((len(points), k), int)
    for i, j, distances in _blocks(points, others):
        candidates = np.concatenate([found[i], distances], axis=1)
        where = np.broadcast_to(np.arange(len(others))[j], distances.shape)
        where = np.concatenate([indices[i], where], axis=1)
        chosen = np.argpartition(candidates, k - 1, axis=1)[:, :k]
        chosen = np.take_along_axis(
            chosen, np.take_along_axis(candidates, chosen, 1).argsort(axis=1), 1
        )
        found[i] = np.take_along_axis(candidates, chosen, 1)
        indices[i] = np.take_along_axis(where, chosen, 1)
    return found, indices


def _blocks(points, others):
    """Slices of both, and the distances between their rows."""
    for first in range(0, len(points), BLOCK):
        i = slice(first, first + BLOCK)
        a = points[i].astype("float64")
        for second in range(0, len(others), BLOCK):
            j = slice(second, second + BLOCK)
            b = others[j].astype("float64")
            squares = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2.0 * (a @ b.T)
            yield i, j, np.sqrt(squares.clip(0))
