"""Pictures of floats, of many bits, with a sign, inverted; icons: read for what they are, or named.

And what is said about a photograph, in lines of its own.
"""

import struct
import warnings

import numpy as np
import pytest
from PIL import Image

from kerasgan import datasets, photos

RAMP = np.linspace(0, 1, 64, dtype="float32").reshape(8, 8)
SEEN = np.rint(RAMP * 255)


def save(values, path, **options):
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(values).save(path, **options)
    return path


def trained_on(folder, **options):
    """The first picture of a folder as the doors of training give it, grey."""
    dataset = datasets.load(folder, (8, 8, 1), flip=False, shuffle=False, **options)
    return dataset[0][0, ..., 0].astype(int)


@pytest.mark.filterwarnings("ignore:1 pictures hold")
@pytest.mark.parametrize(
    "values, suffix",
    [
        (RAMP, "tif"),
        (RAMP * 255, "tif"),
        (RAMP * 65535, "tif"),
        (np.rint(RAMP * 255).astype("int32"), "tif"),
        (np.rint(RAMP * 65535).astype("int32"), "tif"),
        (np.rint(RAMP * 65535).astype("uint16"), "tif"),
        (np.rint(RAMP * 65535).astype("uint16"), "png"),
    ],
)
def test_deep_grey_is_read_for_what_it_is(tmp_path, values, suffix):
    path = save(values, tmp_path / "in" / f"a.{suffix}")
    np.testing.assert_allclose(trained_on(path.parent), SEEN, atol=1)
    np.testing.assert_allclose(photos.read_array(path)[..., 0] / 257, SEEN, atol=1)
    np.testing.assert_allclose(datasets.read_photograph(path)[..., 0], SEEN, atol=1)


def test_a_dark_picture_stays_dark_among_others_of_its_set_and_it_is_said_once(tmp_path):
    save(RAMP * 0.9, tmp_path / "b.tif")
    save(RAMP * 0.01, tmp_path / "a.tif")
    with pytest.warns(UserWarning, match=r"2 pictures hold .* from 0 to 0.9: .* and 1 for white"):
        dark = trained_on(tmp_path)
    assert dark.max() == 3
    with pytest.raises(ValueError, match=r"a.tif' holds floats from 0 to 0.01, whose black"):
        photos.read_photo(tmp_path / "a.tif")


def test_floats_and_integers_of_a_set_have_a_white_each(tmp_path):
    save(np.rint(RAMP * 255).astype("int32"), tmp_path / "a.tif")
    save(RAMP, tmp_path / "b.tif")
    with pytest.warns(UserWarning, match="1 pictures hold (floats|integers)"):
        dataset = datasets.load(tmp_path, (8, 8, 1), flip=False, shuffle=False)
    for image in dataset[0][..., 0].astype(int):
        np.testing.assert_allclose(image, SEEN, atol=1)


@pytest.mark.parametrize(
    "values, message",
    [
        (RAMP - 0.5, "holds floats from -0.5 to 0.5"),
        (RAMP * 1e6, r"holds floats from 0 to 1e\+06"),
        (RAMP * 1.2, "holds floats from 0 to 1.2"),
        (np.where(RAMP > 0.5, np.nan, RAMP), "holds floats from nan to nan"),
        (np.rint(RAMP * 100 - 50).astype("int32"), "holds integers from -50 to 50"),
        (np.rint(RAMP * 4095).astype("int32"), "holds integers from 0 to 4095"),
    ],
)
def test_values_without_a_known_black_and_white_are_refused_by_name(tmp_path, values, message):
    path = save(values, tmp_path / "in" / "odd.tif")
    Image.new("RGB", (8, 8)).save(tmp_path / "in" / "plain.png")
    with pytest.raises(ValueError, match=rf"odd.tif' {message}.*Save the values with 16 bits"):
        datasets.load(path.parent)
    with pytest.raises(ValueError, match=rf"odd.tif' {message}.*Save the values with 16 bits"):
        photos.read_photo(path)


def tiff(path, bits, sample_format, photometric, data):
    """An 8 × 8 grey TIFF such as Pillow does not write."""
    tags = [(256, 8), (257, 8), (258, bits), (259, 1), (262, photometric), (273, 200)]
    tags += [(277, 1), (278, 8), (279, len(data)), (339, sample_format)]
    entries = b"".join(struct.pack("<HHII", tag, 3, 1, value) for tag, value in tags)
    head = b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4)
    path.write_bytes(head.ljust(200, b"\0") + data)
    return path


def test_signed_twelve_bit_and_inverted_tiffs(tmp_path):
    signed = tiff(tmp_path / "s.tif", 16, 2, 1, np.rint(RAMP * 100 - 50).astype("<i2").tobytes())
    with pytest.raises(ValueError, match="s.tif' holds integers from -50 to 50"):
        photos.read_photo(signed)
    inverted = np.rint((1 - RAMP) * 65535).astype("<u2").tobytes()
    inverted = tiff(tmp_path / "i.tif", 16, 1, 0, inverted)
    levels = np.rint(RAMP * 4095).astype(int).ravel()
    packed = b"".join(
        bytes([a >> 4, (a & 15) << 4 | b >> 8, b & 255]) for a, b in zip(levels[::2], levels[1::2])
    )
    twelve = tiff(tmp_path / "t.tif", 12, 1, 1, packed)
    for path in (inverted, twelve):
        np.testing.assert_allclose(photos.read_array(path)[..., 0] / 257, SEEN, atol=1)
        np.testing.assert_allclose(datasets.read_photograph(path)[..., 0], SEEN, atol=1)


def test_deep_pictures_are_turned_upright_once(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    path = save(RAMP, tmp_path / "a.tif", exif=exif)
    with pytest.warns(UserWarning, match="1 pictures hold"):
        np.testing.assert_allclose(trained_on(tmp_path), np.rot90(SEEN, -1), atol=1)
    np.testing.assert_allclose(photos.read_array(path)[..., 0] / 257, np.rot90(SEEN, -1), atol=1)


@pytest.mark.parametrize("mode", ["RGB", "LA", "L", "RGBA"])
def test_icons_are_photographs(tmp_path, mode):
    Image.new(mode, (16, 16), 77 if mode == "L" else (77,) * len(mode)).save(tmp_path / "a.icns")
    colours = photos.read_photo(tmp_path / "a.icns").colours
    assert colours.shape[2] == 3 and (abs(colours.astype(int) - 77) <= 1).all()


def test_what_is_noted_of_a_photograph_is_a_plain_line(tmp_path, capsys):
    save(np.rint(RAMP * 65535).astype("uint16"), tmp_path / "deep.png")
    Image.new("RGB", (8, 8)).save(tmp_path / "plain.png")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        for name in ("deep", "plain"):
            photos.translate_files(tmp_path / f"{name}.png", tmp_path / f"{name}.jpg", np.negative)
    said = capsys.readouterr().err.splitlines()
    assert said == ["Note: deep.png: 'deep.jpg' keeps 8 of the 16 bits a channel; .png keeps all."]
    assert not caught


def test_what_is_left_out_of_a_folder_is_named_with_warnings_off(tmp_path, capsys):
    save(RAMP - 0.5, tmp_path / "in" / "odd.tif")
    (tmp_path / "in" / "cut.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    Image.new("RGB", (8, 8)).save(tmp_path / "in" / "plain.png")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        summary = photos.translate_files(tmp_path / "in", tmp_path / "out", np.negative)
    said = capsys.readouterr().err
    assert len(summary.written) == 1 and len(summary.failed) == 2
    assert "Left out: odd.tif: it holds floats from -0.5 to 0.5" in said
    assert "Left out: cut.png: it is" in said and "site-packages" not in said
