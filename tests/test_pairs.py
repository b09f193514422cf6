"""Pairs of pictures as batches: side by side, in two folders, in two arrays."""

import warnings

import keras
import numpy as np
import pytest
from PIL import Image

from kerasgan.datasets import Batches, PairDataset, load_pairs

AS_IS = {"flip": False, "shuffle": False}
TINY = {"size": 8, "batch_size": 4}


def noise(*shape):
    return np.random.default_rng(0).integers(0, 256, shape, "uint8")


def save(image, path, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path, **options)


def coordinates(number=0, height=16, width=16):
    """A picture whose pixels name their row, their column and their picture."""
    y, x = np.mgrid[:height, :width]
    return np.stack([y, x, np.full_like(x, number)], -1).astype("uint8")


def beside(left, right):
    return np.concatenate([left, right], 1)


def numbers(pictures):
    """Which picture each of a batch is, which all its pixels say."""
    assert (pictures[..., 2] == pictures[:, :1, :1, 2]).all()
    return pictures[:, 0, 0, 2].tolist()


@pytest.fixture
def halves(tmp_path):
    """Ten pictures: on the left their coordinates, on the right those plus 100."""
    for i in range(10):
        save(beside(coordinates(i), coordinates(i) + 100), tmp_path / "halves" / f"{i}.png")
    return tmp_path / "halves"


@pytest.fixture
def folders(tmp_path):
    """Ten pairs in two folders, with other suffixes in the second."""
    for i in range(10):
        save(coordinates(i), tmp_path / "a" / str(i % 2) / f"{i}.png")
        save(coordinates(i) + 100, tmp_path / "b" / str(i % 2) / f"{i}.bmp")
    return tmp_path / "a", tmp_path / "b"


# What a pair is


@pytest.mark.parametrize("half", ["left", "right"])
def test_halves_side_by_side(tmp_path, half):
    left, right = noise(8, 8, 3), 255 - noise(8, 8, 3)
    save(beside(left, right), tmp_path / "deep" / "a.png")
    source, target = load_pairs(tmp_path, source_half=half, **TINY, **AS_IS)[0]
    assert source.dtype == target.dtype == np.uint8
    expected = (left, right) if half == "left" else (right, left)
    np.testing.assert_array_equal(source[0], expected[0])
    np.testing.assert_array_equal(target[0], expected[1])


def test_the_middle_column_of_an_odd_width_is_left_out(tmp_path):
    left, right = noise(8, 8, 3), 255 - noise(8, 8, 3)
    save(beside(beside(left, noise(8, 1, 3)), right), tmp_path / "a.png")
    source, target = load_pairs(tmp_path, **TINY, **AS_IS)[0]
    np.testing.assert_array_equal(source[0], left)
    np.testing.assert_array_equal(target[0], right)


def test_two_folders_by_path_without_suffix(folders):
    dataset = load_pairs(*folders, size=16, batch_size=3)
    assert dataset.num_images == 10 and len(dataset) == 4
    for source, target in dataset:
        np.testing.assert_array_equal(target, source + 100)
        assert len(set(numbers(source))) == len(source)


def test_two_arrays_by_place_of_any_size():
    small, large = noise(5, 8, 8), noise(5, 16, 12, 3)
    dataset = load_pairs(
        small, large, size=8, source_channels=1, target_channels=4, batch_size=5, **AS_IS
    )
    source, target = dataset[0]
    np.testing.assert_array_equal(source[..., 0], small)
    assert target.shape == (5, 8, 8, 4) and (target[..., 3] == 255).all()
    shrunk = Image.fromarray(large[3]).resize((8, 8), Image.Resampling.LANCZOS)
    np.testing.assert_array_equal(target[3, ..., :3], np.asarray(shrunk))


def test_numpy_files_and_halves_of_an_array(tmp_path):
    left, right = noise(3, 8, 8, 3), 255 - noise(3, 8, 8, 3)
    both = np.concatenate([left, right], 2)
    np.savez(tmp_path / "a.npz", photos=left, maps=right)
    for arguments in ((both,), (f"{tmp_path}/a.npz:photos", f"{tmp_path}/a.npz:maps")):
        source, target = load_pairs(*arguments, **TINY, **AS_IS)[0]
        np.testing.assert_array_equal(source, left)
        np.testing.assert_array_equal(target, right)


def test_one_folder_as_source_in_grey_and_target_in_colour(tmp_path):
    colour = noise(8, 8, 3)
    save(colour, tmp_path / "a.png")
    grey, same = load_pairs(tmp_path, tmp_path, source_channels=1, **TINY, **AS_IS)[0]
    np.testing.assert_array_equal(same[0], colour)
    np.testing.assert_array_equal(grey[0, ..., 0], np.asarray(Image.fromarray(colour).convert("L")))


def test_pictures_are_resized_whole_whatever_their_proportions(tmp_path):
    wide = noise(8, 60, 3)
    save(wide, tmp_path / "a.png")
    source, _ = load_pairs(tmp_path, size=(10, 12), **AS_IS)[0]
    expected = Image.fromarray(wide[:, :30]).resize((12, 10), Image.Resampling.LANCZOS)
    np.testing.assert_array_equal(source[0], np.asarray(expected))


def test_halves_are_those_of_the_upright_picture(tmp_path):
    left, right = noise(8, 8, 3), 255 - noise(8, 8, 3)
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = np.ascontiguousarray(np.rot90(beside(left, right)))
    save(lying, tmp_path / "a.png", exif=exif)
    source, target = load_pairs(tmp_path, **TINY, **AS_IS)[0]
    np.testing.assert_array_equal(source[0], left)
    np.testing.assert_array_equal(target[0], right)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("width", [512, 510, 506])
def test_a_large_jpeg_does_not_mix_its_halves(tmp_path, width, turned):
    black, white = np.zeros((512, width, 3), "uint8"), np.full((512, width, 3), 255, "uint8")
    exif = Image.Exif()
    exif[0x0112] = 6 if turned else 1
    image = np.ascontiguousarray(np.rot90(beside(black, white), turned))
    save(image, tmp_path / "a.jpg", quality=95, subsampling=0, exif=exif)
    source, target = load_pairs(tmp_path, size=16, **AS_IS)[0]
    assert source.max() < 10 and target.min() > 245


# What is drawn


def test_crop_and_flip_are_the_same_for_both(halves):
    dataset = load_pairs(halves, size=(9, 12), load_size=16, batch_size=10)
    seen = set()
    for epoch in range(30):
        dataset.epoch = epoch
        source, target = dataset[0]
        assert source.shape == (10, 9, 12, 3)
        np.testing.assert_array_equal(target, source + 100)
        for picture in source.astype(int):
            rows, columns = picture[:, 0, 0], picture[0, :, 1]
            assert (np.diff(rows) == 1).all() and len(set(np.diff(columns))) == 1
            assert (
                picture == np.dstack([*np.meshgrid(columns, rows)[::-1], picture[..., 2]])
            ).all()
            seen.add((rows[0], columns.min(), columns[1] - columns[0]))
    # Of 300 draws, each of the 80 is missed with probability 0.02.
    assert len(seen) > 70
    assert {row for row, _, _ in seen} == {*range(8)}
    assert {column for _, column, _ in seen} == {*range(5)}
    assert {step for _, _, step in seen} == {1, -1}


def test_without_load_size_and_flip_nothing_is_drawn(halves):
    source, target = load_pairs(halves, size=16, batch_size=10, **AS_IS)[0]
    np.testing.assert_array_equal(source, [coordinates(i) for i in range(10)])
    np.testing.assert_array_equal(target, source + 100)


def test_an_epoch_has_every_pair_and_the_remainder(halves):
    sizes = [len(source) for source, _ in load_pairs(halves, **TINY)]
    assert sizes == [4, 4, 2]
    assert len(load_pairs(halves, **TINY, drop_remainder=True)) == 2
    assert len(load_pairs(halves)) == 10
    seen = [n for source, _ in load_pairs(halves, size=16) for n in numbers(source)]
    assert sorted(seen) == [*range(10)] and seen != sorted(seen)


def epochs(dataset, n):
    """The batches of `n` epochs, as Keras asks for them."""
    batches = []
    for _ in range(n):
        dataset.on_epoch_begin()
        batches.append([dataset[i] for i in range(len(dataset))])
        dataset.on_epoch_end()
    return batches


def assert_equal(batches, expected):
    for pair, other in zip(batches, expected, strict=True):
        for picture, same in zip(pair, other, strict=True):
            np.testing.assert_array_equal(picture, same)


def test_bits_follow_from_seed_epoch_and_place(halves):
    options = {"size": 8, "load_size": 12, "batch_size": 4}
    whole = epochs(load_pairs(halves, **options, workers=1), 3)
    resumed = load_pairs(halves, **options, workers=3, cache=False)
    resumed.epoch = 1
    for expected in (whole[1], whole[2]):
        assert_equal(epochs(resumed, 1)[0], expected)
    resumed.epoch = 0
    assert_equal([resumed[2], resumed[1]], [whole[0][2], whole[0][1]])
    first = {batch[0].tobytes() for epoch in whole for batch in epoch}
    assert len(first) == 9
    assert load_pairs(halves, **options, seed=1)[0][0].tobytes() not in first


def test_the_cache_gives_the_same_batches_without_the_files(halves):
    dataset = load_pairs(halves, **TINY)
    before = list(dataset)
    for path in halves.iterdir():
        path.unlink()
    assert_equal(list(dataset), before)


# What is held out


@pytest.mark.parametrize("load_size", [None, 20])
def test_held_out_pairs_are_whole_and_never_trained_on(halves, load_size):
    dataset = load_pairs(halves, size=16, load_size=load_size, batch_size=4)
    shown = dataset.sample(3)
    source, target = dataset.hold_out(3)
    assert_equal([shown], [(source, target)])
    np.testing.assert_array_equal(target, source + 100)
    held = numbers(source)
    np.testing.assert_array_equal(source, [coordinates(i) for i in held])
    assert dataset.num_images == 7 and len(dataset) == 2
    trained = {n for epoch in epochs(dataset, 3) for s, _ in epoch for n in s[:, 0, 0, 2].tolist()}
    assert len(trained) == 7 and not trained & {*held}


def test_what_cannot_be_held_out(halves):
    for n in (0, 10):
        with pytest.raises(ValueError, match=f"Of 10 pairs {n} cannot be held out"):
            load_pairs(halves, **TINY).hold_out(n)
    with pytest.raises(ValueError, match="those left fill no batch of 4"):
        load_pairs(halves, **TINY, drop_remainder=True).hold_out(7)
    with pytest.raises(ValueError, match="n=0"):
        load_pairs(halves, **TINY).sample(0)


# What it says of itself


def test_shapes_and_text(halves):
    dataset = load_pairs(halves, size=(8, 6), source_channels=1, batch_size=4)
    assert isinstance(dataset, PairDataset) and isinstance(dataset, Batches)
    assert isinstance(dataset, keras.utils.PyDataset) and dataset.orders_itself
    assert dataset.shapes == {"source": (8, 6, 1), "target": (8, 6, 3)}
    assert dataset.modalities == {} and dataset.num_labels is None
    assert repr(dataset) == (
        "<PairDataset: 10 pairs in batches of 4: source (8, 6, 1), target (8, 6, 3)>"
    )
    assert {name: b.shape[1:] for name, b in zip(dataset.shapes, dataset[0])} == dataset.shapes


def test_a_keras_model_fits_on_it(halves):
    dataset = load_pairs(halves, size=8, batch_size=4)
    model = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(3, 3, padding="same")])
    model.compile("adam", "mse")
    # Keras takes a batch of its own first, to see its shape.
    model.fit(dataset, shuffle=False, verbose=0)
    begun = dataset.epoch
    model.fit(dataset, epochs=2, shuffle=False, verbose=0)
    assert dataset.epoch == begun + 2


# Odd inputs


def test_what_has_no_halves_or_is_cut_short_is_named_once_and_skipped(halves):
    save(noise(8, 1, 3), halves / "thin.png")
    save(noise(64, 64, 3), halves / "cut.png")
    (halves / "cut.png").write_bytes((halves / "cut.png").read_bytes()[:2000])
    (halves / "text.png").write_text("no picture")
    with pytest.warns(UserWarning, match="text.png"):
        dataset = load_pairs(halves, size=16, batch_size=4, workers=1)
    with pytest.warns(UserWarning) as seen:
        batches = [batch for epoch in epochs(dataset, 2) for batch in epoch]
    messages = sorted(str(warning.message) for warning in seen)
    assert len(messages) == 2 and "cut.png" in messages[0]
    assert "thin.png" in messages[1] and "no two halves" in messages[1]
    assert all(n < 10 for source, _ in batches for n in source[:, 0, 0, 2])


def test_a_pair_of_which_one_is_cut_short_is_skipped(folders):
    cut = folders[1] / "0" / "4.bmp"
    cut.write_bytes(cut.read_bytes()[:300])
    dataset = load_pairs(*folders, size=16, batch_size=10)
    with pytest.warns(UserWarning, match="4.png with .*4.bmp"):
        source, target = dataset[0]
    np.testing.assert_array_equal(target, source + 100)
    assert 4 not in numbers(source)


def test_pictures_without_a_partner_are_named_in_one_warning(folders):
    save(coordinates(), folders[0] / "left over.png")
    save(coordinates(), folders[1] / "1" / "2.png")
    with pytest.warns(UserWarning) as seen:
        dataset = load_pairs(*folders)
    assert len(seen) == 1 and dataset.num_images == 10
    message = str(seen[0].message)
    assert "Skipped 2 pictures" in message
    assert "left over.png" in message and "2.png" in message and "9.bmp" not in message
    for i in range(50):
        save(coordinates(), folders[0] / f"more {i}.png")
    with pytest.warns(UserWarning, match="Skipped 52 .* and 31 more; "):
        load_pairs(*folders)


def test_folders_that_match_nowhere_name_examples(tmp_path):
    save(coordinates(), tmp_path / "a" / "1_A.png")
    save(coordinates(), tmp_path / "b" / "1_B.png")
    with pytest.raises(ValueError, match="No picture of source .*same path.*1_A.png; .*1_B.png"):
        load_pairs(tmp_path / "a", tmp_path / "b")


def test_two_pictures_that_could_both_be_the_partner(folders):
    save(coordinates(), folders[1] / "0" / "2.jpg")
    with pytest.raises(ValueError, match="Two pictures would be '0/2'.*2.bmp .*2.jpg. Keep one"):
        load_pairs(*folders)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 0}, "size must be an integer or .*size=0"),
        ({"size": (8, 8, 3)}, r"size=\(8, 8, 3\)"),
        ({"size": "big"}, "size='big'"),
        ({"size": 8.0}, "size=8.0"),
        ({"load_size": (16, 7)}, r"load_size=\(16, 7\), size=\(8, 8\)"),
        ({"load_size": -1}, "load_size=-1"),
        ({"source_channels": 2}, "source_channels=2"),
        ({"target_channels": None}, "target_channels=None"),
        ({"source_half": "top"}, "source_half='top'"),
        ({"batch_size": 0}, "batch_size=0"),
        ({"batch_size": True}, "batch_size=True"),
        ({"workers": 0}, "workers=0"),
        ({"seed": -1}, "seed=-1"),
        ({"cache": "disk"}, "cache='disk'"),
        ({"batch_size": 11, "drop_remainder": True}, "10 pairs fill no batch of 11"),
        ({"target": noise(9, 8, 8, 3)}, "a folder as source, an array as target"),
        ({"source": noise(9, 8, 8, 3), "target": noise(8, 8, 8, 3)}, "9 in source, 8 in target"),
        ({"source": noise(9, 8, 8) / 255}, "uint8.*float64"),
        ({"source": "tfds:mnist"}, "TensorFlow Dataset has no pairs.*'tfds:mnist'"),
        ({"target": "tfds:mnist"}, "target must be a folder"),
        ({"source": 3}, "source must be a folder"),
    ],
)
def test_arguments_out_of_range(halves, options, message):
    with pytest.raises(ValueError, match=message):
        load_pairs(**{"source": halves, "size": 8} | options)


def test_no_folder(tmp_path, halves):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        load_pairs(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match="nowhere"):
        load_pairs(halves, tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="No picture in .*empty"):
        load_pairs(tmp_path / "empty")


def test_nothing_is_warned_of_where_all_is_well(halves, folders):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        list(load_pairs(halves, **TINY))
        list(load_pairs(*folders, **TINY))
