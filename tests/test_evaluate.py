"""`kerasgan evaluate`: the figures of an entry, printed, written and put on its card."""

import json

import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image
from tiny import images, mlp_gan

from kerasgan import cli, metrics, zoo


@pytest.fixture
def paths(tmp_path):
    """A tiny entry, its data and a classifier."""
    zoo.save(mlp_gan(), tmp_path / "entry")
    np.save(tmp_path / "data.npy", images(64))
    inputs = keras.Input((None, None, 3))
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(6, 3, activation="relu")(inputs))
    keras.Model(inputs, layers.Dense(10)(x), name="classifier").save(tmp_path / "network.keras")
    return tmp_path


def command(paths, *more):
    names = [str(paths / name) for name in ("entry", "data.npy", "network.keras")]
    return ["evaluate", names[0], "--data", names[1], "--features", names[2], "-n", "48", *more]


def test_the_command_prints_writes_and_keeps_the_figures(paths, capsys):
    out = paths / "figures.json"
    assert cli.main(command(paths, "--json", str(out), "--card")) == 0
    printed = capsys.readouterr().out
    figures = json.loads(out.read_text())
    assert f"{figures['frechet_distance']:.5g}" in printed and "classifier" in printed
    assert {"precision", "recall", "density", "coverage"} <= set(figures)
    assert figures["generated"] == 48 and figures["real"] == 48
    card = zoo.info(paths / "entry")["metrics"]
    assert card["frechet_distance"] == float(f"{figures['frechet_distance']:.5g}")
    assert card["script"] == "kerasgan evaluate"
    # The card is no file that the card checks.
    zoo.load(paths / "entry")


def test_too_few_samples_are_refused(paths, capsys):
    assert cli.main(command(paths, "-n", "0")) == 2
    assert "n must be at least 4" in capsys.readouterr().err


def test_the_distance_is_the_metrics_own(paths):
    with pytest.warns(UserWarning, match="Of 64 samples and 64 pictures .* mostly chance"):
        figures = zoo.evaluate(
            paths / "entry", paths / "data.npy", paths / "network.keras", n=64, seed=3
        )
    classifier = keras.saving.load_model(paths / "network.keras")
    metric = metrics.FrechetInceptionDistance(
        keras.Model(classifier.input, classifier.layers[-2].output)
    )
    samples = zoo.load(paths / "entry").generate(64, seed=3)
    metric.update_state(np.load(paths / "data.npy"), samples)
    assert figures["frechet_distance"] == pytest.approx(float(metric.result()), rel=1e-4)


def test_the_nearest_training_pictures_are_shown(paths):
    samples = zoo.load(paths / "entry").generate(48, seed=0)
    # More than a batch of other pictures before them.
    np.save(paths / "data.npy", np.concatenate([*[255 - samples] * 3, samples[:8]]))
    assert cli.main(command(paths, "--neighbours", str(paths / "nearest.png"))) == 0
    with Image.open(paths / "nearest.png") as picture:
        shown, originals = np.split(np.asarray(picture), 2)
    np.testing.assert_array_equal(shown, originals)


def test_what_cannot_be_measured_is_named(paths, capsys):
    (paths / "broken.keras").write_text("no network")
    for features in ("broken.keras", "nowhere.keras"):
        arguments = command(paths)
        arguments[arguments.index("--features") + 1] = str(paths / features)
        assert cli.main(arguments) == 2
        assert f"{features}' cannot be read as a feature network" in capsys.readouterr().err
    zoo.save(mlp_gan(shape=(2,)), paths / "points")
    with pytest.raises(
        ValueError, match="makes neither images, sounds, music, series, fields, sequences"
    ):
        zoo.evaluate(paths / "points", paths / "data.npy", paths / "network.keras")
