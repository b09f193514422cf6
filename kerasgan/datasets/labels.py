"""What is known of each picture: its class, or attributes from a file that names pictures."""

import csv
import difflib
import os
from collections import Counter
from pathlib import Path, PurePosixPath

import numpy as np

from kerasgan.datasets.sources import numpy_arrays

_BINARY = {1: 1, 0: 0, -1: 0}


def read_labels(source, labels, label_names):
    """The array that `load`'s argument `labels` names, in the source's order, and its names.

    Args:
        source: A source of pictures, from `open_source`.
        labels: As in `load`.
        label_names: As in `load`.

    Returns:
        `(array, names)`: int32 `(n,)` for classes or float32 `(n, k)` for attributes, and a
        list of strings or None. `(None, None)` without labels.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the labels do not fit the pictures.
    """
    if isinstance(labels, (str, os.PathLike)):
        return _attributes(source, Path(labels).expanduser(), label_names)
    if label_names is not None:
        raise ValueError(
            "label_names chooses from a file of attributes: "
            "labels='list_attr_celeba.txt', label_names=['Smiling']. Received: "
            f"label_names={label_names!r} with labels={type(labels).__name__}"
        )
    if labels is None:
        return None, None
    names = None
    if labels is True:
        if source.labels is None:
            raise ValueError(f"{source.origin} has no labels of its own. Pass an array as labels.")
        labels, names = source.labels()
    return _checked(np.asarray(labels), len(source)), names


def classes_of_some(source, labels):
    """The class of each picture, -1 where it has none, and the names of the classes or None.

    Args:
        source: A source of pictures, from `open_source`.
        labels: As in `load_partly_labelled`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the labels do not fit the pictures, or a class has none.
    """
    names = None
    if isinstance(labels, str):
        labels, names = _classes_by_name(source, Path(labels).expanduser())
    elif labels is True and hasattr(source, "folder"):
        folders = [path.parts[0] if len(path.parts) > 1 else "" for path in names_in(source)]
        labels, names = _numbered(folders)
    elif labels is True:
        if source.labels is None:
            raise ValueError(f"{source.origin} has no labels of its own. Pass an array as labels.")
        labels, names = source.labels()
    labels = np.asarray(labels)
    if labels.shape != (len(source),) or labels.dtype.kind not in "iu" or labels.min() < -1:
        raise ValueError(
            f"labels must be {len(source)} integers, a class for each picture in the source's "
            f"order, or -1 for no label. Received: shape {labels.shape}, dtype {labels.dtype}"
            + (f", from {labels.min()}" if labels.dtype.kind == "i" and labels.size else "")
        )
    classes = np.unique(labels[labels >= 0])
    most = max(len(names or ()), int(labels.max(initial=-1)) + 1, 2)
    if len(classes) < most:
        missing = np.setdiff1d(np.arange(most), classes)
        raise ValueError(
            f"Each of {most} or more classes needs a picture with its label. Received: "
            f"{(labels >= 0).sum()} labels of {len(labels)} pictures, none of class "
            f"{', '.join(map(str, missing[:5]))}{', …' * (len(missing) > 5)}. A label is the "
            "sub-folder that a picture lies in (labels=True), its row in a CSV file, or its "
            "integer in an array."
        )
    return labels.astype("int32"), names


def _numbered(texts):
    """Names as places among the different ones, -1 for an empty one, and these."""
    # Numbers in their order, not that of text: 10 comes after 9.
    names = sorted({*texts} - {""}, key=lambda t: (not t.isdecimal(), t.isdecimal() and int(t), t))
    places = {name: place for place, name in enumerate(names)}
    return [places.get(text, -1) for text in texts], names


def _classes_by_name(source, path):
    _check_names(source, path, "CSV with a header: file,class.")
    header, rows = text_rows(path)
    rows = [(PurePosixPath(file), values[0].strip() if values else "") for file, values in rows]
    if len(header) != 1:
        raise ValueError(
            f"{str(path)!r} must have two columns, file and class. Received: a header with "
            f"{', '.join(header) or 'nothing'} beside the file."
        )
    places = matched(names_in(source), [file for file, _ in rows])
    lost = {i for i, (_, text) in enumerate(rows) if text} - {*places}
    if lost:
        first = ", ".join(str(rows[i][0]) for i in sorted(lost)[:3])
        raise ValueError(
            f"{len(lost)} rows with a class in {str(path)!r} are of no picture of their own in "
            f"{str(source.folder)!r}: {first}{', …' * (len(lost) > 3)}. Pictures are found by the "
            "name relative to the folder, or by the file's name alone where only one has it."
        )
    return _numbered(["" if place is None else rows[place][1] for place in places])


def _check_names(source, path, expected):
    """Refuse a file of labels by name where pictures have none, or where it is not there."""
    if not hasattr(source, "folder"):
        raise ValueError(
            f"{str(path)!r} finds pictures by file name, so it needs a folder of pictures. For "
            f"{source.origin}, pass labels as an array, or True for its own."
        )
    if not path.is_file():
        raise FileNotFoundError(
            f"{str(path)!r} is no file (looked from {Path.cwd()}). Expected {expected}"
        )


def _checked(array, n):
    if array.ndim and len(array) != n:
        raise ValueError(
            "labels must hold one label per picture, in the source's order; files that were "
            f"skipped have none. Received: {len(array)} labels for {n} pictures"
        )
    numbers = array.dtype.kind in "biuf"
    if array.ndim == 1 and array.dtype.kind in "biu":
        if array.min() < 0:
            raise ValueError(
                "Classes must be 0 or more; pictures of which some have none, -1, are what "
                "load_partly_labelled takes. "
                f"Received: labels[{array.argmin()}]={array.min()}"
            )
        return array.astype("int32")
    if array.ndim == 2 and numbers and array.size and np.isin(array, (0, 1)).all():
        return array.astype("float32")
    hint = ""
    if not numbers:
        hint = " Number them: np.unique(labels, return_inverse=True)[1]."
    elif array.size == n:
        hint = " For classes, pass labels.reshape(-1).astype('int32')."
    values = ""
    if numbers and array.size:
        values = f", values in [{float(array.min()):g}, {float(array.max()):g}]"
    raise ValueError(
        f"labels must be integers ({n},), a class each, or 0 and 1 ({n}, k), attributes. "
        f"Received: shape {array.shape}, dtype {array.dtype}{values}.{hint}"
    )


def _attributes(source, path, chosen):
    expected = (
        "attributes by file name: CSV with a header, CelebA's list_attr_celeba.txt or an .npz file."
    )
    _check_names(source, path, expected)
    header, rows = _npz(path) if path.suffix == ".npz" else text_rows(path)
    columns = _columns(path, header, chosen)
    files, table = [], []
    for file, row in rows:
        files.append(PurePosixPath(file))
        table.append([_binary(path, file, header, row, column) for column in columns])
    pictures = names_in(source)
    places = matched(pictures, files)
    missing = [str(picture) for picture, place in zip(pictures, places) if place is None]
    if missing:
        raise ValueError(
            f"{len(missing)} of {len(pictures)} pictures have no row of their own in "
            f"{str(path)!r}: {', '.join(missing[:3])}{', …' * (len(missing) > 3)}. Rows are "
            f"found by the name relative to {str(source.folder)!r}, or by the file's name "
            "alone where only one has it."
        )
    array = np.array([table[place] for place in places], "float32")
    return array, [header[column] for column in columns]


def _npz(path):
    arrays = numpy_arrays(path)
    names, attributes, attr = (arrays.get(key) for key in ("names", "attributes", "attr"))
    if attr is None or [a is not None and a.shape for a in (names, attributes)] != [
        (side,) for side in attr.shape
    ]:
        received = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
        raise ValueError(
            f"{str(path)!r} must hold the arrays names (n,), of files, attributes (k,), of "
            f"names, and attr (n, k), of 0 and 1. Received: {received or 'no array'}"
        )
    return attributes.astype(str).tolist(), zip(names.astype(str).tolist(), attr.tolist())


def text_rows(path):
    """The names of the columns of a CSV file but the first, and its rows `(file, values)`."""
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{str(path)!r} is no text in UTF-8 ({error.reason}). Expected CSV with a header, "
            "CelebA's list_attr_celeba.txt or an .npz file."
        ) from None
    if len(lines) > 1 and lines[0].strip().isdigit():  # CelebA's own begins with a count
        header, rows = lines[1].split(), map(str.split, lines[2:])
    else:
        rows = csv.reader(lines)
        header = [name.strip() for name in next(rows, [])[1:]]
    return header, ((row[0].strip(), row[1:]) for row in rows if row)


def _columns(path, header, chosen):
    places = {name.lower(): place for place, name in enumerate(header)}
    chosen = header if chosen is None else [chosen] if isinstance(chosen, str) else chosen
    for name in chosen:
        if name.lower() not in places:
            close = difflib.get_close_matches(name.lower(), places, 3)
            known = [header[places[match]] for match in close] or header
            raise ValueError(
                f"{str(path)!r} has no attribute {name!r}. "
                f"{'Did you mean' if close else 'It has'}: {', '.join(known) or 'none'}"
            )
    if not chosen:
        raise ValueError(
            f"No attribute chosen. Received: label_names={chosen!r}"
            if header
            else f"{str(path)!r} names no attribute. Expected a first line with commas: "
            "file,Smiling,…"
        )
    return [places[name.lower()] for name in chosen]


def _binary(path, file, header, row, column):
    try:
        return _BINARY[float(row[column])]
    except (IndexError, KeyError, ValueError):
        value = repr(row[column]) if column < len(row) else "missing"
        raise ValueError(
            f"Attributes must be 0 or 1 (-1 counts as 0). Received in {str(path)!r}, row of "
            f"{file!r}: {header[column]} {value}. label_names leaves columns out."
        ) from None


def names_in(source):
    """The paths of a folder's pictures, relative to it."""
    return [PurePosixPath(p.relative_to(source.folder).as_posix()) for p in source.paths]


def matched(pictures, files):
    """For each picture the place of its row, or None, by its path, name or stem."""
    found = [None] * len(pictures)
    # By stem, because CelebA's file says .jpg of its PNG pictures too.
    for part in (str, lambda path: path.name, lambda path: path.stem):
        if None not in found:
            break
        rows = _unique([part(file) for file in files])
        for key, i in _unique([part(picture) for picture in pictures]).items():
            if found[i] is None:
                found[i] = rows.get(key)
    return found


def _unique(keys):
    count = Counter(keys)
    return {key: place for place, key in enumerate(keys) if count[key] == 1}
