"""Adaptive discriminator augmentation, Karras et al. 2020 (arXiv:2006.06676)."""

import math

import keras
from keras import ops

from kerasgan.engine.registry import register


@register
class AdaptiveAugmentation(keras.layers.Layer):
    """Augmentations taken with a probability that follows the discriminator's overfitting.

    Each transformation is taken by each sample with probability p. While the mean sign of
    the logits of real images is above `target`, the discriminator is memorising them and
    p rises; below it, p falls. p starts from `initial_probability` and stays in [0, 0.8].
    The paper bounds it from below only, but finds leaks of augmentations into generated
    images unlikely below 0.8; a run that stays there has too few images. p is saved with
    the model.

    The transformations and their distributions are those of the paper's "bgc" pipeline:

    - `blit`: flip left to right, turns by 90°, shifts by whole pixels up to an eighth of
      each side.
    - `geometry`: scaling, rotation, stretching (scaling that keeps the area) and
      fractional shifts.
    - `color`: brightness, contrast, luma flip, hue and saturation; the last two leave grey
      images as they are.

    The first two make one resampling, mirrored at the borders, bilinear in place of the
    paper's sym6 wavelet filtering.

    Reference: Karras, Aittala, Hellsten, Laine, Lehtinen and Aila, "Training Generative
    Adversarial Networks with Limited Data", 2020, arXiv:2006.06676.

    Args:
        target: Float in [-1, 1]. Mean sign of the logits of real images to keep.
        speed_images: Integer. Real images in which p could rise from 0 to 1.
        interval: Integer. Turns of the discriminator from one change of p to the next.
        initial_probability: Float in [0, 0.8].
        policy: Comma-separated subset of `"blit"`, `"geometry"` and `"color"`.
        seed: Integer seed.

    Call arguments:
        images: Floats in [-1, 1], `(batch, height, width, channels)`, with 1 or 3 channels.
        training: Without it images pass through unchanged.

    Returns:
        Images of the same shape; colour may carry them past [-1, 1].

    Raises:
        ValueError: On an argument outside its range, or samples that are no such images.

    Example:

    ```python
    model = kerasgan.models.GAN(
        generator, discriminator, augmentation=kerasgan.augment.AdaptiveAugmentation()
    )
    ```
    """

    policies = ("blit", "geometry", "color")
    highest_probability = 0.8

    def __init__(
        self,
        target: float = 0.6,
        speed_images: int = 500_000,
        interval: int = 4,
        initial_probability: float = 0.0,
        policy: str = "blit,geometry,color",
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(**{"dtype": keras.config.floatx()} | kwargs)
        unknown = set(policy.split(",")) - set(self.policies)
        if unknown:
            raise ValueError(
                f"policy must be a comma-separated subset of {','.join(self.policies)}. "
                f"Received: {policy!r}"
            )
        if not -1.0 <= target <= 1.0 or speed_images < 1 or interval < 1:
            raise ValueError(
                "target must be in [-1, 1], speed_images and interval 1 or more. Received: "
                f"target={target}, speed_images={speed_images}, interval={interval}"
            )
        if not 0.0 <= initial_probability <= self.highest_probability:
            raise ValueError(
                f"initial_probability must be in [0, {self.highest_probability}]. "
                f"Received: {initial_probability}"
            )
        self.target = target
        self.speed_images = speed_images
        self.interval = interval
        self.initial_probability = initial_probability
        self.policy = policy
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape):
        sides, channels = input_shape[1:-1], input_shape[-1]
        if len(sides) != 2 or None in sides or min(sides) < 2 or channels not in (1, 3):
            raise ValueError(
                "AdaptiveAugmentation takes images (batch, height, width, channels) of 2 "
                "pixels or more a side, with 1 or 3 channels, the last three known. "
                f"Received: {tuple(input_shape)}"
            )
        start = keras.initializers.Constant(self.initial_probability)
        self.probability = self._state("probability", initializer=start)
        self.overfitting = self._state("overfitting")
        self.turns = self._state("turns", "int32")
        self.images = self._state("images", "int32")
        # What replicas of the model see of one turn, put together.
        self.turn_images = self._state("turn_images", "int32", aggregation="sum")
        self.signs = self._state("signs", aggregation="mean")

    def _state(self, name, dtype=None, initializer="zeros", aggregation="only_first_replica"):
        return self.add_weight(
            name=name,
            dtype=dtype,
            initializer=initializer,
            trainable=False,
            aggregation=aggregation,
        )

    def call(self, images, training=False):
        if training:
            if self.policy != "color":
                images = _resampled(images, *self._sources(images))
            if "color" in self.policy:
                images = self._color(images)
        return images

    def observe(self, real_logits):
        """Take note of the logits of one turn's real images; move p when its time comes."""
        self.turns.assign_add(1)
        self.turn_images.assign(ops.shape(real_logits)[0])
        self.images.assign_add(self.turn_images)
        self.signs.assign_add(ops.mean(ops.sign(real_logits)))
        overfitting = self.signs / self.interval
        share = ops.cast(self.images, self.compute_dtype) / self.speed_images
        step = ops.sign(overfitting - self.target) * share
        moved = ops.clip(self.probability + step, 0.0, self.highest_probability)
        due = ops.equal(self.turns, self.interval)
        for state, value in (
            (self.probability, moved),
            (self.overfitting, overfitting),
            (self.turns, 0),
            (self.images, 0),
            (self.signs, 0.0),
        ):
            state.assign(ops.where(due, value, state.value))

    @property
    def report(self):
        """p and the last measure of overfitting, for the progress bar."""
        return {
            "augment_probability": ops.convert_to_tensor(self.probability),
            "overfitting": ops.convert_to_tensor(self.overfitting),
        }

    def _sources(self, images):
        """Where in its image each pixel comes from, `(batch, height * width)` each."""
        n, (height, width) = ops.shape(images)[0], images.shape[1:3]
        x, y = ops.meshgrid(
            ops.arange(width, dtype=images.dtype) - (width - 1) / 2,
            ops.arange(height, dtype=images.dtype) - (height - 1) / 2,
        )
        x, y = ops.reshape(x, (1, -1)), ops.reshape(y, (1, -1))
        # From a place in the result back to the image: the last transformation first.
        if "geometry" in self.policy:
            shift = self._normal((n, 2), 0.125)
            x, y = x - shift[:, :1] * width, y - shift[:, 1:] * height
            # One rotation or the other is taken with probability p.
            rotate = 1.0 - ops.sqrt(1.0 - self.probability)
            x, y = _rotated(x, y, self._uniform((n, 1), -math.pi, math.pi, rotate))
            stretch = ops.exp2(self._normal((n, 1), 0.2))
            x, y = x / stretch, y * stretch
            x, y = _rotated(x, y, self._uniform((n, 1), -math.pi, math.pi, rotate))
            scale = ops.exp2(self._normal((n, 1), 0.2))
            x, y = x / scale, y / scale
        if "blit" in self.policy:
            shift = self._uniform((n, 2), -0.125, 0.125)
            x = x - ops.round(shift[:, :1] * width)
            y = y - ops.round(shift[:, 1:] * height)
            quarters = ops.floor(self._uniform((n, 1), 0.0, 4.0))
            x, y = _rotated(x, y, quarters * (math.pi / 2))
            x = x * (1.0 - 2.0 * ops.floor(self._uniform((n, 1), 0.0, 2.0)))
        return x + (width - 1) / 2, y + (height - 1) / 2

    def _color(self, images):
        shape = (ops.shape(images)[0], 1, 1, 1)
        brightness = self._normal(shape, 0.2)
        contrast = ops.exp2(self._normal(shape, 0.5))
        flip = ops.floor(self._uniform(shape, 0.0, 2.0))
        hue = self._uniform(shape, -math.pi, math.pi)
        saturation = ops.exp2(self._normal(shape, 1.0))
        # All five keep the grey axis, so their matrices multiply to this: a gain along
        # it, and a gain and a rotation about it.
        along = contrast * (1.0 - 2.0 * flip)
        across = contrast * saturation * ops.cos(hue)
        turned = contrast * saturation * ops.sin(hue) / math.sqrt(3.0)
        grey = ops.mean(images, axis=3, keepdims=True)
        # The cross product with (1, 1, 1).
        cross = ops.roll(images, 1, axis=3) - ops.roll(images, -1, axis=3)
        return across * images + turned * cross + (along - across) * grey + along * brightness

    def _uniform(self, shape, low, high, probability=None):
        draws = keras.random.uniform(
            shape, low, high, dtype=self.compute_dtype, seed=self.seed_generator
        )
        return self._taken(draws, probability)

    def _normal(self, shape, deviation):
        draws = keras.random.normal(
            shape, stddev=deviation, dtype=self.compute_dtype, seed=self.seed_generator
        )
        return self._taken(draws)

    def _taken(self, draws, probability=None):
        """The draws, but 0, which changes nothing, for samples that leave this one out."""
        shape = (ops.shape(draws)[0], *[1] * (len(draws.shape) - 1))
        chance = keras.random.uniform(shape, dtype=self.compute_dtype, seed=self.seed_generator)
        taken = ops.less(chance, self.probability if probability is None else probability)
        return ops.where(taken, draws, 0.0)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return super().get_config() | {
            "target": self.target,
            "speed_images": self.speed_images,
            "interval": self.interval,
            "initial_probability": self.initial_probability,
            "policy": self.policy,
            "seed": self.seed,
        }


def _rotated(x, y, angle):
    cos, sin = ops.cos(angle), ops.sin(angle)
    return cos * x - sin * y, sin * x + cos * y


def _mirrored(position, size):
    return ops.abs((position + (size - 1)) % (2 * (size - 1)) - (size - 1))


# Not `ops.image.affine_transform`: on TensorFlow its gradient is not that of its result
# and it repeats the border's pixels, on PyTorch it loops over the samples.
def _resampled(images, x, y):
    """`images` at the places `x`, `y` of each, bilinear, mirrored at the borders."""
    height, width, channels = images.shape[1:]
    x, y = _mirrored(x, width), _mirrored(y, height)
    left, top = ops.minimum(ops.floor(x), width - 2), ops.minimum(ops.floor(y), height - 2)
    x, y = (x - left)[..., None], (y - top)[..., None]
    # One look-up of a pixel with its three neighbours, not four of a pixel.
    four = [images[:, :-1, :-1], images[:, :-1, 1:], images[:, 1:, :-1], images[:, 1:, 1:]]
    table = ops.reshape(ops.concatenate(four, axis=3), (-1, 4 * channels))
    place = ops.cast(top, "int32") * (width - 1) + ops.cast(left, "int32")
    start = ops.arange(ops.shape(images)[0], dtype="int32") * ((height - 1) * (width - 1))
    four = ops.take(table, place + start[:, None], axis=0)
    north_west, north_east, south_west, south_east = ops.split(four, 4, axis=2)
    north = (1.0 - x) * north_west + x * north_east
    south = (1.0 - x) * south_west + x * south_east
    return ops.reshape((1.0 - y) * north + y * south, (-1, height, width, channels))
