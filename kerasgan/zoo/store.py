"""Where entries are, how they come here, and whether they are whole.

An entry is a folder:

    card.toml        what it is, how it was trained, the SHA-256 of every other file
    config.json      the architecture, as Keras serialises it
    recipe.toml      how to train it again
    <network>.npz    the weights of each network, averaged where it has an average
    reference.npz    a few inputs of the model's verb and what they give
    sample.png       a picture of samples

What only further training needs is marked so on the card, and may be missing.

Nothing here imports Keras: listing and checking are quick.
"""

import contextlib
import difflib
import hashlib
import importlib
import os
import shutil
import tarfile
import tempfile
import urllib.request
import zipfile
from pathlib import Path

from kerasgan._choose_backend import keras_home
from kerasgan.files import read_toml

FORMAT = 2
LIBRARY = "kerasgan"
CARD = "card.toml"


def shipped():
    """The folder of the entries that come with the package."""
    installed = Path(__file__).parent / "entries"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "zoo"


def names():
    """Names of the shipped entries, sorted."""
    return sorted(path.parent.name for path in shipped().glob(f"*/{CARD}"))


def find(name):
    """The folder of an entry, fetched first if it lies elsewhere.

    Args:
        name: A shipped entry's name, a folder, or an address: `hf://user/repo`,
            `kaggle://user/model/framework/variation` or `https://…` of a zip or tar
            archive.

    Raises:
        ValueError: On an unknown name, with the nearest ones.
        ImportError: If the library that fetches is not installed.
        ConnectionError: If the download failed.
    """
    name = os.fspath(name)
    if "://" in name:
        return _fetch(name)
    if name in names():
        return shipped() / name
    folder = Path(name).expanduser()
    if folder.is_dir():
        # `kerasgan train` leaves the entry inside its run folder.
        inner = folder / "entry"
        return inner if not (folder / CARD).exists() and inner.is_dir() else folder
    near = difflib.get_close_matches(name, names(), n=3, cutoff=0.4)
    raise ValueError(
        f"There is no zoo entry and no folder {name!r}."
        + (f" Did you mean {' or '.join(near)}?" if near else "")
        + f" Entries: {', '.join(names())}."
    )


def read_card(folder):
    """The card of an entry, checked to be one that this version reads.

    Raises:
        FileNotFoundError: If there is none.
        ValueError: If it is no TOML, another library's, or of a newer format.
    """
    path = Path(folder) / CARD
    if not path.is_file():
        raise FileNotFoundError(f"{folder} is no kerasgan entry: it has no {CARD}.")
    card = read_toml(path)
    if card.get("library") != LIBRARY:
        raise ValueError(
            f"{path} belongs to the library {card.get('library')!r}, not to {LIBRARY!r}."
        )
    known = card.get("format")
    if type(known) is not int or not 1 <= known <= FORMAT:
        raise ValueError(
            f"{path} has format {card.get('format')!r}; this version of kerasgan reads up to "
            f"{FORMAT}. Run pip install -U kerasgan."
        )
    return card


def check(folder, required=("config.json",)):
    """Read the card and compare every file it lists with its size and SHA-256.

    Returns:
        The card.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If one is truncated, changed, not listed or outside the entry.
    """
    folder = Path(folder)
    card = read_card(folder)
    files = card.get("files", {})
    if not isinstance(files, dict) or not all(isinstance(f, dict) for f in files.values()):
        raise ValueError(f"{folder / CARD}: `files` must hold bytes and sha256 by file.")
    for name in required:
        if name not in files:
            raise ValueError(f"{folder / CARD} lists no {name}, which every entry must have.")
    for name, expected in files.items():
        path = folder / name
        if Path(name).name != name or path.is_symlink():
            raise ValueError(f"{folder / CARD} lists {name!r}, which is not a file of its own.")
        if not path.is_file():
            if expected.get("training_only") is True:
                continue
            raise FileNotFoundError(f"{path} is missing, though {CARD} lists it.")
        size = path.stat().st_size
        if size != expected.get("bytes"):
            raise ValueError(
                f"{path} has {size} bytes in place of {expected.get('bytes')}: it is truncated "
                "or another file. Fetch the entry again."
            )
        if sha256(path) != expected.get("sha256"):
            raise ValueError(
                f"{path} is damaged or was changed: its SHA-256 is not the one in {CARD}. "
                "Fetch the entry again."
            )
    return card


def sha256(path):
    """The SHA-256 of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fetch(address):
    scheme, _, rest = address.partition("://")
    if scheme == "https":
        return from_archive(address)
    if scheme == "hf":
        library = _import("huggingface_hub", address)
        with _downloading(address):
            snapshot = Path(library.snapshot_download(rest))
        # Its files are links to elsewhere in that library's cache, which `check` refuses.
        return _keep(snapshot, f"{address}@{snapshot.name}")
    if scheme == "kaggle":
        library = _import("kagglehub", address)
        with _downloading(address):
            return Path(library.model_download(rest))
    raise ValueError(
        f"An address must start with hf://, kaggle:// or https://. Received: {address!r}"
    )


def _import(package, address):
    try:
        return importlib.import_module(package)
    except ModuleNotFoundError as error:
        raise ImportError(
            f"{address} needs the package {package} ({error}): pip install {package}"
        ) from error


@contextlib.contextmanager
def _downloading(address):
    try:
        yield
    except Exception as error:  # each library and protocol raises its own
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise ConnectionError(
            f"{address} could not be fetched: {reason.rstrip('.')}. Without a network, pass the "
            "path of a folder that holds the entry."
        ) from error


def from_archive(address):
    """Download and unpack a zip or tar archive, once; returns the entry's folder."""
    folder = _place(address)
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".") as temporary:
        archive, unpacked = Path(temporary, "archive"), Path(temporary, "unpacked")
        with _downloading(address):
            with urllib.request.urlopen(address, timeout=60) as answer, open(archive, "wb") as file:
                shutil.copyfileobj(answer, file)
                size, expected = file.tell(), answer.headers["Content-Length"]
            if expected and size != int(expected):
                raise OSError(f"it broke off after {size:,} of {int(expected):,} bytes.")
        try:
            _unpack(archive, unpacked)
        except Exception as error:  # each kind of compression raises its own
            raise ValueError(
                f"{address} cannot be unpacked as a zip or tar archive: {error}"
            ) from error
        cards = sorted(unpacked.rglob(CARD))
        if not cards:
            raise ValueError(f"{address} holds no entry: there is no {CARD} in the archive.")
        return _keep(cards[0].parent, address)


def _unpack(archive, folder):
    # Tar first: a tar that ends with an .npz passes for a zip.
    if tarfile.is_tarfile(archive):
        with tarfile.open(archive) as file:
            file.extractall(folder, filter="data")
    else:
        with zipfile.ZipFile(archive) as file:
            file.extractall(folder)


def _keep(source, address):
    """Copy an entry into the cache: checked, and whole or not at all."""
    folder = _place(address)
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".") as temporary:
        copy = Path(temporary, "entry")
        shutil.copytree(source, copy)
        check(copy)
        try:
            os.replace(copy, folder)
        except OSError:
            # Another process may have been quicker.
            if not folder.is_dir():
                raise
    return folder


def _place(address):
    return keras_home() / "kerasgan" / hashlib.sha256(address.encode()).hexdigest()[:24]
