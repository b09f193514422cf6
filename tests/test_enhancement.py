"""Poor images made clean: low doses, their pairs, the losses, and what is enhanced."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from PIL import Image
from tiny import images

from kerasgan import networks, recipes
from kerasgan.cli import enhancing, main
from kerasgan.datasets import LowDose, load_degraded
from kerasgan.losses import FeatureLoss
from kerasgan.models import Enhancement
from kerasgan.recipes import run
from kerasgan.zoo.evaluation import training_data


def number(tensor):
    return float(ops.convert_to_numpy(ops.stop_gradient(tensor)))


@pytest.mark.without_backend
@pytest.mark.parametrize("grey", [0.2, 0.5, 0.9])
def test_noise_of_a_low_dose_is_that_of_counted_photons(grey):
    image = np.full((200, 200), round(grey * 65535), "uint16")
    shown = LowDose(20_000.0, absorption=3.0, blur=0.0)(image, np.random.default_rng(0))
    assert shown.dtype == image.dtype and shown.shape == image.shape
    # -log(N) of many counts N has the variance 1 / E[N] and a mean half of that too high.
    noise = 3.0 * (shown / 65535 - image / 65535)
    variance = np.exp(3.0 * grey) / 20_000
    assert noise.var() == pytest.approx(variance, rel=0.05)
    assert noise.mean() == pytest.approx(variance / 2, abs=4 * (variance / image.size) ** 0.5)


@pytest.mark.without_backend
def test_the_detector_spreads_what_arrives():
    image = np.full((31, 40, 2), 65535, "uint16")
    image[15, 20, 1] = 0
    shown = LowDose(1e12, absorption=1.0, blur=1.5)(image, np.random.default_rng(0))
    y, x = np.mgrid[-15:16, -20:20]
    spread = np.exp(-(y**2 + x**2) / (2 * 1.5**2))
    arriving = np.exp(-1.0) + (1 - np.exp(-1.0)) * spread / spread.sum()
    np.testing.assert_allclose(shown[..., 1] / 65535, -np.log(arriving), atol=2e-4)
    np.testing.assert_array_equal(shown[..., 0], 65535)


@pytest.mark.without_backend
def test_a_dose_may_be_drawn_and_what_is_none_is_refused():
    white = np.full((9, 9, 1), 255, "uint8")
    random = np.random.default_rng(0)
    few = LowDose(1.0)(white, random)  # not one photon arrives at most pixels
    assert few.dtype == "uint8" and set(np.unique(few)) == {0}
    degrade = LowDose((10.0, 1e6), blur=0.0)
    noise = [np.ptp(degrade(white // 2, random).astype(int)) for _ in range(20)]
    assert min(noise) < 10 and max(noise) > 60
    for arguments, told in (
        ({"photons": 0}, "photons must be.*Received: photons=0"),
        ({"photons": (9, 3)}, "photons must be"),
        ({"photons": "many"}, "photons must be"),
        ({"absorption": 0.0}, "absorption must be"),
        ({"blur": -1}, "blur must be"),
    ):
        with pytest.raises(ValueError, match=told):
            LowDose(**arguments)
    for image in (white / 255, np.zeros(3, "uint8")):
        with pytest.raises(ValueError, match="Expected uint8 or uint16"):
            LowDose()(image, random)


@pytest.mark.without_backend
def test_data_are_degraded_anew_every_epoch_and_the_same_in_every_run():
    def load(**options):
        return load_degraded(images(12, (10, 14, 1)), (8, 8, 1), batch_size=4, **options)

    data, other = load(), load()
    assert data.shapes == {"source": (8, 8, 1), "target": (8, 8, 1)}
    degraded, clean = data[0]
    assert degraded.shape == clean.shape == (4, 8, 8, 1) and (degraded != clean).any()
    for a, b in zip(other[0], data[0]):
        np.testing.assert_array_equal(a, b)
    still = load(shuffle=False, flip=False)
    first = still[0]
    still.epoch = 1
    np.testing.assert_array_equal(first[1], still[0][1])
    assert (first[0] != still[0][0]).any()
    for a, b in zip(data.hold_out(3), other.hold_out(3)):
        np.testing.assert_array_equal(a, b)

    def spoil(image, random):  # in place
        image[:] = 0
        return image

    degraded, clean = load(degradation=spoil)[0]
    assert not degraded.any() and clean.any()
    for degradation, told in (
        ("high_dose", "degradation must be 'low_dose'"),
        (lambda image, random: image[::2], r"must give uint8 of shape \(8, 8, 1\)"),
    ):
        with pytest.raises(ValueError, match=told):
            load(degradation=degradation)[0]


@pytest.mark.without_backend
def test_a_recipe_names_its_dose(tmp_path):
    dose = {"class_name": "LowDose", "photons": [20.0, 90.0], "absorption": 2.0}
    table = {"degradation": dose, "image_shape": [8, 8, 1]}
    recipe = recipes.completed({"model": {"name": "enhancement"}, "data": table})
    data = run.dataset_of(recipe, images(4, (8, 8, 1)))
    assert data.degrade.photons == [20.0, 90.0] and data.degrade.absorption == 2.0
    (tmp_path / "recipe.toml").write_text(
        '[data.degradation]\nclass_name = "LowDose"\nphotons = 7.0\n', encoding="utf-8"
    )
    measured = training_data(tiny(channels=1), tmp_path, images(4, (16, 16, 1)))
    assert measured.degrade.photons == 7.0 and measured.image_shape == (16, 16, 1)
    dose["photon"] = 3.0
    with pytest.raises(ValueError, match="Did you mean 'photons'"):
        recipes.completed({"model": {"name": "enhancement"}, "data": table})


def tiny(channels=2, seed=0, **options):
    keras.utils.set_random_seed(seed)
    generator = networks.denoiser(channels, width=4, depth=2)
    discriminator = networks.critic((16, 16, channels), width=2)
    options = {"content_loss": "mean_squared_error"} | options
    return Enhancement(generator, discriminator, seed=seed, **options)


def plain(**options):
    """A generator that halves; a critic that is the mean, whose gradient has the norm 1 / 4."""
    image = keras.Input((4, 4, 1))
    half = layers.Conv2D(1, 1, use_bias=False, kernel_initializer=keras.initializers.Constant(0.5))
    mean = layers.Dense(1, use_bias=False, kernel_initializer=keras.initializers.Constant(1 / 16))
    critic = keras.Model(image, mean(layers.Flatten()(image)))
    return Enhancement(
        keras.Model(image, half(image)), critic, content_loss="mean_squared_error", **options
    )


def test_the_losses_are_the_papers():
    model = plain(content_weight=3.0, penalty_weight=8.0)
    source, target = (np.full((2, 4, 4, 1), value, "float32") for value in (0.4, 0.9))
    batch = {"source": ops.convert_to_tensor(source), "target": ops.convert_to_tensor(target)}
    assert number(model.discriminator_loss(batch, training=False)) == pytest.approx(0.2 - 0.9)
    penalty = 8.0 * (0.25 - 1.0) ** 2
    trained = number(model.discriminator_loss(batch))
    assert trained == pytest.approx(0.2 - 0.9 + penalty, rel=1e-5)
    assert number(model.generator_loss(batch)) == pytest.approx(3.0 * 0.7**2 - 0.2, rel=1e-5)
    assert model.repeats == {"discriminator": 4}
    normalised = keras.Sequential(
        [keras.Input((4, 4, 1)), layers.BatchNormalization(), layers.Flatten(), layers.Dense(1)]
    )
    for arguments, told in (
        ({"content_weight": -1.0}, "content_weight must be 0 or more"),
        ({"adversarial_weight": float("nan")}, "adversarial_weight must be 0 or more"),
        ({"discriminator_steps": 0}, "discriminator_steps must be at least 1"),
        ({"penalty_weight": -1.0}, "weight must be 0 or more"),
    ):
        with pytest.raises(ValueError, match=told):
            plain(**arguments)
    with pytest.raises(ValueError, match="must not have batch normalisation"):
        Enhancement(model.generator, normalised)


@pytest.fixture(scope="module")
def model():
    """One that has learnt, without a critic, to take away what was added: 64 levels."""
    model = tiny(adversarial_weight=0.0, ema_decay=0.5)
    clean = images(16, (16, 16, 2)) // 2
    judge = [np.array(ops.convert_to_numpy(w)) for w in model.discriminator.weights]
    model.compile(generator_optimizer=keras.optimizers.Adam(0.03))
    batch = {"source": clean + np.uint8(64), "target": clean}
    model.fit(batch, epochs=20, batch_size=8, verbose=0)
    for before, after in zip(judge, model.discriminator.weights):
        np.testing.assert_array_equal(before, ops.convert_to_numpy(after))
    return model


def test_what_was_added_is_taken_away_of_any_size_and_dtype(model):
    ones = np.ones((1, 5, 7, 3), "float32")
    # At first it changes nothing.
    np.testing.assert_array_equal(networks.denoiser(3).predict_on_batch(ones), ones)
    clean = images(3, (13, 19, 2), seed=5) // 2
    poor = clean + np.uint8(64)
    made = model.enhance(poor)
    assert made.shape == poor.shape and made.dtype == "uint8"
    assert np.abs(made.astype(int) - clean).mean() < 16
    batch = {"source": poor, "target": clean}
    assert model.measure(batch)["held_out_psnr"] > 20
    wide = model.enhance(poor[0].astype("uint16") * 257)
    assert wide.dtype == "uint16" and np.abs(wide / 257 - made[0]).max() <= 1.01
    assert model.judged({"source": poor / 127.5 - 1}).keys() == {"samples"}
    with pytest.raises(ValueError, match=r"Expected images \(height, width, 2\)"):
        model.enhance(poor[..., :1])


def test_the_critic_trains_with_a_content_loss_of_features_of_every_channel():
    x = keras.Input((None, None, 3))
    network = keras.Model(x, layers.Conv2D(4, 3, strides=2, padding="same", name="seen")(x))
    loss = FeatureLoss(network, layer="seen", scale=1.0)
    two, other = (images(2, (16, 16, 2), seed) / np.float32(127.5) - 1 for seed in (0, 1))
    each = [number(loss(two[..., [i] * 3], other[..., [i] * 3])) for i in (0, 1)]
    assert number(loss(two, other)) == pytest.approx(np.mean(each), rel=1e-4)
    # One turn: each is compiled, with its gradients of gradients.
    model = tiny(content_loss=loss, discriminator_steps=1)
    before = [np.array(ops.convert_to_numpy(w)) for w in model.trainable_variables]
    batch = {"source": images(8, (16, 16, 2)), "target": images(8, (16, 16, 2), 1)}
    history = model.fit(batch, batch_size=4, verbose=0).history
    assert np.isfinite([history["content_loss"], history["wasserstein_distance"]]).all()
    moved = [
        (a != ops.convert_to_numpy(b)).any() for a, b in zip(before, model.trainable_variables)
    ]
    assert np.mean(moved) > 0.8


@pytest.mark.without_backend
def test_the_command_enhances_a_picture(tmp_path, monkeypatch, capsys):
    Image.fromarray(images(1, (12, 20))[0]).save(tmp_path / "scan.png")
    model = tiny(channels=1)
    monkeypatch.setattr(enhancing, "loaded", lambda name, verb: model)
    assert main(["enhance", str(tmp_path / "scan.png"), "--model", "any"]) == 0
    assert "Note" not in capsys.readouterr().err  # of the libraries beneath
    with Image.open(tmp_path / "scan_enhanced.png") as made:
        assert made.mode == "L" and made.size == (20, 12)
