"""The builders, and whatever else may stand in for a generator and a discriminator."""

import keras
import numpy as np
import pytest
from keras import layers
from tiny import compiled, images, train

from kerasgan import networks
from kerasgan.models import GAN


def build(shape=(16, 16, 1), **options):
    return networks.dcgan(shape, **{"latent_dim": 4, "width": 4, "kernel_size": 3} | options)


@pytest.mark.parametrize("size", [16, 32, 64, 128, 256])
def test_dcgan_has_one_doubling_a_power_of_two(size):
    generator, discriminator = build((size, size, 3), width=1)
    assert generator.input_shape == (None, 4)
    assert generator.output_shape == discriminator.input_shape == (None, size, size, 3)
    assert discriminator.output_shape == (None, 1)
    up = [x for x in generator.layers if isinstance(x, layers.Conv2DTranspose)]
    down = [x for x in discriminator.layers if isinstance(x, layers.Conv2D)]
    assert len(up) == len(down) == int(np.log2(size)) - 2
    widths = [layer.filters for layer in down]
    assert widths == [2**i for i in range(len(down))]
    assert [layer.filters for layer in up] == [*reversed(widths[:-1]), 3]


def test_dcgan_widths_end_at_1024():
    _, discriminator = build((64, 64, 3), width=400, kernel_size=1)
    filters = [x.filters for x in discriminator.layers if isinstance(x, layers.Conv2D)]
    assert filters == [400, 800, 1024, 1024]


@pytest.mark.parametrize("size, channels", [(16, 1), (16, 4), (32, 3)])
def test_dcgan_runs(size, channels):
    generator, discriminator = build((size, size, channels))
    z = np.random.default_rng(0).normal(size=(2, 4)).astype("float32")
    samples = generator.predict_on_batch(z)
    assert samples.shape == (2, size, size, channels)
    assert np.abs(samples).max() <= 1
    assert discriminator.predict_on_batch(samples).shape == (2, 1)


def test_dcgan_starts_from_the_papers_weights():
    pair = build((16, 16, 3), width=64, kernel_size=5)
    convolutions = (layers.Conv2D, layers.Conv2DTranspose, layers.Dense)
    for network in pair:
        for layer in network.layers:
            if isinstance(layer, convolutions):
                kernel = np.array(keras.ops.convert_to_numpy(layer.kernel))
                # Four standard errors of a mean and of a deviation.
                error = 4 * 0.02 / np.sqrt(kernel.size)
                assert abs(kernel.mean()) < error and abs(kernel.std() - 0.02) < error
            if isinstance(layer, layers.BatchNormalization):
                gamma = np.array(keras.ops.convert_to_numpy(layer.gamma))
                assert abs(gamma.mean() - 1) < 4 * 0.02 / np.sqrt(gamma.size)
                assert 0.01 < gamma.std() < 0.03


def test_dcgan_leaves_normalisation_out_at_output_and_input():
    generator, discriminator = build((64, 64, 3))
    made, seen = (
        [type(layer).__name__ for layer in network.layers] for network in (generator, discriminator)
    )
    assert made[-2:] == ["Conv2DTranspose", "Activation"]
    assert generator.layers[-1].activation is keras.activations.tanh
    assert seen[1:4] == ["Conv2D", "LeakyReLU", "Conv2D"]
    assert made.count("BatchNormalization") == 4 and seen.count("BatchNormalization") == 3
    assert made.count("ReLU") == 4 and seen.count("LeakyReLU") == 4


@pytest.mark.parametrize(
    "shape",
    [(8, 8, 1), (20, 20, 1), (16, 32, 1), (512, 512, 3), (16, 16), (16, 16, 0), (16, 16, 1, 1)],
    ids=str,
)
def test_dcgan_refuses_other_shapes(shape):
    with pytest.raises(ValueError, match="image_shape.*Received.*16|512|20|8"):
        networks.dcgan(shape)


@pytest.mark.parametrize("shape, end", [((2,), "linear"), ((5, 7, 3), "tanh")], ids=str)
def test_mlp_makes_samples_of_any_shape(shape, end):
    generator, discriminator = networks.mlp(shape, latent_dim=3, width=6, depth=3)
    assert generator.output_shape == discriminator.input_shape == (None, *shape)
    assert generator.layers[-1].activation is getattr(keras.activations, end)
    for network in (generator, discriminator):
        hidden = [x for x in network.layers if isinstance(x, layers.Dense)][:-1]
        assert [x.units for x in hidden] == [6, 6, 6]
    samples = generator.predict_on_batch(np.ones((2, 3), "float32"))
    assert discriminator.predict_on_batch(samples).shape == (2, 1)


@pytest.mark.parametrize(
    "options", [{"image_shape": (0,)}, {"width": 0}, {"depth": 0}, {"latent_dim": 0}], ids=str
)
def test_mlp_refuses_nothing_at_all(options):
    with pytest.raises(ValueError, match="must be at least 1"):
        networks.mlp(**options)


# Any two Keras models.


def functional(inputs, *body):
    x = start = keras.Input(inputs)
    for layer in body:
        x = layer(x)
    return keras.Model(start, x)


@keras.saving.register_keras_serializable("test")
class Subclassed(keras.Model):
    """A generator that Keras can't look into."""

    def __init__(self, units=64, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.dense = layers.Dense(units, activation="tanh")
        self.shape = layers.Reshape((8, 8, 1))

    def call(self, z):
        return self.shape(self.dense(z))

    def get_config(self):
        return super().get_config() | {"units": self.units}


def subclassed():
    model = Subclassed()
    model(np.zeros((1, 4), "float32"))
    return model


GENERATORS = {
    "functional": lambda: functional((4,), layers.Dense(64), layers.Reshape((8, 8, 1))),
    "sequential": lambda: keras.Sequential(
        [keras.Input((4,)), layers.Dense(64), layers.Reshape((8, 8, 1))]
    ),
    "nested": lambda: functional(
        (4,), functional((4,), layers.Dense(64)), layers.Reshape((8, 8, 1))
    ),
    "subclassed": subclassed,
}


def critic():
    return functional((8, 8, 1), layers.Flatten(), layers.Dense(1))


@pytest.mark.parametrize("make", GENERATORS.values(), ids=GENERATORS)
def test_any_keras_model_is_a_generator(make, tmp_path):
    generator = make()
    model = GAN(generator, critic(), seed=0)
    for average, weight in zip(model.averaged_generator.weights, generator.weights, strict=True):
        assert average is not weight
        np.testing.assert_array_equal(average, weight)
    before = generator.get_weights()
    train(compiled(model), images(4))
    assert (generator.get_weights()[0] != before[0]).any()
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.generate(2, seed=0), model.generate(2, seed=0))


def test_a_map_of_logits_trains():
    patches = functional((8, 8, 1), layers.Conv2D(1, 3))
    model = GAN(GENERATORS["sequential"](), patches)
    assert np.isfinite(list(train(compiled(model), images(4)).values())).all()


DENSE = layers.Dense


@pytest.mark.parametrize(
    "generator, discriminator, message",
    [
        (
            lambda: functional((4,), DENSE(64), layers.Reshape((8, 8, 1))),
            lambda: functional((9, 8, 1), layers.Flatten(), DENSE(1)),
            r"\(8, 8, 1\) but discriminator takes \(9, 8, 1\)",
        ),
        (lambda: functional((2, 4), DENSE(1)), critic, r"\(batch, latent_dim\).*\(None, 2, 4\)"),
        (lambda: functional((None,), layers.Identity()), critic, r"latent_dim.*\(None, None\)"),
        (
            lambda: functional((4,), layers.Reshape((2, 2))),
            lambda: functional((None, 2), DENSE(1)),
            r"\(2, 2\) but discriminator takes \(None, 2\)",
        ),
        (lambda: keras.Sequential([DENSE(3)]), critic, "generator must be a built keras.Model"),
        (lambda: DENSE(3), critic, "generator must be a built keras.Model"),
        (lambda: functional((4,), DENSE(3)), lambda: None, "discriminator must be a built"),
    ],
    ids=["sizes", "latent rank", "latent unknown", "sample unknown", "unbuilt", "layer", "none"],
)
def test_networks_that_do_not_fit_are_refused(generator, discriminator, message):
    with pytest.raises(ValueError, match=message):
        GAN(generator(), discriminator())
