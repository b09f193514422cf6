"""Differentiable augmentation against what its paper's code does, drawn by drawn."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from tiny import SHAPE, compiled, images, mlp_gan, train

from kerasgan.augment import DifferentiableAugmentation
from kerasgan.models import GAN


def augmented(policy, x, seed=0, times=1):
    """`times` draws for every image of `x`."""
    augment = DifferentiableAugmentation(policy, seed=seed)
    x = np.repeat(x, times, axis=0).astype("float32")
    return ops.convert_to_numpy(augment(ops.convert_to_tensor(x), training=True))


def noise(n=1, size=16, channels=3):
    return np.random.default_rng(0).uniform(-1, 1, (n, size, size, channels)).astype("float32")


@pytest.mark.parametrize("training", [False, None])
def test_without_training_images_pass_unchanged(training):
    x = noise(2)
    found = DifferentiableAugmentation()(ops.convert_to_tensor(x), training=training)
    np.testing.assert_array_equal(ops.convert_to_numpy(found), x)


def test_each_sample_has_its_own_draw():
    found = augmented("color,translation,cutout", noise(), times=8)
    assert found.shape == (8, 16, 16, 3)
    assert len(np.unique(found.reshape(8, -1), axis=0)) == 8


def test_translation_moves_by_whole_pixels_up_to_an_eighth_and_fills_zeros():
    size, reach = 16, 2
    x = noise(size=size) + 3.0
    found = augmented("translation", x, times=300)
    padded = np.pad(x[0], ((reach, reach), (reach, reach), (0, 0)))
    shifts = set()
    for image in found:
        same = [
            (down, right)
            for down in range(-reach, reach + 1)
            for right in range(-reach, reach + 1)
            if np.array_equal(
                image,
                padded[reach - down : reach - down + size, reach - right : reach - right + size],
            )
        ]
        assert len(same) == 1
        shifts.add(same[0])
    # Every shift of 25 comes up in 300 draws, but for a chance of 1e-4.
    assert len(shifts) == (2 * reach + 1) ** 2


def test_cutout_zeroes_a_rectangle_of_half_the_sides_clipped_at_the_border():
    size = 8
    found = augmented("cutout", np.ones((1, size, size, 1)), times=400)[..., 0]
    spans = {0: set(), 1: set()}
    for image in found:
        assert set(np.unique(image)) <= {0.0, 1.0}
        rows, columns = np.where((image == 0).any(1))[0], np.where((image == 0).any(0))[0]
        for axis, inside in enumerate((rows, columns)):
            low, high = inside[0], inside[-1]
            spans[axis].add((low, high))
            # Half the side, less what hangs over the border.
            assert high - low + 1 == 4 or low == 0 or high == size - 1
        assert (image == 0).sum() == len(rows) * len(columns)
        assert (image[np.ix_(rows, columns)] == 0).all()
    # A centre in each of `size + 1` places: the rectangle reaches two pixels before it.
    expected = {(max(c - 2, 0), min(c + 1, size - 1)) for c in range(size + 1)}
    assert spans[0] == spans[1] == expected


def test_color_against_numpy():
    x = noise(4)
    draws = np.random.default_rng(1).uniform(size=(3, 4, 1, 1, 1)).astype("float32")

    class Given(DifferentiableAugmentation):
        """Colour with draws that the test knows."""

        def _uniform(self, images, shape=()):
            self.drawn = getattr(self, "drawn", -1) + 1
            return ops.convert_to_tensor(draws[self.drawn])

    found = ops.convert_to_numpy(Given("color")(ops.convert_to_tensor(x), training=True))
    brightness, saturation, contrast = draws.astype("float64")
    expected = x + brightness - 0.5
    grey = expected.mean(3, keepdims=True)
    expected = (expected - grey) * 2 * saturation + grey
    mean = expected.mean((1, 2, 3), keepdims=True)
    expected = (expected - mean) * (contrast + 0.5) + mean
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_color_draws_within_its_bounds():
    # One grey image: only brightness shows in its mean, and contrast in nothing.
    found = augmented("color", np.full((1, 4, 4, 3), 0.25), times=500)
    mean = found.mean((1, 2, 3)) - 0.25
    assert -0.5 <= mean.min() < -0.48 and 0.48 < mean.max() <= 0.5
    np.testing.assert_allclose(found.std((1, 2, 3)), 0, atol=1e-6)


@pytest.mark.parametrize("policy", ["color", "translation", "cutout", "color,translation,cutout"])
def test_gradients_flow_through_to_the_generator(policy):
    keras.utils.set_random_seed(0)
    generator = keras.Sequential([keras.Input((4,)), layers.Dense(64), layers.Reshape(SHAPE)])
    discriminator = keras.Sequential([keras.Input(SHAPE), layers.Flatten(), layers.Dense(1)])
    model = GAN(generator, discriminator, augmentation=DifferentiableAugmentation(policy, seed=0))
    before = generator.get_weights()
    compiled(
        model,
        discriminator_optimizer=keras.optimizers.SGD(0.0),
        generator_optimizer=keras.optimizers.SGD(1.0),
    )
    train(model, images(4))
    moved = [after - weights for after, weights in zip(generator.get_weights(), before)]
    assert all(np.isfinite(m).all() and (m != 0).any() for m in moved)


def test_both_turns_see_augmented_images_and_evaluation_none():
    class Black(layers.Layer):
        def call(self, images, training=False):
            return images * 0.0 if training else images

    model = compiled(mlp_gan(augmentation=Black()))
    logs = model.train_on_batch(images(4), return_dict=True)
    # An all black image is neither real nor made: the biases start from zero.
    assert float(logs["real_score"]) == float(logs["fake_score"]) == 0.5
    scores = model.evaluate(images(4), return_dict=True, verbose=0)
    assert scores["real_score"] != scores["fake_score"]


def test_the_seed_decides():
    x = noise(3)
    np.testing.assert_array_equal(augmented("color", x, seed=4), augmented("color", x, seed=4))
    assert (augmented("color", x, seed=4) != augmented("color", x, seed=5)).any()


@pytest.mark.parametrize("policy", ["colour", "", "color,flip", "color, cutout"])
def test_an_unknown_policy_is_refused(policy):
    with pytest.raises(ValueError, match="color,translation,cutout. Received: '"):
        DifferentiableAugmentation(policy)


def test_its_configuration_goes_there_and_back():
    layer = DifferentiableAugmentation("cutout", seed=3, name="cut")
    config = keras.saving.serialize_keras_object(layer)
    other = keras.saving.deserialize_keras_object(config)
    assert type(other) is DifferentiableAugmentation
    assert other.get_config() == layer.get_config()
    assert (other.policy, other.seed, other.name) == ("cutout", 3, "cut")


def test_it_stays_in_float32_under_mixed_precision():
    keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        layer = DifferentiableAugmentation(seed=0)
        assert keras.backend.standardize_dtype(layer(noise(), training=True).dtype) == "float32"
    finally:
        keras.mixed_precision.set_global_policy("float32")
