"""UNIT and MUNIT: their losses, what is shared, and styles."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from PIL import Image
from tiny import images

from kerasgan.layers.adaptive_instance_normalization import (
    AdaptiveInstanceNormalization,
    mean_and_deviation,
)
from kerasgan.models.munit import MUNIT
from kerasgan.models.unit import UNIT
from kerasgan.networks.munit import munit
from kerasgan.networks.unit import unit


def as_array(x):
    return ops.convert_to_numpy(ops.stop_gradient(x))


def test_features_get_the_mean_and_deviation_that_they_are_told():
    random = np.random.default_rng(0)
    features = random.normal(3.0, 2.0, (2, 5, 6, 3)).astype("float32")
    mean, deviation = map(as_array, mean_and_deviation(ops.convert_to_tensor(features)))
    np.testing.assert_allclose(mean, features.mean((1, 2)), rtol=1e-5)
    np.testing.assert_allclose(deviation, features.std((1, 2)), rtol=1e-4)
    told = np.concatenate([mean[::-1], deviation[::-1]], axis=-1)
    layer = AdaptiveInstanceNormalization()
    made = as_array(layer([ops.convert_to_tensor(features), ops.convert_to_tensor(told)]))
    np.testing.assert_allclose(made.mean((1, 2)), mean[::-1], rtol=1e-4)
    np.testing.assert_allclose(made.std((1, 2)), deviation[::-1], rtol=1e-4)
    with pytest.raises(ValueError, match="2 . channels"):
        AdaptiveInstanceNormalization().build([(None, 4, 4, 3), (None, 3)])


def times(factor, x):
    start = keras.initializers.Constant(factor)
    return layers.Conv2D(1, 1, use_bias=False, kernel_initializer=start)(x)


def tint(*factors, then=lambda x: x):
    """A network that multiplies by a factor; of several, with as many outputs."""
    x = keras.Input((4, 4, 1))
    made = [then(times(factor, x)) for factor in factors]
    return keras.Model(x, made if len(made) > 1 else made[0])


def value_of(loss):
    return float(as_array(loss))


def constants(**values):
    return {
        name: ops.full((2, 4, 4, 1) if name in ("source", "target") else (2, 1), value)
        for name, value in values.items()
    }


def softplus(x):
    return np.log1p(np.exp(x))


def test_the_losses_of_unit_are_the_papers():
    judges = [tint(2.0), tint(3.0)]
    encoders, decoders = (tint(0.5), tint(1.0)), (tint(-1.0), tint(0.5))
    parts = [network for pair in zip(encoders, decoders) for network in pair]
    model = UNIT(*parts, tint(2.0, 2.0), *judges)
    batch = constants(source=0.4, target=0.8)
    # Codes 0.4 and 1.6, so G(x) = 0.2 and F(y) = -1.6, whose codes are 0.4 and -1.6.
    divergence = 0.4**2 + 1.6**2 + 0.4**2 + 1.6**2
    reconstruction, cycle = 0.8 + 0.0, 0.8 + 1.6
    deceived = softplus(-2 * 0.2) + softplus(3 * 1.6)
    expected = 100 * reconstruction + 100 * cycle + 0.1 * divergence + 10 * deceived
    assert value_of(model.generator_loss(batch, False)) == pytest.approx(expected, rel=1e-5)
    told = softplus(-2 * 0.8) + softplus(2 * 0.2) + softplus(-3 * 0.4) + softplus(-3 * 1.6)
    assert value_of(model.discriminator_loss(batch, False)) == pytest.approx(10 * told, rel=1e-5)


def pooled(x):
    return layers.GlobalAveragePooling2D()(x)


def adding(factor):
    content, style = keras.Input((4, 4, 1)), keras.Input((1,))
    there = layers.Reshape((1, 1, 1))(style)
    return keras.Model([content, style], layers.Add()([times(factor, content), there]))


def test_the_losses_of_munit_are_the_papers_summed_over_scales():
    judges = [tint(2.0, 2.0), tint(3.0, 3.0)]
    of_sources = [tint(0.5), tint(1.0, then=pooled), adding(1.0)]
    of_targets = [tint(1.0), tint(1.0, then=pooled), adding(2.0)]
    model = MUNIT(*of_sources, *of_targets, *judges, cycle_weight=2.0)
    batch = constants(source=0.4, target=0.8, source_style=-0.3, target_style=0.1)
    assert model.draw(batch) is batch
    # Content 0.2 and 0.8, style 0.4 and 0.8; both translations are 0.5.
    reconstruction = (0.6 - 0.4) + (2.4 - 0.8)
    content, style = (0.5 - 0.2) + (0.8 - 0.25), (0.5 - 0.1) + (0.5 + 0.3)
    cycle = (0.9 - 0.4) + (1.3 - 0.8)
    deceived = 2 * (0.5 * (1.0 - 1) ** 2 + 0.5 * (1.5 - 1) ** 2)
    expected = 10 * reconstruction + content + style + 2 * cycle + deceived
    assert value_of(model.generator_loss(batch, False)) == pytest.approx(expected, rel=1e-5)
    told = (2 * 0.8 - 1) ** 2 + (2 * 0.5) ** 2 + (3 * 0.4 - 1) ** 2 + (3 * 0.5) ** 2
    assert value_of(model.discriminator_loss(batch, False)) == pytest.approx(told, rel=1e-5)


def small_unit():
    built = unit((16, 16, 1), channels=3, width=2, blocks=1, discriminator_depth=2)
    return built, UNIT(*built, seed=0)


@pytest.mark.without_backend
def test_what_unit_shares_is_moved_once_a_step():
    _, model = small_unit()
    moved = model.variables_of("generator")
    networks = [getattr(model, name) for name in model.players["generator"]]
    assert len({id(v) for v in moved}) == len(moved) == sum(len(n.weights) for n in networks)
    before = [as_array(w) for w in model.shared.trainable_variables]
    batch = {"source": images(2, (16, 16, 1)), "target": images(2, (16, 16, 3), 1)}
    model.fit(batch, batch_size=2, verbose=0)
    after = [as_array(w) for w in model.shared.trainable_variables]
    # A step of Adam's first is the learning rate, whatever the gradient.
    apart = np.concatenate([np.abs(a - b).ravel() for a, b in zip(before, after)])
    assert np.median(apart) > 0.5e-4 and apart.max() < 1.01e-4


def test_both_ways_of_unit_go_through_what_is_shared():
    built, model = small_unit()
    given = images(2, (13, 18, 1)).astype("float32") / 127.5 - 1
    there = model.translate(given)
    back = model.translate(there, backward=True)
    assert there.shape == (2, 13, 18, 3) and back.shape == given.shape
    np.testing.assert_array_equal(model.translate(given), there)  # no noise in use
    model.averaged_shared.set_weights([w + 1 for w in model.averaged_shared.get_weights()])
    assert not np.array_equal(model.translate(given), there)
    assert not np.array_equal(model.translate(there, backward=True), back)
    with pytest.raises(ValueError, match="An encoder must make the features"):
        UNIT(*unit(width=3)[:2], *built[2:])


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    built = munit((16, 16, 1), channels=3, width=4, blocks=1, discriminator_depth=2, scales=2)
    return MUNIT(*built, seed=0)


def assert_alike(made, expected):
    """Equal but for the rounding of another batch size."""
    np.testing.assert_allclose(made.astype("int"), expected, rtol=0, atol=1)


def test_styles_vary_a_translation_and_a_seed_repeats_it(model):
    given = images(2, (13, 18, 1))
    several = model.translate(given, n=3, seed=5)
    assert several.shape == (2, 3, 13, 18, 3) and several.dtype == "uint8"
    apart = np.abs(several[:, :1].astype(int) - several[:, 1:]).mean((2, 3, 4))
    assert (apart > 1).all()
    np.testing.assert_array_equal(several, model.translate(given, n=3, seed=5))
    assert_alike(several, model.translate(given, n=3, seed=5, batch_size=1))
    assert_alike(several[0], model.translate(given[0], n=3, seed=5))
    one = model.translate(given[0], seed=5)
    assert_alike(several[0, 0], one)
    there, again = (model.translate(given[0], seed=None).astype("int") for _ in range(2))
    for other in (there, again, model.translate(given[0], seed=6)):
        assert np.abs(other - one).mean() > 1
    assert np.abs(there - again).mean() > 1
    assert model.translate(several[0], backward=True, n=2).shape == (3, 2, 13, 18, 1)


def test_a_translation_takes_the_style_of_another_image(model, tmp_path):
    given, others = images(2, (16, 16, 1)), images(2, (20, 9, 3), 3)
    Image.fromarray(given[0, ..., 0]).save(tmp_path / "given.png")
    Image.fromarray(others[0]).save(tmp_path / "other.png")
    taken = model.translate(given, style=others)
    assert_alike(taken[1], model.translate(given[1], style=others[1]))
    swapped = model.translate(given, style=others[::-1]).astype("float64")
    assert (np.abs(swapped - taken).max((1, 2, 3)) > 1).all()
    made = model.translate(tmp_path / "given.png", style=tmp_path / "other.png")
    assert_alike(np.asarray(made), taken[0])
    several = model.translate(tmp_path / "given.png", n=2)
    assert [picture.size for picture in several] == [(16, 16)] * 2
    for options, message in (
        ({"style": others[0], "n": 2}, "Pass n or style"),
        ({"style": images(3, (16, 16, 3))}, "3 styles for 2 images"),
        ({"style": given[0]}, r"Expected images \(height, width, 3\)"),
        ({"n": 0}, "n must be at least 1"),
        ({"seed": -1}, "seed must be at least 0"),
    ):
        with pytest.raises(ValueError, match=message):
            model.translate(given, **options)
