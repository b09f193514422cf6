"""The benchmark that counts modes, on samples whose modes are known."""

import importlib
from pathlib import Path

import numpy as np
import pytest

from kerasgan import models

K = 8


@pytest.fixture(scope="module")
def benchmark():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(Path(__file__).parents[1] / "benchmarks")
        return importlib.import_module("mode_coverage")


@pytest.fixture
def ring(benchmark):
    return benchmark.TASKS["ring"](None)


def test_every_model_is_counted(benchmark):
    generating = [cls for cls in models.MODELS.values() if cls.verb == "generate"]
    names = {cls.__name__ for cls in generating if cls not in benchmark.OWN_NETWORKS}
    assert names <= set(benchmark.variants(1))


@pytest.mark.parametrize("found", [1, 3, K])
def test_samples_on_some_of_the_modes(ring, found):
    score = ring.score(np.repeat(ring.means[:found], 50, axis=0))
    assert (score["modes"], score["of"], score["high_quality"]) == (found, K, 1.0)
    assert score["reverse_kl"] == pytest.approx(np.log(K / found), abs=1e-4)


def test_only_three_deviations_around_a_mean_count(ring):
    near, far = (ring.means + [0.0, d * ring.deviation] for d in (2.9, 3.1))
    score = ring.score(np.concatenate([near[:2], far]))
    assert (score["modes"], score["high_quality"]) == (2, 0.2)
    assert score["reverse_kl"] == pytest.approx(np.log(K / 2), abs=1e-4)


@pytest.mark.parametrize("sample", [0.0, np.nan], ids=["between the modes", "NaN"])
def test_samples_on_no_mode(ring, sample):
    score = ring.score(np.full((10, 2), sample))
    assert (score["modes"], score["high_quality"]) == (0, 0.0)
    assert np.isnan(score["reverse_kl"])


def test_noise_over_the_grid_finds_modes_but_is_not_of_high_quality(benchmark):
    noise = np.random.default_rng(0).uniform(-4.15, 4.15, (2500, 2))
    score = benchmark.TASKS["grid"](None).score(noise)
    assert score["modes"] > 15 and score["high_quality"] < 0.05


@pytest.mark.parametrize("name, k", [("ring", 8), ("grid", 25)])
def test_the_data_themselves_are_found_whole(benchmark, name, k):
    task = benchmark.TASKS[name](None)
    points, labels = task.data(np.random.default_rng(0))
    assert points.dtype == "float32" and labels.max() == k - 1
    score = task.score(points[: task.samples])
    assert score["modes"] == score["of"] == k
    # P(|x| < 3 deviations) in the plane, and the bias of a histogram's KL.
    assert score["high_quality"] == pytest.approx(1 - np.exp(-4.5), abs=0.01)
    assert score["reverse_kl"] == pytest.approx((k - 1) / (2 * task.samples), abs=0.004)


def test_reverse_kl_is_of_the_samples_against_the_data(benchmark):
    data, half = np.array([1, 1, 2]), np.array([5, 5, 0])
    assert benchmark.reverse_kl(3 * data, data) == pytest.approx(0.0)
    assert benchmark.reverse_kl(half, data) == pytest.approx(np.log(2))


@pytest.fixture
def stacked(benchmark):
    """Digits whose one pixel is the digit, one of each but two nines, and who reads them."""

    class Reader:
        def predict(self, channels, **options):
            return np.eye(10)[channels[:, 0, 0, 0]]

    task = object.__new__(benchmark.StackedMNIST)
    task.digits = np.array([*range(10), 9])
    task.images = np.broadcast_to(task.digits[:, None, None, None], (11, 32, 32, 1)).astype("uint8")
    task.classifier = Reader()
    return task


def test_digits_of_the_channels_make_a_number(stacked):
    images = np.broadcast_to([[[[0, 4, 2]]], [[[9, 9, 9]]]], (2, 32, 32, 3)).astype("uint8")
    score = stacked.score(images)
    assert (score["modes"], score["of"]) == (2, 1000)
    # Data: 1/11³ and (2/11)³.
    kl = 0.5 * np.log(0.5 * 11**3) + 0.5 * np.log(0.5 * (11 / 2) ** 3)
    assert score["reverse_kl"] == pytest.approx(kl, abs=1e-4)


def test_stacked_digits_know_their_labels(stacked, monkeypatch):
    monkeypatch.setattr(stacked, "images", stacked.images[:, :1, :1])
    images, labels = stacked.data(np.random.default_rng(0))
    assert images.shape == (128_000, 1, 1, 3) and labels.shape == (128_000, 30)
    np.testing.assert_array_equal(labels.reshape(-1, 3, 10).argmax(-1), images[:, 0, 0])


def test_a_run_is_kept_once_and_summed_up_over_seeds(benchmark, tmp_path):
    path = tmp_path / "rows.csv"
    row = {"task": "stacked_mnist", "model": "R3GAN", "steps": 1, "batch_size": 1, "width": 1}
    row |= {"backend": "jax", "told_label": False, "of": 1000, "high_quality": ""}
    for seed, modes in [(0, 5), (1, 980), (0, 1000)]:
        score = {"modes": modes, "reverse_kl": 0.25, "images_per_second": 100}
        benchmark.write(path, benchmark.KEY, row | {"seed": seed} | score)
    rows = benchmark.read(path, benchmark.KEY)
    assert [r["modes"] for r in rows.values()] == ["1000", "980"]
    line = benchmark.table(["GAN", "R3GAN"], list(rows.values())).splitlines()[2]
    expected = "| R3GAN | 990.0 ± 14.1 of 1000 |  | 0.250 | 100 | 1000, KL 0.0781 (Table 1) |"
    assert line == expected
