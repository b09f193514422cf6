"""Labels beside the pictures: classes and attributes, from every source."""

import tarfile

import keras
import numpy as np
import pytest
from PIL import Image

import kerasgan.networks
from kerasgan.datasets import load
from kerasgan.modalities import Attributes, ClassLabels
from kerasgan.models import GAN

SHAPE = (8, 8, 3)
AS_IS = {"flip": False, "shuffle": False}
NAMES = ["Smiling", "Male", "Eyeglasses"]


def picture(number, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 8), (10 * number,) * 3).save(path)


def numbers(images):
    return images[:, 0, 0, 0] // 10


def bits(numbers):
    """Three attributes, which follow from a picture's number."""
    return (np.asarray(numbers)[:, None] >> np.arange(3) & 1).astype("float32")


@pytest.fixture
def pictures():
    """Ten images, whose every pixel is their number times ten."""
    return np.full((10, *SHAPE), 10, "uint8") * np.arange(10, dtype="uint8")[:, None, None, None]


@pytest.fixture
def classes(tmp_path):
    """Picture i lies in the class i % 3, every other one a folder deeper."""
    for i in range(10):
        deeper = "x/" if i % 2 else ""
        picture(i, tmp_path / "classes" / f"{'cab'[i % 3]}{i % 3}" / f"{deeper}{i}.png")
    return tmp_path / "classes"


@pytest.fixture
def faces(tmp_path):
    for i in range(10):
        picture(i, tmp_path / "faces" / f"00{i}.png")
    return tmp_path / "faces"


def csv(path, files, values=(0, 1), names=NAMES):
    rows = [[f, *(values[int(b)] for b in row)] for f, row in zip(files, bits(range(10)))]
    path.write_text("\n".join(",".join(map(str, row)) for row in [["file", *names], *rows]))
    return path


# Classes


def test_sub_folders_are_classes(classes):
    dataset = load(classes, SHAPE, 4, labels=True)
    assert dataset.label_names == ["a1", "b2", "c0"] and dataset.num_labels == 3
    assert dataset.multi_label is False
    for images, labels in dataset:
        assert labels.dtype == np.int32 and labels.shape == (len(images),)
        expected = [["c0", "a1", "b2"][i % 3] for i in numbers(images)]
        assert [dataset.label_names[i] for i in labels] == expected


def test_without_labels_batches_are_images(classes):
    dataset = load(classes, SHAPE, 4)
    assert isinstance(dataset[0], np.ndarray)
    assert dataset.label_names is dataset.num_labels is dataset.multi_label is None


def test_npz_pairs(tmp_path, pictures):
    y = (np.arange(10) % 4).astype("uint8")
    contents = {
        "x_train": {"x_train": pictures, "y_train": y, "x_test": pictures[:4], "y_test": y[:4]},
        "x": {"x": pictures, "y": y, "index": np.arange(10)},
        "images": {"images": pictures, "labels": y, "index": np.arange(10)},
        "pixels": {"pixels": pictures, "target": y, "scores": np.zeros(10), "epochs": [1, 2]},
    }
    for key, arrays in contents.items():
        np.savez(tmp_path / f"{key}.npz", **arrays)
        dataset = load(f"{tmp_path}/{key}.npz:{key}", SHAPE, 10, labels=True)
        images, labels = dataset[0]
        np.testing.assert_array_equal(labels, numbers(images) % 4)
        assert dataset.num_labels == 4 and dataset.label_names is None


@pytest.mark.parametrize("labels", [np.arange(10) % 2, [0, 1] * 5, np.arange(10) % 2 == 1])
def test_an_array_or_list_of_classes(pictures, labels):
    dataset = load(pictures, SHAPE, 4, labels=labels)
    for images, batch in dataset:
        assert batch.dtype == np.int32
        np.testing.assert_array_equal(batch, numbers(images) % 2)
    assert dataset.num_labels == 2


@pytest.mark.parametrize("dtype", ["float64", "int64", "bool"])
def test_an_array_of_attributes(pictures, dtype):
    dataset = load(pictures, SHAPE, 4, labels=bits(range(10)).astype(dtype))
    for images, labels in dataset:
        assert labels.dtype == np.float32
        np.testing.assert_array_equal(labels, bits(numbers(images)))
    assert dataset.num_labels == 3 and dataset.multi_label and dataset.label_names is None


def test_labels_in_the_order_of_a_folder(classes):
    own = load(classes, SHAPE, 10, labels=True, **AS_IS)
    order = [int(path.stem) for path in own.source.paths]
    images, labels = load(classes, SHAPE, 10, labels=order)[0]
    np.testing.assert_array_equal(labels, numbers(images))


def test_labels_have_a_shape_and_a_modality(classes, pictures):
    dataset = load(classes, SHAPE, 4, labels=True)
    assert dataset.shapes == {"real": SHAPE, "labels": (3,)}
    modality = dataset.modalities["labels"]
    assert isinstance(modality, ClassLabels)
    assert (modality.dim, modality.names) == (3, ["a1", "b2", "c0"])
    assert repr(dataset) == (
        "<ImageDataset: 10 pictures in batches of 4: real (8, 8, 3), labels (3,) (a1, b2, c0)>"
    )
    modality = load(pictures, SHAPE, labels=bits(range(10))).modalities["labels"]
    assert isinstance(modality, Attributes) and (modality.dim, modality.names) == (3, None)


# Files of attributes


def test_csv_with_a_choice_of_columns(tmp_path, faces):
    path = csv(
        tmp_path / "a.csv", [f"00{i}.png" for i in range(10)], names=[" Smiling", *NAMES[1:]]
    )
    dataset = load(faces, SHAPE, 4, labels=path)
    assert dataset.label_names == NAMES and dataset.num_labels == 3 and dataset.multi_label
    for images, labels in dataset:
        np.testing.assert_array_equal(labels, bits(numbers(images)))
    dataset = load(faces, SHAPE, 10, labels=str(path), label_names=["eyeglasses", "Smiling"])
    assert dataset.label_names == ["Eyeglasses", "Smiling"]
    images, labels = dataset[0]
    assert labels.dtype == np.float32
    np.testing.assert_array_equal(labels, bits(numbers(images))[:, [2, 0]])


def test_columns_that_are_not_chosen_may_hold_anything(tmp_path, faces):
    lines = [f'"00{i}.png","Doe, J.",{i % 2}.0' for i in range(10)]
    (tmp_path / "a.csv").write_text("\ufefffile,Who,Odd\n" + "\n".join(lines) + "\n\n")
    images, labels = load(faces, SHAPE, labels=tmp_path / "a.csv", label_names="Odd")[0]
    np.testing.assert_array_equal(labels[:, 0], numbers(images) % 2)
    with pytest.raises(ValueError, match="row of '000.png': Who 'Doe, J.'. label_names"):
        load(faces, SHAPE, labels=tmp_path / "a.csv")


@pytest.mark.parametrize("end", ["png", "jpg"])
def test_celeba_text(tmp_path, faces, end):
    rows = [
        f"00{i}.{end}  " + " ".join(f"{int(2 * b - 1):2}" for b in row)
        for i, row in enumerate(bits(range(10)))
    ]
    path = tmp_path / "list_attr_celeba.txt"
    path.write_text("\n".join(["10", " ".join(NAMES) + " ", *rows[::-1], ""]))
    dataset = load(faces, SHAPE, 10, labels=path)
    images, labels = dataset[0]
    assert dataset.label_names == NAMES
    np.testing.assert_array_equal(labels, bits(numbers(images)))


def test_npz_may_name_its_classes(tmp_path, pictures):
    names = ["a", "b", "c"]
    np.savez(tmp_path / "a.npz", x=pictures, y=np.arange(10) % 2, label_names=names)
    dataset = load(tmp_path / "a.npz", SHAPE, 10, labels=True)
    assert dataset.label_names == names and dataset.num_labels == 3


@pytest.mark.parametrize("form", ["00{}.png", "00{}", "celebA/00{}.png", "./00{}.png"])
def test_npz_of_attributes(tmp_path, faces, form):
    names = [form.format(i) for i in range(10)] + ["another.png"]
    attr = np.append(bits(range(10)), [[1, 1, 1]], 0).astype("uint8")
    np.savez(tmp_path / "a.npz", names=names, attributes=NAMES, attr=attr)
    dataset = load(faces, SHAPE, 10, labels=tmp_path / "a.npz", label_names=["Male"])
    images, labels = dataset[0]
    assert dataset.label_names == ["Male"] and labels.shape == (10, 1)
    np.testing.assert_array_equal(labels, bits(numbers(images))[:, 1:2])


def test_a_name_that_two_folders_have_needs_its_folder(tmp_path):
    for i in range(10):
        picture(i, tmp_path / "faces" / f"{i % 2}" / f"{i // 2}.png")
    path = csv(tmp_path / "a.csv", [f"{i % 2}/{i // 2}.png" for i in range(10)])
    images, labels = load(tmp_path / "faces", SHAPE, labels=path)[0]
    np.testing.assert_array_equal(labels, bits(numbers(images)))
    csv(path, [f"{i // 2}.png" for i in range(10)])
    with pytest.raises(ValueError, match="10 of 10 pictures have no row of their own"):
        load(tmp_path / "faces", SHAPE, labels=path)


def test_attributes_of_real_faces(tmp_path, shared_data):
    files = ["000001.jpg", "000053.jpg", "010000.jpg"]
    with tarfile.open(shared_data / "celeba" / "celeba_10k_89x109.tar") as tar:
        for file in files:
            tar.extract(f"celebA/{file}", tmp_path, filter="data")
    path = shared_data / "celeba" / "celeba10k_attr.npz"
    dataset = load(tmp_path, SHAPE, 3, labels=path, label_names=["smiling", "Male"], **AS_IS)
    with np.load(path) as content:
        rows = np.isin(content["names"], files)
        columns = [content["attributes"].tolist().index(name) for name in ("Smiling", "Male")]
        expected = content["attr"][rows][:, columns]
    np.testing.assert_array_equal(dataset[0][1], expected)
    assert load(tmp_path, SHAPE, labels=path).num_labels == 40


# A label stays with its picture


def test_labels_follow_seed_and_epoch_as_pictures_do(pictures):
    def epoch(number, seed=0):
        dataset = load(pictures, SHAPE, 4, labels=np.arange(10), seed=seed)
        dataset.epoch = number
        return [labels.tolist() for _, labels in dataset]

    plain = load(pictures, SHAPE, 4)
    assert epoch(0) == [numbers(images).tolist() for images in plain]
    plain.epoch = 2
    assert epoch(2) == [numbers(images).tolist() for images in plain]
    assert epoch(0) != epoch(2) and epoch(0) != epoch(0, seed=1)


def test_a_picture_that_cannot_be_decoded_takes_the_next_ones_label(classes):
    last = classes / "a1" / "x" / "7.png"
    last.write_bytes(last.read_bytes()[:50])
    (classes / "b2" / "0.png").write_text("no picture")
    with pytest.warns(UserWarning, match="b2/0.png"):
        dataset = load(classes, SHAPE, 10, labels=True, **AS_IS)
    with pytest.warns(UserWarning, match="7.png"):
        images, labels = dataset[0]
    assert numbers(images).tolist() == [4, 1, 2, 2, 8, 5, 0, 6, 3, 9]
    assert labels.tolist() == [0, 0, 1, 1, 1, 1, 2, 2, 2, 2]


def test_augmentation_leaves_labels_alone(pictures):
    layer = keras.layers.RandomFlip("vertical")
    images, labels = load(pictures, SHAPE, 10, labels=np.arange(10), augmentation=layer)[0]
    np.testing.assert_array_equal(labels, numbers(images))


def test_fit_and_evaluate_take_labelled_batches(pictures):
    dataset = load(pictures, SHAPE, 4, labels=np.arange(10))
    model = GAN(*kerasgan.networks.mlp(SHAPE, 4, 8, 1))
    history = model.fit(dataset, epochs=2, verbose=0).history
    assert np.isfinite(history["discriminator_loss"]).all() and dataset.epoch == 2
    assert np.isfinite([*model.evaluate(dataset, verbose=0).values()]).all()


# Refusals


def test_a_picture_outside_every_class_is_refused(classes):
    picture(1, classes / "stray.png")
    with pytest.raises(ValueError, match="1 of 11 pictures lie in none: stray.png"):
        load(classes, SHAPE, labels=True)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.arange(9), "9 labels for 10 pictures"),
        (np.arange(10) - 1, r"0 or more.*labels\[0\]=-1"),
        (np.arange(10.0), r"float64, values in \[0, 9\].*reshape\(-1\).astype"),
        (np.arange(10)[:, None], r"shape \(10, 1\).*reshape\(-1\).astype"),
        (np.arange(20).reshape(10, 2), r"0 and 1 \(10, k\).*values in \[0, 19\]"),
        (np.full((10, 2), np.nan), r"values in \[nan, nan\]"),
        (np.zeros((10, 2, 2), bool), r"shape \(10, 2, 2\), dtype bool"),
        (np.zeros((10, 0)), r"shape \(10, 0\)"),
        (["cat"] * 10, "np.unique"),
        (False, r"shape \(\)"),
        (True, "the array has no labels of its own"),
    ],
)
def test_labels_that_fit_no_picture_are_refused(pictures, labels, message):
    with pytest.raises(ValueError, match=message):
        load(pictures, SHAPE, labels=labels)


def test_npz_without_clear_labels_is_refused(tmp_path, pictures):
    np.savez(tmp_path / "a.npz", x=pictures, a=np.arange(10), b=np.arange(10))
    with pytest.raises(ValueError, match=r"'y', or .*only array of 10.*a \(10,\) int64, b \("):
        load(tmp_path / "a.npz", SHAPE, labels=True)
    np.savez(tmp_path / "b.npz", x=pictures, y=np.zeros((10, 1), int) + 5, index=np.arange(10))
    with pytest.raises(ValueError, match="reshape"):
        load(tmp_path / "b.npz", SHAPE, labels=True)
    np.savez(tmp_path / "c.npz", x=pictures)
    with pytest.raises(ValueError, match="c.npz has no labels of its own"):
        load(tmp_path / "c.npz", SHAPE, labels=True)


def test_label_names_choose_from_a_file_only(classes):
    for labels in (None, True, np.arange(10)):
        with pytest.raises(ValueError, match="label_names chooses from a file"):
            load(classes, SHAPE, labels=labels, label_names=["a1"])


def test_files_of_attributes_that_cannot_be_used(tmp_path, faces, pictures):
    def refused(message, labels=tmp_path / "a.csv", error=ValueError, source=faces, names=None):
        with pytest.raises(error, match=message):
            load(source, SHAPE, labels=labels, label_names=names)

    refused("a.csv' is no file", error=FileNotFoundError)
    files = [f"00{i}.png" for i in range(10)]
    path = csv(tmp_path / "a.csv", files)
    refused("needs a folder of pictures. For the array", source=pictures)
    refused("no attribute 'Smile'. Did you mean: Smiling", names=["Male", "Smile"])
    refused("'qqq'. It has: Smiling, Male, Eyeglasses", names=["qqq"])
    refused(r"No attribute chosen. Received: label_names=\[\]", names=[])
    csv(path, files[:-1] + ["elsewhere.png"])
    refused("1 of 10 .*'.*a.csv': 009.png. Rows")
    csv(path, files[:5])
    refused("5 of 10 .*: 005.png, 006.png, 007.png, …. Rows")
    csv(path, files, values=(0, 2))
    refused("row of '001.png': Smiling '2'")
    path.write_text("file,Smiling\n" + "\n".join(files))
    refused("row of '000.png': Smiling missing")
    path.write_text("file;Smiling\n001.png;1\n")
    refused("names no attribute. Expected a first line with commas")
    path.write_text("")
    refused("names no attribute")
    refused("is no text in UTF-8", labels=faces / "000.png")
    np.savez(tmp_path / "a.npz", names=files, attr=np.zeros((9, 2)), attributes=["a", "b"])
    refused(r"attr \(n, k\).*names \(10,\), attr \(9, 2\)", labels=tmp_path / "a.npz")
    np.savez(tmp_path / "a.npz", images=pictures)
    refused(r"Received: images \(10, 8, 8, 3\)", labels=tmp_path / "a.npz")
    (tmp_path / "a.npz").write_bytes(b"no zip")
    refused("not a NumPy file", labels=tmp_path / "a.npz")


# TensorFlow Datasets


def test_tensorflow_datasets_label(tmp_path):
    tfds = pytest.importorskip("tensorflow_datasets")

    class Base(tfds.core.GeneratorBasedBuilder, skip_registration=True):
        VERSION = tfds.core.Version("1.0.0")
        label = None

        def _info(self):
            image = tfds.features.Image(shape=SHAPE)
            features = tfds.features.FeaturesDict({"image": image, "label": self.label})
            return tfds.core.DatasetInfo(builder=self, features=features)

        def _split_generators(self, manager):
            return {"train": self._generate_examples()}

        def _generate_examples(self):
            for i in range(6):
                yield i, {"image": np.full(SHAPE, 10 * i, "uint8"), "label": i % 2}

    class TinyClasses(Base):
        label = tfds.features.ClassLabel(names=["even", "odd", "neither"])

    class TinyScores(Base):
        label = np.int64

    for file_format in ("array_record", "tfrecord"):
        place = {"data_dir": tmp_path / file_format}
        TinyClasses(**place, file_format=file_format).download_and_prepare()
        dataset = load("tfds:tiny_classes", SHAPE, 4, labels=True, **place)
        assert dataset.label_names == ["even", "odd", "neither"] and dataset.num_labels == 3
        for images, labels in dataset:
            assert labels.dtype == np.int32
            np.testing.assert_array_equal(labels, numbers(images) % 2)
        TinyScores(**place, file_format=file_format).download_and_prepare()
        with pytest.raises(ValueError, match="tfds:tiny_scores has no labels of its own"):
            load("tfds:tiny_scores", SHAPE, labels=True, **place)
