"""DP-MERF: its one look at the data, what it promises, and that a generator learns from it."""

import keras
import numpy as np
import pytest
from tiny import SHAPE, array, images

from kerasgan import models, networks, zoo
from kerasgan.zoo.training import train

LABELS = np.arange(40) % 3


def model_of(seed=1, **options):
    keras.utils.set_random_seed(seed)
    generator, _ = networks.mlp(SHAPE, latent_dim=4, width=16, depth=1, label_dim=3)
    told = {"epsilon": 1e9, "delta": 1e-3, "features": 200, "length_scale": 5.0}
    return models.DPMERF(generator, seed=seed, **told | options)


def seen(real, labels, **options):
    model = model_of(**options)
    model.fit(real, labels, epochs=1, batch_size=40, verbose=0)
    return model, array(model.mean_embedding).astype("float64")


def test_with_little_noise_the_embedding_is_the_mean_of_the_kernel_s_features():
    real = images(40)
    model, found = seen(real, LABELS)
    # Of two samples the inner product of features is about their Gaussian kernel.
    x = real.reshape(40, -1) / 127.5 - 1
    frequencies = array(model.frequencies)
    waves = np.concatenate([np.cos(x @ frequencies), np.sin(x @ frequencies)], axis=1) / 10
    apart = ((x[:, None] - x[None]) ** 2).sum(-1)
    np.testing.assert_allclose(waves @ waves.T, np.exp(-apart / 50), atol=0.3)
    expected = np.stack([waves[c == LABELS].sum(0) / 40 for c in range(3)], axis=1)
    np.testing.assert_allclose(found[:-1], expected, atol=1e-4)
    np.testing.assert_allclose(found[-1], np.bincount(LABELS) / 40, atol=1e-4)


@pytest.mark.without_backend
def test_one_record_replaced_moves_the_mean_by_two_over_their_number_at_most():
    real, labels = images(40), LABELS.copy()
    _, before = seen(real, labels)
    real[7], labels[7] = 255 - real[7], (labels[7] + 1) % 3
    _, after = seen(real, labels)
    assert 0.5 / 40 < np.linalg.norm(before - after) <= 2 / 40 * (1 + 1e-3)


@pytest.mark.without_backend
def test_the_noise_is_the_gaussian_mechanism_s():
    from dp_accounting import get_epsilon_gaussian

    differences = seen(images(40), LABELS, epsilon=0.5)[1] - seen(images(40), LABELS)[1]
    sigma = differences.std() * 40 / 2
    assert abs(get_epsilon_gaussian(sigma, 1e-3) - 0.5) < 0.1


def test_a_generator_learns_what_a_class_looks_like():
    real = np.repeat(np.array([0, 128, 255], "uint8")[LABELS], 64).reshape(40, *SHAPE)
    model = model_of(ema_decay=0.9)
    model.compile(keras.optimizers.Adam(0.01))
    model.fit(real, LABELS, epochs=150, batch_size=40, verbose=0)
    means = [model.generate(8, seed=0, labels=c).mean() for c in range(3)]
    assert means[0] < 70 and 80 < means[1] < 175 and means[2] > 185


@pytest.mark.without_backend
def test_another_fit_spends_nothing_and_an_entry_does_not_look_again(tmp_path):
    model, before = seen(images(40), LABELS)
    model.fit(images(40, seed=1), LABELS, batch_size=40, verbose=0)
    np.testing.assert_array_equal(array(model.mean_embedding), before)
    card = zoo.info(zoo.save(model, tmp_path / "entry"))
    assert card["privacy"] == {
        "epsilon": 1e9,
        "delta": 1e-3,
        "neighbours": "one record replaced",
    }
    with pytest.raises(ValueError, match="another look would spend"):
        zoo.load(str(tmp_path / "entry")).fit(images(40), LABELS)


@pytest.mark.without_backend
def test_what_cannot_be_promised_is_refused():
    with pytest.raises(ValueError, match="delta must be less than 1 / records, 1 / 40"):
        model_of(delta=0.1).fit(images(40), LABELS)
    with pytest.raises(ValueError, match="sees all records once"):
        model_of().fit(iter([(images(4), LABELS[:4])]))
    with pytest.raises(ValueError, match="epsilon must be positive"):
        model_of(epsilon=0.0)
    generator, _ = networks.mlp(SHAPE, latent_dim=4)
    with pytest.raises(ValueError, match=r"\[latents, labels\]"):
        models.DPMERF(generator, epsilon=1.0, delta=1e-3)


@pytest.mark.without_backend
def test_it_is_trained_by_a_recipe_and_resumed(tmp_path):
    np.savez(tmp_path / "data.npz", x=images(40), y=LABELS)
    recipe = {
        "model": {"epsilon": 1.0, "delta": 1e-3, "features": 20},
        "networks": {"builder": "mlp", "latent_dim": 4, "width": 8, "depth": 1},
        "data": {"image_shape": list(SHAPE), "batch_size": 20},
        "fit": {"epochs": 1, "held_out": 0},
    }
    for epochs in (1, 2, 2):
        recipe["fit"]["epochs"] = epochs
        train("dpmerf", tmp_path / "data.npz", tmp_path / "run", recipe)
    assert zoo.info(str(tmp_path / "run"))["privacy"]["epsilon"] == 1.0
