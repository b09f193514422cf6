"""Every way of Keras to run a step, and every way to set its optimizers."""

import keras
import numpy as np
import pytest
from tiny import assert_states, compiled, conv_gan, images, mlp_gan, state, train

from kerasgan.engine.optimizer import PlayerOptimizers

TORCH = keras.backend.backend() == "torch"
X = images(10)


@pytest.fixture
def policy():
    yield keras.mixed_precision.set_global_policy
    keras.mixed_precision.set_global_policy("float32")


def numbers(model):
    return [keras.ops.convert_to_numpy(v) for v in model.weights]


# Ways to run.


@pytest.mark.parametrize("way", [{}, {"jit_compile": True}, {"steps_per_execution": 2}], ids=str)
def test_each_way_to_run_trains_as_the_eager_one_does(way):
    if TORCH and "steps_per_execution" in way:
        model = compiled(mlp_gan(), **way)
        with pytest.raises(ValueError, match="`steps_per_execution` must be 1 with the PyTorch"):
            train(model, X)
        return
    eager, other = mlp_gan(), mlp_gan()
    expected = train(compiled(eager, run_eagerly=True), X, epochs=2)
    history = train(compiled(other, **way), X, epochs=2)
    assert_states(state(eager), state(other), atol=1e-6)
    for name, values in expected.items():
        np.testing.assert_allclose(history[name], values, rtol=1e-5)


def test_compiled_convolutions_train_as_eager_ones_do():
    x = images(4, (16, 16, 1))
    runs = []
    for run_eagerly in (False, True):
        model = compiled(conv_gan(), run_eagerly=run_eagerly)
        runs.append((train(model, x), numbers(model)))
    (history, weights), (expected, expected_weights) = runs
    for name, values in expected.items():
        np.testing.assert_allclose(history[name], values, rtol=1e-5)
    # Adam's first step is ±rate whatever the gradient, so a gradient of rounding noise
    # may turn its sign: all but a few elements must agree.
    apart = [np.abs(a - b) > 1e-5 for a, b in zip(weights, expected_weights)]
    assert np.mean(np.concatenate([a.ravel() for a in apart])) < 1e-3
