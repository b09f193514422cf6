"""Every way of Keras to run a step, and every way to set its optimizers."""

import csv

import keras
import numpy as np
import pytest
from keras import ops
from tiny import assert_same, compiled, images, mlp_gan, rich_gan, state, train

from kerasgan.engine import backend
from kerasgan.models import GAN
from kerasgan.penalties import R1

BACKEND = keras.backend.backend()
X = images(8)


@pytest.fixture
def policy():
    yield keras.mixed_precision.set_global_policy
    keras.mixed_precision.set_global_policy("float32")


class FixedLatents(GAN):
    """TensorFlow draws other numbers under XLA: only without drawing can runs be compared."""

    def draw(self, batch):
        n = ops.shape(batch["real"])[0]
        latents = ops.ones((n, 1)) * ops.convert_to_tensor([[0.5, -1.0, 1.5, -0.2]])
        return batch | {"latents": latents}


def sgd():
    players = ("discriminator", "generator")
    return {f"{player}_optimizer": keras.optimizers.SGD(0.1) for player in players}


def optimizers(model):
    return list(model.optimizer.by_player.values())


def rates(model):
    return [float(o.learning_rate) for o in optimizers(model)]


# Ways to run.


@pytest.mark.parametrize(
    "way",
    [
        {},
        pytest.param(
            {"jit_compile": True},
            # Inductor takes a minute to compile one step on a CPU.
            marks=[pytest.mark.slow] if BACKEND == "torch" else [],
        ),
        pytest.param(
            {"steps_per_execution": 2},
            marks=[pytest.mark.skipif(BACKEND == "torch", reason="Keras has none on PyTorch")],
        ),
    ],
    ids=["default", "jit", "two steps"],
)
def test_each_way_to_run_trains_as_the_eager_one_does(way):
    # A penalty is differentiated twice, which not all that compiles a step can do.
    eager, other = (mlp_gan(cls=FixedLatents, penalties=[R1()]) for _ in range(2))
    expected = train(compiled(eager, run_eagerly=True), X, epochs=2)
    history = train(compiled(other, **way), X, epochs=2)
    assert_same(state(eager), state(other), atol=1e-6)
    for name, values in expected.items():
        np.testing.assert_allclose(history[name], values, rtol=1e-5)


@pytest.mark.skipif(BACKEND != "torch", reason="the other backends have it")
def test_steps_per_execution_is_refused_clearly_on_torch():
    model = compiled(mlp_gan(), steps_per_execution=2)
    with pytest.raises(ValueError, match="`steps_per_execution` must be 1 with the PyTorch"):
        train(model, X)


@pytest.mark.skipif(BACKEND != "tensorflow", reason="tf.data's tuner")
@pytest.mark.parametrize("own", [False, True], ids=["array", "tf.data"])
def test_fit_reads_arrays_untuned_and_leaves_a_users_pipeline_as_it_is(own, monkeypatch):
    import tensorflow as tf

    from kerasgan.engine import backend

    read, without_autotune = [], backend.without_autotune

    def spy(epoch_iterator):
        without_autotune(epoch_iterator)
        read.append(epoch_iterator._distributed_dataset.options().autotune.enabled)

    monkeypatch.setattr(backend, "without_autotune", spy)
    data = tf.data.Dataset.from_tensor_slices(X).batch(8) if own else X
    compiled(mlp_gan()).fit(data, shuffle=not own, verbose=0)
    assert read == [None if own else False]


@pytest.mark.parametrize("way", [{}, {"run_eagerly": True}], ids=["compiled", "eager"])
def test_batch_statistics_and_draws_do_not_depend_on_compiling(way):
    # Not Adam: it blows the zero gradient of a bias before a normalisation up to its rate.
    model = compiled(rich_gan(), **way, **sgd())
    history = train(model, X)
    other = compiled(rich_gan(), **sgd())
    expected = train(other, X)
    assert_same(state(model), state(other), atol=1e-6)
    for name, values in expected.items():
        np.testing.assert_allclose(history[name], values, rtol=1e-5)


def test_train_on_batch_and_test_on_batch():
    model = compiled(mlp_gan())
    before = model.get_weights()
    test = model.test_on_batch(X, return_dict=True)
    assert_same(model.get_weights(), before)
    loss = model.train_on_batch(X, return_dict=True)
    assert test.keys() == loss.keys()
    assert np.isfinite([float(value) for value in loss.values()]).all()
    assert int(model.optimizer.iterations) == 1


# Mixed precision.


def test_mixed_float16_takes_the_steps_of_float32(policy):
    runs = {}
    for name in ("float32", "mixed_float16", "mixed_bfloat16"):
        policy(name)
        model = compiled(mlp_gan(cls=FixedLatents), **sgd())
        start = model.get_weights()
        train(model, X)
        scaled = [isinstance(o, keras.optimizers.LossScaleOptimizer) for o in optimizers(model)]
        assert scaled == [name == "mixed_float16"] * 2
        assert model.generator.layers[0].compute_dtype == name.removeprefix("mixed_")
        assert {w.dtype for w in model.get_weights()} == {np.dtype("float32")}
        runs[name] = [after - before for after, before in zip(model.get_weights(), start)]
    largest = max(np.abs(moved).max() for moved in runs["float32"])
    assert largest > 0.01
    # A relative rounding of 2⁻¹¹ and 2⁻⁸.
    for name, tolerance in (("mixed_float16", 0.005), ("mixed_bfloat16", 0.05)):
        assert_same(runs[name], runs["float32"], atol=tolerance * largest)


def test_a_gradient_past_float16_skips_its_player_and_halves_its_scale(policy):
    policy("mixed_float16")
    overflowing = keras.optimizers.LossScaleOptimizer(
        keras.optimizers.Adam(0.01), initial_scale=2.0**40
    )
    model = compiled(mlp_gan(), discriminator_optimizer=overflowing)
    discriminator, generator = (n.get_weights() for n in (model.discriminator, model.generator))
    train(model, X)
    assert_same(model.discriminator.get_weights(), discriminator)
    assert int(overflowing.iterations) == 0
    assert float(overflowing.dynamic_scale) == 2.0**38
    assert all((a != b).any() for a, b in zip(model.generator.get_weights(), generator))
    other = model.optimizer.by_player["generator"]
    assert int(other.iterations) == 2 and float(other.dynamic_scale) == 2.0**15


# Choosing optimizers.


def test_compile_without_arguments_takes_adam_of_the_dcgan_paper():
    model = compiled(mlp_gan())
    assert list(model.optimizer.by_player) == ["discriminator", "generator"]
    assert optimizers(model)[0] is not optimizers(model)[1]
    for optimizer in optimizers(model):
        assert isinstance(optimizer, keras.optimizers.Adam)
        assert float(optimizer.learning_rate) == pytest.approx(2e-4)
        assert optimizer.beta_1 == 0.5


def test_each_players_optimizer_moves_its_own_network():
    model = compiled(
        mlp_gan(),
        discriminator_optimizer=keras.optimizers.SGD(0.0),
        generator_optimizer="rmsprop",
    )
    before = model.discriminator.get_weights(), model.generator.get_weights()
    train(model, X)
    assert_same(model.discriminator.get_weights(), before[0])
    assert all((a != b).any() for a, b in zip(model.generator.get_weights(), before[1]))
    assert isinstance(model.optimizer.by_player["generator"], keras.optimizers.RMSprop)


def test_one_optimizer_for_all_is_one_of_its_own_for_each():
    given = keras.optimizers.SGD(0.3, momentum=0.5)
    model = compiled(mlp_gan(), optimizer=given, generator_optimizer="rmsprop")
    first, second = optimizers(model)
    assert isinstance(first, keras.optimizers.SGD) and first is not given
    assert float(first.learning_rate) == pytest.approx(0.3) and first.momentum == 0.5
    assert isinstance(second, keras.optimizers.RMSprop)
    first, second = optimizers(compiled(mlp_gan(), optimizer="adam"))
    assert first is not second and isinstance(second, keras.optimizers.Adam)
    assert float(second.learning_rate) == pytest.approx(1e-3)


@pytest.mark.parametrize(
    "arguments, error, message",
    [
        ({"loss": "mse"}, TypeError, "losses belong to the model"),
        ({"critic_optimizer": "adam"}, TypeError, "unexpected argument 'critic_optimizer'"),
        ({"generator_optimizer": "adamm"}, ValueError, "adamm"),
    ],
    ids=["loss", "unknown player", "unknown name"],
)
def test_compile_refuses(arguments, error, message):
    with pytest.raises(error, match=message):
        mlp_gan().compile(**arguments)


def test_compile_refuses_one_optimizer_for_two_players():
    shared = keras.optimizers.Adam()
    with pytest.raises(ValueError, match="share one optimizer"):
        mlp_gan().compile(discriminator_optimizer=shared, generator_optimizer=shared)


# Callbacks.


def two_rates(model):
    return compiled(
        model,
        discriminator_optimizer=keras.optimizers.Adam(4e-3),
        generator_optimizer=keras.optimizers.Adam(1e-3),
    )


def test_learning_rate_scheduler_keeps_the_ratio_of_the_players():
    model = two_rates(mlp_gan())
    halve = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    history = train(model, X, epochs=2, callbacks=[halve])
    np.testing.assert_allclose(rates(model), [1e-3, 2.5e-4], rtol=1e-6)
    np.testing.assert_allclose(history["learning_rate"], [2e-3, 1e-3], rtol=1e-6)


def test_reduce_lr_on_plateau_keeps_the_ratio_of_the_players():
    model = two_rates(mlp_gan())
    plateau = keras.callbacks.ReduceLROnPlateau(
        "generator_loss", factor=0.1, patience=1, mode="min", min_delta=100.0
    )
    train(model, X, epochs=2, callbacks=[plateau])
    np.testing.assert_allclose(rates(model), [4e-4, 1e-4], rtol=1e-6)


def test_callbacks_that_read_the_logs(tmp_path):
    model = compiled(mlp_gan())
    early = keras.callbacks.EarlyStopping(
        "generator_loss", patience=1, mode="min", min_delta=100.0, restore_best_weights=True
    )
    log = keras.callbacks.CSVLogger(tmp_path / "log.csv")
    history = train(model, X, epochs=9, callbacks=[early, log])
    with open(tmp_path / "log.csv") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(history["generator_loss"]) == 2
    for name, values in history.items():
        np.testing.assert_allclose([float(row[name]) for row in rows], values, rtol=1e-6)


def test_adam_steps_as_keras_s():
    def end(apply):
        random = np.random.default_rng(0)
        shapes = [(3, 3, 4, 5), (7,), ()]
        variables = [keras.Variable(random.normal(size=s).astype("float32")) for s in shapes]
        schedule = keras.optimizers.schedules.CosineDecay(1e-2, 20)
        optimizer = keras.optimizers.Adam(schedule, 0.5, epsilon=1e-3, global_clipnorm=1.0)
        optimizer.build(variables)
        for _ in range(12):
            drawn = [random.normal(size=s).astype("float32") for s in shapes]
            apply(optimizer, [keras.ops.convert_to_tensor(g) for g in drawn], variables)
        return [keras.ops.convert_to_numpy(v) for v in variables + optimizer.variables]

    def by_keras(optimizer, gradients, variables):
        optimizer.apply(gradients, variables)

    for one, other in zip(end(backend.apply), end(by_keras), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
