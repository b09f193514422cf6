"""What `inspect` says of a training set: each illness is planted in real files and found."""

import gzip
import io
import json
import tarfile

import numpy as np
import pytest
from PIL import Image
from scipy.sparse.csgraph import connected_components

from kerasgan import cli
from kerasgan.datasets.inspection import inspect


def scene(seed, size=(64, 64), mode="RGB"):
    """Soft blobs over the whole range: no two seeds look alike."""
    random = np.random.default_rng(seed)
    small = random.integers(0, 256, (8, 8, 3), "uint8")
    return Image.fromarray(small).resize(size, Image.Resampling.BICUBIC).convert(mode)


def scenes(n, size=(16, 16)):
    return np.stack([np.asarray(scene(seed, size)) for seed in range(n)])


@pytest.fixture
def folder(tmp_path):
    """Twelve healthy pictures in two classes."""
    for i in range(12):
        path = tmp_path / "data" / "ab"[i % 2] / f"{i:02d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        scene(i).save(path)
    return tmp_path / "data"


def only(inspection, text):
    """The one finding there is; its evidence has `text` in it."""
    assert len(inspection.findings) == 1, str(inspection)
    assert text in inspection.findings[0].evidence
    return inspection.findings[0]


def names(paths):
    return sorted(path.rsplit("/", 1)[-1] for path in paths)


def test_a_healthy_folder_has_no_finding(folder):
    found = inspect(folder)
    assert found.findings == []
    assert found.num_images == 12
    assert found.sizes["smallest"] == found.sizes["largest"] == (64, 64)
    assert found.sizes["under"] == {32: 0, 64: 0, 128: 12}
    assert found.modes == {"RGB": 12} and found.formats == {"PNG": 12}
    assert found.classes == {"a": 6, "b": 6}
    assert found.image_shape == (64, 64, 3)
    text = str(found)
    assert text.endswith("What to fix\n  Nothing found.")
    assert "image_shape=(64, 64, 3)" in text and "DifferentiableAugmentation()" in text
    again = json.loads(json.dumps(found.to_dict()))
    assert again["classes"] == {"a": 6, "b": 6} and again["findings"] == []


def test_files_that_cannot_be_decoded_are_named_with_the_reason(folder):
    whole = io.BytesIO()
    scene(50, (256, 256)).save(whole, "JPEG")
    (folder / "a" / "cut.jpg").write_bytes(whole.getvalue()[:-2000])
    (folder / "b" / "text.png").write_text("no picture")
    found = inspect(folder)
    assert only(found, "cannot be decoded").count == 2
    cut, text = sorted(found.unreadable)
    assert "cut.jpg: image file is truncated" in cut and "text.png: cannot identify" in text
    assert found.num_images == 12 and found.classes == {"a": 6, "b": 6}


def test_no_picture_at_all_is_an_error_that_names_one(tmp_path):
    whole = io.BytesIO()
    scene(0).save(whole, "PNG")
    (tmp_path / "cut.png").write_bytes(whole.getvalue()[:500])
    with pytest.raises(ValueError, match="None of the 1 pictures can be decoded.*cut.png"):
        inspect(tmp_path)


def test_equal_pixels_are_duplicates_in_any_format(folder):
    scene(0).save(folder / "b" / "copy.bmp")
    scene(0).convert("RGBA").save(folder / "b" / "copy.png")
    found = inspect(folder)
    assert [names(group) for group in found.duplicates] == [["00.png", "copy.bmp", "copy.png"]]
    assert found.near_duplicates == []
    assert only(found, "Copies").count == 2


def test_pictures_saved_again_are_near_duplicates(folder):
    scene(3).save(folder / "a" / "jpeg.jpg", quality=60)
    scene(3).resize((96, 96), Image.Resampling.BICUBIC).save(folder / "a" / "larger.png")
    Image.eval(scene(4), lambda v: v * 0.98).save(folder / "a" / "darker.png")
    found = inspect(folder)
    groups = sorted(names(group) for group in found.near_duplicates)
    assert groups == [["03.png", "jpeg.jpg", "larger.png"], ["04.png", "darker.png"]]
    assert only(found, "Near copies").count == 3
    assert found.duplicates == []


@pytest.mark.parametrize("near", [0, 3, 5, 7])
def test_near_duplicates_are_those_that_comparing_every_pair_finds(near):
    random = np.random.default_rng(0)
    weak = random.integers(100, 116, (10, 1, 8, 9))
    weak = np.repeat(weak, 30, 1) + random.integers(-2, 3, (10, 30, 8, 9))
    images = weak.reshape(300, 8, 9).repeat(8, 1).repeat(8, 2).astype("uint8")
    found = inspect(images, near=near)
    hashes = (images[:, ::8, 8::8] > images[:, ::8, :-8:8]).reshape(300, 64)
    box = Image.Resampling.BOX
    small = np.stack([Image.fromarray(i).resize((16, 16), box) for i in images]).astype("float64")
    small = small.reshape(300, 256)
    distance = (hashes[:, None] != hashes).sum(-1)
    difference = ((small[:, None] - small) ** 2).mean(-1) ** 0.5
    _, group = connected_components((distance <= near) & (difference <= 6))
    expected = [np.flatnonzero(group == g).tolist() for g in np.unique(group)]
    received = [[int(name.split()[1]) for name in names] for names in found.near_duplicates]
    assert received == [members for members in expected if len(members) > 1]
    assert (received != []) == (near > 0)


def test_blank_pictures(folder):
    Image.new("RGB", (64, 64), "red").save(folder / "a" / "red.png")
    Image.new("RGB", (64, 64), "blue").save(folder / "a" / "blue.jpg")
    found = inspect(folder)
    assert names(found.blank) == ["blue.jpg", "red.png"]
    assert only(found, "one colour").count == 2


def test_grey_stored_as_colour(tmp_path):
    for i in range(6):
        scene(i, mode="L").convert("RGB" if i < 4 else "L").save(tmp_path / f"{i}.png")
    found = inspect(tmp_path)
    assert (found.grey, found.grey_as_colour) == (6, 4)
    assert "image_shape=(64, 64, 1)" in only(found, "stored as colour").action


def test_some_grey_pictures_among_colour(folder):
    scene(60, mode="L").save(folder / "a" / "grey.png")
    assert "image_shape=(64, 64, 1)" in only(inspect(folder), "Grey pictures among").action


def test_transparency_animation_and_other_modes(folder):
    clear = scene(70).convert("RGBA")
    clear.paste((0, 0, 0, 0), (0, 0, 20, 20))
    clear.save(folder / "a" / "clear.png")
    scene(71).save(
        folder / "a" / "moving.webp", save_all=True, append_images=[scene(72)], lossless=True
    )
    scene(73, mode="CMYK").save(folder / "a" / "print.jpg", quality=95)
    found = inspect(folder)
    assert found.transparent == 1
    assert names(found.animated) == ["moving.webp"]
    assert found.modes == {"RGB": 13, "RGBA": 1, "CMYK": 1}
    actions = {finding.evidence.split()[0]: finding for finding in found.findings}
    assert list(actions) == ["Pictures", "Animated", "Modes"], str(found)
    assert "image_shape=(64, 64, 4)" in actions["Pictures"].action
    assert "CMYK 1" in actions["Modes"].evidence


def test_a_sixteen_bit_picture_is_an_odd_mode_without_colour(tmp_path):
    for i in range(2):
        values = np.asarray(scene(i, mode="L")).astype("uint16") * 257
        Image.fromarray(values).save(tmp_path / f"{i}.png")
    found = inspect(tmp_path)
    assert found.modes == {"I;16": 2} and found.grey_as_colour == 0
    assert only(found, "I;16 2").count == 2


def test_small_and_long_pictures(folder):
    for i in range(20, 120):
        scene(i).save(folder / "a" / f"{i}.bmp")
        scene(200 + i).save(folder / "b" / f"{i}.bmp")
    scene(500, (20, 24)).save(folder / "a" / "small.png")
    scene(501, (300, 100)).save(folder / "a" / "long.png")
    found = inspect(folder)
    assert found.sizes["smallest"] == (20, 24) and found.sizes["median"] == (64, 64)
    assert found.sizes["largest"] == (300, 100) and found.sizes["under"][32] == 1
    assert found.aspect_ratios["largest"] == 3.0
    small, long = found.findings
    assert "smaller than the 64 pixels" in small.evidence and small.count == 1
    assert "twice as long" in long.evidence and long.count == 1


@pytest.mark.parametrize("side, image_side", [(11, 16), (28, 32), (89, 64), (100, 128)])
def test_the_suggested_shape_enlarges_by_a_third_at_most(side, image_side):
    images = scenes(2, (side, side + 5))
    assert inspect(images).image_shape == (image_side, image_side, 3)


def test_rare_classes_from_folders_and_numpy_files(folder, tmp_path):
    for i in range(20, 80):
        scene(i).save(folder / "a" / f"{i}.bmp")
    finding = only(inspect(folder), "1 of 2 classes")
    assert "b 6" in finding.evidence
    y = np.array([0] * 11 + [2])
    np.savez(tmp_path / "set.npz", x_train=scenes(12), y_train=y, x_test=scenes(2))
    found = inspect(f"{tmp_path}/set.npz:x_train")
    assert found.classes == {"0": 11, "1": 0, "2": 1}
    assert "1 0, 2 1" in only(found, "2 of 3 classes").evidence


def test_attributes_from_a_file(folder, tmp_path):
    rows = [f"{'ab'[i % 2]}/{i:02d}.png,{i % 2},1" for i in range(12)]
    (tmp_path / "attributes.csv").write_text("\n".join(["file,odd,all", *rows]))
    found = inspect(folder, labels=tmp_path / "attributes.csv")
    assert found.classes == {"odd": 6, "all": 12}


FLOATS = scenes(6) / 127.5 - 1
WITH_NAN = FLOATS.copy()
WITH_NAN[2, 3, 4, 0] = np.nan
ARRAYS = {
    "0 to 255": (scenes(6).astype("float32"), "outside [-1, 1]", "(0, 255), (-1, 1)"),
    "0 to 1": ((FLOATS + 1) / 2, "at most half of [-1, 1]", "(0, 1), (-1, 1)"),
    "NaN": (WITH_NAN, "NaN or infinity, which fit refuses: 1 of 6", "images[np.isfinite(images)"),
    "integers": (scenes(6).astype("int64"), "The type is int64", "images.astype('uint8')"),
    "bools": (scenes(6) > 127, "The type is bool", "(0, 1), (0, 255)"),
    "dark": (scenes(6) // 4, "Values in [0, 63]", "(0, 63), (0, 255)"),
}


@pytest.mark.parametrize("images, evidence, action", ARRAYS.values(), ids=ARRAYS)
def test_the_range_of_arrays(images, evidence, action):
    assert action in only(inspect(images), evidence).action


def test_what_the_advice_on_a_range_gives_is_healthy():
    for images, _, action in ARRAYS.values():
        code = inspect(images).findings[0].action.split(": ")[-1]
        assert inspect(eval(code, {"np": np, "images": images})).findings == [], action


def test_floats_of_a_file_with_its_classes(tmp_path):
    np.savez(tmp_path / "set.npz", x=FLOATS, y=np.arange(6) % 2)
    found = inspect(tmp_path / "set.npz")
    assert found.findings == []
    assert found.array == {"dtype": "float64", "shape": [6, 16, 16, 3]}
    assert found.values["minimum"] == FLOATS.min() and found.values["maximum"] == FLOATS.max()
    assert found.classes == {"0": 3, "1": 3}
    assert "model.fit(images)" in str(found)


def test_the_contact_sheets(folder, tmp_path):
    scene(0).save(folder / "a" / "copy.bmp")
    sheet = tmp_path / "sheets" / "sheet.png"
    inspect(folder, contact_sheet=sheet)
    assert Image.open(sheet).size == (8 * 64, 2 * 64)
    pair = np.asarray(Image.open(sheet.with_name("sheet_duplicates.png")))[:, :128]
    np.testing.assert_array_equal(pair, np.tile(np.asarray(scene(0)), (1, 2, 1)))
    before = sheet.read_bytes()
    inspect(folder, contact_sheet=sheet)
    assert sheet.read_bytes() == before


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"near": 8}, "near must be an integer from 0 to 7. Received: near=8"),
        ({"contact_sheet": "sheet.jpg"}, "must end in .png. Received: 'sheet.jpg'"),
        ({"source": "nowhere"}, "'nowhere' does not exist"),
        ({"source": np.zeros((2, 3, 9, 9))}, r"np.moveaxis\(images, 1, -1\)"),
        ({"source": np.full((2, 9, 9), np.nan)}, "no finite number"),
        ({"labels": [1]}, "1 labels for 4 pictures"),
    ],
)
def test_what_is_refused(arguments, message):
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        inspect(**{"source": scenes(4), **arguments})


def fashion(shared_data, n):
    path = next((shared_data / "fashion_mnist").glob("*train-images*"))
    with gzip.open(path) as file:
        return np.frombuffer(file.read(16 + n * 784), "uint8", offset=16).reshape(-1, 28, 28)


def test_false_alarms_on_clothes_that_look_alike(shared_data):
    images = fashion(shared_data, 6000)
    found = inspect(images)
    # Of 18 million pairs. The difference hash alone would give thousands.
    assert len(found.near_duplicates) <= 2
    assert found.duplicates == [] and found.image_shape == (32, 32, 1)


def test_faces_saved_again_are_found_and_others_are_not(shared_data, tmp_path):
    with tarfile.open(shared_data / "celeba" / "celeba_10k_89x109.tar") as tar:
        for member in [member for member in tar if member.isfile()][:800]:
            (tmp_path / member.name.rsplit("/")[-1]).write_bytes(tar.extractfile(member).read())
    assert inspect(tmp_path).near_duplicates == []
    for path in sorted(tmp_path.glob("*.jpg"))[:200]:
        Image.open(path).save(path.with_name(f"{path.stem}_again.jpg"), quality=30)
    groups = inspect(tmp_path).near_duplicates
    assert all(len(group) == 2 and group[1] == f"{group[0][:-4]}_again.jpg" for group in groups)
    assert len(groups) >= 190


def test_the_command_prints_what_to_fix(folder, capsys):
    (folder / "a" / "copy.png").write_bytes((folder / "a" / "00.png").read_bytes())
    assert cli.main(["inspect", str(folder)]) == 0
    assert "1. Copies of another picture" in capsys.readouterr().out
    assert cli.main(["inspect", str(folder), "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["findings"]) == 1
    assert cli.main(["inspect", str(folder / "nowhere")]) == 2
