"""Layers against NumPy and against Keras's own."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from kerasgan.engine.backend import input_gradient
from kerasgan.layers import (
    BatchNormalization,
    BilinearUpsampling,
    ConditionalBatchNormalization,
    GroupNormalization,
    MaxPooling2D,
    MinibatchDiscrimination,
    ReflectionPadding2D,
    SpectralConv2D,
    SpectralDense,
    UpSampling2D,
)


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def array(x):
    return np.array(ops.convert_to_numpy(x), "float32")


def saved_and_loaded(model, tmp_path):
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for a, b in zip(loaded.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    return loaded


# Spectral normalisation.


SPECTRAL = {
    "convolution": (lambda **options: SpectralConv2D(5, 3, **options), (6, 6, 2)),
    "dense": (lambda **options: SpectralDense(5, **options), (7,)),
}
both = pytest.mark.parametrize("make, shape", SPECTRAL.values(), ids=SPECTRAL)


def built(make, shape, **options):
    """A layer, its kernel as a matrix, and `u`."""
    layer = make(bias_initializer="normal", **options)
    layer.build((None, *shape))
    return layer, array(layer.kernel).reshape(-1, 5), array(layer.u)


def power_iteration(kernel, u):
    """Singular vectors and the norm, after one iteration."""
    v = kernel @ u
    v /= np.linalg.norm(v)
    u = v @ kernel
    u /= np.linalg.norm(u)
    return v, u, v @ kernel @ u


def plain(layer, norm, **options):
    """Keras's own layer with the kernel divided by `norm`."""
    keras_layer = layers.Dense if isinstance(layer, layers.Dense) else layers.Conv2D
    other = keras_layer.from_config(layer.get_config() | options)
    other.build(layer.get_build_config()["input_shape"])
    other.set_weights([array(layer.kernel) / norm, array(layer.bias)])
    return other


@both
def test_spectral_layers_divide_by_one_power_iteration(make, shape):
    layer, kernel, u = built(make, shape, activation="tanh")
    x = normal(3, *shape)
    for _ in range(2):
        _, u, norm = power_iteration(kernel, u)
        output = array(layer(x, training=True))
        np.testing.assert_allclose(output, array(plain(layer, norm)(x)), rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(array(layer.u), u, rtol=1e-5, atol=1e-6)
    # Inference makes the step too, as the authors' code does, and forgets it.
    _, _, norm = power_iteration(kernel, u)
    output = array(layer(x))
    np.testing.assert_allclose(output, array(plain(layer, norm)(x)), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(array(layer.u), u, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(array(layer.kernel).reshape(-1, 5), kernel)


@both
def test_spectral_norm_becomes_the_largest_singular_value(make, shape):
    layer, kernel, _ = built(make, shape)
    for _ in range(100):
        layer.normalized_kernel(training=True)
    expected = kernel / np.linalg.svd(kernel, compute_uv=False)[0]
    found = array(layer.normalized_kernel()).reshape(-1, 5)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_spectral_gradient_holds_the_singular_vectors_constant():
    layer, kernel, u = built(*SPECTRAL["dense"], use_bias=False)
    model = keras.Sequential([keras.Input((7,)), layer])
    # The loss of one sample is linear in the outputs: mean(y * (x @ kernel / norm)).
    model.compile(keras.optimizers.SGD(0.5), lambda y, outputs: ops.mean(y * outputs))
    x, y = normal(1, 7, seed=1), normal(1, 5, seed=2)
    model.fit(x, y, verbose=0)
    v, new_u, norm = power_iteration(kernel, u)
    of_divided = x.T @ y / 5
    gradient = of_divided / norm - (of_divided * kernel).sum() / norm**2 * np.outer(v, new_u)
    np.testing.assert_allclose(array(layer.kernel), kernel - 0.5 * gradient, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(array(layer.u), new_u, rtol=1e-5, atol=1e-6)


@both
def test_spectral_norm_is_float32_in_mixed_precision(make, shape):
    layer, kernel, u = built(make, shape, dtype="mixed_bfloat16")
    x = normal(3, *shape)
    output = layer(x, training=True)
    assert keras.backend.standardize_dtype(output.dtype) == "bfloat16"
    assert layer.kernel.dtype == layer.u.dtype == "float32"
    # Half precision would miss this by some 0.001.
    assert abs(np.linalg.norm(array(layer.u)) - 1) < 1e-6
    _, _, norm = power_iteration(kernel, u)
    expected = array(plain(layer, norm, dtype="float32")(x))
    np.testing.assert_allclose(array(ops.cast(output, "float32")), expected, rtol=0.05, atol=0.05)


@both
def test_spectral_layers_are_saved_with_their_estimate(make, shape, tmp_path):
    layer = make(kernel_initializer=keras.initializers.Constant(0.5), use_bias=False)
    model = keras.Sequential([keras.Input(shape), layer])
    layer.kernel.assign(normal(*layer.kernel.shape))
    x = normal(2, *shape)
    model(x, training=True)
    loaded = saved_and_loaded(model, tmp_path)
    np.testing.assert_allclose(loaded.predict(x, verbose=0), array(model(x)), rtol=1e-5, atol=1e-6)
    assert loaded.layers[-1].kernel_initializer.value == 0.5


def test_u_is_drawn_from_the_seed():
    keras.utils.set_random_seed(5)
    one, two = (built(*SPECTRAL["dense"])[2] for _ in range(2))
    keras.utils.set_random_seed(5)
    again = built(*SPECTRAL["dense"])[2]
    np.testing.assert_array_equal(one, again)
    assert (one != two).all()


# Minibatch discrimination.


def closeness(x, kernel, num_kernels):
    """The paper's sum, over the others of the batch."""
    found = np.zeros((len(x), num_kernels))
    matrices = np.moveaxis((x @ kernel).reshape(len(x), -1, num_kernels), 1, 2)
    for i, mine in enumerate(matrices):
        for j, other in enumerate(matrices):
            if j != i:
                found[i] += np.exp(-np.abs(mine - other).sum(axis=1))
    return found


@pytest.mark.parametrize("size", [1, 4])
def test_minibatch_discrimination_sums_over_the_others(size):
    layer = MinibatchDiscrimination(num_kernels=3, kernel_dim=2)
    x = normal(size, 5)
    output = array(layer(x))
    np.testing.assert_array_equal(output[:, :5], x)
    expected = closeness(x, array(layer.kernel), 3)
    np.testing.assert_allclose(output[:, 5:], expected, rtol=1e-5, atol=1e-6)
    assert (expected == 0).all() == (size == 1)


def test_equal_samples_are_as_close_as_can_be():
    layer = MinibatchDiscrimination(num_kernels=3)
    output = array(layer(np.repeat(normal(1, 5), 4, axis=0)))
    np.testing.assert_allclose(output[:, 5:], 3.0, rtol=1e-6)


def test_minibatch_discrimination_trains_and_is_saved(tmp_path):
    model = keras.Sequential(
        [
            keras.Input((5,)),
            MinibatchDiscrimination(3, 2),
            layers.Dense(1, kernel_initializer="ones"),
        ]
    )
    kernel = array(model.layers[0].kernel)
    model.compile(keras.optimizers.SGD(0.1), "mse")
    model.fit(normal(6, 5), normal(6, 1), batch_size=3, verbose=0)
    after = array(model.layers[0].kernel)
    assert np.isfinite(after).all() and (after != kernel).any()
    loaded = saved_and_loaded(model, tmp_path)
    assert (loaded.layers[0].num_kernels, loaded.layers[0].kernel_dim) == (3, 2)


@pytest.mark.parametrize("options", [{"num_kernels": 0}, {"kernel_dim": 0}], ids=str)
def test_minibatch_discrimination_refuses_no_kernel(options):
    with pytest.raises(ValueError, match="must be at least 1. Received:.*=0"):
        MinibatchDiscrimination(**options)


# Conditional batch normalisation.


@pytest.mark.parametrize("shape", [(4, 4, 3), (3,)], ids=str)
def test_conditional_normalization_has_a_scale_and_a_shift_a_class(shape):
    layer = ConditionalBatchNormalization(momentum=0.8, epsilon=1e-2)
    reference = layers.BatchNormalization(momentum=0.8, epsilon=1e-2, center=False, scale=False)
    classes = np.array([0, 1, 1, 0, 1, 0])
    x, labels = 2 * normal(6, *shape) + 1, np.eye(2, dtype="float32")[classes]
    layer.build([(None, *shape), (None, 2)])
    layer.gamma.assign(normal(2, 3, seed=1))
    layer.beta.assign(normal(2, 3, seed=2))
    scale, shift = 1 + array(layer.gamma), array(layer.beta)
    for training in (True, False):
        output = array(layer([x, labels], training=training))
        normalized = array(reference(x, training=training))
        for i, label in enumerate(classes):
            expected = normalized[i] * scale[label] + shift[label]
            np.testing.assert_allclose(output[i], expected, rtol=1e-5, atol=1e-5)
    assert np.abs(array(layer.normalization.moving_mean)).max() > 0.1


def test_conditional_normalization_starts_as_a_plain_one():
    x, labels = normal(4, 2, 2, 3), normal(4, 5)
    output = array(ConditionalBatchNormalization()([x, labels], training=True))
    expected = array(layers.BatchNormalization()(x, training=True))
    np.testing.assert_allclose(output, expected, rtol=1e-5, atol=1e-6)


def test_conditional_normalization_trains_and_is_saved(tmp_path):
    inputs = [keras.Input((4, 4, 3)), keras.Input((2,))]
    layer = ConditionalBatchNormalization(0.5, 1e-4)
    model = keras.Model(inputs, layer(inputs))
    model.compile(keras.optimizers.SGD(0.1), "mse")
    x = [normal(4, 4, 4, 3), normal(4, 2)]
    model.fit(x, normal(4, 4, 4, 3, seed=3), verbose=0)
    assert all(np.abs(array(w)).min() > 0 for w in layer.trainable_weights)
    assert len(layer.trainable_weights) == len(layer.non_trainable_weights) == 2
    loaded = saved_and_loaded(model, tmp_path)
    assert loaded.layers[-1].normalization.momentum == 0.5
    expected = model.predict(x, verbose=0)
    np.testing.assert_allclose(loaded.predict(x, verbose=0), expected, rtol=1e-5, atol=1e-6)


def test_conditional_normalization_keeps_the_policy():
    layer = ConditionalBatchNormalization(dtype="mixed_bfloat16")
    output = layer([normal(4, 3), normal(4, 2)], training=True)
    assert keras.backend.standardize_dtype(output.dtype) == "bfloat16"
    assert all(weight.dtype == "float32" for weight in layer.weights)


# Batch normalisation is Keras's, by another way.


@pytest.mark.parametrize("options", [{}, {"scale": False, "center": False}], ids=["full", "bare"])
@pytest.mark.parametrize("shape", [(6, 3), (6, 4, 5, 3)], ids=str)
def test_batch_normalization_is_keras_s_with_its_gradients(shape, options):
    random = np.random.default_rng(0)
    x = ops.convert_to_tensor((random.normal(size=shape) * 2 + 1).astype("float32"))
    pair = [
        cls(momentum=0.9, epsilon=1e-3, **options)
        for cls in (BatchNormalization, layers.BatchNormalization)
    ]
    for layer in pair:
        layer.build((None, *shape[1:]))
        random = np.random.default_rng(1)
        layer.set_weights([random.uniform(0.5, 1.5, w.shape) for w in layer.weights])
    for training in (True, False):
        one, other = (array(ops.stop_gradient(layer(x, training=training))) for layer in pair)
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    for one, other in zip(*(layer.get_weights() for layer in pair)):
        np.testing.assert_allclose(one, other, rtol=1e-6)

    def second_order(layer):
        def slope(x):
            return input_gradient(lambda x: layer(x, training=True) ** 3, x)

        return array(ops.stop_gradient(input_gradient(lambda x: slope(x) ** 2, x)))

    expected = second_order(pair[1])
    np.testing.assert_allclose(
        second_order(pair[0]), expected, rtol=1e-4, atol=1e-5 * abs(expected).max()
    )


def test_batch_normalization_in_half_precision_keeps_its_statistics_in_float32():
    x = np.random.default_rng(0).normal(300.0, 1.0, (64, 3)).astype("float32")
    layer = BatchNormalization(momentum=0.0, dtype="mixed_float16")
    assert layer(x, training=True).dtype == layer(x).dtype
    mean, variance = layer.get_weights()[2:]
    rounded = x.astype("float16").astype("float32")
    np.testing.assert_allclose(mean, rounded.mean(0), rtol=1e-5)
    np.testing.assert_allclose(variance, rounded.var(0), rtol=1e-3)


OTHERS = {
    "pooling": (MaxPooling2D, layers.MaxPooling2D, {"pool_size": 2}),
    "uneven pooling": (MaxPooling2D, layers.MaxPooling2D, {"pool_size": 3, "padding": "same"}),
    "enlarging": (UpSampling2D, layers.UpSampling2D, {"size": (2, 3)}),
    "instance": (GroupNormalization, layers.GroupNormalization, {"groups": -1, "epsilon": 1e-5}),
    "layer": (GroupNormalization, layers.GroupNormalization, {"groups": 1, "scale": False}),
    "groups": (GroupNormalization, layers.GroupNormalization, {"groups": 2, "center": False}),
}


@pytest.mark.parametrize("ours, theirs, options", OTHERS.values(), ids=OTHERS)
def test_a_layer_is_keras_s_with_its_gradients(ours, theirs, options):
    x = ops.convert_to_tensor(normal(3, 5, 7, 4) * np.float32(2) + np.arange(4, dtype="float32"))
    pair = [cls(**options) for cls in (ours, theirs)]
    for layer in pair:
        layer.build(x.shape)
        random = np.random.default_rng(1)
        layer.set_weights([random.uniform(0.5, 1.5, w.shape) for w in layer.weights])
    assert ours.from_config(pair[0].get_config()).get_config() == pair[0].get_config()

    def slope(layer):
        return lambda x: input_gradient(lambda x: layer(x) ** 3, x)

    for find in (
        lambda layer: layer(x),
        lambda layer: slope(layer)(x),
        lambda layer: input_gradient(lambda x: slope(layer)(x) ** 2, x),
    ):
        one, other = (array(ops.stop_gradient(find(layer))) for layer in pair)
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5 * abs(other).max())


@pytest.mark.parametrize("shape", [(1, 5, 7, 4), (2, 1, 1, 4)])
def test_each_channel_of_each_image_is_normalised_alone(shape):
    x = normal(*shape)
    made = array(GroupNormalization(groups=-1, epsilon=1e-5)(x))
    deviation = np.sqrt(x.var((1, 2), keepdims=True) + 1e-5)
    np.testing.assert_allclose(made, (x - x.mean((1, 2), keepdims=True)) / deviation, atol=1e-5)


def test_padding_by_reflection_is_numpy_s():
    x = normal(2, 5, 4, 3)
    expected = np.pad(x, ((0, 0), (3, 3), (3, 3), (0, 0)), mode="reflect")
    np.testing.assert_array_equal(array(ReflectionPadding2D(3)(x)), expected)


@pytest.mark.parametrize("size", [2, 3, 4])
def test_bilinear_upsampling_is_keras_own(size):
    x = np.random.default_rng(0).normal(size=(2, 5, 4, 3)).astype("float32")
    expected = keras.layers.UpSampling2D(size, interpolation="bilinear")(x)
    made = BilinearUpsampling(size)(x)
    np.testing.assert_allclose(
        ops.convert_to_numpy(made), ops.convert_to_numpy(expected), atol=1e-5
    )


def test_bilinear_upsampling_takes_one_size_after_another():
    inputs = keras.Input((None, None, 1))
    network = keras.Model(inputs, BilinearUpsampling(2)(inputs))
    for side in (1, 4, 7):
        assert network.predict_on_batch(np.ones((1, side, 3, 1))).shape == (1, 2 * side, 6, 1)
