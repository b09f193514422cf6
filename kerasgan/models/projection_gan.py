"""cGAN with projection discriminator, Miyato and Koyama 2018 (arXiv:1802.05637)."""

import keras

from kerasgan.engine.registry import register
from kerasgan.models.conditional_gan import ConditionalGAN


@register
class ProjectionGAN(ConditionalGAN):
    """A conditional GAN whose discriminator meets the label in an inner product.

    The logit is `v(y) · φ(x) + ψ(φ(x))`, equation 3, trained with the hinge loss and, in
    the paper, spectral normalisation. That form is the discriminator's own:
    `conditioning="projection"` in the builders.

    Args:
        generator: Keras model from `[latents, labels]` to samples.
        discriminator: Keras model from `[samples, labels]` to logits `(batch, 1)`.
        discriminator_steps: Turns of the discriminator for one of the generator.
        labels: As in `ConditionalGAN`.
        modality, penalties: As in `GAN`.
        augmentation, ema_decay, seed, name: As in `AdversarialModel`.

    Default optimizers: Adam with learning rate 2e-4, beta_1 0 and beta_2 0.9 for both.

    Example:

    ```python
    networks = kerasgan.networks.resnet((32, 32, 3), label_dim=10, conditioning="projection")
    model = kerasgan.models.ProjectionGAN(*networks)
    model.fit(images, labels, batch_size=64, epochs=20)
    ```
    """

    network_options = {"discriminator_normalization": "spectral", "conditioning": "projection"}

    fixes = ("adversarial_loss",)

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        discriminator_steps: int = 5,
        **kwargs,
    ):
        super().__init__(
            generator,
            discriminator,
            adversarial_loss="hinge",
            discriminator_steps=discriminator_steps,
            **kwargs,
        )

    def default_optimizers(self):
        return {p: keras.optimizers.Adam(2e-4, beta_1=0.0, beta_2=0.9) for p in self.players}
