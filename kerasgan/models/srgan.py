"""SRGAN, Ledig et al. 2017 (arXiv:1609.04802)."""

import numbers

import keras
from keras import ops

from kerasgan import losses
from kerasgan.engine import backend
from kerasgan.engine.copying import frozen_copy
from kerasgan.engine.registry import register
from kerasgan.engine.shapes import shapes
from kerasgan.models.super_resolution import SuperResolution


@register
class SRGAN(SuperResolution):
    """Super-resolution that looks sharp: a content loss, and a discriminator to deceive.

    Equation 3: the generator lowers `content + 1e-3 · adversarial`, where the content loss
    compares features of a network (`losses.FeatureLoss`) or pixels. Start from a generator
    that was trained on pixels (`SuperResolution`), as the paper does; it is kept beside the
    adversarial one, and `upscale(strength=…)` goes from one to the other.

    In the progress bar `real_score` and `fake_score` are the discriminator's mean
    probability that real and enlarged patches are real.

    Args:
        generator: As in `SuperResolution`, trained on pixels.
        discriminator: Keras model from patches `(batch, size, size, 3)` to logits:
            `kerasgan.networks.srgan_discriminator`.
        content_loss: A `keras.losses` loss or its name; by default `losses.FeatureLoss()`,
            which is VGG19's. `"mean_squared_error"` is the paper's SRGAN-MSE.
        adversarial_weight: Float, of the adversarial loss beside the content loss.
        pixel_weight: Float, of the mean absolute error of pixels; 0 in the paper.
        adversarial_loss: As in `GAN`.
        ema_decay, seed, name: As in `AdversarialModel`.

    Default optimizers: Adam with learning rate 1e-4 for both; the paper lowers it to 1e-5
    after half of its 200,000 steps.

    Raises:
        ValueError: If the networks do not fit together.

    Example:

    ```python
    generator = kerasgan.zoo.load("srresnet_x4").generator
    discriminator = kerasgan.networks.srgan_discriminator(patch_size=96)
    model = kerasgan.models.SRGAN(generator, discriminator)
    model.fit("photographs", epochs=100)
    ```
    """

    players = {"discriminator": ("discriminator",), "generator": ("generator",)}
    builders = {"generator": "srresnet", "discriminator": "srgan_discriminator"}
    recipe = {
        "optimizers": dict.fromkeys(players, SuperResolution.recipe["optimizers"]["generator"]),
        # First on pixels, as the paper does.
        "stages": [
            {"model": {"name": "super_resolution", "pixel_loss": "mean_absolute_error"}},
            {"start": "previous"},
        ],
    }
    fixes = ("pixel_loss",)

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        content_loss: str | keras.losses.Loss | None = None,
        adversarial_weight: float = 1e-3,
        pixel_weight: float = 0.0,
        adversarial_loss: str | losses.AdversarialLoss = "minimax",
        **kwargs,
    ):
        taken, given = shapes(discriminator)
        if len(taken) != 4 or taken[1] != taken[2] or taken[3] != 3 or tuple(given[1:]) != (1,):
            raise ValueError(
                "discriminator must take square images (batch, size, size, 3) and give "
                f"(batch, 1). Received one that takes {taken} and gives {given}"
            )
        self._start(generator, {"discriminator": discriminator}, **kwargs)
        self.patch_size = taken[1]
        self.content_loss = losses.FeatureLoss() if content_loss is None else content_loss
        if isinstance(self.content_loss, str):
            self.content_loss = keras.losses.get(self.content_loss)
        self.adversarial_weight = adversarial_weight
        self.pixel_weight = pixel_weight
        self.adversarial_loss = losses.get(adversarial_loss)
        self.track(*self.adversarial_loss.shown)
        self.pixel_generator = frozen_copy(generator, "pixel_generator")

    def discriminator_loss(self, batch, training=True):
        fake = self.no_gradient(self.generator, batch["small"], training)
        fake_logits = self.logits(self.discriminator, fake, training=training)
        real_logits = self.logits(self.discriminator, batch["large"], training=training)
        self.log(**self.adversarial_loss.scores(real_logits, fake_logits))
        return self.adversarial_loss.discriminator(real_logits, fake_logits)

    def generator_loss(self, batch, training=True):
        real, fake = batch["large"], self.generator(batch["small"], training=training)
        fake_logits = self.logits(self.discriminator, fake, training=training)
        real_logits = None
        if self.adversarial_loss.pairs:
            real_logits = self.logits(self.discriminator, real, training=training)
        loss = ops.mean(self.content_loss(real, fake))
        loss += self.adversarial_weight * self.adversarial_loss.generator(real_logits, fake_logits)
        if self.pixel_weight:
            loss += self.pixel_weight * ops.mean(ops.abs(real - fake))
        return loss

    def judged(self, batch):
        fake = self.no_gradient(self.generator, batch["small"])
        return {
            "samples": fake,
            "real_logits": self.logits(self.discriminator, batch["large"]),
            "fake_logits": self.logits(self.discriminator, fake),
        }

    def stored_networks(self):
        return super().stored_networks() | {"pixel_generator": self.pixel_generator}

    def needed(self):
        return {*self.averaged, "pixel_generator"}

    def enlarger(self, strength=None):
        """The function that enlarges a batch, from faithful, 0, to sharp, 1.

        Between them lie the weights between those trained on pixels and the adversarial ones
        (network interpolation, Wang et al. 2018, arXiv:1809.00219).
        """
        if strength in (None, 1.0):
            return super().enlarger()
        if not isinstance(strength, numbers.Real) or not 0.0 <= strength <= 1.0:
            raise ValueError(f"strength must be in [0, 1]. Received: strength={strength!r}")
        with backend.settled(self):
            network = frozen_copy(self.pixel_generator)
            for weight, sharp in zip(network.weights, self.averaged_generator.weights, strict=True):
                weight.assign_add(ops.cast(strength * (sharp - weight), weight.dtype))
        return network.predict_on_batch
