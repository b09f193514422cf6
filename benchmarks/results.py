"""Rows that say where they were measured."""

import csv
import importlib.metadata
import os
import platform
from pathlib import Path

import keras

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
        "machine": f"{os.cpu_count()} CPU cores, {platform.machine()}",
    }


def record(name, rows, by=("backend",)):
    """Replace the rows of `results/<name>.csv` that equal these in `by`; print these."""
    path = Path(__file__).parent / "results" / f"{name}.csv"
    path.parent.mkdir(exist_ok=True)
    rows = [{**row, **here()} for row in rows]
    kept = []
    if path.exists():
        with open(path, newline="") as file:
            kept = [r for r in csv.DictReader(file) if any(r[c] != rows[0][c] for c in by)]
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows([*kept, *rows])
    for row in rows:
        print(", ".join(f"{key} {value}" for key, value in row.items()))
