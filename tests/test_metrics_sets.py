"""Metrics between sets of features, against the formulas of their papers."""

import numpy as np
import pytest

from kerasgan import metrics

RANDOM = np.random.default_rng(0)
MIX = RANDOM.normal(size=(12, 12))


def features(n=200, shift=0.0, scale=1.0, seed=1):
    normal = np.random.default_rng(seed).normal(size=(n, 12))
    return (np.maximum(normal @ MIX * scale, -1.0) + shift).astype("float32")


REAL, FAKE = features(), features(150, 0.4, 1.2, seed=2)


def in_batches(metric, real=REAL, fake=FAKE, sizes=(70, 31)):
    """As a user streams: batches of unequal sizes, of one side and of both."""
    for side, samples, size in (("real", real, sizes[0]), ("generated", fake, sizes[1])):
        for i in range(0, len(samples), size):
            metric.update_state(**{side: samples[i : i + size]})
    return metric


def frechet(real, fake):
    linalg = pytest.importorskip("scipy.linalg")
    real, fake = real.astype("float64"), fake.astype("float64")
    one, two = np.cov(real, rowvar=False), np.cov(fake, rowvar=False)
    gap = real.mean(0) - fake.mean(0)
    return gap @ gap + np.trace(one + two - 2 * linalg.sqrtm(one @ two).real)


def kernel_distance(real, fake):
    def kernel(a, b):
        return (a.astype("float64") @ b.T.astype("float64") / a.shape[1] + 1) ** 3

    n, m = len(real), len(fake)
    own = [kernel(x, x)[~np.eye(len(x), dtype=bool)].sum() for x in (real, fake)]
    return own[0] / (n * (n - 1)) + own[1] / (m * (m - 1)) - 2 * kernel(real, fake).sum() / (n * m)


def distances(a, b):
    return np.linalg.norm(a[:, None].astype("float64") - b[None], axis=-1)


@pytest.mark.parametrize("offset", [0.0, 1000.0])
def test_frechet_distance_is_the_published_formula(offset):
    """An offset of 1,000 would cost sums of squares in float32 all their digits."""
    real, fake = REAL + np.float32(offset), FAKE + np.float32(offset)
    metric = in_batches(metrics.FrechetInceptionDistance(None), real, fake)
    assert metric.result() == pytest.approx(frechet(real, fake), rel=1e-6)


@pytest.mark.filterwarnings("ignore:Matrix is singular")
@pytest.mark.parametrize("constant", [False, True], ids=["few samples", "dead feature"])
def test_frechet_distance_of_singular_covariances(constant):
    real, fake = (REAL.copy(), FAKE.copy()) if constant else (REAL[:9], FAKE[:8])
    if constant:
        real[:, 3] = fake[:, 3] = 0.5
    metric = in_batches(metrics.FrechetInceptionDistance(None), real, fake)
    assert metric.result() == pytest.approx(frechet(real, fake), rel=1e-4)


def test_frechet_distance_of_a_set_with_itself_and_of_two_halves():
    own = in_batches(metrics.FrechetInceptionDistance(None), fake=REAL).result()
    halves = in_batches(metrics.FrechetInceptionDistance(None), REAL[::2], REAL[1::2]).result()
    apart = in_batches(metrics.FrechetInceptionDistance(None)).result()
    assert own == pytest.approx(0, abs=1e-8)
    assert 1e-3 < float(halves) < float(apart) / 2


def test_frechet_distance_of_constant_sets():
    metric = metrics.FrechetInceptionDistance(None)
    metric.update_state(np.zeros((4, 3)), np.full((5, 3), 2.0))
    assert metric.result() == 12.0


def test_kernel_distance_is_the_published_formula():
    metric = metrics.KernelInceptionDistance(None, subsets=1, subset_size=150)
    result = in_batches(metric, REAL[:150]).result()
    assert result == pytest.approx(kernel_distance(REAL[:150], FAKE), rel=1e-4)


def test_kernel_distance_has_a_mean_and_an_error_over_subsets():
    metric = metrics.KernelInceptionDistance(None, subsets=200, subset_size=40, seed=3)
    result = in_batches(metric).result()
    whole = kernel_distance(REAL, FAKE)
    assert abs(result - whole) < 4 * result.standard_error
    assert result.standard_error == pytest.approx(result.standard_deviation / np.sqrt(200))
    assert metric.result() == result
    again = metrics.KernelInceptionDistance(None, subsets=200, subset_size=40, seed=4)
    assert in_batches(again).result() != result


def test_kernel_distance_is_unbiased_around_zero():
    metric = metrics.KernelInceptionDistance(None, subsets=50, subset_size=50)
    values = [
        float(in_batches(metric, features(60, seed=s), features(60, seed=s + 100)).result())
        for s in range(12)
        if metric.reset_state() is None
    ]
    assert min(values) < 0 < max(values)


def test_the_inception_score_is_the_published_formula():
    logits = RANDOM.normal(size=(101, 7)).astype("float32") * 3
    p = np.exp(logits.astype("float64"))
    p /= p.sum(1, keepdims=True)
    parts = [p[i::4] for i in range(4)]
    scores = [np.exp((q * np.log(q / q.mean(0))).sum(1).mean()) for q in parts]
    metric = in_batches(metrics.InceptionScore(None, splits=4), [], logits)
    assert metric.result() == pytest.approx(np.mean(scores), rel=1e-6)
    assert metric.result().standard_deviation == pytest.approx(np.std(scores), rel=1e-6)
    same = in_batches(metrics.InceptionScore(None, splits=4, from_logits=False), [], p)
    assert same.result() == pytest.approx(np.mean(scores), rel=1e-6)


def test_the_inception_score_of_sure_and_varied_answers_is_the_number_of_classes():
    metric = metrics.InceptionScore(None, splits=1, from_logits=False)
    metric.update_state(None, np.tile(np.eye(5), (6, 1)))
    assert metric.result() == pytest.approx(5.0)
    metric.reset_state()
    metric.update_state(None, np.full((9, 5), 0.2))
    assert metric.result() == pytest.approx(1.0)


def test_precision_recall_density_and_coverage_are_the_published_formulas(monkeypatch):
    monkeypatch.setattr("kerasgan.metrics.neighbours.BLOCK", 37)
    own_real, own_fake = (np.sort(distances(x, x), axis=1) for x in (REAL, FAKE))
    cross = distances(REAL, FAKE)
    found = in_batches(metrics.PrecisionRecall(None)).result()
    assert found["precision"] == np.mean((cross <= own_real[:, [3]]).any(axis=0))
    assert found["recall"] == np.mean((cross <= own_fake[:, 3]).any(axis=1))
    found = in_batches(metrics.DensityCoverage(None)).result()
    assert found["density"] == pytest.approx((cross < own_real[:, [5]]).sum() / (5 * len(FAKE)))
    assert found["coverage"] == np.mean((cross < own_real[:, [5]]).any(axis=1))


def test_dropped_modes_cost_recall_and_coverage_and_noise_precision_and_density():
    modes = np.repeat(np.eye(6, 12) * 8, 60, axis=0).astype("float32")
    noise = [np.random.default_rng(s).normal(size=modes.shape) for s in range(3)]
    real = (modes + noise[0]).astype("float32")

    def figures(fake):
        fake = fake.astype("float32")
        kinds = (metrics.PrecisionRecall, metrics.DensityCoverage)
        found = [in_batches(kind(None), real, fake).result() for kind in kinds]
        return {name: float(value) for name, value in (found[0] | found[1]).items()}

    good = figures(modes + noise[1])
    dropped = figures(modes[: len(modes) // 2] + noise[1][: len(modes) // 2])
    noisy = figures(modes + 3 * noise[1])
    assert dropped["recall"] < 0.7 * good["recall"] and dropped["coverage"] < 0.6 * good["coverage"]
    assert dropped["precision"] > 0.9 * good["precision"]
    assert noisy["precision"] < 0.7 * good["precision"] and noisy["density"] < 0.7 * good["density"]


def test_a_memorised_image_is_found():
    samples = FAKE[:20].copy()
    samples[7] = REAL[123]
    result = in_batches(metrics.NearestTrainingImageDistance(None), REAL, samples).result()
    expected = distances(samples, REAL)
    np.testing.assert_allclose(result.distances, expected.min(1), atol=1e-5)
    np.testing.assert_array_equal(result.indices, expected.argmin(1))
    assert result.distances.argmin() == 7 and result.indices[7] == 123
    assert result == pytest.approx(np.median(expected.min(1)))


def test_the_ratio_of_copies_is_nothing_and_of_new_samples_about_one():
    new = in_batches(metrics.NearestTrainingImageDistance(None), REAL, features(200, seed=5))
    copies = in_batches(metrics.NearestTrainingImageDistance(None), REAL, REAL[:50])
    among = distances(REAL, REAL) + np.diag(np.full(len(REAL), np.inf))
    assert new.result().ratio == pytest.approx(new.result() / np.median(among.min(1)), rel=1e-4)
    assert 0.8 < new.result().ratio < 1.2
    assert copies.result().ratio < 1e-5


def test_more_samples_than_are_kept_are_drawn_evenly():
    counts = np.zeros(40)
    rows = np.arange(40, dtype="float32")[:, None]
    for seed in range(300):
        metric = metrics.KernelInceptionDistance(
            None, subset_size=10, max_samples=10, subsets=1, seed=seed
        )
        in_batches(metric, rows, rows, sizes=(7, 40))
        kept = metric.real.rows[:, 0].astype(int)
        assert len(set(kept)) == 10 == metric.result().num_real
        counts[kept] += 1
    # 75 expected of each, standard deviation 7.5.
    assert counts.min() > 75 - 4 * 7.5 and counts.max() < 75 + 4 * 7.5


@pytest.mark.parametrize(
    "metric, least",
    [
        (metrics.FrechetInceptionDistance(None), 2),
        (metrics.KernelInceptionDistance(None, subset_size=20), 20),
        (metrics.PrecisionRecall(None), 4),
        (metrics.DensityCoverage(None), 6),
    ],
    ids=lambda value: type(value).__name__,
)
def test_too_few_samples_are_refused(metric, least):
    in_batches(metric, REAL, FAKE[: least - 1])
    with pytest.raises(ValueError, match=f"at least {least} generated.*{least - 1}"):
        metric.result()
    metric.update_state(generated=FAKE[:1])
    metric.result()
    metric.reset_state()
    with pytest.raises(ValueError, match="at least .* real samples. Received: 0"):
        metric.result()


@pytest.mark.parametrize(
    "make",
    [
        lambda: metrics.KernelInceptionDistance(None, subset_size=1),
        lambda: metrics.KernelInceptionDistance(None, subset_size=20, max_samples=10),
        lambda: metrics.PrecisionRecall(None, k=0),
        lambda: metrics.InceptionScore(None, splits=0),
    ],
)
def test_settings_out_of_range_are_refused(make):
    with pytest.raises(ValueError, match="Received: "):
        make()


# Results.


def test_a_result_is_a_float_that_says_what_it_was_measured_on():
    metric = metrics.KernelInceptionDistance(None, subsets=2, subset_size=50, seed=5)
    result = in_batches(metric).result()
    assert (result.num_real, result.num_generated, result.seed) == (200, 150, 5)
    assert result.metric == "KernelInceptionDistance" and result.subset_size == 50
    assert f"{result:.3f}" == f"{float(result):.3f}"
    assert "num_generated=150" in repr(result)


def test_results_of_the_same_conditions_are_compared():
    near = in_batches(metrics.FrechetInceptionDistance(None), fake=features(150, seed=3)).result()
    far = in_batches(metrics.FrechetInceptionDistance(None)).result()
    assert near < far and far >= near and near < 100 and max(near, far) is far
    assert far - near == float(far) - float(near)


@pytest.mark.parametrize(
    "other, difference",
    [
        (lambda: in_batches(metrics.FrechetInceptionDistance(None), fake=FAKE[:99]), "num_gen"),
        (lambda: in_batches(metrics.FrechetInceptionDistance(None), REAL[:99]), "num_real: .*99"),
        (lambda: in_batches(metrics.KernelInceptionDistance(None, subset_size=9)), "metric"),
    ],
)
def test_results_of_other_conditions_are_refused(other, difference):
    result, other = in_batches(metrics.FrechetInceptionDistance(None)).result(), other().result()
    for compare in (lambda: result < other, lambda: other >= result, lambda: result - other):
        with pytest.raises(ValueError, match=f"(?s)cannot be compared.*{difference}"):
            compare()


@pytest.mark.without_backend
@pytest.mark.parametrize(
    "metric", [metrics.FrechetInceptionDistance, metrics.PrecisionRecall, metrics.DensityCoverage]
)
def test_sets_of_another_range_or_other_channels_are_refused(metric, monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    grey = np.random.default_rng(0).integers(0, 256, (8, 6, 6, 1), "uint8")
    with pytest.raises(ValueError, match=r"[Ii]mages in \[0, 1\] must be scaled to \[-1, 1\]"):
        metric(None).update_state(real=grey / 255.0)
    both = metric(None)
    both.set_real(grey)
    with pytest.raises(ValueError, match="grey and colour do not compare. Received: 36 .* 108"):
        both.update_state(generated=grey.repeat(3, axis=-1))
    both.set_real(grey)  # out of the cache
    with pytest.raises(ValueError, match="grey and colour do not compare"):
        both.update_state(generated=grey.repeat(3, axis=-1))
