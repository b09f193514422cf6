"""The kernel distance of Bińkowski et al. 2018 (arXiv:1801.01401)."""

import numpy as np

from kerasgan.metrics.features import Network, Size
from kerasgan.metrics.set_metric import SetMetric
from kerasgan.metrics.streams import Sample


class KernelInceptionDistance(SetMetric):
    """Squared maximum mean discrepancy of features; less is better.

    The mean over `subsets` of the unbiased estimate on `subset_size` real and as many
    generated samples, with the kernel `(xᵀy / d + 1)³` on `d` features (Bińkowski et al.
    2018, arXiv:1801.01401). Unbiased: it does not fall with the number of samples, and is
    around 0, below it too, for two sets of one distribution. It is the KID of the papers
    only on the features of their network (`inception_network`); the result names the
    network.

    Products are of float32, sums of float64.

    Args:
        feature_network: Keras model from images in [-1, 1] to features `(batch, features)`,
            a pair of a model and a function that prepares images in [-1, 1] for it, or None
            for the values of a sample themselves.
        resize: Side in pixels, or `(height, width)`, of what the network sees; by default
            what it demands, or the images' own size.
        subsets: How many pairs of subsets are drawn.
        subset_size: Samples of each.
        max_samples: Samples a side of which features are kept, `4 * features` bytes each; of
            more, this many are drawn at random, each sample as likely as any other.
        seed: Integer, 0 or more, of the draws.
        name: String.

    The result's `standard_deviation` is that of the subsets' estimates, which papers give,
    and its `standard_error` that of their mean. Both leave aside that all subsets are drawn
    from the same images.

    Raises:
        ValueError: On a setting out of its range; from `result()`, with fewer than
            `subset_size` samples on a side.

    Example:

    ```python
    metric = kerasgan.metrics.KernelInceptionDistance(feature_network)
    metric.update_state(real_images, generated_images)
    distance = metric.result()
    print(f"{distance:.5f} ± {distance.standard_error:.5f}")
    ```
    """

    settings = ("subsets", "subset_size")

    def __init__(
        self,
        feature_network: Network,
        resize: Size = None,
        subsets: int = 100,
        subset_size: int = 1000,
        max_samples: int = 50_000,
        seed: int = 0,
        name: str = "kernel_inception_distance",
    ):
        if subsets < 1 or not 2 <= subset_size <= max_samples:
            raise ValueError(
                "subsets must be at least 1, subset_size at least 2 and at most max_samples. "
                f"Received: subsets={subsets}, subset_size={subset_size}, "
                f"max_samples={max_samples}"
            )
        self._arguments = max_samples, seed
        super().__init__(feature_network, resize, name)
        self.subsets = subsets
        self.subset_size = subset_size
        self.seed = seed

    def stream(self):
        return Sample(*self._arguments)

    def result(self):
        """The distance, as a `MetricResult` with its `standard_error`."""
        n = self.subset_size
        self.need(real=n, generated=n)
        random = np.random.default_rng(self.seed)
        estimates = np.empty(self.subsets)
        for i in range(self.subsets):
            rows = [
                side.rows[random.choice(side.count, n, replace=False)]
                for side in (self.real, self.generated)
            ]
            estimates[i] = _discrepancy(np.concatenate(rows), n)
        deviation = estimates.std(ddof=1) if self.subsets > 1 else float("nan")
        return self.figure(
            estimates.mean(),
            standard_deviation=float(deviation),
            standard_error=float(deviation / np.sqrt(self.subsets)),
        )


def _discrepancy(rows, n):
    """Unbiased estimate between the first `n` rows and the others."""
    # One product of all with all: it is symmetric, which halves the work.
    kernel = rows @ rows.T
    kernel /= rows.shape[1]
    kernel += 1.0
    kernel *= kernel * kernel
    own = sum(
        np.sum(block, dtype="float64") - np.trace(block, dtype="float64")
        for block in (kernel[:n, :n], kernel[n:, n:])
    )
    return own / (n * (n - 1)) - 2.0 * np.mean(kernel[:n, n:], dtype="float64")
