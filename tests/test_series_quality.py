"""Figures of synthetic series, on series whose answer is known; and from the command line."""

import numpy as np
import pandas as pd
import pytest
from test_series import walk

from kerasgan import zoo
from kerasgan.cli import main
from kerasgan.metrics import SeriesQuality
from kerasgan.modalities import Series

pytestmark = pytest.mark.without_backend


def waves(n=400, length=12, seed=0, noise=0.0):
    """The second variable is the first a step earlier."""
    random = np.random.default_rng(seed)
    phases = random.uniform(0, 2 * np.pi, (n, 1))
    angle = phases + np.arange(length + 1) * 0.5
    both = np.stack([np.sin(angle[:, 1:]), np.sin(angle[:, :-1])], axis=2)
    return (both + noise * random.normal(size=both.shape)).astype("float32")


def quality(real, synthetic):
    return SeriesQuality(Series.of(real), real, synthetic)


def test_a_classifier_cannot_tell_like_from_like():
    real = waves(length=4)
    assert quality(real, waves(length=4, seed=1)).discriminative_score(steps=10) < 0.12


@pytest.mark.slow
def test_a_classifier_tells_what_differs():
    real = waves()
    assert quality(real, np.ones_like(real)).discriminative_score() > 0.3


@pytest.mark.slow
def test_a_predictor_learns_from_useful_series_and_not_from_noise():
    real = waves()
    noise = np.random.default_rng(2).uniform(-1, 1, real.shape).astype("float32")
    useful = quality(real, waves(seed=1)).predictive_score(steps=2000)
    useless = quality(real, noise)
    assert useful < 0.8 * useless.predictive_score(steps=2000)
    assert useless.predictive_score(steps=2000, of_real=True) == pytest.approx(useful, rel=0.2)


def test_the_spectrum_of_a_wave_is_at_its_frequency():
    angle = 2 * np.pi * np.arange(16) / 16
    phases = np.random.default_rng(0).uniform(0, 2 * np.pi, (20, 1))
    slow, fast = (np.sin(k * angle + phases)[..., None].astype("float32") for k in (2, 5))
    found = quality(slow, fast)
    for spectrum, k in zip(found.spectra(), (2, 5)):
        expected = np.zeros(8)
        expected[k - 1] = 1.0
        np.testing.assert_allclose(spectrum[:, 0], expected, atol=1e-5)
    assert found.differences()["spectrum_difference"] == pytest.approx(1.0, abs=1e-4)
    assert quality(slow, slow).differences() == dict.fromkeys(found.differences(), 0.0)


def test_autocorrelation_is_that_of_its_definition():
    real = waves(5)
    series = real[..., 0].astype("float64")
    moved = series - series.mean(axis=1, keepdims=True)
    expected = [np.mean([m[: 12 - lag] @ m[lag:] / (m @ m) for m in moved]) for lag in range(12)]
    found = quality(np.repeat(real, 2, axis=0), waves(10, seed=1)).autocorrelations()[0]
    np.testing.assert_allclose(found[:, 0], expected, atol=1e-4)


def test_series_that_do_not_fit_are_refused():
    real = waves(20)
    with pytest.raises(ValueError, match="of one length. Received: 12 and 6"):
        quality(real, real[:, :6])
    with pytest.raises(ValueError, match="synthetic must hold 10 series or more. Received: 9"):
        quality(real, real[:9])
    with pytest.raises(ValueError, match=r"Variables: x0, x1.* Received in synthetic"):
        quality(real, real[..., :1])


def test_a_series_from_the_command_line(tmp_path):
    frame = pd.DataFrame(walk(80), columns=["price", "volume"])
    frame.to_csv(tmp_path / "series.csv", index=False)
    run, out = tmp_path / "run", tmp_path / "made.csv"
    words = ["train", "series_gan", "--data", str(tmp_path / "series.csv"), "--out", str(run)]
    words += ["--epochs", "1", "--batch-size", "16", "data.length=6", "networks.width=8"]
    assert main(words) == 0
    card = zoo.info(run)
    assert (card["modality"], card["variables"]) == ("series", ["price", "volume"])
    assert card["samples"] == [6, 3] and (run / "grids" / "epoch_0001.png").exists()
    assert main(["generate", str(run), "-n", "5", "--seed", "1", "-o", str(out)]) == 0
    made = pd.read_csv(out)
    assert list(made) == ["series", "step", "price", "volume"] and len(made) == 30
    assert made["price"].between(frame["price"].min() - 1e-3, frame["price"].max() + 1e-3).all()
    words = ["evaluate", str(run), "-n", "40", "--data", str(tmp_path / "series.csv")]
    assert main([*words, "--crop", "3"]) == 2
    other = tmp_path / "other.csv"
    frame.rename(columns={"price": "cost"}).to_csv(other, index=False)
    assert main(["evaluate", str(run), "-n", "40", "--data", str(other)]) == 2
