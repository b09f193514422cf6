"""XMP in a .wav file: the chunk `_PMX` (Adobe, XMP Specification Part 3)."""

import os
import struct

KIND = b"_PMX"


def add_xmp(path: str | os.PathLike, xmp: bytes) -> None:
    """Append a packet to a .wav file that has none."""
    with open(path, "r+b") as file:
        file.seek(0, os.SEEK_END)
        file.write(KIND + struct.pack("<I", len(xmp)) + xmp + b"\0" * (len(xmp) % 2))
        size = file.tell()
        file.seek(4)
        file.write(struct.pack("<I", size - 8))


def read_xmp(path: str | os.PathLike) -> bytes | None:
    """The packet in a .wav file, or None.

    Raises:
        ValueError: If the file is none, or is cut short before its end.
    """
    with open(path, "rb") as file:
        head = file.read(12)
        if head[:4] != b"RIFF" or head[8:] != b"WAVE":
            raise ValueError("it is no .wav file")
        while len(chunk := file.read(8)) == 8:
            size = int.from_bytes(chunk[4:], "little")
            if chunk[:4] == KIND:
                xmp = file.read(size)
                if len(xmp) < size:
                    raise ValueError("it is cut short")
                return xmp
            file.seek(size + size % 2, os.SEEK_CUR)
    return None
