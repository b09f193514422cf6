"""Labels of conditional models: what `fit` takes, what `generate` takes and draws."""

import keras
import numpy as np
import pytest
from keras import layers
from tiny import compiled, images, mlp_gan, train

from kerasgan import models, networks, zoo
from kerasgan.callbacks import SampleGrid
from kerasgan.modalities import Attributes, ClassLabels

SHAPE = (8, 8, 1)
NAMES = ["shirt", "boot", "bag"]
NAMED = {"labels": ClassLabels(3, NAMES)}
MANY = {"labels": Attributes(3)}
NAMED_MANY = {"labels": Attributes(3, NAMES)}
X = images(8)


def build(label_dim=3, seed=1, **options):
    keras.utils.set_random_seed(seed)
    pair = networks.mlp(SHAPE, latent_dim=4, width=8, depth=1, label_dim=label_dim)
    return models.ConditionalGAN(*pair, seed=seed, **options)


def echo(label_dim=3, **options):
    """A model whose samples are its labels."""
    latents, labels = keras.Input((2,)), keras.Input((label_dim,))
    generator = keras.Model([latents, labels], layers.Identity()(labels))
    samples, given = keras.Input((label_dim,)), keras.Input((label_dim,))
    critic = keras.Model([samples, given], layers.Dense(1)(samples + given))
    return models.ConditionalGAN(generator, critic, **options)


# Training.

CLASSES = np.arange(8) % 3
KINDS = {
    "integers": CLASSES,
    "a column": CLASSES[:, None],
    "uint8": CLASSES.astype("uint8"),
    "a list": CLASSES.tolist(),
    "one-hot": np.eye(3, dtype="float32")[CLASSES],
    "one-hot integers": np.eye(3, dtype=int)[CLASSES],
}


@pytest.mark.parametrize("labels", KINDS.values(), ids=KINDS)
def test_every_form_of_a_class_trains_alike(labels):
    expected = train(build(), X, y=CLASSES)
    if isinstance(labels, list):
        labels = np.array(labels)
    assert train(build(), X, y=labels) == expected


@pytest.mark.parametrize("kind", ["PyDataset", "DataLoader"])
def test_a_dataset_of_images_and_labels_trains_alike(kind):
    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return 2

        def __getitem__(self, i):
            return X[4 * i : 4 * i + 4], CLASSES[4 * i : 4 * i + 4]

    expected = train(build(), X, y=CLASSES)
    data = Batches()
    if kind == "DataLoader":
        torch = pytest.importorskip("torch")
        data = torch.utils.data.DataLoader(list(zip(X, CLASSES)), batch_size=4)
    history = build().fit(data, shuffle=False, verbose=0).history
    for name, values in expected.items():
        np.testing.assert_allclose(history[name], values, rtol=1e-5)


def test_real_valued_attributes_train():
    attributes = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")
    history = train(build(**MANY), X, y=attributes)
    assert np.isfinite(list(history.values())).all()


@pytest.mark.parametrize(
    "labels, options, message",
    [
        (None, {}, "ConditionalGAN takes real, labels.*no labels"),
        (np.arange(8), {}, "integer from 0 to 2.*Received: 3"),
        (-CLASSES, NAMED, r"\(shirt, boot, bag\).*Received: -1"),
        (CLASSES.astype("float32"), {}, "integer from 0 to 2.*dtype float32"),
        (CLASSES[:7], {}, "8 real, 7 labels"),
        (np.ones((8, 3)), {}, r"one-hot vector of 3. Received: \[1. 1. 1.\]"),
        (np.ones((8, 4)), {}, r"Received: shape \(8, 4\)"),
        (CLASSES, MANY, "vector of 3 attributes. Received"),
        (np.full((8, 3), np.nan), MANY, "vector of 3 attributes"),
    ],
    ids=str,
)
def test_labels_that_do_not_fit_are_refused_before_the_first_step(labels, options, message):
    with pytest.raises(ValueError, match=message):
        train(build(**options), X, y=labels)


def test_names_must_be_as_many_as_labels():
    with pytest.raises(ValueError, match="the 3 that the generator takes. Received: 2"):
        build(labels=ClassLabels(2))


# Generating. The generator of `echo` shows which label it was given.


@pytest.mark.parametrize(
    "labels, expected",
    [
        (2, [2, 2]),
        ("bag", [2, 2]),
        ("BOOT", [1, 1]),
        ([0, 2], [0, 2]),
        (["boot", "shirt"], [1, 0]),
        (["boot", 0], [1, 0]),
        (np.array([1, 2], "uint8"), [1, 2]),
        (np.eye(3)[[2, 0]], [2, 0]),
    ],
    ids=str,
)
def test_classes_are_named_in_many_ways(labels, expected):
    model = echo(**NAMED)
    found = model.generate(2, labels=labels)
    np.testing.assert_array_equal(found, np.eye(3)[expected])
    if len(np.shape(labels)):
        np.testing.assert_array_equal(model.generate(labels=labels), found)


@pytest.mark.parametrize(
    "labels, expected",
    [
        ("boot", [[0, 1, 0]] * 2),
        ({"boot": 1, "bag": 0.5}, [[0, 1, 0.5]] * 2),
        ({}, [[0, 0, 0]] * 2),
        ([{"shirt": 1}, {"bag": 1}], [[1, 0, 0], [0, 0, 1]]),
        ([0.2, 0.3, -1.0], [[0.2, 0.3, -1.0]] * 2),
        (np.ones((2, 3)), [[1, 1, 1]] * 2),
    ],
    ids=str,
)
def test_attributes_are_named_in_many_ways(labels, expected):
    found = echo(**NAMED_MANY).generate(2, labels=labels)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize(
    "labels, options, message",
    [
        ("boots", NAMED, "'boots'. Did you mean 'boot'.*shirt, boot, bag"),
        ("hat", {}, "Unknown label 'hat'.*no names"),
        ({"hat": 1}, NAMED_MANY, "Unknown label 'hat'"),
        (3, {}, "integer from 0 to 2.*Received: 3"),
        (-1, {}, "integer from 0 to 2.*Received: -1"),
        (1.5, {}, "A label must be"),
        ([0, 1, 2], {}, "one for each of the 2 samples. Received 3"),
        ([0.5, 0.5], MANY, "vector of 3 attributes.*Received"),
    ],
    ids=str,
)
def test_unknown_labels_are_refused_by_name(labels, options, message):
    with pytest.raises(ValueError, match=message):
        echo(**options).generate(2, labels=labels)


def test_a_model_without_labels_refuses_them():
    with pytest.raises(ValueError, match="This GAN takes no labels. Received: 3"):
        mlp_gan().generate(2, labels=3)


def test_none_generated_is_none():
    assert echo().generate(0).shape == (0, 3)


def test_without_labels_they_are_drawn_from_the_frequencies_of_training(tmp_path):
    model = compiled(
        echo(), generator_optimizer=keras.optimizers.SGD(0.0), discriminator_optimizer="sgd"
    )
    labels = np.repeat([0, 2], [60, 20])
    train(model, np.eye(3, dtype="float32")[labels], y=labels, batch_size=16)
    model.save(tmp_path / "model.keras")
    zoo.save(model, tmp_path / "entry")
    found = model.generate(4000, seed=0)
    shares = found.mean(0)
    # Three standard errors of a share of 4,000.
    np.testing.assert_allclose(shares, [0.75, 0.0, 0.25], atol=3 * np.sqrt(0.1875 / 4000))
    for other in (keras.saving.load_model(tmp_path / "model.keras"), zoo.load(tmp_path / "entry")):
        np.testing.assert_array_equal(other.generate(4000, seed=0), found)


def test_the_last_4096_labels_are_remembered():
    model = compiled(echo(), generator_optimizer="sgd", discriminator_optimizer="sgd")
    for label, n in ((0, 3000), (1, 3000), (2, 5000)):
        train(model, np.zeros((n, 3), "float32"), y=np.full(n, label), batch_size=1000)
    assert set(model.generate(500, seed=0).argmax(1)) == {2}


def test_labels_drawn_leave_the_latents_alone():
    model = build()
    drawn = model.generate(3, seed=0)
    labels = model.label_rows(3, None, 0)
    np.testing.assert_array_equal(model.generate(3, seed=0, labels=labels), drawn)


def test_an_interpolation_keeps_one_label():
    found = echo(label_dim=20).interpolate(0, 1, steps=5)
    assert len(np.unique(found, axis=0)) == 1
    ramp = echo(label_dim=3).interpolate(0, 1, steps=3, labels=[0, 1, 2])
    np.testing.assert_array_equal(ramp, np.eye(3))


def test_a_grid_shows_every_class_in_its_turn(tmp_path):
    np.testing.assert_array_equal(build().grid_labels(9), [0, 0, 0, 1, 1, 1, 2, 2, 2])
    train(build(), X, y=CLASSES, callbacks=[SampleGrid(tmp_path, n=9)])
    assert (tmp_path / "epoch_0001.png").is_file()


def test_an_entry_of_a_conditional_model_gives_the_same_pictures(tmp_path):
    model = build(**NAMED)
    train(model, X, y=CLASSES)
    zoo.save(model, tmp_path / "entry")
    loaded = zoo.load(tmp_path / "entry")
    assert zoo.info(tmp_path / "entry")["modalities"]["labels"] == "ClassLabels"
    assert loaded.labels.names == NAMES
    for labels in ("boot", None):
        one, other = (m.generate(4, seed=0, labels=labels).astype(int) for m in (model, loaded))
        assert np.abs(one - other).max() <= 1
    train(loaded, X, y=CLASSES)
