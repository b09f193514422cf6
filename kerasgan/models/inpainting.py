"""Holes in images filled, Yu et al. 2019 (arXiv:1806.03589), Pathak et al. 2016."""

import keras
import numpy as np
from keras import ops

from kerasgan import losses
from kerasgan.engine.model import AdversarialModel
from kerasgan.engine.registry import register
from kerasgan.engine.shapes import refuse_unbuilt, shapes
from kerasgan.modalities import Images, make_rows
from kerasgan.modalities.masks import Masks
from kerasgan.photos.filling import fill_array, fill_picture


@register
class Inpainting(AdversarialModel):
    """A generator that fills the holes of images, learnt by hiding parts of whole ones.

    Section 3.4 of Yu et al. 2019: `L_G = λ E|x - G(x ⊙ (1 - m), m)| - α E[D(y, m)]`, x the whole
    image, m the mask and y the image with the answer in its holes, which D sees beside the mask;
    the hinge loss on every value of D's map. A generator with a coarse answer, in its layer
    `coarse`, has it compared with x too.

    It is the paper's model but for contextual attention, which copies patches from far away:
    large textures are filled from nearer by. The context encoder of Pathak et al. 2016
    (arXiv:1604.07379) is `kerasgan.networks.context_encoder` with `reconstruction_weight=0.999`,
    `adversarial_weight=0.001` and `adversarial_loss="minimax"`; its error is squared in the paper,
    absolute here.

    Args:
        generator: Keras model from images `(batch, height, width, channels + 1)`, in [-1, 1] and
            0 in their holes, the last channel the mask, 1 in holes, to images
            `(batch, height, width, channels)` in [-1, 1]:
            `kerasgan.networks.gated_generator` or `context_encoder`.
        discriminator: Keras model from `[images, masks]` to logits, one or a map of them:
            `kerasgan.networks.sn_patchgan`, or `patchgan` with `condition_channels=1`.
        reconstruction_weight: Float, λ, 0 or more.
        adversarial_weight: Float, α, 0 or more; with 0 the discriminator is left aside and does
            not train.
        adversarial_loss: As in `GAN`.
        augmentation, ema_decay, seed, name: As in `AdversarialModel`. Augmentation moves image
            and mask alike.

    Default optimizers: Adam with learning rate 1e-4 and beta_1 0.5 for both.

    Raises:
        ValueError: If the networks do not fit together, or on a weight below 0.

    Example:

    ```python
    data = kerasgan.datasets.load_holes("photographs", (128, 128, 3))
    generator = kerasgan.networks.gated_generator(channels=3, width=24)
    discriminator = kerasgan.networks.sn_patchgan((128, 128, 3), width=32, depth=5)
    model = kerasgan.models.Inpainting(generator, discriminator)
    model.fit(data, epochs=100)
    whole = model.inpaint("photo.jpg", "mask.png")
    ```
    """

    takes = ("image", "mask")
    makes = "image"
    verb = "inpaint"
    door = "load_holes"
    builders = {"generator": "gated_generator", "discriminator": "sn_patchgan"}
    fixes = ()

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        reconstruction_weight: float = 1.0,
        adversarial_weight: float = 1.0,
        adversarial_loss: str | losses.AdversarialLoss = "hinge",
        **kwargs,
    ):
        image = _checked(generator, discriminator)
        if reconstruction_weight < 0 or adversarial_weight < 0:
            raise ValueError(
                "reconstruction_weight and adversarial_weight must be 0 or more. Received: "
                f"reconstruction_weight={reconstruction_weight}, "
                f"adversarial_weight={adversarial_weight}"
            )
        super().__init__(
            {"generator": generator, "discriminator": discriminator},
            {"image": Images(), "mask": Masks()},
            {"image": image, "mask": (*image[:2], 1)},
            **kwargs,
        )
        self.reconstruction_weight = reconstruction_weight
        self.adversarial_weight = adversarial_weight
        self.adversarial_loss = losses.get(adversarial_loss)
        coarse = [layer.output for layer in generator.layers if layer.name == "coarse"]
        # A view of the generator, which shares its weights.
        self.answering_generator = generator
        if coarse:
            self.answering_generator = keras.Model(generator.inputs, [generator.output, *coarse])
        self.track(*self.adversarial_loss.shown, "reconstruction_loss")

    @classmethod
    def sizes(cls, sample_shapes):
        """What the data's shapes give each builder: dict of its arguments."""
        image = sample_shapes["image"]
        return {
            "generator": {"image_shape": image, "channels": image[-1]},
            "discriminator": {"image_shape": image},
        }

    def default_optimizers(self):
        return {player: keras.optimizers.Adam(1e-4, beta_1=0.5) for player in self.players}

    def turn(self, player, batch, training=True):
        if player == "generator" or self.adversarial_weight:
            super().turn(player, batch, training)

    def discriminator_loss(self, batch, training=True):
        made = self.no_gradient(self.generator, _hidden(batch), training)
        real_logits = self.judge(batch["image"], batch, training)
        fake_logits = self.judge(_in_holes(made, batch), batch, training)
        self.log(**self.adversarial_loss.scores(real_logits, fake_logits))
        if training:
            self.observe(real_logits)
        return self.adversarial_loss.discriminator(real_logits, fake_logits)

    def generator_loss(self, batch, training=True):
        answers = self.answering_generator(_hidden(batch), training=training)
        answers = answers if isinstance(answers, (list, tuple)) else [answers]
        errors = [ops.mean(ops.abs(batch["image"] - answer)) for answer in answers]
        self.log(reconstruction_loss=errors[0])
        total = self.reconstruction_weight * sum(errors)
        if not self.adversarial_weight:
            return total
        fake_logits = self.judge(_in_holes(answers[0], batch), batch, training)
        real_logits = None
        if self.adversarial_loss.pairs:
            real_logits = self.judge(batch["image"], batch, training)
        adversarial = self.adversarial_loss.generator(real_logits, fake_logits)
        return total + self.adversarial_weight * adversarial

    def judge(self, images, batch, training=True):
        """Logits of the discriminator for images beside the masks of the batch."""
        return self.logits(self.discriminator, images, batch["mask"], training=training)

    def inpaint(self, image, mask=None, batch_size: int = 8):
        """The image with its holes filled; every other pixel is as it was, bit for bit.

        The generator sees the part of an image around its holes, of any size: its sides are
        extended by reflection to what its strides allow, and the result is cut. One whose input
        has one fixed size sees that part resized to it.

        Args:
            image: A path, a Pillow image, or an array `(height, width)`,
                `(height, width, channels)` or `(n, height, width, channels)`; uint8, uint16 or
                float in [-1, 1]. What it holds in holes does not matter.
            mask: White in holes, as large as the image: a path or a Pillow image; an array of
                bool, of 0 and 1 or of 0 and 255, `(height, width)` or one for each image. None:
                what is not fully opaque is the hole, by the image's transparency or, of an array,
                its last channel.
            batch_size: Images on the device at a time.

        Returns:
            A Pillow image for a path or a Pillow image; for an array one of the same dtype and
            shape. Without transparency, if this was the mask.

        Raises:
            ValueError: On what is no image or has other channels, or on a mask of another size,
                without a hole, that leaves nothing, or that is not black and white.

        Example:

        ```python
        model = kerasgan.zoo.load("inpaint_photos")
        model.inpaint("photo.jpg", "mask.png").save("filled.png")
        ```
        """
        channels = self.sample_shapes["image"][-1]

        def fill(images, holes):
            return fill_array(images, holes, self.network, self.run, channels, batch_size)

        if hasattr(image, "dtype"):
            return fill(image, mask)
        return fill_picture(image, mask, fill, channels)

    def served(self):
        *size, channels = self.network.input_shape[1:]
        image = keras.Input((*size, channels - 1), name="image", dtype="uint8")
        mask = keras.Input((*size, 1), name="mask", dtype="uint8")
        images, holes = self.modalities["image"], self.modalities["mask"].seen(mask)
        seen = _hidden({"image": images.seen(image), "mask": holes})
        made = images.served(self.network(seen, training=False))
        samples = ops.where(mask > 0, made, image)
        return keras.Model({"image": image, "mask": mask}, {"samples": samples})

    # What callbacks, reports and the zoo ask for.

    def preview(self, n: int = 8, seed: int = 0, batch: dict | None = None):
        """Of the first `n` of the batch the image with its holes, filled, and whole."""
        if batch is None:
            raise ValueError("A preview of filled holes needs held-out images, batch=….")
        images, holes = self._held(batch, n)
        grey = np.where(holes, np.uint8(128), images)
        return make_rows([grey, self.inpaint(images, holes), images])

    def samples(self, n, seed=0, batch=None):
        if batch is None:
            raise ValueError("Samples of filled holes need held-out images, batch=….")
        return self.inpaint(*self._held(batch, n))

    def judged(self, batch):
        filled = _in_holes(self.no_gradient(self.generator, _hidden(batch)), batch)
        if not self.adversarial_weight:
            return {"samples": filled}
        return {
            "samples": filled,
            "real_logits": self.judge(batch["image"], batch),
            "fake_logits": self.judge(filled, batch),
        }

    def measure(self, batch):
        """Mean absolute error in the holes of held-out images, in grey levels of 255."""
        images, holes = self._held(batch)
        error = np.abs(self.inpaint(images, holes).astype("float32") - images)
        return {"held_out_error": float(error.mean(where=holes))}

    def _held(self, batch, n=None):
        """uint8 images and bool masks of the first `n` of a batch."""
        images, masks = (np.asarray(batch[name])[:n] for name in self.takes)
        return self.modalities["image"].levels(images), masks > 0

    def data_options(self):
        shape = self.sample_shapes["image"]
        return {} if None in shape else {"image_shape": shape}

    def card_fields(self):
        return {"samples": [int(side or 0) for side in self.sample_shapes["image"]]}

    def reference_inputs(self, n):
        height, width, channels = (side or 64 for side in self.sample_shapes["image"])
        blocks = np.random.default_rng(0).integers(0, 256, (n, 8, 8, channels), "uint8")
        images = blocks.repeat(-(-height // 8), axis=1).repeat(-(-width // 8), axis=2)
        mask = np.zeros((height, width), "uint8")
        mask[height // 4 : height // 2, width // 4 : width // 2] = 255
        return {"image": images[:, :height, :width], "mask": mask}


def _hidden(batch):
    """What a generator sees: the images without what is in their holes, and the masks."""
    return ops.concatenate([batch["image"] * (1.0 - batch["mask"]), batch["mask"]], axis=-1)


def _in_holes(made, batch):
    """The images with what was made in their holes."""
    return batch["image"] + batch["mask"] * (made - batch["image"])


def _checked(generator, discriminator):
    """The shape of an image, of networks that fit together."""
    refuse_unbuilt(generator=generator, discriminator=discriminator)
    given, made = (tuple(shape[1:]) for shape in shapes(generator))
    seen = shapes(discriminator)[0]
    seen = [tuple(s[1:]) for s in seen] if isinstance(seen, list) else [tuple(seen[1:])]
    fits = len(made) == 3 and given == (*made[:2], made[-1] + 1)
    if not fits or [len(s) for s in seen] != [3, 3] or [s[-1] for s in seen] != [made[-1], 1]:
        raise ValueError(
            "generator must make images (height, width, channels) of those beside their masks, "
            "(height, width, channels + 1), and discriminator must take [images, masks], two "
            "inputs, masks of 1 channel: sn_patchgan(…). Received a generator from "
            f"{given} to {made}, and a discriminator that takes {seen}"
        )
    sides = [{shape[axis] for shape in (made, *seen)} - {None} for axis in (0, 1)]
    if any(len(found) > 1 for found in sides):
        raise ValueError(
            "generator and discriminator must take images and masks of one size. Received a "
            f"generator from {given} to {made}, and a discriminator that takes {seen}"
        )
    return (*(next(iter(found), None) for found in sides), made[-1])
