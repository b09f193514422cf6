"""The figures of sounds, each beside what it is by definition."""

import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image

from kerasgan import cli, metrics, models, networks, zoo
from kerasgan.modalities import Audio, Spectrograms

RATE, LENGTH = 8000, 512
pytestmark = pytest.mark.without_backend


def test_the_spread_is_the_root_mean_square_of_pairs_of_one_label():
    random = np.random.default_rng(0)
    rows, labels = random.standard_normal((20, 3)), np.arange(20) % 4
    pairs = [
        ((rows[i] - rows[j]) ** 2).sum()
        for i in range(20)
        for j in range(20)
        if i != j and labels[i] == labels[j]
    ]
    assert metrics.spread(rows, labels) == pytest.approx(np.mean(pairs) ** 0.5)


def test_features_of_a_sound_are_its_own_and_tell_its_pitch():
    times = np.arange(LENGTH) / RATE
    tones = np.stack([np.sin(2 * np.pi * hertz * times) for hertz in (300, 310, 2000)])[..., None]
    tones = np.rint(tones * 16384).astype("int16")
    together = metrics.sound_features(tones, RATE)
    alone = metrics.sound_features(tones[:1] / 32768, RATE)
    np.testing.assert_allclose(together[:1], alone, atol=1e-3)
    near, far = (np.linalg.norm(together[0] - row) for row in together[1:])
    assert 4 * near < far


@pytest.fixture
def paths(tmp_path):
    """A tiny entry of two labels, its sounds and a classifier of them."""
    keras.utils.set_random_seed(0)
    pair = networks.wavegan(
        (LENGTH, 1), latent_dim=4, width=2, label_dim=2, conditioning="auxiliary"
    )
    model = models.ConditionalWaveGAN(*pair, modality=Audio(RATE), seed=0)
    zoo.save(model, tmp_path / "entry", recipe={"data": {"labels": True}})
    for name, scale in (("0", 9000), ("1", 900)):
        (tmp_path / "sounds" / name).mkdir(parents=True)
        for i in range(4):
            noise = np.random.default_rng(i).standard_normal((1, LENGTH, 1)) * scale
            Audio(RATE).write(noise.astype("int16"), tmp_path / "sounds" / name / f"{i}.wav")
    inputs = keras.Input((LENGTH, 1))
    x = layers.Conv1D(3, 9, 4, activation="relu")(inputs)
    outputs = layers.Dense(2)(layers.GlobalAveragePooling1D()(x))
    keras.Model(inputs, outputs, name="judge").save(tmp_path / "judge.keras")
    return tmp_path


def test_the_command_prints_what_a_classifier_hears(paths, capsys):
    words = ["evaluate", paths / "entry", "--data", paths / "sounds", "-n", 6, "--seed", 1]
    words += ["--features", paths / "judge.keras", "--neighbours", paths / "near.png"]
    assert cli.main([str(word) for word in words]) == 0
    printed = capsys.readouterr().out
    figures = {line[:34].strip(): line[34:].split()[0] for line in printed.splitlines()[:-1]}

    model, judge = zoo.load(paths / "entry"), keras.saving.load_model(paths / "judge.keras")
    asked = [0, 0, 0, 1, 1, 1]
    made = model.generate(6, seed=1, labels=asked) / np.float32(32768)
    logits = judge.predict(made, verbose=0)
    assert float(figures["label agreement"]) == pytest.approx(
        np.mean(logits.argmax(1) == asked), abs=1e-4
    )
    shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    each = np.sum(shares * np.log(shares / shares.mean(0)), axis=1)
    assert float(figures["inception score"]) == pytest.approx(np.exp(np.mean(each)), abs=1e-4)
    assert figures["generated"] == "6" and figures["real"] == "8"
    with Image.open(paths / "near.png") as picture:
        assert np.ptp(np.asarray(picture)) > 0


def test_a_classifier_hears_what_is_made_as_spectrograms(paths):
    options = models.ConditionalSpecGAN.network_options
    pair = networks.dcgan((32, 32, 1), latent_dim=4, width=2, label_dim=2, **options)
    modality = Spectrograms(RATE, frame_length=64, hop=16, frames=32)
    model = models.ConditionalSpecGAN(*pair, modality=modality, seed=0)
    zoo.save(model, paths / "spectrograms", recipe={"data": {"labels": True}})
    given = paths / "spectrograms", paths / "sounds", paths / "judge.keras"
    found = zoo.evaluate(*given, n=4, seed=1)
    judge = keras.saving.load_model(paths / "judge.keras")
    made = model.generate(4, seed=1, labels=[0, 0, 1, 1]) / np.float32(32768)
    right = judge.predict(made, verbose=0).argmax(1) == [0, 0, 1, 1]
    assert found["label_agreement"] == np.mean(right)


def test_a_classifier_of_something_else_is_refused_by_its_name(paths):
    inputs = keras.Input((9, 1))
    keras.Model(inputs, layers.Dense(2)(layers.Flatten()(inputs))).save(paths / "other.keras")
    for wrong in ("other.keras", "missing.keras"):
        with pytest.raises(ValueError, match=wrong):
            zoo.evaluate(paths / "entry", paths / "sounds", paths / wrong, n=4)
