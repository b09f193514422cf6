"""The hinge loss, Lim and Ye 2017 (arXiv:1705.02894), as in Miyato et al. 2018."""

from keras import ops

from kerasgan.engine.registry import register
from kerasgan.losses.adversarial import AdversarialLoss


@register
class Hinge(AdversarialLoss):
    """`E[max(0, 1 - D(x))] + E[max(0, 1 + D(G(z)))]` for D, `-E[D(G(z))]` for G.

    Equations 16 and 17 of Miyato et al. 2018 (arXiv:1802.05957).
    """

    def discriminator(self, real, fake):
        return ops.mean(ops.relu(1.0 - real)) + ops.mean(ops.relu(1.0 + fake))

    def generator(self, real, fake):
        return -ops.mean(fake)
