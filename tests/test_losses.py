"""Losses and penalties against hand-computed values and finite differences."""

import contextlib

import keras
import numpy as np
import pytest
from keras import ops

from kerasgan import losses, penalties
from kerasgan.engine.backend import input_gradient

BACKEND = keras.backend.backend()


def double_precision():
    if BACKEND != "jax":
        return contextlib.nullcontext()
    import jax

    return jax.enable_x64(True)


def number(tensor):
    return np.array(ops.convert_to_numpy(ops.stop_gradient(tensor)))


def double(x):
    return ops.convert_to_tensor(x, "float64")


def check_gradient(fn, formula, x):
    """The gradient of `fn` is what central differences of a NumPy formula say, in float64.

    Not of `fn` itself: Keras's mean rounds to float32 on JAX and PyTorch.
    """
    with double_precision():
        found = number(input_gradient(fn, double(x)))
    assert found.dtype == "float64"
    expected = np.zeros_like(x)
    for place in np.ndindex(*x.shape):
        step = np.zeros_like(x)
        step[place] = 1e-5
        expected[place] = (formula(x + step) - formula(x - step)) / 2e-5
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9)
    assert np.abs(found).max() > 1e-2


# Logits whose sigmoids are 1/2, 3/4 and 1/2, 1/4.
REAL, FAKE = np.log([[1.0], [3.0]]), np.log([[1.0], [1 / 3]])
A = np.log(3.0)
LOSSES = {
    "minimax": (losses.Minimax(), np.log(2) + np.log(4 / 3), (np.log(2) + np.log(4)) / 2),
    "saturating": (
        losses.Minimax(saturating=True),
        np.log(2) + np.log(4 / 3),
        -(np.log(2) + np.log(4 / 3)) / 2,
    ),
    # -0.9 log p - 0.1 log(1 - p) on real samples.
    "smoothed": (
        losses.Minimax(label_smoothing=0.1),
        (np.log(2) + 0.9 * np.log(4 / 3) + 0.1 * np.log(4)) / 2 + (np.log(2) + np.log(4 / 3)) / 2,
        (np.log(2) + np.log(4)) / 2,
    ),
    "least squares": (
        losses.LeastSquares(),
        ((0 - 1) ** 2 + (A - 1) ** 2) / 4 + (0 + A**2) / 4,
        ((0 - 1) ** 2 + (-A - 1) ** 2) / 4,
    ),
    "least squares, smoothed": (
        losses.LeastSquares(label_smoothing=0.25),
        (0.75**2 + (A - 0.75) ** 2) / 4 + A**2 / 4,
        (1 + (A + 1) ** 2) / 4,
    ),
    "hinge": (losses.Hinge(), (1 + 0) / 2 + (1 + 0) / 2, A / 2),
    "wasserstein": (losses.Wasserstein(), -A / 2 - A / 2, A / 2),
    # Pairs: 0 against 0, log 3 against -log 3.
    "relativistic": (
        losses.Relativistic(),
        (np.log(2) + np.log(10 / 9)) / 2,
        (np.log(2) + np.log(10)) / 2,
    ),
}


@pytest.mark.parametrize("loss, discriminator, generator", LOSSES.values(), ids=LOSSES)
def test_a_loss_by_hand(loss, discriminator, generator):
    real, fake = (ops.convert_to_tensor(x, "float32") for x in (REAL, FAKE))
    assert number(loss.discriminator(real, fake)) == pytest.approx(discriminator, rel=1e-6)
    given = real if loss.pairs else None
    assert number(loss.generator(given, fake)) == pytest.approx(generator, rel=1e-6)
    assert tuple(loss.scores(real, fake)) == loss.shown


def softplus(x):
    return np.log1p(np.exp(x))


# The same losses as formulas of NumPy, for the discriminator and for the generator.
FORMULAS = {
    "minimax": (lambda r, f: (softplus(-r) + softplus(f)).mean(), lambda r, f: softplus(-f).mean()),
    "saturating": (
        lambda r, f: (softplus(-r) + softplus(f)).mean(),
        lambda r, f: -softplus(f).mean(),
    ),
    "smoothed": (
        lambda r, f: (0.9 * softplus(-r) + 0.1 * softplus(r) + softplus(f)).mean(),
        lambda r, f: softplus(-f).mean(),
    ),
    "least squares": (
        lambda r, f: ((r - 1) ** 2 + f**2).mean() / 2,
        lambda r, f: ((f - 1) ** 2).mean() / 2,
    ),
    "least squares, smoothed": (
        lambda r, f: ((r - 0.75) ** 2 + f**2).mean() / 2,
        lambda r, f: ((f - 1) ** 2).mean() / 2,
    ),
    "hinge": (
        lambda r, f: (np.maximum(0, 1 - r) + np.maximum(0, 1 + f)).mean(),
        lambda r, f: -f.mean(),
    ),
    "wasserstein": (lambda r, f: (f - r).mean(), lambda r, f: -f.mean()),
    "relativistic": (lambda r, f: softplus(f - r).mean(), lambda r, f: softplus(r - f).mean()),
}


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_has_the_gradient_of_finite_differences(name):
    loss, (discriminator, generator) = LOSSES[name][0], FORMULAS[name]
    real, fake = np.random.default_rng(0).normal(size=(2, 5, 1)) * 2
    with double_precision():
        r, f = double(real), double(fake)
    check_gradient(lambda x: loss.discriminator(x, f), lambda x: discriminator(x, fake), real)
    check_gradient(lambda x: loss.discriminator(r, x), lambda x: discriminator(real, x), fake)
    check_gradient(lambda x: loss.generator(r, x), lambda x: generator(real, x), fake)


@pytest.mark.parametrize(
    "loss, discriminator, generator",
    [
        (losses.Minimax(), 2000.0, 0.0),
        (losses.Minimax(saturating=True), 2000.0, -1000.0),
        (losses.Relativistic(), 2000.0, 0.0),
    ],
    ids=["minimax", "saturating", "relativistic"],
)
def test_losses_stay_finite_at_sure_logits(loss, discriminator, generator):
    real, fake = np.full((2, 1), -1000.0, "float32"), np.full((2, 1), 1000.0, "float32")
    assert float(loss.discriminator(*map(ops.convert_to_tensor, (real, fake)))) == discriminator
    assert float(loss.generator(*map(ops.convert_to_tensor, (real, fake)))) == generator


@pytest.mark.parametrize("name", losses.LOSSES)
def test_a_loss_by_name_and_from_its_config(name):
    loss = losses.get(name)
    assert type(loss) is losses.LOSSES[name]
    again = losses.get(keras.saving.serialize_keras_object(loss))
    assert type(again) is type(loss) and again.get_config() == loss.get_config()


@pytest.mark.parametrize("wrong", ["hing", None, 3, losses.Hinge], ids=str)
def test_an_unknown_loss_is_refused(wrong):
    with pytest.raises(ValueError, match="adversarial_loss must be one of 'minimax'.*Received"):
        losses.get(wrong)


@pytest.mark.parametrize("cls", [losses.Minimax, losses.LeastSquares])
@pytest.mark.parametrize("value", [-0.1, 0.5])
def test_label_smoothing_out_of_range_is_refused(cls, value):
    with pytest.raises(ValueError, match=f"label_smoothing.*Received.*{value}"):
        cls(label_smoothing=value)


# Penalties. The quadratic critic D(x) = Σ wᵢ xᵢ² has ∇D = 2 w x.

W = np.array([1.0, -2.0, 0.5])
X, Y = np.random.default_rng(0).normal(size=(2, 4, 3))


def quadratic(w):
    return lambda x: ops.sum(w * x**2, axis=1)


def at(w, penalty, seed=0):
    """The penalty of the quadratic critic with weights `w`."""
    tensors = [ops.convert_to_tensor(x, keras.backend.standardize_dtype(w.dtype)) for x in (X, Y)]
    return penalty(quadratic(w), *tensors, keras.random.SeedGenerator(seed))


@pytest.mark.parametrize(
    "penalty, samples", [(penalties.R1(3.0), X), (penalties.R2(3.0), Y)], ids=["R1", "R2"]
)
def test_r1_and_r2_in_closed_form(penalty, samples):
    w = ops.convert_to_tensor(W, "float32")
    value = 1.5 * ((2 * W * samples) ** 2).sum(1).mean()
    assert number(at(w, penalty)) == pytest.approx(value, rel=1e-5)
    # The gradient with respect to the weights has crossed the gradient at the samples.
    slope = 12 * W * (samples**2).mean(0)
    found = number(input_gradient(lambda w: at(w, penalty), w))
    np.testing.assert_allclose(found, slope, rtol=1e-5)


def test_the_gradient_penalty_of_a_linear_critic_in_closed_form():
    def penalised(a):
        x, y = (ops.convert_to_tensor(v, "float32") for v in (X, Y))
        critic = lambda x: ops.sum(a * x, axis=1)  # noqa: E731
        return penalties.GradientPenalty(7.0)(critic, x, y, keras.random.SeedGenerator(0))

    a, norm = ops.convert_to_tensor(W, "float32"), np.linalg.norm(W)
    assert number(penalised(a)) == pytest.approx(7.0 * (norm - 1) ** 2, rel=1e-5)
    found = number(input_gradient(penalised, a))
    np.testing.assert_allclose(found, 14.0 * (norm - 1) * W / norm, rtol=1e-5)


def test_the_gradient_penalty_is_taken_on_the_lines_between_pairs():
    seen = []

    def critic(x):
        seen.append(number(x))
        return ops.sum(x, axis=1)

    x, y = (ops.convert_to_tensor(v, "float32") for v in (X, Y))
    penalties.GradientPenalty()(critic, x, y, keras.random.SeedGenerator(0))
    places = (seen[0] - Y) / (X - Y)
    np.testing.assert_allclose(places, places[:, :1].repeat(3, 1), rtol=1e-3)
    assert (places > 0).all() and (places < 1).all()
    assert len(np.unique(places[:, 0].round(4))) == len(X)


def test_penalties_have_the_gradient_of_finite_differences():
    with double_precision():
        place = keras.random.uniform((4, 1), dtype="float64", seed=keras.random.SeedGenerator(0))
        mixed = number(place) * X + (1 - number(place)) * Y

    def squared_norm(w, x):
        return ((2 * w * x) ** 2).sum(1)

    for penalty, formula in (
        (penalties.R1(0.3), lambda w: 0.15 * squared_norm(w, X).mean()),
        (penalties.R2(0.3), lambda w: 0.15 * squared_norm(w, Y).mean()),
        (
            penalties.GradientPenalty(0.3),
            lambda w: 0.3 * ((np.sqrt(squared_norm(w, mixed)) - 1) ** 2).mean(),
        ),
    ):
        check_gradient(lambda w: at(w, penalty), formula, W)  # noqa: B023


def test_the_gradient_penalty_of_a_flat_critic_is_finite():
    flat = np.zeros(3, "float32")
    found = number(
        input_gradient(lambda w: at(w, penalties.GradientPenalty(1.0)), ops.convert_to_tensor(flat))
    )
    assert np.isfinite(found).all()


@pytest.mark.parametrize("weight", [-1.0, float("nan")])
def test_a_negative_weight_is_refused(weight):
    with pytest.raises(ValueError, match="weight must be 0 or more. Received"):
        penalties.R1(weight)
