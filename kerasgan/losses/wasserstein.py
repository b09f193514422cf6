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
    """

    shown = (*AdversarialLoss.shown, "wasserstein_distance")

    def discriminator(self, real, fake):
        return ops.mean(fake) - ops.mean(real)

    def generator(self, real, fake):
        return -ops.mean(fake)

    def scores(self, real, fake):
        distance = ops.mean(real) - ops.mean(fake)
        return {"real_score": real, "fake_score": fake, "wasserstein_distance": distance}
