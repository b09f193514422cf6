"""Samples out of a model: `generate`, `interpolate`, and both while training.

`python tests/test_generate.py` writes the reference `data/generate.npz` anew.
"""

import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers
from tiny import assert_same, compiled, images, mlp_gan, rich_gan, state, train

from kerasgan.models import GAN

REFERENCE = Path(__file__).parent / "data" / "generate.npz"


@pytest.fixture(scope="module")
def model():
    return mlp_gan()


def latents(n, seed=0):
    return np.random.default_rng(seed).standard_normal((n, 4), "float32")


@pytest.mark.parametrize("n, shape", [(0, (0, 8, 8, 1)), (1, (1, 8, 8, 1)), (5, (5, 8, 8, 1))])
def test_n_samples_of_uint8(model, n, shape):
    samples = model.generate(n, seed=0)
    assert samples.shape == shape and samples.dtype == np.uint8


def test_one_sample_by_default_and_another_every_time(model):
    one, two = model.generate(), model.generate()
    assert one.shape == (1, 8, 8, 1)
    assert (one != two).any()


def test_floats_are_the_same_images(model):
    floats = model.generate(9, seed=0, as_float=True)
    assert floats.dtype == np.float32
    assert -1 <= floats.min() < -0.1 and 0.1 < floats.max() <= 1
    rounded = np.rint((floats + 1) * 127.5)
    np.testing.assert_array_equal(rounded, model.generate(9, seed=0))


def test_the_batch_size_does_not_matter(model):
    expected = model.generate(10, seed=3).astype(int)
    for batch_size in (1, 3, 10, 64):
        samples = model.generate(10, seed=3, batch_size=batch_size)
        assert np.abs(samples - expected).max() <= 1


def test_seeds_decide(model):
    np.testing.assert_array_equal(model.generate(3, seed=1), model.generate(3, seed=1))
    assert (model.generate(3, seed=1) != model.generate(3, seed=2)).any()
    # A longer draw starts with the shorter one.
    assert np.abs(model.generate(7, seed=1)[:3].astype(int) - model.generate(3, seed=1)).max() <= 1


def test_given_latents_are_used(model):
    z = latents(3, seed=5)
    np.testing.assert_array_equal(model.generate(latents=z), model.generate(3, seed=5))
    np.testing.assert_array_equal(model.generate(3, latents=z.tolist()), model.generate(3, seed=5))


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"n": -1}, "n must be at least 0, a whole number. Received: n=-1"),
        ({"n": 1.5}, "Received: n=1.5"),
        ({"latents": np.zeros((2, 5))}, r"shape \(n, 4\). Received: \(2, 5\)"),
        ({"n": 3, "latents": np.zeros((2, 4))}, r"shape \(3, 4\). Received: \(2, 4\)"),
        ({"seed": 1, "latents": np.zeros((2, 4))}, "seed or latents, not both"),
        ({"n": 1, "batch_size": 0}, "batch_size must be at least 1, a whole number. Received"),
        ({"latents": 3.0}, "latents must have shape"),
    ],
)
def test_bad_arguments_are_refused(model, arguments, message):
    with pytest.raises(ValueError, match=message):
        model.generate(**arguments)


def test_points_come_as_floats():
    points = mlp_gan(shape=(2,)).generate(5, seed=0)
    assert points.shape == (5, 2) and points.dtype == np.float32


def weights_of(model):
    """Weights that no backend's own random numbers touch."""
    random = np.random.default_rng(11)
    return [random.normal(size=w.shape, scale=0.4).astype("float32") for w in model.weights]


def test_one_seed_gives_the_same_pictures_on_every_backend():
    model = mlp_gan()
    model.averaged_generator.set_weights(weights_of(model.averaged_generator))
    with np.load(REFERENCE) as stored:
        expected = stored["images"].astype(int)
    assert expected.std() > 30
    assert np.abs(model.generate(len(expected), seed=0) - expected).max() <= 1


@pytest.mark.skipif(keras.backend.backend() == "tensorflow", reason="TensorFlow runs it")
def test_a_picture_of_the_zoo_does_not_wait_for_tensorflow(tmp_path):
    code = f"""if True:
        import sys
        from kerasgan.cli import main
        main(["generate", "dcgan_celeba", "-n", "1", "-o", {str(tmp_path / "one.png")!r}])
        assert "tensorflow" not in sys.modules
        import keras
        keras.utils.set_random_seed(0)
        assert ("tensorflow" in sys.modules) == {find_spec("tensorflow") is not None}
    """
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
    assert (tmp_path / "one.png").is_file()


class Watched(GAN):
    """Notes the batches that reach the network, and takes its time for each."""

    pause = 0.0

    def run(self, inputs):
        self.shapes = getattr(self, "shapes", set()) | {inputs.shape}
        time.sleep(self.pause)
        return super().run(inputs)


def test_many_samples_take_the_memory_of_one_batch():
    model = mlp_gan(shape=(2, 2, 1), cls=Watched)
    samples = model.generate(100_000, seed=0, batch_size=5000, verbose=False)
    assert samples.shape == (100_000, 2, 2, 1)
    assert model.shapes == {(5000, 4)}
    some = model.generate(latents=latents(100_000)[-50:])
    assert np.abs(samples[-50:].astype(int) - some).max() <= 1


@pytest.mark.parametrize(
    "pause, verbose, shown",
    [(0.0, None, False), (0.0, True, True), (0.6, None, True), (0.6, False, False)],
)
def test_the_progress_bar_shows_when_slow_or_asked(pause, verbose, shown, capsys):
    model = mlp_gan(cls=Watched)
    # TensorFlow traces a new shape for more than a second.
    model.generate(6, batch_size=2, verbose=False)
    model.pause = pause
    model.generate(6, batch_size=2, verbose=verbose)
    assert ("6/6" in capsys.readouterr().out) == shown


# Interpolating.


def test_interpolation_ends_at_its_latents(model):
    a, b = latents(2)
    samples = model.interpolate(a, b, steps=5)
    assert samples.shape == (5, 8, 8, 1)
    ends = model.generate(latents=np.stack([a, b])).astype(int)
    assert np.abs(samples[[0, -1]] - ends).max() <= 1
    assert model.interpolate(a, b, steps=2, as_float=True).dtype == np.float32


def test_interpolation_stays_on_the_sphere():
    def network(last):
        return keras.Sequential([keras.Input((4,)), last])

    # Its samples are its latents.
    model = GAN(network(layers.Activation("linear")), network(layers.Dense(1)))
    a, b = (3.0 * z / np.linalg.norm(z) for z in latents(2))
    way = model.interpolate(a, b, steps=7)
    np.testing.assert_allclose(np.linalg.norm(way, axis=1), 3.0, rtol=1e-5)
    cosines = np.sum(way[1:] * way[:-1], axis=1)
    np.testing.assert_allclose(cosines, cosines[0], rtol=1e-5)
    np.testing.assert_allclose(model.interpolate(a, a, steps=3), [a] * 3, rtol=1e-6)


def test_interpolation_between_seeds(model):
    samples = model.interpolate(1, 2, steps=2)
    expected = [model.generate(seed=1)[0], model.generate(seed=2)[0]]
    assert np.abs(samples.astype(int) - np.array(expected)).max() <= 1


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((1, 2, 1), "steps must be at least 2, a whole number. Received: steps=1"),
        ((np.zeros(3), 2, 4), "start must have shape"),
    ],
)
def test_bad_interpolations_are_refused(model, arguments, message):
    with pytest.raises(ValueError, match=message):
        model.interpolate(*arguments)


# While training.


class Sampler(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.samples = []

    def on_train_batch_end(self, batch, logs=None):
        self.samples.append(self.model.generate(2, seed=0, as_float=True))

    on_epoch_end = on_train_batch_end


def test_samples_drawn_while_training_leave_it_as_it_was():
    x = images(8)
    plain = compiled(rich_gan())
    expected = train(plain, x, epochs=2)
    model = compiled(rich_gan())
    sampler = Sampler()
    history = train(model, x, epochs=2, callbacks=[sampler])
    assert history == expected
    assert_same(state(model), state(plain))
    # Two steps and an end an epoch: the samples move with every step.
    assert len(sampler.samples) == 6
    moved = [(a != b).any() for a, b in zip(sampler.samples, sampler.samples[1:])]
    assert moved == [True, False, True, True, False]
    np.testing.assert_array_equal(sampler.samples[-1], model.generate(2, seed=0, as_float=True))


if __name__ == "__main__":
    model = mlp_gan()
    model.averaged_generator.set_weights(weights_of(model.averaged_generator))
    np.savez_compressed(REFERENCE, images=model.generate(4, seed=0))
