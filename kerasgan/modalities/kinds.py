"""Of which kind a column is, found out or said."""

import difflib

import numpy as np

from kerasgan.modalities.columns import KINDS
from kerasgan.modalities.frames import pandas, refuse_value

SAID = ("number", "date", "category", "key")
# Whole numbers of so few values are categories.
FEW = 20
# Texts, of so many rows at least, of which as good as none comes twice, name the rows.
ROWS, DISTINCT = 50, 0.9
ISO = r"\d{4}-\d{2}-\d{2}"


def fitted(frame, said, seed):
    """The columns of a frame, each fitted by its kind.

    Args:
        frame: As `read_frame` gives it.
        said: Dict from a column's name to its kind, in place of what would be found.
        seed: Integer.

    Raises:
        ValueError: On an unknown kind or column, or a value that cannot be read, by its row.
    """
    for name, kind in said.items():
        if name not in frame:
            near = difflib.get_close_matches(name, frame.columns, 1, 0.5)
            meant = f" Did you mean {near[0]!r}?" if near else ""
            raise ValueError(
                f"There is no column {name!r}.{meant} The columns: {', '.join(frame.columns)}"
            )
        if kind not in SAID:
            raise ValueError(f"A column is one of {', '.join(SAID)}. Received: {kind!r}")
    columns = []
    for name in frame.columns:
        series = frame[name]
        kind = said.get(name) or _found(series)
        if kind == "number" and not pandas().api.types.is_numeric_dtype(series.dtype):
            series = _in_numbers(series)
        columns.append(KINDS["number" if kind == "date" else kind].of(series, seed))
    return columns


def _found(series):
    pd = pandas()
    kinds = pd.api.types
    if kinds.is_bool_dtype(series.dtype):
        return "category"
    if kinds.is_datetime64_any_dtype(series.dtype):
        return "date"
    known = series.dropna()
    if kinds.is_numeric_dtype(series.dtype):
        whole = len(known) and np.array_equal(known, np.round(known.astype("float64")))
        distinct = known.nunique()
        if whole and distinct == len(series) >= ROWS and _counts(known):
            return "key"
        return "category" if whole and distinct <= min(FEW, len(known) / 2) else "number"
    inner = ~series.map(pd.api.types.is_scalar).astype(bool)
    if inner.any():
        refuse_value(series, inner, "neither number, date nor text")
    texts = known.astype(str)
    _refuse_mixed(series, pd.to_numeric(texts, errors="coerce").notna(), "number")
    dated = texts.str.match(ISO)
    _refuse_mixed(series, dated, "date")
    if len(known) and dated.all():
        return "date"
    names_rows = len(known) >= ROWS and texts.nunique() > DISTINCT * len(known)
    return "key" if names_rows else "category"


def _counts(known):
    """Whether whole numbers of which none comes twice count rows, all of them or some."""
    return known.is_monotonic_increasing or known.max() - known.min() == len(known) - 1


def _refuse_mixed(series, fits, kind):
    """Refuse a column nearly all of which is of a kind, and not all."""
    if len(fits) and DISTINCT < fits.mean() < 1.0:
        wrong = np.zeros(len(series), bool)
        wrong[fits.index[~fits]] = True
        refuse_value(
            series,
            wrong,
            f"no {kind}, and {fits.mean():.1%} of the column are. Mend it, name it as missing, or "
            'say that the column is a "category"',
        )


def _in_numbers(series):
    pd = pandas()
    values = pd.to_numeric(series, errors="coerce")
    wrong = values.isna() & series.notna()
    if wrong.any():
        refuse_value(series, wrong, "no number")
    return values
