"""Generative adversarial network, Goodfellow et al. 2014 (arXiv:1406.2661)."""

import keras

from kerasgan import losses
from kerasgan.engine.model import AdversarialModel
from kerasgan.engine.registry import register
from kerasgan.engine.shapes import refuse_batch_normalization


@register
class GAN(AdversarialModel):
    """A generator and a discriminator that play the minimax game, or another one.

    With the networks of `kerasgan.networks.dcgan` it is DCGAN (Radford et al. 2015,
    arXiv:1511.06434). Any loss goes with any penalty, network and augmentation; the other
    models are this one with their paper's choice of them.

    In the progress bar `real_score` and `fake_score` are the discriminator's mean
    probability that real and generated images are real; at the equilibrium both are 0.5.

    Args:
        generator: Keras model from latents `(batch, latent_dim)`, standard normal, to
            images in [-1, 1] `(batch, height, width, channels)`, or to samples of any
            other shape.
        discriminator: Keras model from those samples to logits `(batch, 1)`.
        adversarial_loss: The game: `"minimax"` (the non-saturating form that the paper
            recommends), `"least_squares"`, `"hinge"`, `"wasserstein"`, `"relativistic"`,
            or an object of `kerasgan.losses`.
        penalties: List of `kerasgan.penalties` added to the discriminator's loss.
        discriminator_steps: Turns of the discriminator for one of the generator, each
            with new latents and all with the real images of the step.
        augmentation, ema_decay, seed, name: As in `AdversarialModel`.

    Default optimizers: Adam with learning rate 2e-4 and beta_1 0.5 for both, from
    Radford et al. 2015; the 2014 paper leaves its rates open.

    Raises:
        ValueError: If the networks' shapes do not fit, on an unknown loss, or if there are
            penalties and the discriminator has batch normalisation.

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
        adversarial_loss="minimax",
        penalties=(),
        discriminator_steps=1,
        **kwargs,
    ):
        super().__init__(generator, discriminator, **kwargs)
        if discriminator_steps < 1:
            raise ValueError(
                f"{self.players[0]}_steps must be at least 1. Received: {discriminator_steps}"
            )
        self.adversarial_loss = losses.get(adversarial_loss)
        self.penalties = list(penalties)
        self.discriminator_steps = discriminator_steps
        self.repeats = {self.players[0]: discriminator_steps}
        self.show(*self.adversarial_loss.shown)
        if self.penalties:
            refuse_batch_normalization(
                discriminator,
                self.players[0],
                "a penalty is on the gradient at each sample alone, and batch statistics "
                "let a logit depend on the others",
            )

    def default_optimizers(self):
        return {player: keras.optimizers.Adam(2e-4, beta_1=0.5) for player in self.players}

    def discriminator_loss(self, real, z, labels, training=True):
        fake = self.fake(z, labels, training)
        real_logits = self.discriminate(real, labels, training)
        fake_logits = self.discriminate(fake, labels, training)
        self.log(**self.adversarial_loss.scores(real_logits, fake_logits))
        loss = self.adversarial_loss.discriminator(real_logits, fake_logits)
        if training:
            self.observe(real_logits)
            loss += self.penalty(real, fake, labels)
        return loss

    def generator_loss(self, real, z, labels, training=True):
        fake_logits = self.discriminate(self.make(z, labels, training), labels, training)
        real_logits = None
        if self.adversarial_loss.pairs:
            real_logits = self.discriminate(real, labels, training)
        return self.adversarial_loss.generator(real_logits, fake_logits)

    def penalty(self, real, fake, labels):
        """The sum of the penalties, each with its weight."""

        def discriminate(samples):
            return self.discriminate(samples, labels)

        return sum(p(discriminate, real, fake, self.seed_generator) for p in self.penalties)
