"""Style: its loss, its networks, its models, and what optimisation finds."""

import argparse

import keras
import numpy as np
import pytest
from keras import layers, ops
from PIL import Image
from tiny import images
from tiny_style import LAYERS, style_files

from kerasgan import zoo
from kerasgan.cli import styling
from kerasgan.layers import StyleMixing
from kerasgan.layers.adaptive_instance_normalization import mean_and_deviation
from kerasgan.losses.style import StyleLoss, feature_network, gram_matrix
from kerasgan.models.adain import AdaIN
from kerasgan.models.style_transfer import StyleTransfer
from kerasgan.networks.stylizer import adain, stylizer
from kerasgan.photos.painting import read_painting
from kerasgan.style import stylize_by_optimization

NAMES = {"content_layer": "b", "style_layers": LAYERS}


def numpy(x):
    return np.array(ops.convert_to_numpy(ops.stop_gradient(x)))


@pytest.fixture(scope="module")
def network():
    return style_files()[0]


@pytest.fixture(scope="module")
def painting():
    return style_files()[1]


def smooth(n=1, side=16, seed=1):
    """Pictures of large blocks of colours that are neither dark nor bright."""
    blocks = np.random.default_rng(seed).integers(90, 166, (n, side // 4, side // 4, 3), "uint8")
    return blocks.repeat(4, axis=1).repeat(4, axis=2)


def test_a_gram_matrix_is_the_mean_of_products_of_channels():
    x = np.random.default_rng(0).normal(size=(2, 3, 5, 4)).astype("float32")
    flat = x.reshape(2, 15, 4)
    expected = flat.transpose(0, 2, 1) @ flat / (15 * 4)
    np.testing.assert_allclose(numpy(gram_matrix(x)), expected, rtol=1e-5, atol=1e-6)
    # In half precision the sum would be infinite.
    half = ops.full((1, 32, 32, 2), 200.0, dtype="float16")
    np.testing.assert_allclose(numpy(gram_matrix(half)), 20000.0)


def test_the_style_loss_is_the_papers(network):
    loss = StyleLoss(network, **NAMES, content_weight=2, style_weight=3, variation_weight=4)
    x, y, z = (ops.convert_to_tensor(smooth(seed=s) / 127.5 - 1, "float32") for s in (1, 2, 3))
    content, _ = loss.features(y)
    _, grams = loss.features(z)
    parts = {k: float(numpy(v)) for k, v in loss.parts(x, content, grams).items()}
    whole = keras.saving.load_model(network)
    cut = keras.Model(whole.inputs, [whole.get_layer(name).output for name in LAYERS])
    (a, b), (_, b_of_y), (a_of_z, b_of_z) = ([numpy(f) for f in cut(v)] for v in (x, y, z))

    def gram(f):
        flat = f.reshape(-1, f.shape[-1])
        return flat.T @ flat / flat.size

    styles = [((gram(f) - gram(g)) ** 2).mean() for f, g in ((a, a_of_z), (b, b_of_z))]
    levels = 127.5 * numpy(x)
    variation = sum((np.diff(levels, axis=axis) ** 2).mean() for axis in (1, 2))
    expected = {
        "content_loss": 2 * ((b - b_of_y) ** 2).mean(),
        "style_loss": 3 * sum(styles),
        "variation_loss": 4 * variation,
    }
    assert parts == pytest.approx(expected, rel=1e-4)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    assert again.get_config() == loss.get_config()


@pytest.mark.without_backend
def test_a_feature_network_that_will_not_do_is_named(network, tmp_path):
    with pytest.raises(ValueError, match="no layer 'c'. It has: .*a, .*b"):
        feature_network(network, ["a", "c"])
    with pytest.raises(ValueError, match="path of a .keras file"):
        StyleLoss(tmp_path / "none.keras").prepare()
    fixed = keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(2, 3, name="a")])
    with pytest.raises(ValueError, match="any height"):
        feature_network(fixed, ["a"])
    with pytest.raises(ValueError, match="style_weight must be 0 or more"):
        StyleLoss(style_weight=-1.0)


def test_mixed_features_have_the_statistics_of_the_style():
    random = np.random.default_rng(0)
    content = random.normal(2.0, 3.0, (2, 8, 8, 4)).astype("float32")
    style = random.normal(-1.0, 0.5, (2, 6, 5, 4)).astype("float32")
    mixing = StyleMixing()
    styled = mixing([content, style, np.ones((2, 1), "float32")])
    for found, expected in zip(
        mean_and_deviation(styled), mean_and_deviation(ops.convert_to_tensor(style))
    ):
        np.testing.assert_allclose(numpy(found), numpy(expected), rtol=1e-3, atol=1e-4)
    mixed = mixing([content, style, np.float32([[0.0], [0.5]])])
    np.testing.assert_array_equal(numpy(mixed)[0], content[0])
    middle = (content[1] + numpy(styled)[1]) / 2
    np.testing.assert_allclose(numpy(mixed)[1], middle, rtol=1e-4, atol=1e-4)


def test_adain_trains_its_decoder_and_paints_with_a_strength(network, painting):
    keras.utils.set_random_seed(0)
    generator = adain(network, LAYERS, scale=1.0)
    model = AdaIN(generator, seed=0)
    before = [numpy(w) for w in generator.get_layer("encoder").weights]
    data = {"content": smooth(6), "style": images(4, (16, 16, 3))}
    history = model.fit(data, batch_size=2, epochs=2, verbose=0).history
    assert np.isfinite([v for values in history.values() for v in values]).all()
    assert {"content_loss", "style_loss"} <= history.keys()
    for old, weight in zip(before, generator.get_layer("encoder").weights, strict=True):
        np.testing.assert_array_equal(old, numpy(weight))

    photo = smooth(1, side=20, seed=4)[0, :, :13]
    plain, half, full = (model.stylize(photo, painting, s) for s in (0, 0.5, 1.0))
    assert full.shape == photo.shape and full.dtype == "uint8"
    # Without strength it is what the decoder makes of the photograph's own features.
    padded = np.pad(photo, ((0, 0), (0, 3), (0, 0)), "symmetric")[None] / np.float32(127.5) - 1
    features = model.network.get_layer("encoder")(padded)[-1]
    made = numpy(model.network.get_layer("decoder")(features))[0, :, :13]
    np.testing.assert_allclose(plain, (made + 1) * 127.5, atol=0.6)
    distances = [np.abs(plain.astype(float) - p).mean() for p in (half, full)]
    assert 0 < distances[0] < distances[1]
    other = images(1, (9, 21, 3))
    alone, batch = model.stylize(photo, other), model.stylize(photo[None], other)
    np.testing.assert_array_equal(batch[0], alone)
    each = model.stylize(np.stack([photo] * 2), images(2, (16, 16, 3)))
    assert each.shape == (2, *photo.shape) and np.any(each[0] != each[1])
    for bad in (-0.1, 1.5, "much", float("nan")):
        with pytest.raises(ValueError, match=r"strength must be in \[0, 1\]"):
            model.stylize(photo, painting, bad)
    with pytest.raises(ValueError, match="3 paintings and 1 content"):
        model.stylize(photo, images(3, (16, 16, 3)))
    with pytest.raises(ValueError, match="encoder, mixing, decoder"):
        AdaIN(stylizer(width=2, blocks=1))


@pytest.mark.without_backend
def test_a_stylizer_takes_any_size_and_kind(tmp_path):
    model = StyleTransfer(stylizer(width=2, blocks=1))
    for height, width in ((3, 1), (18, 21)):
        made = model.stylize(smooth(1, side=24)[0, :height, :width])
        assert made.shape == (height, width, 3)
    deep = model.stylize(smooth()[0].astype("uint16") * 257)
    assert deep.dtype == "uint16" and np.abs(deep / 257 - model.stylize(smooth()[0])).max() <= 1
    Image.new("LA", (20, 18)).save(tmp_path / "grey.png")
    picture = model.stylize(tmp_path / "grey.png")
    assert (picture.mode, picture.size) == ("RGBA", (20, 18))
    for wrong, message in ((images(1, (8, 8, 1)), "8, 8, 1"), (np.zeros((0, 8, 3), "uint8"), "0")):
        with pytest.raises(ValueError, match=message):
            model.stylize(wrong)
    with pytest.raises(ValueError, match="shape that it takes"):
        StyleTransfer(stylizer(channels=1, width=2, blocks=1))
    with pytest.raises(ValueError, match="multiples of 4"):
        stylizer((30, 32, 3))


def test_style_transfer_learns_a_painting_and_then_another(network, painting, tmp_path):
    keras.utils.set_random_seed(0)
    loss = StyleLoss(network, **NAMES)
    options = {"style_loss": loss, "style_size": 24, "seed": 0, "ema_decay": 0.0}
    # A stylizer is among the models that all tests are for.
    tiny = keras.Sequential([keras.Input((None, None, 3)), layers.Conv2D(3, 3, padding="same")])
    model = StyleTransfer(tiny, **options)
    data = smooth(8)
    with pytest.raises(ValueError, match="set model.style"):
        model.fit(data, verbose=0)
    model.style = painting
    history = model.fit(data, batch_size=4, epochs=6, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    parts = [history[f"{part}_loss"][-1] for part in ("content", "style", "variation")]
    assert history["loss"][-1] == pytest.approx(sum(parts), rel=1e-4)
    # A picture is not stored, a path is.
    model.save(tmp_path / "model.keras")
    assert keras.saving.load_model(tmp_path / "model.keras").style == str(painting)
    before = model.evaluate(data, verbose=0)["style_loss"]
    model.style = smooth()[0]
    assert model.get_config()["style"] is None
    # What was compiled for the painting before is compiled anew.
    assert abs(model.evaluate(data, verbose=0)["style_loss"] / before - 1) > 0.1


def test_optimisation_lowers_the_loss_by_either_optimizer(network, painting):
    loss = StyleLoss(network, **NAMES, style_weight=1e4, variation_weight=1e-6)
    photo, seen = smooth()[0], []
    options = {"style_loss": loss, "steps": 12}
    found = {
        name: stylize_by_optimization(
            photo, painting, optimizer=name, progress=lambda *p: seen.append(p), **options
        )
        for name in ("lbfgs", "adam")
    }
    for image, losses in found.values():
        assert image.shape == photo.shape and image.dtype == "uint8" and np.any(image != photo)
        assert losses[-1] < 0.3 * losses[0]
    assert len(found["adam"].losses) == 13 and seen[-1] == (12, 12)
    lbfgs, adam = (found[name].losses for name in found)
    assert lbfgs[0] == pytest.approx(adam[0], rel=1e-4) and lbfgs[-1] < adam[-1]
    ways = [(found[n].image.astype(float) - photo).ravel() for n in found]
    assert np.corrcoef(*ways)[0, 1] > 0.3

    # What is added to all three channels leaves their differences as they are.
    grey, _ = stylize_by_optimization(photo, painting, preserve_colours=True, **options)
    change = grey.astype(int) - photo
    inside = ((grey > 0) & (grey < 255)).all(axis=-1)
    assert inside.mean() > 0.3 and np.any(change)
    assert np.ptp(change[inside], axis=-1).max() <= 1

    with pytest.raises(ValueError, match="too small"):
        stylize_by_optimization(photo[:1, :1], painting, **options)
    picture = stylize_by_optimization(
        Image.fromarray(photo), photo, style_loss=loss, steps=1, optimizer="adam"
    ).image
    assert picture.size == (16, 16)


@pytest.mark.without_backend
def test_odd_arguments_of_an_optimisation_are_refused():
    photo = smooth()[0]
    for options, message in (
        ({"optimizer": "sgd"}, "'lbfgs' or 'adam'"),
        ({"steps": 0}, "steps must be at least 1"),
        ({"learning_rate": 0.0}, "learning_rate must be above 0"),
    ):
        with pytest.raises(ValueError, match=message):
            stylize_by_optimization(photo, photo, **options)


@pytest.mark.without_backend
def test_a_painting_is_read_from_anything_and_resized():
    photo = images(1, (10, 20, 3))[0]
    np.testing.assert_allclose(read_painting(photo), photo / 127.5 - 1, atol=1e-6)
    deep = read_painting(photo.astype("uint16") * 257)
    np.testing.assert_allclose(deep, photo / 127.5 - 1, atol=1e-4)
    assert read_painting(Image.fromarray(photo[..., 0]), 8).shape == (4, 8, 3)
    with pytest.raises(ValueError, match="one picture. Received: 2"):
        read_painting(images(2, (4, 4, 3)))


@pytest.mark.without_backend
def test_the_command_paints_with_a_model_of_one_painting_or_of_any(network, painting, tmp_path):
    zoo.save(AdaIN(adain(network, LAYERS, scale=1.0)), tmp_path / "any")
    loss = StyleLoss(network, **NAMES)
    zoo.save(StyleTransfer(stylizer(width=2, blocks=1), style_loss=loss), tmp_path / "one")
    Image.fromarray(smooth()[0]).save(tmp_path / "photo.png")
    commands = argparse.ArgumentParser().add_subparsers()

    def run(*arguments):
        options = parser.parse_args([str(tmp_path / "photo.png"), *map(str, arguments)])
        return styling._stylize(options)

    def add(name, run, help, **kwargs):
        return commands.add_parser(name)

    styling.add(add)
    parser = commands.choices["stylize"]
    assert run("--model", tmp_path / "any", "--style", painting, "--strength", 0.5) == 0
    assert run("--model", tmp_path / "one", "-o", tmp_path / "other.png") == 0
    for name in ("photo_stylized.png", "other.png"):
        assert Image.open(tmp_path / name).size == (16, 16)
    for arguments, message in (
        ((), "Give --style"),
        (("--model", tmp_path / "any"), "give one with --style"),
        (("--model", tmp_path / "one", "--style", painting), "has learnt one painting"),
    ):
        with pytest.raises(ValueError, match=message):
            run(*arguments)
