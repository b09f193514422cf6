"""The callback Diagnosis on real runs: what it measures, and that it changes nothing."""

import keras
import numpy as np
import pytest
from tiny import compiled, images, mlp_gan, rich_gan, state, train

from kerasgan import networks
from kerasgan.augment import InstanceNoise
from kerasgan.callbacks import Diagnosis, NumericsGuard, TrainingState
from kerasgan.diagnosis import diagnose
from kerasgan.diagnosis.rules import ENOUGH
from kerasgan.models import ACGAN, MODELS, SRGAN, ConditionalGAN, Pix2Pix, SuperResolution

X = images(64)


def epoch_log(model, callback, x=X, **options):
    history = train(model, x, callbacks=[callback], **options)
    return {name: values[-1] for name, values in history.items()}


def points_gan(*scale):
    """A model that does not learn, whose samples are the signs of its latents, times `scale`."""
    generator = keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.Dense(2, use_bias=False, activation="tanh"),
            keras.layers.Dense(2, use_bias=False),
        ]
    )
    generator.set_weights([1e6 * np.eye(2), np.diag(scale)])
    model = MODELS["gan"](generator, networks.mlp((2,), width=4, depth=1)[1], seed=0)
    players = ("discriminator_optimizer", "generator_optimizer")
    return compiled(model, **{player: keras.optimizers.SGD(0.0) for player in players})


def corners(n):
    """n points in equal numbers in four corners far from each other."""
    places = np.array([[0, 0], [0, 30], [30, 0], [30, 30]], "float32")
    return places[np.arange(n) % 4]


def test_diversity_counts_what_differs():
    for scale, kinds in (((0.0, 0.0), 1), ((15.0, 0.0), 2), ((15.0, 15.0), 4)):
        log = epoch_log(points_gan(*scale), Diagnosis(corners(400)), corners(64))
        # exp of the entropy; latents fall on the two or four sides unequally.
        assert log["diversity"] == pytest.approx(kinds / 4, rel=0.02)
        assert log["sample_change"] == 0.0
        assert "real_range" not in log and "held_out_over_fake" not in log


@pytest.mark.without_backend
@pytest.mark.parametrize(
    ("level", "illness"), [(0.0, "silence"), (9.0, "clipping"), (0.2, "mode collapse")]
)
def test_a_run_that_makes_one_sound_alone_is_told_by_what_it_is(level, illness, tmp_path):
    sounds = np.random.default_rng(0).integers(-9999, 9999, (64, 64, 1)).astype("int16")
    same = keras.initializers.Constant(level)
    dense = keras.layers.Dense(64, "tanh", kernel_initializer="zeros", bias_initializer=same)
    generator = keras.Sequential([keras.Input((2,)), dense, keras.layers.Reshape((64, 1))])
    critic = networks.wavegan((64, 1), width=1)[1]
    model = MODELS["wavegan"](generator, critic, discriminator_steps=1, seed=0)
    players = ("discriminator_optimizer", "generator_optimizer")
    model.compile(**{player: keras.optimizers.SGD(0.0) for player in players})
    log = keras.callbacks.CSVLogger(str(tmp_path / "log.csv"))
    with pytest.warns(UserWarning, match=illness):
        train(model, sounds, epochs=ENOUGH, batch_size=32, callbacks=[Diagnosis(sounds), log])
    assert illness in [finding.illness for finding in diagnose(tmp_path)]


def test_shares_change_and_gradient_against_numpy():
    """A discriminator w·x and a generator that shifts by b: everything is known."""
    z, x = keras.Input((2,)), keras.Input((2,))
    generator = keras.Model(z, keras.layers.Dense(2, kernel_initializer="identity")(z))
    dense = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")
    model = MODELS["gan"](generator, keras.Model(x, dense(x)), adversarial_loss="wasserstein")
    players = ("discriminator_optimizer", "generator_optimizer")
    model.compile(**{player: keras.optimizers.SGD(0.01) for player in players})
    random = np.random.default_rng(0)
    real = random.standard_normal((64, 2), "float32") + 3.0
    held_out = random.standard_normal((64, 2), "float32") + 2.0
    before = np.concatenate([w.ravel() for w in generator.get_weights()])
    log = epoch_log(model, Diagnosis(real, held_out, n=64), real, batch_size=64)
    after = np.concatenate([w.ravel() for w in generator.get_weights()])
    # One step.
    moved = np.linalg.norm(after - before) / np.linalg.norm(before)
    assert log["generator_step"] == pytest.approx(moved, rel=1e-4)
    w = model.discriminator.get_weights()[0]
    kernel, bias = generator.get_weights()
    latents = np.random.default_rng(0).standard_normal((64, 2), "float32")
    fake = latents @ kernel + bias
    ranked = {"real": real @ w, "held_out": held_out @ w, "fake": fake @ w}
    for one, other in (("real", "fake"), ("held_out", "fake"), ("real", "held_out")):
        share = np.mean(ranked[one] > ranked[other].T)
        assert log[f"{one}_over_{other}"] == pytest.approx(share, abs=1e-3)
    # d/dw of mean D(fake) - mean D(real)
    gradient = fake.mean(0) - real.mean(0)
    assert log["discriminator_gradient"] == pytest.approx(np.linalg.norm(gradient), rel=1e-3)


def test_a_run_goes_on_as_without_the_callback():
    """Dropout, batch statistics, seeds, optimizers, augmentation: all as they were."""
    runs = []
    for callbacks in ([], [Diagnosis(X, images(64, seed=2))]):
        keras.utils.set_random_seed(3)
        model = compiled(rich_gan(augmentation=InstanceNoise(seed=0)))
        train(model, X, epochs=2, callbacks=callbacks)
        runs.append(state(model))
    for a, b in zip(*runs, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_resumed_run_measures_what_the_whole_one_does(tmp_path):
    def logs(model, **options):
        return train(model, X, callbacks=[Diagnosis(X, n=64), saved], **options)

    saved = TrainingState(tmp_path / "state.weights.h5", 16)
    whole = logs(compiled(rich_gan()), epochs=2)
    logs(compiled(rich_gan()), epochs=1)
    model = compiled(rich_gan(seed=9))
    assert saved.restore(model) == 1
    rest = logs(model, epochs=2, initial_epoch=1)
    for name, values in rest.items():
        assert values[-1] == pytest.approx(whole[name][-1], rel=1e-5, abs=1e-6), name


@pytest.mark.without_backend
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_models_with_labels_a_wasserstein_loss_and_range(tmp_path):
    labels = np.arange(64) % 4
    for cls in (ConditionalGAN, ACGAN):
        options = cls.network_options
        pair = networks.mlp(X.shape[1:], latent_dim=4, width=8, label_dim=4, **options)
        model = compiled(cls(*pair, seed=0))
        diagnosis = Diagnosis((X, labels), {"labels": labels, "real": X})
        log = train(model, X, y=labels, callbacks=[diagnosis])
        assert abs(log["real_over_held_out"][0] - 0.5) < 0.01
        assert np.isfinite(log["generator_gradient"])
    log_file = keras.callbacks.CSVLogger(tmp_path / "log.csv")
    model = compiled(mlp_gan(cls=MODELS["wgan"]))
    # Had none been below 0, `fit` would have refused them.
    unit = X.astype("float32") / 255 - 0.01
    callbacks = [NumericsGuard(), Diagnosis(unit, n=32), log_file]
    log = train(model, unit, epochs=1, callbacks=callbacks)
    assert log["discriminator_gradient"][0] > 0 and abs(log["real_range"][0] - 1.0) < 0.005
    found = [finding.illness for finding in diagnose(tmp_path)]
    assert found == ["images outside the range"]


@pytest.mark.without_backend
def test_a_model_that_translates_tells_of_pairs():
    networks_ = (
        networks.unet((16, 16, 3), 3, 4, 2),
        networks.patchgan((16, 16, 3), 3, width=4, depth=1),
    )
    model = compiled(Pix2Pix(*networks_, seed=0))
    source, target = images(60, (16, 16, 3)), images(60, (16, 16, 3), seed=1)
    diagnosis = Diagnosis((source, target), {"target": target, "source": source}, n=60)
    log = train(model, (source, target), batch_size=30, callbacks=[diagnosis])
    # The same pairs are held out, and a sample's rank is one number, not one a patch.
    assert abs(log["real_over_held_out"][0] - 0.5) < 0.01
    assert 0 <= log["real_over_fake"][0] <= 1 and 0 < log["diversity"][0] < 1
    assert log["sample_change"][0] > 0 and log["fake_outside"] == [0.0]
    assert log["real_range"][0] == pytest.approx(2.0, abs=0.01)
    assert log["discriminator_gradient"][0] > 0 and log["generator_step"][0] > 0


@pytest.mark.without_backend
def test_models_that_enlarge_tell_what_they_can():
    small, large = images(8, (8, 8, 3)), images(8, (16, 16, 3), seed=1)
    generator = networks.srresnet(scale=2, width=4, blocks=1)
    log = train(SuperResolution(generator), (small, large), callbacks=[Diagnosis((small, large))])
    assert log["generator_gradient"][0] > 0 and log["generator_step"][0] > 0
    assert not {"real_over_fake", "diversity", "real_range"} & {*log}
    discriminator = networks.srgan_discriminator(patch_size=16, width=2)
    model = SRGAN(generator, discriminator, content_loss="mean_squared_error")
    log = train(model, (small, large), callbacks=[Diagnosis((small, large))])
    assert {"real_over_fake", "diversity", "sample_change"} <= {*log}


def test_what_cannot_be_diagnosed():
    for held_out in (X[:20], {"real": X[:20]}):
        with pytest.raises(ValueError, match="at least 50 held-out samples.* Received: 20"):
            train(compiled(mlp_gan()), X, callbacks=[Diagnosis(X, held_out)])
    with pytest.raises(ValueError, match="at least 2 samples"):
        train(compiled(mlp_gan()), X, callbacks=[Diagnosis(X[:1])])
    with pytest.raises(ValueError, match="the real samples: values in"):
        train(compiled(mlp_gan()), X, callbacks=[Diagnosis(X.astype("float32"))])
    with pytest.raises(ValueError, match="There is no large"):
        model = SuperResolution(networks.srresnet(scale=2, width=4, blocks=1))
        data = images(4, (8, 8, 3)), images(4, (16, 16, 3))
        train(model, data, callbacks=[Diagnosis(data[0])])


# Real runs


def ring(n, kinds=8, seed=0):
    random = np.random.default_rng(seed)
    angles = random.integers(kinds, size=n) * (np.pi / 4)
    noise = 0.1 * random.standard_normal((n, 2), "float32")
    return np.stack([np.cos(angles), np.sin(angles)], 1).astype("float32") + noise


def ring_run(stream, rates):
    keras.utils.set_random_seed(0)
    model = MODELS["gan"](*networks.mlp((2,), latent_dim=8, width=32), seed=0)
    model.compile(
        **{
            f"{player}_optimizer": keras.optimizers.Adam(rate, beta_1=0.5)
            for player, rate in zip(model.players, rates)
        }
    )
    diagnosis = Diagnosis(ring(500), ring(500, seed=1), n=128)
    model.fit(stream, epochs=ENOUGH, batch_size=64, verbose=0, callbacks=[diagnosis])


@pytest.mark.without_backend
def test_a_run_that_sees_one_mode_and_a_generator_that_does_not_move_are_warned_of():
    with pytest.warns(UserWarning, match="mode collapse: .* Try first: ") as seen:
        ring_run(ring(2560, kinds=1), (5e-3, 5e-3))
    assert len([w for w in seen if "mode collapse" in str(w.message)]) == 1
    with pytest.warns(UserWarning, match="the generator has stalled"):
        ring_run(ring(1280), (5e-3, 1e-7))


@pytest.mark.without_backend
@pytest.mark.filterwarnings("error::UserWarning")
def test_a_healthy_run_is_not_warned_of():
    ring_run(ring(6400), (2e-3, 2e-3))
