"""The gradient penalty, Gulrajani et al. 2017 (arXiv:1704.00028)."""

import keras
from keras import ops

from kerasgan.engine.registry import register
from kerasgan.penalties.penalty import Penalty, squared_gradient_norm


@register
class GradientPenalty(Penalty):
    """`weight · E[(‖∇D(x̂)‖ - 1)²]`, x̂ on the line from a real to a generated sample.

    Equation 3; one uniform place on the line a sample.

    Args:
        weight: Float, λ of the paper.

    Example:

    ```python
    penalty = kerasgan.penalties.GradientPenalty(10.0)
    model = kerasgan.models.GAN(
        generator, critic, adversarial_loss="wasserstein", penalties=[penalty]
    )
    ```
    """

    def __init__(self, weight: float = 10.0):
        super().__init__(weight)

    def __call__(self, discriminate, real, fake, seed=None):
        shape = (ops.shape(real)[0], *[1] * (len(real.shape) - 1))
        place = keras.random.uniform(shape, dtype=real.dtype, seed=seed)
        mixed = place * real + (1.0 - place) * fake
        # The square root has no derivative at 0, where a critic that is flat begins.
        norm = ops.sqrt(squared_gradient_norm(discriminate, mixed) + 1e-12)
        return self.weight * ops.mean((norm - 1.0) ** 2)
