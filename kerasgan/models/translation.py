"""Images turned into images: `translate`, and what a translation shows of itself."""

import numpy as np
from keras import ops

from kerasgan import photos
from kerasgan.engine.model import AdversarialModel
from kerasgan.engine.shapes import refuse_unbuilt, shapes
from kerasgan.modalities import Images, make_rows


class TranslatesImages(AdversarialModel):
    """A model that learns to turn images of one kind, sources, into those of another, targets.

    Args:
        networks: As in `AdversarialModel`; the first that is averaged translates.
        source, target: `(height, width, channels)` of a source and of a target.
        **kwargs: As in `AdversarialModel`.

    Attributes:
        target_modality: Class of what targets are.
    """

    takes = ("source", "target")
    makes = "target"
    verb = "translate"
    target_modality = Images
    serves = {"images": "source"}
    fixes = ()

    def __init__(self, networks, source, target, **kwargs):
        modalities = {"source": Images(), "target": self.target_modality()}
        super().__init__(networks, modalities, {"source": source, "target": target}, **kwargs)

    @staticmethod
    def checked(generator, discriminator, expected=None):
        """Shapes of a source and a target, of a generator and a discriminator that fit together.

        Args:
            generator, discriminator: What a model was given; the discriminator takes targets alone.
            expected: Shapes of a source and a target, if others have decided them.

        Raises:
            ValueError: Naming the network and the shapes.
        """
        refuse_unbuilt(generator=generator, discriminator=discriminator)
        source, target = (tuple(shape[1:]) for shape in shapes(generator))
        seen = tuple(shapes(discriminator)[0][1:])
        if len(source) != 3 or source[:2] != target[:2] or not _agree(target, seen):
            raise ValueError(
                "generator must make images (height, width, channels) of the height and width of "
                "its input, and discriminator must take them. Received a generator from "
                f"{source} to {target}, and a discriminator that takes {seen}"
            )
        size = tuple(a or b for a, b in zip(target[:2], seen[:2]))
        source, target = (*size, source[-1]), (*size, target[-1])
        if expected is not None and not all(map(_agree, (source, target), expected)):
            raise ValueError(
                f"backward_generator must turn images of shape {expected[0]} into {expected[1]}. "
                f"Received a backward_generator from {source} to {target}"
            )
        return source, target

    @staticmethod
    def checked_beside(generator, discriminator):
        """As `checked`, where the discriminator takes targets beside their sources."""
        refuse_unbuilt(generator=generator, discriminator=discriminator)
        source, target = (tuple(shape[1:]) for shape in shapes(generator))
        seen = shapes(discriminator)[0]
        seen = [tuple(s[1:]) for s in seen] if isinstance(seen, list) else [tuple(seen[1:])]
        if len(source) != 3 or source[:2] != target[:2] or seen != [target, source]:
            raise ValueError(
                "generator must make images (height, width, channels) of the height and width of "
                "its input, and discriminator must take [targets, sources], two inputs of those "
                "shapes: patchgan(…, condition_channels=…). Received a generator from "
                f"{source} to {target}, and a discriminator that takes {seen}"
            )
        return source, target

    @staticmethod
    def check_identity(identity_weight, source, target):
        """Refuse to compare a target with what is made of it where the two differ in channels."""
        if identity_weight and source[-1] != target[-1]:
            raise ValueError(
                "identity_weight must be 0 where sources and targets differ in their channels. "
                f"Received: identity_weight={identity_weight}, sources of {source[-1]} channels "
                f"and targets of {target[-1]}"
            )

    @classmethod
    def sizes(cls, sample_shapes):
        """What the data's shapes give the builder: dict of its arguments."""
        source, target = sample_shapes["source"], sample_shapes["target"]
        return {"image_shape": source, "channels": target[-1]}

    # What unpaired models write their losses with, by their `adversarial_loss`.

    def judging_loss(self, judge, real, fake, training=True):
        """A discriminator's loss of real and made images, summed over its scales if it has any.

        The scores of the first discriminator are shown.
        """
        real, fake = (self._scales(judge, images, training) for images in (real, fake))
        if judge is self.discriminator:
            self.log(**self.adversarial_loss.scores(_whole(real), _whole(fake)))
            if training:
                self.observe(_whole(real))
        return sum(map(self.adversarial_loss.discriminator, real, fake))

    def deceiving_loss(self, judge, real, fake, training=True):
        """A generator's loss by what a discriminator says of what it made."""
        fake = self._scales(judge, fake, training)
        pairs = self.adversarial_loss.pairs
        real = self._scales(judge, real, training) if pairs else [None] * len(fake)
        return sum(map(self.adversarial_loss.generator, real, fake))

    def shown(self, fake, batch):
        """What `judged` gives of targets that were made."""
        return {
            "samples": fake,
            "real_logits": _whole(self._scales(self.discriminator, batch["target"])),
            "fake_logits": _whole(self._scales(self.discriminator, fake)),
        }

    def _scales(self, judge, images, training=True):
        logits = self.logits(judge, images, training=training)
        return logits if isinstance(logits, list) else [logits]

    def data_options(self):
        *size, source = self.sample_shapes["source"]
        channels = {"source_channels": source, "target_channels": self.sample_shapes["target"][-1]}
        return channels if None in size else channels | {"size": tuple(size)}

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
        return self._through(self.network, images, self.sample_shapes["source"][-1], batch_size)

    def _through(self, network, images, channels, batch_size):
        def translate(array):
            def run(inputs):
                return self.run(inputs, network)

            return photos.translate_array(array, network, run, channels, batch_size)

        if hasattr(images, "dtype"):
            return translate(images)
        return photos.translate_picture(images, translate, channels)

    # What callbacks, reports and the zoo ask for.

    def preview(self, n: int = 8, seed: int = 0, batch: dict | None = None):
        """Of the first `n` of the batch source, translation and target, side by side."""
        if batch is None:
            raise ValueError("A preview of a translation needs held-out images, batch=….")
        sources, targets = (np.asarray(batch[name][:n]) for name in self.takes)
        of_targets = self.modalities["target"].levels
        made = getattr(self, self.verb)(sources)
        shown = [self.modalities["source"].levels(sources), of_targets(made)]
        # A target says something of a translation only where it belongs to the source.
        shown += [] if self.unpaired else [of_targets(targets)]
        return make_rows(shown)

    def samples(self, n, seed=0, batch=None):
        if batch is None:
            raise ValueError("Samples of a translation need held-out sources, batch=….")
        made = getattr(self, self.verb)(np.asarray(batch["source"][:n]))
        return self.modalities["target"].levels(made)

    def card_fields(self):
        return {"samples": [int(side or 0) for side in self.sample_shapes["target"]]}

    def reference_inputs(self, n):
        height, width, channels = (side or 64 for side in self.sample_shapes["source"])
        blocks = np.random.default_rng(0).integers(0, 256, (n, 8, 8, channels), "uint8")
        return {"images": blocks.repeat(height // 8, axis=1).repeat(width // 8, axis=2)}


def _whole(scales):
    """The logits of all scales as one tensor, `(batch, logits)` of several."""
    if len(scales) == 1:
        return scales[0]
    return ops.concatenate([ops.reshape(x, (ops.shape(x)[0], -1)) for x in scales], axis=1)


def _agree(shape, other):
    """Whether two shapes can be one, None being any side."""
    same = (a == b or None in (a, b) for a, b in zip(shape, other))
    return len(shape) == len(other) and all(same)
