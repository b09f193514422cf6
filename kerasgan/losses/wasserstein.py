"""The Wasserstein loss, Arjovsky et al. 2017 (arXiv:1701.07875)."""

from keras import ops

from kerasgan.engine.registry import register
from kerasgan.losses.adversarial import AdversarialLoss


@register
class Wasserstein(AdversarialLoss):
    """`E[D(G(z))] - E[D(x)]` for the critic, `-E[D(G(z))]` for G.

    `wasserstein_distance` in the progress bar is the critic's estimate of the distance
    between real and generated samples (times its Lipschitz constant), equation 2. The
    critic must be kept Lipschitz: by a gradient penalty, spectral normalisation, or
    clipped weights.

    Args:
        drift_weight: Float, ε of `ε E[D(x)²]`, which keeps the critic's values near 0 (Karras et
            al. 2017, arXiv:1710.10196, appendix A.1). 0 leaves it out.

    Raises:
        ValueError: On a negative weight.
    """

    shown = (*AdversarialLoss.shown, "wasserstein_distance")

    def __init__(self, drift_weight: float = 0.0):
        if not drift_weight >= 0:
            raise ValueError(f"drift_weight must be 0 or more. Received: {drift_weight}")
        self.drift_weight = drift_weight

    def discriminator(self, real, fake):
        loss = ops.mean(fake) - ops.mean(real)
        if self.drift_weight:
            loss += self.drift_weight * ops.mean(ops.square(real))
        return loss

    def generator(self, real, fake):
        return -ops.mean(fake)

    def scores(self, real, fake):
        distance = ops.mean(real) - ops.mean(fake)
        return {"real_score": real, "fake_score": fake, "wasserstein_distance": distance}

    def get_config(self):
        return {"drift_weight": self.drift_weight}
