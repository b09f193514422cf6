"""Photographs of every kind, read and written back in their kind."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms, ImageOps

from kerasgan.photos import from_array, read_photo, write_photo
from kerasgan.photos.writing import check_target

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def noise(*shape, dtype="uint8"):
    return np.random.default_rng(0).integers(0, np.iinfo(dtype).max + 1, shape, dtype)


def write(path, values, rows_per_band=7, **rest):
    bands = (values[top : top + rows_per_band] for top in range(0, len(values), rows_per_band))
    write_photo(path, bands, *values.shape[:2], **rest)


def kind(photo):
    return photo.colours.dtype.name, photo.grey, photo.alpha is not None


def write_tiff(path, values, order, compression, planes=1):
    """16-bit colour, which Pillow cannot write."""
    height, width, channels = values.shape
    data = values.astype(f"{order}u2").tobytes()
    data = zlib.compress(data) if compression == 8 else data
    tags = [(256, width), (257, height), (258, None), (259, compression), (262, 2), (273, None)]
    tags += [(277, channels), (278, height), (279, len(data)), (284, planes)] + [(338, 2)] * (
        channels == 4
    )
    after = 14 + 12 * len(tags)
    tags = [(t, {258: after, 273: after + 2 * channels}.get(t, v)) for t, v in tags]
    with open(path, "wb") as file:
        file.write({"<": b"II*\0", ">": b"MM\0*"}[order])
        file.write(struct.pack(f"{order}IH", 8, len(tags)))
        for tag, value in tags:
            if tag == 258:
                file.write(struct.pack(f"{order}HHII", tag, 3, channels, value))
            else:
                file.write(struct.pack(f"{order}HHII", tag, 4, 1, value))
        file.write(struct.pack(f"{order}I{channels}H", 0, *[16] * channels) + data)


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_eight_bit_modes_come_back_as_they_were(tmp_path, mode, suffix):
    values = noise(20, 31, len(mode) if mode != "L" else 1)
    image = Image.fromarray(values.squeeze())
    image.save(tmp_path / f"a{suffix}")
    photo = read_photo(tmp_path / f"a{suffix}")
    assert kind(photo) == ("uint8", mode[0] == "L", mode[-1] == "A")
    channels = photo.colours[..., :1] if photo.grey else photo.colours
    if photo.alpha is not None:
        channels = np.concatenate([channels, photo.alpha[..., None]], axis=-1)
    np.testing.assert_array_equal(channels, values)
    write(tmp_path / f"b{suffix}", channels)
    with Image.open(tmp_path / f"b{suffix}") as back:
        assert back.mode == mode
        np.testing.assert_array_equal(np.asarray(back), values.squeeze())


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_sixteen_bit_png_keeps_every_bit(tmp_path, channels):
    values = noise(300, 31, channels, dtype="uint16")
    write(tmp_path / "a.png", values, rows_per_band=64)
    # Pillow shows grey whole, and of colour the upper byte.
    with Image.open(tmp_path / "a.png") as image:
        seen = np.asarray(image)
    if channels == 1:
        np.testing.assert_array_equal(seen, values[..., 0])
    elif channels > 2:
        np.testing.assert_array_equal(seen, values >> 8)
    photo = read_photo(tmp_path / "a.png")
    assert kind(photo) == ("uint16", channels < 3, channels in (2, 4))
    np.testing.assert_array_equal(
        photo.colours,
        np.broadcast_to(values[..., :3], (300, 31, 3))
        if channels > 2
        else values[..., :1].repeat(3, -1),
    )
    if photo.alpha is not None:
        np.testing.assert_array_equal(photo.alpha, values[..., -1])


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("compression", [1, 8])
def test_sixteen_bit_tiff_keeps_every_bit(tmp_path, channels, order, compression):
    values = noise(12, 9, channels, dtype="uint16")
    write_tiff(tmp_path / "a.tif", values, order, compression)
    photo = read_photo(tmp_path / "a.tif")
    np.testing.assert_array_equal(photo.colours, values[..., :3])
    if channels == 4:
        np.testing.assert_array_equal(photo.alpha, values[..., 3])


def test_sixteen_bit_planes_which_pillow_reads_wrongly_are_refused(tmp_path):
    write_tiff(tmp_path / "a.tif", noise(12, 9, 3, dtype="uint16"), "<", 1, planes=2)
    with pytest.raises(ValueError, match="a.tif' keeps 16-bit colours in separate planes"):
        read_photo(tmp_path / "a.tif")


def test_sixteen_bit_grey_tiff_and_pillow_images(tmp_path):
    values = noise(12, 9, dtype="uint16")
    Image.fromarray(values).save(tmp_path / "a.tif")
    for source in (
        tmp_path / "a.tif",
        Image.fromarray(values),
        Image.fromarray(values.astype("i4")),
    ):
        photo = read_photo(source)
        assert kind(photo) == ("uint16", True, False)
        np.testing.assert_array_equal(photo.colours[..., 2], values)
    write(tmp_path / "b.tif", values[..., None])
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "b.tif")), values)


def test_sixteen_bits_that_pillow_has_not_at_hand_are_lost_with_a_warning(tmp_path):
    write(tmp_path / "a.png", noise(5, 6, 3, dtype="uint16"))
    image = Image.open(io.BytesIO((tmp_path / "a.png").read_bytes()))
    with pytest.warns(UserWarning, match="8 of its 16 bits"):
        assert kind(read_photo(image)) == ("uint8", False, False)


def test_a_palette_becomes_colour_and_bilevel_grey(tmp_path):
    image = Image.fromarray(noise(20, 20, 3))
    palette = image.quantize(16)
    palette.save(tmp_path / "p.png")
    photo = read_photo(tmp_path / "p.png")
    assert kind(photo) == ("uint8", False, False)
    np.testing.assert_array_equal(photo.colours, np.asarray(palette.convert("RGB")))
    palette.save(tmp_path / "t.gif", transparency=3)
    photo = read_photo(tmp_path / "t.gif")
    np.testing.assert_array_equal(photo.alpha == 0, np.asarray(palette) == 3)
    image.convert("1").save(tmp_path / "b.tif")
    photo = read_photo(tmp_path / "b.tif")
    assert kind(photo) == ("uint8", True, False)
    assert set(np.unique(photo.colours)) == {0, 255}


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_a_transparent_grey_level_becomes_opacity(tmp_path, dtype):
    values = np.arange(12, dtype=dtype).reshape(3, 4)
    Image.fromarray(values).save(tmp_path / "a.png", transparency=5)
    photo = read_photo(tmp_path / "a.png")
    assert kind(photo) == (dtype, True, True)
    expected = np.where(values == 5, 0, np.iinfo(dtype).max)
    np.testing.assert_array_equal(photo.alpha, expected)


@pytest.mark.parametrize("mode", ["HSV", "YCbCr", "RGBX"])
def test_other_colour_spaces_become_rgb(mode):
    image = Image.fromarray(noise(20, 20, 3)).convert(mode)
    photo = read_photo(image)
    np.testing.assert_array_equal(photo.colours, np.asarray(image.convert("RGB")))


def test_lab_becomes_srgb(tmp_path):
    colours = np.full((4, 4, 3), (200, 120, 60), "uint8")
    lab = ImageCms.createProfile("LAB")
    image = ImageCms.profileToProfile(
        Image.fromarray(colours), ImageCms.createProfile("sRGB"), lab, outputMode="LAB"
    )
    image.save(tmp_path / "a.tif")
    photo = read_photo(tmp_path / "a.tif")
    np.testing.assert_allclose(photo.colours, colours.astype(float), atol=3)


def grey_cmyk_profile():
    """An ICC profile (version 2, lut8) whose lightness L* is 100 less the black ink in percent."""
    identity = bytes(range(256))
    matrix = struct.pack(">9i", *(65536 * (i % 4 == 0) for i in range(9)))
    lut = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + matrix
    lut += 4 * identity + 8 * bytes([255, 128, 128, 0, 128, 128]) + 3 * identity
    head = struct.pack(
        ">I4xI4s4s4s12x4s", 144 + len(lut), 0x02100000, b"prtr", b"CMYK", b"Lab ", b"acsp"
    )
    head += bytes(28) + struct.pack(">3i", 0xF6D6, 0x10000, 0xD32D)
    return head.ljust(128, b"\0") + struct.pack(">I4sII", 1, b"A2B0", 144, len(lut)) + lut


def test_cmyk_becomes_srgb_by_its_profile(tmp_path):
    values = noise(20, 20, 4)
    values[..., 3] = 128
    image = Image.fromarray(values, "CMYK")
    image.save(tmp_path / "a.tif", icc_profile=grey_cmyk_profile())
    photo = read_photo(tmp_path / "a.tif")
    assert photo.icc_profile is None
    np.testing.assert_allclose(photo.colours.astype(float), 119, atol=2)  # sRGB of L* = 50


def test_cmyk_becomes_srgb_without_its_profile(tmp_path):
    image = Image.fromarray(noise(20, 20, 3)).convert("CMYK")
    image.save(tmp_path / "plain.tif")
    photo = read_photo(tmp_path / "plain.tif")
    np.testing.assert_array_equal(photo.colours, np.asarray(image.convert("RGB")))
    image.save(tmp_path / "broken.tif", icc_profile=b"no profile")
    with pytest.warns(UserWarning, match=r"broken.tif.*profile cannot be used"):
        photo = read_photo(tmp_path / "broken.tif")
    assert photo.icc_profile is None
    np.testing.assert_array_equal(photo.colours, np.asarray(image.convert("RGB")))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied_and_reset_and_other_exif_kept(tmp_path, orientation):
    image = Image.fromarray(noise(5, 8, 3))
    exif = image.getexif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.Artist] = "Ada"
    exif.get_ifd(ExifTags.IFD.Exif).update(
        {ExifTags.Base.ExifImageWidth: 8, ExifTags.Base.LensModel: "50 mm"}
    )
    image.save(tmp_path / "a.png", exif=exif, dpi=(300, 300))
    photo = read_photo(tmp_path / "a.png")
    upright = np.asarray(ImageOps.exif_transpose(Image.open(tmp_path / "a.png")))
    np.testing.assert_array_equal(photo.colours, upright)
    for suffix in (".png", ".jpg", ".webp", ".tif"):
        path = tmp_path / f"b{suffix}"
        write(path, photo.colours, exif=photo.exif_of_size(50, 80), dpi=photo.dpi)
        with Image.open(path) as back:
            kept = back.getexif()
            details = kept.get_ifd(ExifTags.IFD.Exif)
            assert kept.get(ExifTags.Base.Orientation, 1) == 1
            assert kept[ExifTags.Base.Artist] == "Ada"
            assert details[ExifTags.Base.LensModel] == "50 mm"
            assert details[ExifTags.Base.ExifImageWidth] == 80
            if suffix != ".webp":
                assert back.info["dpi"] == pytest.approx((300, 300), abs=0.01)


def test_a_tiffs_own_structure_is_no_exif(tmp_path):
    Image.fromarray(noise(5, 8, 3)).save(tmp_path / "a.tif", description="a view", icc_profile=SRGB)
    exif = read_photo(tmp_path / "a.tif").exif
    assert exif[ExifTags.Base.ImageDescription] == "a view"
    assert not {ExifTags.Base.ImageWidth, ExifTags.Base.StripOffsets, 34675} & set(exif)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif"])
def test_the_icc_profile_is_kept(tmp_path, suffix):
    Image.fromarray(noise(5, 8, 3)).save(tmp_path / f"a{suffix}", icc_profile=SRGB)
    photo = read_photo(tmp_path / f"a{suffix}")
    assert photo.icc_profile == SRGB
    write(tmp_path / f"b{suffix}", photo.colours, icc_profile=photo.icc_profile)
    assert Image.open(tmp_path / f"b{suffix}").info["icc_profile"] == SRGB


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png", ".tif"])
def test_several_frames_are_named_and_refused(tmp_path, suffix):
    frames = [Image.new("RGB", (9, 9), colour) for colour in ("red", "green")]
    frames[0].save(tmp_path / f"film{suffix}", save_all=True, append_images=frames[1:])
    with pytest.raises(ValueError, match=rf"film{suffix}' has 2 frames or pages"):
        read_photo(tmp_path / f"film{suffix}")


def test_of_a_cameras_several_pictures_the_first_is_the_photograph(tmp_path):
    frames = [Image.new("RGB", (9, 9), colour) for colour in ("red", "green")]
    frames[0].save(tmp_path / "a.mpo", save_all=True, append_images=frames[1:])
    (tmp_path / "a.mpo").rename(tmp_path / "a.jpg")
    assert read_photo(tmp_path / "a.jpg").colours[4, 4, 0] > 200


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp", ".gif"])
def test_damaged_files_are_named(tmp_path, suffix):
    path = tmp_path / f"cut{suffix}"
    Image.fromarray(noise(64, 64, 3)).save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ValueError, match=rf"cut{suffix}' is (damaged|no picture)"):
        read_photo(path)
    path.write_bytes(b"words")
    with pytest.raises(ValueError, match=rf"cut{suffix}' is no picture"):
        read_photo(path)
    with pytest.raises(FileNotFoundError, match="missing"):
        read_photo(tmp_path / "missing.png")


@pytest.mark.parametrize(
    "image, message",
    [
        (Image.new("F", (3, 3)), "holds floats"),
        (Image.fromarray(np.full((3, 3), 70000, "i4")), "integers from 70000 to 70000"),
    ],
)
def test_values_of_no_known_range_are_refused(image, message):
    with pytest.raises(ValueError, match=message):
        read_photo(image)


def test_a_hundred_megapixels_pass_and_too_many_are_refused(tmp_path, monkeypatch):
    Image.new("1", (10_000, 10_000)).save(tmp_path / "large.png")
    assert read_photo(tmp_path / "large.png").colours.shape == (10_000, 10_000, 3)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10_000)
    with pytest.raises(
        ValueError, match=r"large.png' has more pixels [^$]*MAX_IMAGE_PIXELS = None"
    ):
        read_photo(tmp_path / "large.png")


@pytest.mark.parametrize(
    "shape, count, grey, alpha",
    [
        ((5, 6), 1, True, False),
        ((5, 6, 1), 1, True, False),
        ((5, 6, 3), 1, False, False),
        ((5, 6, 4), 1, False, True),
        ((2, 5, 6, 1), 2, True, False),
        ((2, 5, 6, 4), 2, False, True),
    ],
)
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_arrays(shape, count, grey, alpha, dtype):
    array = noise(*shape).astype(dtype)
    if dtype == "float32":
        array = array / np.float32(127.5) - 1
    photos = from_array(array)
    assert len(photos) == count
    for i, photo in enumerate(photos):
        assert kind(photo) == (dtype, grey, alpha)
        image = array[i] if len(shape) == 4 else array
        expected = image[..., 0] if image.ndim == 3 else image
        np.testing.assert_array_equal(photo.colours[..., 0], expected)


@pytest.mark.parametrize(
    "array, message",
    [
        (np.zeros(5, "uint8"), r"Received: shape \(5,\)"),
        (np.zeros((5, 6, 2), "uint8"), r"Received: shape \(5, 6, 2\)"),
        (np.zeros((0, 6, 3), "uint8"), "no pixel"),
        (np.zeros((5, 6, 3), "int64"), "Received: dtype int64"),
        (np.zeros((5, 6, 3), bool), "Received: dtype bool"),
        (np.full((5, 6, 3), 255.0), r"Received: values in \[255.0, 255.0\]"),
        (np.full((5, 6, 3), np.nan), r"Received: values in \[nan, nan\]"),
    ],
)
def test_arrays_that_are_no_image_are_refused(array, message):
    with pytest.raises(ValueError, match=message):
        from_array(array)


@pytest.mark.parametrize(
    "name, shape, message",
    [
        ("a.bmp", (5, 5, 3), "ends in .png"),
        ("a", (5, 5, 3), "ends in .png"),
        ("a.webp", (5, 16384, 3), "at most 16383 pixels a side"),
        ("a.jpg", (65501, 5, 3), "at most 65500 pixels a side"),
        ("a.JPG", (5, 5, 4), "no transparency"),
        ("a.tif", (40000, 40000, 3), "larger than the 4 GiB"),
    ],
)
def test_what_a_format_cannot_hold_is_said(name, shape, message):
    with pytest.raises(ValueError, match=message):
        check_target(name, *shape, "uint8")


def test_sixteen_bits_into_a_format_of_eight_warn(tmp_path):
    with pytest.warns(UserWarning, match="keeps 8 of the 16 bits"):
        check_target("a.jpg", 5, 5, 3, "uint16")
    values = np.full((8, 8, 3), 257 * 100, "uint16")
    write(tmp_path / "a.tif", values)
    assert (np.asarray(Image.open(tmp_path / "a.tif")) == 100).all()


def test_a_cut_run_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.png"
    write(path, noise(5, 5, 3))
    old = path.read_bytes()

    def bands():
        yield noise(2, 9, 3)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_photo(path, bands(), 9, 9)
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]
    assert path.read_bytes() == old
