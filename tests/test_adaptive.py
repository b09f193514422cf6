"""Adaptive augmentation and instance noise against their papers, in NumPy."""

import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import ops
from tiny import SHAPE, compiled, images, mlp_gan, train

from kerasgan.augment import AdaptiveAugmentation, InstanceNoise
from kerasgan.engine.backend import input_gradient

# What a call draws, in order: the paper's deviations, or the ends of uniform draws.
DRAWS = {
    "shift": 0.125,
    "rotation": (-np.pi, np.pi),
    "stretch": 0.2,
    "pre_rotation": (-np.pi, np.pi),
    "scale": 0.2,
    "whole_shift": (-0.125, 0.125),
    "quarters": (0, 4),
    "flip": (0, 2),
    "brightness": 0.2,
    "contrast": 0.5,
    "luma_flip": (0, 2),
    "hue": (-np.pi, np.pi),
    "saturation": 1.0,
}


class Given(AdaptiveAugmentation):
    """Takes the transformations it is given, drawing those given as `...`, and no other."""

    def taking(self, **given):
        self.given = [given.get(name, 0.0) for name in DRAWS]
        self.drawn = []
        return self

    def _taken(self, draws, probability=None):
        self.drawn.append(ops.convert_to_numpy(draws))
        value = self.given.pop(0)
        if value is ...:
            return super()._taken(draws, probability)
        shape = tuple(draws.shape)
        if shape[-1] == 1:
            value = np.reshape(value, (-1, *[1] * (len(shape) - 1)))
        return ops.convert_to_tensor(np.broadcast_to(value, shape).astype("float32"))


def noise(n=1, size=(8, 8), channels=3):
    return np.random.default_rng(0).uniform(-1, 1, (n, *size, channels)).astype("float32")


def called(layer, x):
    return ops.convert_to_numpy(layer(ops.convert_to_tensor(x), training=True))


def taking(x, **given):
    return called(Given(seed=0).taking(**given), x)


def at(probability, **options):
    layer = AdaptiveAugmentation(**{"seed": 0} | options)
    layer.build((None, 8, 8, 3))
    layer.probability.assign(probability)
    return layer


def observe(layer, *logits):
    """Let `layer` see turns; p after each."""
    found = []
    for turn in logits:
        layer.observe(ops.convert_to_tensor(np.asarray(turn, "float32")))
        found.append(float(layer.report["augment_probability"]))
    return found


def values(layer):
    return [np.array(w) for w in layer.get_weights()]


# What the images become.


@pytest.mark.parametrize("channels", [1, 3])
def test_with_probability_0_or_without_training_images_pass_unchanged(channels):
    x = noise(3, size=(7, 10), channels=channels)
    layer = AdaptiveAugmentation(seed=0)
    np.testing.assert_array_equal(called(layer, x), x)
    layer.probability.assign(0.8)
    np.testing.assert_array_equal(ops.convert_to_numpy(layer(x)), x)


def test_flip_quarter_turns_and_whole_shifts_move_pixels():
    x = noise()
    np.testing.assert_allclose(taking(x, flip=1), x[:, :, ::-1], atol=1e-5)
    turned = [taking(x, quarters=k)[0] for k in range(4)]
    for k in range(4):
        np.testing.assert_allclose(turned[k], np.rot90(x[0], k), atol=1e-5)
    # 0.12 of 8 pixels rounds to 1, to the right; -0.26 to 2, upwards.
    padded = np.pad(x[0], ((2, 2), (2, 2), (0, 0)), mode="reflect")
    found = taking(x, whole_shift=(0.12, -0.26))[0]
    np.testing.assert_allclose(found, padded[4:12, 1:9], atol=1e-6)


def test_a_shift_of_half_a_pixel_is_the_mean_of_two():
    x = noise()
    padded = np.pad(x[0], ((0, 0), (1, 0), (0, 0)), mode="reflect")
    found = taking(x, shift=(0.5 / 8, 0.0))[0]
    np.testing.assert_allclose(found, (padded[:, 1:] + padded[:, :-1]) / 2, atol=1e-6)


def test_scaling_by_2_is_seen_from_the_middle():
    ramp = np.broadcast_to(np.arange(8, dtype="float32")[:, None, None], (1, 8, 8, 1))
    found = taking(ramp, scale=1.0)[0, :, 0, 0]
    np.testing.assert_allclose(found, 3.5 + (np.arange(8) - 3.5) / 2, atol=1e-6)
    found = taking(ramp, stretch=-1.0)[0, :, 0, 0]
    np.testing.assert_allclose(found, 3.5 + (np.arange(8) - 3.5) / 2, atol=1e-6)


def matrix(a=1.0, b=0.0, x=0.0, c=0.0, d=1.0, y=0.0):
    return np.array([[a, b, x], [c, d, y], [0, 0, 1]])


def rotation(angle):
    return matrix(np.cos(angle), np.sin(angle), 0, -np.sin(angle), np.cos(angle), 0)


def test_all_at_once_are_one_matrix_a_sample():
    n, height, width = 4, 7, 10
    x = noise(n, size=(height, width))
    draw = np.random.default_rng(2).uniform
    given = {name: draw(-1, 1, n) for name in ("rotation", "stretch", "pre_rotation", "scale")}
    given |= {"shift": draw(-0.1, 0.1, (n, 2)), "whole_shift": draw(-0.125, 0.125, (n, 2))}
    given |= {"quarters": np.arange(4), "flip": np.array([0, 1, 1, 0])}
    found = taking(x, **given)
    for i, image in enumerate(x):
        of = {name: value[i] for name, value in given.items()}
        right, down = np.round(of["whole_shift"] * (width, height))
        scale, stretch = 2.0 ** of["scale"], 2.0 ** of["stretch"]
        forward = matrix()
        for step in (
            matrix(a=1 - 2 * of["flip"]),
            rotation(of["quarters"] * np.pi / 2),
            matrix(x=right, y=down),
            matrix(a=scale, d=scale),
            rotation(of["pre_rotation"]),
            matrix(a=stretch, d=1 / stretch),
            rotation(of["rotation"]),
            matrix(x=of["shift"][0] * width, y=of["shift"][1] * height),
        ):
            forward = step @ forward
        backward = np.linalg.inv(forward)
        margin = 40
        padded = np.pad(image, ((margin, margin), (margin, margin), (0, 0)), mode="reflect")
        for row in range(height):
            for column in range(width):
                place = backward @ (column - (width - 1) / 2, row - (height - 1) / 2, 1)
                c, r = place[:2] + ((width - 1) / 2 + margin, (height - 1) / 2 + margin)
                c0, r0 = int(np.floor(c)), int(np.floor(r))
                c, r = c - c0, r - r0
                expected = (
                    padded[r0, c0] * (1 - r) * (1 - c)
                    + padded[r0, c0 + 1] * (1 - r) * c
                    + padded[r0 + 1, c0] * r * (1 - c)
                    + padded[r0 + 1, c0 + 1] * r * c
                )
                np.testing.assert_allclose(found[i, row, column], expected, atol=1e-4)


def test_brightness_adds_and_contrast_multiplies():
    for channels in (1, 3):
        x = noise(2, channels=channels)
        np.testing.assert_allclose(taking(x, brightness=0.3), x + 0.3, atol=1e-6)
        np.testing.assert_allclose(taking(x, contrast=-1.0), x / 2, atol=1e-6)


def test_colours_are_one_matrix_a_sample():
    n = 4
    x = noise(n)
    draw = np.random.default_rng(3).uniform
    given = {name: draw(-1, 1, n) for name in ("brightness", "contrast", "hue", "saturation")}
    given["luma_flip"] = np.array([0, 1, 0, 1])
    found = taking(x, **given)
    grey = np.full((3, 3), 1 / 3)
    axis = np.ones(3) / np.sqrt(3)
    cross = np.cross(axis, np.eye(3)).T
    for i in range(n):
        of = {name: value[i] for name, value in given.items()}
        hue = np.eye(3) * np.cos(of["hue"]) + (1 - np.cos(of["hue"])) * np.outer(axis, axis)
        hue = hue + np.sin(of["hue"]) * cross
        color = 2.0 ** of["contrast"] * (x[i] + of["brightness"])
        color = color @ (np.eye(3) - 2 * grey * of["luma_flip"]).T @ hue.T
        color = color @ (grey + (np.eye(3) - grey) * 2.0 ** of["saturation"]).T
        np.testing.assert_allclose(found[i], color, atol=1e-5)


def test_a_grey_image_has_luma_but_no_hue_or_saturation():
    x = noise(channels=1)
    found = taking(x, brightness=0.2, contrast=1.0, luma_flip=1, hue=1.0, saturation=2.0)
    np.testing.assert_allclose(found, -2 * (x + 0.2), atol=1e-5)


# How often, and how far.


@pytest.mark.parametrize("probability", [0.2, 0.8])
def test_the_share_of_changed_samples_is_the_probability(probability):
    n = 1000
    # Of all transformations only brightness shows on black.
    found = called(at(probability), np.zeros((n, 8, 8, 3)))[:, 0, 0, 0] != 0
    assert abs(found.mean() - probability) < 0.05
    # One of two rotations is taken with that probability.
    layer = Given(seed=0, policy="geometry")
    layer.build((None, 8, 8, 3))
    layer.probability.assign(probability)
    x = np.repeat(noise(), n, axis=0)
    found = called(layer.taking(rotation=..., pre_rotation=...), x) != x
    assert abs(found.any((1, 2, 3)).mean() - probability) < 0.05


def test_draws_follow_the_paper():
    layer = Given(seed=0)
    called(layer.taking(), np.zeros((2000, 8, 8, 3)))
    for drawn, (name, expected) in zip(layer.drawn, DRAWS.items(), strict=True):
        if isinstance(expected, tuple):
            low, high = expected
            assert low <= drawn.min() and drawn.max() <= high, name
            mean, deviation = (low + high) / 2, (high - low) / np.sqrt(12)
        else:
            mean, deviation = 0, expected
        assert abs(drawn.mean() - mean) < 0.1 * deviation, name
        assert abs(drawn.std() / deviation - 1) < 0.07, name


def test_each_sample_has_its_own_draws_and_the_seed_decides():
    x = np.repeat(noise(), 16, axis=0)
    found = called(at(0.8), x)
    assert found.shape == x.shape and np.isfinite(found).all()
    assert len(np.unique(found.reshape(16, -1), axis=0)) > 14
    np.testing.assert_array_equal(found, called(at(0.8), x))
    assert (found != called(at(0.8, seed=1), x)).any()


# Gradients.


@pytest.mark.parametrize("policy", ["blit", "geometry", "color", "blit,geometry,color"])
def test_gradients_are_those_of_what_it_does(policy):
    x = noise(2, size=(4, 5))
    weight = ops.convert_to_tensor(np.random.default_rng(1).normal(size=x.shape).astype("float32"))

    def fn(x):
        # The same draws every time.
        layer = AdaptiveAugmentation(policy=policy, initial_probability=0.8, seed=3)
        return ops.sum(layer(x, training=True) * weight)

    found = ops.convert_to_numpy(input_gradient(fn, ops.convert_to_tensor(x)))
    assert np.isfinite(found).all() and (found != 0).any((1, 2, 3)).all()
    # Linear in the images: the differences are exact but for rounding.
    for place in [(0, 0, 0, 0), (0, 2, 3, 1), (1, 3, 4, 2), (1, 1, 0, 0)]:
        step = np.zeros_like(x)
        step[place] = 0.5
        up, down = (float(fn(ops.convert_to_tensor(x + s))) for s in (step, -step))
        np.testing.assert_allclose(found[place], up - down, rtol=1e-3, atol=1e-4)


def test_gradients_of_gradients_exist_for_penalties():
    layer = at(0.8)

    def squared_slope(x):
        slope = input_gradient(lambda x: layer(x, training=True) ** 3, x)
        return ops.sum(slope**2)

    found = input_gradient(squared_slope, ops.convert_to_tensor(noise(2)))
    found = ops.convert_to_numpy(found)
    assert np.isfinite(found).all() and (found != 0).any((1, 2, 3)).all()


# The probability.


def test_p_moves_at_the_papers_speed_every_interval():
    # 4 turns of 64 images of 500,000.
    found = observe(at(0.0), *[np.ones((64, 1))] * 8)
    np.testing.assert_allclose(found, [0] * 3 + [0.000512] * 4 + [0.001024], rtol=1e-5)


def test_p_falls_again_and_stays_in_its_bounds():
    layer = at(0.0, speed_images=1000, interval=2)
    # The images of a turn count, not its logits.
    up = observe(layer, *[np.ones((100, 2, 2, 1))] * 10)
    np.testing.assert_allclose(up, [0, 0.2, 0.2, 0.4, 0.4, 0.6, 0.6, 0.8, 0.8, 0.8], rtol=1e-6)
    down = observe(layer, *[-np.ones((150, 1))] * 8)
    np.testing.assert_allclose(down, [0.8, 0.5, 0.5, 0.2, 0.2, 0, 0, 0], rtol=1e-5)


def test_overfitting_is_the_mean_sign_of_an_interval_against_the_target():
    layer = at(0.5, speed_images=100, interval=2)
    mixed, positive = [[3.0], [-0.1], [0.2], [1.0]], np.ones((4, 1))
    # Mean signs 0.5 and 1: above 0.6 together.
    np.testing.assert_allclose(observe(layer, mixed, positive), [0.5, 0.58], rtol=1e-6)
    np.testing.assert_allclose(float(layer.report["overfitting"]), 0.75)
    # What was counted is gone: 0.5 alone is below.
    np.testing.assert_allclose(observe(layer, mixed, mixed), [0.58, 0.5], rtol=1e-6)
    np.testing.assert_allclose(float(layer.report["overfitting"]), 0.5)


def mirrored():
    import tensorflow as tf

    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    with strategy.scope():
        layer = at(0.0, speed_images=100, interval=2)
    turn = tf.function(lambda: strategy.run(lambda: layer.observe(tf.ones((4, 1)))))
    for expected in (0.0, 0.16, 0.16, 0.32):
        turn()
        np.testing.assert_allclose(layer.probability.numpy(), expected, rtol=1e-6)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="TensorFlow's replicas")
def test_the_images_of_all_replicas_count():
    path = {"PYTHONPATH": str(Path(__file__).parents[1])}
    subprocess.run([sys.executable, __file__], env=os.environ | path, check=True, timeout=300)


def test_state_is_saved_with_the_model(tmp_path):
    def model():
        layer = AdaptiveAugmentation(speed_images=100, interval=2, seed=0)
        fade = InstanceNoise(steps=5, seed=0)
        return keras.Sequential([keras.Input((8, 8, 3)), layer, fade]), layer, fade

    one, layer, fade = model()
    up, down = np.ones((4, 1)), -np.ones((2, 1))
    observe(layer, up, up, down)
    fade.observe(up)
    one.save_weights(tmp_path / "state.weights.h5")
    other, loaded, faded = model()
    other.load_weights(tmp_path / "state.weights.h5")
    for a, b in zip(values(one), values(other), strict=True):
        np.testing.assert_array_equal(a, b)
    # A turn of the next interval was counted, too.
    assert observe(layer, down) == observe(loaded, down)
    assert 0 < float(loaded.report["augment_probability"]) < 0.08
    assert float(faded.report["noise_stddev"]) == pytest.approx(0.08)


def test_both_work_in_the_compiled_step():
    layer = AdaptiveAugmentation(target=-1.0, speed_images=80, interval=2, seed=0)
    model = compiled(mlp_gan(augmentation=[layer, InstanceNoise(stddev=1.0, steps=4, seed=0)]))
    history = train(model, images(8, SHAPE), epochs=2)
    # Two turns of 4 images an epoch; the mean of what each turn left.
    np.testing.assert_allclose(history["augment_probability"], [0.05, 0.15], rtol=1e-5)
    np.testing.assert_allclose(history["noise_stddev"], [0.625, 0.125], rtol=1e-5)
    assert len(history["overfitting"]) == 2
    assert all(np.isfinite(w).all() for w in model.get_weights())


# Instance noise.


@pytest.mark.parametrize("shape", [(2,), (8, 8, 3)])
def test_noise_falls_linearly_to_nothing(shape):
    layer = InstanceNoise(stddev=0.5, steps=4, seed=0)
    x = np.ones((4096 // np.prod(shape), *shape), "float32")
    for expected in (0.5, 0.375, 0.25, 0.125, 0.0, 0.0):
        added = called(layer, x) - x
        assert float(layer.report["noise_stddev"]) == pytest.approx(expected)
        assert abs(added.std() - expected) <= 0.05 * expected
        assert abs(added.mean()) <= 0.1 * expected
        layer.observe(ops.ones((4, 1)))
    np.testing.assert_array_equal(ops.convert_to_numpy(InstanceNoise()(x)), x)


# Configurations and mistakes.


@pytest.mark.parametrize(
    "cls, options",
    [(AdaptiveAugmentation, (0.4, 1000, 2, 0.1, "blit,color")), (InstanceNoise, (0.2, 100))],
)
def test_its_configuration_goes_there_and_back(cls, options):
    layer = cls(*options, seed=3, name="mine")
    other = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert type(other) is cls
    assert other.get_config() == layer.get_config()
    names = ("target", "speed_images", "interval", "initial_probability", "policy")
    names = names if cls is AdaptiveAugmentation else ("stddev", "steps")
    assert tuple(getattr(other, name) for name in names) == options
    assert (other.seed, other.name) == (3, "mine")


@pytest.mark.parametrize("cls", [AdaptiveAugmentation, InstanceNoise])
def test_it_stays_in_float32_under_mixed_precision(cls):
    keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        found = cls(seed=0)(noise(), training=True)
        assert keras.backend.standardize_dtype(found.dtype) == "float32"
    finally:
        keras.mixed_precision.set_global_policy("float32")


@pytest.mark.parametrize(
    "options, message",
    [
        ({"policy": "colour"}, "policy must be .* blit,geometry,color. Received: 'colour'"),
        ({"target": 2.0}, "Received: target=2.0"),
        ({"speed_images": 0}, "speed_images=0"),
        ({"interval": 0}, "interval=0"),
        ({"initial_probability": 0.9}, r"\[0, 0.8\]. Received: 0.9"),
    ],
)
def test_options_outside_their_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        AdaptiveAugmentation(**options)


@pytest.mark.parametrize("shape", [(None, 2), (None, 8, 8, 4), (None, 1, 8, 3), (None, None, 8, 1)])
def test_samples_that_are_no_such_images_are_refused(shape):
    with pytest.raises(ValueError, match="takes images"):
        AdaptiveAugmentation().build(shape)


@pytest.mark.parametrize("options", [{"stddev": -1.0}, {"steps": 0}])
def test_noise_refuses_options_outside_their_range(options):
    with pytest.raises(ValueError, match="stddev must be 0 or more, and steps 1 or more"):
        InstanceNoise(**options)


if __name__ == "__main__":
    mirrored()
