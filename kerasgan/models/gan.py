"""Generative adversarial network, Goodfellow et al. 2014 (arXiv:1406.2661)."""

import keras
from keras import ops

from kerasgan import losses
from kerasgan.engine.model import AdversarialModel
from kerasgan.engine.registry import register


@register
class GAN(AdversarialModel):
    """A generator and a discriminator that play the minimax game.

    With the networks of `kerasgan.networks.dcgan` it is DCGAN (Radford et al. 2015,
    arXiv:1511.06434). The progress bar shows both losses and `real_score` and
    `fake_score`, the discriminator's mean probability that real and generated images are
    real; at the equilibrium both are 0.5.

    Args:
        generator: Keras model from latents `(batch, latent_dim)`, standard normal, to
            images in [-1, 1] `(batch, height, width, channels)`, or to samples of any
            other shape.
        discriminator: Keras model from those samples to logits `(batch, 1)`.
        saturating: Train the generator on equation 1 as it stands, in place of the
            non-saturating form that the paper recommends.
        augmentation, ema_decay, seed, name: As in `AdversarialModel`.

    Default optimizers: Adam with learning rate 2e-4 and beta_1 0.5 for both, from
    Radford et al. 2015; the 2014 paper leaves its rates open.

    Raises:
        ValueError: If the networks' shapes do not fit.

    Example:

    ```python
    generator, discriminator = kerasgan.networks.dcgan(image_shape=(32, 32, 1))
    model = kerasgan.models.GAN(generator, discriminator)
    model.compile()
    model.fit(images, batch_size=128, epochs=20)
    samples = model.generate(16, seed=0)
    ```
    """

    def __init__(
        self,
        generator,
        discriminator,
        saturating=False,
        augmentation=None,
        ema_decay=0.999,
        seed=None,
        name=None,
    ):
        super().__init__(
            generator,
            discriminator,
            augmentation=augmentation,
            ema_decay=ema_decay,
            seed=seed,
            name=name,
        )
        self.saturating = saturating

    def default_optimizers(self):
        return {player: keras.optimizers.Adam(2e-4, beta_1=0.5) for player in self.players}

    def discriminator_loss(self, real, z, training=True):
        real_logits = self.discriminate(real, training)
        fake_logits = self.discriminate(self.fake(z, training), training)
        self.log(real_score=ops.sigmoid(real_logits), fake_score=ops.sigmoid(fake_logits))
        return losses.minimax_discriminator_loss(real_logits, fake_logits)

    def generator_loss(self, real, z, training=True):
        fake_logits = self.discriminate(self.generator(z, training=training), training)
        if self.saturating:
            return losses.saturating_generator_loss(None, fake_logits)
        return losses.non_saturating_generator_loss(None, fake_logits)
