"""Entries that are damaged or hostile: refused by name, in little time and memory."""

import gzip
import io
import json
import os
import resource
import shutil
import tarfile
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
import tomli_w
from tiny import mlp_gan

from kerasgan import cli, zoo
from kerasgan.zoo import integrity, store

RECIPE = {"data": {"image_shape": [8, 8, 1]}, "model": {"name": "gan"}, "seed": 0}


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    return zoo.save(mlp_gan(), tmp_path_factory.mktemp("zoo") / "entry", recipe=RECIPE)


@pytest.fixture
def entry(saved, tmp_path):
    """An entry that a test may damage."""
    return Path(shutil.copytree(saved, tmp_path / "entry"))


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "kerasgan"


def relist(folder):
    """Sign the files as they are now, as somebody hostile would."""
    files = {
        path.name: {"bytes": path.stat().st_size, "sha256": integrity.sha256(path)}
        for path in folder.iterdir()
        if path.name != "card.toml"
    }
    integrity.write_card(folder, integrity.read_card(folder) | {"files": files})


def refused(name, match):
    """Loading raises one error, in bounded time and memory."""
    start, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises((ValueError, FileNotFoundError), match=match):
        zoo.load(name) if isinstance(name, Path) else store.from_archive(name)
    assert time.monotonic() - start < 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 2**20  # KiB


# Damage


def test_every_flip_and_every_cut_is_refused_by_name(entry):
    random = np.random.default_rng(0)
    paths = sorted(entry.iterdir())
    for number in range(300):
        # The card, which says what all others should be, as often as these together.
        path = entry / "card.toml" if number % 2 else paths[number // 2 % len(paths)]
        content = path.read_bytes()
        place = random.integers(len(content))
        damaged = bytearray(content)
        damaged[place] ^= 1 << random.integers(8)
        path.write_bytes(content[:place] if number % 10 < 2 else damaged)
        with pytest.raises((ValueError, FileNotFoundError)) as caught:
            integrity.check(entry)
        assert str(entry) in str(caught.value), number
        path.write_bytes(content)
    assert integrity.check(entry)


def test_a_card_that_was_changed_says_what_makes_it_whole(entry):
    path = entry / "card.toml"
    first, text = path.read_bytes().split(b"\n", 1)
    changed = text.replace(b'verb = "generate"', b'verb = "upscale"')
    for content in (first + b"\n" + changed, changed):
        path.write_bytes(content)
        with pytest.raises(ValueError, match="card.toml is damaged or was changed") as caught:
            zoo.info(entry)
    sign = str(caught.value).partition("first line be: ")[2]
    path.write_bytes(sign.encode() + b"\n" + content)
    assert zoo.info(entry)["verb"] == "upscale"


@pytest.mark.parametrize("number", [0, -1, True, 3, "2", 2.0])
def test_formats_that_nobody_wrote(entry, number):
    integrity.write_card(entry, integrity.read_card(entry) | {"format": number})
    refused(entry, f"card.toml has format {number!r}")


def test_a_card_is_no_link_no_flood_and_no_maze(entry):
    path = entry / "card.toml"
    content = path.read_bytes()
    path.rename(entry.parent / "card.toml")
    path.symlink_to(entry.parent / "card.toml")
    refused(entry, "card.toml is a link")
    path.unlink()
    path.write_bytes(b"#" * 2**20 + content)
    refused(entry, "card.toml has more than 1,048,576 bytes")
    path.write_bytes(b"a = " + b"[" * 10**5)
    refused(entry, "card.toml is not valid TOML")


# What would take time and memory


def changed(entry, change):
    path = entry / "config.json"
    config = json.loads(path.read_text())
    change(config["config"])
    path.write_text(json.dumps(config))
    relist(entry)


def dense_of(config, network="generator"):
    layers = config[network]["config"]["layers"]
    return [layer for layer in layers if layer["class_name"] == "Dense"]


def test_networks_larger_than_their_files_are_refused_before_they_are_built(entry):
    def huge(config):
        first, last = dense_of(config)
        first["config"]["units"] = 200_000_000
        for layer in (first, last):
            del layer["build_config"]

    changed(entry, huge)
    refused(entry, r"config.json cannot be built .* more than [\d,]+ weights, which the files")


def test_a_missing_file_vouches_for_no_more(entry):
    changed(
        entry, lambda config: dense_of(config, "discriminator")[0]["config"].update(units=10**8)
    )
    card = integrity.read_card(entry)
    card["files"]["discriminator.npz"] |= {"bytes": 10**12, "training_only": True}
    integrity.write_card(entry, card)
    (entry / "discriminator.npz").unlink()
    refused(entry, r"config.json cannot be built .* more than [\d,]+ weights")


def test_an_endless_config_is_not_read(entry):
    (entry / "config.json").write_text("[" + "1," * 2**22 + "1]")
    relist(entry)
    refused(entry, "config.json has more than 4,194,304 bytes")


def npy(shape, data=b"", dtype="<f4"):
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    header = header.ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + data


@pytest.mark.parametrize("dtype", ["<f4", "V1000000", "|O"])
def test_arrays_that_are_not_expected_are_not_read(entry, dtype):
    names = sorted(zipfile.ZipFile(entry / "generator.npz").namelist())
    with zipfile.ZipFile(entry / "generator.npz", "w", zipfile.ZIP_DEFLATED) as file:
        for name in names:
            with file.open(name, "w", force_zip64=True) as member:
                member.write(npy((2**28,), dtype=dtype))
                for _ in range(4 if name == names[0] else 0):
                    member.write(bytes(2**24))
    relist(entry)
    refused(entry, "generator.npz (does not fit config.json: of shape .268435456|is no .npz)")


def test_an_array_that_only_promises_its_size(entry):
    (entry / "generator.npz").write_bytes(npy((2**40,)))
    relist(entry)
    refused(entry, "generator.npz is no .npz file of plain arrays")


# Archives


def served(content, tmp_path):
    path = tmp_path / "archive"
    path.write_bytes(content)
    return path.as_uri()


def in_zip(folder, *others):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for path in folder.iterdir():
            file.write(path, f"a/{path.name}")
        for name, size in others:
            with file.open(name, "w", force_zip64=True) as member:
                for _ in range(size // 2**20):
                    member.write(bytes(2**20))
    return buffer.getvalue()


def test_what_is_not_listed_is_not_kept(entry, tmp_path):
    folder = store.from_archive(served(in_zip(entry, ("a/other.bin", 2**20)), tmp_path))
    assert {path.name for path in folder.iterdir()} == {path.name for path in entry.iterdir()}


@pytest.mark.parametrize("kind", ["zip", "tar.gz", "tar.xz"])
def test_an_archive_is_not_unpacked_to_many_times_its_size(entry, tmp_path, cache, kind):
    if kind == "zip":
        content = in_zip(entry, ("a/other.bin", 2**27))
    else:
        (entry / "other.bin").touch()
        os.truncate(entry / "other.bin", 2**27)
        buffer = io.BytesIO()
        options = {"preset": 0} if kind == "tar.xz" else {"compresslevel": 1}
        with tarfile.open(fileobj=buffer, mode=f"w:{kind[4:]}", **options) as file:
            file.add(entry, "a")
        content = buffer.getvalue()
    refused(served(content, tmp_path), "its files are many times as large as the archive")
    assert not any(cache.iterdir())


def test_a_file_longer_than_it_is_listed_is_not_copied_whole(entry, tmp_path, cache):
    with open(entry / "sample.png", "ab") as file:
        file.write(bytes(2**25))
    refused(served(in_zip(entry), tmp_path), r"sample.png has \d+ bytes in place of")
    assert not any(cache.iterdir())


def test_a_header_that_fills_memory(entry, tmp_path):
    # A long name of GNU tar: Python would read it whole.
    header = tarfile.TarInfo("././@LongLink")
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, 2**27
    path = tmp_path / "archive"
    with gzip.open(path, "wb", 1) as file:
        file.write(header.tobuf(tarfile.GNU_FORMAT))
        for _ in range(2**3):
            file.write(bytes(2**24))
    refused(path.as_uri(), "archive")


# Recipes


@pytest.mark.parametrize(
    "recipe",
    [
        {"data": 3, "model": {"name": "gan"}},
        {"data": {"image_shape": "x"}, "model": {"name": "gan"}},
        {"data": {"crop": [1]}, "model": {"name": "gan"}},
        {"model": {"name": ["gan"]}},
        {"model": {"name": "gan"}, "seed": "x"},
        {"model": {"name": "gan"}, "stages": [3]},
        {"model": {"name": "gan"}, "networks": [1]},
        {"model": {"name": "gan"}, "fit": {"epochs": {"a": 1}}},
        {"model": {"name": "gan"}, "optimizers": {"generator": "Adam"}},
    ],
)
def test_wrong_types_in_a_recipe_are_one_line(entry, tmp_path, capsys, recipe):
    (entry / "recipe.toml").write_text(tomli_w.dumps(recipe))
    relist(entry)
    np.save(tmp_path / "data.npy", np.zeros((16, 8, 8, 1), "uint8"))
    commands = [["train", str(entry), "--data", str(tmp_path / "data.npy"), "--explain"]]
    if "data" in recipe:
        commands.append(["evaluate", *commands[0][1:4]])
    for command in commands:
        assert cli.main(command) == 2
        assert capsys.readouterr().err.startswith("kerasgan: ")


def test_a_recipe_that_was_flipped_is_not_trained(entry, tmp_path, capsys):
    path = entry / "recipe.toml"
    path.write_text(path.read_text().replace("seed = 0", "seed = 1"))
    assert cli.main(["train", str(entry), "--data", str(tmp_path), "--out", "run"]) == 2
    assert "recipe.toml is damaged or was changed" in capsys.readouterr().err
