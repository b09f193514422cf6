"""Differentiable augmentation, Zhao et al. 2020 (arXiv:2006.10738)."""

import keras
from keras import ops

from kerasgan.engine.registry import register


@register
class DifferentiableAugmentation(keras.layers.Layer):
    """Random colour, translation and cutout, one draw a sample, that gradients cross.

    Given to a model as `augmentation`, it keeps the discriminator from memorising a
    small training set: real and generated images pass through it in both turns.

    Args:
        policy: Comma-separated subset of `"color"`, `"translation"` and `"cutout"`.
        seed: Integer seed.

    Call arguments:
        images: Floats in [-1, 1], `(batch, height, width, channels)`.
        training: Without it images pass through unchanged.

    Returns:
        Images of the same shape; colour may carry them past [-1, 1].

    Raises:
        ValueError: On an unknown policy.

    Example:

    ```python
    model = kerasgan.models.GAN(
        generator, discriminator, augmentation=DifferentiableAugmentation()
    )
    ```
    """

    policies = ("color", "translation", "cutout")

    def __init__(self, policy: str = "color,translation,cutout", seed: int | None = None, **kwargs):
        # In float16 a shift's draw could round up past its bound, and means overflow.
        super().__init__(**{"dtype": keras.config.floatx()} | kwargs)
        unknown = set(policy.split(",")) - set(self.policies)
        if unknown:
            raise ValueError(
                f"policy must be a comma-separated subset of {','.join(self.policies)}. "
                f"Received: {policy!r}"
            )
        self.policy = policy
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, images, training=False):
        if training:
            for name in self.policy.split(","):
                images = getattr(self, name)(images)
        return images

    def color(self, images):
        """Brightness by up to ±0.5, saturation by 0 to 2, contrast by 0.5 to 1.5."""
        brightness, saturation, contrast = (self._uniform(images, (1, 1, 1)) for _ in range(3))
        images = images + (brightness - 0.5)
        grey = ops.mean(images, axis=3, keepdims=True)
        images = (images - grey) * (2.0 * saturation) + grey
        mean = ops.mean(images, axis=(1, 2, 3), keepdims=True)
        return (images - mean) * (contrast + 0.5) + mean

    def translation(self, images):
        """Shift by up to an eighth of each side, filling with zeros."""
        height, width = images.shape[1:3]
        rows = self._shift_matrix(images, height)
        columns = self._shift_matrix(images, width)
        # A shift as a product with a shifted identity: cheap at these sizes, and the
        # same differentiable operation on every backend.
        images = ops.einsum("nij,njwc->niwc", rows, images)
        return ops.einsum("nij,nhjc->nhic", columns, images)

    def cutout(self, images):
        """Zero a rectangle of half of each side, its centre anywhere in the image."""
        height, width = images.shape[1:3]
        inside_rows = self._inside(images, height)[:, :, None, None]
        inside_columns = self._inside(images, width)[:, None, :, None]
        return images * (1.0 - inside_rows * inside_columns)

    def _uniform(self, images, shape=()):
        shape = (ops.shape(images)[0], *shape)
        return keras.random.uniform(shape, dtype=images.dtype, seed=self.seed_generator)

    def _shift_matrix(self, images, size):
        reach = int(size / 8 + 0.5)
        shift = ops.floor(self._uniform(images) * (2 * reach + 1)) - reach
        target = ops.arange(size, dtype=images.dtype)
        source = target[None, :] - shift[:, None]
        return ops.cast(ops.equal(source[:, :, None], target), images.dtype)

    def _inside(self, images, size):
        cut = int(size / 2 + 0.5)
        # The reference draws a centre from `size + (1 - cut % 2)` places.
        centre = ops.floor(self._uniform(images) * (size + (1 - cut % 2)))
        offset = ops.arange(size, dtype=images.dtype)[None, :] - centre[:, None]
        inside = ops.logical_and(offset >= -(cut // 2), offset < cut - cut // 2)
        return ops.cast(inside, images.dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return super().get_config() | {"policy": self.policy, "seed": self.seed}
