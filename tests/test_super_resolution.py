"""Super-resolution: networks, losses, both stages, entries, the recipe and the command."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from PIL import Image

from kerasgan import cli, datasets, losses, networks, zoo
from kerasgan.models import ESRGAN, SRGAN, SuperResolution
from kerasgan.zoo import store


def photographs(n=4, side=48, seed=0):
    """Smooth colours with hard edges, so that there is something to learn."""
    random = np.random.default_rng(seed)
    blocks = random.integers(0, 256, (n, side // 8, side // 8, 3), "uint8")
    return blocks.repeat(8, axis=1).repeat(8, axis=2)


@pytest.fixture
def folder(tmp_path):
    for i, image in enumerate(photographs(6)):
        (tmp_path / "photos").mkdir(exist_ok=True)
        Image.fromarray(image).save(tmp_path / "photos" / f"{i}.png")
    return tmp_path / "photos"


def tiny(cls=SRGAN, seed=1, **options):
    keras.utils.set_random_seed(seed)
    generator = networks.pan(scale=2, width=4, blocks=1, upsampling_width=4)
    if cls is SuperResolution:
        return cls(generator, seed=seed, **options)
    options = {"content_loss": "mean_squared_error"} | options
    discriminator = networks.srgan_discriminator(patch_size=16, width=2)
    return cls(generator, discriminator, seed=seed, **options)


def moved(cls):
    """A model whose networks differ as training would make them, without its time."""
    model = tiny(cls)
    random = np.random.default_rng(4)
    for network in (model.generator, model.averaged_generator):
        for weight in network.trainable_variables or network.weights:
            weight.assign_add(0.05 * random.normal(size=weight.shape))
    return model


@pytest.mark.without_backend
@pytest.mark.parametrize("scale", [2, 3, 4, 8])
@pytest.mark.parametrize("build", [networks.srresnet, networks.rrdb, networks.pan])
def test_a_network_enlarges_by_its_scale(build, scale):
    network = build(scale=scale, width=4, blocks=1)
    assert network.compute_output_spec(keras.KerasTensor((1, 7, 5, 3))).shape == (
        *(1, 7 * scale, 5 * scale, 3),
    )


@pytest.mark.without_backend
def test_networks_have_the_papers_numbers_of_parameters():
    # The papers say 272 thousand and 16.7 million. All of RRDB's blocks are alike.
    one, two = (networks.rrdb(scale=4, blocks=n).count_params() for n in (1, 2))
    assert one + 22 * (two - one) == 16_697_987
    one, two = (networks.pan(scale=4, blocks=n).count_params() for n in (1, 2))
    assert one + 15 * (two - one) == 272_419


@pytest.mark.without_backend
@pytest.mark.parametrize("build", [networks.srresnet, networks.rrdb, networks.pan])
def test_another_scale_is_refused(build):
    with pytest.raises(ValueError, match="2, 3, 4 or 8. Received: 5"):
        build(scale=5)


def test_relativistic_average_is_its_formula():
    real, fake = np.array([[1.0], [3.0]]), np.array([[0.5], [-2.0]])
    sigmoid = lambda x: 1 / (1 + np.exp(-x))  # noqa: E731
    expected = -np.mean(np.log(sigmoid(real - fake.mean())))
    expected -= np.mean(np.log(1 - sigmoid(fake - real.mean())))
    loss = losses.get("relativistic_average")
    real_logits, fake_logits = ops.cast(real, "float32"), ops.cast(fake, "float32")
    assert float(loss.discriminator(real_logits, fake_logits)) == pytest.approx(expected, rel=1e-5)
    swapped = -np.mean(np.log(sigmoid(fake - real.mean())))
    swapped -= np.mean(np.log(1 - sigmoid(real - fake.mean())))
    assert float(loss.generator(real_logits, fake_logits)) == pytest.approx(swapped, rel=1e-5)


def feature_network():
    keras.utils.set_random_seed(3)
    inputs = keras.Input((None, None, 3))
    x = layers.Conv2D(5, 3, activation="relu", name="first", bias_initializer="normal")(inputs)
    return keras.Model(inputs, layers.Conv2D(2, 3, name="second")(x), name="tiny_features")


@pytest.mark.parametrize("activated", [True, False])
def test_feature_loss_compares_a_layer(activated):
    network = feature_network()
    a, b = np.random.default_rng(0).uniform(-1, 1, (2, 2, 9, 9, 3)).astype("float32")
    loss = losses.FeatureLoss(network, "first", activated, scale=0.5, preprocessing=(2.0, 1.0))

    def features(x):
        layer = network.get_layer("first")
        y = ops.conv(2.0 * x + 1.0, layer.kernel) + layer.bias
        return ops.convert_to_numpy(ops.relu(y) if activated else y)

    expected = np.mean((0.5 * (features(a) - features(b))) ** 2)
    assert float(loss(a, b)) == pytest.approx(float(expected), rel=1e-5)
    # The user's own network keeps its activation.
    assert network.get_layer("first").activation is keras.activations.relu


@pytest.mark.without_backend
def test_a_feature_network_on_disk_is_named_where_it_is_gone(tmp_path):
    path = tmp_path / "features.keras"
    feature_network().save(path)
    model = tiny(content_loss=losses.FeatureLoss(path, "second", scale=1.0))
    zoo.save(model, tmp_path / "entry")
    path.unlink()
    loaded = zoo.load(tmp_path / "entry")
    assert loaded.upscale(photographs(1)[0]).shape == (96, 96, 3)
    with pytest.raises(ValueError, match="There is no file .*features.keras"):
        loaded.fit(photographs(), patch_size=16, verbose=0)


def test_bad_feature_networks_are_refused():
    with pytest.raises(ValueError, match="no layer 'third'. It has: .*first, second"):
        losses.FeatureLoss(feature_network(), "third").prepare()
    with pytest.raises(ValueError, match="no weights file 'nowhere.h5'"):
        losses.FeatureLoss("vgg19", weights="nowhere.h5").prepare()
    kept = losses.FeatureLoss.from_config(losses.FeatureLoss(feature_network()).get_config())
    with pytest.raises(ValueError, match="not stored with the weights"):
        kept.prepare()


@pytest.mark.without_backend
def test_vgg19_is_read_from_a_file_of_its_weights(tmp_path):
    network = keras.applications.VGG19(include_top=False, weights=None)
    network.save_weights(tmp_path / "vgg19.weights.h5")
    image = np.random.default_rng(0).uniform(-1, 1, (1, 16, 16, 3)).astype("float32")
    pixels = keras.applications.vgg19.preprocess_input((image + 1.0) * 127.5)
    cut = keras.Model(network.inputs[0], network.get_layer("block2_conv2").output)
    expected = ops.convert_to_numpy(cut(pixels))
    after, before = (
        losses.FeatureLoss("vgg19", "block2_conv2", on, weights=tmp_path / "vgg19.weights.h5")
        for on in (True, False)
    )
    features = ops.convert_to_numpy(after.features(image))
    np.testing.assert_allclose(features, expected, rtol=1e-4, atol=1e-3)
    unbounded = ops.convert_to_numpy(before.features(image))
    assert unbounded.min() < 0
    np.testing.assert_allclose(np.maximum(unbounded, 0), expected, rtol=1e-4, atol=1e-3)


@pytest.mark.without_backend
def test_the_losses_are_the_papers_sums():
    model = tiny(adversarial_weight=0.3, pixel_weight=0.2)
    random = np.random.default_rng(0)
    small = random.uniform(-1, 1, (3, 8, 8, 3)).astype("float32")
    large = random.uniform(-1, 1, (3, 16, 16, 3)).astype("float32")
    made = ops.convert_to_numpy(model.generator(small))
    logits = ops.convert_to_numpy(model.discriminator(made))
    expected = np.mean((large - made) ** 2) + 0.3 * np.mean(np.log1p(np.exp(-logits)))
    expected += 0.2 * np.mean(np.abs(large - made))
    large, small = ops.convert_to_tensor(large), ops.convert_to_tensor(small)
    loss = model.generator_loss({"large": large, "small": small}, training=False)
    assert float(loss) == pytest.approx(float(expected), rel=1e-4)


def test_training_on_pixels_comes_nearer_to_the_originals():
    model = tiny(SuperResolution, pixel_loss="mean_absolute_error")
    model.compile(generator_optimizer=keras.optimizers.Adam(1e-2))
    data = datasets.load_photographs(photographs(8), scale=2, patch_size=16, steps=25, workers=1)
    held_out = photographs(4, seed=9)
    small = np.stack([np.asarray(datasets.shrink(image, 2)) for image in held_out])

    def distance():
        return np.abs(model.upscale(small).astype("float32") - held_out).mean()

    before = distance()
    model.fit(data, verbose=0)
    assert distance() < 0.8 * before


def test_half_precision_is_judged_by_every_network_that_the_verb_needs(tmp_path):
    model = tiny()
    zoo.save(model, tmp_path / "entry")
    assert zoo.info(tmp_path / "entry")["precision"] == "float16"
    for weight in model.pixel_generator.weights:
        weight.assign(weight * 3.0)
    zoo.save(model, tmp_path / "entry")
    assert zoo.info(tmp_path / "entry")["precision"] == "float32"


@pytest.mark.parametrize("cls", [SuperResolution, SRGAN, ESRGAN])
def test_an_entry_enlarges_as_the_model_does(cls, tmp_path):
    model = moved(cls)
    zoo.save(model, tmp_path / "entry")
    loaded = zoo.load(tmp_path / "entry")
    image = photographs(1, seed=5)[0][:20, :13]
    with np.load(tmp_path / "entry" / "reference.npz") as file:
        assert np.array_equal(loaded.reference_samples(images=file["images"]), file["samples"])
    assert np.abs(loaded.upscale(image).astype(int) - model.upscale(image)).max() <= 1
    assert zoo.info(tmp_path / "entry")["scale"] == 2


def test_strength_goes_from_pixels_to_adversarial():
    pixels, model, image = tiny(SuperResolution), moved(SRGAN), photographs(1)[0][:16, :16]
    tiling = {"tile": 16, "overlap": 4}
    faithful, between, sharp = (
        model.upscale(image, strength=s, **tiling).astype(int) for s in (0.0, 0.5, 1.0)
    )
    assert np.array_equal(faithful, pixels.upscale(image, **tiling))
    assert np.array_equal(sharp, model.upscale(image, **tiling))
    assert np.abs(sharp - faithful).max() > 5
    assert 0 < np.abs(between - faithful).mean() < np.abs(sharp - faithful).mean()
    with pytest.raises(ValueError, match=r"strength must be in \[0, 1\]. Received: strength=2"):
        model.upscale(image, strength=2)
    with pytest.raises(ValueError, match="pixels alone"):
        pixels.upscale(image, strength=0.5)


def test_upscale_gives_back_what_it_was_given(tmp_path):
    model = tiny(SuperResolution)
    image = photographs(1)[0][:10, :6]
    Image.fromarray(image).save(tmp_path / "photo.png")
    of_array = model.upscale(image)
    assert of_array.shape == (20, 12, 3) and of_array.dtype == np.uint8
    for source in (tmp_path / "photo.png", Image.fromarray(image)):
        picture = model.upscale(source)
        assert picture.size == (12, 20)
        assert np.array_equal(np.asarray(picture), of_array)
    assert model.upscale(image[None, ..., :1]).shape == (1, 20, 12, 1)


@pytest.mark.without_backend
def test_a_model_resumes_as_if_it_had_not_stopped(tmp_path):
    data = {"steps_per_epoch": 2, "verbose": 0, "patch_size": 16, "batch_size": 4}
    whole, cut = tiny(), tiny()
    for model in (whole, cut):
        model.fit(photographs(), **data)
    cut.save(tmp_path / "cut.keras")
    cut = keras.saving.load_model(tmp_path / "cut.keras")
    for model in (whole, cut):
        model.fit(photographs(), **data)
    for a, b in zip(whole.weights, cut.weights, strict=True):
        np.testing.assert_array_equal(ops.convert_to_numpy(a), ops.convert_to_numpy(b))


def test_bad_data_and_networks_are_refused():
    model = tiny()
    small, large = np.zeros((2, 8, 8, 3), "uint8"), np.zeros((2, 12, 12, 3), "uint8")
    with pytest.raises(ValueError, match=r"\(batch, 16, 16, 3\). Received: \(2, 12, 12, 3\)"):
        model.fit(small, large, verbose=0)
    with pytest.raises(ValueError, match="discriminator takes images of side 16"):
        model.fit(photographs(), patch_size=32, verbose=0)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        model.fit("nowhere")
    with pytest.raises(ValueError, match="whole number of times as large"):
        SuperResolution(keras.Sequential([keras.Input((None, None, 3)), layers.Conv2D(3, 1)]))
    with pytest.raises(ValueError, match="built keras.Model"):
        SuperResolution(None)
    with pytest.raises(ValueError, match="discriminator must take square images"):
        SRGAN(model.generator, networks.mlp((8, 8, 1))[1])


@pytest.mark.without_backend
def test_both_stages_train_from_the_recipe(folder, tmp_path):
    run = tmp_path / "run"
    networks_of_it = {
        "generator": {"builder": "pan", "width": 4, "blocks": 1, "upsampling_width": 4},
        "discriminator": {"width": 2},
    }
    data = {"scale": 2, "patch_size": 16, "batch_size": 4, "steps": 2}
    zoo.train(
        "srgan",
        folder,
        run,
        data=data,
        networks=networks_of_it,
        model={"content_loss": "mean_squared_error"},
        fit={"epochs": 1, "held_out": 2},
        stages={"1": {"fit": {"epochs": 1}}},
    )
    pixels, both = zoo.load(run / "stage_1"), zoo.load(run)
    assert type(pixels) is SuperResolution and type(both) is SRGAN
    image = photographs(1)[0]
    assert np.array_equal(both.upscale(image, strength=0.0), pixels.upscale(image))
    assert Image.open(run / "entry" / "sample.png").width == 3 * 160
    assert zoo.info(run)["metrics"]["held_out"] == 2


def test_the_command_enlarges_files_and_folders(folder, tmp_path, capsys):
    zoo.save(tiny(SuperResolution), tmp_path / "entry")
    command = ["upscale", "--model", str(tmp_path / "entry"), "--tile", "16"]
    assert cli.main([*command, str(folder / "0.png"), "-o", str(tmp_path / "large.png")]) == 0
    assert Image.open(tmp_path / "large.png").size == (96, 96)
    assert cli.main([*command, str(folder / "0.png"), "-o", str(tmp_path / "large.png")]) == 2
    assert "--force" in capsys.readouterr().err
    assert cli.main([*command, str(folder), "-o", str(tmp_path / "all"), "--comparison"]) == 0
    assert len(list((tmp_path / "all").glob("?.png"))) == 6
    assert cli.main([*command, str(folder), "--scale", "3"]) == 2
    assert "enlarges 2 times. Received: --scale 3" in capsys.readouterr().err
    assert cli.main(["upscale", str(folder), "--model", "dcgan_fashion_mnist"]) == 2
    assert "dcgan_fashion_mnist generates: " in capsys.readouterr().err


def test_the_command_has_a_default_where_an_entry_enlarges(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(store, "shipped", lambda: tmp_path / "entries")
    command = ["upscale", str(folder / "0.png"), "--tile", "32", "-o", str(tmp_path / "large.png")]
    assert cli.main(command) == 2
    assert "Give --model" in capsys.readouterr().err
    zoo.save(tiny(SuperResolution), tmp_path / "entries" / "pan_x2")
    assert cli.main(command) == 0
    assert Image.open(tmp_path / "large.png").size == (96, 96)
    # Only an adversarial one takes a strength.
    zoo.save(moved(SRGAN), tmp_path / "entries" / "srgan_x4")
    assert cli.main([*command, "--force", "--strength", "0.5"]) == 0


def test_what_needs_latents_is_not_there():
    assert not hasattr(tiny(SuperResolution), "interpolate")
