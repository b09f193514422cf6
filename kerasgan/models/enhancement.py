"""Poor images made clean: WGAN with a perceptual loss, Yang et al. 2018 (arXiv:1708.00961)."""

import keras
import numpy as np
from keras import ops

from kerasgan import losses
from kerasgan.engine.registry import register
from kerasgan.engine.shapes import refuse_batch_normalization
from kerasgan.metrics import peak_signal_to_noise_ratio
from kerasgan.models.translation import TranslatesImages
from kerasgan.penalties import GradientPenalty


@register
class Enhancement(TranslatesImages):
    """A generator that makes clean images of poor ones, noisy or blurred, of the same size.

    WGAN-VGG, equations 7 and 8: the critic lowers `E[D(G(z))] - E[D(x)]` and a gradient penalty,
    several turns for one of the generator, which lowers `-E[D(G(z))] + λ₁ · content`, z the poor
    image, x the clean one, and the content loss the mean squared distance of G(z) and x in the
    features of a network. The turns of the critic share the images of a step.

    What it adds looks real, and need not be. It can add to a scan what is not there, or take away
    what is: it is not for diagnosis.

    Args:
        generator: Keras model from poor images `(batch, height, width, channels)` in [-1, 1] to
            clean ones of the same height and width: `kerasgan.networks.denoiser`.
        discriminator: The critic, a Keras model from clean images to values without bounds,
            without batch normalisation: `kerasgan.networks.critic`.
        content_loss: A `keras.losses` loss or its name; by default
            `losses.FeatureLoss(scale=1.0)`, which is VGG19's, as in the paper. It sees images of
            other than its network's channels one channel at a time, as grey images.
        content_weight: Float, λ₁, 0 or more; 0.1 in the paper.
        adversarial_weight: Float, 0 or more, of the critic's part in the generator's loss, 1 in
            the paper; with 0 the critic is left aside and does not train.
        penalty_weight: Float, of the gradient penalty.
        discriminator_steps: Turns of the critic for one of the generator.
        augmentation, ema_decay, seed, name: As in `AdversarialModel`.

    Default optimizers: Adam with learning rate 1e-5, beta_1 0.5 and beta_2 0.9 for both, for the
    paper's 100,000 patches; the recipe has 3e-4, falling to 0.

    Raises:
        ValueError: If the networks do not fit together, on a weight below 0, or if the critic has
            batch normalisation.

    Example:

    ```python
    data = kerasgan.datasets.load_degraded("scans", (64, 64, 1))
    generator = kerasgan.networks.denoiser(channels=1)
    discriminator = kerasgan.networks.critic((64, 64, 1))
    model = kerasgan.models.Enhancement(generator, discriminator)
    model.fit(data, epochs=100)
    clean = model.enhance("scan.png")
    ```
    """

    verb = "enhance"
    door = "load_degraded"
    builders = {"generator": "denoiser", "discriminator": "critic"}
    recipe = {
        "optimizers": dict.fromkeys(
            TranslatesImages.players,
            {"learning_rate": {"class_name": "CosineDecay", "initial_learning_rate": 3e-4}},
        )
    }
    fixes = ()

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        content_loss: str | keras.losses.Loss | None = None,
        content_weight: float = 0.1,
        adversarial_weight: float = 1.0,
        penalty_weight: float = 10.0,
        discriminator_steps: int = 4,
        **kwargs,
    ):
        source, target = self.checked(generator, discriminator)
        refuse_batch_normalization(
            discriminator, "the gradient penalty is on the gradient at each image alone"
        )
        weights = {"content_weight": content_weight, "adversarial_weight": adversarial_weight}
        for argument, weight in weights.items():
            if not weight >= 0:
                raise ValueError(f"{argument} must be 0 or more. Received: {argument}={weight}")
        if not discriminator_steps >= 1:
            raise ValueError(
                f"discriminator_steps must be at least 1. Received: {discriminator_steps}"
            )
        networks = {"generator": generator, "discriminator": discriminator}
        super().__init__(networks, source, target, **kwargs)
        self.content_loss = losses.FeatureLoss(scale=1.0) if content_loss is None else content_loss
        if isinstance(self.content_loss, str):
            self.content_loss = keras.losses.get(self.content_loss)
        self.content_weight = content_weight
        self.adversarial_weight = adversarial_weight
        self.penalty_weight = penalty_weight
        self.penalty = GradientPenalty(penalty_weight)
        self.discriminator_steps = discriminator_steps
        self.repeats = {"discriminator": discriminator_steps}
        self.adversarial_loss = losses.get("wasserstein")
        self.track(*self.adversarial_loss.shown, "content_loss")

    @classmethod
    def sizes(cls, sample_shapes):
        """What the data's shapes give each builder: dict of its arguments."""
        source, target = sample_shapes["source"], sample_shapes["target"]
        return {
            "generator": {"image_shape": source, "channels": target[-1]},
            "discriminator": {"image_shape": target},
        }

    def default_optimizers(self):
        return {p: keras.optimizers.Adam(1e-5, beta_1=0.5, beta_2=0.9) for p in self.players}

    def turn(self, player, batch, training=True):
        if player == "generator" or self.adversarial_weight:
            super().turn(player, batch, training)

    def discriminator_loss(self, batch, training=True):
        real, fake = batch["target"], self.no_gradient(self.generator, batch["source"], training)
        loss = self.judging_loss(self.discriminator, real, fake, training)
        if not training:
            return loss

        def judge(images):
            return self.logits(self.discriminator, images)

        return loss + self.penalty(judge, real, fake, self.seed_generator)

    def generator_loss(self, batch, training=True):
        real, fake = batch["target"], self.generator(batch["source"], training=training)
        content = ops.mean(self.content_loss(real, fake))
        self.log(content_loss=content)
        loss = self.content_weight * content
        if self.adversarial_weight:
            deceiving = self.deceiving_loss(self.discriminator, real, fake, training)
            loss += self.adversarial_weight * deceiving
        return loss

    def enhance(self, images, batch_size: int = 8):
        """The clean image for each poor one that is given.

        Args:
            images, batch_size: As in `Pix2Pix.translate`.

        Returns:
            A Pillow image for a path or a Pillow image; for an array one of the same dtype,
            height and width.

        Raises:
            ValueError: On what is no image, or has other channels, naming it.

        Example:

        ```python
        kerasgan.zoo.load("enhance_xrays").enhance("scan.png").save("clean.png")
        ```
        """
        return self.translate(images, batch_size)

    # What callbacks, reports and the zoo ask for.

    def judged(self, batch):
        fake = self.no_gradient(self.generator, batch["source"])
        return self.shown(fake, batch) if self.adversarial_weight else {"samples": fake}

    def measure(self, batch):
        """Mean peak signal-to-noise ratio of held-out pairs in dB."""
        images = self.enhance(np.asarray(batch["source"])), np.asarray(batch["target"])
        made, clean = map(self.modalities["target"].levels, images)
        return {"held_out_psnr": float(np.mean(peak_signal_to_noise_ratio(clean, made)))}

    def data_options(self):
        shape = self.sample_shapes["target"]
        return {} if None in shape else {"image_shape": shape}
