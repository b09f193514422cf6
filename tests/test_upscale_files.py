"""Arrays, pictures, files and folders, enlarged by networks whose result is known."""

import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers
from PIL import ExifTags, Image

from kerasgan.photos import upscale_array, upscale_files, upscale_picture

TILING = {"tile": 32, "overlap": 8}


def repeated(tiles):
    """Each pixel four times, at scale 2."""
    return tiles.repeat(2, axis=1).repeat(2, axis=2)


def twice(values):
    return np.asarray(values).repeat(2, axis=0).repeat(2, axis=1)


def noise(*shape, dtype="uint8"):
    return np.random.default_rng(0).integers(0, np.iinfo(dtype).max + 1, shape, dtype)


def save(path, *shape):
    path.parent.mkdir(parents=True, exist_ok=True)
    # In this range, bicubic interpolation does not overshoot 8 bits.
    Image.fromarray(noise(*(shape or (9, 12, 3))) // 3 + 80).save(path)


@pytest.mark.parametrize("shape", [(40, 50), (40, 50, 1), (40, 50, 3), (2, 40, 50, 3), (1, 1)])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
def test_arrays_come_back_in_their_kind(shape, dtype):
    array = noise(*shape).astype(dtype)
    if array.dtype.kind == "f":
        array = array / 127.5 - 1
        array = array.astype(dtype)
    result = upscale_array(array, repeated, 2, **TILING)
    assert result.dtype == array.dtype
    first = int(len(shape) == 4)
    np.testing.assert_allclose(result, array.repeat(2, first).repeat(2, first + 1), atol=1e-6)


def test_a_keras_network_enlarges():
    inputs = keras.Input((None, None, 3))
    network = keras.Model(inputs, layers.UpSampling2D(2)(inputs))
    image = noise(40, 50, 3)
    result = upscale_array(image, network.predict_on_batch, 2, **TILING)
    np.testing.assert_array_equal(result, twice(image))


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_opacity_is_enlarged_as_pillow_enlarges_it(dtype):
    image = noise(90, 70, 4, dtype=dtype)
    result = upscale_array(image, repeated, 2, **TILING)
    alpha = Image.fromarray(image[..., 3].astype("float32"))
    alpha = np.asarray(alpha.resize((140, 180), Image.Resampling.BICUBIC))
    alpha = np.clip(alpha, 0, np.iinfo(dtype).max)
    np.testing.assert_allclose(result[..., 3], alpha, atol=1)
    visible = twice(image[..., 3]) > 0
    np.testing.assert_array_equal(result[visible][:, :3], twice(image)[visible][:, :3])


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_black_below_what_is_transparent_does_not_bleed(dtype):
    def blurred(tiles):
        """A network that mixes each pixel with those up to 3 away."""
        padded = np.pad(tiles, ((0, 0), (3, 3), (3, 3), (0, 0)), "edge")
        windows = np.lib.stride_tricks.sliding_window_view(padded, (7, 7), axis=(1, 2))
        return repeated(windows.mean((-2, -1)))

    image = np.zeros((60, 60, 4), "uint8")
    y, x = np.mgrid[:60, :60]
    image[np.hypot(x - 30, y - 30) < 20] = (200, 150, 100, 255)
    image = image if dtype == "uint8" else image / np.float32(127.5) - 1
    result = upscale_array(image, blurred, 2, **TILING)
    result = result if dtype == "uint8" else np.rint((result + 1) * 127.5)
    shown = result[result[..., 3] > 0][:, :3].astype(int)
    assert len(shown) > 4 * 1200
    assert np.abs(shown - (200, 150, 100)).max() <= 1


def test_a_picture_keeps_profile_and_exif(tmp_path):
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = "Ada"
    exif[ExifTags.Base.Orientation] = 6
    image = Image.fromarray(noise(9, 12))
    image.save(tmp_path / "a.png", exif=exif, icc_profile=b"a profile", dpi=(200, 200))
    result = upscale_picture(tmp_path / "a.png", repeated, 2, **TILING)
    assert (result.mode, result.size) == ("L", (18, 24))
    np.testing.assert_array_equal(np.asarray(result), twice(np.rot90(np.asarray(image), -1)))
    assert result.info["icc_profile"] == b"a profile"
    assert result.getexif()[ExifTags.Base.Artist] == "Ada"
    assert ExifTags.Base.Orientation not in result.getexif()
    np.testing.assert_array_equal(
        np.asarray(upscale_picture(Image.open(tmp_path / "a.png"), repeated, 2)), np.asarray(result)
    )


@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg", ".webp"])
@pytest.mark.parametrize("grey", [False, True])
def test_files_of_every_suffix(tmp_path, suffix, grey):
    values = np.full((50, 60) if grey else (50, 60, 3), 90, "uint8")
    Image.fromarray(values).save(tmp_path / "a.png")
    upscale_files(tmp_path / "a.png", tmp_path / f"b{suffix}", repeated, 2, **TILING)
    with Image.open(tmp_path / f"b{suffix}") as image:
        assert image.mode == ("L" if grey and suffix != ".webp" else "RGB")
        np.testing.assert_allclose(np.asarray(image).astype(int).min(), 90, atol=2)
        assert image.size == (120, 100)


def test_sixteen_bits_stay_sixteen(tmp_path):
    values = noise(40, 30, dtype="uint16")
    Image.fromarray(values).save(tmp_path / "a.tif")
    upscale_files(tmp_path / "a.tif", tmp_path / "b.png", repeated, 2, **TILING)
    result = np.asarray(Image.open(tmp_path / "b.png")).astype(int)
    # Luminance adds up with the last bit of a float.
    np.testing.assert_allclose(result, twice(values), atol=1)


def test_a_file_has_a_default_name_and_is_never_overwritten(tmp_path, monkeypatch, capsys):
    save(tmp_path / "photo.jpg")
    monkeypatch.chdir(tmp_path)
    summary = upscale_files("photo.jpg", None, repeated, 2, **TILING)
    out = tmp_path / "photo_x2.png"
    assert summary.written == [out]
    assert Image.open(out).size == (24, 18)
    assert "file 1/1 photo.jpg\n" in capsys.readouterr().out
    out.write_bytes(b"mine")
    with pytest.raises(FileExistsError, match=r"photo_x2.png' is there already.*--force"):
        upscale_files("photo.jpg", None, repeated, 2, **TILING)
    assert out.read_bytes() == b"mine"
    upscale_files("photo.jpg", tmp_path, repeated, 2, force=True, **TILING)
    assert Image.open(out).size == (24, 18)
    with pytest.raises(ValueError, match="is the source itself"):
        upscale_files("photo.jpg", "photo.jpg", repeated, 2, force=True, **TILING)


def test_bad_input_is_refused_before_the_network_runs(tmp_path):
    save(tmp_path / "a.png")
    (tmp_path / "empty").mkdir()
    (tmp_path / "words.png").write_text("words")

    def network(tiles):
        raise AssertionError("ran")

    with pytest.raises(FileNotFoundError, match="nowhere"):
        upscale_files(tmp_path / "nowhere", None, network, 2)
    with pytest.raises(ValueError, match="No picture in"):
        upscale_files(tmp_path / "empty", None, network, 2)
    with pytest.raises(ValueError, match="words.png' is no picture"):
        upscale_files(tmp_path / "words.png", None, network, 2)
    with pytest.raises(ValueError, match="ends in .png"):
        upscale_files(tmp_path / "a.png", tmp_path / "b.bmp", network, 2)
    with pytest.raises(ValueError, match="quarter of tile"):
        upscale_files(tmp_path / "a.png", None, network, 2, tile=32, overlap=20)


def test_the_progress_of_a_large_photograph_is_told_in_tiles(tmp_path, capsys):
    save(tmp_path / "photo.png", 40, 20, 3)
    upscale_files(tmp_path / "photo.png", None, repeated, 2, **TILING)
    assert "file 1/1 photo.png: tile 3/6\n" in capsys.readouterr().out


@pytest.mark.filterwarnings("error")
def test_a_folder_goes_on_where_it_stopped(tmp_path, capsys):
    photos = tmp_path / "photos"
    names = ["a.jpg", "b/a.png", "b/c.tif", "b/c.jpg", "d.webp"]
    for name in names:
        save(photos / name)
    (photos / "b/words.png").write_text("words")
    (photos / ".hidden.png").write_text("words")
    (photos / "notes.txt").write_text("words")
    out = tmp_path / "photos_x2"
    calls = []

    def killed(tiles):
        calls.append(1)
        if len(calls) > 2:
            raise KeyboardInterrupt
        return repeated(tiles)

    with pytest.raises(KeyboardInterrupt):
        upscale_files(photos, None, killed, 2, **TILING)
    files = lambda: sorted(str(p.relative_to(out)) for p in out.rglob("*") if p.is_file())  # noqa: E731
    assert files() == ["a.png", "b/a.png"]
    before = (out / "a.png").stat().st_mtime_ns
    capsys.readouterr()
    summary = upscale_files(photos, None, repeated, 2, **TILING)
    assert files() == ["a.png", "b/a.png", "b/c.jpg.png", "b/c.tif.png", "d.png"]
    assert (out / "a.png").stat().st_mtime_ns == before
    assert summary.skipped == [out / "a.png", out / "b/a.png"]
    reason = "it is no picture, or of a kind that Pillow cannot read."
    assert summary.failed == {photos / "b/words.png": reason}
    assert len(summary.written) == 3
    printed = capsys.readouterr()
    assert printed.err == f"Left out: {Path('b/words.png')}: {reason}\n"
    assert "file 6/6 d.webp\n" in printed.out
    assert "3 written, 2 skipped" in printed.out
    assert "1 left out" in printed.out
    again = upscale_files(photos, None, repeated, 2, force=True, verbose=False, **TILING)
    assert len(again.written) == 5
    assert list(again.failed.values()) == [reason]
    assert capsys.readouterr() == ("", "")


def test_an_output_folder_within_the_source_is_no_source(tmp_path):
    save(tmp_path / "a.png")
    for _ in range(2):
        upscale_files(tmp_path, tmp_path / "large", repeated, 2, **TILING)
    assert sorted(p.name for p in tmp_path.rglob("*.png")) == ["a.png", "a.png"]


@pytest.mark.parametrize("shape", [(30, 40), (30, 40, 3), (30, 40, 4), (900, 20, 3)])
def test_a_comparison_has_bicubic_left_and_the_result_right(tmp_path, shape):
    save(tmp_path / "a.png", *shape)
    upscale_files(tmp_path / "a.png", None, repeated, 2, comparison=True, **TILING)
    result = np.asarray(Image.open(tmp_path / "a_x2.png"))
    both = np.asarray(Image.open(tmp_path / "a_x2_comparison.png"))
    bicubic = Image.open(tmp_path / "a.png").convert("RGBA" if shape[-1] == 4 else "RGB")
    height = min(2 * shape[0], 1024)
    top = (2 * shape[0] - height) // 2
    left, right = np.split(both, 2, axis=1)
    np.testing.assert_array_equal(right, result[top : top + height])
    if shape[-1] != 4:
        size = (2 * shape[1], 2 * shape[0])
        bicubic = np.asarray(bicubic.resize(size, Image.Resampling.BICUBIC)).astype(int)
        bicubic = bicubic[top : top + height]
        np.testing.assert_allclose(left, bicubic[..., 0] if left.ndim == 2 else bicubic, atol=1)
    (tmp_path / "a_x2.png").unlink()
    with pytest.raises(FileExistsError, match="a_x2_comparison.png' is there already"):
        upscale_files(tmp_path / "a.png", None, repeated, 2, comparison=True, **TILING)


MEASURE = """
import resource, sys
import numpy as np
from kerasgan.photos.upscaling import upscale_files
repeated = lambda tiles: tiles.repeat(4, axis=1).repeat(4, axis=2)
upscale_files(sys.argv[1], sys.argv[2], repeated, 4, verbose=False)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def test_memory_stays_flat_as_the_result_grows(tmp_path):
    """Peak memory in MiB for results of 4, 16 and 64 megapixels, 12 to 192 MB of bytes."""
    peaks = []
    for side in (512, 1024, 2048):
        source, target = tmp_path / f"{side}.png", tmp_path / f"{side}_x4.png"
        Image.linear_gradient("L").resize((side, side)).convert("RGB").save(source)
        command = [sys.executable, "-c", MEASURE, str(source), str(target)]
        root = Path(__file__).parents[1]
        run = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
        peaks.append(int(run.stdout))
        assert Image.open(target).size == (4 * side, 4 * side)
    # The photograph itself, 12 MiB and what Pillow needs to open it, and a wider band.
    assert peaks[2] - peaks[0] < 64, peaks
    assert peaks[2] - peaks[1] < 48, peaks
