"""The history of generated images, Shrivastava et al. 2017 (arXiv:1612.07828)."""

import keras
from keras import ops

from kerasgan.engine.registry import register


@register
class ImagePool(keras.layers.Layer):
    """Gives, for images that were just made, half of the time earlier ones.

    A discriminator that sees the generator's latest images alone forgets what it had learnt of
    earlier ones, and the two go round in circles (Shrivastava et al. 2017, arXiv:1612.07828,
    section 2.3). Until the pool is full, images go in and come back as they are. From then on
    each comes back as it is with probability 1/2; else one from the pool comes back, and it
    takes its place.

    Args:
        size: Number of images in the pool; 50 in CycleGAN.
        seed: Integer, of what is drawn.

    Call arguments:
        inputs: Images `(batch, height, width, channels)` of one size, a batch no larger than the
            pool.

    Returns:
        As many images.

    Raises:
        ValueError: On a size below 1, or if built for images of unknown height or width.

    Example:

    ```python
    pool = kerasgan.layers.ImagePool(50)
    shown = pool(fake_images)
    ```
    """

    def __init__(self, size: int = 50, seed: int | None = None, **kwargs):
        super().__init__(**kwargs)
        if size < 1:
            raise ValueError(f"size must be at least 1. Received: size={size}")
        self.size, self.seed = size, seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape):
        if None in input_shape[1:]:
            raise ValueError(
                "A pool keeps images of one size, and needs to know it. Received: images of shape "
                f"{tuple(input_shape[1:])}"
            )
        options = {"initializer": "zeros", "trainable": False}
        shape = (self.size, *input_shape[1:])
        self.kept = self.add_weight(name="kept", shape=shape, **options)
        self.count = self.add_weight(name="count", shape=(), dtype="int32", **options)

    def call(self, inputs):
        n = ops.shape(inputs)[0]
        drawn = keras.random.uniform((self.size,), seed=self.seed_generator)
        coins = keras.random.uniform((n,), seed=self.seed_generator)
        filling = self.count < self.size
        free = (self.count + ops.arange(n, dtype="int32")) % self.size
        places = ops.where(filling, free, ops.cast(ops.argsort(drawn)[:n], "int32"))
        exchanged = ops.logical_and(coins < 0.5, ops.logical_not(filling))[:, None, None, None]
        stored = ops.cast(ops.take(self.kept, places, axis=0), inputs.dtype)
        put = ops.where(ops.logical_or(exchanged, filling), inputs, stored)
        put = ops.cast(ops.stop_gradient(put), self.kept.dtype)
        self.kept.assign(ops.scatter_update(self.kept, places[:, None], put))
        self.count.assign(ops.minimum(self.count + n, self.size))
        return ops.where(exchanged, stored, inputs)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return super().get_config() | {"size": self.size, "seed": self.seed}
