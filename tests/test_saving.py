"""A run that is cut, saved, loaded and resumed is the run that was never cut."""

import json

import keras
import numpy as np
import pytest
from tiny import assert_same, compiled, images, mlp_gan, rich_gan, state, train

from kerasgan import losses
from kerasgan.augment import DifferentiableAugmentation

X = images(12)


@pytest.fixture
def policy():
    yield keras.mixed_precision.set_global_policy
    keras.mixed_precision.set_global_policy("float32")


def build(**optimizer):
    return compiled(
        rich_gan(augmentation=DifferentiableAugmentation("translation,cutout", seed=2)),
        discriminator_optimizer=keras.optimizers.Adam(0.01, **optimizer),
        generator_optimizer=keras.optimizers.RMSprop(0.001, **optimizer),
    )


def through_keras_file(model, folder, optimizer):
    model.save(folder / "model.keras")
    keras.utils.set_random_seed(99)
    return keras.saving.load_model(folder / "model.keras")


def through_weights_file(model, folder, optimizer):
    model.save_weights(folder / "model.weights.h5")
    other = build(**optimizer)
    keras.utils.set_random_seed(99)
    other.load_weights(folder / "model.weights.h5")
    return other


def resumed_run_is_exact(folder, optimizer, through):
    uncut = build(**optimizer)
    # Three steps: gradient accumulators are half full at the cut.
    train(uncut, X)
    expected = train(uncut, X)
    cut = build(**optimizer)
    train(cut, X)
    resumed = through(cut, folder, optimizer)
    assert_same(state(cut), state(resumed))
    history = train(resumed, X)
    assert expected == history
    assert_same(state(uncut), state(resumed))
    return resumed


@pytest.mark.parametrize(
    "through, optimizer",
    [
        (through_keras_file, {}),
        (through_weights_file, {}),
        (through_keras_file, {"gradient_accumulation_steps": 2}),
    ],
    ids=["keras", "weights", "accumulators"],
)
def test_resuming_from_a_file_is_exact(through, optimizer, tmp_path):
    model = resumed_run_is_exact(tmp_path, optimizer, through)
    assert int(model.optimizer.iterations) == 6
    updates = 3 if optimizer else 6
    assert [int(o.iterations) for o in model.optimizer.by_player.values()] == [updates] * 2


def test_resuming_keeps_the_loss_scale_of_mixed_float16(policy, tmp_path):
    policy("mixed_float16")
    model = resumed_run_is_exact(tmp_path, {}, through_keras_file)
    for optimizer in model.optimizer.by_player.values():
        assert int(optimizer.iterations) == int(optimizer.step_counter) == 6


def test_a_file_of_mixed_float16_loads_under_the_float32_policy(policy, tmp_path):
    policy("mixed_float16")
    model = compiled(rich_gan(dropout=0.0))
    train(model, X)
    model.save(tmp_path / "model.keras")
    policy("float32")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert_same(state(model), state(loaded))
    loaded.compile()
    for optimizer in loaded.optimizer.by_player.values():
        assert isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
    assert train(loaded, X).keys() == {
        "loss",
        "discriminator_loss",
        "generator_loss",
        "real_score",
        "fake_score",
    }


class Cut(keras.callbacks.Callback):
    """A run that dies at the start of an epoch."""

    def __init__(self, epoch):
        super().__init__()
        self.epoch = epoch

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.epoch:
            raise KeyboardInterrupt


def test_backup_and_restore_resumes_exactly(tmp_path):
    uncut = build()
    expected = train(uncut, X, epochs=3)
    cut = build()
    with pytest.raises(KeyboardInterrupt):
        backup = keras.callbacks.BackupAndRestore(tmp_path / "backup")
        train(cut, X, epochs=3, callbacks=[backup, Cut(2)])
    assert json.loads((tmp_path / "backup" / "training_metadata.json").read_text())["epoch"] == 2
    resumed = build()
    keras.utils.set_random_seed(99)
    backup = keras.callbacks.BackupAndRestore(tmp_path / "backup")
    history = train(resumed, X, epochs=3, callbacks=[backup])
    assert history == {name: values[2:] for name, values in expected.items()}
    assert_same(state(uncut), state(resumed))


@pytest.mark.parametrize(
    "name, options",
    [("last.keras", {"save_freq": 3}), ("last.weights.h5", {"save_weights_only": True})],
    ids=["keras", "weights"],
)
def test_model_checkpoint_holds_the_model_of_its_moment(name, options, tmp_path):
    model = build()
    checkpoint = keras.callbacks.ModelCheckpoint(tmp_path / name, **options)
    train(model, X, callbacks=[checkpoint])
    keras.utils.set_random_seed(99)
    if name.endswith(".keras"):
        other = keras.saving.load_model(tmp_path / name)
    else:
        other = build()
        other.load_weights(tmp_path / name)
    assert_same(state(model), state(other))


def test_an_uncompiled_model_saves_loads_and_generates_the_same(tmp_path):
    model = mlp_gan(ema_decay=0.5, adversarial_loss=losses.Minimax(saturating=True))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert not loaded.compiled
    assert loaded.get_config()["ema_decay"] == 0.5 and loaded.adversarial_loss.saturating
    assert_same(state(model), state(loaded))
    np.testing.assert_array_equal(model.generate(2, seed=0), loaded.generate(2, seed=0))
    train(compiled(loaded), X)


@pytest.mark.skipif(keras.backend.backend() != "torch", reason="the others have no such state")
def test_loading_to_generate_leaves_the_programs_random_state_alone(tmp_path):
    import torch

    build().save_weights(tmp_path / "model.weights.h5")
    model = rich_gan(augmentation=DifferentiableAugmentation("translation,cutout", seed=2))
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    model.load_weights(tmp_path / "model.weights.h5")
    assert torch.equal(torch.rand(3), expected)


def test_generate_after_loading_is_the_averaged_generator_of_before(tmp_path):
    model = build()
    train(model, X)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(model.generate(3, seed=0), loaded.generate(3, seed=0))


def test_compile_options_survive(tmp_path):
    model = compiled(mlp_gan(), run_eagerly=True, discriminator_optimizer="sgd")
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.run_eagerly
    assert isinstance(loaded.optimizer.by_player["discriminator"], keras.optimizers.SGD)
    assert isinstance(loaded.optimizer.by_player["generator"], keras.optimizers.Adam)


def test_a_learning_rate_set_while_training_survives(tmp_path):
    model = build()
    model.optimizer.learning_rate = 0.005
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    rates = [float(o.learning_rate) for o in loaded.optimizer.by_player.values()]
    np.testing.assert_allclose(rates, [0.005, 0.0005], rtol=1e-6)


def test_loading_weights_with_other_optimizers_warns_and_keeps_the_networks(tmp_path):
    model = build()
    train(model, X)
    model.save_weights(tmp_path / "model.weights.h5")
    other = compiled(
        rich_gan(seed=5, augmentation=DifferentiableAugmentation("translation,cutout")),
        discriminator_optimizer=keras.optimizers.SGD(0.1),
    )
    with pytest.warns(UserWarning, match="Skipping variable loading for optimizer"):
        other.load_weights(tmp_path / "model.weights.h5")
    for one, two in zip(model.weights, other.weights):
        np.testing.assert_array_equal(one, two)
