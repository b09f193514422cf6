"""What images go through before they are compared, and metrics on real networks."""

import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image

from kerasgan import datasets, metrics
from kerasgan.metrics.inception import _names

RANDOM = np.random.default_rng(0)


def network(size=None, channels=3, seed=0, name="small", pooling=True):
    """Random convolutions, which order distortions as a trained network does."""
    keras.utils.set_random_seed(seed)
    x = inputs = keras.Input((size, size, channels))
    for i, filters in enumerate((8, 16)):
        x = layers.Conv2D(filters, 3, 2, activation="leaky_relu", name=f"conv_{i}")(x)
    outputs = layers.GlobalAveragePooling2D()(x) if pooling else x
    return keras.Model(inputs, outputs, name=name)


def pictures(n, size=16, channels=3, seed=0):
    """Smooth pictures of four kinds, uint8."""
    random = np.random.default_rng(seed)
    kind = np.arange(n) % 4
    y, x = np.mgrid[:size, :size] / size
    wave = np.sin(6 * (np.stack([x, y, x + y, x - y])[kind] + random.uniform(0, 2, (n, 1, 1))))
    colour = random.uniform(0.5, 1, (n, 1, 1, channels))
    return np.uint8(127.5 + 120 * wave[..., None] * colour)


def resized(images, size):
    """By Pillow's antialiased bicubic filter, in floats (Parmar et al. 2022)."""
    values = images.astype("float32") / 127.5 - 1
    channels = [
        [Image.fromarray(v[..., c]).resize(size[::-1], Image.Resampling.BICUBIC) for v in values]
        for c in range(images.shape[-1])
    ]
    return np.stack([np.stack(c) for c in channels], axis=-1).clip(-1, 1)


# The network and its input.


@pytest.mark.parametrize("size", [(9, 12), (40, 33)], ids=["smaller", "larger"])
def test_images_are_resized_as_pillow_does(size):
    images = RANDOM.integers(0, 256, (3, 24, 20, 3), "uint8")
    found = metrics.FeatureNetwork(None, resize=size)(images)
    np.testing.assert_allclose(found, resized(images, size).reshape(3, -1), atol=2e-5)


def test_uint8_and_floats_are_the_same_images():
    extract = metrics.FeatureNetwork(network())
    images = pictures(5)
    np.testing.assert_allclose(extract(images), extract(images / 127.5 - 1), atol=1e-6)


def test_grey_images_are_seen_in_three_channels():
    grey = pictures(5, channels=1)
    extract = metrics.FeatureNetwork(network())
    np.testing.assert_allclose(extract(grey), extract(np.repeat(grey, 3, -1)), atol=1e-6)


def test_preprocessing_comes_before_the_network():
    body = network()
    raw = keras.Sequential([keras.Input((None, None, 3)), layers.Rescaling(1 / 50, -2), body])
    images = pictures(70)
    found = metrics.FeatureNetwork((body, lambda x: (x + 1) * 127.5 / 50 - 2))(images)
    np.testing.assert_allclose(found, raw.predict(images, verbose=0), atol=1e-5)


def test_a_network_of_one_size_has_images_resized_to_it():
    extract = metrics.FeatureNetwork(network(size=24))
    assert extract(pictures(2, 16)).shape == extract(pictures(2, 40)).shape == (2, 16)
    assert extract.size == (24, 24)
    with pytest.raises(ValueError, match="24×24 pixels only. Received: resize=16"):
        metrics.FeatureNetwork(network(size=24), resize=16)


def test_identity_follows_weights_preprocessing_and_nothing_else():
    def identity(*arguments):
        return metrics.FeatureNetwork(*arguments).identity

    same = identity(network())
    assert same == identity(network()) and same.startswith("small ")
    others = [
        identity(network(seed=1)),
        identity((network(), lambda x: x / 2)),
        identity((network(), lambda x: x / 3)),
        identity(network(channels=1)),
    ]
    assert len({same, *others}) == 5


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: "vgg", "Received: 'vgg'"),
        (lambda: keras.Sequential([layers.Dense(2)]), "Received: <Sequential"),
        (lambda: keras.Sequential([keras.Input((4,)), layers.Dense(2)]), "built Keras model"),
    ],
)
def test_what_is_no_image_network_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        metrics.FrechetInceptionDistance(make())


@pytest.mark.parametrize(
    "images, message",
    [
        (np.zeros((2, 16, 16, 3)) + 7, r"values in \[7, 7\]"),
        (np.zeros((2, 16, 16)), r"shape \(2, 16, 16\)"),
        (np.zeros((2, 16, 16, 4), "uint8"), "takes 3 channels"),
        (np.full((2, 16, 16, 3), np.nan), "NaN"),
        ([np.zeros((16, 16, 3))], "Received in the images: list"),
    ],
)
def test_images_that_do_not_fit_are_refused(images, message):
    with pytest.raises(ValueError, match=message):
        metrics.FrechetInceptionDistance(network()).update_state(images, None)


def test_images_of_several_sizes_need_a_size_to_be_compared_at():
    metric = metrics.FrechetInceptionDistance(network())
    with pytest.raises(ValueError, match="before had 16×16 pixels. Give resize=.*20, 20"):
        metric.update_state(pictures(3, 16), pictures(3, 20))
    metric.reset_state()
    metric.update_state(pictures(3, 20), pictures(3, 20))
    assert metric.result().resize == (20, 20)
    metric = metrics.FrechetInceptionDistance(network(), resize=18)
    metric.update_state(pictures(3, 16), pictures(3, 20))
    assert metric.result().resize == (18, 18)


def test_a_map_of_features_is_refused():
    with pytest.raises(ValueError, match="GlobalAveragePooling2D"):
        metrics.FeatureNetwork(network(pooling=False))(pictures(2))


# Metrics on images.


@pytest.fixture(scope="module")
def distance():
    body = network()
    real = metrics.FeatureNetwork(body)(pictures(256))

    def measure(generated, metric=metrics.FrechetInceptionDistance, **options):
        metric = metric(body, **options)
        metric.update_state(real, None)
        metric.update_state(None, generated)
        return metric.result()

    return measure


def box_blur(images, times):
    values = images.astype("float64")
    for _ in range(times):
        values = sum(np.roll(values, i, axis) for i in (-1, 0, 1) for axis in (1, 2)) / 6
    return np.uint8(np.rint(values))


KERNEL = {"metric": metrics.KernelInceptionDistance, "subsets": 10, "subset_size": 100}


@pytest.mark.parametrize("options", [{}, KERNEL], ids=["frechet", "kernel"])
def test_distances_grow_with_noise_blur_and_dropped_modes(distance, options):
    images = pictures(256, seed=1)
    noise = np.random.default_rng(2).normal(size=images.shape)
    series = {
        "noise": [np.uint8((images + s * noise).clip(0, 255)) for s in (0, 15, 40, 100)],
        "blur": [box_blur(images, times) for times in (0, 2, 6, 15)],
        "dropped modes": [
            np.concatenate([images[k::4] for k in range(m)] * 4)[:256] for m in (4, 2, 1)
        ],
    }
    for name, degrees in series.items():
        found = [float(distance(degree, **options)) for degree in degrees]
        assert found == sorted(found) and found[-1] > 3 * abs(found[0]), f"{name}: {found}"


def test_batch_sizes_do_not_matter(distance):
    images = pictures(150, seed=1)
    metric = metrics.FrechetInceptionDistance(network())
    for i, size in zip((0, 100, 130), (100, 30, 20)):
        metric.update_state(pictures(256)[i : i + size], images[i : i + size])
    metric.update_state(pictures(256)[150:], images[:0])
    assert metric.result() == pytest.approx(distance(images), rel=1e-4)


def test_results_on_two_networks_are_refused(distance):
    other = metrics.FrechetInceptionDistance(network(seed=1, name="other"))
    other.update_state(pictures(256), pictures(256, seed=1))
    with pytest.raises(ValueError, match="feature_network: 'small .*' and 'other .*'"):
        distance(pictures(256, seed=1)) < other.result()  # noqa: B015


# Real images, cached.


@pytest.fixture
def home(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    return tmp_path / "kerasgan" / "metrics"


KINDS = [
    metrics.FrechetInceptionDistance,
    lambda body: metrics.KernelInceptionDistance(body, subset_size=30),
    metrics.PrecisionRecall,
    metrics.NearestTrainingImageDistance,
]


@pytest.mark.parametrize("kind", KINDS)
def test_statistics_of_real_images_are_cached_by_content(home, kind, monkeypatch):
    images, generated = pictures(90), pictures(40, seed=1)

    def measured(images, resize=None):
        metric = kind(network())
        metric.set_real(images)
        metric.update_state(None, generated)
        return metric.result()

    first = measured(images)
    dataset = datasets.load(images, (16, 16, 3), batch_size=40, flip=False, shuffle=False)
    assert measured(dataset) == first and len(list(home.iterdir())) == 1
    measured(images[::-1])
    assert len(list(home.iterdir())) == 2
    metric = kind(network())
    monkeypatch.setattr(metric.features, "_features", None)
    metric.set_real(images)
    assert metric.real.count == 90 and metric.features.size == (16, 16)


def test_other_networks_and_sizes_have_statistics_of_their_own(home):
    for body, resize in ((network(), None), (network(), 12), (network(seed=1), None)):
        metrics.FrechetInceptionDistance(body, resize).set_real(pictures(9))
    assert len(list(home.iterdir())) == 3


def test_a_spoilt_cache_is_written_anew(home):
    metric = metrics.FrechetInceptionDistance(network())
    metric.set_real(pictures(9))
    (path,) = home.iterdir()
    whole = path.read_bytes()
    path.write_bytes(whole[:200])
    metric.set_real(pictures(9))
    assert path.read_bytes() == whole and metric.real.count == 9


def test_datasets_with_labels_and_iterators(home):
    batches = [(pictures(9), np.zeros(9)), (pictures(4, seed=1), np.zeros(4))]
    metric = metrics.FrechetInceptionDistance(network())
    metric.set_real(batches)
    assert metric.real.count == 13
    with pytest.raises(ValueError, match="read only once.*cache=False"):
        metric.set_real(iter(batches))
    metric.set_real(iter(batches), cache=False)
    assert metric.real.count == 13 and len(list(home.iterdir())) == 1


# LPIPS.


def perceptual_distance(body, real, generated, names, weights):
    inner = keras.Model(body.inputs, [body.get_layer(n).output for n in names])
    total = 0.0
    pairs = zip(*(inner.predict(x / 127.5 - 1, verbose=0) for x in (real, generated)))
    for (a, b), weight in zip(pairs, weights):
        a, b = (x / np.linalg.norm(x, axis=-1, keepdims=True) for x in (a, b))
        total += ((a - b) ** 2 * weight).sum(-1).mean((1, 2)).mean()
    return total


@pytest.mark.parametrize("weighted", [False, True])
def test_perceptual_similarity_is_the_published_formula(weighted):
    body, names = network(pooling=False), ["conv_0", "conv_1"]
    real, generated = pictures(70), pictures(70, seed=1)
    weights = [RANDOM.random(8), RANDOM.random(16)] if weighted else None
    metric = metrics.LearnedPerceptualImagePatchSimilarity(body, names, weights)
    metric.update_state(real[:66], generated[:66])
    metric.update_state(real[66:], generated[66:])
    expected = perceptual_distance(body, real, generated, names, weights or [1.0, 1.0])
    assert metric.result() == pytest.approx(expected, rel=1e-4)
    assert (metric.result().weights == "none: unweighted") is not weighted
    metric.reset_state()
    metric.update_state(real, real)
    assert metric.result() == 0.0


def test_perceptual_similarity_says_what_does_not_fit():
    kind, body = metrics.LearnedPerceptualImagePatchSimilarity, network()
    with pytest.raises(ValueError, match="conv_0, conv_1.*Received: .'conv_9'"):
        kind(body, ["conv_9"])
    with pytest.raises(ValueError, match=r"here \[8\]. Received: arrays of \[5\]"):
        kind(body, ["conv_0"], [np.ones(5)])
    with pytest.raises(ValueError, match="no pair of images"):
        kind(body, ["conv_0"]).result()
    with pytest.raises(ValueError, match="two batches of one shape"):
        kind(body, ["conv_0"]).update_state(pictures(3), pictures(2))


# Trained networks.


@pytest.mark.without_backend
def test_distances_on_efficientnet(shared_data):
    classifier = keras.saving.load_model(shared_data / "features" / "efficientnet_lite0.keras")
    body = keras.Model(classifier.input, classifier.layers[-1].input, name="efficientnet_lite0")
    pair = body, lambda x: (x * 127.5 + 0.5) / 128
    metric = metrics.KernelInceptionDistance(pair, resize=32, subsets=1, subset_size=16)
    noise = RANDOM.integers(0, 256, (16, 16, 16, 3), "uint8")
    metric.update_state(pictures(16), pictures(16, seed=1))
    near = metric.result()
    assert near.feature_network.startswith("efficientnet_lite0 ") and near.resize == (32, 32)
    metric.reset_state()
    metric.update_state(pictures(16), noise)
    assert metric.result() > 2 * float(near)


def test_without_inception_weights_the_error_says_where_they_are(home):
    with pytest.raises(FileNotFoundError, match="(?s)kerasgan/inception.npz.*torch-fidelity"):
        metrics.inception_network()


def test_other_weights_are_no_inception(tmp_path):
    (tmp_path / "text.npz").write_text("no archive")
    with pytest.raises(ValueError, match="no file of Inception weights"):
        metrics.inception_network(tmp_path / "text.npz")


@pytest.mark.slow
def test_inception_is_that_of_the_literature(tmp_path):
    """On weights drawn here; expected are the outputs of torch-fidelity 0.4.0 on them."""
    from kerasgan.metrics.inception import _architecture, _created

    random, weights = np.random.default_rng(0), {}
    kernels = [layer.kernel.shape for layer in _created(_architecture(False), layers.Conv2D)]
    for name, (height, width, channels, filters) in zip(_names(), kernels, strict=True):
        shape = (filters, channels, height, width)
        weights[f"{name}.conv.weight"] = random.normal(0, (2 / np.prod(shape[1:])) ** 0.5, shape)
        weights[f"{name}.bn.weight"] = random.uniform(0.8, 1.2, filters)
        weights[f"{name}.bn.bias"] = random.normal(0, 0.1, filters)
        weights[f"{name}.bn.running_mean"] = random.normal(0, 0.1, filters)
        weights[f"{name}.bn.running_var"] = random.uniform(0.9, 1.3, filters)
    weights["fc.weight"] = random.normal(0, 0.01, (1008, 2048))
    np.savez(tmp_path / "w.npz", **{name: x.astype("float32") for name, x in weights.items()})
    image = np.random.default_rng(1).integers(0, 256, (1, 299, 299, 3), "uint8")
    features = metrics.FeatureNetwork(metrics.inception_network(tmp_path / "w.npz"))(image)
    np.testing.assert_allclose(features[0, :4], [0.0, 1.544818, 1.947241, 1.389664], atol=1e-5)
    assert features.shape == (1, 2048) and features.mean() == pytest.approx(0.3394769, rel=1e-5)
    logits = metrics.FeatureNetwork(metrics.inception_network(tmp_path / "w.npz", logits=True))
    expected = [0.04018581, -0.1251405, 0.1475552, 0.2689428]
    np.testing.assert_allclose(logits(image)[0, :4], expected, atol=1e-5)
