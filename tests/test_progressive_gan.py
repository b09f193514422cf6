"""Progressive growing: what a larger model takes over, how it fades in, and its stages."""

import keras
import numpy as np
import pytest
from keras import ops
from tiny import array, images, train

from kerasgan import losses, models, networks, recipes, zoo
from kerasgan.layers import FadeIn

SMALL = {"latent_dim": 4, "width": 1, "max_width": 6}


def model_of(size, seed=1, channels=2, **options):
    keras.utils.set_random_seed(seed)
    pair = networks.progressive((size, size, channels), **SMALL)
    return models.ProgressiveGAN(*pair, seed=seed, **options)


def grown(size=8, **options):
    smaller, model = model_of(size // 2), model_of(size, seed=2, **options)
    model.grow_from(smaller)
    return smaller, model


def enlarged(x):
    return np.repeat(np.repeat(x, 2, axis=1), 2, axis=2)


@pytest.mark.without_backend
@pytest.mark.parametrize("size", [8, 16])
def test_a_model_that_has_just_grown_does_what_the_smaller_one_did(size):
    smaller, model = grown(size)
    small, large = (m.generate(3, seed=0, as_float=True) for m in (smaller, model))
    np.testing.assert_allclose(large, enlarged(small), atol=1e-5)
    x = np.random.default_rng(0).uniform(-1, 1, (4, size // 2, size // 2, 2)).astype("float32")
    logits = [array(m.discriminator(y)) for m, y in ((smaller, x), (model, enlarged(x)))]
    np.testing.assert_allclose(*logits, atol=1e-4)


def test_new_layers_fade_in_over_half_of_the_steps_and_every_weight_learns():
    _, model = grown()
    before = [array(v) for v in model.trainable_variables]
    x = images(8, (8, 8, 2))
    batch = model.read_batch(x)["real"]
    quarters = array(ops.convert_to_tensor(x / 127.5 - 1)).reshape(8, 4, 2, 4, 2, 2).mean((2, 4))
    np.testing.assert_allclose(array(batch), enlarged(quarters), atol=1e-5)
    train(model, x, epochs=2)
    assert [float(a) for a in model.alphas()] == [1.0] * 3
    assert all((array(v) != b).any() for v, b in zip(model.trainable_variables, before))
    np.testing.assert_allclose(array(model.read_batch(x)["real"]), x / 127.5 - 1, atol=1e-6)


@pytest.mark.without_backend
def test_a_run_that_is_cut_has_faded_in_as_far_as_it_came():
    _, half = grown()
    x = images(8, (8, 8, 2))
    train(half, x, epochs=4, initial_epoch=0, callbacks=[Stop()])
    assert [float(a) for a in half.alphas()] == [pytest.approx(0.5)] * 3


class Stop(keras.callbacks.Callback):
    """Ends training after the first epoch."""

    def on_epoch_end(self, epoch, logs=None):
        self.model.stop_training = True


@pytest.mark.without_backend
def test_the_loss_of_drift_keeps_values_near_nothing():
    real, fake = np.array([[1.0], [3.0]]), np.array([[4.0], [8.0]])
    assert float(losses.Wasserstein(0.1).discriminator(real, fake)) == pytest.approx(4.0 + 0.5)
    with pytest.raises(ValueError, match="drift_weight must be 0 or more. Received: -1"):
        losses.Wasserstein(-1.0)
    assert model_of(4).get_config()["drift_weight"] == 1e-3


@pytest.mark.without_backend
def test_fading_in_is_a_weighted_sum():
    layer = FadeIn()
    old, new = np.zeros((2, 3), "float32"), np.ones((2, 3), "float32")
    np.testing.assert_array_equal(array(layer([old, new])), new)
    layer.alpha.assign(0.25)
    np.testing.assert_array_equal(array(layer([old, new])), 0.25 * new)


@pytest.mark.without_backend
@pytest.mark.parametrize("size", [4, 32, 256])
def test_sizes(size):
    generator, discriminator = networks.progressive((size, size, 3), **SMALL)
    assert generator.output_shape == discriminator.input_shape == (None, size, size, 3)
    assert discriminator.output_shape == (None, 1)
    widths = {w.shape[-1] for w in generator.trainable_weights if len(w.shape) == 4}
    assert widths <= {1, 2, 3, 4, 6}


@pytest.mark.without_backend
def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="size one of 4, 8, 16, 32, 64, 128, 256. Received"):
        networks.progressive((48, 48, 3))
    with pytest.raises(ValueError, match="The generator grows .* 16 pixels.* Received one for 4"):
        model_of(16).grow_from(model_of(4))
    with pytest.raises(ValueError, match="'image_4' has weights of other shapes"):
        model_of(8).grow_from(model_of(4, channels=3))
    with pytest.raises(ValueError, match="fading must be in .0, 1.. Received: fading=2"):
        model_of(4, fading=2)


@pytest.mark.without_backend
def test_a_recipe_grows_in_a_stage_a_size(tmp_path):
    recipe = {"model": {"name": "progressive_gan"}, "data": {"image_shape": [16, 16, 1]}}
    found = recipes.completed(recipe)
    sizes = [stage["data"]["image_shape"] for stage, _ in recipes.stages(found)]
    assert sizes == [[4, 4, 1], [8, 8, 1], [16, 16, 1]]
    assert [start for _, start in recipes.stages(found)] == [None, "previous", "previous"]

    np.save(tmp_path / "pictures.npy", images(8, (8, 8, 1)))
    changes = {"data": {"image_shape": [8, 8, 1], "batch_size": 4, "augmentation": "none"}}
    changes |= {"networks": SMALL, "fit": {"epochs": 2}, "stages": {"1": {"fit": {"epochs": 1}}}}
    out = tmp_path / "run"
    model = zoo.train("progressive_gan", tmp_path / "pictures.npy", out, **changes)
    assert [float(a) for a in model.alphas()] == [1.0] * 3
    loaded, first = zoo.load(out), zoo.load(out / "stage_1")
    assert loaded.generate(2, seed=0).shape == (2, 8, 8, 1)
    assert first.generate(2, seed=0).shape == (2, 4, 4, 1)
    assert (out / "stage_1" / "log.csv").read_text().count("\n") == 2
    assert (out / "log.csv").read_text().count("\n") == 3
