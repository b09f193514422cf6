"""Images translated with styles: drawn ones, or those of other images."""

import types

import keras
import numpy as np

from kerasgan import photos
from kerasgan.arguments import check_whole
from kerasgan.engine.shapes import shapes
from kerasgan.models.translation import TranslatesImages


class TranslatesWithStyles(TranslatesImages):
    """A model that decodes the content of an image of one kind with a style of the other.

    Args:
        networks: As in `AdversarialModel`, with those of `averaged` in them: encoders from images
            to content and to styles `(batch, style_dim)`, decoders from `[content, styles]`.
        source, target, **kwargs: As in `TranslatesImages`.
    """

    averaged = (
        *("source_content_encoder", "source_style_encoder", "source_decoder"),
        *("target_content_encoder", "target_style_encoder", "target_decoder"),
    )
    serves = {"images": "source", "styles": None}
    fixes = ()

    def __init__(self, networks, source, target, **kwargs):
        super().__init__(networks, source, target, **kwargs)
        # Views of the averages, which share their weights.
        self.translator = _translator(
            self.averaged_source_content_encoder, self.averaged_target_decoder
        )
        self.backward_translator = _translator(
            self.averaged_target_content_encoder, self.averaged_source_decoder
        )

    @property
    def network(self):
        return self.translator

    def call(self, inputs, training=False):
        return self.network(inputs, training=training)

    @property
    def style_dim(self):
        """Length of a style code."""
        return shapes(self.target_style_encoder)[1][-1]

    def translate(
        self,
        images,
        batch_size: int = 8,
        *,
        n: int | None = None,
        seed: int | None = 0,
        style=None,
        backward: bool = False,
    ):
        """Images of the other kind with the content of those that are given.

        Styles come from NumPy, each image and each of `n` its own: one seed gives the same images
        on every backend. Images of any size are taken as in `Pix2Pix.translate`.

        Args:
            images, batch_size: As in `Pix2Pix.translate`.
            n: Number of translations of each image, with a style each; None for one.
            seed: Integer of the styles, or None for other ones every time.
            style: An image of the other kind whose style is taken, as `images` are given; or an
                array `(n, height, width, channels)` of as many as there are images, one for each.
            backward: Turn targets into sources.

        Returns:
            Without `n` as `Pix2Pix.translate`. With `n`, of a path or a Pillow image a list of
            Pillow images, of an array `(height, width, channels)` an array
            `(n, height, width, channels)`, of an array of several images
            `(images, n, height, width, channels)`.

        Raises:
            ValueError: On what is no image, or has other channels, naming it; on `n` and `style`
                both.

        Example:

        ```python
        first, *others = model.translate("edges.png", n=4, seed=1)
        alike = model.translate("edges.png", style="shoe.jpg")
        ```
        """
        if n is not None:
            check_whole(1, n=n)
        if seed is not None:
            check_whole(0, seed=seed)
        if n is not None and style is not None:
            raise ValueError(f"Pass n or style: an image has one style. Received: n={n} and both.")
        is_array = hasattr(images, "dtype")
        count = len(images) if is_array and len(images.shape) == 4 else 1
        if style is None:
            shape = (count, n or 1, self.style_dim)
            styles = np.random.default_rng(seed).standard_normal(shape, "float32")
        else:
            styles = self._styles_of(style, count, backward)[:, None]
        rows = [styles[:, i] for i in range(styles.shape[1])]
        made = [self._with_styles(images, row, batch_size, backward) for row in rows]
        if n is None:
            return made[0]
        return np.stack(made, axis=-4) if is_array else made

    def _styles_of(self, style, count, backward):
        """Style codes of what was given as `style`, one for each of `count` images."""
        kind = "source" if backward else "target"
        encoder, channels = getattr(self, f"averaged_{kind}_style_encoder"), self._channels(kind)
        if not hasattr(style, "dtype"):
            style = photos.read_photo(style).array(channels)
        codes = []

        def run(inputs):
            codes.append(self.run(inputs, encoder))
            return inputs

        # An encoder of styles takes any size.
        like = types.SimpleNamespace(
            input_shape=shapes(encoder)[0], compute_output_shape=lambda shape: shape
        )
        photos.translate_array(style, like, run, channels)
        codes = np.concatenate(codes)
        if len(codes) not in (1, count):
            raise ValueError(
                f"style must be one image, or as many as there are images. Received: {len(codes)} "
                f"styles for {count} images"
            )
        return np.broadcast_to(codes, (count, codes.shape[-1]))

    def _with_styles(self, images, styles, batch_size, backward):
        network = self.backward_translator if backward else self.translator
        channels = self._channels("target" if backward else "source")

        def out_of(shape):
            return network.compute_output_shape([shape, (shape[0], styles.shape[-1])])

        like = types.SimpleNamespace(
            input_shape=network.input_shape[0], compute_output_shape=out_of
        )

        def translate(array):
            rows = iter(styles)

            def run(inputs):
                return self.run([inputs, np.stack([next(rows) for _ in inputs])], network)

            return photos.translate_array(array, like, run, channels, batch_size)

        if hasattr(images, "dtype"):
            return translate(images)
        return photos.translate_picture(images, translate, channels)

    def _channels(self, kind):
        return self.sample_shapes[kind][-1]


def _translator(content_encoder, decoder):
    images = keras.Input(shapes(content_encoder)[0][1:], name="images")
    styles = keras.Input(shapes(decoder)[0][1][1:], name="styles")
    return keras.Model([images, styles], decoder([content_encoder(images), styles]))
