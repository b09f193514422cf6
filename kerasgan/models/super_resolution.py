"""Super-resolution on pixels: SRResNet, Ledig et al. 2017 (arXiv:1609.04802)."""

import os

import keras
import numpy as np
from keras import ops
from PIL import Image

from kerasgan import datasets, photos
from kerasgan.engine.model import AdversarialModel
from kerasgan.engine.registry import register
from kerasgan.engine.shapes import refuse_unbuilt
from kerasgan.metrics import peak_signal_to_noise_ratio
from kerasgan.modalities import Images, make_grid

# Side of the part of an enlarged photograph that a preview shows.
SHOWN = 160


@register
class SuperResolution(AdversarialModel):
    """A network that enlarges images, trained to come near the real pixels.

    With `kerasgan.networks.srresnet` and the mean squared error it is SRResNet, the first
    stage of SRGAN. The mean of all sharp images that fit a blurred one is blurred: this is
    the faithful choice, and `SRGAN` the sharp one.

    Args:
        generator: Keras model from images `(batch, height, width, 3)` in [-1, 1], of any
            size, to images a whole number of times as large: `kerasgan.networks.srresnet`,
            `rrdb` or `pan`.
        pixel_loss: A `keras.losses` loss or its name. The mean squared error in SRResNet's
            paper, the mean absolute one in most later papers.
        ema_decay, seed, name: As in `AdversarialModel`.

    Default optimizer: Adam with learning rate 1e-4.

    Raises:
        ValueError: If `generator` does not enlarge.

    Example:

    ```python
    model = kerasgan.models.SuperResolution(kerasgan.networks.srresnet(scale=4))
    model.fit("photographs", epochs=100)
    large = model.upscale("photo.jpg")
    ```
    """

    players = {"generator": ("generator",)}
    takes = ("small", "large")
    makes = "large"
    verb = "upscale"
    serves = {"images": "small"}
    door = "load_photographs"
    builders = {"generator": "srresnet"}
    # The rate falls to 0.
    recipe = {
        "optimizers": {
            "generator": {
                "learning_rate": {"class_name": "CosineDecay", "initial_learning_rate": 1e-4}
            }
        }
    }
    fixes = ()
    # What the discriminator of a subclass takes.
    patch_size = None

    def __init__(
        self,
        generator: keras.Model,
        *,
        pixel_loss: str | keras.losses.Loss = "mean_squared_error",
        **kwargs,
    ):
        self._start(generator, {}, **kwargs)
        self.pixel_loss = keras.losses.get(pixel_loss)

    def _start(self, generator, others, **kwargs):
        scale = _scale_of(generator)
        super().__init__(
            {"generator": generator, **others},
            {"small": Images(), "large": Images()},
            {"small": (None, None, 3), "large": (None, None, 3)},
            **kwargs,
        )
        self.scale = scale

    @classmethod
    def sizes(cls, sample_shapes):
        """What the data's shapes give each builder: dict of its arguments."""
        small, large = (sample_shapes[name][0] for name in cls.takes)
        return {"generator": {"scale": large // small}, "discriminator": {"patch_size": large}}

    def default_optimizers(self):
        return {player: keras.optimizers.Adam(1e-4) for player in self.players}

    def generator_loss(self, batch, training=True):
        made = self.generator(batch["small"], training=training)
        return ops.mean(self.pixel_loss(batch["large"], made))

    def fit(self, x=None, y=None, patch_size=None, batch_size=16, degradation="bicubic", **kwargs):
        """Train on photographs; their small versions are made on the way.

        Args:
            x: A folder of photographs, or a uint8 array `(n, height, width, 3)` of them, or
                whatever gives batches `(small, large)`: `kerasgan.datasets.load_photographs`,
                a `tf.data.Dataset`, …; uint8 in [0, 255] or float in [-1, 1].
            y: The large images, if `x` is an array of small ones.
            patch_size: Side of the squares cut out of photographs, a multiple of the scale;
                by default what the discriminator takes, else 96.
            batch_size: Patches a step; 16 in the paper.
            degradation: As in `kerasgan.datasets.load_photographs`.
            **kwargs: As in `keras.Model.fit`.

        Raises:
            ValueError: Before the first step, on images of the wrong shape, size, dtype or
                range.
        """
        is_array = hasattr(x, "shape") and hasattr(x, "dtype")
        if is_array and y is not None or isinstance(x, (dict, tuple)):
            kwargs["batch_size"] = batch_size
        elif is_array or isinstance(x, (str, os.PathLike)):
            x = datasets.load_photographs(
                x,
                scale=self.scale,
                patch_size=patch_size or self.patch_size or 96,
                batch_size=batch_size,
                degradation=degradation,
                seed=self.seed or 0,
            )
        return super().fit(x, y, **kwargs)

    def check_batch(self, batch, where):
        super().check_batch(batch, where)
        small, shape = (tuple(batch[name].shape) for name in self.takes)
        wanted = [side * self.scale for side in small[1:3]]
        if list(shape[1:]) != [*wanted, 3]:
            raise ValueError(
                f"Small images of shape {small} need large ones of shape "
                f"(batch, {wanted[0]}, {wanted[1]}, 3). Received: {shape}"
            )
        if self.patch_size not in (None, wanted[0]):
            raise ValueError(
                f"The discriminator takes images of side {self.patch_size}. Received large "
                f"images of shape {shape}"
            )

    def upscale(self, images, strength: float | None = None, progress=None, **tiling):
        """One photograph, or several, `scale` times as large, in bounded memory.

        Args:
            images: A path, a Pillow image, or an array: `(height, width)`,
                `(height, width, channels)` or `(n, height, width, channels)` with 1, 3 or 4
                channels; uint8, uint16, or float in [-1, 1]. Of any size: the network sees
                it in overlapping tiles.
            strength: For a model that was trained on pixels first and adversarially then.
            progress: Function `progress(done, total)` of tiles.
            **tiling: `tile` and `overlap` of `kerasgan.photos.upscale_bands`.

        Returns:
            A Pillow image for a path or a Pillow image; for an array one of the same dtype
            and channels.

        Raises:
            ValueError: On what is no image, naming it.

        Example:

        ```python
        kerasgan.zoo.load("srgan_x4").upscale("photo.jpg").save("large.png")
        ```
        """
        is_array = hasattr(images, "dtype")
        run = photos.upscale_array if is_array else photos.upscale_picture
        return run(images, self.enlarger(strength), self.scale, progress, **tiling)

    def enlarger(self, strength=None):
        """The function that enlarges a batch of float32 images in [-1, 1]."""
        if strength is not None:
            raise ValueError(
                f"This {type(self).__name__} was trained on pixels alone and has no strength. "
                f"Received: strength={strength}"
            )
        return self.run

    # What callbacks, reports and the zoo ask for.

    def preview(self, n=4, seed=0, batch=None):
        """Of the first `n` photographs in `batch["large"]` the centre: bicubic, enlarged, real."""
        if batch is None:
            raise ValueError("A preview of super-resolution needs held-out photographs, batch=….")
        shown = []
        for real, small in self._shrunk(batch["large"][:n]):
            size = (small.shape[1] * self.scale, small.shape[0] * self.scale)
            bicubic = Image.fromarray(small).resize(size, Image.Resampling.BICUBIC)
            images = (np.asarray(bicubic), self.upscale(small), real)
            shown += [_centre(image) for image in images]
        return make_grid(np.stack(shown), columns=3)

    def measure(self, batch):
        """Mean peak signal-to-noise ratio in dB, as the papers measure it.

        Of luminance, without a border of `scale` pixels.

        Args:
            batch: Dict whose `large` is a list of uint8 photographs `(height, width, 3)`.
        """
        ratios = [
            peak_signal_to_noise_ratio(real, self.upscale(small), luminance=True, border=self.scale)
            for real, small in self._shrunk(batch["large"])
        ]
        return {"held_out_psnr": float(np.mean(ratios))}

    def _shrunk(self, photographs):
        for photograph in photographs:
            real = datasets.modcrop(photograph, self.scale)
            yield real, np.asarray(datasets.shrink(real, self.scale))

    def card_fields(self):
        return {"scale": self.scale}

    def reference_inputs(self, n):
        blocks = np.random.default_rng(0).integers(0, 256, (n, 6, 6, 3), "uint8")
        return {"images": blocks.repeat(4, axis=1).repeat(4, axis=2)}

    def reference_samples(self, images):
        # Without tiles, which would hide at the borders what the weights do there.
        small = ops.convert_to_numpy(self.modalities["small"].to_network(images))
        return self.modalities["large"].to_user(self.run(small))


def _scale_of(generator):
    refuse_unbuilt(generator=generator)
    side = 24
    try:
        small = keras.KerasTensor((1, side, side, 3))
        made = tuple(generator.compute_output_spec(small).shape)
    except ValueError as error:
        raise ValueError(
            "generator must take images (batch, height, width, 3) of any size, and nothing "
            f"else. Received a generator with inputs {generator.input_shape}: {error}"
        ) from error
    scale = (made[1] or 0) // side
    if scale < 2 or made != (1, side * scale, side * scale, 3):
        raise ValueError(
            "generator must make images a whole number of times as large. Received one "
            f"that makes {made} of {tuple(small.shape)}"
        )
    return scale


def _centre(image):
    top, left = (max(0, (length - SHOWN) // 2) for length in image.shape[:2])
    cut = image[top : top + SHOWN, left : left + SHOWN]
    full = np.zeros((SHOWN, SHOWN, 3), "uint8")
    full[: cut.shape[0], : cut.shape[1]] = cut
    return full
