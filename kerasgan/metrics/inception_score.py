"""The Inception Score of Salimans et al. 2016 (arXiv:1606.03498)."""

import numpy as np

from kerasgan.metrics.features import Network, Size
from kerasgan.metrics.set_metric import SetMetric


class InceptionScore(SetMetric):
    """How sure a classifier is of each sample, and how varied its answers; more is better.

        exp(mean over x of KL(p(y|x) ‖ p(y)))

    from 1 to the number of classes, mean over `splits` parts of the samples (Salimans et al.
    2016, arXiv:1606.03498). Real images take no part. It is the score of the papers only on
    the logits of their network (`inception_network(logits=True)`), for 50,000 samples in 10
    parts; the result names the network.

    The samples are dealt out to the parts one by one, so that none has to be kept.

    Args:
        feature_network: Keras classifier from images in [-1, 1] to `(batch, classes)`, or a
            pair of a classifier and a function that prepares images in [-1, 1] for it; None
            for samples that are its outputs already.
        resize: Side in pixels, or `(height, width)`, of what the network sees; by default
            what it demands, or the images' own size.
        splits: Number of parts.
        from_logits: Whether the network gives logits; otherwise probabilities.
        name: String.

    The result's `standard_deviation` is that of the parts' scores.

    Raises:
        ValueError: On `splits` below 1; from `result()`, with fewer samples than parts.

    Example:

    ```python
    metric = kerasgan.metrics.InceptionScore(classifier)
    metric.update_state(None, model.generate(10_000, seed=0))
    print(metric.result())
    ```
    """

    settings = ("splits",)

    def __init__(
        self,
        feature_network: Network,
        resize: Size = None,
        splits: int = 10,
        from_logits: bool = True,
        name: str = "inception_score",
    ):
        if splits < 1:
            raise ValueError(f"splits must be at least 1. Received: splits={splits}")
        self.splits = splits
        self.from_logits = from_logits
        super().__init__(feature_network, resize, name)

    def stream(self):
        return _Parts(self.splits, self.from_logits)

    def update_state(self, real=None, generated=None):
        """Take a batch of generated images; `real` is left aside. As `SetMetric` has it."""
        super().update_state(None, generated)

    def set_real(self, images, cache: bool = True):
        """Does nothing: real images take no part."""

    def result(self):
        """The score, as a `MetricResult` with its `standard_deviation`."""
        self.need(generated=self.splits)
        parts = self.generated
        counts = np.bincount(np.arange(parts.count) % self.splits)
        marginal = parts.probabilities / counts[:, None]
        scores = np.exp(parts.negentropy / counts - _negentropy(marginal))
        return self.figure(scores.mean(), standard_deviation=float(scores.std()))


class _Parts:
    """Sums of probabilities and of their entropies, by part."""

    def __init__(self, splits, from_logits):
        self.splits, self.from_logits = splits, from_logits
        self.count, self.probabilities, self.negentropy = 0, 0.0, 0.0

    def add(self, outputs):
        outputs = outputs.astype("float64")
        if self.from_logits:
            outputs = np.exp(outputs - outputs.max(axis=1, keepdims=True))
            outputs /= outputs.sum(axis=1, keepdims=True)
        elif outputs.min() < 0 or np.abs(outputs.sum(axis=1) - 1.0).max() > 1e-3:
            raise ValueError(
                "from_logits=False takes probabilities, which sum to 1. Received: rows that "
                f"sum to {outputs.sum(axis=1).min():g} and more"
            )
        part = (self.count + np.arange(len(outputs))) % self.splits
        members = (part == np.arange(self.splits)[:, None]).astype("float64")
        self.probabilities = self.probabilities + members @ outputs
        self.negentropy = self.negentropy + members @ _negentropy(outputs)
        self.count += len(outputs)


def _negentropy(p):
    return np.sum(p * np.log(np.maximum(p, np.finfo("float64").tiny)), axis=1)
