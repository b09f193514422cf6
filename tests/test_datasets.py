"""Folders of pictures, NumPy files and TensorFlow Datasets as batches."""

import os
import sys
import threading
import warnings

import keras
import numpy as np
import pytest
from PIL import Image

import kerasgan.networks
from kerasgan.datasets import load
from kerasgan.models import GAN

AS_IS = {"flip": False, "shuffle": False}


def save(image, path, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, **options)


def noise(*shape):
    return np.random.default_rng(0).integers(0, 256, shape, "uint8")


def only(folder, shape, **options):
    """The one picture of a folder."""
    images = load(folder, shape, **AS_IS | options)[0]
    assert images.shape == (1, *shape) and images.dtype == np.uint8
    return images[0]


@pytest.fixture
def numbered(tmp_path):
    """A folder of ten pictures whose left half is the picture's number, times ten."""
    for i in range(10):
        pixels = np.full((16, 16, 3), 10 * i, "uint8")
        pixels[:, 8:] = 255
        save(Image.fromarray(pixels), tmp_path / "numbered" / f"{i}.png")
    return tmp_path / "numbered"


def numbers(batch):
    return batch.min(axis=(1, 2, 3)) // 10


# Modes


def test_colour_is_kept_exactly(tmp_path):
    pixels = noise(8, 8, 3)
    save(Image.fromarray(pixels), tmp_path / "a.png")
    np.testing.assert_array_equal(only(tmp_path, (8, 8, 3)), pixels)


@pytest.mark.parametrize(
    ("mode", "colour", "expected"),
    [
        ("L", 77, (77, 77, 77)),
        ("1", 1, (255, 255, 255)),
        ("CMYK", (255, 0, 0, 0), (0, 255, 255)),
        ("RGBA", (200, 0, 0, 0), (255, 255, 255)),
        ("RGBA", (255, 0, 0, 51), (255, 204, 204)),
        ("LA", (0, 51), (204, 204, 204)),
        ("I;16", 257 * 100, (100, 100, 100)),
        ("I", 257 * 200, (200, 200, 200)),
        ("F", 33.0, (33, 33, 33)),
    ],
)
def test_modes_become_colour(tmp_path, mode, colour, expected):
    save(Image.new(mode, (8, 8), colour), tmp_path / "a.tiff")
    np.testing.assert_array_equal(only(tmp_path, (8, 8, 3)), np.full((8, 8, 3), expected))


def test_sixteen_bits_use_the_whole_range(tmp_path):
    values = np.linspace(0, 65535, 64).astype("uint16").reshape(8, 8)
    save(Image.fromarray(values), tmp_path / "a.png")
    expected = np.rint(values / 257).astype("uint8")[..., None]
    np.testing.assert_array_equal(only(tmp_path, (8, 8, 1)), expected)


def test_palette_with_a_transparent_colour_shows_white(tmp_path):
    picture = Image.new("P", (8, 8), 1)
    picture.putpalette([10, 20, 30, 40, 50, 60])
    picture.paste(0, (0, 0, 4, 8))
    save(picture, tmp_path / "a.png", transparency=0)
    image = only(tmp_path, (8, 8, 3))
    assert (image[:, :4] == 255).all() and (image[:, 4:] == (40, 50, 60)).all()


def test_one_channel_is_luminance_and_four_keep_opacity(tmp_path):
    save(Image.new("RGBA", (8, 8), (255, 0, 0, 100)), tmp_path / "rgba" / "a.png")
    assert (only(tmp_path / "rgba", (8, 8, 4)) == (255, 0, 0, 100)).all()
    save(Image.new("RGB", (8, 8), (255, 0, 0)), tmp_path / "rgb" / "a.png")
    assert (only(tmp_path / "rgb", (8, 8, 1)) == 76).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_undone(tmp_path, orientation):
    upright = noise(6, 8, 3)
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.swapaxes(0, 1),
        6: np.rot90(upright, 1),
        7: upright[::-1, ::-1].swapaxes(0, 1),
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    save(Image.fromarray(np.ascontiguousarray(stored)), tmp_path / "a.png", exif=exif)
    np.testing.assert_array_equal(only(tmp_path, (6, 8, 3)), upright)


# Geometry


@pytest.mark.parametrize(
    ("size", "shape", "crop", "box"),
    [
        ((20, 10), (10, 10, 3), None, (5, 0, 15, 10)),
        ((10, 21), (10, 10, 3), None, (0, 5, 10, 15)),
        ((20, 20), (10, 20, 3), None, (0, 5, 20, 15)),
        ((20, 24), (8, 8, 3), 8, (6, 8, 14, 16)),
        ((20, 12), (12, 12, 3), 99, (4, 0, 16, 12)),
    ],
)
def test_the_centre_is_cut_out(tmp_path, size, shape, crop, box):
    picture = Image.fromarray(noise(size[1], size[0], 3))
    save(picture, tmp_path / "a.png")
    np.testing.assert_array_equal(only(tmp_path, shape, crop=crop), np.asarray(picture.crop(box)))


def test_shrinking_is_antialiased(tmp_path):
    stripes = np.zeros((64, 64, 3), "uint8")
    stripes[:, ::2] = 255
    save(Image.fromarray(stripes), tmp_path / "a.png")
    np.testing.assert_allclose(only(tmp_path, (8, 8, 3))[:, 1:-1], 127.5, atol=2)


@pytest.mark.parametrize("crop", [None, 400])
def test_a_large_jpeg_is_decoded_small_and_looks_the_same(tmp_path, crop):
    y, x = np.mgrid[:512, :768] / 512
    waves = np.stack([np.sin(9 * x), np.cos(11 * y), np.sin(7 * x * y)], -1)
    picture = Image.fromarray((127.5 + 100 * waves).astype("uint8"))
    side = crop or 512
    left, top = (768 - side) // 2, (512 - side) // 2
    save(picture, tmp_path / "a.jpg", quality=95)
    expected = picture.crop((left, top, left + side, top + side)).resize((32, 32), 1)
    got = only(tmp_path, (32, 32, 3), crop=crop).astype(int)
    assert np.abs(got - np.asarray(expected)).mean() < 2


# What is in the folder


def test_any_nesting_and_format_in_one_order(tmp_path):
    for name in ("b/1.PNG", "a/deep/er/2.bmp", "a/3.webp", "c.gif"):
        save(Image.new("RGB", (8, 8)), tmp_path / name)
    for name in ("notes.txt", "Thumbs.db", ".DS_Store", "._c.gif", ".hidden/d.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        dataset = load(tmp_path, (8, 8, 3))
    names = [os.path.relpath(path, tmp_path) for path in dataset.source.paths]
    assert names == ["c.gif", "a/3.webp", "a/deep/er/2.bmp", "b/1.PNG"]


def test_corrupt_files_are_named_once_and_skipped(numbered):
    (numbered / "text.jpg").write_text("no picture")
    (numbered / "link.png").symlink_to(numbered / "nothing.png")
    whole = (numbered / "9.png").read_bytes()
    (numbered / "99.png").write_bytes(whole[: len(whole) - 40])
    with pytest.warns(UserWarning) as seen:
        dataset = load(numbered, (16, 16, 3), 4, **AS_IS)
    assert len(seen) == 2 and "link.png" in str(seen[0].message)
    assert "text.jpg" in str(seen[1].message)
    with pytest.warns(UserWarning, match="99.png") as seen:
        batches = [dataset[2], *dataset]
    assert len(seen) == 1
    # The truncated file is the last of the eleven; the first one takes its place.
    expected = [[8, 9, 0], [0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 0]]
    assert [numbers(batch).tolist() for batch in batches] == expected


def test_nothing_that_can_be_decoded_is_an_error(tmp_path):
    save(Image.fromarray(noise(32, 32, 3)), tmp_path / "a.png")
    whole = (tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").write_bytes(whole[:500])
    with pytest.warns(UserWarning, match="a.png"), pytest.raises(ValueError, match="None of the 1"):
        load(tmp_path)[0]


def test_a_decompression_bomb_is_named(numbered, monkeypatch):
    save(Image.new("L", (100, 100)), numbered / "bomb.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.warns(UserWarning, match="bomb.png.*MAX_IMAGE_PIXELS"):
        assert load(numbered).num_images == 10


# Batches


def test_an_epoch_has_every_picture_and_the_remainder(numbered):
    dataset = load(numbered, (16, 16, 3), 4)
    batches = list(dataset)
    assert [len(b) for b in batches] == [4, 4, 2] and len(dataset) == 3
    assert sorted(np.concatenate([numbers(b) for b in batches])) == list(range(10))
    assert len(load(numbered, (16, 16, 3), 4, drop_remainder=True)) == 2


def test_batches_follow_from_seed_and_epoch(numbered):
    def epoch(number, seed=0, **options):
        dataset = load(numbered, (16, 16, 3), 10, seed=seed, **options)
        dataset.epoch = number
        return dataset[0]

    first = epoch(0)
    np.testing.assert_array_equal(first, epoch(0, cache=False))
    assert (first != epoch(1)).any() and (first != epoch(0, seed=1)).any()
    mirrored = first[:, 0, 0, 0] == 255
    assert 0 < mirrored.sum() < 10
    assert (numbers(epoch(3, shuffle=False)) == range(10)).all()
    assert (epoch(0, flip=False)[:, 0, -1, 0] == 255).all()


def test_the_cache_gives_the_same_batches_without_the_files(numbered):
    dataset = load(numbered, (16, 16, 3), 4)
    before = list(dataset)
    for path in numbered.iterdir():
        path.unlink()
    for a, b in zip(before, dataset, strict=True):
        np.testing.assert_array_equal(a, b)


def test_memory_keeps_what_fits(numbered, monkeypatch):
    monkeypatch.setattr("kerasgan.datasets.batches.CACHE_LIMIT", 6 * 16 * 16 * 3)
    dataset = load(numbered, (16, 16, 3), 10)
    # Around all of it: batches that are made ahead find the files gone too.
    with pytest.warns(UserWarning) as seen:
        before = dataset[0]
        for path in numbered.iterdir():
            path.unlink()
        dataset.sample(10)
    assert len(seen) == 4 and len(before) == 10


def test_held_out_pictures_leave_training_even_after_it_looked_ahead(numbered):
    dataset = load(numbered, (16, 16, 3), 2)
    seen = dataset[0]
    held = dataset.hold_out(4)
    assert len(seen) == 2 and len(held) == 4 and len(dataset) == 3
    trained = {n for epoch in range(3) for batch in dataset for n in numbers(batch).tolist()}
    assert len(trained) == 6 and not trained & {*numbers(held).tolist()}
    with pytest.raises(ValueError, match="those left fill no batch of 4"):
        load(numbered, batch_size=4, drop_remainder=True).hold_out(7)


def test_it_says_what_its_batches_are(numbered):
    dataset = load(numbered, (16, 16, 1), 4)
    assert dataset.shapes == {"real": (16, 16, 1)} and dataset.modalities == {}
    assert repr(dataset) == "<ImageDataset: 10 pictures in batches of 4: real (16, 16, 1)>"


class Watched:
    """Images that tell when one of them was read."""

    def __init__(self, images):
        self.images, self.shape, self.dtype = images, images.shape, images.dtype
        self.read = [threading.Event() for _ in images]

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        self.read[index].set()
        return self.images[index]


def test_the_next_batches_are_made_before_they_are_asked_for():
    images = Watched(noise(9, 8, 8, 3))
    load(images, (8, 8, 3), 2, workers=1, **AS_IS)[0]
    assert all(read.wait(30) for read in images.read[:4])
    assert not images.read[4].is_set()


class Recorder(GAN):
    """A GAN that keeps the numbers of the pictures it was trained on."""

    def discriminator_loss(self, batch, training=True):
        pixels = np.rint((keras.ops.convert_to_numpy(batch["real"]) + 1) * 127.5)
        self.seen.append(numbers(pixels).tolist())
        return super().discriminator_loss(batch, training)


def trained_on(dataset, **options):
    model = Recorder(*kerasgan.networks.mlp((16, 16, 3), 4, 8, 1))
    model.seen = []
    model.compile(run_eagerly=True)
    model.fit(dataset, shuffle=False, verbose=0, **options)
    return [[*seen] for seen in model.seen]


def test_a_resumed_fit_sees_what_an_uninterrupted_one_sees(numbered):
    options = {"image_shape": (16, 16, 3), "batch_size": 4, "workers": 3}
    dataset = load(numbered, **options)
    whole = trained_on(dataset, epochs=3)
    assert dataset.epoch == 3 and len(whole) == 9
    assert whole[:3] == [numbers(b).tolist() for b in load(numbered, **options)]
    assert whole[:3] != whole[3:6]
    resumed = load(numbered, **options)
    resumed.epoch = 2
    assert trained_on(resumed, initial_epoch=2, epochs=3) == whole[6:]


@pytest.mark.without_backend
def test_a_gan_trains_on_a_folder_while_others_decode(numbered):
    model = GAN(*kerasgan.networks.mlp((16, 16, 3), 4, 8, 1))
    model.compile()
    dataset = load(numbered, (16, 16, 3), 4, augmentation=keras.layers.RandomRotation(0.1))
    history = model.fit(dataset, epochs=2, verbose=0).history
    assert np.isfinite(history["discriminator_loss"]).all()
    assert np.isfinite([*model.evaluate(dataset, verbose=0).values()]).all()


# Augmentation


def test_augmentation_layers_are_applied_rounded_and_clipped(numbered):
    layers = [keras.layers.Rescaling(2.0), keras.layers.Rescaling(1.0, offset=0.6)]
    batch = load(numbered, (16, 16, 3), 10, augmentation=layers, **AS_IS)[0]
    expected = [round(min(255.0, 20 * i + 0.6)) for i in range(10)]
    assert batch.dtype == np.uint8 and batch[:, 0, 0, 0].tolist() == expected
    assert (batch[:, 0, -1] == 255).all()


@pytest.mark.parametrize(
    "layer",
    [
        lambda: keras.layers.RandomFlip("vertical"),
        lambda: keras.layers.RandomRotation(0.2, seed=3),
        lambda: keras.layers.Pipeline(
            [keras.layers.RandomTranslation(0.2, 0.2), keras.layers.RandomContrast(0.5)]
        ),
    ],
    ids=["flip", "rotation", "pipeline"],
)
def test_random_augmentation_follows_from_seed_and_epoch(layer):
    pixels = noise(64, 16, 16, 3)

    def images(epoch, order):
        dataset = load(pixels, (16, 16, 3), 32, augmentation=layer(), **AS_IS)
        dataset.epoch = epoch
        batches = {i: dataset[i] for i in order}
        return np.concatenate([batches[0], batches[1]])

    first = images(0, (0, 1))
    np.testing.assert_array_equal(first, images(0, (1, 0)))
    assert (first != images(1, (0, 1))).any() and (first != pixels).any()


def test_keras_cv_layers_augment(numbered):
    pytest.importorskip("tensorflow")
    keras_cv = pytest.importorskip("keras_cv")
    layers = [keras_cv.layers.RandomFlip("horizontal"), keras_cv.layers.RandomSaturation((0, 1))]
    batch = load(numbered, (16, 16, 3), 10, augmentation=layers)[0]
    assert batch.shape == (10, 16, 16, 3) and batch.dtype == np.uint8


# NumPy files


def test_arrays_and_numpy_files(tmp_path):
    images = noise(5, 8, 8)
    np.save(tmp_path / "a.npy", images)
    np.savez(tmp_path / "one.npz", images=images, labels=np.arange(5))
    np.savez(tmp_path / "two.npz", x_train=images, x_test=images[:2])
    for source in (
        images,
        images[..., None],
        tmp_path / "a.npy",
        str(tmp_path / "one.npz"),
        f"{tmp_path}/two.npz:x_train",
    ):
        batch = load(source, (8, 8, 1), 5, **AS_IS)[0]
        np.testing.assert_array_equal(batch[..., 0], images)
    with pytest.raises(ValueError, match=r"two.npz:NAME.*x_train \(5, 8, 8\)"):
        load(tmp_path / "two.npz")


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((4, 8, 8), "float32"), "uint8.*float32"),
        (np.zeros((4, 8), "uint8"), r"shape \(4, 8\)"),
        (np.zeros((4, 3, 8, 8), "uint8"), "moveaxis"),
        (np.zeros((0, 8, 8), "uint8"), "no picture"),
    ],
)
def test_other_arrays_are_refused(tmp_path, array, message):
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(ValueError, match=message):
        load(tmp_path / "a.npy")


# Errors


def test_errors_say_what_to_do(tmp_path, numbered):
    with pytest.raises(FileNotFoundError, match="absent"):
        load(tmp_path / "absent")
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "notes.txt").write_text("x")
    with pytest.raises(ValueError, match="No picture in .*empty.* 1 files were looked at"):
        load(tmp_path / "empty")
    with pytest.raises(ValueError, match="is a file"):
        load(numbered / "1.png")
    (tmp_path / "broken.npz").write_bytes(b"PK no zip")
    with pytest.raises(ValueError, match="broken.npz"):
        load(tmp_path / "broken.npz")
    with pytest.raises(ValueError, match="source"):
        load(3)
    for options in (
        {"batch_size": 0},
        {"crop": 0},
        {"workers": 0},
        {"image_shape": 8},
        {"image_shape": (8, 8)},
        {"image_shape": (8, 8, 2)},
        {"cache": "disk"},
        {"seed": -1},
    ):
        with pytest.raises(ValueError, match=f"{next(iter(options))}.*Received"):
            load(numbered, **options)
    with pytest.raises(ValueError, match="drop_remainder"):
        load(numbered, batch_size=11, drop_remainder=True)


# TensorFlow Datasets


def test_without_tensorflow_datasets_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
    with pytest.raises(ImportError, match=r'pip install "kerasgan\[data\]"'):
        load("tfds:fashion_mnist")


def test_tensorflow_dataset(tmp_path, monkeypatch):
    tfds = pytest.importorskip("tensorflow_datasets")

    class Tiny(tfds.core.GeneratorBasedBuilder):
        VERSION = tfds.core.Version("1.0.0")

        def _info(self):
            feature = tfds.features.Image(shape=(None, None, 3))
            features = tfds.features.FeaturesDict({"number": np.int64, "image": feature})
            return tfds.core.DatasetInfo(builder=self, features=features)

        def _split_generators(self, manager):
            return {"train": self._generate_examples(6), "test": self._generate_examples(2)}

        def _generate_examples(self, n):
            for i in range(n):
                yield i, {"number": i, "image": np.full((16 + i, 16, 3), 10 * i, "uint8")}

    for file_format in ("array_record", "tfrecord"):
        place = {"data_dir": tmp_path / file_format}
        Tiny(**place, file_format=file_format).download_and_prepare()
        dataset = load("tfds:tiny", (16, 16, 3), 4, **place)
        assert sorted(np.concatenate([numbers(b) for b in dataset])) == list(range(6))
        assert load("tfds:tiny:test", **place).num_images == 2
        assert load("tfds:tiny:1.0.0:train[:50%]", (8, 8, 1), **place).num_images == 3
        with pytest.raises(ValueError, match="tset"):
            load("tfds:tiny:tset", **place)
    assert load("tfds:tiny", data_dir=tmp_path / "prepared_now").num_images == 6

    with pytest.raises(ValueError, match="tfds:NAME"):
        load("tfds:")
    with pytest.raises(ValueError, match="no TensorFlow Dataset 'absent'"):
        load("tfds:absent", data_dir=tmp_path)

    def offline(*_):
        raise ConnectionError("no network")

    monkeypatch.setattr(Tiny, "_split_generators", offline)
    with pytest.raises(ValueError, match="no network.*data_dir"):
        load("tfds:tiny", data_dir=tmp_path / "elsewhere")
