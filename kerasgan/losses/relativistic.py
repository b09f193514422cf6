"""The relativistic pairing loss, Jolicoeur-Martineau 2018 (arXiv:1807.00734)."""

from keras import ops

from kerasgan.engine.registry import register
from kerasgan.losses.adversarial import AdversarialLoss


@register
class Relativistic(AdversarialLoss):
    """`E[softplus(D(G(z)) - D(x))]` for D, the reverse for G: each fake against a real one.

    A generated sample has to look more real than the real one it is paired with, so that
    leaving out a part of the data never pays: there is no minimum with dropped modes
    (Sun et al. 2020, arXiv:2011.04926). RpGAN of Huang et al. 2024 (arXiv:2501.05441).
    """

    pairs = True

    def discriminator(self, real, fake):
        return ops.mean(ops.softplus(fake - real))

    def generator(self, real, fake):
        return ops.mean(ops.softplus(real - fake))


@register
class RelativisticAverage(AdversarialLoss):
    """Each logit against the mean of the other side's: RaGAN, Jolicoeur-Martineau 2018.

    For D, with x̄ and f̄ the mean logits of real and generated samples:
    `E[softplus(f̄ - D(x))] + E[softplus(D(G(z)) - x̄)]`; for G the reverse. ESRGAN's loss
    (Wang et al. 2018, arXiv:1809.00219).
    """

    pairs = True

    def discriminator(self, real, fake):
        return ops.mean(ops.softplus(ops.mean(fake) - real)) + ops.mean(
            ops.softplus(fake - ops.mean(real))
        )

    def generator(self, real, fake):
        return self.discriminator(fake, real)
