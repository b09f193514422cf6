"""Series as shuffled batches of windows: a table, a NumPy file or an array."""

import os
from typing import Literal

import numpy as np

from kerasgan.datasets.batches import Batches, check_options, digest_of
from kerasgan.datasets.sources import named_array, path_and_key
from kerasgan.modalities import Series
from kerasgan.modalities.frames import SUFFIXES, is_frame, pandas, read_frame, refuse_value


class SeriesDataset(Batches):
    """Batches of windows, float32 `(batch, length, variables)`; `load_series` makes one.

    Args:
        source: Windows of one length.
        series: Their `kerasgan.modalities.Series`.
        **options: As in `Batches`.

    Attributes:
        epoch, num_images, shapes, modalities: As in `Batches`.
    """

    _what = "windows"

    def __init__(self, source, series, **options):
        super().__init__(source, **options)
        self.series = series

    @property
    def shapes(self):
        return {"real": (self.source.length, self.series.channels)}

    @property
    def modalities(self):
        return {"modality": self.series}

    def fingerprint(self):
        return digest_of(self.source.values).hex()

    def training_batch(self, items, mirrored, random):
        return self.plain_batch(items)

    def plain_batch(self, items):
        return np.stack([item for _, item in items])


class _Windows:
    """Every window of `length` steps, one from each `stride`-th step on, of each series."""

    def __init__(self, values, length, stride):
        self.values, self.length, self.stride = values, length, stride
        self.of_each = (values.shape[1] - length) // stride + 1

    def __len__(self):
        return len(self.values) * self.of_each

    def __getitem__(self, index):
        number, place = divmod(index, self.of_each)
        start = place * self.stride
        return self.values[number, start : start + self.length]

    def name(self, index):
        return f"window {index}"

    def raw(self, index):
        return self[index]


def load_series(
    source: str | os.PathLike | np.ndarray,
    length: int = 24,
    stride: int = 1,
    batch_size: int = 128,
    variables: list[str] | None = None,
    missing: list[str] | None = None,
    scaling: Literal["range", "deviation"] = "range",
    shuffle: bool = True,
    seed: int = 0,
    drop_remainder: bool = False,
) -> SeriesDataset:
    """Series of numbers over time as batches of windows that `TimeGAN` takes on every backend.

    Args:
        source: One of
            - the path of a CSV (or `.csv.gz`) or Parquet file, or a pandas DataFrame: one series,
              a row a step, a column a variable.
            - a `.npy` file, or a `.npz` file with one array of series (`"ecg.npz:train"` names
              one of several), or an array: numbers `(steps, variables)`, one series, or
              `(n, steps, variables)`, n of them, which no window reaches over.
            A value that is missing is an empty cell or NaN.
        length: Steps of a window.
        stride: Steps from the beginning of a window to that of the next one.
        batch_size: Windows a batch.
        variables: Names of the columns to take, in this order; by default all. Those of an array
            are `x0`, `x1`, ….
        missing: Texts of a CSV file that stand for a missing value, beside an empty cell.
        scaling: How networks see a variable: `"range"`, in [-1, 1], or `"deviation"`, with mean 0
            and standard deviation 1.
        shuffle: Draw a new order every epoch.
        seed: Integer, 0 or more, of the order.
        drop_remainder: Leave out the last batch of an epoch if it is smaller.

    Returns:
        A `SeriesDataset`, which is a `keras.utils.PyDataset`; its `series` is the modality.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: On what is no number, by its column and row; on a series that is shorter than
            a window; or on an argument out of its range.
        ImportError: If a table is to be read and pandas is missing.

    Example:

    ```python
    stock = kerasgan.datasets.load_series("stock.csv", length=24)
    model = kerasgan.models.TimeGAN(
        *kerasgan.networks.timegan(stock.shapes["real"]), modality=stock.series
    )
    ```
    """
    check_options(length=length, stride=stride, batch_size=batch_size, seed=seed)
    values, names = _read(source, missing or ())
    if variables is not None:
        unknown = [name for name in variables if name not in names]
        if unknown or not len(variables):
            raise ValueError(
                f"variables must be of {', '.join(names)}. Received: {', '.join(variables)}"
            )
        names = list(variables)
    values = values(names)
    if values.shape[1] < length:
        raise ValueError(
            f"A window has {length} steps, and the series {values.shape[1]}. Lower length."
        )
    return SeriesDataset(
        _Windows(values.astype("float32"), length, stride),
        Series.of(values, names, scaling),
        batch_size=batch_size,
        shuffle=shuffle,
        seed=seed,
        drop_remainder=drop_remainder,
        workers=1,
    )


def _read(source, missing):
    """A function from names to float64 `(n, steps, variables)`, and the names that there are."""
    if hasattr(source, "shape") and not is_frame(source):
        return _of_array(np.asarray(source), "the array")
    path, key = path_and_key(source)
    if not is_frame(source) and path.suffix in (".npy", ".npz") and path.is_file():
        arrays, key = named_array(path, key, (2, 3), "series")
        return _of_array(np.asarray(arrays[key]), str(path))
    if not is_frame(source) and not {*path.suffixes} & {*SUFFIXES} and path.exists():
        raise ValueError(f"A series is a .csv, .parquet, .npy or .npz file. Received: {path}")
    frame = read_frame(source, missing)
    return lambda names: _of_frame(frame, names)[None], list(frame.columns)


def _of_frame(frame, names):
    pd = pandas()
    columns = []
    for name in names:
        values = pd.to_numeric(frame[name], errors="coerce").to_numpy("float64", na_value=np.nan)
        is_date = pd.api.types.is_datetime64_any_dtype(frame[name].dtype)
        wrong = np.isnan(values) & frame[name].notna().to_numpy() | is_date
        if wrong.any():
            refuse_value(frame[name], wrong, "no number; name the variables without it (variables)")
        if np.isinf(values).any():
            refuse_value(frame[name], np.isinf(values), "infinite")
        columns.append(values)
    return np.stack(columns, axis=1)


def _of_array(values, origin):
    if values.ndim not in (2, 3) or values.dtype.kind not in "fiu" or 0 in values.shape:
        raise ValueError(
            f"{origin} must hold numbers (steps, variables) or (n, steps, variables). Received: "
            f"{values.dtype}, shape {tuple(values.shape)}"
        )
    values = values[None] if values.ndim == 2 else values
    names = [f"x{i}" for i in range(values.shape[2])]
    if np.isinf(values).any():
        number, step, variable = np.argwhere(np.isinf(values))[0]
        raise ValueError(
            f"{origin} is infinite in series {number}, step {step}, variable {names[variable]} "
            "(counted from 0)."
        )
    return lambda chosen: values[..., [names.index(n) for n in chosen]].astype("float64"), names
