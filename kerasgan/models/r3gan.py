"""R3GAN, Huang et al. 2024 (arXiv:2501.05441)."""

import keras

from kerasgan.engine.registry import register
from kerasgan.models.gan import GAN
from kerasgan.penalties import R1, R2


@register
class R3GAN(GAN):
    """The relativistic pairing loss with R1 and R2: provably convergent, and keeps modes.

    Each generated sample is compared with a real one, and the discriminator's gradient is
    held down on both: equation 4 with f(t) = -log(1 + e^-t). This is the paper's
    objective; its ResNeXt networks are not in `kerasgan.networks`.

    Args:
        generator: As in `GAN`; the paper's has no normalisation.
        discriminator: Keras model from samples to logits, without batch normalisation.
        penalty_weight: Float, γ of R1 and of R2. The paper chooses it for each data set.
        modality, discriminator_steps: As in `GAN`.
        augmentation, ema_decay, seed, name: As in `AdversarialModel`.

    Default optimizers: Adam with learning rate 2e-4, beta_1 0 and beta_2 0.99 for both;
    the paper moves rate and beta_2 by a schedule, which `fit`'s callbacks can set.

    Raises:
        ValueError: If the discriminator has batch normalisation.

    Example:

    ```python
    networks = kerasgan.networks.dcgan((32, 32, 3), discriminator_normalization=None)
    model = kerasgan.models.R3GAN(*networks)
    model.fit(images, batch_size=64, epochs=20)
    ```
    """

    network_options = {"discriminator_normalization": None}

    fixes = ("adversarial_loss", "penalties")

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        penalty_weight: float = 1.0,
        **kwargs,
    ):
        super().__init__(
            generator,
            discriminator,
            adversarial_loss="relativistic",
            penalties=[R1(penalty_weight), R2(penalty_weight)],
            **kwargs,
        )
        self.penalty_weight = penalty_weight

    def default_optimizers(self):
        return {p: keras.optimizers.Adam(2e-4, beta_1=0.0, beta_2=0.99) for p in self.players}
