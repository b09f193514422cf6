"""The builders, and whatever else may stand in for a generator and a discriminator."""

import json

import keras
import numpy as np
import pytest
from keras import layers
from tiny import array, compiled, images, train

from kerasgan import networks
from kerasgan.layers import (
    ConditionalBatchNormalization,
    MinibatchDiscrimination,
    SpectralConv2D,
    SpectralDense,
)
from kerasgan.models import GAN
from kerasgan.zoo.safety import check_classes


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
    with pytest.raises(ValueError, match="at least 1"):
        networks.mlp(**options)


# What the builders share.


BUILD = {
    "dcgan": build,
    "mlp": lambda **options: networks.mlp((4, 4, 1), latent_dim=4, width=6, depth=2, **options),
    "resnet": lambda **options: networks.resnet((32, 32, 1), latent_dim=4, width=2, **options),
}
WEIGHTS = (layers.Conv2D, layers.Dense)
NORMALIZATIONS = {"batch": layers.BatchNormalization, "layer": layers.GroupNormalization}
every_builder = pytest.mark.parametrize("builder", BUILD)


def tensor(*shape, seed=0):
    values = np.random.default_rng(seed).normal(size=shape).astype("float32")
    return keras.ops.convert_to_tensor(values)


def count(network, kind):
    return sum(isinstance(layer, kind) for layer in network.layers)


@pytest.mark.parametrize("kind", ["batch", "layer", "spectral", None])
@every_builder
def test_discriminator_normalization(builder, kind):
    generator, discriminator = BUILD[builder](discriminator_normalization=kind)
    # Every hidden layer but dcgan's first; resnet's blocks, two each, but the first.
    expected = {"dcgan": 1, "mlp": 2, "resnet": 6}[builder]
    for name, layer in NORMALIZATIONS.items():
        assert count(discriminator, layer) == (expected if kind == name else 0)
    spectral = (SpectralConv2D, SpectralDense)
    assert count(discriminator, spectral) == (kind == "spectral") * count(discriminator, WEIGHTS)
    assert count(generator, (layers.GroupNormalization, *spectral)) == 0


def test_default_normalization_is_the_papers():
    kinds = {"dcgan": layers.BatchNormalization, "resnet": SpectralConv2D}
    for builder, kind in kinds.items():
        assert count(BUILD[builder]()[1], kind)
    found = {type(layer).__name__ for layer in BUILD["mlp"]()[1].layers}
    assert found == {"InputLayer", "Flatten", "Dense", "LeakyReLU"}


def test_layer_normalization_is_over_all_features_of_a_sample():
    _, discriminator = build(discriminator_normalization="layer")
    (layer,) = (x for x in discriminator.layers if isinstance(x, layers.GroupNormalization))
    x = array(tensor(2, 4, 4, 8)) * np.arange(1, 9, dtype="float32")
    mean, variance = (f(x, axis=(1, 2, 3), keepdims=True) for f in (np.mean, np.var))
    expected = (x - mean) / np.sqrt(variance + 1e-5)
    np.testing.assert_allclose(array(layer(x)), expected, rtol=1e-4, atol=1e-5)


def test_dcgan_has_a_bias_where_no_normalization_shifts():
    for kind, expected in {"batch": 1, "layer": 1, "spectral": 2, None: 2}.items():
        _, discriminator = build(discriminator_normalization=kind)
        convolutions = [x for x in discriminator.layers if isinstance(x, layers.Conv2D)]
        assert sum(x.use_bias for x in convolutions) == expected


@pytest.mark.parametrize("conditioning", ["concatenation", "projection", "auxiliary", "classes"])
@every_builder
def test_conditional_networks(builder, conditioning):
    generator, discriminator = BUILD[builder](label_dim=3, conditioning=conditioning)
    sample = generator.output_shape[1:]
    if conditioning == "classes":
        assert generator.input_shape == (None, 4)
        assert discriminator.input_shape == (None, *sample)
        assert discriminator(tensor(2, *sample)).shape == (2, 3)
        return
    assert generator.input_shape == [(None, 4), (None, 3)]
    labels = keras.ops.convert_to_tensor(np.eye(3, dtype="float32")[:2])
    others = 1.0 - labels
    if conditioning == "auxiliary":
        assert discriminator.input_shape == (None, *sample)
        assert discriminator.output_shape == [(None, 1), (None, 3)]
        logits, label_logits = discriminator(tensor(2, *sample))
        assert logits.shape == (2, 1) and label_logits.shape == (2, 3)
    else:
        assert discriminator.input_shape == [(None, *sample), (None, 3)]
        assert discriminator.output_shape == (None, 1)
        x = tensor(2, *sample)
        one, two = (array(discriminator([x, y])) for y in (labels, others))
        assert (one != two).all()
    if builder == "resnet":
        # Until they are trained, its labels move nothing.
        for layer in generator.layers:
            if isinstance(layer, ConditionalBatchNormalization):
                layer.gamma.assign(layer.gamma + 0.5)
    one, two = (array(generator([tensor(2, 4), y])) for y in (labels, others))
    assert one.shape == (2, *sample) and (one != two).any()


@every_builder
def test_projection_is_the_papers(builder):
    _, discriminator = BUILD[builder](label_dim=3, conditioning="projection")
    dot = next(x for x in discriminator.layers if isinstance(x, layers.Dot))
    activations = (layers.ReLU, layers.LeakyReLU)
    last = next(x for x in reversed(discriminator.layers) if isinstance(x, activations))
    parts = keras.Model(discriminator.input, [*dot.input, last.output])
    x, y = tensor(2, *discriminator.input_shape[0][1:]), tensor(2, 3, seed=1)
    embedding, features, last = (array(part) for part in parts([x, y]))
    # The sum over positions of the last features, of which the mlp has vectors.
    np.testing.assert_allclose(
        features, last.sum(axis=tuple(range(1, last.ndim - 1))), rtol=1e-4, atol=1e-5
    )
    (layer,) = (z for z in discriminator.layers if isinstance(z, layers.Dense) and not z.use_bias)
    assert isinstance(layer, SpectralDense) == (builder == "resnet")
    np.testing.assert_allclose(embedding, array(layer(y)), rtol=1e-4, atol=1e-5)
    difference = array(discriminator([x, y])) - array(discriminator([x, 0 * y]))
    expected = (embedding * features).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(difference, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("builder", ["dcgan", "mlp"])
def test_minibatch_discrimination_comes_before_the_output(builder):
    _, discriminator = BUILD[builder](minibatch_discrimination=True)
    assert [type(layer).__name__ for layer in discriminator.layers[-2:]] == [
        "MinibatchDiscrimination",
        "Dense",
    ]
    x = array(tensor(3, *discriminator.input_shape[1:]))
    together = array(discriminator(x))
    assert np.abs(array(discriminator(x[:1])) - together[:1]).max() > 1e-6
    assert count(BUILD[builder]()[1], MinibatchDiscrimination) == 0


@pytest.mark.parametrize(
    "options, message",
    [
        ({"discriminator_normalization": "instance"}, "one of 'batch', .*, None. .*'instance'"),
        ({"conditioning": "film"}, "conditioning must be one of 'concatenation', .*'film'"),
        ({"label_dim": 0}, "label_dim must be at least 1, a whole number or None"),
    ],
    ids=str,
)
@every_builder
def test_builders_refuse_unknown_options(builder, options, message):
    with pytest.raises(ValueError, match=message):
        BUILD[builder](**options)


@every_builder
def test_networks_with_options_are_saved(builder, tmp_path):
    options = {"discriminator_normalization": "spectral", "label_dim": 3}
    for network in BUILD[builder](conditioning="projection", **options):
        config = keras.saving.serialize_keras_object(network)
        check_classes(json.loads(json.dumps(config)), "config.json")
        network.save(tmp_path / "network.keras")
        loaded = keras.saving.load_model(tmp_path / "network.keras")
        inputs = [tensor(2, *shape[1:]) for shape in network.input_shape]
        found, expected = (array(x(inputs)) for x in (loaded, network))
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", ["layer", "spectral", None])
def test_dcgan_trains_with_every_normalization(kind):
    model = compiled(GAN(*build(discriminator_normalization=kind), seed=0))
    spectral = [x for x in model.discriminator.layers if isinstance(x, SpectralConv2D)]
    before = [array(layer.u) for layer in spectral]
    history = train(model, images(4, (16, 16, 1)), epochs=2)
    assert np.isfinite(list(history.values())).all()
    for layer, u in zip(spectral, before):
        assert (array(layer.u) != u).any()
        assert abs(np.linalg.norm(array(layer.u)) - 1) < 1e-5


# Residual networks.


@pytest.mark.parametrize(
    "size, ups, first, second, shortcuts",
    [
        (32, [2, 2, 2], [2, 2, 2, 2], [2, 2, 2, 2], [2, 2]),
        (64, [16, 8, 4, 2], [2, 2, 4, 8, 16], [2, 4, 8, 16, 16], [2, 4, 8, 16]),
    ],
)
def test_resnet_has_the_papers_blocks(size, ups, first, second, shortcuts):
    generator, discriminator = networks.resnet((size, size, 3), latent_dim=4, width=2)
    assert generator.output_shape == discriminator.input_shape == (None, size, size, 3)
    assert discriminator.output_shape == (None, 1)
    made, seen = (
        [x for x in network.layers if isinstance(x, layers.Conv2D)]
        for network in (generator, discriminator)
    )
    assert [x.filters for x in made if x.kernel_size == (1, 1)] == ups
    assert [x.filters for x in made if x.kernel_size == (3, 3)] == [*np.repeat(ups, 2), 3]
    assert sorted(x.filters for x in seen if x.kernel_size == (1, 1)) == shortcuts
    both = np.stack([first, second], axis=1).ravel()
    assert [x.filters for x in seen if x.kernel_size == (3, 3)] == [*both]
    assert count(generator, layers.UpSampling2D) == 2 * len(ups)
    assert count(discriminator, layers.AveragePooling2D) == 2 * len(shortcuts)


def test_resnet_starts_from_the_papers_weights():
    for network in networks.resnet(latent_dim=64, width=32):
        for layer in network.layers:
            if isinstance(layer, WEIGHTS):
                kernel = array(layer.kernel)
                fans = (kernel.shape[-1] + kernel.shape[-2]) * np.prod(kernel.shape[:-2])
                # He's, with twice the variance of Glorot's, inside of the blocks.
                he = kernel.shape[:2] == (3, 3) and kernel.shape[-1] != 3
                limit = np.sqrt((12 if he else 6) / fans)
                assert 0.9 * limit < np.abs(kernel).max() <= limit


def test_the_first_block_sees_pixels_as_they_are():
    _, discriminator = BUILD["resnet"](discriminator_normalization="layer")
    names = [type(layer).__name__ for layer in discriminator.layers]
    assert names.index("ReLU") > names.index("Conv2D")
    assert names.index("GroupNormalization") > names.index("Add")


@pytest.mark.parametrize("kind", ["spectral", "layer", None])
def test_the_resnet_pools_as_its_paper_does(kind):
    _, discriminator = BUILD["resnet"](discriminator_normalization=kind)
    *_, last, dense = (x for x in discriminator.layers if isinstance(x, (layers.ReLU, DENSE)))
    pooled = keras.Model(discriminator.input, [last.output, dense.input])
    features, pooled = (array(y) for y in pooled(tensor(2, 32, 32, 1)))
    pool = np.sum if kind == "spectral" else np.mean
    np.testing.assert_allclose(pooled, pool(features, axis=(1, 2)), rtol=1e-4, atol=1e-5)


def test_the_resnet_generator_normalizes_by_label():
    generator, _ = BUILD["resnet"](label_dim=3)
    assert count(generator, ConditionalBatchNormalization) == 6
    # The last one, before the image, has no label in either paper's code.
    assert count(generator, layers.BatchNormalization) == 1
    assert next(x for x in generator.layers if isinstance(x, layers.Dense)).kernel.shape[0] == 4


@pytest.mark.parametrize("shape", [(16, 16, 3), (128, 128, 3), (32, 64, 3), (32, 32)])
def test_resnet_refuses_other_shapes(shape):
    with pytest.raises(ValueError, match="size 32 or 64.*Received: image_shape="):
        networks.resnet(shape)


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
