"""Rows that say where they were measured."""

import csv
import importlib.metadata
import platform
import statistics
from pathlib import Path

import keras

from kerasgan.recipes.environment import hardware

PACKAGES = {"tensorflow": ("tensorflow", "tensorflow-cpu"), "jax": ("jax",), "torch": ("torch",)}


def here():
    """Backend, versions and machine, as columns."""
    backend = keras.backend.backend()
    for package in PACKAGES[backend]:
        try:
            version = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "backend": backend,
        "version": version,
        "keras": keras.__version__,
        "python": platform.python_version(),
        "machine": hardware(),
    }


def record(name, rows, by=("backend",)):
    """Replace the rows of `results/<name>.csv` that equal these in `by`; print these."""
    path = Path(__file__).parent / "results" / f"{name}.csv"
    path.parent.mkdir(exist_ok=True)
    rows = [{**row, **here()} for row in rows]
    kept = []
    if path.exists():
        with open(path, newline="") as file:
            kept = [r for r in csv.DictReader(file) if any(r[c] != str(rows[0][c]) for c in by)]
    _write(path, [*kept, *rows])
    for row in rows:
        print(", ".join(f"{key} {value}" for key, value in row.items()))


def resident(name):
    """A line of `/proc/self/status` in KiB: `VmRSS` now, or its peak `VmHWM`."""
    (line,) = (x for x in Path("/proc/self/status").read_text().splitlines() if name in x)
    return int(line.split()[1])


def spread(ratios):
    """Median, least and greatest ratio of the rounds, as columns."""
    return {
        "ratio_median": round(statistics.median(ratios), 3),
        "ratio_min": round(min(ratios), 3),
        "ratio_max": round(max(ratios), 3),
    }


def read(path, key):
    """Dict from a row's values in the columns `key` to the row, of a file that may not exist."""
    if not path.exists():
        return {}
    with open(path, newline="") as file:
        return {tuple(row[column] for column in key): row for row in csv.DictReader(file)}


def write(path, key, row):
    """Add a row, or replace the one of the same key, at once: a long benchmark may be stopped."""
    row = {name: str(value) for name, value in row.items()}
    rows = read(path, key) | {tuple(row[column] for column in key): row}
    _write(path, rows.values())


def _write(path, rows):
    # Rows of another measurement may have other columns.
    columns = dict.fromkeys(column for row in reversed([*rows]) for column in row)
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, list(columns))
        writer.writeheader()
        writer.writerows(rows)
