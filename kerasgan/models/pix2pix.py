"""Image-to-image translation, Isola et al. 2017 (arXiv:1611.07004)."""

import keras
import numpy as np
from keras import ops

from kerasgan import losses
from kerasgan.engine.registry import register
from kerasgan.models.translation import TranslatesImages


@register
class Pix2Pix(TranslatesImages):
    """A generator that turns one kind of image into another, learnt from pairs.

    Equation 4: `min_G max_D E[log D(x, y)] + E[log(1 - D(x, G(x)))] + λ E|y - G(x)|`, x the
    source and y the target; D sees the source beside what it judges, patch by patch, and its
    loss is halved, which slows it down beside G.

    The paper's noise is dropout, left on when images are made; it found that it hardly varies
    the output. Here it trains, and `translate` gives one result for one input.

    Args:
        generator: Keras model from sources `(batch, height, width, channels)` in [-1, 1] to
            targets of the same height and width in [-1, 1]: `kerasgan.networks.unet`.
        discriminator: Keras model from `[targets, sources]` to logits, one or a map of them:
            `kerasgan.networks.patchgan` with `condition_channels`.
        reconstruction_weight: Float, λ.
        adversarial_loss: As in `GAN`.
        augmentation, ema_decay, seed, name: As in `AdversarialModel`. Augmentation moves source
            and target alike.

    Default optimizers: Adam with learning rate 2e-4 and beta_1 0.5 for both.

    Raises:
        ValueError: If the networks do not fit together.

    Example:

    ```python
    pairs = kerasgan.datasets.load_pairs("facades", size=128, source_half="right")
    generator = kerasgan.networks.unet((128, 128, 3), width=32)
    discriminator = kerasgan.networks.patchgan((128, 128, 3), condition_channels=3, width=32)
    model = kerasgan.models.Pix2Pix(generator, discriminator)
    model.fit(pairs, epochs=200)
    photograph = model.translate("labels.png")
    ```
    """

    door = "load_pairs"
    builders = {"generator": "unet", "discriminator": "patchgan"}
    fixes = ()

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        reconstruction_weight: float = 100.0,
        adversarial_loss: str | losses.AdversarialLoss = "minimax",
        **kwargs,
    ):
        source, target = self.checked_beside(generator, discriminator)
        networks = {"generator": generator, "discriminator": discriminator}
        super().__init__(networks, source, target, **kwargs)
        self.reconstruction_weight = reconstruction_weight
        self.adversarial_loss = losses.get(adversarial_loss)
        self.track(*self.adversarial_loss.shown)

    @classmethod
    def sizes(cls, sample_shapes):
        """What the data's shapes give each builder: dict of its arguments."""
        source, target = sample_shapes["source"], sample_shapes["target"]
        return {
            "generator": {"image_shape": source, "channels": target[-1]},
            "discriminator": {"image_shape": target, "condition_channels": source[-1]},
        }

    def default_optimizers(self):
        return {player: keras.optimizers.Adam(2e-4, beta_1=0.5) for player in self.players}

    def discriminator_loss(self, batch, training=True):
        fake = self.no_gradient(self.generator, batch["source"], training)
        real_logits = self.judge(batch["target"], batch, training)
        fake_logits = self.judge(fake, batch, training)
        self.log(**self.adversarial_loss.scores(real_logits, fake_logits))
        if training:
            self.observe(real_logits)
        return 0.5 * self.adversarial_loss.discriminator(real_logits, fake_logits)

    def generator_loss(self, batch, training=True):
        fake = self.generator(batch["source"], training=training)
        fake_logits = self.judge(fake, batch, training)
        real_logits = None
        if self.adversarial_loss.pairs:
            real_logits = self.judge(batch["target"], batch, training)
        reconstruction = ops.mean(ops.abs(batch["target"] - fake))
        self.log(reconstruction_loss=reconstruction)
        adversarial = self.adversarial_loss.generator(real_logits, fake_logits)
        return adversarial + self.reconstruction_weight * reconstruction

    def judge(self, images, batch, training=True):
        """Logits of the discriminator for images beside the sources of the batch."""
        return self.logits(self.discriminator, images, batch["source"], training=training)

    def judged(self, batch):
        fake = self.no_gradient(self.generator, batch["source"])
        return {
            "samples": fake,
            "real_logits": self.judge(batch["target"], batch),
            "fake_logits": self.judge(fake, batch),
        }

    def measure(self, batch):
        """Mean absolute error of held-out pairs, in grey levels of 255."""
        images = self.translate(np.asarray(batch["source"])), np.asarray(batch["target"])
        made, target = (self.modalities["target"].levels(x).astype("float32") for x in images)
        error = np.abs(made - target).mean()
        return {"held_out_error": float(error)}
