"""R3GAN, Huang et al. 2024 (arXiv:2501.05441)."""

import keras

from kerasgan.arguments import check_whole
from kerasgan.engine.registry import register
from kerasgan.engine.scheduled_adam import ScheduledAdam, cosine_share
from kerasgan.models.conditional_gan import ConditionalGAN
from kerasgan.models.gan import GAN
from kerasgan.penalties import R1, R2


@register
class R3GAN(GAN):
    """The relativistic pairing loss with R1 and R2: provably convergent, and keeps modes.

    Each generated sample is compared with a real one, and the discriminator's gradient is
    held down on both: equation 4 with f(t) = -log(1 + e^-t).

    The paper trains `kerasgan.networks.r3gan` and moves five numbers along half of a cosine.
    `schedule_steps` does so, as the authors' code for CIFAR-10: γ to a tenth of it, the learning
    rate from 2e-4 to 5e-5, beta_2 from 0.9 to 0.99, the half-life of the average from 0 to that of
    `ema_decay`, and the probability of an `AdaptiveAugmentation` from 0 to
    `augmentation_probability`, in place of its own control. Where a step is in the schedule is
    saved with the model.

    Args:
        generator: As in `GAN`; the paper's has no normalisation.
        discriminator: Keras model from samples to logits, without batch normalisation.
        penalty_weight: Float, γ of R1 and of R2. The paper chooses it for each data set: with its
            networks it begins at 0.05 for CIFAR-10; larger pictures need more.
        schedule_steps: Steps that the schedule takes, there those of 20 million pictures; None
            for none of it, and beta_2 0.99.
        augmentation_probability: Float in [0, 0.8], where the schedule takes that of an
            `AdaptiveAugmentation` to.
        modality, discriminator_steps: As in `GAN`.
        augmentation, ema_decay, seed, name: As in `AdversarialModel`.

    Default optimizers: Adam with learning rate 2e-4, beta_1 0 and beta_2 0.99 for both, or as the
    schedule moves them.

    Raises:
        ValueError: If the discriminator has batch normalisation, or on a number out of its range.

    Example:

    ```python
    networks = kerasgan.networks.r3gan((32, 32, 3), width=96)
    model = kerasgan.models.R3GAN(*networks, penalty_weight=0.5, schedule_steps=20_000)
    model.fit(images, batch_size=64, epochs=20)
    ```
    """

    builders = "r3gan"
    network_options = {"discriminator_normalization": None}
    # Of the class, which says without a model what its optimizers are.
    schedule_steps = None

    fixes = ("adversarial_loss", "penalties")

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        penalty_weight: float = 1.0,
        schedule_steps: int | None = None,
        augmentation_probability: float = 0.55,
        **kwargs,
    ):
        if schedule_steps is not None:
            check_whole(1, schedule_steps=schedule_steps)
        if not 0.0 <= augmentation_probability <= 0.8:
            raise ValueError(
                "augmentation_probability must be in [0, 0.8]. Received: "
                f"augmentation_probability={augmentation_probability}"
            )
        super().__init__(
            generator,
            discriminator,
            adversarial_loss="relativistic",
            penalties=[R1(penalty_weight), R2(penalty_weight)],
            **kwargs,
        )
        self.penalty_weight = penalty_weight
        self.schedule_steps = schedule_steps
        self.augmentation_probability = augmentation_probability

    def default_optimizers(self):
        steps = self.schedule_steps
        if steps is None:
            return {p: keras.optimizers.Adam(2e-4, beta_1=0.0, beta_2=0.99) for p in self.players}
        rate = keras.optimizers.schedules.CosineDecay(2e-4, steps, alpha=0.25)
        options = {"decay_steps": steps, "final_beta_2": 0.99, "beta_1": 0.0, "beta_2": 0.9}
        return {player: ScheduledAdam(rate, **options) for player in self.players}

    # What the schedule moves beside the optimizers' numbers.

    def share(self):
        """How far the schedule has come, from 0 to 1."""
        return cosine_share(self.optimizer.iterations, self.schedule_steps)

    def penalty(self, fake, batch):
        value = super().penalty(fake, batch)
        return value if self.schedule_steps is None else value * (1.0 - 0.9 * self.share())

    def decay(self):
        if self.schedule_steps is None:
            return super().decay()
        # A half-life of this share of that of ema_decay.
        return self.ema_decay ** (1.0 / (self.share() + 1e-6))

    def observe(self, real_logits):
        if self.schedule_steps is None:
            super().observe(real_logits)
            return
        for layer in self._augmentations():
            if hasattr(layer, "probability"):
                layer.probability.assign(self.augmentation_probability * self.share())
                self.log(**layer.report)


@register
class ConditionalR3GAN(R3GAN, ConditionalGAN):
    """R3GAN of labelled data, as the authors' code has it for CIFAR-10 and ImageNet.

    The label is embedded beside the latent, and the logit is the inner product of the
    discriminator's features with an embedding of the label.

    Args:
        generator: As in `R3GAN`, from `[latents, labels]`.
        discriminator: Keras model from `[samples, labels]` to logits `(batch, 1)`. The builder
            makes both with `label_dim=…`.
        penalty_weight, schedule_steps, augmentation_probability: As in `R3GAN`.
        labels: As in `ConditionalGAN`.
        modality, discriminator_steps: As in `GAN`.
        augmentation, ema_decay, seed, name: As in `AdversarialModel`.

    Default optimizers: as of `R3GAN`.

    Raises:
        ValueError: As `R3GAN` and `ConditionalGAN` do.

    Example:

    ```python
    networks = kerasgan.networks.r3gan((32, 32, 3), width=96, label_dim=10)
    model = kerasgan.models.ConditionalR3GAN(*networks, penalty_weight=0.05)
    model.fit(images, labels, batch_size=64, epochs=20)
    ```
    """
