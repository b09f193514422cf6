"""The minimax game of Goodfellow et al. 2014 (arXiv:1406.2661), on logits: D = sigmoid(logit)."""

from keras import ops

from kerasgan.engine.registry import register
from kerasgan.losses.adversarial import AdversarialLoss, checked_smoothing


@register
class Minimax(AdversarialLoss):
    """`-E[log D(x)] - E[log(1 - D(G(z)))]` for D; `-E[log D(G(z))]` for G.

    The scores shown are D's mean probabilities that a sample is real; at the equilibrium
    both are 0.5.

    Args:
        saturating: Train G on equation 1 as it stands, `E[log(1 - D(G(z)))]`, whose
            gradient fades where D is sure of a fake.
        label_smoothing: Float in [0, 0.5). One-sided label smoothing (Salimans et al.
            2016, arXiv:1606.03498): D's target for real samples is `1 - label_smoothing`.

    Raises:
        ValueError: On a `label_smoothing` out of its range.

    Example:

    ```python
    model = kerasgan.models.GAN(
        generator, discriminator, adversarial_loss=kerasgan.losses.Minimax(label_smoothing=0.1)
    )
    ```
    """

    def __init__(self, saturating: bool = False, label_smoothing: float = 0.0):
        self.saturating = saturating
        self.label_smoothing = checked_smoothing(label_smoothing)

    def discriminator(self, real, fake):
        target = 1.0 - self.label_smoothing
        # -target log D(x) - (1 - target) log(1 - D(x))
        real_loss = ops.mean(ops.softplus(-real)) + (1.0 - target) * ops.mean(real)
        return real_loss + ops.mean(ops.softplus(fake))

    def generator(self, real, fake):
        if self.saturating:
            return -ops.mean(ops.softplus(fake))
        return ops.mean(ops.softplus(-fake))

    def scores(self, real, fake):
        return {"real_score": ops.sigmoid(real), "fake_score": ops.sigmoid(fake)}

    def get_config(self):
        return {"saturating": self.saturating, "label_smoothing": self.label_smoothing}
