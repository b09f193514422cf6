"""One training step against closed forms in NumPy, and against one stored reference.

`python tests/test_gradients.py` writes the reference `data/one_step.npz` anew, with the
backend that KERAS_BACKEND names; the stored one was written with TensorFlow.
"""

from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers, ops
from tiny import compiled, train

from kerasgan import losses, networks
from kerasgan.engine import backend
from kerasgan.models import GAN

REFERENCE = Path(__file__).parent / "data" / "one_step.npz"


class Injected(GAN):
    """A GAN whose two turns take the latents they are given."""

    latents = ()

    def discriminator_loss(self, batch, training=True):
        return super().discriminator_loss(batch | {"latents": self.latents[0]}, training)

    def generator_loss(self, batch, training=True):
        return super().generator_loss(batch | {"latents": self.latents[1]}, training)


# A linear generator and a linear discriminator.


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def softplus(x):
    return np.log1p(np.exp(x))


def linear_discriminator_turn(w, x, z):
    """The loss and the gradients of the discriminator's kernel and bias."""
    g_kernel, g_bias, d_kernel, d_bias = w
    fake = z @ g_kernel + g_bias
    real_logits, fake_logits = x @ d_kernel + d_bias, fake @ d_kernel + d_bias
    real_slope, fake_slope = -sigmoid(-real_logits) / len(x), sigmoid(fake_logits) / len(z)
    loss = softplus(-real_logits).mean() + softplus(fake_logits).mean()
    kernel = x.T @ real_slope + fake.T @ fake_slope
    return loss, kernel, (real_slope + fake_slope).sum(0)


def linear_generator_turn(w, z, saturating):
    """The loss and the gradients of the generator's kernel and bias."""
    g_kernel, g_bias, d_kernel, d_bias = w
    logits = (z @ g_kernel + g_bias) @ d_kernel + d_bias
    if saturating:
        loss, slope = -softplus(logits).mean(), -sigmoid(logits) / len(z)
    else:
        loss, slope = softplus(-logits).mean(), -sigmoid(-logits) / len(z)
    samples = slope @ d_kernel.T
    return loss, z.T @ samples, samples.sum(0)


def linear_problem():
    random = np.random.default_rng(3)
    weights = [random.normal(size=s) for s in ((3, 2), (2,), (2, 1), (1,))]
    x, z = random.normal(size=(4, 2)), random.normal(size=(2, 4, 3))
    return weights, x, z


def linear_gan(weights, z, **options):
    generator = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
    discriminator = keras.Sequential([keras.Input((2,)), layers.Dense(1)])
    model = Injected(generator, discriminator, **options)
    model.latents = z.astype("float32")
    generator.set_weights(weights[:2])
    discriminator.set_weights(weights[2:])
    return model


@pytest.mark.parametrize("run_eagerly", [False, True], ids=["compiled", "eager"])
@pytest.mark.parametrize("saturating", [False, True], ids=["non-saturating", "saturating"])
def test_a_step_of_a_linear_gan_is_the_closed_form(saturating, run_eagerly):
    w, x, z = linear_problem()
    model = linear_gan(w, z, adversarial_loss=losses.Minimax(saturating=saturating))
    compiled(
        model,
        run_eagerly=run_eagerly,
        discriminator_optimizer=keras.optimizers.SGD(0.1),
        generator_optimizer=keras.optimizers.SGD(0.2),
    )
    history = train(model, x.astype("float32"))

    d_loss, *gradients = linear_discriminator_turn(w, x, z[0])
    for value, gradient in zip(w[2:], gradients):
        value -= 0.1 * gradient
    # The generator meets the discriminator that has just learned.
    g_loss, *gradients = linear_generator_turn(w, z[1], saturating)
    for value, gradient in zip(w[:2], gradients):
        value -= 0.2 * gradient

    np.testing.assert_allclose(history["discriminator_loss"], d_loss, rtol=1e-6)
    np.testing.assert_allclose(history["generator_loss"], g_loss, rtol=1e-6)
    for found, expected in zip(model.get_weights(), w):
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("player", ["discriminator", "generator"])
def test_two_accumulated_steps_move_by_their_mean_gradient(player):
    w, x, z = linear_problem()
    model = linear_gan(w, z)
    rates = {"discriminator": 0.0, "generator": 0.0, player: 0.1}
    steps = {player: 2}
    compiled(
        model,
        **{
            f"{name}_optimizer": keras.optimizers.SGD(
                rate, gradient_accumulation_steps=steps.get(name)
            )
            for name, rate in rates.items()
        },
    )
    # Two batches of two: only the discriminator sees `x`.
    model.latents = z[:, :2].astype("float32")
    train(model, x[:2].astype("float32"))
    for found, expected in zip(model.get_weights(), w):
        np.testing.assert_allclose(found, expected, rtol=1e-6)
    train(model, x[2:].astype("float32"))

    if player == "discriminator":
        halves = [linear_discriminator_turn(w, half, z[0, :2])[1:] for half in (x[:2], x[2:])]
        moved = w[2:]
    else:
        halves = [linear_generator_turn(w, z[1, :2], False)[1:]] * 2
        moved = w[:2]
    for value, first, second in zip(moved, *halves):
        value -= 0.1 * (first + second) / 2
    for found, expected in zip(model.get_weights(), w):
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


def test_clipnorm_bounds_each_gradient_of_its_player_only():
    w, x, z = linear_problem()
    model = linear_gan(w, z)
    compiled(
        model,
        discriminator_optimizer=keras.optimizers.SGD(1.0, clipnorm=0.01),
        generator_optimizer=keras.optimizers.SGD(1.0),
    )
    train(model, x.astype("float32"))
    for value, gradient in zip(w[2:], linear_discriminator_turn(w, x, z[0])[1:]):
        norm = np.linalg.norm(gradient)
        assert norm > 0.01
        value -= gradient * 0.01 / norm
    for value, gradient in zip(w[:2], linear_generator_turn(w, z[1], False)[1:]):
        value -= gradient
    for found, expected in zip(model.get_weights(), w):
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


def test_a_learning_rate_schedule_counts_the_steps_of_its_player():
    w, x, z = linear_problem()
    model = linear_gan(w, z)
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([0], [0.1, 0.02])
    compiled(
        model,
        discriminator_optimizer=keras.optimizers.SGD(schedule),
        generator_optimizer=keras.optimizers.SGD(0.0),
    )
    train(model, x.astype("float32"), epochs=2)
    for rate in (0.1, 0.02):
        gradients = linear_discriminator_turn(w, x, z[0])[1:]
        for value, gradient in zip(w[2:], gradients):
            value -= rate * gradient
    for found, expected in zip(model.get_weights(), w):
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


# Gradients with respect to samples, and through them.


def quadratic_critic(kernel):
    """D(x) = Σ wᵢ xᵢ², whose gradient is 2 w x."""
    x = keras.Input((3,))
    critic = keras.Model(x, layers.Dense(1, use_bias=False)(layers.Multiply()([x, x])))
    critic.set_weights([kernel])
    return critic


def test_input_gradient_of_a_quadratic_critic():
    kernel = np.array([[1.0], [-2.0], [0.5]], "float32")
    x = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
    critic = quadratic_critic(kernel)
    found = backend.input_gradient(critic, ops.convert_to_tensor(x))
    np.testing.assert_allclose(
        ops.convert_to_numpy(ops.stop_gradient(found)), 2 * kernel[:, 0] * x, rtol=1e-6
    )


class Penalised(GAN):
    """A discriminator that only flattens itself at the real samples."""

    def discriminator_loss(self, batch, training=True):
        gradient = backend.input_gradient(self.discriminator, batch["real"])
        return ops.mean(ops.sum(gradient**2, axis=1))


@pytest.mark.parametrize("run_eagerly", [False, True], ids=["compiled", "eager"])
def test_a_gradient_flows_through_input_gradient(run_eagerly):
    kernel = np.array([[1.0], [-2.0], [0.5]], "float32")
    x = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
    generator = keras.Sequential([keras.Input((2,)), layers.Dense(3)])
    model = compiled(
        Penalised(generator, quadratic_critic(kernel)),
        run_eagerly=run_eagerly,
        discriminator_optimizer=keras.optimizers.SGD(0.01),
    )
    history = train(model, x)
    penalty = ((2 * kernel[:, 0] * x) ** 2).sum(1).mean()
    slope = 8 * kernel[:, 0] * (x**2).mean(0)
    np.testing.assert_allclose(history["discriminator_loss"], penalty, rtol=1e-6)
    np.testing.assert_allclose(
        model.discriminator.get_weights()[0][:, 0], kernel[:, 0] - 0.01 * slope, rtol=1e-6
    )


# One step of a DCGAN, the same on every backend.


OPTIMIZERS = {
    "sgd": lambda: keras.optimizers.SGD(0.1),
    # With the usual epsilon Adam's first step is ±rate whatever the gradient: rounding
    # would decide where it is near zero, and no size would be compared.
    "adam": lambda: keras.optimizers.Adam(0.01, beta_1=0.5, epsilon=1e-3),
}


def dcgan_problem():
    """Weights, batch and latents that give gradients far from zero."""
    random = np.random.default_rng(7)
    pair = networks.dcgan((16, 16, 1), latent_dim=4, width=4, kernel_size=4)
    weights = []
    for network in pair:
        for variable in network.weights:
            draw = random.normal(size=variable.shape) * 0.2
            starts_at_one = variable.name in ("gamma", "moving_variance")
            weights.append((abs(1.0 + draw) if starts_at_one else draw).astype("float32"))
    x = random.uniform(-1, 1, (4, 16, 16, 1)).astype("float32")
    return weights, x, random.normal(size=(2, 4, 4)).astype("float32")


def dcgan_step(optimizer, weights, x, latents):
    """Losses and weights after one step."""
    generator, discriminator = networks.dcgan((16, 16, 1), 4, width=4, kernel_size=4)
    split = len(generator.weights)
    generator.set_weights(weights[:split])
    discriminator.set_weights(weights[split:])
    model = Injected(generator, discriminator)
    model.latents = latents
    compiled(
        model,
        discriminator_optimizer=OPTIMIZERS[optimizer](),
        generator_optimizer=OPTIMIZERS[optimizer](),
    )
    history = train(model, x)
    values = [history[name][0] for name in ("discriminator_loss", "generator_loss")]
    return [np.array(values), *generator.get_weights(), *discriminator.get_weights()]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_one_step_is_the_same_on_every_backend(optimizer):
    with np.load(REFERENCE) as stored:
        count = sum(name.startswith("start_") for name in stored)
        start = [stored[f"start_{i}"] for i in range(count)]
        expected = [stored[f"{optimizer}_{i}"] for i in range(count + 1)]
        found = dcgan_step(optimizer, start, stored["x"], stored["latents"])
    # Every weight moved by far more than the tolerance below.
    assert min(np.abs(a - b).max() for a, b in zip(expected[1:], start)) > 1e-4
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def write_reference():
    weights, x, latents = dcgan_problem()
    arrays = {"x": x, "latents": latents} | {f"start_{i}": w for i, w in enumerate(weights)}
    for optimizer in OPTIMIZERS:
        after = dcgan_step(optimizer, weights, x, latents)
        arrays |= {f"{optimizer}_{i}": value for i, value in enumerate(after)}
    np.savez_compressed(REFERENCE, **arrays)


if __name__ == "__main__":
    write_reference()
