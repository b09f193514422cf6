"""Networks that people write themselves: averaged, trained, saved and exported, or refused."""

import os
import subprocess
import sys
from importlib.util import find_spec

import keras
import numpy as np
import pytest
from keras import layers, ops
from tiny import compiled, images, mlp_gan, train

from kerasgan import networks, zoo
from kerasgan.models import GAN, ConditionalGAN

POINTS = np.zeros((4, 2), "float32")
JAX, TORCH = (keras.backend.backend() == name for name in ("jax", "torch"))


class Scale(layers.Layer):
    def __init__(self, factor, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def build(self, input_shape):
        self.weight = self.add_weight(shape=(input_shape[-1],), initializer="ones")

    def call(self, x):
        return x * self.weight * self.factor

    def get_config(self):
        return super().get_config() | {"factor": self.factor}


class Opaque(layers.Layer):
    def __init__(self, what, **kwargs):
        super().__init__(**kwargs)
        self.what = what

    def call(self, x):
        return x


def relu(x):
    """Not Keras's."""
    return ops.tanh(x)


def network(inputs, *parts):
    return keras.Sequential([keras.Input((inputs,)), *parts])


def judge():
    return network(2, layers.Dense(4), layers.Dense(1))


def test_a_network_of_ones_own_layers_and_functions_is_averaged_and_trains():
    half = 0.5
    inner = network(4, Scale(2.0), layers.Dense(8, activation=relu))
    generator = network(
        4, inner, layers.Lambda(lambda x: x * half), layers.Dense(2, activation=lambda x: x + half)
    )
    model = GAN(generator, judge())
    z = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")
    expected = ops.convert_to_numpy(generator(z))
    np.testing.assert_allclose(model.generate(latents=z), expected, atol=1e-6)
    assert relu.__name__ == "relu"
    train(model, POINTS)
    assert np.abs(model.generate(latents=z) - expected).max() > 0


@pytest.mark.without_backend
def test_a_layer_that_cannot_be_made_anew_is_named():
    with pytest.raises(ValueError, match="'opaque.*' of class Opaque cannot be made.*get_config"):
        GAN(network(4, layers.Dense(2), Opaque(object())), judge())


@pytest.mark.without_backend
def test_a_file_with_ones_own_layer_says_what_it_lacks(tmp_path):
    path = tmp_path / "model.keras"
    model = GAN(network(4, Scale(2.0), layers.Dense(2)), judge())
    model.save(path)
    with pytest.raises(ValueError, match="The generator of this GAN.*'Scale'.*register") as raised:
        keras.saving.load_model(path)
    assert len(str(raised.value)) < 600
    loaded = keras.saving.load_model(path, custom_objects={"Scale": Scale})
    np.testing.assert_allclose(loaded.generate(2, seed=0), model.generate(2, seed=0))
    model = GAN(network(4, layers.Dense(2, activation=lambda x: x, name="last")), judge())
    with pytest.warns(UserWarning, match="may not load.*lambda in its last. Use a function with"):
        model.save(path)


@pytest.mark.without_backend
@pytest.mark.parametrize("order", ["keras, kerasgan", "kerasgan, keras"])
def test_a_fresh_process_loads_a_model_whichever_it_imports_first(order, tmp_path):
    mlp_gan().save(tmp_path / "model.keras")
    code = f"import {order}; keras.saving.load_model({str(tmp_path / 'model.keras')!r})"
    # By the backend that is there soonest.
    soonest = {"KERAS_BACKEND": "jax"} if find_spec("jax") else {}
    command = [sys.executable, "-c", code]
    subprocess.run(command, env=os.environ | soonest, check=True, timeout=120)


class Labelled(keras.Model):
    """A subclass of two inputs, which remembers no shape of what it gives."""

    def __init__(self, units):
        super().__init__()
        self.units, self.dense = units, layers.Dense(units)

    def build(self, input_shape):
        self.dense.build((None, sum(shape[-1] for shape in input_shape)))
        self.built = True

    def call(self, inputs):
        return self.dense(ops.concatenate(inputs, axis=-1))

    def get_config(self):
        return {"units": self.units}


def test_subclassed_networks_of_several_inputs():
    generator, discriminator = Labelled(2), Labelled(1)
    generator.build([(None, 4), (None, 3)])
    discriminator.build([(None, 2), (None, 3)])
    model = ConditionalGAN(generator, discriminator)
    assert (model.latent_dim, model.sample_shape) == (4, (2,))
    train(model, POINTS, y=np.arange(4) % 3)
    assert model.generate(labels=[0, 2]).shape == (2, 2)


@pytest.mark.without_backend
def test_a_network_whose_shapes_are_not_known_is_refused():
    class Two(Labelled):
        def build(self, latents_shape, labels_shape):
            super().build([latents_shape, labels_shape])

        def call(self, latents, labels):
            return super().call([latents, labels])

    generator = Two(2)
    generator(np.zeros((1, 4)), np.zeros((1, 3)))
    with pytest.raises(ValueError, match="not known: a network's call.. takes its inputs as one"):
        ConditionalGAN(generator, judge())


@pytest.mark.skipif(not TORCH, reason="the others differentiate it")
def test_a_layer_that_writes_over_its_weights_is_refused():
    spectral = layers.SpectralNormalization(layers.Dense(1))
    model = GAN(network(4, layers.Dense(2)), network(2, layers.Dense(8), spectral))
    with pytest.raises(ValueError, match="Use kerasgan.layers.SpectralConv2D and SpectralDense"):
        train(model, POINTS)


def test_a_model_in_bfloat16_with_labels_goes_through_the_zoo(tmp_path):
    keras.config.set_floatx("bfloat16")
    keras.config.set_dtype_policy("bfloat16")
    try:
        pair = networks.mlp((8, 8, 1), latent_dim=4, width=8, depth=1, label_dim=3)
        model = ConditionalGAN(*pair, seed=1)
        train(model, images(8), y=[*range(3), *range(3), 0, 1] * np.array(1))
        zoo.save(model, tmp_path / "entry")
        loaded = zoo.load(tmp_path / "entry")
    finally:
        keras.config.set_floatx("float32")
        keras.config.set_dtype_policy("float32")
    difference = loaded.generate(4, seed=0).astype(int) - model.generate(4, seed=0)
    assert np.abs(difference).max() <= 1


class Weighted(GAN):
    """With an argument of its own, and no `get_config`."""

    def __init__(self, generator, discriminator, *, emphasis=1.0, **kwargs):
        super().__init__(generator, discriminator, **kwargs)
        self.emphasis = emphasis


@pytest.mark.without_backend
def test_a_subclass_is_saved_with_its_own_arguments():
    config = mlp_gan(cls=Weighted, emphasis=3.0, ema_decay=0.5).get_config()
    assert (config["emphasis"], config["ema_decay"]) == (3.0, 0.5)
    assert Weighted.from_config(config).emphasis == 3.0


@pytest.mark.skipif(JAX, reason="takes the formats of TensorFlow: test_every_model.py exports it")
def test_an_export_after_a_call_or_a_fit(tmp_path):
    model = compiled(mlp_gan())
    train(model, images(4))
    if TORCH:
        model.export(tmp_path / "model.onnx")
    else:
        model.export(tmp_path / "model")
        import tensorflow as tf

        z = np.random.default_rng(0).standard_normal((3, 4), "float32")
        saved = tf.saved_model.load(tmp_path / "model")
        made = saved.serve({"latents": z})["samples"]
        np.testing.assert_array_equal(made, model.generate(latents=z))
