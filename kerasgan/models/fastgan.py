"""FastGAN, Liu et al. 2021 (arXiv:2101.04775)."""

import functools

import keras
from keras import ops

from kerasgan.engine.registry import register
from kerasgan.models.gan import GAN
from kerasgan.networks.fastgan import PART, WHOLE, fastgan_decoder


@register
class FastGAN(GAN):
    """The hinge loss with a discriminator that must also remember what it sees.

    Equations 2 to 4: the discriminator's features of a real image are decoded to the image, those
    of 16×16 to the quarter of it that a quarter of them, drawn for each batch, shows; so it learns
    a description of images from few of them and early. The decoders move in its turn.

    Args:
        generator: As in `GAN`: `kerasgan.networks.fastgan`.
        discriminator: Functional Keras model from images to logits, with layers `features_8` and
            `features_16` of 8×8 and 16×16 places: `kerasgan.networks.fastgan`.
        reconstruction_loss: A `keras.losses` loss or its name: how far a decoded image is from
            the one that was seen. The paper's is perceptual: `losses.FeatureLoss(…)`, of a
            network that you have.
        reconstruction_weight: Float, 0 or more, of it beside the hinge loss; 1 in the paper.
        discriminator_steps: As in `GAN`.
        augmentation, ema_decay, seed, name: As in `AdversarialModel`.

    Default optimizers: as of `GAN`, which are those of the paper's code.

    Raises:
        ValueError: If the discriminator has not those layers, or on a negative weight.

    Example:

    ```python
    generator, discriminator = kerasgan.networks.fastgan((64, 64, 3))
    augmentation = kerasgan.augment.DifferentiableAugmentation()
    model = kerasgan.models.FastGAN(generator, discriminator, augmentation=augmentation)
    model.fit(images, batch_size=8, epochs=100)
    ```
    """

    players = {"discriminator": ("discriminator", "decoder"), "generator": ("generator",)}
    builders = "fastgan"
    fixes = ("adversarial_loss", "penalties", "modality")

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        reconstruction_loss: str | keras.losses.Loss = "mean_absolute_error",
        reconstruction_weight: float = 1.0,
        **kwargs,
    ):
        super().__init__(generator, discriminator, adversarial_loss="hinge", **kwargs)
        known = {layer.name: layer for layer in discriminator.layers}
        for name, side in ((WHOLE, 8), (PART, 16)):
            found = known[name].output.shape[1:3] if name in known else "none"
            if found != (side, side):
                raise ValueError(
                    f"discriminator must have a layer {name!r} of {side}×{side} places, as "
                    f"kerasgan.networks.fastgan makes it. Received one with {found}: "
                    f"{', '.join(known)}"
                )
        if not reconstruction_weight >= 0:
            raise ValueError(
                "reconstruction_weight must be 0 or more. Received: "
                f"reconstruction_weight={reconstruction_weight}"
            )
        self.reconstruction_loss = keras.losses.get(reconstruction_loss)
        self.reconstruction_weight = reconstruction_weight
        self.decoder = fastgan_decoder(discriminator)
        self.track("reconstruction_loss")

    def stored_networks(self):
        return super().stored_networks() | {"decoder": self.decoder}

    # Kept out of Keras's sight: its layers are the discriminator's.
    @functools.cached_property
    def _features(self):
        network = self.discriminator
        found = [network.get_layer(name).output for name in (WHOLE, PART)]
        return keras.Model(network.inputs, [network.output, *found])

    def discriminator_loss(self, batch, training=True):
        fake = self.no_gradient(self.made, batch, training)
        (seen,) = self.augment((batch["real"],), training)
        real_logits, whole, part = self._features(seen, training=training)
        real_logits = ops.cast(real_logits, keras.config.floatx())
        fake_logits = self.judge(fake, batch, training)
        self.log(**self.adversarial_loss.scores(real_logits, fake_logits))
        if training:
            self.observe(real_logits)
        reconstruction = self._reconstruction(seen, whole, part, training)
        self.log(reconstruction_loss=reconstruction)
        loss = self.adversarial_loss.discriminator(real_logits, fake_logits)
        return loss + self.reconstruction_weight * reconstruction

    def _reconstruction(self, seen, whole, part, training):
        """How far what is decoded, of the whole and of one quarter, is from what was seen."""
        which = 0
        if training:
            which = keras.random.randint((), 0, 4, seed=self.seed_generator)
        quarter = ops.take(_quarters(part), which, axis=1)
        made = self.decoder([whole, quarter], training=training)
        wanted = [seen, ops.take(_quarters(seen), which, axis=1)]
        return sum(
            ops.mean(self.reconstruction_loss(_shrunk(x, y.shape[1]), y))
            for x, y in zip(wanted, made)
        )


def _quarters(x):
    """Of images or features the four quarters, on a new axis: `(batch, 4, …)`."""
    half = x.shape[1] // 2
    return ops.stack([x[:, i : i + half, j : j + half] for i in (0, half) for j in (0, half)], 1)


def _shrunk(x, side):
    factor = x.shape[1] // side
    return x if factor == 1 else ops.average_pool(x, factor, factor, data_format="channels_last")
