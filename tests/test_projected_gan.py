"""Projected GAN: the projection is fixed, its discriminators and the generator learn."""

import json

import keras
import numpy as np
import pytest
from keras import ops
from tiny import array, assert_same, images, state, train
from tiny_features import SCALES, feature_file

from kerasgan import models, networks, zoo
from kerasgan.augment import DifferentiableAugmentation
from kerasgan.engine import backend

SMALL = {"latent_dim": 4, "width": 2, "projection_width": 2, "discriminator_width": 2}


def model_of(channels=3, seed=1, **options):
    network = feature_file()  # first: it sets the seed
    keras.utils.set_random_seed(seed)
    pair = networks.projected((32, 32, channels), network, SCALES, **SMALL | options)
    augmentation = DifferentiableAugmentation(seed=seed)
    return models.ProjectedGAN(*pair, augmentation=augmentation, seed=seed)


def fixed(layer):
    return [array(v) for network in (layer.encoder, layer.mixing) for v in network.variables]


def test_a_step_moves_every_weight_but_those_of_the_projection():
    model = model_of()
    model.projection.prepare()
    before, kept = state(model), fixed(model.projection)
    trained = [array(v) for v in model.trainable_variables]
    history = train(model, images(8, (32, 32, 3)))
    assert np.isfinite([v for values in history.values() for v in values]).all()
    assert_same(fixed(model.projection), kept)
    assert all((array(v) != b).any() for v, b in zip(model.trainable_variables, trained))
    # Nothing of the projection is among what the model has, trains or stores.
    assert not model.projection.weights and len(before) > 0


@pytest.mark.without_backend
def test_a_loaded_model_has_the_same_projection(tmp_path):
    model = model_of()
    model.projection.prepare()
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    loaded.projection.prepare()
    assert_same(fixed(loaded.projection), fixed(model.projection))


@pytest.mark.without_backend
def test_gradients_reach_images_through_the_projection():
    model = model_of(seed=2)
    x = ops.convert_to_tensor(np.random.default_rng(0).uniform(-1, 1, (2, 32, 32, 3)), "float32")
    gradient = array(backend.input_gradient(lambda x: model.discriminator(x), x))
    assert gradient.shape == x.shape and (np.abs(gradient).max((1, 2)) > 0).all()


@pytest.mark.parametrize("channels", [1, 2])
def test_images_of_other_channels_go_through_it_channel_by_channel(channels):
    model = model_of(channels)
    layer = model.projection
    assert [tuple(x.shape) for x in layer.prepare().inputs][0][-1] == 4 * channels
    x = np.random.default_rng(0).uniform(-1, 1, (2, 32, 32, channels)).astype("float32")
    made = layer(ops.convert_to_tensor(x))
    # 32 pixels are enlarged to 64, so that the last features have 2.
    assert [tuple(f.shape) for f in made] == layer.compute_output_shape(x.shape)
    assert [f.shape[1] for f in made] == [32, 16, 8, 4] and layer.enlargement == 2
    assert model.discriminator(ops.convert_to_tensor(x)).shape == (2, 4)
    moved = x.copy()
    moved[..., -1] *= -1
    assert all((array(a) != array(b)).any() for a, b in zip(made, layer(moved)))


@pytest.mark.without_backend
def test_the_projection_follows_from_its_seed():
    def projection(seed):
        layer = networks.RandomProjection(feature_file(), SCALES, width=16, seed=seed)
        layer.build((None, 64, 64, 3))
        return [array(w) for w in layer.mixing.weights if len(w.shape) == 4]

    one, same, other = (projection(seed) for seed in (3, 3, 4))
    assert_same(one, same)
    assert all((a != b).all() for a, b in zip(one, other))
    # He's: of eight kernels the inputs' squares sum to 2.
    assert len(one) == 8
    for kernel in one:
        assert np.var(kernel) * np.prod(kernel.shape[:3]) == pytest.approx(2, rel=0.4)


@pytest.mark.without_backend
def test_an_entry_generates_without_the_network_and_says_what_it_misses_to_train(tmp_path):
    file = tmp_path / "here.keras"
    file.write_bytes(feature_file().read_bytes())
    model = models.ProjectedGAN(*networks.projected((32, 32, 3), str(file), SCALES, **SMALL))
    assert model.feature_networks() == [str(file)]
    zoo.save(model, tmp_path / "entry")
    with pytest.raises(ValueError, match="trained to please here.*another network"):
        zoo.evaluate(tmp_path / "entry", tmp_path, features=file)
    file.unlink()
    loaded = zoo.load(tmp_path / "entry")
    assert loaded.generate(1, seed=0).shape == (1, 32, 32, 3)
    with pytest.raises(ValueError, match="model.projection.use.*here.keras"):
        loaded.fit(images(4, (32, 32, 3)), batch_size=4, verbose=0)
    loaded.projection.use(keras.saving.load_model(feature_file()))
    loaded.fit(images(4, (32, 32, 3)), batch_size=4, verbose=0)
    # A network in memory has no name that would be found again.
    config = loaded.projection.get_config()
    assert config["network"] is None and json.dumps(config)
    assert not loaded.projection.weights


@pytest.mark.without_backend
@pytest.mark.parametrize(
    "given, message",
    [
        ({"network": "no.keras"}, "'vgg19'.*path.*Received: 'no.keras'"),
        ({"network": 3}, "'vgg19'.*path.*Received: 3"),
        ({"feature_layers": ["a", "b", "c", "x"]}, "no layer 'x'.*It has: .*a, b, c, d"),
        ({"feature_layers": ["a", "b", "c"]}, "4 layers.*Received: a, b, c"),
        ({"feature_layers": ["a", "b", "d", "c"]}, "half the side.*sides"),
        ({"enlargement": 1}, "2 pixels a side.*enlargement=1"),
        ({"image_shape": (48, 48, 3)}, "32, 64, 128, 256"),
    ],
    ids=str,
)
def test_what_cannot_be_projected_is_refused(given, message):
    own = {"image_shape": (32, 32, 3), "network": feature_file(), "feature_layers": SCALES}
    with pytest.raises(ValueError, match=message):
        networks.projected(**own | SMALL | given)


@pytest.mark.without_backend
def test_a_discriminator_that_sees_images_is_refused():
    with pytest.raises(ValueError, match="networks.RandomProjection"):
        models.ProjectedGAN(*networks.fastgan((32, 32, 3), width=1, discriminator_width=1))


@pytest.mark.without_backend
def test_it_is_trained_by_a_recipe_in_bfloat16(tmp_path):
    for i, picture in enumerate(images(8, (32, 32, 3))):
        (tmp_path / "pictures").mkdir(exist_ok=True)
        keras.utils.save_img(tmp_path / "pictures" / f"{i}.png", picture)
    tables = {"network": str(feature_file()), "feature_layers": SCALES, **SMALL}
    model = zoo.train(
        "projected_gan",
        tmp_path / "pictures",
        tmp_path / "run",
        networks=tables,
        data={"image_shape": [32, 32, 3], "batch_size": 4},
        fit={"epochs": 1},
        dtype="mixed_bfloat16",
    )
    assert isinstance(model, models.ProjectedGAN)
    assert zoo.load(tmp_path / "run").generate(1, seed=0).dtype == "uint8"
