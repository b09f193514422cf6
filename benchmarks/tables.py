"""How good are rows of a table, and how fast does a model of them learn?

    python benchmarks/tables.py split adult.csv.gz adult
    kerasgan train tabular_gan --data adult/train.csv --out runs/adult
    kerasgan evaluate runs/adult --data adult/test.csv --training adult/train.csv --card
    KERAS_BACKEND=jax python benchmarks/tables.py speed adult/train.csv

`split` leaves a fifth of the rows, drawn by seed 0, to judge by. `speed` trains `TabularGAN` and
beside it the ctgan package (`pip install ctgan`; its licence, the Business Source License, permits
this use), each in a process of its own, in turns, on the same rows in batches of 500 and with
networks of the same widths; other work shares the machine, so rows a second are of processor time
too. An epoch comes before what is measured. Memory is the peak of the process.
"""

import argparse
import multiprocessing
import os
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from results import record, resident


def split(source, folder):
    from kerasgan.modalities.frames import read_frame

    frame = read_frame(source)
    order, n = np.random.default_rng(0).permutation(len(frame)), len(frame) // 5
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in (("test", order[:n]), ("train", order[n:])):
        frame.iloc[np.sort(rows)].to_csv(folder / f"{name}.csv", index=False)
        print(f"{folder / name}.csv: {len(rows):,} rows")


def kerasgan_fit(frame, epochs):
    import kerasgan

    rows = kerasgan.datasets.load_table(frame)
    networks = kerasgan.networks.ctgan(rows.table.row_dim, rows.table.condition_dim)
    model = kerasgan.models.TabularGAN(*networks, table=rows.table, seed=0)
    model.fit(rows, epochs=1, verbose=0)

    def fit():
        model.fit(rows, epochs=epochs, verbose=0)
        return 0.0, 0.0

    return fit, len(rows) * 500


def ctgan_fit(frame, epochs):
    from ctgan import CTGAN

    from kerasgan.modalities import Table

    discrete = [column.name for column in Table.of(frame).categories]
    # It fits the table anew in every `fit`: what an epoch takes is the difference of two.
    began = clock()
    CTGAN(epochs=1, enable_gpu=False).fit(frame, discrete)
    first = tuple(now - before for now, before in zip(clock(), began))
    model = CTGAN(epochs=1 + epochs, enable_gpu=False)
    return lambda: (model.fit(frame, discrete), first)[1], len(frame) // 500 * 500


FITS = {"kerasgan": kerasgan_fit, "ctgan": ctgan_fit}


def clock():
    return time.perf_counter(), time.process_time()


def measured(name, path, epochs):
    from kerasgan.modalities.frames import read_frame

    fit, rows = FITS[name](read_frame(path), epochs)
    began = clock()
    less = fit()
    wall, processor = (now - then - off for now, then, off in zip(clock(), began, less))
    total = rows * epochs
    return total / wall, total / processor, resident("VmHWM") / 1024


def speed(path, epochs, rounds):
    context = multiprocessing.get_context("spawn")
    found = {name: [] for name in FITS}
    for _ in range(rounds):
        for name in FITS:
            with ProcessPoolExecutor(1, mp_context=context) as process:
                found[name].append(process.submit(measured, name, path, epochs).result())
    rows = []
    for name, values in found.items():
        wall, processor, memory = (statistics.median(column) for column in zip(*values))
        rows.append(
            {
                "data": path.parent.name,
                "library": name,
                "rows_a_second": round(wall),
                "rows_a_processor_second": round(processor),
                "peak_mib": round(memory),
                "epochs": epochs,
                "rounds": rounds,
                "load": round(os.getloadavg()[0], 1),
            }
        )
    record("tables", rows, by=("backend", "data"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    commands = parser.add_subparsers(required=True, dest="command")
    command = commands.add_parser("split")
    command.add_argument("source", type=Path)
    command.add_argument("folder", type=Path)
    command = commands.add_parser("speed")
    command.add_argument("data", type=Path)
    command.add_argument("--epochs", type=int, default=3)
    command.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if options.command == "split":
        split(options.source, options.folder)
    else:
        speed(options.data, options.epochs, options.rounds)


if __name__ == "__main__":
    main()
