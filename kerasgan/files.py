"""Files on disk: written whole or not at all; TOML read."""

import contextlib
import errno
import functools
import os
import platform
import shutil
import tempfile
import tomllib
import zlib
from pathlib import Path

# A process of another machine, on a disk that is shared, may well be at work.
_HERE = f"{zlib.crc32(platform.node().encode()):08x}"


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
    temporary = path.with_name(f"{_prefix(path.parent)}{path.name}")
    try:
        write(temporary)
        os.replace(temporary, path)
    except OSError as error:
        # That of a full disk names no file, others the temporary one.
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        temporary.unlink(missing_ok=True)


def temporary_folder(place):
    """A `tempfile.TemporaryDirectory` in a folder, which is made."""
    return tempfile.TemporaryDirectory(dir=place, prefix=_prefix(place), ignore_cleanup_errors=True)


def _prefix(folder):
    """How temporary names in a folder begin; those of killed processes are removed there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        code = errno.ENOTDIR
        raise NotADirectoryError(code, os.strerror(code), str(folder)) from None
    _clear(folder.resolve())
    return f".{_HERE}.{os.getpid()}."


# Once a folder, which may hold thousands of files.
@functools.cache
def _clear(folder):
    for left in folder.glob(f".{_HERE}.*.*"):
        process = left.name.split(".")[2]
        if process.isdecimal() and not _is_alive(int(process)):
            with contextlib.suppress(OSError):
                shutil.rmtree(left) if left.is_dir() else left.unlink()


def _is_alive(process):
    if os.name == "nt":  # where to ask is to end it
        return True
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    return True
