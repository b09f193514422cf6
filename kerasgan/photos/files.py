"""One photograph, or every one in a folder and below, converted into files."""

import collections
import contextlib
import os
import shutil
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from kerasgan.photos.photo import Photo
from kerasgan.photos.reading import read_photo
from kerasgan.photos.writing import check_suffix


class Summary(NamedTuple):
    """What became of the photographs.

    Attributes:
        written: Paths that were written.
        skipped: Paths that were there already, and were left.
        failed: Dict from the path of each photograph that was left out to the reason.
    """

    written: list[Path]
    skipped: list[Path]
    failed: dict[Path, str]


def convert_files(
    source: str | os.PathLike,
    out: str | os.PathLike | None,
    write: Callable[[Photo, Path, Callable[[int, int], None] | None], None],
    *,
    ending: str,
    companions: Sequence[str] = (),
    force: bool = False,
    verbose: bool = True,
) -> Summary:
    """Convert one photograph, or every one in a folder and below, into files.

    Run again after it was stopped or killed, a folder goes on with the first photograph
    that is missing in `out`.

    Args:
        source: A file or a folder. In a folder, hidden files and extensions that are no
            picture's are left aside. A file that is no photograph after all, or is refused by
            `write` with a `ValueError`, is named in a line on stderr while the rest goes on.
        out: File to write, ending in .png, .jpg, .webp or .tif, or a folder; if it is None, what
            `ending` makes of the name of the source, beside it. A folder gets PNG files of the
            same relative paths: `a/b.jpg` becomes `a/b.png`, or `a/b.jpg.png` if there is
            another `a/b`.
        write: Function `write(photo, target, progress)` that converts one `Photo` and writes it
            to the path `target`, whole or not at all. `progress(done, total)` is for it to call
            with numbers of steps, `(1, 1)` if there is but one; None if `verbose` is false.
        ending: `"_x4"` makes `photo_x4.png` of `photo.jpg`, and `photos_x4` of a folder.
        companions: Endings of the PNG files that `write` writes beside each target, at the paths
            that `companion` gives.
        force: Replace what is there. Otherwise a file raises, and in a folder what is
            there is taken as done.
        verbose: Print the progress, what was left out and a summary.

    Returns:
        A `Summary(written, skipped, failed)`.

    Raises:
        FileExistsError: If the file to write is there.
        FileNotFoundError: If `source` does not exist.
        ValueError: If `source` is a file and no photograph, or a folder without any, or if a
            source would be written over.

    Example:

    ```python
    def write(photo, target, progress):
        mirrored = photo.array()[:, ::-1]
        write_photo(target, [mirrored], *mirrored.shape[:2])


    convert_files("photos", None, write, ending="_mirrored")
    ```
    """
    source = Path(source).expanduser()
    if not source.exists():
        raise FileNotFoundError(f"{str(source)!r} does not exist (looked from {Path.cwd()}).")
    folder = source.is_dir()
    named = Path(os.path.abspath(source))  # a link's own place, and not what it leads to
    default = f"{named.name}{ending}" if folder else f"{named.stem}{ending}.png"
    out = Path(out).expanduser() if out else named.parent / default
    if not folder and out.is_dir():
        out = out / default
    targets = _targets(source, out) if folder else {source: out}
    _check_results(source, out, targets, companions)
    if not folder and not force:
        for path in (out, *(companion(out, name) for name in companions)):
            if path.exists():
                raise FileExistsError(
                    f"{str(path)!r} is there already. Choose another name, or replace it with "
                    "force=True (--force)."
                )
    summary = Summary([], [], {})
    for number, (path, target) in enumerate(targets.items(), 1):
        if folder and not force and target.exists():
            summary.skipped.append(target)
            continue
        progress = _Printed(f"file {number}/{len(targets)} {path.name}") if verbose else None
        try:
            with _told(path, verbose):
                write(_read(path), target, progress)
        except ValueError as error:
            if not folder:
                raise
            summary.failed[path] = _reason(error, path)
            if verbose:
                line = f"Left out: {path.relative_to(source)}: {summary.failed[path]}"
                print(line, file=sys.stderr)
            continue
        summary.written.append(target)
    if verbose:
        written, skipped, failed = map(len, summary)
        print(
            f"{out}: {written} written"
            + f", {skipped} skipped, for they were there (force replaces them)" * bool(skipped)
            + f", {failed} left out" * bool(failed)
        )
    return summary


@contextlib.contextmanager
def _told(path, verbose):
    """Print what is warned of as lines about a photograph, where lines are wanted."""
    if not verbose:
        yield
        return
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        # Of a library to who writes programs with it: Keras 3.15 has some on PyTorch.
        warnings.simplefilter("ignore", DeprecationWarning)
        yield
    for warning in caught:
        print(f"Note: {_about(path, str(warning.message))}", file=sys.stderr)


def companion(target: Path, ending: str) -> Path:
    """The path of a picture that is written beside another one."""
    return target.with_name(f"{target.stem}{ending}.png")


def _targets(folder, out):
    """The path to write for each picture in a folder, in the order of their names."""
    Image.init()
    known = {end for end, form in Image.registered_extensions().items() if form in Image.OPEN}
    inside = [path.relative_to(folder) for path in sorted(folder.rglob("*"))]
    results = out.resolve() if folder.resolve() in out.resolve().parents else None
    pictures = [
        path
        for path in inside
        if path.suffix.lower() in known
        and not any(part.startswith(".") for part in path.parts)
        and (folder / path).is_file()
        and results not in (folder / path).resolve().parents
    ]
    if not pictures:
        raise ValueError(
            f"No picture in {str(folder)!r} or below it; {len(inside)} names were looked at. "
            "Pictures are known by their extension (.jpg, .png, … as Pillow has them)."
        )
    stems = collections.Counter(path.with_suffix("") for path in pictures)
    targets, taken = {}, set()
    for path in pictures:
        name = path.with_suffix(".png")
        # An `a.jpg.png` in the folder comes after the `a.jpg` that may have taken its name.
        if stems[path.with_suffix("")] > 1 or name in taken:
            name = Path(f"{path}.png")
        taken.add(name)
        targets[folder / path] = out / name
    return targets


def _check_results(source, out, targets, companions):
    """Raise a `ValueError` where a result cannot be written, or would replace a source."""
    if not source.is_dir():
        check_suffix(out)
    elif out.is_file():
        raise ValueError(f"{str(out)!r} is a file. The photographs of a folder go into a folder.")
    sources = {_identity(path) for path in (source, *targets)}
    beside = (companion(path, name) for path in targets.values() for name in companions)
    for path in (out, *targets.values(), *beside):
        if path.exists() and _identity(path) in sources:
            raise ValueError(f"{str(path)!r} is the source itself. Choose another output.")


def _identity(path):
    """What two names of one file or folder have in common."""
    status = path.stat()
    return status.st_dev, status.st_ino


def _read(path):
    # Of reading alone: that the disk is full, for one, concerns all that is still to be written.
    try:
        return read_photo(path)
    except OSError as error:
        raise ValueError(f"{str(path)!r} cannot be read: {error.strerror or error}.") from error


def _about(path, message):
    """One line of a message that may begin with the path of the file, or its name."""
    for name in (str(path), path.name):
        message = message.removeprefix(f"{name!r}: ")
    return f"{path.name}: {' '.join(message.split())}"


def _reason(error, path):
    """One line for an error whose message may begin with the name of the file."""
    name = f"{str(path)!r} "
    message = str(error)
    if message.startswith(name):
        message = f"it {message.removeprefix(name)}"
    return " ".join(message.split())


class _Printed:
    """Progress in tiles: one line that is rewritten on a terminal, else ten lines a file."""

    def __init__(self, label):
        self.label = label
        self.shown = -1

    def __call__(self, done, total):
        line = self.label + (f": tile {done}/{total}" if total > 1 else "")
        if sys.stdout.isatty():
            width = shutil.get_terminal_size().columns - 1
            print(f"\r{line[-width:]:{width}}", end="\n" if done == total else "", flush=True)
        elif done * 10 // total > self.shown:
            self.shown = done * 10 // total
            print(line, flush=True)
