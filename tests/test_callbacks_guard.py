"""Runs in which numbers end, on purpose: they stop or roll back, and files stay good."""

import contextlib
import csv
import warnings

import keras
import numpy as np
import pytest
from tiny import SHAPE, assert_same, compiled, images, mlp_gan, rich_gan, state, train

from kerasgan.callbacks import NumericsGuard, TrainingState
from kerasgan.models import GAN, SuperResolution
from kerasgan.networks import srresnet

X = images(16)  # 4 steps an epoch


class Breaks(keras.callbacks.Callback):
    """Sets the learning rate to 1e30 before an epoch, once."""

    def __init__(self, epoch):
        super().__init__()
        self.epoch = epoch

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.epoch:
            self.epoch = None
            self.model.optimizer.learning_rate = 1e30


def finite(model):
    return all(np.isfinite(array).all() for array in state(model))


def sgd(**options):
    players = ("discriminator", "generator")
    return {f"{p}_optimizer": keras.optimizers.SGD(**options) for p in players}


def test_a_run_stops_and_says_what_was_not_finite(tmp_path):
    model = compiled(mlp_gan(), **sgd(learning_rate=0.01))
    saved = TrainingState(tmp_path / "state.weights.h5", 4)
    with pytest.raises(FloatingPointError, match="Not finite .*: .*state after epoch 2 again"):
        train(model, X, epochs=5, callbacks=[NumericsGuard(), saved, Breaks(2)])
    good = mlp_gan()
    train(compiled(good, **sgd(learning_rate=0.01)), X, epochs=2)
    assert_same(model.get_weights(), good.get_weights())
    other = compiled(mlp_gan(seed=7), **sgd(learning_rate=0.01))
    assert saved.restore(other) == 2
    assert_same(other.get_weights(), good.get_weights())


def test_a_run_rolls_back_lowers_every_rate_and_goes_on(tmp_path):
    model = compiled(
        mlp_gan(),
        discriminator_optimizer=keras.optimizers.SGD(0.01),
        generator_optimizer=keras.optimizers.Adam(0.005),
    )
    guard = NumericsGuard(roll_back=True, factor=1e-33)
    saved = TrainingState(tmp_path / "state.weights.h5", 4)
    log = keras.callbacks.CSVLogger(tmp_path / "log.csv")
    with pytest.warns(UserWarning, match="Not finite .*; learning rates are multiplied by 1e-33"):
        history = train(model, X, epochs=4, callbacks=[guard, saved, log, Breaks(1)])
    assert finite(model)
    assert sum(history["rollbacks"]) == history["rollbacks"][1] == 1
    first, second = (float(o.learning_rate) for o in model.optimizer.by_player.values())
    np.testing.assert_allclose([first, second], [1e-3, 5e-4], rtol=1e-5)
    with open(tmp_path / "log.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["rollbacks"] for row in rows] == ["0", "1", "0", "0"]
    assert np.isfinite([float(row["generator_loss"]) for row in rows[2:]]).all()
    # Steps are counted on, so a resumed run knows its epoch.
    assert saved.restore(model) == 4


def test_a_rollback_within_an_epoch_keeps_the_rest_of_it():
    many = images(240)  # 60 steps: long enough for the guard to act in the epoch
    model = compiled(mlp_gan(), **sgd(learning_rate=1e30))
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        guard = NumericsGuard(roll_back=True, factor=1e-33)
        history = train(model, many, callbacks=[guard])
    assert history["rollbacks"] == [1]
    assert any("at batch" in str(warning.message) for warning in seen)
    assert np.isfinite(history["generator_loss"]).all()
    assert finite(model)
    start = mlp_gan().get_weights()
    assert any((a != b).any() for a, b in zip(start, model.get_weights()))


def test_rollbacks_that_do_not_help_end():
    model = compiled(mlp_gan(), **sgd(learning_rate=1e30))
    with (
        warnings.catch_warnings(),
        pytest.raises(FloatingPointError, match="10 rollbacks in a row have not helped"),
    ):
        warnings.simplefilter("ignore")
        train(model, X, epochs=30, callbacks=[NumericsGuard(roll_back=True, factor=1.0)])
    assert finite(model)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_are_looked_at_too(value):
    """One that no loss shows."""

    class Spoils(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            average = self.model.averaged_generator.weights[0]
            average.assign(np.full(average.shape, value, "float32"))

    model = mlp_gan()
    with pytest.raises(FloatingPointError, match="at the end of epoch 1: .*kernel"):
        train(model, X, callbacks=[Spoils(), NumericsGuard()])
    assert finite(model)


def test_samples_are_looked_at_too():
    latents = keras.Input((4,))
    units = keras.layers.Dense(64)(latents)
    # Sums of weights that are finite are infinite here, and their quotient is no number.
    units = keras.layers.UnitNormalization()(units)
    generator = keras.Model(latents, keras.layers.Reshape(SHAPE)(units))

    class Spoils(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            for weight in self.model.averaged_generator.weights:
                weight.assign(np.full(weight.shape, 3e38, "float32"))

    model = GAN(generator, mlp_gan().discriminator, seed=1)
    with pytest.raises(FloatingPointError, match="epoch 1: what the averaged generator makes"):
        train(model, X, callbacks=[Spoils(), NumericsGuard()])


@pytest.mark.parametrize("bad", [False, True])
def test_what_a_model_of_images_of_any_size_makes_is_looked_at_too(bad):
    class Spoils(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            for weight in self.model.averaged_generator.weights:
                weight.assign(np.full(weight.shape, 3e38 if bad else 0.0, "float32"))

    model = SuperResolution(srresnet(scale=2, width=4, blocks=1), seed=1)
    data = images(4, (8, 8, 3)), images(4, (16, 16, 3))
    with (
        pytest.raises(FloatingPointError, match="what the averaged generator makes")
        if bad
        else contextlib.nullcontext()
    ):
        train(model, data, callbacks=[Spoils(), NumericsGuard()])


def test_a_good_run_is_left_alone():
    plain, guarded = rich_gan(dropout=0.0), rich_gan(dropout=0.0)
    train(plain, X, epochs=3)
    train(guarded, X, epochs=3, callbacks=[NumericsGuard(roll_back=True)])
    assert_same(state(plain), state(guarded))


def test_bad_weights_are_refused_before_the_first_step():
    model = mlp_gan()
    model.generator.weights[0].assign(np.full(model.generator.weights[0].shape, np.nan))
    with pytest.raises(FloatingPointError, match="before the first step: .*Load other weights"):
        train(model, X, callbacks=[NumericsGuard()])


def test_a_backup_outlives_a_run_that_stops(tmp_path):
    def run(epochs, breaks=None):
        model = compiled(mlp_gan(), **sgd(learning_rate=0.01))
        backup = keras.callbacks.BackupAndRestore(tmp_path, delete_checkpoint=False)
        train(model, X, epochs=epochs, callbacks=[NumericsGuard(), backup, Breaks(breaks)])
        return model

    run(2)
    with pytest.raises(FloatingPointError, match="state after epoch 2 again"):
        run(5, breaks=2)
    good = mlp_gan()
    train(compiled(good, **sgd(learning_rate=0.01)), X, epochs=4)
    assert_same(run(4).get_weights(), good.get_weights())


def test_a_schedule_is_refused():
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)
    model = compiled(mlp_gan(), **sgd(learning_rate=schedule))
    with pytest.raises(ValueError, match="rate of the discriminator is a schedule"):
        train(model, X, callbacks=[NumericsGuard(roll_back=True)])
    train(model, X, callbacks=[NumericsGuard()])


@pytest.mark.parametrize("factor", [0.0, 1.5])
def test_a_wrong_factor(factor):
    with pytest.raises(ValueError, match="factor must be in .* Received"):
        NumericsGuard(factor=factor)
