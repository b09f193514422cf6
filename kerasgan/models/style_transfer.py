"""The style of one painting in one pass, Johnson et al. 2016 (arXiv:1603.08155)."""

import os

import keras
import numpy as np
from keras import ops
from PIL import Image

from kerasgan.engine.registry import register
from kerasgan.engine.shapes import refuse_unbuilt, shapes
from kerasgan.losses.style import StyleLoss
from kerasgan.models.stylizing import StylizesImages
from kerasgan.photos.painting import read_painting


@register
class StyleTransfer(StylizesImages):
    """A network that paints every photograph in the manner of one painting.

    It learns from photographs alone: what it makes of one is to have the content of the
    photograph and the style of the painting, in the features of a network (`losses.StyleLoss`).
    One pass then does what hundreds of steps of `kerasgan.style.stylize_by_optimization` do.

    Args:
        generator: Keras model from images `(batch, height, width, channels)` in [-1, 1] to
            images of the same shape: `kerasgan.networks.stylizer`.
        style: The painting: a path, which is stored with the model; or a Pillow image or an
            array, which is not. It is read when training begins.
        style_loss: A `losses.StyleLoss`; by default `losses.StyleLoss()`, of VGG19.
        style_size: Pixels of the longer side that the painting is resized to: how large its
            strokes become, in pixels of the photographs.
        ema_decay, seed, name: As in `AdversarialModel`.

    Default optimizer: Adam with learning rate 1e-3, and beside the paper gradients clipped to a
    norm of 1: photographs of high contrast have gradients a thousand times the others'.

    Raises:
        ValueError: If `generator` does not make images of the shape that it takes.

    Example:

    ```python
    loss = kerasgan.losses.StyleLoss("vgg16.keras")
    generator = kerasgan.networks.stylizer()
    model = kerasgan.models.StyleTransfer(generator, style="wave.jpg", style_loss=loss)
    photographs = kerasgan.datasets.load("photographs", image_shape=(256, 256, 3), batch_size=4)
    model.fit(photographs, epochs=2)
    model.stylize("photo.jpg").save("painted.png")
    ```
    """

    builders = {"generator": "stylizer"}
    recipe = {"data": {"image_shape": (256, 256, 3), "batch_size": 4}}
    fixes = ()

    def __init__(
        self,
        generator: keras.Model,
        *,
        style: str | os.PathLike | Image.Image | np.ndarray | None = None,
        style_loss: StyleLoss | None = None,
        style_size: int = 256,
        **kwargs,
    ):
        refuse_unbuilt(generator=generator)
        taken, given = shapes(generator)
        if isinstance(taken, list) or len(taken) != 4 or tuple(taken) != tuple(given):
            raise ValueError(
                "generator must make images (height, width, channels) of the shape that it takes. "
                f"Received a generator from {taken} to {given}"
            )
        super().__init__(generator, tuple(taken[1:]), **kwargs)
        self.style = style
        self.style_loss = StyleLoss() if style_loss is None else style_loss
        self.style_size = style_size
        self.track("content_loss", "style_loss", "variation_loss")

    @property
    def style(self):
        """The path of the painting; None of a picture, which is not stored."""
        return os.fspath(self._style) if isinstance(self._style, (str, os.PathLike)) else None

    @style.setter
    def style(self, style):
        self._style, self.grams = style, None
        # A step that was compiled holds what the painting before was.
        self.train_function = self.test_function = None

    @classmethod
    def sizes(cls, sample_shapes):
        """What the data's shapes give each builder: dict of its arguments."""
        channels = next(iter(sample_shapes.values()))[-1]
        # A convolutional generator takes any size once it is trained.
        return {"generator": {"image_shape": (None, None, channels), "channels": channels}}

    def default_optimizers(self):
        return {"generator": keras.optimizers.Adam(1e-3, global_clipnorm=1.0)}

    def check_batch(self, batch, where):
        super().check_batch(batch, where)
        if self.grams is None:
            if self._style is None:
                raise ValueError(
                    "There is no painting to learn from. A picture that was given as an array is "
                    "not stored with the weights: set model.style to a path or a picture first."
                )
            painting = read_painting(self._style, self.style_size)[None]
            _, grams = self.style_loss.features(ops.convert_to_tensor(painting))
            self.grams = [ops.convert_to_numpy(ops.stop_gradient(gram)) for gram in grams]

    def generator_loss(self, batch, training=True):
        made = self.generator(batch["content"], training=training)
        content, _ = self.style_loss.features(batch["content"])
        parts = self.style_loss.parts(made, ops.stop_gradient(content), self.grams)
        self.log(**parts)
        return sum(parts.values())

    def stylize(self, content, batch_size: int = 8):
        """Photographs in the manner of the painting.

        A generator that takes any size sees a photograph whole, its sides extended by reflection
        to what its strides allow, and the result is cut: in tiles a photograph would get other
        colours in each.

        Args:
            content: A path, a Pillow image, or an array `(height, width, channels)` or
                `(n, height, width, channels)`; uint8, uint16 or float in [-1, 1].
            batch_size: Photographs on the device at a time.

        Returns:
            A Pillow image for a path or a Pillow image; for an array one of the same dtype and
            shape.

        Raises:
            ValueError: On what is no image, or has other channels, naming it.

        Example:

        ```python
        kerasgan.zoo.load("runs/wave").stylize("photo.jpg").save("painted.png")
        ```
        """
        return self.through(content, self.network, self.run, batch_size)
