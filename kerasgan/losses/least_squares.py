"""Least squares, Mao et al. 2017 (arXiv:1611.04076)."""

from keras import ops

from kerasgan.engine.registry import register
from kerasgan.losses.adversarial import AdversarialLoss, checked_smoothing


@register
class LeastSquares(AdversarialLoss):
    """Equation 9: targets 0 for generated samples, 1 for real ones and in G's eyes.

    `½ E[(D(x) - target)²] + ½ E[D(G(z))²]` for D, `½ E[(D(G(z)) - 1)²]` for G.

    Args:
        label_smoothing: Float in [0, 0.5): D's target is `1 - label_smoothing`.

    Raises:
        ValueError: On a `label_smoothing` out of its range.
    """

    def __init__(self, label_smoothing: float = 0.0):
        self.label_smoothing = checked_smoothing(label_smoothing)

    def discriminator(self, real, fake):
        target = 1.0 - self.label_smoothing
        return 0.5 * ops.mean((real - target) ** 2) + 0.5 * ops.mean(fake**2)

    def generator(self, real, fake):
        return 0.5 * ops.mean((fake - 1.0) ** 2)

    def get_config(self):
        return {"label_smoothing": self.label_smoothing}
