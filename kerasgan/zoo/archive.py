"""The files in a zip or tar archive, which comes from anywhere: opened one by one, within bounds.

Nothing is unpacked by the names in it.
"""

import contextlib
import functools
import tarfile
import zipfile
from pathlib import Path, PurePosixPath

# Weights hardly shrink. What is many times larger than its archive is a trap.
MOST_TIMES = 20
MOST_BEYOND = 2**26
LONGEST_HEADER = 2**20


@contextlib.contextmanager
def opened(path: Path):
    """Dict from the path of each file in an archive to a function that opens it for reading.

    Raises:
        ValueError: If its files would take many times the archive's bytes.
        Exception: Of many kinds, if it is no archive that can be read.
    """
    # Tar first: a tar that ends with an .npz passes for a zip.
    with contextlib.ExitStack() as stack:
        try:
            archive, members = stack.enter_context(tarfile.open(path, tarinfo=_Header)), _of_tar
        except tarfile.ReadError:
            archive, members = stack.enter_context(zipfile.ZipFile(path)), _of_zip
        most = MOST_TIMES * path.stat().st_size + MOST_BEYOND
        files = {}
        for name, size, open_file in members(archive):
            most -= size
            if most < 0:
                raise ValueError("its files are many times as large as the archive.")
            files[PurePosixPath(name)] = open_file
        yield files


class _Header(tarfile.TarInfo):
    @classmethod
    def frombuf(cls, *arguments):
        header = super().frombuf(*arguments)
        # A long name, say, which is read whole.
        if not header.isreg() and header.size > LONGEST_HEADER:
            raise ValueError(f"a header of {header.size:,} bytes is in the archive.")
        return header


def _of_tar(archive):
    for member in archive:
        if member.isreg():
            yield member.name, member.size, functools.partial(archive.extractfile, member)


def _of_zip(archive):
    for member in archive.infolist():
        if not member.is_dir():
            yield member.filename, member.file_size, functools.partial(archive.open, member)
