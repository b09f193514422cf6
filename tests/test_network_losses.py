"""What the layers of a player's networks add to its loss: regularisers and `add_loss`."""

import keras
import numpy as np
import pytest
from keras import layers, ops, regularizers
from tiny import SHAPE, compiled, images, train

from kerasgan.models import GAN, WGANGP

X = images(4)
L2 = 0.03


@keras.saving.register_keras_serializable("test_network_losses")
class Adds(layers.Layer):
    """Adds its one weight to the loss, at every call."""

    def build(self, shape):
        self.added = self.add_weight(shape=(), initializer=keras.initializers.Constant(0.5))

    def call(self, x):
        self.add_loss(1.0 * self.added)
        return x


@keras.saving.register_keras_serializable("test_network_losses")
class Inside(layers.Layer):
    """A layer of one's own that holds such a layer."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.inner = Adds()

    def build(self, shape):
        self.inner.build(shape)

    def call(self, x):
        return self.inner(x)


def gan(adds, cls=GAN, rates=(0.1, 0.1), **options):
    keras.utils.set_random_seed(1)
    ones = {"kernel_initializer": "zeros", "bias_initializer": "ones"}
    generator = keras.Sequential(
        [
            keras.Input((4,)),
            # Makes ones, 8 of a sample. Keras takes the mean of samples.
            layers.Dense(8, activity_regularizer=regularizers.L1(0.01) if adds else None, **ones),
            layers.Dense(
                64, activation="tanh", kernel_regularizer=regularizers.L2(L2) if adds else None
            ),
            layers.Reshape(SHAPE),
        ]
    )
    body = [layers.Flatten(), layers.Dense(8, activation="relu"), layers.Dense(1)]
    discriminator = keras.Sequential([keras.Input(SHAPE), *([Inside()] if adds else []), *body])
    model = cls(generator, discriminator, seed=1, **options)
    players = zip(("discriminator", "generator"), rates)
    optimizers = {f"{player}_optimizer": keras.optimizers.SGD(rate) for player, rate in players}
    return compiled(model, **optimizers)


def kernel(model):
    return ops.convert_to_numpy(model.generator.layers[1].kernel)


def added(model):
    return float(model.discriminator.layers[0].inner.added)


def test_a_player_pays_for_its_own_networks_in_every_call_of_its_turn():
    # The discriminator stands still, and both generators see the same.
    plain, model = gan(False, rates=(0.0, 0.1)), gan(True, rates=(0.0, 0.1))
    before = kernel(model)
    np.testing.assert_array_equal(before, kernel(plain))
    # The discriminator judges real and generated samples: two calls.
    owed = {"discriminator_loss": 2 * 0.5}
    owed["generator_loss"] = L2 * np.sum(before**2) + 0.01 * 8
    for do in (lambda m: m.evaluate(X, verbose=0), lambda m: train(m, X)):
        with_losses, without = do(model), do(plain)
        for name, value in owed.items():
            wanted = np.add(without[name], value)
            np.testing.assert_allclose(with_losses[name], wanted, rtol=1e-4)
    moved = kernel(model) - kernel(plain)
    np.testing.assert_allclose(moved, -0.1 * 2 * L2 * before, atol=1e-6)


@pytest.mark.parametrize("cls", [GAN, WGANGP])
def test_the_gradient_follows_them_and_a_penaltys_call_adds_nothing(cls):
    model = gan(True, cls, **({} if cls is GAN else {"discriminator_steps": 1}))
    kept = len(model.discriminator.losses)
    for step in (1, 2):
        train(model, X)
        assert added(model) == pytest.approx(0.5 - step * 0.1 * 2, abs=1e-6)
    assert len(model.discriminator.losses) == kept
