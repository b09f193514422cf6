"""Models small enough to train in a test, and what tests compare of them."""

import keras
import numpy as np
from keras import layers

from kerasgan import networks
from kerasgan.models import GAN

SHAPE = (8, 8, 1)


def array(x):
    return np.array(keras.ops.convert_to_numpy(x))


def images(n=8, shape=SHAPE, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n, *shape), "uint8")


def mlp_gan(seed=1, shape=SHAPE, cls=GAN, **options):
    keras.utils.set_random_seed(seed)
    generator, discriminator = networks.mlp(shape, latent_dim=4, width=8, depth=1)
    return cls(generator, discriminator, seed=seed, **options)


def rich_gan(seed=1, dropout=0.3, **options):
    """Batch statistics, unseeded dropout and an averaged generator: every kind of state."""
    keras.utils.set_random_seed(seed)
    generator = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(8),
            layers.BatchNormalization(momentum=0.5),
            layers.ReLU(),
            layers.Dense(64, activation="tanh"),
            layers.Reshape(SHAPE, dtype="float32"),
        ]
    )
    discriminator = keras.Sequential(
        [
            keras.Input(SHAPE),
            layers.Flatten(),
            layers.Dense(8),
            layers.LeakyReLU(0.2),
            layers.Dropout(dropout),
            layers.Dense(1),
        ]
    )
    return GAN(generator, discriminator, seed=seed, **options)


def compiled(model, **options):
    model.compile(**options)
    return model


def train(model, x, **options):
    options = {"batch_size": 4, "shuffle": False, "verbose": 0} | options
    return model.fit(x, **options).history


def state(model):
    """Everything that decides how training goes on: weights, seeds, optimizers."""
    variables = [*model.trainable_variables, *model.non_trainable_variables]
    if model.compiled:
        variables += model.optimizer.variables
    return [np.array(keras.ops.convert_to_numpy(v)) for v in variables]


def assert_same(one, other, rtol=0.0, atol=0.0):
    assert len(one) == len(other) > 0
    for a, b in zip(one, other):
        np.testing.assert_allclose(a, b, rtol=rtol, atol=atol)


def accounted_epsilon(noise_multiplier, share, steps, delta):
    """The ε that dp-accounting counts of so many steps."""
    from dp_accounting import GaussianDpEvent, PoissonSampledDpEvent, rdp

    accountant = rdp.RdpAccountant()
    accountant.compose(PoissonSampledDpEvent(share, GaussianDpEvent(noise_multiplier)), steps)
    return accountant.get_epsilon(delta)
