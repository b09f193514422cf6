"""Image-to-image translation, Isola et al. 2017 (arXiv:1611.07004)."""

import keras
import numpy as np
from keras import ops

from kerasgan import losses, photos
from kerasgan.engine.model import AdversarialModel
from kerasgan.engine.registry import register
from kerasgan.engine.shapes import shapes
from kerasgan.modalities import Images, make_grid


@register
class Pix2Pix(AdversarialModel):
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

    takes = ("source", "target")
    makes = "target"
    verb = "translate"
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
        source, target = _checked(generator, discriminator)
        super().__init__(
            {"generator": generator, "discriminator": discriminator},
            {"source": Images(), "target": Images()},
            {"source": source, "target": target},
            **kwargs,
        )
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

    def data_options(self):
        *size, source = self.sample_shapes["source"]
        channels = {"source_channels": source, "target_channels": self.sample_shapes["target"][-1]}
        return channels if None in size else channels | {"size": tuple(size)}

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

    def translate(self, images, batch_size: int = 8):
        """The other kind of image for each that is given.

        A generator whose input has one fixed size sees every image resized to it, and the
        result is resized back; one that takes any size sees it as it is, its sides extended by
        reflection to what its strides allow, and the result cut.

        Args:
            images: A path, a Pillow image, or an array `(height, width)`,
                `(height, width, channels)` or `(n, height, width, channels)`; uint8, uint16 or
                float in [-1, 1].
            batch_size: Images on the device at a time.

        Returns:
            A Pillow image for a path or a Pillow image; for an array one of the same dtype,
            height and width.

        Raises:
            ValueError: On what is no image, or has other channels, naming it.

        Example:

        ```python
        kerasgan.zoo.load("pix2pix_facades").translate("labels.png").save("photograph.png")
        ```
        """
        channels = self.sample_shapes["source"][-1]
        if not hasattr(images, "dtype"):
            return photos.translate_picture(images, self.translate, channels)
        return photos.translate_array(images, self.network, self.run, channels, batch_size)

    # What callbacks, reports and the zoo ask for.

    def judged(self, batch):
        fake = self.no_gradient(self.generator, batch["source"])
        return {
            "samples": fake,
            "real_logits": self.judge(batch["target"], batch),
            "fake_logits": self.judge(fake, batch),
        }

    def preview(self, n: int = 8, seed: int = 0, batch: dict | None = None):
        """Of the first `n` pairs of the batch source, translation and target, side by side."""
        if batch is None:
            raise ValueError("A preview of a translation needs held-out pairs, batch=….")
        sources, targets = (np.asarray(batch[name][:n]) for name in self.takes)
        made = self.translate(sources)
        rows = [_colour(image) for trio in zip(sources, made, targets) for image in trio]
        return make_grid(np.stack(rows), columns=6 if n > 3 else 3)

    def samples(self, n, seed=0, batch=None):
        if batch is None:
            raise ValueError("Samples of a translation need held-out sources, batch=….")
        return self.translate(np.asarray(batch["source"][:n]))

    def measure(self, batch):
        """Mean absolute error of held-out pairs, in grey levels of 255."""
        made = self.translate(np.asarray(batch["source"])).astype("float32")
        error = np.abs(made - np.asarray(batch["target"], "float32")).mean()
        return {"held_out_error": float(error)}

    def card_fields(self):
        return {"samples": [int(side or 0) for side in self.sample_shapes["target"]]}

    def reference_inputs(self, n):
        height, width, channels = (side or 64 for side in self.sample_shapes["source"])
        blocks = np.random.default_rng(0).integers(0, 256, (n, 8, 8, channels), "uint8")
        return {"images": blocks.repeat(height // 8, axis=1).repeat(width // 8, axis=2)}


def _colour(image):
    """An image of 1, 3 or more channels as one of 3."""
    return image[..., :3] if image.shape[-1] > 2 else image[..., :1].repeat(3, axis=-1)


def _checked(generator, discriminator):
    """Shapes of a source and a target, of networks that fit together."""
    for network, name in ((generator, "generator"), (discriminator, "discriminator")):
        if not isinstance(network, keras.Model) or not network.built:
            raise ValueError(f"{name} must be a built keras.Model. Received: {network!r}")
    source, target = (tuple(shape[1:]) for shape in shapes(generator))
    seen = shapes(discriminator)[0]
    seen = [tuple(s[1:]) for s in seen] if isinstance(seen, list) else [tuple(seen[1:])]
    if len(source) != 3 or source[:2] != target[:2] or seen != [target, source]:
        raise ValueError(
            "generator must make images (height, width, channels) of the height and width of its "
            "input, and discriminator must take [targets, sources], two inputs of those shapes: "
            "patchgan(…, condition_channels=…). Received a generator from "
            f"{source} to {target}, and a discriminator that takes {seen}"
        )
    return source, target
