"""Files on disk: written whole or not at all; TOML read."""

import os
import tomllib
from pathlib import Path


def write_text(path, text):
    """Write a text file, whole or not at all."""
    write_whole(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def read_toml(path):
    """What a TOML file holds, as a dict.

    Raises:
        ValueError: If it is damaged, naming it.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not valid TOML: {error}") from None


def write_whole(path, write):
    """Call `write(temporary)` and rename its file to `path`: a cut one leaves the old."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        write(temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
