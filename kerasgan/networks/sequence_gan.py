"""The networks of SeqGAN, Yu et al. 2017 (arXiv:1609.05473)."""

import keras
from keras import layers, ops

from kerasgan.layers import Conv2D, TokenRecurrence
from kerasgan.networks.builder import builder


@builder
def sequence_gan(
    sequence_shape: tuple[int, int],
    width: int = 32,
    embedding_dim: int = 32,
    filters: int = 100,
    kernel_sizes: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 20),
    dropout: float = 0.25,
):
    """An LSTM that says what token follows, and a convolutional classifier of texts.

    The classifier (Kim 2014, arXiv:1408.5882) embeds the tokens, looks for as many patterns of
    each size, wherever they are, and has a highway layer (Srivastava et al. 2015,
    arXiv:1505.00387) behind; the paper has 100 to 200 filters of a size and vectors of 64 there.

    Args:
        sequence_shape: `(length, tokens)`.
        width: Units of the LSTM.
        embedding_dim: Length of a token's vector in the generator, half of that in the classifier.
        filters: Of each kernel size, in the classifier.
        kernel_sizes: In tokens; those longer than the sequences are left out.
        dropout: Share of the classifier's last features that is left out in training.

    Returns:
        `(generator, discriminator)`: Keras models from codes `(batch, length)` to the logits of
        the token at each place by those before it, `(batch, length, tokens)`; and from one-hot
        vectors, or probabilities, of this shape to `(batch, 1)`.

    Raises:
        ValueError: On a number below 1, or if every kernel is longer than the sequences.

    Example:

    ```python
    generator, discriminator = kerasgan.networks.sequence_gan((20, 5000))
    ```
    """
    length, tokens = sequence_shape
    codes = keras.Input((length,), dtype="int32", name="codes")
    recurrence = TokenRecurrence(tokens, embedding_dim, width, name="recurrence")
    generator = keras.Model(codes, recurrence(codes), name="generator")

    sizes = [size for size in kernel_sizes if size <= length]
    if not sizes:
        raise ValueError(
            f"kernel_sizes must hold one of at most the length, {length}. Received: {kernel_sizes}"
        )
    inputs = keras.Input((length, tokens))
    x = layers.Dense(2 * embedding_dim, use_bias=False)(inputs)
    # Images one row high: their convolutions are the fast ones of every backend.
    x = layers.Reshape((1, length, 2 * embedding_dim))(x)
    found = [layers.ReLU()(Conv2D(filters, (1, size), padding="valid")(x)) for size in sizes]
    x = ops.concatenate([layers.GlobalMaxPooling2D()(one) for one in found], axis=-1)
    share = layers.Dense(x.shape[-1], "sigmoid", bias_initializer=_carrying)(x)
    x = x + share * (layers.Dense(x.shape[-1], "relu")(x) - x)
    x = layers.Dropout(dropout, seed=0)(x)
    x = layers.Dense(1, kernel_regularizer=keras.regularizers.L2(0.1), dtype="float32")(x)
    return generator, keras.Model(inputs, x, name="discriminator")


# Of a highway layer at first: mostly it passes on what it is given.
_carrying = keras.initializers.Constant(-2.0)
