"""Zero-centred gradient penalties, Mescheder et al. 2018 (arXiv:1801.04406)."""

from keras import ops

from kerasgan.engine.registry import register
from kerasgan.penalties.penalty import Penalty, squared_gradient_norm


@register
class R1(Penalty):
    """`weight / 2 · E[‖∇D(x)‖²]` over real samples, equation 9.

    Args:
        weight: Float, γ of the paper.

    Example:

    ```python
    model = kerasgan.models.GAN(generator, discriminator, penalties=[kerasgan.penalties.R1()])
    ```
    """

    def __init__(self, weight: float = 10.0):
        super().__init__(weight)

    def __call__(self, discriminate, real, fake, seed=None):
        return 0.5 * self.weight * ops.mean(squared_gradient_norm(discriminate, real))


@register
class R2(Penalty):
    """`weight / 2 · E[‖∇D(G(z))‖²]` over generated samples, equation 10.

    Args:
        weight: Float, γ of the paper.
    """

    def __init__(self, weight: float = 10.0):
        super().__init__(weight)

    def __call__(self, discriminate, real, fake, seed=None):
        return 0.5 * self.weight * ops.mean(squared_gradient_norm(discriminate, fake))
