"""Sequences of tokens as shuffled batches: lines of text, FASTA, CSV, a NumPy file, a list."""

import csv
import gzip
import os
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from kerasgan.datasets.batches import Batches, check_options
from kerasgan.datasets.sources import numpy_arrays, path_and_key
from kerasgan.modalities import Sequences
from kerasgan.modalities.sequences import UNITS

SUFFIXES = (".txt", ".smi", ".fasta", ".fa", ".csv", ".npy", ".npz")


class SequenceDataset(Batches):
    """Batches of codes, int32 `(batch, length)`; `load_sequences` makes one.

    Args:
        codes: As `Sequences.encode` gives them.
        modality: Their `kerasgan.modalities.Sequences`.
        origin: What the sequences came from, for messages.
        **options: As in `Batches`.

    Attributes:
        epoch, num_images, shapes, modalities: As in `Batches`.
    """

    _what = "sequences"

    def __init__(self, codes, modality, origin, **options):
        super().__init__(_Codes(codes, origin), **options)
        self.modality = modality

    @property
    def shapes(self):
        return {"real": (self.modality.length, len(self.modality.tokens))}

    @property
    def modalities(self):
        return {"modality": self.modality}

    def training_batch(self, items, mirrored, random):
        return self.plain_batch(items)

    def plain_batch(self, items):
        return np.stack([item for _, item in items])


class _Codes:
    """Codes as a source of `Batches`."""

    labels = None

    def __init__(self, codes, origin):
        self.codes, self.origin = codes, origin

    def __len__(self):
        return len(self.codes)

    def __getitem__(self, index):
        return self.codes[index]

    def name(self, index):
        return f"sequence {index + 1} of {self.origin}"

    def raw(self, index):
        return self.codes[index]


def load_sequences(
    source: str | os.PathLike | Sequence | np.ndarray,
    length: int | None = None,
    tokens: str | list[str] | None = None,
    unit: Literal["character", "word", "smiles"] = "character",
    column: str | None = None,
    batch_size: int = 64,
    shuffle: bool = True,
    seed: int = 0,
    drop_remainder: bool = False,
) -> SequenceDataset:
    """Sequences of tokens as batches that `fit` takes on every backend.

    Where sequences differ in length, the shorter ones are filled with the empty token `""`, which
    the vocabulary then has.

    Args:
        source: One of
            - a `.txt` or `.smi` file, a sequence a line; a `.fasta` or `.fa` file; a `.csv` file;
              each as it is or as `.gz`.
            - a `.npy` file, or an `.npz` file with one array of strings
              (`"train.npz:texts"` names one of several), or an array or a list of strings.
        length: Tokens of a sequence; what is longer is cut off there, or refused if it is a
            formula. By default those of the longest.
        tokens: The vocabulary, as a list or as one text, `"ACGT"`. By default what is found,
            sorted.
        unit: What a token is: `"character"`; `"word"`, between blanks; or `"smiles"`, the tokens
            of a chemical formula.
        column: Of a `.csv` file: the column that holds the sequences, if there are several.
        batch_size: Sequences a batch.
        shuffle: Draw a new order every epoch.
        seed: Integer, 0 or more, of the order.
        drop_remainder: Leave out the last batch of an epoch if it is smaller.

    Returns:
        A `SequenceDataset`, which is a `keras.utils.PyDataset`. Its batches are int32
        `(batch_size, length)`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: On a file of another kind, or one that holds no sequence; on an empty sequence
            or a token that is not in the vocabulary, by its number and place; or on an argument
            out of its range.

    Example:

    ```python
    promoters = kerasgan.datasets.load_sequences("promoters.fasta", tokens="ACGT")
    print(promoters.modalities["modality"])
    ```
    """
    check_options(length=length, batch_size=batch_size, seed=seed)
    if unit not in UNITS:
        raise ValueError(f"unit must be one of {', '.join(map(repr, UNITS))}. Received: {unit!r}")
    texts, origin = read_texts(source, column)
    where = f"{origin}: sequence"
    split = UNITS[unit]
    rows = [split(text) for text in texts]
    for number, row in enumerate(rows, 1):
        if not row:
            raise ValueError(f"{where} {number} is empty. Take it out, or put its text there.")
        if unit == "smiles" and length and len(row) > length:
            raise ValueError(
                f"{where} {number} has {len(row)} tokens, and a formula that is cut off is none. "
                f"Take it out, or let length be {len(row)} or more."
            )
    length = length or max(map(len, rows))
    rows = [row[:length] for row in rows]
    tokens = split(tokens) if isinstance(tokens, str) else tokens
    tokens = sorted({token for row in rows for token in row}) if tokens is None else [*tokens]
    if min(map(len, rows)) < length and "" not in tokens:
        tokens.append("")
    modality = Sequences(tokens, length, unit)
    codes = modality.encode([modality.join(row) for row in rows], where)
    return SequenceDataset(
        codes,
        modality,
        origin,
        batch_size=batch_size,
        shuffle=shuffle,
        seed=seed,
        drop_remainder=drop_remainder,
        workers=1,
    )


def read_texts(source, column=None):
    """The texts of a source, and what messages call it."""
    if not isinstance(source, (str, os.PathLike)):
        return _strings(source, "the sequences"), "the sequences"
    path, key = path_and_key(source)
    if not path.is_file():
        raise FileNotFoundError(
            f"There is no file {str(path)!r} (looked from {Path.cwd()}). Sequences come in a file "
            f"of {', '.join(SUFFIXES)}."
        )
    ends = [suffix.lower() for suffix in path.suffixes]
    suffix = ends[-2] if ends[-1:] == [".gz"] and len(ends) > 1 else "".join(ends[-1:])
    if column is not None and suffix != ".csv":
        raise ValueError(f"column is of a .csv file. Received: {str(path)!r}")
    if suffix in (".npy", ".npz"):
        texts = _array(path, key)
    elif suffix in SUFFIXES:
        lines = _lines(path)
        if suffix == ".csv":
            texts = _column(lines, column, path)
        elif suffix == ".smi":
            # What follows a blank is the name.
            texts = [line.partition(" ")[0].partition("\t")[0] for line in lines]
        else:
            texts = lines if suffix == ".txt" else _records(lines, path)
    else:
        raise ValueError(
            f"{str(path)!r} must end in one of {', '.join(SUFFIXES)}, by which it is read."
        )
    return _strings(texts, str(path)), str(path)


def _lines(path):
    try:
        content = path.read_bytes()
        content = gzip.decompress(content) if path.suffix.lower() == ".gz" else content
        return content.decode("utf-8-sig").splitlines()
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise ValueError(f"{str(path)!r} is no text in UTF-8: {error}") from None


def _column(lines, name, path):
    """The texts of a column of a CSV file, by default of the only one."""
    head, *rows = list(csv.reader(lines)) or [[]]
    name = name or (head[0] if len(head) == 1 else None)
    if name not in head:
        raise ValueError(
            f"column must be one of {', '.join(map(repr, head)) or 'none'}, the columns of "
            f"{str(path)!r}. Received: {name!r}"
        )
    place = head.index(name)
    return [row[place] if place < len(row) else "" for row in rows]


def _records(lines, path):
    """The sequences of a FASTA file, whose records begin with a line `>name`."""
    first = next((line for line in lines if line.strip()), "")
    if not first.startswith(">"):
        raise ValueError(f"{str(path)!r} is no FASTA file: it begins with {first[:40]!r}, not '>'.")
    records = []
    for line in lines:
        if line.startswith(">"):
            records.append([])
        elif records:
            records[-1].append(line.strip())
    return ["".join(record) for record in records]


def _array(path, key):
    arrays = numpy_arrays(path)
    known = [name for name, array in arrays.items() if array.dtype.kind in "UT"]
    key = key or (known[0] if len(known) == 1 else None)
    if key not in known:
        received = ", ".join(f"{name} {a.dtype} {a.shape}" for name, a in arrays.items())
        raise ValueError(
            f"{str(path)!r} must hold one array of strings, or name one of several: "
            f"'{path}:NAME'. Received: {received or 'no array'}"
        )
    return arrays[key]


def _strings(texts, origin):
    texts = list(texts)
    if not texts:
        raise ValueError(f"{origin} holds no sequence.")
    for number, text in enumerate(texts, 1):
        if not isinstance(text, str):
            raise ValueError(
                f"{origin} must hold strings (n,). Received: {type(text).__name__} as number "
                f"{number}"
            )
    return [text.strip() for text in texts]
