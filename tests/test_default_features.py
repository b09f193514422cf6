"""The feature network that comes along: its figures are sane, and named."""

import keras
import numpy as np
import pytest
from tiny import images, mlp_gan

from kerasgan import cli, metrics, zoo

NAME = "kerasgan_features_v1"


@pytest.fixture(scope="module")
def network():
    return metrics.default_features()


def disks(n, seed, side=32):
    """Pictures of a disk of some colour, size and place on another colour."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side] / side
    place, radius = random.uniform(0.3, 0.7, (2, n, 1, 1)), random.uniform(0.1, 0.3, (n, 1, 1))
    inside = (x - place[0]) ** 2 + (y - place[1]) ** 2 < radius**2
    colours = random.integers(0, 256, (2, n, 1, 1, 3))
    return np.where(inside[..., None], colours[0], colours[1]).astype("uint8")


def test_its_distance_grows_from_like_to_noisy_to_other_pictures(network):
    extract = metrics.FeatureNetwork(network)
    one, two = disks(300, 0), disks(300, 1)
    noise = np.random.default_rng(0).normal(0, 24, two.shape)
    noisy = np.clip(two + noise, 0, 255).astype("uint8")
    real, found = extract(one), []
    for other in (two, noisy, images(300, (32, 32, 3))):
        metric = metrics.FrechetInceptionDistance(network)
        metric.update_state(real, extract(other))
        found.append(float(metric.result()))
    assert found[0] < found[1] / 2 < found[2] / 4


@pytest.mark.parametrize("shape", [(8, 8, 1), (8, 12, 3), (28, 28, 1), (96, 96, 3)])
def test_it_takes_grey_and_colour_of_any_size(network, shape):
    features = metrics.FeatureNetwork(network)(images(2, shape))
    assert features.shape == (2, 384) and (features[0] != features[1]).any()


def test_its_features_are_the_same_on_every_backend(network):
    picture = np.arange(16 * 16 * 3, dtype="uint8").reshape(1, 16, 16, 3)
    features = metrics.FeatureNetwork(network)(picture)[0]
    known = [0.06313, 0.72806, 2.09372, 0.0]
    np.testing.assert_allclose(features[[0, 100, 200, 300]], known, rtol=2e-3, atol=2e-3)


def test_it_does_not_follow_the_programs_own_dtype(network):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        half = metrics.FeatureNetwork(metrics.default_features())(images(2, (16, 16, 3)))
    finally:
        keras.config.set_dtype_policy(before)
    full = metrics.FeatureNetwork(network)(images(2, (16, 16, 3)))
    np.testing.assert_allclose(half, full, rtol=1e-5, atol=1e-6)


@pytest.mark.filterwarnings("ignore:Of 48 samples")
def test_evaluate_takes_it_by_default_and_says_so(tmp_path, capsys):
    zoo.save(mlp_gan(), tmp_path / "entry")
    np.save(tmp_path / "data.npy", images(64))
    names = [str(tmp_path / name) for name in ("entry", "data.npy")]
    assert cli.main(["evaluate", names[0], "--data", names[1], "-n", "48", "--card"]) == 0
    said = capsys.readouterr().out
    known = zoo.info(names[0])["metrics"]
    assert known["network"].startswith(f"{NAME} ") and known["resize"] == [64, 64]
    assert f"only with figures of the same network, {known['network']}" in said
