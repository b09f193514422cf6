"""Masks of holes: drawn, in batches, and of every kind that a user may give."""

import numpy as np
import pytest
from PIL import Image
from tiny import images

from kerasgan.datasets.holes import load_holes
from kerasgan.datasets.masks import draw_mask
from kerasgan.modalities.masks import Masks
from kerasgan.photos.holes import holes_of

pytestmark = pytest.mark.without_backend


def square(height=16, width=16):
    """A mask of one hole, a quarter of the image and off the centre."""
    mask = np.zeros((height, width), bool)
    mask[: height // 2, width // 2 :] = True
    return mask


@pytest.mark.parametrize("holes", ["free_form", "box", "mixed"])
def test_a_mask_covers_a_share_in_the_range_and_follows_from_the_seed(holes):
    for size in ((32, 32), (8, 8), (5, 60)):
        for share in ((0.0, 0.2), (0.2, 0.4), (0.4, 0.6)):
            drawn = [
                np.stack([draw_mask(size, random, holes, share) for _ in range(12)])
                for random in (np.random.default_rng(3), np.random.default_rng(3))
            ]
            np.testing.assert_array_equal(*drawn)
            assert drawn[0].shape == (12, *size, 1) and drawn[0].dtype == "uint8"
            assert set(np.unique(drawn[0])) == {0, 255}
            covered = (drawn[0] > 0).mean(axis=(1, 2, 3))
            assert (covered > 0).all() and covered.min() >= share[0] and covered.max() <= share[1]
            assert len(np.unique(drawn[0], axis=0)) > 6


def test_what_cannot_be_drawn_is_refused():
    random = np.random.default_rng(0)
    centre = draw_mask((8, 12), random, "centre")[..., 0] > 0
    assert centre[2:6, 3:9].all() and centre.sum() == 24
    for arguments, told in (
        (((8, 8), random, "stars"), "holes must be one of 'free_form'"),
        (((8, 8), random, "box", (0.5, 0.2)), "share must be"),
        (((8, 8), random, "box", 0.5), "share must be"),
        (((8, 8), random, "box", (0.11, 0.12)), "64 pixels of 8×8"),
        ((8, random), "size must be"),
    ):
        with pytest.raises(ValueError, match=told):
            draw_mask(*arguments)


def test_data_have_new_holes_every_epoch_and_the_same_ones_in_every_run():
    def load(**options):
        options = {"batch_size": 4, "share": (0.1, 0.3)} | options
        return load_holes(images(12, (10, 14, 3)), (8, 8, 1), **options)

    data, other = load(), load()
    assert data.shapes == {"image": (8, 8, 1), "mask": (8, 8, 1)}
    found, masks = data[0]
    assert found.shape == masks.shape == (4, 8, 8, 1) and masks.dtype == "uint8"
    for a, b in zip(other[0], data[0]):
        np.testing.assert_array_equal(a, b)
    data.epoch = 1
    assert (data[0][1] != masks).any()
    for a, b in zip(data.hold_out(3), other.hold_out(3)):
        np.testing.assert_array_equal(a, b)
    assert data.num_images == 9
    with pytest.raises(ValueError, match="holes must be one of"):
        load(holes="boxes")


def test_masks_may_be_pictures_or_arrays(tmp_path):
    hole = square(6, 8)
    white = Image.fromarray(np.where(hole, 255, 0).astype("uint8"))
    white.save(tmp_path / "mask.png")
    white.resize((80, 60), Image.Resampling.NEAREST).save(tmp_path / "mask.jpg")
    wide = holes_of(tmp_path / "mask.jpg", (60, 80))  # blocks of JPEG are not black and white
    np.testing.assert_array_equal(wide, hole.repeat(10, 0).repeat(10, 1))
    clear = np.dstack([np.full((6, 8, 3), 255, "uint8"), np.asarray(white)])
    for mask in (
        *(hole, hole[..., None], hole.astype("uint8"), hole.astype("float32"), np.asarray(white)),
        *(hole.astype("uint16") * 65535, white, white.convert("RGB"), white.convert("1")),
        *(Image.fromarray(clear), tmp_path / "mask.png", str(tmp_path / "mask.png")),
    ):
        np.testing.assert_array_equal(holes_of(mask, (6, 8)), hole)
        np.testing.assert_array_equal(holes_of(mask, (3, 6, 8)), np.stack([hole] * 3))
    each = np.stack([hole, ~hole])
    np.testing.assert_array_equal(holes_of(each[..., None], (2, 6, 8)), each)
    slope = np.linspace(0, 255, 48).reshape(6, 8).astype("uint8")
    for mask, told in (
        (hole.T, "as large as the image, 6 pixels high and 8 wide"),
        (np.zeros((6, 8)), "no hole"),
        (Image.new("L", (8, 6), 255), "leaves nothing"),
        (np.stack([hole, hole | True]), "leaves nothing"),
        (slope, "two values"),
        (np.full((6, 8), np.nan), "two values"),
        (Image.fromarray(slope), "black and white"),
        ([[0, 1]], "a path, a Pillow image or an array"),
    ):
        with pytest.raises(ValueError, match=told):
            holes_of(mask, (2, 6, 8) if np.ndim(mask) == 3 else (6, 8))


def test_networks_see_ones_in_holes():
    mask = square(4, 4)[None, ..., None]
    for given in (mask, mask.astype("uint8"), mask.astype("uint8") * 255, mask.astype("float32")):
        Masks().check(given)
        np.testing.assert_array_equal(Masks().to_network(given), mask)
    with pytest.raises(ValueError, match="other values too"):
        Masks().check(mask * 0.5)
    assert int(Masks().wrong(mask * np.float32("nan"))) == mask.size
