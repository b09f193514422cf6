"""Metrics of pairs against scikit-image, TensorFlow, the papers' figures and bad input."""

import io
import tarfile

import keras
import numpy as np
import pytest
from PIL import Image

from kerasgan.datasets import modcrop, shrink
from kerasgan.metrics import (
    MultiScaleStructuralSimilarity,
    PeakSignalToNoiseRatio,
    StructuralSimilarity,
    multi_scale_structural_similarity,
    peak_signal_to_noise_ratio,
    structural_similarity,
)

METRICS = [PeakSignalToNoiseRatio, StructuralSimilarity, MultiScaleStructuralSimilarity]


def pair(height=48, width=40, n=2):
    """Smooth pictures and the same with noise, more of it in each next one."""
    random = np.random.default_rng(0)
    y, x = np.mgrid[:height, :width]
    waves = np.stack([np.sin(y / 9), np.cos(x / 7), np.sin((x + y) / 11)], -1)
    real = np.rint(127.5 + 100 * np.repeat(waves[None], n, 0)).astype("uint8")
    noise = random.normal(0, 1, real.shape) * 8 * np.arange(1, n + 1)[:, None, None, None]
    return real, np.clip(real + noise, 0, 255).astype("uint8")


def to_floats(images):
    return (images / 127.5 - 1).astype("float32")


def shown(metric, real, generated):
    metric.update_state(real, generated)
    return float(metric.result())


def photographs(shared_data, folder):
    with tarfile.open(shared_data / "sr_test" / "sr_test.tar") as tar:
        for member in tar:
            if member.name.startswith(f"sr_test/{folder}/") and member.isfile():
                yield Image.open(io.BytesIO(tar.extractfile(member).read()))


# Values


def test_as_scikit_image_has_them():
    theirs = pytest.importorskip("skimage.metrics")
    real, generated = pair()
    expected = [theirs.peak_signal_noise_ratio(a, b) for a, b in zip(real, generated)]
    np.testing.assert_allclose(peak_signal_to_noise_ratio(real, generated), expected, rtol=1e-12)
    paper = {
        "gaussian_weights": True,
        "sigma": 1.5,
        "use_sample_covariance": False,
        "data_range": 255,
        "channel_axis": -1,
    }
    expected = [
        theirs.structural_similarity(a.astype("float64"), b.astype("float64"), **paper)
        for a, b in zip(real, generated)
    ]
    np.testing.assert_allclose(structural_similarity(real, generated), expected, rtol=1e-9)


def test_multi_scale_similarity_as_tensorflow_has_it():
    tensorflow = pytest.importorskip("tensorflow")
    real, generated = pair(192, 208)
    expected = tensorflow.image.ssim_multiscale(real, generated, 255).numpy()
    got = multi_scale_structural_similarity(real, generated)
    np.testing.assert_allclose(got, expected, atol=1e-5)
    assert got[0] > got[1]


@pytest.mark.parametrize(
    ("folder", "ratio", "similarity"), [("set5", 28.42, 0.8104), ("set14", 26.00, 0.7027)]
)
def test_bicubic_has_the_papers_figures(shared_data, folder, ratio, similarity):
    """×4, as printed by the papers (Kim et al. 2016, Lim et al. 2017, Zhang et al. 2018).

    They shrink the luminance, rounded to 8 bits; here the three colours are, as a file has
    them, which is what the tolerance is for. Set14's grey picture they compare as it is.
    """
    scores = []
    for photograph in photographs(shared_data, folder):
        real = modcrop(photograph, 4)
        large = shrink(real, 4).resize(real.size, Image.Resampling.BICUBIC)
        comparison = {"luminance": real.mode == "RGB", "border": 4}
        real, large = (np.atleast_3d(np.array(image)) for image in (real, large))
        scores.append(
            [
                peak_signal_to_noise_ratio(real, large, **comparison)[0],
                structural_similarity(real, large, **comparison)[0],
            ]
        )
    got = np.mean(scores, 0)
    assert (np.abs(got - (ratio, similarity)) < (0.02, 0.001)).all(), got


def test_ratio_by_hand():
    real = np.zeros((1, 4, 4, 1), "uint8")
    np.testing.assert_allclose(peak_signal_to_noise_ratio(real, real + 51), 20 * np.log10(5))
    assert peak_signal_to_noise_ratio(real, real) == np.inf


def test_luminance_is_matlabs():
    # rgb2ycbcr of white, black and pure red: 235, 16 and 81.48.
    white, black = np.full((1, 2, 2, 3), 255, "uint8"), np.zeros((1, 2, 2, 3), "uint8")
    red = white * np.array([1, 0, 0], "uint8")
    for image, light in ((white, 235), (red, 16 + 65.481)):
        got = peak_signal_to_noise_ratio(image, black, luminance=True)
        np.testing.assert_allclose(got, 20 * np.log10(255 / (light - 16)), rtol=1e-6)


def test_the_border_does_not_count():
    real, generated = pair()
    spoilt = 255 - real
    spoilt[:, 3:-3, 3:-3] = generated[:, 3:-3, 3:-3]
    for function in (peak_signal_to_noise_ratio, structural_similarity):
        np.testing.assert_array_equal(
            function(real, spoilt, border=3), function(real, generated, border=3)
        )
        assert (function(real, spoilt) < function(real, generated)).all()


@pytest.mark.parametrize("metric", METRICS)
def test_equal_images_are_best(metric):
    real, generated = pair(180, 176)
    best = shown(metric(), real, real)
    assert best == pytest.approx(np.inf if metric is PeakSignalToNoiseRatio else 1.0)
    assert best > shown(metric(), real, generated)


@pytest.mark.parametrize("metric", METRICS)
def test_opposite_images_are_worst_and_no_nan(metric):
    real, _ = pair(180, 176)
    worst = shown(metric(), real, 255 - real)
    assert worst < (0 if metric is StructuralSimilarity else 10) and np.isfinite(worst)


# Kinds of input


@pytest.mark.parametrize("metric", METRICS[:2])
def test_floats_and_tensors_are_the_same_images(metric):
    real, generated = pair()
    expected = shown(metric(luminance=True, border=2), real, generated)
    for convert in (to_floats, keras.ops.convert_to_tensor):
        got = shown(metric(luminance=True, border=2), convert(real), convert(generated))
        assert got == pytest.approx(expected, rel=1e-5)
    assert shown(metric(luminance=True, border=2), real, to_floats(generated)) == pytest.approx(
        expected, rel=1e-5
    )


def test_flat_images_keep_their_digits_as_tensors():
    # In float32 the variance of a bright flat image is what is left of large numbers.
    random = np.random.default_rng(0)
    real = random.integers(250, 252, (1, 64, 64, 3), "uint8")
    generated = random.integers(250, 252, real.shape, "uint8")
    got = structural_similarity(*map(keras.ops.convert_to_tensor, (real, generated)))
    got = keras.ops.convert_to_numpy(got)
    np.testing.assert_allclose(got, structural_similarity(real, generated), atol=2e-5)


def test_mean_over_images_of_different_sizes():
    metric = PeakSignalToNoiseRatio()
    values = []
    for height, n in ((20, 3), (31, 1)):
        batch = pair(height, n=n)
        metric.update_state(*batch)
        values.extend(peak_signal_to_noise_ratio(*batch))
    assert float(metric.result()) == pytest.approx(np.mean(values), rel=1e-6)
    metric.reset_state()
    real, generated = pair()
    metric.update_state(real[1], generated[1])
    each = peak_signal_to_noise_ratio(real, generated)
    assert float(metric.result()) == pytest.approx(each[1], rel=1e-6)
    metric.reset_state()
    metric.update_state(real, generated, sample_weight=[3, 1])
    expected = np.average(each, weights=[3, 1])
    assert float(metric.result()) == pytest.approx(expected, rel=1e-6)


def test_within_a_compiled_model():
    real, _ = pair(184, 192, n=4)
    low = np.stack([shrink(image, 2) for image in real])
    model = keras.Sequential([keras.layers.Rescaling(1 / 127.5, -1), keras.layers.UpSampling2D(2)])
    model.compile(loss="mse", metrics=[metric(border=4) for metric in METRICS])
    got = model.evaluate(low, real, batch_size=2, verbose=0, return_dict=True)
    generated = low.repeat(2, 1).repeat(2, 2)
    for metric in METRICS:
        metric = metric(border=4)
        assert got[metric.name] == pytest.approx(shown(metric, real, generated), rel=1e-5)


@pytest.mark.parametrize("metric", METRICS)
def test_a_config_makes_the_same_metric(metric):
    made = metric(luminance=True, border=4, name="y")
    config = keras.saving.serialize_keras_object(made)
    assert config["registered_name"] == f"kerasgan>{metric.__name__}"
    again = keras.saving.deserialize_keras_object(config)
    assert type(again) is metric
    assert (again.luminance, again.border, again.name) == (True, 4, "y")


# Errors


@pytest.mark.parametrize(
    ("real", "generated", "options", "message"),
    [
        (np.zeros((1, 8, 8, 3), "u1"), np.zeros((1, 8, 9, 3), "u1"), {}, r"one shape.*8, 9, 3"),
        (np.zeros((1, 8, 8, 3), "u1"), np.zeros((8, 8, 3), "u1"), {}, "one shape"),
        (np.zeros((8, 8), "u1"), np.zeros((8, 8), "u1"), {}, r"Received: shape \(8, 8\)"),
        (np.zeros((0, 8, 8, 3), "u1"), np.zeros((0, 8, 8, 3), "u1"), {}, r"\(0, 8, 8, 3\)"),
        ([[0]], [[0]], {}, "Received: list"),
        (np.zeros((1, 8, 8, 3), int), np.zeros((1, 8, 8, 3), int), {}, "Received: dtype int64"),
        (np.full((1, 8, 8, 3), 255.0), np.zeros((1, 8, 8, 3)), {}, r"real.*\[255, 255\]"),
        (np.zeros((1, 8, 8, 3)), np.full((1, 8, 8, 3), 1.5), {}, r"generated.*np.clip"),
        (np.zeros((1, 8, 8, 3)), np.full((1, 8, 8, 3), np.nan), {}, "generated.*nan"),
        (np.zeros((1, 8, 8, 1), "u1"),) * 2 + ({"luminance": True}, "needs 3 channels"),
        (np.zeros((1, 8, 8, 3), "u1"),) * 2 + ({"border": 4}, "border=4"),
        (np.zeros((1, 8, 8, 3), "u1"),) * 2 + ({"border": -1}, "border=-1"),
    ],
)
def test_what_cannot_be_compared(real, generated, options, message):
    with pytest.raises(ValueError, match=message):
        PeakSignalToNoiseRatio(**options).update_state(real, generated)


def test_images_smaller_than_the_window():
    small = np.zeros((1, 18, 40, 3), "uint8")
    with pytest.raises(ValueError, match=r"11 or more.*border=4"):
        StructuralSimilarity(border=4).update_state(small, small)
    assert shown(StructuralSimilarity(border=3), small, small) == pytest.approx(1.0)
    small = np.zeros((1, 175, 200, 3), "uint8")
    with pytest.raises(ValueError, match="176 or more"):
        MultiScaleStructuralSimilarity().update_state(small, small)


def test_floats_from_0_to_1_are_warned_of():
    real, generated = pair()
    with pytest.warns(UserWarning, match=r"scaled to \[-1, 1\]"):
        shown(PeakSignalToNoiseRatio(), real / 255, generated / 255)
