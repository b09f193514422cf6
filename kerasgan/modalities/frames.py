"""Tables read from wherever they are, as pandas has them."""

import os
from pathlib import Path

import numpy as np

SUFFIXES = (".csv", ".parquet")


def pandas():
    """pandas, which comes with an extra, as scikit-learn and pyarrow do.

    Raises:
        ImportError: With the sentence on how to install it.
    """
    try:
        import pandas as pd
        import sklearn  # noqa: F401 - fits the numbers
    except ImportError as error:
        raise ImportError(
            f'Tables need pandas and scikit-learn ({error}): pip install "kerasgan[table]"'
        ) from error
    return pd


def is_frame(value):
    """Whether it is a pandas frame; without importing pandas."""
    return type(value).__name__ == "DataFrame" and hasattr(value, "columns")


def read_frame(source, missing=()):
    """A table as a frame, whose rows are numbered from 0.

    Args:
        source: A pandas frame, a NumPy record array, or the path of a CSV file (also of `.csv.gz`)
            or a Parquet file.
        missing: Texts of a CSV file that stand for a missing value, beside an empty cell.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: On what is no table, has no row, or two columns of one name.
    """
    pd = pandas()
    if is_frame(source):
        frame = source
    elif isinstance(source, np.ndarray) and source.dtype.names:
        frame = pd.DataFrame.from_records(source)
    elif isinstance(source, (str, os.PathLike)):
        frame = _read(pd, Path(source).expanduser(), missing)
    else:
        raise ValueError(
            "A table is a pandas DataFrame, a NumPy record array, or the path of a .csv or "
            f".parquet file. Received: {type(source).__name__}"
        )
    names = [str(name) for name in frame.columns]
    double = sorted({name for name in names if names.count(name) > 1})
    if double:
        raise ValueError(f"Every column needs a name of its own. Twice: {', '.join(double)}")
    if not len(frame) or not names:
        raise ValueError(f"A table needs rows and columns. Received: {frame.shape}")
    return frame.set_axis(names, axis=1).reset_index(drop=True)


def _read(pd, path, missing):
    if not path.is_file():
        raise FileNotFoundError(f"{str(path)!r} is no file (looked from {Path.cwd()}).")
    suffixes = [suffix.lower() for suffix in path.suffixes]
    try:
        if ".parquet" in suffixes:
            return pd.read_parquet(path)
        if ".csv" in suffixes:
            return pd.read_csv(path, skipinitialspace=True, na_values=list(missing))
    except ImportError as error:
        raise ImportError(f'{path} needs pyarrow: pip install "kerasgan[table]"') from error
    except Exception as error:  # a parser's of many kinds, which name the line
        raise ValueError(f"{path} cannot be read as a table: {error}") from error
    raise ValueError(f"A table is a .csv or .parquet file. Received: {path}")


def refuse_value(series, wrong, reason):
    """Raise a `ValueError` that names the column, the first wrong row and its value."""
    row = int(np.flatnonzero(np.asarray(wrong))[0])
    value = series.iloc[row]
    value = value.item() if isinstance(value, np.generic) else value
    raise ValueError(f"Column {series.name!r}, row {row} (counted from 0): {value!r} is {reason}.")
