"""Generative adversarial network, Goodfellow et al. 2014 (arXiv:1406.2661)."""

import keras

from kerasgan import losses, modalities
from kerasgan.engine.generation import GeneratesSamples
from kerasgan.engine.registry import register
from kerasgan.engine.shapes import check_networks, refuse_batch_normalization, shapes


@register
class GAN(GeneratesSamples):
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
        modality: `kerasgan.modalities.Modality` of a sample; by default images if the
            generator makes `(batch, height, width, channels)`, else arrays of floats.
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

    builders = "dcgan"
    # For fewer than some 100,000 images.
    recipe = {"model": {"augmentation": {"class_name": "DifferentiableAugmentation"}}}
    # What the builders of networks are asked for: `dcgan(shape, **WGANGP.network_options)`.
    network_options = {}
    # Whether the generator, and whether the discriminator, takes labels.
    label_inputs = (False, False)
    fixes = ()
    # What samples of a shape are, where no modality is given.
    modality_of = staticmethod(modalities.of_shape)

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        modality: modalities.Modality | None = None,
        adversarial_loss: str | losses.AdversarialLoss = "minimax",
        penalties: list = (),
        discriminator_steps: int = 1,
        **kwargs,
    ):
        check_networks(generator, discriminator, self.label_inputs)
        latents, made = shapes(generator)
        latents, *labels = latents if isinstance(latents, list) else [latents]
        sample_shapes = {"real": tuple(made[1:])}
        if labels:
            sample_shapes["labels"] = labels[0][1:]
        super().__init__(
            {"generator": generator, "discriminator": discriminator},
            {"real": modality or self.modality_of(sample_shapes["real"])},
            sample_shapes,
            latents[-1],
            **kwargs,
        )
        if discriminator_steps < 1:
            raise ValueError(
                f"discriminator_steps must be at least 1. Received: {discriminator_steps}"
            )
        self.adversarial_loss = losses.get(adversarial_loss)
        self.track(*self.adversarial_loss.shown)
        self.penalties = list(penalties)
        self.discriminator_steps = discriminator_steps
        self.repeats = {"discriminator": discriminator_steps}
        if self.penalties:
            refuse_batch_normalization(
                discriminator,
                "a penalty is on the gradient at each sample alone, and batch statistics "
                "let a logit depend on the others",
            )

    @classmethod
    def sizes(cls, sample_shapes):
        """What the data's shapes give the builder: dict of its arguments."""
        labels = sample_shapes.get("labels")
        return {"image_shape": sample_shapes["real"], "label_dim": labels and labels[0]}

    def data_options(self):
        return {"image_shape": self.sample_shape}

    def default_optimizers(self):
        return {player: keras.optimizers.Adam(2e-4, beta_1=0.5) for player in self.players}

    def discriminator_loss(self, batch, training=True):
        fake = batch["fake"] if "fake" in batch else self.no_gradient(self.made, batch, training)
        real_logits = self.judge(batch["real"], batch, training)
        # With privacy a fake has classes of its own.
        of_fake = {"labels": batch["fake_labels"]} if "fake_labels" in batch else {}
        fake_logits = self.judge(fake, batch | of_fake, training)
        self.log(**self.adversarial_loss.scores(real_logits, fake_logits))
        loss = self.adversarial_loss.discriminator(real_logits, fake_logits)
        if training:
            self.observe(real_logits)
            loss += self.penalty(fake, batch)
        return loss

    def generator_loss(self, batch, training=True):
        fake = self.made(batch, training=training)
        fake_logits = self.judge(fake, batch, training)
        real_logits = None
        if self.adversarial_loss.pairs:
            real_logits = self.judge(batch["real"], batch, training)
        return self.adversarial_loss.generator(real_logits, fake_logits)

    def made(self, batch, training=True):
        """What the generator makes of a batch's latents."""
        return self.generator(self.generator_inputs(batch), training=training)

    def judge(self, samples, batch, training=True):
        """Logits of the discriminator for samples, beside the labels of the batch if it has any."""
        labels = [batch["labels"]] if "labels" in batch else []
        return self.logits(self.discriminator, samples, *labels, training=training)

    def penalty(self, fake, batch):
        """The sum of the penalties, each with its weight."""

        def judge(samples):
            return self.judge(samples, batch)

        return sum(p(judge, batch["real"], fake, self.seed_generator) for p in self.penalties)

    def judged(self, batch):
        fake = self.no_gradient(self.generator, self.generator_inputs(batch))
        return {
            "samples": fake,
            "real_logits": self.judge(batch["real"], batch),
            "fake_logits": self.judge(fake, batch),
        }
