"""The style of any painting in one pass, Huang and Belongie 2017 (arXiv:1703.06868)."""

import numbers
import types

import keras
import numpy as np
from keras import ops

from kerasgan.arguments import check_whole
from kerasgan.engine.registry import register
from kerasgan.engine.shapes import refuse_unbuilt
from kerasgan.layers.adaptive_instance_normalization import mean_and_deviation
from kerasgan.models.stylizing import StylizesImages
from kerasgan.photos.painting import read_painting

PARTS = ("encoder", "mixing", "decoder")


@register
class AdaIN(StylizesImages):
    """A network that paints any photograph in the manner of any painting.

    The features of the photograph get the means and deviations of the painting's, and a decoder
    makes a picture of them. Equations 11 to 13: the decoder, which alone trains, lowers
    `content_weight` times the mean squared distance of the features of what it makes from those
    it was given, and `style_weight` times the sum, over the feature layers, of the mean squared
    distances of means and of deviations from the painting's.

    Args:
        generator: Keras model of `[contents, styles, strengths]` with the layers `encoder`,
            `mixing` and `decoder`: `kerasgan.networks.adain`.
        content_weight: Float, 0 or more.
        style_weight: Float, 0 or more: the paper's λ, which is 10 in most later work.
        ema_decay, seed, name: As in `AdversarialModel`.

    Default optimizer: Adam with learning rate 1e-4.

    Raises:
        ValueError: If `generator` has not those inputs and layers, or on a negative weight.

    Example:

    ```python
    model = kerasgan.models.AdaIN(kerasgan.networks.adain("vgg16.keras"))
    data = kerasgan.datasets.load_unpaired("photographs", "paintings", batch_size=8)
    model.fit(data, epochs=20)
    model.stylize("photo.jpg", "painting.jpg", strength=0.7).save("painted.png")
    ```
    """

    takes = ("content", "style")
    serves = {"content": "content", "style": "style", "strength": None}
    unpaired = True
    door = "load_unpaired"
    builders = {"generator": "adain"}
    recipe = {"data": {"batch_size": 8}}
    fixes = ()

    def __init__(
        self,
        generator: keras.Model,
        *,
        content_weight: float = 1.0,
        style_weight: float = 10.0,
        **kwargs,
    ):
        refuse_unbuilt(generator=generator)
        names = [layer.name for layer in generator.layers]
        if len(generator.inputs) != 3 or not {*PARTS} <= {*names}:
            raise ValueError(
                "generator must take [contents, styles, strengths] and have the layers "
                f"{', '.join(PARTS)}, as kerasgan.networks.adain makes it. Received one of "
                f"{len(generator.inputs)} inputs with the layers {', '.join(names)}"
            )
        if not (content_weight >= 0 and style_weight >= 0):
            raise ValueError(
                "content_weight and style_weight must be 0 or more. Received: "
                f"content_weight={content_weight}, style_weight={style_weight}"
            )
        super().__init__(generator, tuple(generator.inputs[0].shape[1:]), **kwargs)
        self.content_weight = content_weight
        self.style_weight = style_weight
        self.track("content_loss", "style_loss")

    @classmethod
    def sizes(cls, sample_shapes):
        """What the data's shapes give each builder: nothing, for it takes any size."""
        return {"generator": {}}

    def default_optimizers(self):
        return {"generator": keras.optimizers.Adam(1e-4)}

    def generator_loss(self, batch, training=True):
        encoder, mixing, decoder = map(self.generator.get_layer, PARTS)
        *_, content = encoder(batch["content"], training=False)
        styles = encoder(batch["style"], training=False)
        strength = ops.ones((ops.shape(content)[0], 1))
        target = ops.stop_gradient(mixing([content, styles[-1], strength]))
        found = encoder(decoder(target, training=training), training=False)
        content_loss = self.content_weight * _distance(found[-1], target)
        style_loss = self.style_weight * sum(
            _distance(a, b)
            for made, given in zip(found, styles)
            for a, b in zip(
                mean_and_deviation(made), map(ops.stop_gradient, mean_and_deviation(given))
            )
        )
        self.log(content_loss=content_loss, style_loss=style_loss)
        return content_loss + style_loss

    def stylize(
        self,
        content,
        style,
        strength: float = 1.0,
        batch_size: int = 8,
        *,
        style_size: int | None = 512,
    ):
        """Photographs in the manner of a painting.

        A photograph is seen whole, its sides extended by reflection to what the strides allow,
        and the result is cut.

        Args:
            content: A path, a Pillow image, or an array `(height, width, channels)` or
                `(n, height, width, channels)`; uint8, uint16 or float in [-1, 1].
            style: The painting: a path, a Pillow image or an array `(height, width, channels)`;
                of an array of contents also one painting each, `(n, height, width, channels)`.
            strength: From 0, which leaves the content's features as they are, to 1.
            batch_size: Photographs on the device at a time.
            style_size: Pixels of the longer side that a larger painting is resized to: how large
                its strokes become. None for its own size.

        Returns:
            A Pillow image for a path or a Pillow image; for an array one of the same dtype and
            shape.

        Raises:
            ValueError: On what is no image, or has other channels, or a strength out of its range.

        Example:

        ```python
        painted = model.stylize("photo.jpg", "painting.jpg", strength=0.7)
        ```
        """
        is_number = isinstance(strength, numbers.Real) and not isinstance(strength, bool)
        if not is_number or not 0.0 <= strength <= 1.0:
            raise ValueError(f"strength must be in [0, 1]. Received: strength={strength!r}")
        if style_size is not None:
            check_whole(self.LEAST, style_size=style_size)
        if getattr(style, "ndim", 0) == 4 and len(style) > 1:
            n = len(content) if getattr(content, "ndim", 0) == 4 else 1
            if n != len(style):
                raise ValueError(
                    "Expected one painting, or one for each content. Received: "
                    f"{len(style)} paintings and {n} content{'s' if n > 1 else ''}"
                )
            options = {"strength": strength, "style_size": style_size}
            return np.stack([self.stylize(c, s, **options) for c, s in zip(content, style)])
        painting = _painting(style, style_size, self.LEAST)
        network = self.network

        def run(inputs):
            styles = np.repeat(painting[None], len(inputs), axis=0)
            strengths = np.full((len(inputs), 1), strength, "float32")
            return self.run([inputs, styles, strengths])

        def shape_of_made(shape):
            return network.compute_output_shape([shape, (shape[0], *painting.shape), (1, 1)])

        alone = types.SimpleNamespace(
            input_shape=network.input_shape[0], compute_output_shape=shape_of_made
        )
        return self.through(content, alone, run, batch_size)


def _painting(style, longest, least):
    painting = read_painting(style)
    if longest is not None and longest < max(painting.shape[:2]):
        painting = read_painting(painting, longest)
    missing = [(0, max(least - side, 0)) for side in painting.shape[:2]]
    return np.pad(painting, [*missing, (0, 0)], "symmetric")


def _distance(a, b):
    return ops.mean(ops.square(ops.cast(a, "float32") - ops.cast(b, "float32")))
