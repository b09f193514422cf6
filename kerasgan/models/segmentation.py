"""Segmentation with an adversarial loss, Luc et al. 2016 (arXiv:1611.08408)."""

import keras
import numpy as np
from keras import ops

from kerasgan import losses, photos
from kerasgan.engine.registry import register
from kerasgan.modalities import Masks
from kerasgan.models.translation import TranslatesImages


@register
class Segmentation(TranslatesImages):
    """A generator that finds which pixels of an image belong to something, learnt from masks.

    Equation 1: the generator lowers the cross-entropy of its masks and the true ones, a pixel at a
    time, and λ times what a discriminator, which sees image and mask, holds against its masks as a
    whole. With λ = 0 it is the plain network of Ronneberger et al. 2015 (arXiv:1505.04597).

    The discriminator sees the probabilities, and the true masks as 0 and 1 (the paper's "basic"
    input), patch by patch, as Son et al. 2017 (arXiv:1706.09318) have it for vessels of the retina.

    Args:
        generator: Keras model from images `(batch, height, width, channels)` in [-1, 1] to
            logits of masks, `(batch, height, width, 1)`: `kerasgan.networks.segmentation_unet`.
        discriminator: Keras model from `[masks, images]` to logits, one or a map of them:
            `kerasgan.networks.patchgan` with `condition_channels`.
        adversarial_weight: Float, λ, 0 or more; Son et al. have 0.1. With 0 the discriminator is
            left aside and does not train.
        adversarial_loss: As in `GAN`.
        augmentation, ema_decay, seed, name: As in `AdversarialModel`. Augmentation moves image and
            mask alike.

    Default optimizers: Adam with learning rate 2e-4 and beta_1 0.5 for both, as Son et al. have
    it; the recipe's generator has 1e-3, falling to 0.

    Raises:
        ValueError: If the networks do not fit together, or on a weight below 0.

    Example:

    ```python
    pairs = kerasgan.datasets.load_pairs(
        "retina/image", "retina/vessel", size=128, target_channels="mask", patches=32, batch_size=8
    )
    generator = kerasgan.networks.segmentation_unet((None, None, 3), width=16, depth=3)
    discriminator = kerasgan.networks.patchgan((None, None, 1), condition_channels=3, width=16)
    model = kerasgan.models.Segmentation(generator, discriminator)
    model.fit(pairs, epochs=30)
    mask = model.segment("photograph.jpg")
    ```
    """

    verb = "segment"
    door = "load_pairs"
    builders = {"generator": "segmentation_unet", "discriminator": "patchgan"}
    recipe = {
        "data": {"target_channels": "mask", "batch_size": 8},
        "optimizers": {
            "generator": {
                "learning_rate": {"class_name": "CosineDecay", "initial_learning_rate": 1e-3}
            }
        },
    }
    target_modality = Masks
    fixes = ()

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        adversarial_weight: float = 0.1,
        adversarial_loss: str | losses.AdversarialLoss = "minimax",
        **kwargs,
    ):
        source, target = self.checked_beside(generator, discriminator)
        if target[-1] != 1:
            raise ValueError(
                "generator must make logits of masks of 1 channel: segmentation_unet(…). Received "
                f"one that makes {target}"
            )
        if not adversarial_weight >= 0:
            raise ValueError(
                "adversarial_weight must be 0 or more. Received: "
                f"adversarial_weight={adversarial_weight}"
            )
        networks = {"generator": generator, "discriminator": discriminator}
        super().__init__(networks, source, target, **kwargs)
        self.adversarial_weight = adversarial_weight
        self.adversarial_loss = losses.get(adversarial_loss)
        self.track(*self.adversarial_loss.shown, "cross_entropy")

    @classmethod
    def sizes(cls, sample_shapes):
        """What the data's shapes give each builder: dict of its arguments."""
        channels = sample_shapes["source"][-1]
        return {
            "generator": {"image_shape": (None, None, channels)},
            "discriminator": {"image_shape": (None, None, 1), "condition_channels": channels},
        }

    def default_optimizers(self):
        return {player: keras.optimizers.Adam(2e-4, beta_1=0.5) for player in self.players}

    def turn(self, player, batch, training=True):
        if player == "generator" or self.adversarial_weight:
            super().turn(player, batch, training)

    def discriminator_loss(self, batch, training=True):
        fake = ops.sigmoid(self.no_gradient(self.generator, batch["source"], training))
        real_logits = self.judge(batch["target"], batch, training)
        fake_logits = self.judge(fake, batch, training)
        self.log(**self.adversarial_loss.scores(real_logits, fake_logits))
        if training:
            self.observe(real_logits)
        return self.adversarial_loss.discriminator(real_logits, fake_logits)

    def generator_loss(self, batch, training=True):
        logits = self.generator(batch["source"], training=training)
        cross_entropy = ops.mean(ops.binary_crossentropy(batch["target"], logits, from_logits=True))
        self.log(cross_entropy=cross_entropy)
        if not self.adversarial_weight:
            return cross_entropy
        fake_logits = self.judge(ops.sigmoid(logits), batch, training)
        real_logits = None
        if self.adversarial_loss.pairs:
            real_logits = self.judge(batch["target"], batch, training)
        adversarial = self.adversarial_loss.generator(real_logits, fake_logits)
        return cross_entropy + self.adversarial_weight * adversarial

    def judge(self, masks, batch, training=True):
        """Logits of the discriminator for masks beside the images of the batch."""
        return self.logits(self.discriminator, masks, batch["source"], training=training)

    def segment(self, images, threshold: float | None = 0.5, batch_size: int = 8):
        """The mask of each image that is given: white what the model has learnt to find.

        A generator whose input has one fixed size sees every image resized to it, and the
        result is resized back; one that takes any size sees it as it is, its sides extended by
        reflection to what its strides allow, and the result cut.

        Args:
            images: A path, a Pillow image, or an array `(height, width)`,
                `(height, width, channels)` or `(n, height, width, channels)`; uint8, uint16 or
                float in [-1, 1].
            threshold: Float in [0, 1]: white is a pixel of this probability or a higher one. None:
                the probabilities themselves.
            batch_size: Images on the device at a time.

        Returns:
            For a path or a Pillow image a grey Pillow image; for an array one `(…, height, width,
            1)`. It is of uint8, 0 and 255; of probabilities an array is of float32 in [0, 1].

        Raises:
            ValueError: On what is no image or has other channels, or a threshold out of its range.

        Example:

        ```python
        kerasgan.zoo.load("segment_vessels").segment("retina.jpg").save("vessels.png")
        ```
        """
        if threshold is not None and not 0 <= threshold <= 1:
            raise ValueError(f"threshold must be in [0, 1], or None. Received: {threshold!r}")
        channels = self.sample_shapes["source"][-1]
        if not hasattr(images, "dtype"):

            def segment(array):
                return self.segment(array, threshold)

            return photos.mask_picture(images, segment, channels)
        probabilities = photos.mask_array(images, self.network, self.run, channels, batch_size)
        if threshold is None:
            return probabilities
        return np.where(probabilities >= threshold, np.uint8(255), np.uint8(0))

    # What callbacks, reports and the zoo ask for.

    def judged(self, batch):
        fake = ops.sigmoid(self.no_gradient(self.generator, batch["source"]))
        if not self.adversarial_weight:
            return {"samples": fake}
        return {
            "samples": fake,
            "real_logits": self.judge(batch["target"], batch),
            "fake_logits": self.judge(fake, batch),
        }

    def measure(self, batch):
        """Dice of the masks of held-out images, which is the F1 score of their pixels."""
        dice = keras.metrics.F1Score(average="micro", threshold=0.5)
        masks = self.segment(np.asarray(batch["source"])), np.asarray(batch["target"])
        made, target = ((mask != 0).reshape(-1, 1).astype("float32") for mask in masks)
        dice.update_state(target, made)
        return {"held_out_dice": float(dice.result())}

    def reference_samples(self, **inputs):
        # Probabilities: in another precision a pixel may fall to the other side of a threshold.
        return np.rint(255 * self.segment(threshold=None, **inputs)).astype("uint8")

    def data_options(self):
        return super().data_options() | {"target_channels": "mask"}
