"""FastGAN: skip-layer excitation, and a discriminator that reconstructs what it sees."""

import keras
import numpy as np
import pytest
from keras import ops
from tiny import array, images, train

from kerasgan import models, networks
from kerasgan.augment import DifferentiableAugmentation
from kerasgan.losses import FeatureLoss
from kerasgan.networks.fastgan import skip_layer_excitation

SMALL = {"latent_dim": 4, "width": 2, "discriminator_width": 2}


def model_of(channels=3, seed=1, **options):
    keras.utils.set_random_seed(seed)
    pair = networks.fastgan((32, 32, channels), **SMALL)
    augmentation = DifferentiableAugmentation(seed=seed)
    return models.FastGAN(*pair, augmentation=augmentation, seed=seed, **options)


def test_skip_layer_excitation_gates_channels_as_its_formula():
    small, large = keras.Input((8, 8, 3)), keras.Input((32, 32, 2))
    network = keras.Model([small, large], skip_layer_excitation(small, large))
    random = np.random.default_rng(0)
    x, y = (random.standard_normal(n, "float32") for n in ((2, 8, 8, 3), (2, 32, 32, 2)))
    first, second = (random.standard_normal(w.shape, "float32") for w in network.get_weights())
    network.set_weights([first, second])
    pooled = x.reshape(2, 4, 2, 4, 2, 3).mean((2, 4))
    hidden = np.einsum("nhwi,hwio->no", pooled, first)
    hidden = hidden / (1 + np.exp(-hidden))
    gate = 1 / (1 + np.exp(-hidden @ second[0, 0]))
    expected = y * gate[:, None, None]
    np.testing.assert_allclose(array(network([x, y])), expected, rtol=1e-3, atol=1e-4)


@pytest.mark.without_backend
@pytest.mark.parametrize("size, excited", [(32, []), (64, [64]), (256, [64, 128, 256])])
def test_sizes(size, excited):
    generator, discriminator = networks.fastgan((size, size, 2), **SMALL)
    assert generator.output_shape == discriminator.input_shape == (None, size, size, 2)
    assert discriminator.output_shape == (None, 25)
    names = [layer.name for layer in generator.layers]
    assert [n for n in names if n.startswith("excited")] == [f"excited_{n}" for n in excited]
    decoder = models.FastGAN(generator, discriminator).decoder
    assert [shape[1] for shape in decoder.output_shape] == [min(size, 128), min(size // 2, 128)]


def test_a_step_moves_every_weight_and_a_seed_gives_the_same_pictures():
    model = model_of(channels=1)
    trained = [array(v) for v in model.trainable_variables]
    history = train(model, images(8, (32, 32, 1)))
    assert np.isfinite([v for values in history.values() for v in values]).all()
    assert "reconstruction_loss" in history
    # The decoders among them, whose turn is the discriminator's.
    assert all((array(v) != b).any() for v, b in zip(model.trainable_variables, trained))
    one, same, other = (model.generate(2, seed=s, as_float=True) for s in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


def test_reconstruction_compares_the_image_and_the_quarter_that_was_seen():
    model = model_of(reconstruction_loss="mean_squared_error")
    x = np.random.default_rng(0).uniform(-1, 1, (2, 32, 32, 3)).astype("float32")
    _, whole, part = map(ops.stop_gradient, model._features(x))
    made, quarter = map(array, model.decoder([whole, part[:, :8, :8]]))
    expected = np.mean((made - x) ** 2) + np.mean((quarter - x[:, :16, :16]) ** 2)
    found = model._reconstruction(ops.convert_to_tensor(x), whole, part, training=False)
    assert float(ops.stop_gradient(found)) == pytest.approx(float(expected), rel=1e-4)


@pytest.mark.without_backend
def test_what_does_not_fit_is_refused():
    for shape in ((16, 16, 3), (48, 48, 3), (32, 64, 3), (32, 32)):
        with pytest.raises(ValueError, match="32, 64, 128, 256"):
            networks.fastgan(shape)
    with pytest.raises(ValueError, match="features_8.*8×8"):
        models.FastGAN(*networks.dcgan((32, 32, 3), width=2))
    with pytest.raises(ValueError, match="reconstruction_weight.*-1"):
        model_of(reconstruction_weight=-1.0)
    assert model_of(reconstruction_loss=FeatureLoss("mine.keras")).feature_networks() == [
        "mine.keras"
    ]
