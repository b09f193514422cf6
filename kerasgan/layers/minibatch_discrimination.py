"""Minibatch discrimination, Salimans et al. 2016 (arXiv:1606.03498)."""

import keras
from keras import ops

from kerasgan.engine.registry import register


@register
class MinibatchDiscrimination(keras.layers.Layer):
    """Appends to a sample's features how close it is to the others of its batch.

    A discriminator that sees it can tell a generator whose samples are all alike
    (Salimans et al. 2016, arXiv:1606.03498, section 3.2). With the kernel `T` and
    `M_i = x_i T`, a matrix of `num_kernels` rows, a sample gets

        o_i,b = sum over j ≠ i of exp(-‖M_i,b - M_j,b‖₁)

    The sum leaves the sample itself out, as the authors' code does and the paper's
    formula does not; that code's weight normalisation and bias are not part of this.

    Args:
        num_kernels: Numbers a sample gets.
        kernel_dim: Length of a row of `M_i`.

    Call arguments:
        inputs: Features `(batch, features)`.

    Returns:
        `(batch, features + num_kernels)`. They depend on the whole batch, in inference too.

    Raises:
        ValueError: On an argument below 1.

    Example:

    ```python
    features = kerasgan.layers.MinibatchDiscrimination()(features)
    ```
    """

    def __init__(self, num_kernels: int = 100, kernel_dim: int = 5, **kwargs):
        super().__init__(**kwargs)
        if num_kernels < 1 or kernel_dim < 1:
            raise ValueError(
                "num_kernels and kernel_dim must be at least 1. Received: "
                f"num_kernels={num_kernels}, kernel_dim={kernel_dim}"
            )
        self.num_kernels = num_kernels
        self.kernel_dim = kernel_dim

    def build(self, input_shape):
        self.kernel = self.add_weight(
            name="kernel",
            shape=(input_shape[-1], self.num_kernels * self.kernel_dim),
            # Columns of length 1 on average, which the authors' code normalises to it.
            initializer="lecun_normal",
        )

    def call(self, inputs):
        rows = ops.matmul(inputs, self.kernel)
        # Half precision would lose small distances.
        rows = ops.cast(rows, self.variable_dtype)
        rows = ops.reshape(rows, (-1, self.kernel_dim, self.num_kernels))
        # A column of every row at a time: all at once is as much arithmetic, and several
        # times the memory to go through.
        columns = [rows[:, i] for i in range(self.kernel_dim)]
        distances = sum(ops.abs(column[:, None] - column[None]) for column in columns)
        others = 1.0 - ops.eye(ops.shape(rows)[0], dtype=rows.dtype)
        closeness = ops.sum(ops.exp(-distances) * others[:, :, None], axis=1)
        return ops.concatenate([inputs, ops.cast(closeness, inputs.dtype)], axis=-1)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], input_shape[-1] + self.num_kernels)

    def get_config(self):
        return super().get_config() | {
            "num_kernels": self.num_kernels,
            "kernel_dim": self.kernel_dim,
        }
