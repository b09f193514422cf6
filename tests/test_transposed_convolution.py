"""Strided and transposed convolutions: Keras's numbers, gradients, weights and files."""

import contextlib
import importlib.util
import itertools

import keras
import numpy as np
import pytest
from keras import ops

from kerasgan import networks
from kerasgan.engine import backend
from kerasgan.layers import Conv2D, Conv2DTranspose, SpectralConv2D
from kerasgan.recipes.environment import faster_backend

PAIRS = [(keras.layers.Conv2D, Conv2D), (keras.layers.Conv2DTranspose, Conv2DTranspose)]
named = pytest.mark.parametrize("theirs, ours", PAIRS, ids=["convolution", "transposed"])
random = np.random.default_rng(0)


def pair(theirs, ours, side, **options):
    """Keras's layer and ours with its weights, and pictures."""
    x = ops.convert_to_tensor(random.normal(size=(2, *side, 3)).astype("float32"))
    theirs, ours = theirs(4, **options), ours(4, **options)
    theirs.build(x.shape)
    ours.build(x.shape)
    theirs.bias.assign(random.normal(size=4))
    ours.set_weights(theirs.get_weights())
    return theirs, ours, x


def gradients(layer, x, weights):
    """By the layer's weights, and twice by its input: of the penalty of WGAN-GP."""

    def penalty():
        by_input = backend.input_gradient(lambda x: ops.sin(layer(x)) * weights, x)
        return ops.add(ops.sum(ops.square(by_input)), ops.sum(layer(x) * weights))

    # As in a step, which on JAX has a scope.
    jax = keras.backend.backend() == "jax"
    with keras.StatelessScope() if jax else contextlib.nullcontext():
        return backend.gradients(penalty, layer.trainable_variables)[1]


def equal(one, other, tolerance=1e-5):
    one, other = (np.array(ops.convert_to_numpy(ops.cast(v, "float32"))) for v in (one, other))
    assert one.shape == other.shape
    assert np.abs(one - other).max() <= tolerance * max(np.abs(other).max(), 1.0)


@named
@pytest.mark.parametrize(
    "size, padding", [*((size, "same") for size in (2, 3, 4, 5, 6, 8)), (2, "valid"), (5, "valid")]
)
def test_numbers_are_those_of_keras(theirs, ours, size, padding):
    for stride, side in itertools.product([1, 2, 3, 4], [(9, 8), (5, 3)]):
        if theirs is keras.layers.Conv2D and padding == "valid" and min(side) < size:
            continue
        options = {"kernel_size": size, "strides": stride, "padding": padding}
        one, other, x = pair(theirs, ours, side, **options)
        expected = one(x)
        assert tuple(other.compute_output_shape(x.shape)) == tuple(expected.shape)
        equal(other(x), expected)


@named
@pytest.mark.parametrize(
    "options",
    [
        {"kernel_size": 4, "strides": 2},
        {"kernel_size": 5, "strides": 2},
        {"kernel_size": (3, 6), "strides": (3, 1)},
        {"kernel_size": 5, "strides": 2, "side": (2, 2)},
        {"kernel_size": 2, "strides": 4, "padding": "valid"},
    ],
    ids=str,
)
def test_gradients_are_those_of_keras(theirs, ours, options):
    options = {"padding": "same", "side": (6, 7)} | options
    side = options.pop("side")
    theirs, ours, x = pair(theirs, ours, side, **options)
    weights = ops.convert_to_tensor(random.normal(size=theirs(x).shape).astype("float32"))
    for one, other in zip(gradients(ours, x, weights), gradients(theirs, x, weights)):
        equal(one, other, 5e-5)


@named
@pytest.mark.parametrize("dtype, tolerance", [("float16", 4e-3), ("bfloat16", 3e-2)])
def test_half_precision(theirs, ours, dtype, tolerance):
    options = {"kernel_size": 5, "strides": 2, "padding": "same", "dtype": f"mixed_{dtype}"}
    theirs, ours, x = pair(theirs, ours, (8, 8), **options)
    outputs = ours(x)
    assert keras.backend.standardize_dtype(outputs.dtype) == dtype
    equal(outputs, theirs(x), tolerance)
    weights = ops.ones(outputs.shape, dtype)
    for one, other in zip(gradients(ours, x, weights), gradients(theirs, x, weights)):
        equal(one, other, 4 * tolerance)


@named
@pytest.mark.parametrize(
    "options", [{"dilation_rate": 2}, {"strides": 2, "activation": "relu", "padding": "same"}]
)
def test_other_options_of_keras_hold(theirs, ours, options):
    theirs, ours, x = pair(theirs, ours, (8, 8), kernel_size=3, **options)
    try:
        expected = theirs(x)
    except Exception as error:  # the framework's own
        # TensorFlow has it by oneDNN, which is off on processors without AVX-512.
        if "do not yet support dilation" not in str(error):
            raise
        pytest.skip(f"Keras's own layer fails here: {error}")
    equal(ours(x), expected)


def test_groups_and_output_padding_are_left_to_keras():
    x = ops.convert_to_tensor(random.normal(size=(1, 8, 8, 4)).astype("float32"))
    assert Conv2D(4, 4, 2, groups=2)(x).shape == (1, 3, 3, 4)
    layer = keras.layers.Conv2DTranspose(4, 3, 2, output_padding=1)
    ours = Conv2DTranspose.from_config(layer.get_config())
    expected = layer(x)
    ours.build(x.shape)
    ours.set_weights(layer.get_weights())
    equal(ours(x), expected)


def test_weights_and_files_go_to_keras_and_back(tmp_path):
    """A network of Keras's own layers, as earlier entries hold it, and one of ours."""
    ours, _ = networks.dcgan((16, 16, 3), latent_dim=4, width=4)
    keras_own = {Conv2D: keras.layers.Conv2D, Conv2DTranspose: keras.layers.Conv2DTranspose}
    theirs = keras.models.clone_model(
        ours, clone_function=lambda x: keras_own.get(type(x), type(x)).from_config(x.get_config())
    )
    ours.save_weights(tmp_path / "ours.weights.h5")
    theirs.load_weights(tmp_path / "ours.weights.h5")
    z = random.normal(size=(2, 4)).astype("float32")
    expected = theirs.predict_on_batch(z)
    for network, file in ((ours, "ours.keras"), (theirs, "theirs.keras")):
        network.save(tmp_path / file)
        loaded = keras.models.load_model(tmp_path / file)
        assert [type(x) for x in loaded.layers] == [type(x) for x in network.layers]
        equal(loaded.predict_on_batch(z), expected)


@pytest.mark.without_backend
def test_builders_use_them():
    for pair in (
        networks.dcgan((16, 16, 3), width=4),
        networks.dcgan((16, 16, 3), width=4, discriminator_normalization="spectral"),
        (networks.unet((8, 8, 3), width=4), networks.patchgan((32, 32, 3), width=4)),
        (networks.srgan_discriminator(16, width=4),),
    ):
        for layer in (layer for network in pair for layer in network.layers):
            if max(getattr(layer, "strides", (1,))) > 1:
                assert isinstance(layer, (Conv2D, Conv2DTranspose, SpectralConv2D))


def test_what_stays_slower_than_an_installed_backend_is_said(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name == "tensorflow")
    monkeypatch.setattr(backend, "accelerator", lambda: None)
    if keras.backend.backend() == "tensorflow":
        assert faster_backend() is None
    else:
        assert "KERAS_BACKEND=tensorflow" in faster_backend()
    monkeypatch.setattr(backend, "accelerator", lambda: "NVIDIA H100")
    assert faster_backend() is None
