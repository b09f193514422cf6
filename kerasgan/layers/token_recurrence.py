"""A recurrent network of what token follows, which can feed on what it draws."""

import keras
from keras import ops

from kerasgan.engine import backend
from kerasgan.engine.registry import register


@register
class TokenRecurrence(keras.layers.Layer):
    """An LSTM that says, by the tokens before it, how likely each token is at each place.

    Called on codes alone it gives the logits of every place, all at once: what a likelihood is
    made of. Called on latents too it draws, place by place, each token by those that it has drawn:
    the first whose cumulated probability is above Φ(latent), so that standard normal latents give
    samples of the network, and the same latents the same ones.

    Args:
        tokens: Size of the vocabulary.
        embedding_dim: Length of the vector of a token.
        units: Of the LSTM.

    Call arguments:
        codes: Integers `(batch, length)`; to draw, -1 where a token is to be drawn.
        latents: Floats `(batch, length)`, or None to get logits.
        temperature: Floats `(batch, 1)` by which the logits are divided before a draw, or None.

    Returns:
        Logits `(batch, length, tokens)`, or codes, int32 `(batch, length)`.

    Example:

    ```python
    recurrence = kerasgan.layers.TokenRecurrence(4, embedding_dim=8, units=16)
    logits = recurrence(np.array([[0, 3, 1]]))
    made = recurrence(np.full((1, 3), -1), np.random.standard_normal((1, 3)))
    ```
    """

    def __init__(self, tokens: int, embedding_dim: int, units: int, **kwargs):
        super().__init__(**kwargs)
        self.tokens, self.embedding_dim, self.units = tokens, embedding_dim, units
        # One more, for what is before the first place.
        self.embedding = keras.layers.Embedding(tokens + 1, embedding_dim, dtype=self.dtype_policy)
        self.lstm = keras.layers.LSTM(units, return_sequences=True, dtype=self.dtype_policy)
        self.head = keras.layers.Dense(tokens, dtype="float32")

    def build(self, codes_shape):
        self.embedding.build(codes_shape)
        self.lstm.build((*codes_shape, self.embedding_dim))
        self.head.build((*codes_shape, self.units))

    def call(self, codes, latents=None, temperature=None):
        codes = ops.cast(codes, "int32")
        first = ops.full_like(codes[:, :1], self.tokens)
        if latents is None:
            before = ops.concatenate([first, codes[:, :-1]], axis=1)
            return self.head(backend.lstm(self.lstm, self.embedding(before)))
        # Where a place's chance ends that a standard normal is below its latent.
        marks = (1.0 + ops.erf(ops.cast(latents, "float32") / 2**0.5)) / 2.0

        def step(carry, place):
            before, *states = carry
            known, mark = place
            hidden, states = backend.lstm_cell(self.lstm.cell, self.embedding(before), states)
            logits = self.head(hidden)
            if temperature is not None:
                logits = logits / temperature
            cumulated = ops.cumsum(ops.softmax(logits), axis=-1)
            drawn = ops.sum(ops.cast(cumulated < mark[:, None], "int32"), axis=-1)
            # Rounding may leave the last sum below 1.
            drawn = ops.minimum(drawn, self.tokens - 1)
            carry = (ops.where(known < 0, drawn, known), *states)
            # TensorFlow wants what is kept to be like what is carried.
            return carry, carry

        zeros = ops.zeros((ops.shape(codes)[0], self.units), self.compute_dtype)
        places = (ops.transpose(codes), ops.transpose(marks))
        _, (made, *_) = ops.scan(step, (first[:, 0], zeros, zeros), places)
        return ops.transpose(made)

    def compute_output_spec(self, codes, latents=None, temperature=None):
        if latents is None:
            return keras.KerasTensor((*codes.shape, self.tokens), "float32")
        return keras.KerasTensor(codes.shape, "int32")

    def get_config(self):
        return super().get_config() | {
            "tokens": self.tokens,
            "embedding_dim": self.embedding_dim,
            "units": self.units,
        }
