"""GAN with spectral normalisation, Miyato et al. 2018 (arXiv:1802.05957)."""

import keras

from kerasgan.engine.registry import register
from kerasgan.engine.shapes import every_layer
from kerasgan.layers import SpectralConv2D, SpectralDense
from kerasgan.models.gan import GAN


@register
class SNGAN(GAN):
    """The hinge loss with a discriminator whose every layer has spectral norm 1.

    Args:
        generator: As in `GAN`.
        discriminator: Keras model from samples to logits, of `SpectralConv2D` and
            `SpectralDense`: `discriminator_normalization="spectral"` in the builders,
            which `resnet` has by itself.
        discriminator_steps: Turns of the discriminator for one of the generator, n_dis.
        modality, penalties: As in `GAN`.
        augmentation, ema_decay, seed, name: As in `AdversarialModel`.

    Default optimizers: Adam with learning rate 2e-4, beta_1 0 and beta_2 0.9 for both,
    the paper's for its residual networks.

    Raises:
        ValueError: If no layer of the discriminator is spectrally normalised.

    Example:

    ```python
    generator, discriminator = kerasgan.networks.resnet((32, 32, 3))
    model = kerasgan.models.SNGAN(generator, discriminator)
    model.fit(images, batch_size=64, epochs=20)
    ```
    """

    network_options = {"discriminator_normalization": "spectral"}

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
        spectral = (SpectralConv2D, SpectralDense)
        if not any(isinstance(layer, spectral) for layer in every_layer(discriminator)):
            raise ValueError(
                "discriminator must have spectrally normalised layers: build it with "
                'discriminator_normalization="spectral", or of kerasgan.layers.SpectralConv2D '
                f"and SpectralDense. Received: {discriminator.name!r} without one."
            )

    def default_optimizers(self):
        return {p: keras.optimizers.Adam(2e-4, beta_1=0.0, beta_2=0.9) for p in self.players}
