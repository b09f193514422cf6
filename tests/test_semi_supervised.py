"""Classes learnt from few labels: pictures of which some have one, and the model's losses."""

import keras
import numpy as np
import pytest
from keras import ops
from PIL import Image
from tiny import array, images

from kerasgan import cli, datasets, latents, models, networks, zoo
from kerasgan.modalities import ClassLabels

SHAPE = (8, 8, 1)


def build(seed=1, shape=SHAPE, classes=3, **options):
    keras.utils.set_random_seed(seed)
    size = {"latent_dim": 4, "width": 8, "depth": 1, "label_dim": classes}
    pair = networks.mlp(shape, **size, **models.SemiSupervisedGAN.network_options)
    return models.SemiSupervisedGAN(*pair, seed=seed, **options)


def test_the_losses_are_the_papers():
    """The fake class, of logit 0, is one of k + 1; labelled images are told among k."""
    model = build(classification_weight=2.0)
    batch = {
        "real": images(5).astype("float32") / 127.5 - 1,
        "labelled": images(4, seed=1).astype("float32") / 127.5 - 1,
        "labels": np.eye(3, dtype="float32")[[0, 1, 2, 2]],
        "latents": np.random.default_rng(0).standard_normal((5, 4), "float32"),
    }
    batch = {name: ops.convert_to_tensor(values) for name, values in batch.items()}
    found = model.discriminator_loss(batch, training=False)
    found = float(ops.convert_to_numpy(ops.stop_gradient(found)))

    def shares(samples, fake):
        logits = array(ops.stop_gradient(model.discriminator(samples)))
        exponents = np.exp(np.pad(logits, [(0, 0), (0, 1)] if fake else [(0, 0), (0, 0)]))
        return exponents / exponents.sum(axis=1, keepdims=True)

    real = shares(batch["real"], fake=True)[:, -1]
    made = shares(model.generator(batch["latents"]), fake=True)[:, -1]
    right = shares(batch["labelled"], fake=False)[np.arange(4), [0, 1, 2, 2]]
    expected = -np.log(1 - real).mean() - np.log(made).mean() - 2 * np.log(right).mean()
    assert found == pytest.approx(expected, rel=1e-5)
    np.testing.assert_allclose(
        array(ops.sigmoid(ops.stop_gradient(model.judge(batch["real"], batch, False))))[:, 0],
        1 - real,
        rtol=1e-5,
    )


def blobs(n, seed=0):
    """Images of three classes, bright in another part each, in noise."""
    random = np.random.default_rng(seed)
    classes = random.integers(3, size=n)
    made = random.integers(0, 120, (n, *SHAPE))
    for image, kind in zip(made, classes):
        image[2 * kind : 2 * kind + 3] += 100
    return made.astype("uint8"), classes


def test_it_learns_classes_from_a_few_labels():
    everything, classes = blobs(96)
    few = [np.flatnonzero(classes == kind)[0] for kind in range(3)]
    model = build(labels=ClassLabels(3, ["top", "middle", "bottom"]), ema_decay=0.9)
    model.compile(discriminator_optimizer=keras.optimizers.Adam(5e-3))
    given = {"real": everything, "labelled": everything[few], "labels": classes[few]}
    history = model.fit(given, batch_size=32, epochs=12, verbose=0).history
    assert history["accuracy"][-1] == 1.0
    probabilities = model.classify(everything)
    assert probabilities.shape == (96, 3) and probabilities.dtype == "float32"
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, rtol=1e-5)
    assert (probabilities.argmax(axis=1) == classes).mean() > 0.9
    figures = model.measure({"labelled": everything, "labels": classes})
    assert figures["held_out_accuracy"] == (probabilities.argmax(axis=1) == classes).mean()


@pytest.mark.without_backend
def test_a_label_stays_with_its_image_in_arrays_of_unequal_length():
    from kerasgan.engine.data import Unpaired

    few = np.arange(5)
    data = Unpaired({"real": np.arange(20), "labelled": few, "labels": 10 * few}, 8, 0)
    for index in range(len(data)):
        (batch,) = data[index]
        np.testing.assert_array_equal(batch["labels"], 10 * batch["labelled"])
        assert len(batch["real"]) == len(batch["labels"])


@pytest.mark.without_backend
@pytest.mark.parametrize(
    "options, message",
    [
        ({"conditioning": "auxiliary"}, "generator must take latents alone"),
        ({"conditioning": "classes", "label_dim": None}, "a logit for each of 2 or more classes"),
        ({"discriminator_normalization": "batch"}, "must not have batch normalisation"),
    ],
    ids=str,
)
def test_networks_that_do_not_fit_are_refused(options, message):
    chosen = models.SemiSupervisedGAN.network_options | {"label_dim": 3} | options
    pair = networks.mlp(SHAPE, latent_dim=4, width=8, depth=1, **chosen)
    with pytest.raises(ValueError, match=message):
        models.SemiSupervisedGAN(*pair)


@pytest.mark.without_backend
def test_arguments_and_data_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="labels must be the 3 classes .*dim=4"):
        build(labels=ClassLabels(4))
    with pytest.raises(ValueError, match="classification_weight must be 0 or more"):
        build(classification_weight=-1.0)
    model = build()
    with pytest.raises(ValueError, match="one label for each .* 4 labelled, 3 labels"):
        model.fit({"real": images(8), "labelled": images(4), "labels": [0, 1, 2]})
    with pytest.raises(ValueError, match="There is no labels"):
        model.fit({"real": images(8), "labelled": images(4)})
    with pytest.raises(ValueError, match=r"Expected shape \(batch, 8, 8, 1\).*\(4, 9, 8, 1\)"):
        model.classify(images(4, (9, 8, 1)))


@pytest.fixture
def pictures(tmp_path):
    """Twelve pictures of one grey each, 10 i, of which 0 to 3 lie in the folders of two classes."""
    folder = tmp_path / "pictures"
    for i in range(12):
        place = folder / ("dark", "light")[i % 2] if i < 4 else folder
        place.mkdir(parents=True, exist_ok=True)
        Image.new("L", (8, 8), 10 * i).save(place / f"{i}.png")
    return folder


def load(source, **options):
    options = {"image_shape": SHAPE, "batch_size": 4} | options
    return datasets.load_partly_labelled(source, **options)


def greys(array):
    return array[:, 0, 0, 0] // 10


@pytest.mark.without_backend
def test_pictures_outside_of_sub_folders_have_no_label(pictures):
    data = load(pictures)
    assert (data.num_images, data.num_labelled, data.label_names) == (12, 4, ["dark", "light"])
    assert data.shapes == {"real": SHAPE, "labelled": SHAPE, "labels": (2,)}
    seen = [data[i] for i in range(len(data))]
    assert sorted(np.concatenate([greys(batch["real"]) for batch in seen])) == [*range(12)]
    for batch in seen:
        assert sorted(greys(batch["labelled"])) == [0, 1, 2, 3]
        np.testing.assert_array_equal(batch["labels"], greys(batch["labelled"]) % 2)


@pytest.mark.without_backend
@pytest.mark.parametrize("text", ["file,class\n4.png,b\n0.png,a\n5.png, \n11.png,b\n7.png", None])
def test_labels_of_a_file_and_of_an_array(pictures, tmp_path, text):
    expected = {0: 0, 4: 1, 11: 1}
    if text is None:
        greys_in_order = [int(path.stem) for path in load(pictures).pictures.source.paths]
        labels = [expected.get(i, -1) for i in greys_in_order]
    else:
        labels = tmp_path / "labels.csv"
        labels.write_text(text)
    data = load(pictures, labels=labels, batch_size=5)
    assert data.label_names == (["a", "b"] if text else None) and data.num_labels == 2
    batch = data[0]  # more than have a label
    assert len(batch["real"]) == len(batch["labels"]) == 5
    assert {*zip(greys(batch["labelled"]), batch["labels"])} == {*expected.items()}
    np.testing.assert_array_equal([*map(len, data[2].values())], 2)  # what is left of 12


@pytest.mark.without_backend
def test_a_run_that_goes_on_gets_the_batches_it_would_have_got(pictures):
    data, resumed = load(pictures, workers=1), load(pictures, workers=3)
    data.on_epoch_begin()
    first = [data[i] for i in range(3)]
    data.on_epoch_end()
    second = [data[i] for i in range(3)]
    resumed.epoch = 1
    for name in ("real", "labelled", "labels"):
        one, two, again = (
            np.concatenate([batch[name] for batch in batches])
            for batches in (first, second, [resumed[i] for i in range(3)])
        )
        np.testing.assert_array_equal(two, again)
        assert name == "labels" or (one != two).any()
    assert load(pictures).fingerprint() == data.fingerprint()
    assert load(pictures, labels=[0, 1, *[-1] * 10]).fingerprint() != data.fingerprint()


@pytest.mark.without_backend
def test_pictures_with_a_label_are_not_held_out(pictures):
    data = load(pictures)
    held = data.hold_out(8)
    assert sorted(greys(held["real"])) == [*range(4, 12)] and data.num_images == 4
    assert data.num_labelled == 4
    sample = data.sample(6)
    assert [*map(len, sample.values())] == [4, 6, 6]
    with pytest.raises(ValueError, match="at most 0"):
        data.hold_out(1)


@pytest.mark.without_backend
@pytest.mark.parametrize(
    "labels, message",
    [
        ([0, 1], r"must be 12 integers.*shape \(2,\)"),
        ([0.5] * 12, "must be 12 integers.*float64"),
        ([-2, 0, 1, *[-1] * 9], "must be 12 integers.*from -2"),
        ([-1] * 12, "0 labels of 12 pictures, none of class 0, 1"),
        ([0, 2, *[-1] * 10], "none of class 1"),
        ("file,a,b\n0.png,1,0", "two columns, file and class. Received: a header with a, b"),
        ("file,class\n0.png,a\nno.png,b", "1 rows with a class .* of no picture .* no.png"),
        ("file,class\n0.png,a", "1 labels of 12 pictures, none of class 1"),
    ],
    ids=str,
)
def test_labels_that_do_not_fit_are_refused(pictures, tmp_path, labels, message):
    if isinstance(labels, str):
        (tmp_path / "labels.csv").write_text(labels)
        labels = tmp_path / "labels.csv"
    with pytest.raises(ValueError, match=message):
        load(pictures, labels=labels)
    with pytest.raises(FileNotFoundError, match="file,class"):
        load(pictures, labels="no.csv")


@pytest.mark.without_backend
def test_a_recipe_trains_on_pictures_of_which_some_have_labels(pictures, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "labels.csv").write_text("file,class\n0.png,dark\n11.png,light\n")
    words = ["train", "semi_supervised_gan", "--data", "pictures", "--out", "run", "--epochs", "1"]
    words += ["--batch-size", "4", "data.image_shape=[8, 8, 1]", "networks.builder=mlp"]
    words += ["networks.width=4", "data.labels=labels.csv", "fit.held_out=4"]
    assert cli.main(words) == 0
    model = zoo.load("run")
    assert isinstance(model, models.SemiSupervisedGAN)
    assert model.labels.names == ["dark", "light"]
    assert model.classify(images(3)).shape == (3, 2)
    assert latents.project(model, images(1)[0], loss=keras.losses.MeanSquaredError(), steps=1)
