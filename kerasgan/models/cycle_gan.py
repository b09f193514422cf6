"""Unpaired image translation, Zhu et al. 2017 (arXiv:1703.10593)."""

import keras
from keras import ops

from kerasgan import losses
from kerasgan.arguments import check_not_negative
from kerasgan.engine.registry import register
from kerasgan.layers import ImagePool
from kerasgan.models.translation import TranslatesImages


@register
class CycleGAN(TranslatesImages):
    """Two generators, one each way, that undo each other: translation learnt without pairs.

    Equation 3: `L_GAN(G, D_Y) + L_GAN(F, D_X) + λ (E|F(G(x)) - x| + E|G(F(y)) - y|)`, with the
    identity loss of section 5.2, `λ · identity_weight (E|G(y) - y| + E|F(x) - x|)`, which keeps
    colours. The discriminators, whose losses are halved, are shown images from a pool of the
    generators' last 50.

    Args:
        generator: Keras model from sources `(batch, height, width, channels)` in [-1, 1] to
            targets of the same height and width, G: `kerasgan.networks.translator`.
        backward_generator: The way back, F.
        discriminator: Keras model from targets to logits, one or a map of them, D_Y:
            `kerasgan.networks.patchgan`.
        backward_discriminator: The same of sources, D_X.
        cycle_weight: Float, λ.
        identity_weight: Float; 0 where sources and targets differ in their channels. The paper
            uses 0.5 for paintings, its authors' code for everything.
        pool_size: Images in each pool; 0 for none. With one, the discriminators must be built for
            images of one size.
        adversarial_loss: As in `GAN`.
        augmentation, ema_decay, seed, name: As in `AdversarialModel`.

    Default optimizers: Adam with learning rate 2e-4 and beta_1 0.5 for both players.

    Raises:
        ValueError: If the networks do not fit together, or on a negative number.

    Example:

    ```python
    data = kerasgan.datasets.load_unpaired("horses", "zebras", size=128)
    generators = [kerasgan.networks.translator(width=32) for _ in range(2)]
    discriminators = [kerasgan.networks.patchgan((128, 128, 3), width=32) for _ in range(2)]
    model = kerasgan.models.CycleGAN(*generators, *discriminators)
    model.fit(data, epochs=200)
    zebra = model.translate("horse.jpg")
    horse = model.translate("zebra.jpg", backward=True)
    ```
    """

    players = {
        "discriminator": ("discriminator", "backward_discriminator"),
        "generator": ("generator", "backward_generator"),
    }
    averaged = ("generator", "backward_generator")
    unpaired = True
    door = "load_unpaired"
    builders = {
        "generator": "translator",
        "backward_generator": "translator",
        "discriminator": "patchgan",
        "backward_discriminator": "patchgan",
    }
    fixes = ()

    def __init__(
        self,
        generator: keras.Model,
        backward_generator: keras.Model,
        discriminator: keras.Model,
        backward_discriminator: keras.Model,
        *,
        cycle_weight: float = 10.0,
        identity_weight: float = 0.5,
        pool_size: int = 50,
        adversarial_loss: str | losses.AdversarialLoss = "least_squares",
        **kwargs,
    ):
        source, target = self.checked(generator, discriminator)
        self.checked(backward_generator, backward_discriminator, (target, source))
        check_not_negative(
            cycle_weight=cycle_weight, identity_weight=identity_weight, pool_size=pool_size
        )
        self.check_identity(identity_weight, source, target)
        networks = {
            "generator": generator,
            "backward_generator": backward_generator,
            "discriminator": discriminator,
            "backward_discriminator": backward_discriminator,
        }
        super().__init__(networks, source, target, **kwargs)
        self.cycle_weight = cycle_weight
        self.identity_weight = identity_weight
        self.pool_size = pool_size
        self.pools = [ImagePool(pool_size, self.seed) for _ in (0, 1)] if pool_size else []
        for pool, shape in zip(self.pools, (target, source)):
            pool.build((None, *shape))
        self.adversarial_loss = losses.get(adversarial_loss)
        self.track(*self.adversarial_loss.shown, "cycle_loss")

    @classmethod
    def sizes(cls, sample_shapes):
        """What the data's shapes give each builder: dict of its arguments."""
        source, target = sample_shapes["source"], sample_shapes["target"]
        # A convolutional generator takes any size once it is trained.
        return {
            "generator": {"image_shape": (None, None, source[-1]), "channels": target[-1]},
            "backward_generator": {"image_shape": (None, None, target[-1]), "channels": source[-1]},
            "discriminator": {"image_shape": target},
            "backward_discriminator": {"image_shape": source},
        }

    def default_optimizers(self):
        return {player: keras.optimizers.Adam(2e-4, beta_1=0.5) for player in self.players}

    def discriminator_loss(self, batch, training=True):
        x, y = batch["source"], batch["target"]
        fakes = [
            self.no_gradient(self.generator, x, training),
            self.no_gradient(self.backward_generator, y, training),
        ]
        if training and self.pools:
            fakes = [pool(fake) for pool, fake in zip(self.pools, fakes)]
        judges = (self.discriminator, self.backward_discriminator)
        return 0.5 * sum(
            self.judging_loss(judge, real, fake, training)
            for judge, real, fake in zip(judges, (y, x), fakes)
        )

    def generator_loss(self, batch, training=True):
        x, y = batch["source"], batch["target"]
        forward, backward = self.generator, self.backward_generator
        fake_y, fake_x = forward(x, training=training), backward(y, training=training)
        cycle = _distance(backward(fake_y, training=training), x)
        cycle += _distance(forward(fake_x, training=training), y)
        self.log(cycle_loss=cycle)
        total = self.cycle_weight * cycle
        if self.identity_weight:
            kept = _distance(forward(y, training=training), y)
            kept += _distance(backward(x, training=training), x)
            total += self.cycle_weight * self.identity_weight * kept
        judges = ((self.discriminator, y, fake_y), (self.backward_discriminator, x, fake_x))
        for judge, real, fake in judges:
            total += self.deceiving_loss(judge, real, fake, training)
        return total

    def translate(self, images, batch_size: int = 8, *, backward: bool = False):
        """The other kind of image for each that is given; as `Pix2Pix.translate`.

        Args:
            images, batch_size: As in `Pix2Pix.translate`.
            backward: Turn targets into sources.

        Returns:
            As `Pix2Pix.translate`.

        Example:

        ```python
        horses = model.translate(zebras, backward=True)
        ```
        """
        if not backward:
            return super().translate(images, batch_size)
        channels = self.sample_shapes["target"][-1]
        return self._through(self.averaged_backward_generator, images, channels, batch_size)

    def judged(self, batch):
        return self.shown(self.no_gradient(self.generator, batch["source"]), batch)


def _distance(a, b):
    return ops.mean(ops.abs(a - b))
