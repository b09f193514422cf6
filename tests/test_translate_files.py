"""Photographs of every kind through a function that takes each whole."""

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms

from kerasgan.photos import (
    convert_files,
    read_array,
    read_photo,
    translate_files,
    translate_picture,
    write_photo,
)

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def noise(*shape, dtype="uint8"):
    return np.random.default_rng(0).integers(0, np.iinfo(dtype).max + 1, shape, dtype)


def save(path, *shape, **rest):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(noise(*(shape or (9, 12, 3)))).save(path, **rest)


def negative(values):
    return np.iinfo(values.dtype).max - values


def luminance(values):
    return np.asarray(Image.fromarray(values).convert("L"))


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image)


def names(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_the_network_gets_the_channels_that_it_takes(tmp_path):
    grey, colour = noise(9, 12), noise(9, 12, 3)
    Image.fromarray(grey).save(tmp_path / "grey.png")
    Image.fromarray(colour).save(tmp_path / "colour.png")
    for source in (tmp_path / "grey.png", Image.fromarray(grey)):
        np.testing.assert_array_equal(read_array(source, 3), grey[..., None].repeat(3, -1))
        np.testing.assert_array_equal(read_array(source, 1), grey[..., None])
        np.testing.assert_array_equal(read_array(source), grey[..., None])
    for source in (tmp_path / "colour.png", Image.fromarray(colour)):
        np.testing.assert_array_equal(read_array(source, 3), colour)
        np.testing.assert_array_equal(read_array(source), colour)
        of_one = read_array(source, 1)
        assert of_one.dtype == "uint8"
        np.testing.assert_allclose(of_one[..., 0].astype(int), luminance(colour), atol=1)
    with pytest.raises(ValueError, match=r"channels must be 1 .* Received: channels=4"):
        read_array(tmp_path / "grey.png", 4)


def test_an_array_of_its_own_that_any_framework_takes(tmp_path):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    save(tmp_path / "turned.png", exif=exif)
    save(tmp_path / "grey.png", 9, 12)
    for path, shape in (("turned.png", (12, 9, 3)), ("grey.png", (9, 12, 3))):
        array = read_array(tmp_path / path, 3)
        assert array.shape == shape
        assert array.flags.c_contiguous and array.flags.writeable


def test_sixteen_bits_stay_sixteen(tmp_path):
    grey, colour = noise(9, 12, dtype="uint16"), noise(9, 12, 3, dtype="uint16")
    Image.fromarray(grey).save(tmp_path / "grey.tif")
    write_photo(tmp_path / "colour.png", [colour], 9, 12)
    np.testing.assert_array_equal(read_array(tmp_path / "grey.tif", 3)[..., 1], grey)
    of_one = read_array(tmp_path / "colour.png", 1)
    assert of_one.dtype == "uint16"
    expected = colour @ np.array([0.299, 0.587, 0.114])
    np.testing.assert_allclose(of_one[..., 0], expected, atol=1)
    translate_files(tmp_path / "grey.tif", tmp_path / "a.png", negative, 1)
    np.testing.assert_array_equal(pixels(tmp_path / "a.png"), 65535 - grey)
    translate_files(tmp_path / "colour.png", tmp_path / "b.png", negative, 3)
    np.testing.assert_array_equal(read_array(tmp_path / "b.png", 3), 65535 - colour)


def test_a_palette_with_transparency_keeps_its_opacity(tmp_path):
    image = Image.fromarray(noise(20, 20, 3)).quantize(16)
    image.save(tmp_path / "a.png", transparency=3)
    hidden = np.asarray(image) == 3
    colour = np.asarray(image.convert("RGB"))
    array = read_array(tmp_path / "a.png", 3)
    np.testing.assert_array_equal(array[~hidden], colour[~hidden])
    translate_files(tmp_path / "a.png", None, negative, 3)
    result = pixels(tmp_path / "a_translated.png")
    assert result.shape == (20, 20, 4)
    np.testing.assert_array_equal(result[..., 3] == 0, hidden)
    np.testing.assert_array_equal(result[~hidden][:, :3], 255 - colour[~hidden])


def test_black_below_what_is_transparent_is_not_shown_to_the_network(tmp_path):
    image = np.zeros((40, 40, 4), "uint8")
    image[10:30, 10:30] = (200, 150, 100, 255)
    Image.fromarray(image).save(tmp_path / "a.png")
    near = read_array(tmp_path / "a.png", 3)[8:32, 8:32].astype(int)
    assert np.abs(near - (200, 150, 100)).max() <= 1
    assert read_array(tmp_path / "a.png", 1)[9, 9, 0] > 100


@pytest.mark.parametrize(
    "translate, mode",
    [
        (lambda a: a.repeat(2, 0).repeat(2, 1), "RGBA"),
        (lambda a: a[..., :1].repeat(2, 0).repeat(2, 1), "LA"),
        (lambda a: a.repeat(2, 0), "RGB"),
        (lambda a: a[:4, :6], "RGB"),
        (lambda a: np.concatenate([a, a[..., :1]], -1), "RGBA"),
    ],
)
def test_opacity_is_put_back_where_it_fits(translate, mode):
    image = Image.fromarray(noise(9, 12, 4))
    result = translate_picture(image, translate, 3)
    assert result.mode == mode
    shown, given = np.asarray(result), read_array(image, 3)
    expected = translate(given)
    np.testing.assert_array_equal(shown[..., : expected.shape[-1]], expected)
    if expected.shape[-1] < 4 and "A" in mode:
        alpha = image.getchannel("A").convert("F").resize((24, 18), Image.Resampling.BICUBIC)
        np.testing.assert_allclose(shown[..., -1], np.clip(alpha, 0, 255), atol=1)


def test_the_network_decides_about_size_and_channels(tmp_path):
    save(tmp_path / "a.png", 9, 13)
    for name, shape in (("colour", (16, 16, 3)), ("grey", (5, 7, 1)), ("opacity", (9, 13, 4))):
        values = noise(*shape)
        translate_files(tmp_path / "a.png", tmp_path / f"{name}.png", lambda a, v=values: v, 1)
        np.testing.assert_array_equal(pixels(tmp_path / f"{name}.png"), values.squeeze())


@pytest.mark.parametrize(
    "translate, message",
    [
        (lambda a: a / 255, "dtype float64"),
        (lambda a: a[..., 0], r"shape \(9, 12\)"),
        (lambda a: a[..., :2], r"shape \(9, 12, 2\)"),
        (lambda a: a[:0], r"shape \(0, 12, 3\)"),
        (lambda a: a[None], r"shape \(1, 9, 12, 3\)"),
    ],
)
def test_a_result_that_is_no_picture_is_named_and_not_written(tmp_path, translate, message):
    save(tmp_path / "a.png")
    with pytest.raises(ValueError, match=rf"translate must give .* Received: .*{message}"):
        translate_files(tmp_path / "a.png", None, translate, 3)
    assert names(tmp_path) == ["a.png"]


def test_the_profile_is_kept_where_grey_stays_grey_or_colour_colour(tmp_path):
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = "Ada"
    save(tmp_path / "colour.png", icc_profile=SRGB, exif=exif, dpi=(300, 300))
    save(tmp_path / "grey.png", 9, 12, icc_profile=b"of grey")
    grey, colour = lambda a: a[..., :1], lambda a: a[..., :1].repeat(3, -1)
    for source, translate, kept in (
        ("colour", colour, SRGB),
        ("colour", grey, None),
        ("grey", grey, b"of grey"),
        ("grey", colour, None),
    ):
        for channels in (1, 3):
            picture = translate_picture(tmp_path / f"{source}.png", translate, channels)
            assert picture.info.get("icc_profile") == kept
            out = tmp_path / "out.png"
            translate_files(tmp_path / f"{source}.png", out, translate, channels, force=True)
            with Image.open(out) as image:
                assert image.info.get("icc_profile") == kept
                if source == "colour":
                    assert image.getexif()[ExifTags.Base.Artist] == "Ada"
                    assert image.info["dpi"] == pytest.approx((300, 300), abs=0.01)


def test_a_file_has_a_default_name_and_is_never_overwritten(tmp_path, monkeypatch, capsys):
    save(tmp_path / "labels.jpg")
    monkeypatch.chdir(tmp_path)
    out = tmp_path / "labels_translated.png"
    assert translate_files("labels.jpg", None, negative).written == [out]
    assert capsys.readouterr().out.startswith("file 1/1 labels.jpg\n")
    out.write_bytes(b"mine")
    with pytest.raises(FileExistsError, match=r"labels_translated.png' is there already.*--force"):
        translate_files("labels.jpg", tmp_path, negative)
    assert out.read_bytes() == b"mine"
    translate_files("labels.jpg", None, negative, force=True)
    np.testing.assert_array_equal(pixels(out), 255 - pixels("labels.jpg"))


@pytest.mark.filterwarnings("error")
def test_a_folder_of_odd_files_goes_on_where_it_stopped(tmp_path, capsys):
    photos = tmp_path / "photos"
    for name in ("a.jpg", "a.png", "b/c/d.webp", "e.gif"):
        save(photos / name)
    save(photos / "a.jpg.png")
    cmyk = Image.fromarray(noise(9, 12, 3)).convert("CMYK")
    cmyk.save(photos / "b/cmyk.jpg")
    (photos / "b/words.png").write_text("words")
    (photos / "cut.png").write_bytes((photos / "a.png").read_bytes()[:200])
    (photos / ".hidden.png").write_text("words")
    out = tmp_path / "photos_translated"
    calls = []

    def killed(values):
        calls.append(1)
        if len(calls) > 2:
            raise KeyboardInterrupt
        return negative(values)

    with pytest.raises(KeyboardInterrupt):
        translate_files(photos, None, killed, 3)
    assert names(out) == ["a.jpg.png", "a.jpg.png.png"]
    (out / "a.jpg.png").write_bytes(b"done before")
    capsys.readouterr()
    summary = translate_files(photos, None, negative, 3)
    written = ["a.png.png", "b/c/d.png", "b/cmyk.png", "e.png"]
    assert names(out) == sorted(["a.jpg.png", "a.jpg.png.png", *written])
    assert summary.skipped == [out / "a.jpg.png", out / "a.jpg.png.png"]
    assert summary.written == [out / name for name in written]
    assert (out / "a.jpg.png").read_bytes() == b"done before"
    assert list(summary.failed) == [photos / "b/words.png", photos / "cut.png"]
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("Left out: b/words.png: it is no picture")
    assert lines[1].startswith("Left out: cut.png: it is damaged")
    assert len(lines) == 2
    for name, source in (("b/cmyk.png", "b/cmyk.jpg"), ("a.png.png", "a.png")):
        expected = 255 - read_photo(photos / source).colours
        np.testing.assert_array_equal(pixels(out / name), expected)


def test_what_the_network_refuses_is_left_out_of_a_folder_and_raised_of_a_file(tmp_path, capsys):
    photos = tmp_path / "photos"
    save(photos / "small.png", 3, 3, 3)
    save(photos / "usual.png")

    def translate(values):
        if min(values.shape[:2]) < 8:
            raise ValueError(f"Sides must be at least 8.\n\nReceived: {values.shape}")
        return values

    summary = translate_files(photos, None, translate, 3)
    assert [path.name for path in summary.written] == ["usual.png"]
    assert capsys.readouterr().err == (
        "Left out: small.png: Sides must be at least 8. Received: (3, 3, 3)\n"
    )
    with pytest.raises(ValueError, match="Sides must be at least 8"):
        translate_files(photos / "small.png", None, translate, 3)


def test_a_file_that_may_not_be_read_is_left_out(tmp_path, monkeypatch):
    for name in ("a.png", "b.png"):
        save(tmp_path / "photos" / name)

    def refused(path):
        if path.name == "a.png":
            raise PermissionError(13, "Permission denied", str(path))
        return read_photo(path)

    monkeypatch.setattr("kerasgan.photos.files.read_photo", refused)
    summary = translate_files(tmp_path / "photos", None, negative)
    assert list(summary.failed.values()) == ["it cannot be read: Permission denied."]
    assert [path.name for path in summary.written] == ["b.png"]


def test_a_full_disk_ends_the_run(tmp_path):
    for name in ("a.png", "b.png"):
        save(tmp_path / "photos" / name)

    def write(photo, target, progress):
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        convert_files(tmp_path / "photos", None, write, ending="_copied")


def test_no_source_is_written_over(tmp_path):
    save(tmp_path / "photos/photos/a.png")
    save(tmp_path / "photos/a.png")
    before = (tmp_path / "photos/a.png").read_bytes()

    def translate(values):
        raise AssertionError("ran")

    photos = tmp_path / "photos"
    for source, out in (
        (photos, photos),
        (photos / "a.png", photos / "a.png"),
        (photos / "a.png", photos / "photos/../a.png"),
        (photos, tmp_path),  # where photos/photos/a.png becomes photos/a.png
    ):
        with pytest.raises(ValueError, match="is the source itself"):
            translate_files(source, out, translate, force=True)
    assert (photos / "a.png").read_bytes() == before


def test_results_may_lie_around_the_sources_or_among_them(tmp_path):
    save(tmp_path / "photos/b.jpg")
    translate_files(tmp_path / "photos", tmp_path, negative)
    assert names(tmp_path) == ["b.png", "photos/b.jpg"]
    for _ in range(2):
        translate_files(tmp_path, tmp_path / "out", negative)
    assert names(tmp_path / "out") == ["b.png", "photos/b.png"]


def test_bad_input_is_refused_before_the_network_runs(tmp_path):
    save(tmp_path / "a.png")
    save(tmp_path / "photos/a.png")
    (tmp_path / "words.png").write_text("words")

    def translate(values):
        raise AssertionError("ran")

    with pytest.raises(FileNotFoundError, match="nowhere"):
        translate_files(tmp_path / "nowhere", None, translate)
    with pytest.raises(ValueError, match="words.png' is no picture"):
        translate_files(tmp_path / "words.png", None, translate)
    with pytest.raises(ValueError, match="ends in .png"):
        translate_files(tmp_path / "a.png", tmp_path / "b.bmp", translate)
    with pytest.raises(ValueError, match="a.png' is a file"):
        translate_files(tmp_path / "photos", tmp_path / "a.png", translate)
    for source in ("a.png", "photos"):
        with pytest.raises(ValueError, match="Received: channels=2"):
            translate_files(tmp_path / source, None, translate, 2)
