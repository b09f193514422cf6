"""Fields on a grid as shuffled batches: a NumPy or NetCDF file, or arrays."""

import csv
import os
from pathlib import Path
from typing import Literal

import numpy as np

from kerasgan.datasets.batches import Batches, check_options, digest_of
from kerasgan.datasets.netcdf import SUFFIXES, place_of, read_netcdf
from kerasgan.datasets.sources import named_array, numpy_arrays, path_and_key
from kerasgan.modalities import Conditions, Fields

# What a file says of its fields, and what are no conditions.
BESIDE = ("variables", "units", "latitude")


class FieldDataset(Batches):
    """Batches of fields, float32 `(batch, *grid, variables)`; `load_fields` makes one.

    With labels, batches are tuples `(fields, labels)`, labels float32 `(batch, conditions)`.

    Args:
        source: The fields.
        fields: Their `kerasgan.modalities.Fields`.
        given: Dict from the names of conditions to their values `(n,)`, or None.
        **options: As in `Batches`.

    Attributes:
        conditions: `kerasgan.modalities.Conditions` of the labels, or None.
        epoch, num_images, shapes, modalities: As in `Batches`.
    """

    _what = "fields"

    def __init__(self, source, fields, given=None, **options):
        super().__init__(source, **options)
        self.fields, self.given = fields, given
        self.conditions = given and Conditions.of(given)
        self._labels = self.conditions and self.conditions.encode(given)

    @property
    def shapes(self):
        labels = {"labels": (self.conditions.dim,)} if self.given else {}
        return {"real": self.source.values.shape[1:]} | labels

    @property
    def modalities(self):
        return {"modality": self.fields} | ({"labels": self.conditions} if self.given else {})

    def fingerprint(self):
        labels = () if self._labels is None else (self._labels,)
        return digest_of(self.source.values, *labels).hex()

    def training_batch(self, items, mirrored, random):
        return self.plain_batch(items)

    def plain_batch(self, items):
        places, fields = zip(*items)
        fields = np.stack(fields)
        return fields if self._labels is None else (fields, self._labels[list(places)])


class _Fields:
    def __init__(self, values):
        self.values = values

    def __len__(self):
        return len(self.values)

    def __getitem__(self, index):
        return self.values[index]

    def name(self, index):
        return f"field {index}"

    raw = __getitem__


def load_fields(
    source: str | os.PathLike | np.ndarray | list,
    dimensions: int = 2,
    batch_size: int = 64,
    variables: list[str] | None = None,
    units: list[str] | None = None,
    latitude: list[float] | None = None,
    labels: bool | list[str] | str | os.PathLike | dict | None = None,
    scaling: Literal["range", "anomaly"] = "range",
    shuffle: bool = True,
    seed: int = 0,
    drop_remainder: bool = False,
) -> FieldDataset:
    """Fields of physical variables as batches that `FieldGAN` takes on every backend.

    Args:
        source: One of
            - an array, or a list of arrays of one grid: numbers `(n, *grid)`, of one variable, or
              `(n, *grid, variables)`; NaN where a cell is missing in every field.
            - a `.npy` file of such an array, or a `.npz` file: its array `fields`, or its only one
              of as many dimensions (`"sea.npz:temperature"` names one of several). What it holds
              beside is taken too: `variables` (else the array's own name) and `units`, texts,
              `latitude`, and conditions.
            - a NetCDF file (`.nc`), whose first dimension counts the fields: it has names, units
              and latitudes of its own.
        dimensions: Of the grid, 1 to 3.
        batch_size: Fields a batch.
        variables: Names of the variables; of a file that has names those to take, by default all.
        units: A unit for each of them, as in `K`, `m s-1`; by default as the file says.
        latitude: Degrees of the grid's rows, if it lies on a globe; by default as the file says.
        labels: What is known of each field: None for fields alone; True for every array `(n,)`
            beside them in the file, or a list of the names of some; the path of a CSV file with
            names and a row a field; or a dict from names to arrays `(n,)`. Numbers are taken as
            numbers, texts as classes.
        scaling: How networks see a variable: `"range"`, in [-1, 1], or `"anomaly"`, what is above
            the mean of its cell, with standard deviation 1. Of networks that end in tanh the first.
        shuffle: Draw a new order every epoch.
        seed: Integer, 0 or more, of the order.
        drop_remainder: Leave out the last batch of an epoch if it is smaller.

    Returns:
        A `FieldDataset`, which is a `keras.utils.PyDataset`; its `fields` is the modality.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: On grids of unequal size, on a variable of missing values only, on values that
            are missing here and there or infinite, on an unknown unit, on conditions that do not
            fit, or on an argument out of its range.
        ImportError: If a NetCDF file is to be read and xarray is missing.

    Example:

    ```python
    lattices = kerasgan.datasets.load_fields("ising.npz", labels=["temperature"])
    networks = kerasgan.networks.fields(lattices.shapes["real"], periodic=True, label_dim=1)
    ```
    """
    check_options(dimensions=dimensions, batch_size=batch_size, seed=seed)
    if dimensions > 3:
        raise ValueError(f"dimensions must be 1, 2 or 3. Received: dimensions={dimensions}")
    values, beside = _read(source, dimensions, variables)
    if variables is None:
        variables = beside.get("variables")
    if values.ndim == dimensions + 1:
        values = values[..., None]
    n, channels = len(values), values.shape[-1]
    names = [f"x{i}" for i in range(channels)] if variables is None else list(map(str, variables))
    units = beside.get("units") if units is None else units
    for argument, given in (("variables", names), ("units", units)):
        if given is not None and len(given) != channels:
            raise ValueError(
                f"{argument} must be one for each of {channels} variables. Received: "
                f"{', '.join(map(str, given))}"
            )
    latitude = beside.get("latitude") if latitude is None else latitude
    return FieldDataset(
        _Fields(values.astype("float32")),
        Fields.of(values, names, units, latitude, scaling),
        _conditions(labels, beside, n),
        batch_size=batch_size,
        shuffle=shuffle,
        seed=seed,
        drop_remainder=drop_remainder,
        workers=1,
    )


def _read(source, dimensions, variables):
    """Numbers `(n, *grid)` or `(n, *grid, variables)`, and what is known beside them by name."""
    ranks = (dimensions + 1, dimensions + 2)
    if not isinstance(source, (str, os.PathLike)):
        return _checked(_stacked(source), ranks, "the array"), {}
    path, key = path_and_key(source)
    if path.suffix.lower() in SUFFIXES and path.is_file():
        return read_netcdf(path, dimensions, variables)
    if not path.is_file():
        raise FileNotFoundError(
            f"{str(path)!r} is no file (looked from {Path.cwd()}). Fields are read from an .npz, "
            ".npy or .nc file."
        )
    if path.suffix not in (".npy", ".npz"):
        raise ValueError(f"Fields are read from an .npz, .npy or .nc file. Received: {path}")
    arrays = numpy_arrays(path)
    if key is None and "fields" in arrays:
        key = "fields"
    else:
        arrays, key = named_array(path, key, ranks, "fields")
    values = _checked(np.asarray(arrays.pop(key)), ranks, str(path))
    if values.ndim == ranks[0] and key not in (None, "fields"):
        arrays.setdefault("variables", np.array([key]))
    if variables is not None and "variables" in arrays and values.ndim == ranks[1]:
        known = arrays.pop("variables").astype(str).tolist()
        places = [place_of(name, known) for name in variables]
        values = values[..., places]
        if "units" in arrays:
            arrays["units"] = arrays["units"][places]
    return values, arrays


def _stacked(source):
    if hasattr(source, "shape"):
        return np.asarray(source)
    fields = [np.asarray(field) for field in source]
    for number, field in enumerate(fields):
        if field.shape != fields[0].shape:
            raise ValueError(
                f"Fields must be on grids of one size. Received: field {number} (counted from 0) "
                f"of shape {field.shape}, and those before of {fields[0].shape}"
            )
    return np.array(fields)


def _checked(values, ranks, origin):
    if values.ndim not in ranks or values.dtype.kind not in "fiu" or 0 in values.shape:
        grid = ("length", "height, width", "depth, height, width")[ranks[0] - 2]
        raise ValueError(
            f"{origin} must hold numbers (n, {grid}) or (n, {grid}, variables). Received: "
            f"{values.dtype}, shape {tuple(values.shape)}. Set dimensions if the grid has others."
        )
    return values


def _conditions(labels, beside, n):
    """Arrays `(n,)` by name, or None."""
    if labels is None or labels is False:
        return None
    known = {k: np.asarray(v) for k, v in beside.items() if k not in BESIDE}
    names = None if labels is True else labels
    if isinstance(labels, dict):
        known = {name: np.asarray(values) for name, values in labels.items()}
        names = [*known]
    elif isinstance(labels, (str, os.PathLike)):
        known = _of_csv(Path(labels).expanduser())
        names = [*known]
    found = {k: v for k, v in known.items() if v.shape == (n,)}
    names = [*found] if names is None else names
    wrong = next((name for name in names if name not in found), None)
    if wrong is not None or not names:
        told = ", ".join(f"{k} {v.shape}" for k, v in known.items()) or "none"
        raise ValueError(
            f"labels must name conditions of one value for each of {n} fields, arrays ({n},) "
            f"beside them in the file or columns of a CSV file. Known: {told}."
            + (f" Received: {wrong!r}" if wrong is not None else "")
        )
    return {name: found[name] for name in names}


def _of_csv(path):
    if not path.is_file():
        raise FileNotFoundError(
            f"{str(path)!r} is no file (looked from {Path.cwd()}). Expected a CSV file of "
            "conditions: names, and a row a field."
        )
    with open(path, newline="", encoding="utf-8-sig") as file:
        header, *rows = [row for row in csv.reader(file) if row] or [[]]
    short = next((i for i, row in enumerate(rows) if len(row) != len(header)), None)
    if short is not None:
        raise ValueError(
            f"{str(path)!r}, row {short} (counted from 0) has {len(rows[short])} values for "
            f"{len(header)} names."
        )
    columns = {}
    for name, column in zip(header, zip(*rows)):
        try:
            columns[name.strip()] = np.array(column, "float64")
        except ValueError:
            columns[name.strip()] = np.array([value.strip() for value in column])
    return columns
