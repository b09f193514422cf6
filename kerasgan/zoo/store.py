"""Where entries are, and how they come here.

An entry is a folder:

    card.toml        what it is, how it was trained, the SHA-256 of every file, its own first
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
import functools
import hashlib
import importlib
import os
import shutil
import urllib.request
from pathlib import Path

from kerasgan._choose_backend import keras_home
from kerasgan.files import temporary_folder
from kerasgan.zoo import hub
from kerasgan.zoo.archive import opened
from kerasgan.zoo.integrity import CARD, LARGEST_CARD, check, listed


def shipped():
    """The folder of the entries that come with the package."""
    installed = Path(__file__).parent / "entries"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "zoo"


def names():
    """Names of the shipped entries, sorted."""
    return sorted(path.parent.name for path in shipped().glob(f"*/{CARD}"))


def find(name, revision=None, token=None):
    """The folder of an entry, fetched first if it lies elsewhere.

    Args:
        name: A shipped entry's name, a folder, or an address: `hf://user/repo`,
            `kaggle://user/model/framework/variation` or `https://…` of a zip or tar
            archive.
        revision, token: Of an hf:// address, as of `kerasgan.zoo.load`.

    Raises:
        ValueError: On an unknown name, with the nearest ones.
        ImportError: If the library that fetches is not installed.
        ConnectionError: If the download failed.
    """
    name = os.fspath(name)
    if not name.startswith("hf://") and (revision, token) != (None, None):
        raise ValueError(f"revision and token are of hf:// addresses. Received: {name!r}")
    if "://" in name:
        return _fetch(name, revision, token)
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


def _fetch(address, revision, token):
    scheme, _, rest = address.partition("://")
    if scheme == "https":
        return from_archive(address)
    if scheme == "hf":
        library = hub.library(address)
        with _downloading(address), hub.told(library):
            snapshot = Path(library.snapshot_download(rest, revision=revision, token=token))
        # Its files are links to elsewhere in that library's cache, which `check` refuses.
        files = {p.name: functools.partial(open, p, "rb") for p in snapshot.iterdir()}
        return _keep(files, f"{address}@{snapshot.name}")
    if scheme == "kaggle":
        try:
            kagglehub = importlib.import_module("kagglehub")
        except ModuleNotFoundError as error:
            raise ImportError(
                f"{address} needs the package kagglehub ({error}): pip install kagglehub"
            ) from error
        with _downloading(address):
            return Path(kagglehub.model_download(rest))
    raise ValueError(
        f"An address must start with hf://, kaggle:// or https://. Received: {address!r}"
    )


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
    with temporary_folder(folder.parent) as temporary:
        archive = Path(temporary, "archive")
        with _downloading(address):
            with urllib.request.urlopen(address, timeout=60) as answer, open(archive, "wb") as file:
                shutil.copyfileobj(answer, file)
                size, expected = file.tell(), answer.headers["Content-Length"]
            if expected and size != int(expected):
                raise OSError(f"it broke off after {size:,} of {int(expected):,} bytes.")
        try:
            with opened(archive) as files:
                cards = sorted(path for path in files if path.name == CARD)
                if cards:
                    inside = {p.name: f for p, f in files.items() if p.parent == cards[0].parent}
                    return _keep(inside, address)
        except (ValueError, FileNotFoundError) as error:
            raise ValueError(f"{address}: {error}") from error
        except Exception as error:  # each kind of compression raises its own
            raise ValueError(
                f"{address} cannot be unpacked as a zip or tar archive: {error}"
            ) from error
        raise ValueError(f"{address} holds no entry: there is no {CARD} in the archive.")


def _keep(files, address):
    """Put an entry into the cache: what its card lists, checked, and whole or not at all.

    Args:
        files: Dict from the name of each file to a function that opens it.
        address: Where they come from.
    """
    folder = _place(address)
    if folder.is_dir():
        return folder
    with temporary_folder(folder.parent) as temporary:
        copy = Path(temporary, "entry")
        copy.mkdir()
        _copy(files, CARD, copy, LARGEST_CARD)
        for name, file in listed(copy)[1].items():
            if name in files:
                _copy(files, name, copy, file["bytes"])
        check(copy)
        try:
            os.replace(copy, folder)
        except OSError:
            # Another process may have been quicker.
            if not folder.is_dir():
                raise
    return folder


def _copy(files, name, folder, most):
    """Copy one file, and of a longer one a byte more than `most`, which `check` sees."""
    with files[name]() as file, open(folder / name, "wb") as target:
        while most >= 0 and (part := file.read(min(most + 1, 2**20))):
            target.write(part)
            most -= len(part)


def _place(address):
    return keras_home() / "kerasgan" / hashlib.sha256(address.encode()).hexdigest()[:24]
