"""Photographs in the manner of paintings: what models of style show of themselves."""

import numpy as np

from kerasgan import photos
from kerasgan.engine.model import AdversarialModel
from kerasgan.modalities import Images, make_rows


class StylizesImages(AdversarialModel):
    """A model whose generator paints; it has no discriminator.

    Args:
        generator: Keras model.
        shape: `(height, width, channels)` of a picture, None for a side of any length.
        **kwargs: As in `AdversarialModel`, without `augmentation`.
    """

    # What is smaller is mirrored: padding by reflection, at an eighth of the size, needs two.
    LEAST = 16

    players = {"generator": ("generator",)}
    takes = ("content",)
    makes = "content"
    verb = "stylize"
    serves = {"content": "content"}
    fixes = ("augmentation",)

    def __init__(self, generator, shape, **kwargs):
        modalities = {name: Images() for name in self.takes}
        shapes = dict.fromkeys(self.takes, shape)
        networks = {"generator": generator}
        super().__init__(networks, modalities, shapes, augmentation=None, **kwargs)

    def through(self, content, network, run, batch_size):
        """Pictures of any size and kind through a function of batches.

        Args:
            content: A path, a Pillow image or an array.
            network: Has `input_shape` and `compute_output_shape` of a network of one input.
            run, batch_size: As in `kerasgan.photos.translate_array`.

        Returns:
            A Pillow image for a path or a Pillow image; for an array one of the same dtype,
            height and width.
        """
        channels = self.sample_shapes["content"][-1]
        least = self.LEAST if None in network.input_shape[1:3] else 1

        def stylize(array):
            array = np.asarray(array)
            first = array.ndim == 4
            sides = array.shape[first : first + 2]
            seen = array.shape[-1] if array.ndim in (3, 4) else 1
            # What is refused is so as it was given.
            if array.ndim in (2, 3, 4) and array.size and seen == channels:
                missing = [(0, max(least - side, 0)) for side in sides]
                missing = [(0, 0)] * first + missing + [(0, 0)] * (array.ndim - first - 2)
                array = np.pad(array, missing, "symmetric")
            made = photos.translate_array(array, network, run, channels, batch_size)
            return made[..., : sides[0], : sides[1], :]

        if hasattr(content, "dtype"):
            return stylize(content)
        return photos.translate_picture(content, stylize, channels)

    # What callbacks, reports and the zoo ask for.

    def preview(self, n: int = 8, seed: int = 0, batch: dict | None = None):
        """Of the first `n` of the batch what was given and what was made of it, side by side."""
        if batch is None:
            raise ValueError("A preview of a style needs held-out pictures, batch=….")
        given = [np.asarray(batch[name][:n]) for name in self.takes]
        shown = [*given, self.stylize(*given)]
        # A painting may have another size than what is painted.
        levels = self.modalities["content"].levels
        return make_rows([levels(x) for x in shown if x.shape == given[0].shape])

    def samples(self, n, seed=0, batch=None):
        if batch is None:
            raise ValueError("Samples of a style need held-out pictures, batch=….")
        made = self.stylize(*(np.asarray(batch[name][:n]) for name in self.takes))
        return self.modalities["content"].levels(made)

    def card_fields(self):
        return {"samples": [int(side or 0) for side in self.sample_shapes["content"]]}

    def reference_inputs(self, n):
        random = np.random.default_rng(0)
        height, width, channels = (side or 64 for side in self.sample_shapes["content"])

        def blocks():
            drawn = random.integers(0, 256, (n, 8, 8, channels), "uint8")
            return drawn.repeat(height // 8, axis=1).repeat(width // 8, axis=2)

        return {name: blocks() for name in self.takes}
