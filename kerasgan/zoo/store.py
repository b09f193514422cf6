"""Where entries are, how they come here, and whether they are whole.

An entry is a folder:

    card.toml        what it is, how it was trained, the SHA-256 of every other file
    config.json      the architecture, as Keras serialises it
    recipe.toml      how to train it again
    <player>.npz     the weights of each player; the generator's are the averaged ones
    reference.npz    a few latents and the pictures they give
    sample.png       a grid of samples

Nothing here imports Keras: listing and checking are quick.
"""

import difflib
import hashlib
import os
import shutil
import tempfile
import tomllib
from pathlib import Path

from kerasgan._choose_backend import keras_home

FORMAT = 1
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
    folder = Path(name)
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
    try:
        card = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not valid TOML: {error}") from None
    if card.get("library") != LIBRARY:
        raise ValueError(
            f"{path} belongs to the library {card.get('library')!r}, not to {LIBRARY!r}."
        )
    if not isinstance(card.get("format"), int) or card["format"] > FORMAT:
        raise ValueError(
            f"{path} has format {card.get('format')!r}; this version of kerasgan reads up to "
            f"{FORMAT}. Run pip install -U kerasgan."
        )
    return card


def check(folder, required=("config.json", "generator.npz")):
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
    for name in required:
        if name not in files:
            raise ValueError(f"{folder / CARD} lists no {name}, which every entry must have.")
    for name, expected in files.items():
        path = folder / name
        if Path(name).name != name or path.is_symlink():
            raise ValueError(f"{folder / CARD} lists {name!r}, which is not a file of its own.")
        if not path.is_file():
            raise FileNotFoundError(f"{path} is missing, though {CARD} lists it.")
        size = path.stat().st_size
        if size != expected["bytes"]:
            raise ValueError(
                f"{path} has {size:,} bytes in place of {expected['bytes']:,}: it is truncated "
                "or another file. Fetch the entry again."
            )
        if sha256(path) != expected["sha256"]:
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
    fetchers = {"hf": _from_hugging_face, "kaggle": _from_kaggle, "https": from_archive}
    if scheme not in fetchers:
        raise ValueError(
            f"An address must start with {', '.join(f'{s}://' for s in fetchers)}. "
            f"Received: {address!r}"
        )
    try:
        return fetchers[scheme](address if scheme == "https" else rest)
    except ModuleNotFoundError as error:
        raise ImportError(
            f"{scheme}:// needs the package {error.name}: pip install {error.name}"
        ) from None
    except (ValueError, FileNotFoundError):
        raise
    except Exception as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ConnectionError(
            f"{address} could not be fetched: {reason} Without a network, pass the path of a "
            "folder that holds the entry."
        ) from error


def _from_hugging_face(repo):
    from huggingface_hub import snapshot_download

    return Path(snapshot_download(repo))


def _from_kaggle(handle):
    import kagglehub

    return Path(kagglehub.model_download(handle))


def from_archive(address):
    """Download and unpack a zip or tar archive, once; returns the entry's folder.

    It is unpacked and checked beside the cache and moved there whole, so that a
    download which is cut off leaves nothing that looks like an entry.
    """
    cache = keras_home() / "kerasgan"
    folder = cache / hashlib.sha256(address.encode()).hexdigest()[:24]
    if folder.is_dir():
        return folder
    import keras

    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix=".") as temporary:
        keras.utils.get_file(
            fname="entry", origin=address, extract=True, cache_dir=temporary, cache_subdir=""
        )
        cards = sorted(Path(temporary).rglob(CARD))
        if not cards:
            raise ValueError(f"{address} holds no entry: there is no {CARD} in the archive.")
        check(cards[0].parent)
        shutil.move(cards[0].parent, folder)
    return folder
