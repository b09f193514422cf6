"""The base of every model: evaluation, prediction, averaging, and subclasses of it."""

import inspect
import re

import keras
import numpy as np
import pytest
from keras import ops
from tiny import assert_same, compiled, images, mlp_gan, rich_gan, train

import kerasgan
from kerasgan.engine import backend
from kerasgan.engine.model import AdversarialModel
from kerasgan.modalities import Images
from kerasgan.models import GAN
from kerasgan.networks import dcgan

BACKEND = keras.backend.backend()
X = images(8)


def test_each_turn_draws_its_own_latents():
    model = compiled(mlp_gan())
    train(model, X)
    # Two steps of two turns each, counted beside the seed.
    np.testing.assert_array_equal(ops.convert_to_numpy(model.seed_generator.state), [1, 4])


@pytest.mark.skipif(BACKEND != "jax", reason="JAX compiles a step as one program")
def test_the_seed_of_latents_saves_scratch_memory(monkeypatch):
    jax = pytest.importorskip("jax")

    def scratch_memory():
        model = compiled(GAN(*dcgan((32, 32, 3), width=32), seed=0))
        groups = [
            model.trainable_variables,
            model.non_trainable_variables,
            model.optimizer.variables,
            model.metrics_variables,
        ]
        state = tuple([v.value for v in group] for group in groups)
        step = jax.jit(model.train_step, donate_argnums=0)
        batch = (images(64, (32, 32, 3)),)
        return step.lower(state, batch).compile().memory_analysis().temp_size_in_bytes

    scratch = scratch_memory()
    monkeypatch.setattr(backend, "seed_of_latents", lambda seed_generator: seed_generator)
    assert scratch < 0.85 * scratch_memory()


@pytest.mark.skipif(BACKEND != "torch", reason="PyTorch keeps what an optimizer walks in order")
def test_kernels_lie_in_memory_as_convolutions_read_them():
    model = GAN(*dcgan((16, 16, 3), width=4), seed=0)
    before = model.get_weights()
    model.compile()
    assert_same(before, model.get_weights())
    train(model, images(4, (16, 16, 3)))
    kernels = [v for v in [*model.variables, *model.optimizer.variables] if len(v.shape) == 4]
    # Two a network, of three; and two moments of each that trains.
    assert len(kernels) == 2 * 3 + 2 * 4
    assert all(v.value.permute(3, 0, 1, 2).is_contiguous() for v in kernels)


# Evaluating and predicting.


def test_evaluate_moves_no_weight_and_returns_what_keras_returns():
    model = compiled(rich_gan())

    def numbers():
        variables = [*model.weights, *model.optimizer.variables]
        return [np.array(ops.convert_to_numpy(v)) for v in variables]

    before = numbers()
    scores = model.evaluate(X, batch_size=4, verbose=0)
    values = model.evaluate(X, batch_size=4, verbose=0, return_dict=False)
    assert_same(numbers(), before)
    losses = {"loss", "discriminator_loss", "generator_loss"}
    assert scores.keys() == {*losses, "real_score", "fake_score"}
    assert isinstance(values, list) and len(values) == 5
    # Only the latents are drawn anew.
    assert values[model.metrics_names.index("real_score")] == scores["real_score"]


def test_validation_data_and_split_show_in_the_history():
    model = compiled(mlp_gan())
    history = train(model, X, validation_data=(images(5), np.arange(5)))
    assert {"val_discriminator_loss", "val_generator_loss", "val_real_score"} <= history.keys()
    assert "val_generator_loss" in train(model, X, validation_split=0.5)


@pytest.mark.skipif(
    BACKEND == "tensorflow", reason="its pipeline draws ahead, as far as there is time"
)
def test_a_generator_of_validation_data_loses_no_batch():
    drawn = []

    def held_out():
        for i in range(100):
            drawn.append(i)
            yield X[:4]

    model = compiled(mlp_gan())
    history = train(model, X, epochs=3, validation_data=held_out(), validation_steps=2)
    assert len(history["val_generator_loss"]) == 3
    # Keras gives the batches it has peeked at every epoch; nobody else took one.
    assert len(drawn) <= 6


def test_predict_gives_the_averaged_generators_images():
    model = mlp_gan()
    latents = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")
    model.generator.set_weights([w + 1.0 for w in model.generator.get_weights()])
    found = model.predict(latents, verbose=0)
    np.testing.assert_allclose(
        found, model.averaged_generator.predict(latents, verbose=0), atol=1e-6
    )
    np.testing.assert_array_equal(Images().to_user(found), model.generate(latents=latents))
    assert np.abs(found - model.generator.predict(latents, verbose=0)).max() > 0.1


# The averaged generator.


@pytest.mark.parametrize("decay", [0.999, 0.15])
def test_the_averaged_generator_warms_up_in_closed_form(decay):
    model = compiled(rich_gan(ema_decay=decay), generator_optimizer=keras.optimizers.Adam(0.01))
    expected = model.generator.get_weights()
    x = X[:4]
    for step in range(3):
        train(model, x)
        rate = min(decay, (1 + step) / (10 + step))
        current = model.generator.get_weights()
        expected = [rate * a + (1 - rate) * w for a, w in zip(expected, current)]
        assert_same(model.averaged_generator.get_weights(), expected, rtol=1e-5, atol=1e-6)
    assert max(np.abs(a - b).max() for a, b in zip(expected, current)) > 1e-3


def test_without_decay_the_averaged_generator_is_the_generator():
    model = compiled(rich_gan(ema_decay=0.0))
    train(model, X[:4])
    assert_same(model.averaged_generator.get_weights(), model.generator.get_weights(), atol=1e-7)


def test_ema_decay_is_checked():
    with pytest.raises(ValueError, match=r"ema_decay must be in \[0, 1\). Received: 1.0"):
        mlp_gan(ema_decay=1.0)


# Writing one's own model.


def documented():
    """The example of `AdversarialModel`'s documentation, run as it stands there."""
    text = inspect.cleandoc(AdversarialModel.__doc__)
    code = re.search(r"```python\n(.*?)```", text, re.DOTALL)[1]
    names = {"AdversarialModel": AdversarialModel, "ops": ops, "kerasgan": kerasgan}
    exec(code, names)
    return names["Denoiser"]


def denoiser():
    keras.utils.set_random_seed(1)
    generator = keras.Sequential(
        [keras.Input((8, 8, 1)), keras.layers.Conv2D(1, 3, padding="same", dtype="float32")]
    )
    discriminator = keras.Sequential(
        [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(1)]
    )
    return documented()(generator, discriminator, seed=1)


def test_the_documented_subclass_trains_and_is_used():
    model = denoiser()
    model.compile(keras.optimizers.Adam(0.01))
    history = train(model, {"clean": X, "noisy": X}, epochs=10)
    assert history["error"][-1] < history["error"][0]
    assert model.denoise(X).shape == X.shape and model.denoise(X).dtype == "uint8"


def test_a_subclass_without_default_optimizers_says_what_to_pass():
    with pytest.raises(TypeError, match="discriminator_optimizer"):
        denoiser().compile()


def test_one_optimizer_serves_every_player_by_a_copy():
    model = compiled(mlp_gan(), optimizer=keras.optimizers.SGD(0.25))
    rates = {p: float(o.learning_rate) for p, o in model.optimizer.by_player.items()}
    assert rates == {"discriminator": 0.25, "generator": 0.25}
    assert len({id(o) for o in model.optimizer.by_player.values()}) == 2
    model.compile("adam")
    train(model, X)


def test_what_is_no_input_of_the_network_is_refused_with_the_verb():
    with pytest.raises(
        ValueError, match=r"\(None, 4\).*Received: uint8 array of shape \(8, 8, 8, 1\).*generate"
    ):
        mlp_gan().predict(X, verbose=0)


class Lazy(GAN):
    """A third player, whose turn comes every third step."""

    players = GAN.players | {"regulariser": ("generator",)}
    every = {"regulariser": 3}

    def regulariser_loss(self, batch, training=True):
        made = self.generator(batch["latents"], training=training)
        self.log(size=ops.mean(ops.square(made)))
        return ops.mean(ops.square(made))


@pytest.mark.parametrize("run_eagerly", [False, True])
def test_a_lazy_turn_comes_every_so_many_steps(run_eagerly):
    model = mlp_gan(cls=Lazy)
    model.compile(keras.optimizers.SGD(0.1), run_eagerly=run_eagerly)
    history = train(model, images(28))
    assert int(model.optimizer.iterations) == 7
    counts = {p: int(o.iterations) for p, o in model.optimizer.by_player.items()}
    assert counts == {"discriminator": 7, "generator": 7, "regulariser": 3}
    assert np.isfinite(history["regulariser_loss"]).all() and history["size"][0] > 0


class OwnArgument(GAN):
    def __init__(self, generator, discriminator, sharpness=1.0, **kwargs):
        super().__init__(generator, discriminator, adversarial_loss="hinge", **kwargs)
        self.unsaid = sharpness


def test_arguments_of_a_users_subclass_are_saved():
    config = mlp_gan(cls=OwnArgument, sharpness=0.25).get_config()
    again = OwnArgument.from_config(config)
    assert again.unsaid == 0.25 and again.seed == 1
    assert type(again.adversarial_loss).__name__ == "Hinge"


class OwnStep(GAN):
    """A `train_step` written the Keras way of the backend, around ours."""

    def train_step(self, *args):
        if BACKEND == "jax":
            logs, state = super().train_step(*args)
            return logs | {"doubled": 2.0 * logs["generator_loss"]}, state
        logs = super().train_step(*args)
        return logs | {"doubled": 2.0 * logs["generator_loss"]}


def test_a_user_can_override_train_step():
    model = compiled(mlp_gan(cls=OwnStep))
    logs = model.train_on_batch(X, return_dict=True)
    assert float(logs["doubled"]) == pytest.approx(2 * float(logs["generator_loss"]))
