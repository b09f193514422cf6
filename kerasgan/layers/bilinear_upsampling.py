"""Images made larger by bilinear interpolation, whatever their size."""

from keras import layers, ops

from kerasgan.engine.registry import register


@register
class BilinearUpsampling(layers.Layer):
    """As `keras.layers.UpSampling2D(size, interpolation="bilinear")`, for any height and width.

    Keras's needs them known when the network is traced, which TensorFlow gives up once it has
    seen images of two sizes.

    Args:
        size: Integer, how many times larger.

    Input: `(batch, height, width, channels)`. Output: `size` times as high and wide.

    Example:

    ```python
    x = kerasgan.layers.BilinearUpsampling(4)(x)
    ```
    """

    def __init__(self, size: int, **kwargs):
        super().__init__(**kwargs)
        self.size = size

    def call(self, x):
        n, height, width, channels = ops.shape(x)
        x = self._stretched(x, 1)
        x = ops.reshape(x, (n, height * self.size, width, channels))
        x = self._stretched(x, 2)
        return ops.reshape(x, (n, height * self.size, width * self.size, channels))

    def _stretched(self, x, axis):
        """Between every row and the next, `size` of them on a new axis."""

        def rows(*ends):
            return x[(slice(None),) * axis + (slice(*ends),)]

        # Beyond the border the image goes on as its outermost pixels.
        before = ops.concatenate([rows(1), rows(-1)], axis)
        after = ops.concatenate([rows(1, None), rows(-1, None)], axis)
        phases = []
        for i in range(self.size):
            place = (i + 0.5) / self.size - 0.5
            neighbour = before if place < 0 else after
            phases.append(x + abs(place) * (neighbour - x))
        return ops.stack(phases, axis + 1)

    def compute_output_shape(self, shape):
        n, height, width, channels = shape
        sides = (None if side is None else side * self.size for side in (height, width))
        return (n, *sides, channels)

    def get_config(self):
        return super().get_config() | {"size": self.size}
