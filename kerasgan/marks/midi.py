"""A mark in a MIDI file: a text event (Standard MIDI Files 1.0, FF 01) at its beginning."""

import os
import re

from kerasgan.marks.mark import VOCABULARY, current

LOOKED_AT = 2**16
SAID = re.compile(re.escape(VOCABULARY).encode() + rb"(\w+) \| ([^|]+) \| ([^|]+) \|")


def text() -> str | None:
    """What the current mark says, or None where nothing is to be marked."""
    mark = current()
    return mark and f"{VOCABULARY}{mark.source_type} | {mark.system} | {mark.version} |"


def fields(path: str | os.PathLike) -> dict[str, str]:
    """What a file says of how it was made, as `kerasgan.marks.xmp.fields`.

    Raises:
        ValueError: If it is no MIDI file.
    """
    with open(path, "rb") as file:
        data = file.read(LOOKED_AT)
    if data[:4] != b"MThd":
        raise ValueError("it is no MIDI file")
    found = SAID.search(data)
    values = (value.decode("utf-8", "replace") for value in found.groups()) if found else ()
    return dict(zip(("source_type", "system", "version"), values))
