"""The card of an entry read and written, and whether the entry is whole.

Nothing here imports Keras: checking is quick.
"""

import hashlib
from pathlib import Path

import tomli_w

from kerasgan.files import read_toml, write_whole

FORMAT = 2
LIBRARY = "kerasgan"
CARD = "card.toml"
LARGEST_CARD = 2**20
SIGN = b"# sha256 of what follows: "


def read_card(folder):
    """The card of an entry, checked to be one that this version reads, and whole.

    Raises:
        FileNotFoundError: If there is none.
        ValueError: If it is no TOML, another library's, of a newer format, damaged or a link.
    """
    path = Path(folder) / CARD
    if path.is_symlink():
        raise ValueError(f"{path} is a link. An entry holds its own card: copy the file.")
    if not path.is_file():
        raise FileNotFoundError(f"{folder} is no kerasgan entry: it has no {CARD}.")
    if path.stat().st_size > LARGEST_CARD:
        raise ValueError(f"{path} has more than {LARGEST_CARD:,} bytes, and so is no card.")
    try:
        card = read_toml(path)
    except RecursionError:
        raise ValueError(f"{path} is not valid TOML: it is nested too deep.") from None
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
    content = path.read_bytes()
    is_signed = content.startswith(SIGN)
    first, text = content.split(b"\n", 1) if is_signed else (b"", content)
    expected = _first_line(text)
    # Format 1 had none.
    if first != expected and (known > 1 or is_signed):
        raise ValueError(
            f"{path} is damaged or was changed: its SHA-256 is not the one in its first line. "
            "Fetch the entry again; or, if you changed it yourself, let its first line be: "
            f"{expected.decode()}"
        )
    return card


def write_card(folder, card):
    """Write a card, whole or not at all, with the SHA-256 of its text in the first line."""
    text = tomli_w.dumps(card, multiline_strings=True).encode()
    content = _first_line(text) + b"\n" + text
    write_whole(Path(folder) / CARD, lambda temporary: temporary.write_bytes(content))


def _first_line(text):
    return SIGN + hashlib.sha256(text).hexdigest().encode()


def listed(folder):
    """The card, and its dict from the name of each file to its `bytes` and `sha256`.

    Raises:
        ValueError: If they are not given as they should be, or a name leads elsewhere.
    """
    card, path = read_card(folder), Path(folder) / CARD
    files = card.get("files", {})
    if not isinstance(files, dict):
        raise ValueError(f"{path}: `files` must hold bytes and sha256 by file.")
    for name, file in files.items():
        if Path(name).name != name or (Path(folder) / name).is_symlink():
            raise ValueError(f"{path} lists {name!r}, which is not a file of its own.")
        known = isinstance(file, dict) and [type(file.get(key)) for key in ("bytes", "sha256")]
        if known != [int, str] or file["bytes"] < 0:
            raise ValueError(f"{path}: `files` must hold bytes and sha256 by file, of {name} too.")
    return card, files


def check(folder, required=("config.json",)):
    """Read the card and compare every file it lists with its size and SHA-256.

    Returns:
        The card.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If one is truncated, changed, not listed or outside the entry.
    """
    folder = Path(folder)
    card, files = listed(folder)
    for name in required:
        if name not in files:
            raise ValueError(f"{folder / CARD} lists no {name}, which every entry must have.")
    for name, expected in files.items():
        path = folder / name
        if not path.is_file():
            if expected.get("training_only") is True:
                continue
            raise FileNotFoundError(f"{path} is missing, though {CARD} lists it.")
        size = path.stat().st_size
        if size != expected["bytes"]:
            raise ValueError(
                f"{path} has {size} bytes in place of {expected['bytes']}: it is truncated "
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
