"""Ill runs and healthy ones: the rules on drawn curves, the callback on real ones."""

import json
import math
import tomllib

import keras
import numpy as np
import pytest
from tiny import SHAPE, compiled, images, mlp_gan, rich_gan, state, train

from kerasgan import datasets, networks, zoo
from kerasgan.augment import AdaptiveAugmentation
from kerasgan.callbacks import Diagnosis, NumericsGuard, TrainingState
from kerasgan.cli import main
from kerasgan.diagnosis import diagnose
from kerasgan.diagnosis.rules import ENOUGH, findings
from kerasgan.models import ACGAN, MODELS, ConditionalGAN, SuperResolution

X = images(64)
HEALTHY = {
    "discriminator_loss": 1.3,
    "generator_loss": 0.8,
    "real_over_fake": 0.8,
    "held_out_over_fake": 0.78,
    "real_over_held_out": 0.52,
    "diversity": 0.9,
    "sample_change": 0.15,
    "discriminator_step": 0.001,
    "generator_step": 0.001,
    "real_range": 2.0,
    "fake_outside": 0.0,
    "overfitting": 0.6,
    "augment_probability": 0.3,
}


def curves(epochs=ENOUGH, **other):
    return {
        name: dict.fromkeys(range(1, epochs + 1), value)
        for name, value in (HEALTHY | other).items()
        if value is not None
    }


def illnesses(found):
    return [finding.illness for finding in found]


# The rules


@pytest.mark.parametrize(
    ("illness", "below", "above"),
    [
        ("mode collapse", {"diversity": 0.3}, {"diversity": 0.2}),
        ("the discriminator has won", {"real_over_fake": 0.98}, {"real_over_fake": 0.995}),
        (
            "the discriminator has won",
            {"real_over_fake": 0.96, "sample_change": 0.04},
            {"real_over_fake": 0.96, "sample_change": 0.02},
        ),
        (
            "the discriminator has won",
            {"real_over_fake": None, "discriminator_loss": 0.03},
            {"real_over_fake": None, "discriminator_loss": 0.01},
        ),
        ("the generator has stalled", {"sample_change": 0.006}, {"sample_change": 0.004}),
        ("overfitting", {"real_over_held_out": 0.62}, {"real_over_held_out": 0.7}),
        (
            "overfitting",
            {"overfitting": 0.59, "augment_probability": 0.8},
            {"overfitting": 0.65, "augment_probability": 0.8},
        ),
        ("learning rate too high", {"generator_step": 0.01}, {"generator_step": 0.04}),
        ("learning rate too high", {"rollbacks": 0.0}, {"rollbacks": 1.0}),
        ("learning rate too high", {"generator_loss": 1e30}, {"generator_loss": math.nan}),
        ("images outside the range", {"real_range": 1.8}, {"real_range": 1.0}),
        ("images outside the range", {"real_range": 2.0}, {"real_range": 255.0}),
        ("oscillation", {"sample_change": 0.6}, {"sample_change": 0.8}),
        ("images outside the range", {"fake_outside": 0.005}, {"fake_outside": 0.1}),
    ],
)
def test_each_illness_is_found_from_its_threshold_on(illness, below, above):
    assert findings(curves(**below)) == []
    found = findings(curves(**above))
    assert illnesses(found) == [illness]
    words = (found[0].evidence, found[0].threshold, found[0].source, found[0].advice)
    assert all(len(word) > 20 and word[-1] == "." for word in words)
    assert all(word in str(found[0]) for word in words)


def test_swings_are_found_and_a_rise_or_one_hump_is_none():
    def of(values, change=0.5):
        log = curves(sample_change=change) | {"diversity": dict(enumerate(values, 1))}
        return illnesses(findings(log))

    assert of([0.5, 1.0] * 5) == ["oscillation"]
    assert of([0.5, 1.0] * 5, change=0.2) == []
    assert of([0.95, 1.0] * 5) == []
    assert of([0.1 * i for i in range(1, 11)]) == []
    assert of([0.4, 0.6, 1.0, 1.6, 2.4, 2.5, 2.4, 2.0, 1.4, 1.2]) == []
    assert of([0.5, 1.0] * 4) == []


@pytest.mark.parametrize("name", ["diversity", "real_over_fake", "real_over_held_out"])
def test_one_bad_epoch_or_a_bad_beginning_is_no_illness(name):
    bad = {"diversity": 0.01, "real_over_fake": 1.0, "real_over_held_out": 0.9}[name]
    ill = curves()
    ill[name] |= {1: bad, 2: bad, 3: bad, 4: bad, ENOUGH - 1: bad}
    assert findings(ill) == []
    assert findings(curves(ENOUGH - 1, **{name: bad})) == []
    assert len(findings(curves(ENOUGH, **{name: bad}))) == 1


# From a file


def write(folder, columns):
    names = sorted(columns)
    epochs = sorted(columns[names[0]])
    lines = [",".join(["epoch", *names])]
    lines += [",".join([str(e - 1), *(str(columns[n][e]) for n in names)]) for e in epochs]
    (folder / "log.csv").write_text("\n".join(lines) + "\n")


def test_the_command_says_what_it_found(tmp_path, capsys):
    write(tmp_path, curves(diversity=0.1))
    assert main(["diagnose", str(tmp_path)]) == 0
    text = capsys.readouterr().out
    assert text.startswith("mode collapse\n") and "10.0%" in text and "R3GAN" in text
    assert main(["diagnose", str(tmp_path), "--json"]) == 0
    (finding,) = json.loads(capsys.readouterr().out)
    assert set(finding) == {"illness", "evidence", "threshold", "source", "advice"}
    write(tmp_path, curves())
    main(["diagnose", str(tmp_path)])
    assert capsys.readouterr().out == f"No finding in {ENOUGH} epochs.\n"
    main(["diagnose", str(tmp_path), "--json"])
    assert json.loads(capsys.readouterr().out) == []
    write(tmp_path, curves(1))
    main(["diagnose", str(tmp_path)])
    assert "in 1 epoch. Most" in capsys.readouterr().out


def test_logs_that_are_none(tmp_path, capsys):
    assert main(["diagnose", str(tmp_path / "absent")]) == 2
    assert "has no log.csv" in capsys.readouterr().err
    (tmp_path / "log.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match="no log of keras.callbacks.CSVLogger"):
        diagnose(tmp_path)
    (tmp_path / "log.csv").write_text("")
    assert diagnose(tmp_path) == []


def test_a_log_that_a_kill_cut_and_a_run_without_the_callback(tmp_path):
    columns = curves(**dict.fromkeys(HEALTHY)) | {
        "discriminator_loss": dict.fromkeys(range(1, 12), 0.001)
    }
    write(tmp_path, columns | {"val_generator_loss": dict.fromkeys(range(1, 12), "NA")})
    with open(tmp_path / "log.csv", "a") as file:
        file.write("11,0.0")
    assert illnesses(diagnose(tmp_path)) == ["the discriminator has won"]


# The callback


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
        adaptive = AdaptiveAugmentation(initial_probability=0.5, interval=3, seed=0)
        model = compiled(rich_gan(augmentation=adaptive))
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


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_models_with_labels_a_critic_and_range(tmp_path):
    labels = np.arange(64) % 4
    for cls in (ConditionalGAN, ACGAN):
        options = cls.network_options
        pair = networks.mlp(X.shape[1:], latent_dim=4, width=8, label_dim=4, **options)
        model = compiled(cls(*pair, seed=0))
        data = {"x": (X, labels)}
        log = train(model, X, y=labels, callbacks=[Diagnosis(data["x"], data["x"])])
        assert abs(log["real_over_held_out"][0] - 0.5) < 0.01 and np.isfinite(
            log["generator_gradient"]
        )
    log_file = keras.callbacks.CSVLogger(tmp_path / "log.csv")
    model = compiled(mlp_gan(cls=MODELS["wgan"]))
    unit = X.astype("float32") / 255
    callbacks = [NumericsGuard(), Diagnosis(unit, n=32), log_file]
    log = train(model, unit, epochs=1, callbacks=callbacks)
    assert log["critic_gradient"][0] > 0 and abs(log["real_range"][0] - 1.0) < 0.005
    assert illnesses(diagnose(tmp_path)) == ["images outside the range"]


def test_what_cannot_be_diagnosed():
    with pytest.raises(ValueError, match="at least 50 held-out"):
        Diagnosis(X, X[:20])
    with pytest.raises(ValueError, match="at least 2 samples"):
        train(compiled(mlp_gan()), X, callbacks=[Diagnosis(X[:1])])
    with pytest.raises(ValueError, match="values in"):
        train(compiled(mlp_gan()), X, callbacks=[Diagnosis(X.astype("float32"))])
    model = SuperResolution(networks.srresnet(scale=2, width=4, blocks=1))
    data = datasets.load_photographs([images(1, (40, 40, 3))[0]], 2, patch_size=16, workers=1)
    with pytest.raises(ValueError, match="enlarges images"):
        model.fit(data, verbose=0, callbacks=[Diagnosis(X)])


# The recipe


def test_held_out_pictures_are_not_trained_on():
    whole = images(30)
    dataset = datasets.load(whole, SHAPE, batch_size=8, flip=False, labels=np.arange(30))
    real, held_out = dataset.sample(5), dataset.hold_out(10)
    np.testing.assert_array_equal(held_out[0], whole[held_out[1]])
    np.testing.assert_array_equal(real[0], whole[real[1]])
    assert (dataset.num_images, len(dataset)) == (20, 3)
    seen = np.concatenate([dataset[i][1] for i in range(3)])
    assert sorted([*seen, *held_out[1]]) == list(range(30))
    again = datasets.load(whole, SHAPE, labels=np.arange(30)).hold_out(10)
    np.testing.assert_array_equal(again[1], held_out[1])
    for n in (0, 20, -1):
        with pytest.raises(ValueError, match=f"Of 20 pictures {n} cannot be held out"):
            dataset.hold_out(n)


def header(run):
    lines = (run / "log.csv").read_text().splitlines()
    assert len({line.count(",") for line in lines}) == 1
    return lines[0].split(",")


def test_a_run_holds_pictures_out_unless_it_began_without(tmp_path):
    np.save(tmp_path / "pictures.npy", images(220))
    options = {"size": 8, "channels": 1, "width": 8, "augment": False, "batch_size": 64}

    def run(name, epochs):
        zoo.train("mlp", tmp_path / "pictures.npy", tmp_path / name, epochs=epochs, **options)
        return tomllib.loads((tmp_path / name / "recipe.toml").read_text())

    assert run("new", 1)["held_out"] == 50
    assert {"real_over_held_out", "diversity"} <= set(header(tmp_path / "new"))
    assert zoo.info(tmp_path / "new")["training"]["images"] == 170
    assert run("new", 2)["held_out"] == 50
    # As an earlier version left it.
    (tmp_path / "old").mkdir()
    recipe = (tmp_path / "new" / "recipe.toml").read_text()
    (tmp_path / "old" / "recipe.toml").write_text(recipe.replace("held_out = 50\n", ""))
    (tmp_path / "old" / "log.csv").write_text("epoch,generator_loss,seconds\n")
    assert "held_out" not in run("old", 1)
    last = (tmp_path / "old" / "log.csv").read_text().splitlines()[-1]
    assert last.count(",") < len(header(tmp_path / "new")) - 8


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


def test_a_run_that_sees_one_mode_and_a_generator_that_does_not_move_are_warned_of():
    with pytest.warns(UserWarning, match="mode collapse: .* Try first: ") as seen:
        ring_run(ring(2560, kinds=1), (5e-3, 5e-3))
    assert len([w for w in seen if "mode collapse" in str(w.message)]) == 1
    with pytest.warns(UserWarning, match="the generator has stalled"):
        ring_run(ring(1280), (5e-3, 1e-7))


@pytest.mark.filterwarnings("error::UserWarning")
def test_a_healthy_run_is_not_warned_of():
    ring_run(ring(6400), (2e-3, 2e-3))
