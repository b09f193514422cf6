"""The Fréchet distance of Heusel et al. 2017 (arXiv:1706.08500)."""

import numpy as np

from kerasgan.metrics.features import Network, Size
from kerasgan.metrics.set_metric import SetMetric
from kerasgan.metrics.streams import Moments


class FrechetInceptionDistance(SetMetric):
    """Fréchet distance between normal distributions of features; less is better.

        ‖μ₁ - μ₂‖² + tr(Σ₁ + Σ₂ - 2 (Σ₁ Σ₂)^½)

    with the means and covariances of the features of real and of generated images (Heusel
    et al. 2017, arXiv:1706.08500). It is the FID of the papers only on the features of
    their network (`inception_network`), for images of 299 pixels and mostly 50,000 samples;
    the result names the network and the counts. It falls with the number of samples, so
    figures of unequal counts are not compared.

    Mean and covariance are summed in float64, in memory of one matrix `(features,
    features)` a side.

    Args:
        feature_network: Keras model from images in [-1, 1] to features `(batch, features)`,
            a pair of a model and a function that prepares images in [-1, 1] for it, or None
            for the values of a sample themselves.
        resize: Side in pixels, or `(height, width)`, of what the network sees; by default
            what it demands, or the images' own size.
        name: String.

    Raises:
        ValueError: From `result()`, with fewer than 2 samples on a side.

    Example:

    ```python
    metric = kerasgan.metrics.FrechetInceptionDistance(feature_network)
    metric.set_real(dataset)
    metric.update_state(None, model.generate(10_000, seed=0))
    print(metric.result())
    ```
    """

    def __init__(
        self,
        feature_network: Network,
        resize: Size = None,
        name: str = "frechet_inception_distance",
    ):
        super().__init__(feature_network, resize, name)

    stream = staticmethod(Moments)

    def result(self):
        """The distance, as a `MetricResult`."""
        self.need(real=2, generated=2)
        sides = ((side.mean, side.covariance) for side in (self.real, self.generated))
        return self.figure(frechet_distance(*sides))


def frechet_distance(real, generated):
    """Of two Gaussians, `(mean, covariance)` each."""
    gap = real[0] - generated[0]
    # With Σ₁ = A Aᵀ, the eigenvalues of Σ₁ Σ₂ are those of Aᵀ Σ₂ A, which is symmetric.
    root = _root(real[1])
    mixed = np.sqrt(np.linalg.eigvalsh(root.T @ generated[1] @ root).clip(0)).sum()
    return float(gap @ gap + np.trace(real[1]) + np.trace(generated[1]) - 2.0 * mixed)


def _root(covariance):
    """A matrix `A` with `A Aᵀ = covariance`, and as many columns as that has rank."""
    values, vectors = np.linalg.eigh(covariance)
    # Of fewer samples than features, or a feature that is always the same, most are rounding.
    kept = values > len(values) * np.finfo("float64").eps * values[-1]
    return vectors[:, kept] * np.sqrt(values[kept])
