"""Models that a user could write: each is its losses, its verb, and what it shows."""

import keras
import numpy as np
from keras import layers, ops

from kerasgan import losses
from kerasgan.engine.model import AdversarialModel
from kerasgan.modalities import Audio, Images
from kerasgan.models import GAN


@keras.saving.register_keras_serializable("own_models")
class CycleGAN(AdversarialModel):
    """Zhu et al. 2017 (arXiv:1703.10593), without its pool of earlier images."""

    players = {
        "discriminators": ("discriminator_a", "discriminator_b"),
        "generators": ("to_a", "to_b"),
    }
    averaged = ("to_b", "to_a")
    takes = ("a", "b")
    makes = "b"
    unpaired = True
    verb = "translate"
    fixes = ()

    def __init__(
        self, to_a, to_b, discriminator_a, discriminator_b, *, cycle_weight=10.0, **kwargs
    ):
        networks = {"to_a": to_a, "to_b": to_b}
        networks |= {"discriminator_a": discriminator_a, "discriminator_b": discriminator_b}
        shapes = {"a": to_b.input_shape[1:], "b": to_a.input_shape[1:]}
        super().__init__(networks, {"a": Images(), "b": Images()}, shapes, **kwargs)
        self.cycle_weight = cycle_weight
        self.adversarial_loss = losses.get("least_squares")

    def default_optimizers(self):
        return {player: keras.optimizers.Adam(2e-4, beta_1=0.5) for player in self.players}

    def discriminators_loss(self, batch, training=True):
        a, b = batch["a"], batch["b"]
        fake_a = self.no_gradient(self.to_a, b, training)
        fake_b = self.no_gradient(self.to_b, a, training)
        sides = ((self.discriminator_a, a, fake_a), (self.discriminator_b, b, fake_b))
        return sum(
            self.adversarial_loss.discriminator(
                self.logits(judge, real, training=training),
                self.logits(judge, fake, training=training),
            )
            for judge, real, fake in sides
        )

    def generators_loss(self, batch, training=True):
        a, b = batch["a"], batch["b"]
        fake_a, fake_b = self.to_a(b, training=training), self.to_b(a, training=training)
        there_and_back = ops.mean(ops.abs(self.to_a(fake_b, training=training) - a))
        back_and_there = ops.mean(ops.abs(self.to_b(fake_a, training=training) - b))
        cycle = there_and_back + back_and_there
        self.log(cycle_loss=cycle)
        logits_a = self.logits(self.discriminator_a, fake_a, training=training)
        logits_b = self.logits(self.discriminator_b, fake_b, training=training)
        deceived = self.adversarial_loss.generator(None, logits_a)
        deceived += self.adversarial_loss.generator(None, logits_b)
        return deceived + self.cycle_weight * cycle

    def translate(self, images):
        images = ops.convert_to_numpy(self.modalities["a"].to_network(images))
        return self.modalities["b"].to_user(self.run(images))

    def preview(self, n=8, seed=0, batch=None):
        return self.modalities["b"].preview(self.translate(batch["a"][:n]))

    def samples(self, n, seed=0, batch=None):
        return self.translate(batch["a"][:n])

    def reference_inputs(self, n):
        shape = (n, *self.sample_shapes["a"])
        return {"images": np.random.default_rng(0).integers(0, 256, shape, "uint8")}


def cycle_gan(seed=1, **options):
    keras.utils.set_random_seed(seed)
    translators = [
        keras.Sequential(
            [
                keras.Input((8, 8, 3)),
                layers.Conv2D(4, 3, padding="same", activation="relu"),
                layers.Conv2D(3, 3, padding="same", activation="tanh", dtype="float32"),
            ]
        )
        for _ in range(2)
    ]
    judges = [
        keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(1, 4, 2, dtype="float32")])
        for _ in range(2)
    ]
    return CycleGAN(*translators, *judges, seed=seed, **options)


def wave_gan(seed=1, **options):
    """WaveGAN (Donahue et al. 2018, arXiv:1802.04208) is `GAN` on networks of one dimension."""
    keras.utils.set_random_seed(seed)
    generator = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(16 * 4),
            layers.Reshape((16, 4)),
            layers.ReLU(),
            layers.Conv1DTranspose(1, 25, 4, "same", activation="tanh", dtype="float32"),
        ]
    )
    discriminator = keras.Sequential(
        [
            keras.Input((64, 1)),
            layers.Conv1D(4, 25, 4, "same"),
            layers.LeakyReLU(0.2),
            layers.Flatten(),
            layers.Dense(1),
        ]
    )
    return GAN(generator, discriminator, modality=Audio(8000), seed=seed, **options)
