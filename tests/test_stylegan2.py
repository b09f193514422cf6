"""StyleGAN2: its layers in closed form, its networks, its lazy turns."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from tiny import array, compiled, images, train

from kerasgan import models, networks
from kerasgan.layers import (
    BilinearUpsampling,
    Blur2D,
    EqualizedConv2D,
    EqualizedDense,
    MeanStyle,
    MinibatchDeviation,
    ModulatedConv2D,
    NoiseInput,
)

TINY = {"latent_dim": 4, "width": 2, "max_width": 4, "style_dim": 4, "mapping_layers": 2}


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def test_a_demodulated_convolution_is_that_of_each_samples_own_kernel():
    x, scales = numbers(2, 6, 6, 5), 3 * numbers(2, 5, seed=1)
    layer = ModulatedConv2D(4, 3)
    made = array(layer([x, scales]))
    kernel = array(layer.kernel)
    for i in range(2):
        own = kernel * scales[i][:, None]
        own /= np.sqrt((own**2).sum((0, 1, 2)))
        expected = ops.conv(x[i : i + 1], own, padding="same", data_format="channels_last")
        np.testing.assert_allclose(made[i], array(expected)[0], atol=1e-4)
    x, scales = numbers(64, 8, 8, 16), 1 + 9 * numbers(64, 16, seed=1)
    assert array(ModulatedConv2D(8, 1)([x, scales])).std() == pytest.approx(1, abs=0.05)


def test_enlarging_is_bilinear_before_the_convolution():
    x, scales = numbers(1, 6, 6, 3), numbers(1, 3, seed=1)
    layer = ModulatedConv2D(2, 3, upsample=True, demodulate=False)
    made = array(layer([x, scales]))
    assert made.shape == layer.compute_output_shape([x.shape, scales.shape]) == (1, 12, 12, 2)
    kernel = array(layer.kernel)[::-1, ::-1] * scales[0][:, None] / 27**0.5
    large = BilinearUpsampling(2)(ops.convert_to_tensor(x))
    expected = ops.conv(large, kernel.copy(), padding="same", data_format="channels_last")
    np.testing.assert_allclose(made[:, 3:-3, 3:-3], array(expected)[:, 3:-3, 3:-3], atol=1e-4)


def test_blurring_keeps_what_is_even():
    x = np.ones((1, 8, 8, 3), "float32")
    assert array(Blur2D(2)(x)).shape == (1, 9, 9, 3) == Blur2D(2).compute_output_shape(x.shape)
    halved = array(Blur2D(1, strides=2)(x))
    assert halved.shape == (1, 4, 4, 3)
    np.testing.assert_allclose(halved[:, 1:-1, 1:-1], 1, rtol=1e-6)
    np.testing.assert_allclose(halved[:, 0, 0], (7 / 8) ** 2, rtol=1e-6)


def test_an_equalised_rate_scales_the_kernel_where_it_is_used():
    x = numbers(3, 50)
    layer = EqualizedDense(40, gain=2.0, learning_rate_multiplier=0.01, bias_initializer="ones")
    made = array(layer(x))
    kernel = array(layer.kernel)
    assert kernel.std() == pytest.approx(100, rel=0.1)
    np.testing.assert_allclose(made, x @ kernel * 0.02 / np.sqrt(50) + 0.01, rtol=1e-3, atol=1e-4)
    layer = EqualizedConv2D(4, 3, gain=3.0)
    made = array(layer(numbers(1, 3, 3, 5)))
    expected = (numbers(1, 3, 3, 5)[0, ..., None] * array(layer.kernel)).sum((0, 1, 2))
    np.testing.assert_allclose(made[0, 0, 0], expected * 3 / np.sqrt(45), rtol=1e-3, atol=1e-4)
    with pytest.raises(ValueError, match="learning_rate_multiplier must be above 0. Received"):
        EqualizedDense(1, learning_rate_multiplier=0.0)


def test_the_deviation_of_a_group_becomes_a_channel():
    x = numbers(4, 2, 2, 3)
    made = array(MinibatchDeviation()(x))
    np.testing.assert_array_equal(made[..., :3], x)
    np.testing.assert_allclose(made[..., 3], x.std(0).mean(), rtol=1e-4)
    assert array(MinibatchDeviation()(x[:1]))[..., 3].max() < 1e-3
    with pytest.raises(ValueError, match="group_size must be at least 2"):
        MinibatchDeviation(1)


def test_noise_is_new_in_training_and_kept_otherwise():
    x, layer = np.zeros((2, 4, 4, 3), "float32"), NoiseInput(seed=0)
    np.testing.assert_array_equal(array(layer(x, training=True)), x)
    layer.strength.assign([2.0])
    same, again = (array(layer(x)) for _ in range(2))
    np.testing.assert_array_equal(same, again)
    np.testing.assert_allclose(same[0], np.repeat(2 * array(layer.noise), 3, -1))
    drawn, other = (array(layer(x, training=True)) for _ in range(2))
    assert (drawn != other).any() and (drawn[0] != drawn[1]).any()


def test_the_mean_style_moves_in_training_alone():
    layer, styles = MeanStyle(momentum=0.75), np.array([[1.0, 2.0], [3.0, 4.0]], "float32")
    layer(styles)
    np.testing.assert_array_equal(array(layer.mean), 0)
    np.testing.assert_array_equal(array(layer(styles, training=True)), styles)
    np.testing.assert_allclose(array(layer.mean), [0.5, 0.75])


def of_styles(shape, kernel):
    """A generator that is linear in its two styles of three numbers."""
    latents, styles = keras.Input((3,)), keras.Input((2, 3))
    x = layers.Dense(kernel.shape[-1], use_bias=False, name="linear")(layers.Flatten()(styles))
    mapping = keras.Model(latents, layers.Dense(3)(latents), name="mapping")
    synthesis = keras.Model(styles, layers.Reshape(shape)(x), name="synthesis")
    synthesis.get_layer("linear").set_weights([kernel])
    z = keras.Input((3,))
    return keras.Model(z, synthesis(layers.RepeatVector(2)(mapping(z))))


def judge(shape, kernel):
    inputs = keras.Input(shape)
    logits = layers.Dense(1, use_bias=False)
    discriminator = keras.Model(inputs, logits(layers.Flatten()(inputs)))
    logits.set_weights([kernel[:, None]])
    return discriminator


def test_the_path_lengths_of_a_linear_synthesis():
    kernel = numbers(6, 1)
    pair = of_styles((1, 1, 1), kernel), judge((1, 1, 1), np.ones(1, "float32"))
    model = models.StyleGAN2(*pair, seed=3, path_length_weight=5.0)
    drawn = keras.random.SeedGenerator(0)
    drawn.state.assign(array(model.seed_generator.state))
    noise = np.abs(array(keras.random.normal((4, 1, 1, 1), seed=drawn))[:, 0, 0, 0])
    lengths = array(model.path_lengths(ops.convert_to_tensor(numbers(4, 2, 3))))
    # The root of the mean over the two styles of the squared norm of y times the kernel.
    np.testing.assert_allclose(lengths, noise * np.sqrt((kernel**2).sum() / 2), rtol=1e-4)


def test_r1_comes_every_16th_step_with_16_times_its_weight():
    kernel, x = np.array([0.3, 0.0, 0.4], "float32"), numbers(4, 3)
    pair = of_styles((3,), np.zeros((6, 3), "float32")), judge((3,), kernel)
    model = models.StyleGAN2(*pair, penalty_weight=0.5, path_length_weight=0.0)
    still, moving = keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.01)
    model.compile(discriminator_optimizer=moving, generator_optimizer=still)
    history = train(model, x, epochs=2)
    expected = kernel.copy()
    for step in range(2):
        expected += 0.01 * (x / (1 + np.exp(x @ expected))[:, None]).mean(0)
        if step == 0:
            penalty = 0.25 * (expected**2).sum()
            expected -= 0.01 * 16 * 0.5 * expected
    moved = array(model.discriminator.trainable_variables[0])[:, 0]
    np.testing.assert_allclose(moved, expected, rtol=1e-4, atol=1e-6)
    assert history["gradient_penalty"] == [pytest.approx(penalty, rel=1e-4), 0.0]


def test_a_style_is_another_latents_from_the_crossover_on():
    pair = of_styles((1, 1, 1), numbers(6, 1)), judge((1, 1, 1), np.ones(1, "float32"))
    model = models.StyleGAN2(*pair, mixing_probability=0.5)
    batch = {"latents": numbers(2, 3), "other_latents": numbers(2, 3, seed=1)}
    batch |= {"mixed": np.array([0.4, 0.6], "float32"), "crossover": np.zeros(2, "float32")}
    batch = {name: ops.convert_to_tensor(value) for name, value in batch.items()}
    own, other = (array(model.mapping(batch[name])) for name in ("latents", "other_latents"))
    styles = array(model.styles(batch))
    np.testing.assert_allclose(styles, [[own[0], other[0]], [own[1], own[1]]], rtol=1e-5)
    np.testing.assert_allclose(array(model.styles(batch, training=False))[0, 1], own[0], rtol=1e-5)


def test_a_step_moves_every_weight_and_a_seed_gives_the_same_pictures():
    keras.utils.set_random_seed(1)
    model = compiled(models.StyleGAN2(*networks.stylegan2((32, 32, 1), **TINY), seed=1))
    before = [array(v) for v in model.trainable_variables]
    history = train(model, images(8, (32, 32, 1)))
    assert np.isfinite([v for values in history.values() for v in values]).all()
    assert history["path_length"][0] > 0 and array(model.path_length_mean) > 0
    still = [v.path for v, old in zip(model.trainable_variables, before) if (array(v) == old).all()]
    assert not still
    mean = model.generator.get_layer("mapping").get_layer("mean_style").mean
    assert np.abs(array(mean)).min() > 0
    made = model.generate(3, seed=5)
    np.testing.assert_array_equal(model.generate(3, seed=5, batch_size=2), made)


@pytest.mark.without_backend
def test_labels_are_embedded_in_the_mapping_and_projected_on():
    pair = networks.stylegan2((32, 32, 3), label_dim=3, **TINY)
    model = models.ConditionalStyleGAN2(*pair, seed=1)
    train(compiled(model), images(7, (32, 32, 3)), y=np.arange(7) % 3)
    one, other = (model.generate(2, seed=0, labels=label, as_float=True) for label in (0, 1))
    assert one.shape == (2, 32, 32, 3) and (one != other).any()
    again = models.ConditionalStyleGAN2.from_config(model.get_config())
    assert again.labels.dim == 3 and again.path_length_weight == 2.0


@pytest.mark.without_backend
@pytest.mark.parametrize("size, styles", [(32, 8), (64, 10), (128, 12), (256, 14)])
def test_two_styles_a_doubling(size, styles):
    generator, discriminator = networks.stylegan2((size, size, 2), **TINY)
    assert generator.output_shape == discriminator.input_shape == (None, size, size, 2)
    assert discriminator.output_shape == (None, 1)
    assert generator.get_layer("synthesis").input_shape == (None, styles, 4)
    assert generator.get_layer("mapping").output_shape == (None, 4)


@pytest.mark.without_backend
@pytest.mark.parametrize("shape", [(16, 16, 3), (48, 48, 3), (32, 64, 3), (32, 32)], ids=str)
def test_other_shapes_are_refused_by_name(shape):
    with pytest.raises(ValueError, match="image_shape must be .*32, 64, 128, 256. Received"):
        networks.stylegan2(shape)


@pytest.mark.without_backend
def test_what_is_out_of_range_is_refused():
    pair = networks.mlp((8, 8, 1), latent_dim=4, width=8, depth=1)
    with pytest.raises(ValueError, match='must have the layers "mapping" and "synthesis"'):
        models.StyleGAN2(*pair)
    pair = of_styles((1, 1, 1), numbers(6, 1)), judge((1, 1, 1), np.ones(1, "float32"))
    with pytest.raises(ValueError, match="mixing_probability must be in .0, 1.. Received.*=2"):
        models.StyleGAN2(*pair, mixing_probability=2)
    with pytest.raises(ValueError, match="weight must be 0 or more"):
        models.StyleGAN2(*pair, penalty_weight=-1.0)
    with pytest.raises(ValueError, match="path_length_weight=-1"):
        models.StyleGAN2(*pair, path_length_weight=-1.0)
