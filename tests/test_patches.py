"""Photographs as batches of patches, and what makes their low resolution."""

import warnings

import keras
import numpy as np
import pytest
from PIL import Image

from kerasgan.datasets import (
    PatchDataset,
    PracticalDegradation,
    load_photographs,
    modcrop,
    shrink,
)

SMALL = {"scale": 2, "patch_size": 8, "batch_size": 4}


def noise(*shape):
    return np.random.default_rng(0).integers(0, 256, shape, "uint8")


def smooth(height, width):
    y, x = np.mgrid[:height, :width]
    waves = np.stack([np.sin(y / 9), np.cos(x / 7), np.sin((x + y) / 11)], -1)
    return np.rint(127.5 + 100 * waves).astype("uint8")


def places(size):
    """A picture whose pixels name their row, their column and their picture, 0."""
    y, x = np.mgrid[:size, :size]
    return np.stack([y, x, np.zeros_like(x)], -1).astype("uint8")


def save(image, path, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path, **options)


def keep(patch, scale, random):
    return patch[::scale, ::scale]


# Low resolution


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_shrink_is_the_papers_filter(scale):
    """Against the definition: Keys's kernel with a = -0.5, stretched by the scale."""
    image = noise(12 * scale, 10 * scale, 3)
    small = shrink(image, scale)
    assert small.shape == (12, 10, 3) and small.dtype == np.uint8

    def weights(n):
        centres = (np.arange(n) + 0.5) * scale - 0.5
        d = np.abs(centres[:, None] - np.arange(n * scale)) / scale
        near, far = 1.5 * d**3 - 2.5 * d**2 + 1, -0.5 * d**3 + 2.5 * d**2 - 4 * d + 2
        kernel = np.where(d <= 1, near, np.where(d < 2, far, 0))
        return kernel / kernel.sum(1, keepdims=True)

    # Pillow rounds in between, to 8 bits.
    rows = np.clip(np.rint(np.einsum("jx,yxc->yjc", weights(10), image)), 0, 255)
    expected = np.clip(np.einsum("iy,yjc->ijc", weights(12), rows), 0, 255)
    np.testing.assert_allclose(small, expected, atol=1.01)


def test_what_the_scale_leaves_over_is_cropped():
    image = noise(19, 22, 3)
    assert modcrop(image, 4).shape == (16, 20, 3)
    np.testing.assert_array_equal(modcrop(image, 4), image[:16, :20])
    np.testing.assert_array_equal(shrink(image, 4), shrink(image[:16, :20], 4))


def test_shrink_takes_pictures_as_well_as_arrays():
    image = noise(19, 22, 3)
    small = shrink(Image.fromarray(image), 4)
    assert isinstance(small, Image.Image)
    np.testing.assert_array_equal(np.array(small), shrink(image, 4))
    grey = shrink(Image.fromarray(image[..., 0]), 4)
    np.testing.assert_array_equal(np.array(grey), shrink(image[..., 0], 4))


@pytest.mark.parametrize(
    ("picture", "scale", "message"),
    [
        (noise(8, 8, 3), 0, "scale=0"),
        (noise(8, 8, 3), 2.0, "scale=2.0"),
        (noise(3, 8, 3), 4, "height 3, width 8"),
        (noise(8, 8, 3) / 255, 4, "float64"),
        (noise(8, 8, 4), 4, r"\(8, 8, 4\)"),
        (Image.new("P", (8, 8)), 4, r"'P'.*convert\('RGB'\)"),
    ],
)
def test_what_cannot_be_shrunk(picture, scale, message):
    with pytest.raises(ValueError, match=message):
        shrink(picture, scale)


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_practical_draws_are_poor_pictures_of_the_same_place(scale):
    # Two slopes: whatever a draw displaces, makes brighter or makes darker.
    y, x = np.mgrid[:96, :80]
    image = np.stack([20 + 2 * y, 20 + 2 * x, np.full_like(x, 128)], -1).astype("uint8")
    degrade = PracticalDegradation()
    draws = [degrade(image, scale, np.random.default_rng(seed)) for seed in range(100)]
    assert all(d.shape == (96 // scale, 80 // scale, 3) and d.dtype == np.uint8 for d in draws)
    np.testing.assert_array_equal(draws[7], degrade(image, scale, np.random.default_rng(7)))
    inside = slice(16 // scale, -16 // scale)
    errors = (np.stack(draws) - shrink(image, scale).astype(float))[:, inside, inside]
    displaced = errors.mean((0, 1, 2))[:2] / (2 * scale)
    assert np.abs(displaced).max() < 0.1, "low pixels"
    spread = errors.std((1, 2, 3))
    assert spread.min() > 0.5 and spread.max() > 3 * spread.min()


def test_practical_removes_detail():
    stripes = np.zeros((96, 96, 3), "uint8")
    stripes[:, np.arange(96) % 16 < 8] = 255
    light = np.arange(48) % 8 < 4

    def contrast(low):
        return low[:, light].mean() - low[:, ~light].mean()

    sharp = contrast(shrink(stripes, 2))
    degrade = PracticalDegradation()
    left = [contrast(degrade(stripes, 2, np.random.default_rng(i))) / sharp for i in range(50)]
    assert np.min(left) < 0.2 and 0.4 < np.median(left) < 0.9 and np.max(left) < 1


def test_practical_takes_only_colour():
    with pytest.raises(ValueError, match=r"\(8, 8\)"):
        PracticalDegradation()(noise(8, 8), 2, np.random.default_rng(0))


# Batches


@pytest.mark.parametrize("degradation", ["bicubic", "practical"])
def test_batches_of_pairs(degradation):
    dataset = load_photographs([smooth(120, 130)], batch_size=3, degradation=degradation)
    assert isinstance(dataset, PatchDataset) and isinstance(dataset, keras.utils.PyDataset)
    assert (dataset.num_images, dataset.scale, dataset.patch_size) == (1, 4, 96)
    low, high = dataset[0]
    assert low.shape == (3, 24, 24, 3) and high.shape == (3, 96, 96, 3)
    assert low.dtype == high.dtype == np.uint8
    if degradation == "bicubic":
        np.testing.assert_array_equal(low, [shrink(patch, 4) for patch in high])


def test_patches_come_from_everywhere_in_all_eight_ways():
    dataset = load_photographs([places(10)], **SMALL, steps=100)
    seen = set()
    for _, high in dataset:
        for rows, columns in zip(high[..., 0].astype(int), high[..., 1].astype(int)):
            corner = rows.min(), columns.min()
            assert sorted({*rows.flat}) == [*range(corner[0], corner[0] + 8)]
            assert sorted({*columns.flat}) == [*range(corner[1], corner[1] + 8)]
            steps = rows[1, 0] - rows[0, 0], rows[0, 1] - rows[0, 0]
            steps += columns[1, 0] - columns[0, 0], columns[0, 1] - columns[0, 0]
            seen.add((corner, steps))
    # Of 400 draws, each of the 72 is missed with probability 0.004.
    assert {corner for corner, _ in seen} == {(i, j) for i in range(3) for j in range(3)}
    assert len({steps for _, steps in seen}) == 8


def test_photographs_are_drawn_by_their_area():
    images = [np.full((16, 16, 3), 0, "uint8"), np.full((32, 48, 3), 1, "uint8")]
    dataset = load_photographs(images, **SMALL | {"batch_size": 500}, steps=4)
    shares = np.mean([high[:, 0, 0, 0].mean() for _, high in dataset])
    assert shares == pytest.approx(6 / 7, abs=0.03)


def test_an_epoch_has_the_area_once():
    images = [noise(16, 24, 3), noise(40, 8, 3)]
    # 704 pixels are 11 patches.
    assert len(load_photographs(images, **SMALL)) == 3
    assert len(load_photographs(images, **SMALL | {"batch_size": 64})) == 1
    assert len(load_photographs(images, **SMALL, steps=7)) == 7
    with pytest.raises(IndexError, match="index=3"):
        load_photographs(images, **SMALL)[3]


def test_bits_follow_from_seed_epoch_and_place():
    images = [noise(30, 40, 3), noise(50, 20, 3)]
    options = SMALL | {"steps": 3, "degradation": "practical"}
    first = load_photographs(images, **options, workers=1)
    runs = []
    for _ in range(3):
        first.on_epoch_begin()
        runs.append([first[i] for i in range(3)])
        first.on_epoch_end()
    assert first.epoch == 3
    flat = [high.tobytes() for run in runs for _, high in run]
    assert len(set(flat)) == 9
    resumed = load_photographs(images, **options, workers=4)
    resumed.epoch = 1
    for i in (0, 1, 2, 1):
        for got, expected in zip(resumed[i], runs[1][i]):
            np.testing.assert_array_equal(got, expected)
    other = load_photographs(images, **options, seed=1)
    assert other[0][1].tobytes() not in flat


def test_memory_has_a_limit_and_bits_do_not_depend_on_it(tmp_path, monkeypatch):
    for i in range(3):
        save(noise(16, 16, 3) // (i + 1), tmp_path / "photographs" / f"{i}.png")
    batches = []
    for limit in (0, 16 * 16 * 3 * 2, 2**30):
        monkeypatch.setattr("kerasgan.datasets.batches.CACHE_LIMIT", limit)
        dataset = load_photographs(tmp_path / "photographs", **SMALL, steps=6, workers=1)
        batches.append(np.stack([high for _, high in dataset]))
        assert lost(dataset, tmp_path / "photographs") == 3 - min(3, limit // (16 * 16 * 3))
    np.testing.assert_array_equal(batches[0], batches[1])
    np.testing.assert_array_equal(batches[0], batches[2])


def lost(dataset, folder):
    """How many photographs cannot be had any more when their files are gone."""
    dataset.sample(3)  # so that each was asked for
    folder.rename(folder.with_name("away"))
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        try:
            dataset.sample(3)
        except ValueError:
            assert len(seen) == 3
    folder.with_name("away").rename(folder)
    return len(seen)


def test_held_out_photographs_give_their_centre_and_are_not_trained_on():
    images = [np.full((20 + 2 * i, 500, 3), i, "uint8") for i in range(5)]
    images[3][:, :3] = 99
    dataset = load_photographs(images, **SMALL, seed=2)
    before = len(dataset)
    sampled = dataset.sample(4)
    large = dataset.hold_out(4)["large"]
    held = [int(image[0, 0, 0]) for image in large]
    assert len({*held}) == 4 and held == sorted(sampled[1][:, 0, 0, 0])
    assert [image.shape for image in large] == [(20 + 2 * i, 384, 3) for i in held]
    # The edge of the fourth one is not in its centre.
    assert all((image == i).all() for image, i in zip(large, held))
    low, high = sampled
    np.testing.assert_array_equal(low, [shrink(patch, 2) for patch in high])
    assert dataset.num_images == 1 and len(dataset) < before
    (left,) = {*range(5)} - {*held}
    assert all(({*high.flat} <= {left, 99}) for _, high in dataset)
    assert len(load_photographs(images, **SMALL, steps=7)) == 7


def test_it_says_what_its_batches_are():
    dataset = load_photographs([noise(16, 16, 3)], **SMALL)
    assert dataset.shapes == {"small": (4, 4, 3), "large": (8, 8, 3)} and dataset.modalities == {}
    assert repr(dataset) == (
        "<PatchDataset: 1 photographs in batches of 4: small (4, 4, 3), large (8, 8, 3)>"
    )


def test_fit_takes_it():
    dataset = load_photographs([smooth(40, 50)], **SMALL, steps=5)
    layers = [keras.Input((None, None, 3)), keras.layers.UpSampling2D(2)]
    model = keras.Sequential([*layers, keras.layers.Conv2D(3, 3, padding="same")])
    model.compile("adam", "mse")
    # Keras takes a batch of its own first, to see its shape.
    model.fit(dataset, shuffle=False, verbose=0)
    begun = dataset.epoch
    model.fit(dataset, epochs=2, shuffle=False, verbose=0)
    assert dataset.epoch == begun + 2 and dataset.orders_itself


# What is in the folder


def one(folder):
    """The one photograph of a folder, by the patches of its place."""
    dataset = load_photographs(folder, scale=1, patch_size=8, batch_size=64, degradation=keep)
    assert dataset.num_images == 1
    return {patch.tobytes() for patch in dataset[0][1]}


def eight_ways(image):
    turned = [np.rot90(image, k) for k in range(4)]
    return {np.ascontiguousarray(t).tobytes() for t in turned + [t[:, ::-1] for t in turned]}


def test_grey_palette_and_transparency_become_colour(tmp_path):
    grey = noise(8, 8)
    save(grey, tmp_path / "grey" / "a.png")
    assert one(tmp_path / "grey") == eight_ways(np.stack([grey] * 3, -1))
    palette = Image.fromarray(noise(8, 8, 3)).quantize(16)
    (tmp_path / "palette").mkdir()
    palette.save(tmp_path / "palette" / "a.png")
    assert one(tmp_path / "palette") == eight_ways(np.array(palette.convert("RGB")))
    clear = np.dstack([noise(8, 8, 3), np.repeat([[0, 255]] * 8, 4, 1)]).astype("uint8")
    save(clear, tmp_path / "clear" / "a.png")
    shown = np.where(clear[..., 3:] == 0, 255, clear[..., :3]).astype("uint8")
    assert one(tmp_path / "clear") == eight_ways(shown)


def test_exif_orientation_is_followed(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = noise(8, 30, 3)
    save(lying, tmp_path / "a.png", exif=exif)
    dataset = load_photographs(tmp_path, **SMALL)
    np.testing.assert_array_equal(dataset.source[0], np.rot90(lying, -1))


def test_files_in_folders_of_folders_and_what_is_no_picture(tmp_path):
    save(noise(16, 16, 3), tmp_path / "a" / "b" / "1.png")
    save(noise(16, 16, 3), tmp_path / "2.jpg")
    save(noise(16, 7, 3), tmp_path / "thin.png")
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / "text.png").write_text("no picture")
    with pytest.warns(UserWarning) as seen:
        dataset = load_photographs(tmp_path, **SMALL)
    messages = [str(warning.message) for warning in seen]
    assert dataset.num_images == 2 and len(messages) == 2
    assert "text.png" in messages[0]
    assert "thin.png (7×16)" in messages[1] and "8 pixels" in messages[1]


def test_a_truncated_photograph_is_named_once_and_another_taken(tmp_path):
    save(np.full((16, 16, 3), 7, "uint8"), tmp_path / "good.png")
    save(noise(64, 64, 3), tmp_path / "cut.png")
    whole = (tmp_path / "cut.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[:2000])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        dataset = load_photographs(tmp_path, **SMALL, workers=1)
    with pytest.warns(UserWarning, match="cut.png") as seen:
        batches = [high for _, high in dataset]
    assert len(seen) == 1 and (np.stack(batches) == 7).all()


def test_arrays_of_all_channel_counts():
    grey = noise(8, 8, 1)
    images = [grey, grey[..., 0], grey.repeat(3, 2), noise(8, 8, 4)]
    dataset = load_photographs(images, **SMALL)
    assert dataset.num_images == 4
    for i in range(3):
        np.testing.assert_array_equal(dataset.source[i], grey.repeat(3, 2))
    assert load_photographs(np.stack([grey.repeat(3, 2)] * 5), **SMALL).num_images == 5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scale": 3}, "patch_size=8, scale=3"),
        ({"scale": 0}, "scale=0"),
        ({"patch_size": 8.0}, "patch_size=8.0"),
        ({"batch_size": 0}, "batch_size=0"),
        ({"steps": 0}, "steps=0"),
        ({"workers": 0}, "workers=0"),
        ({"seed": -1}, "seed=-1"),
        ({"degradation": "blur"}, "'bicubic', 'practical'.*'blur'"),
        ({"patch_size": 64}, r"None of the 1 .* photograph 0 of the list \(16×16\)"),
        ({"path": []}, "an empty list"),
        ({"path": [noise(16, 16, 3) / 255]}, "photograph 0 .*float64"),
        ({"path": [noise(16, 16, 3), noise(3, 16, 16)]}, r"photograph 1 .*\(3, 16, 16\)"),
    ],
)
def test_arguments_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        load_photographs(**{"path": [noise(16, 16, 3)]} | SMALL | options)


def test_a_callable_of_the_wrong_shape():
    dataset = load_photographs(
        [noise(16, 16, 3)], **SMALL, degradation=lambda patch, scale, random: patch
    )
    with pytest.raises(ValueError, match=r"\(4, 4, 3\).*uint8 of shape \(8, 8, 3\)"):
        dataset[0]


def test_no_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        load_photographs(tmp_path / "nowhere")
    (tmp_path / "file.png").write_bytes(b"")
    with pytest.raises(ValueError, match="is a file"):
        load_photographs(tmp_path / "file.png")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="No picture in"):
        load_photographs(tmp_path / "empty")
