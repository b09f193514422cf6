"""How good are rows of a table, and how fast does a model of them learn?

    python benchmarks/tables.py split adult.csv.gz adult
    kerasgan train tabular_gan --data adult/train.csv --out runs/adult
    kerasgan evaluate runs/adult --data adult/test.csv --training adult/train.csv --card
    KERAS_BACKEND=jax python benchmarks/tables.py speed adult/train.csv
    KERAS_BACKEND=jax python benchmarks/tables.py compare adult --epochs 200

`split` leaves a fifth of the rows, drawn by seed 0, to judge by. `speed` trains `TabularGAN` and
beside it the ctgan package (`pip install ctgan`; its licence, the Business Source License, permits
this use), each in a process of its own, in turns, on the same rows in batches of 500 and with
networks of the same widths; other work shares the machine, so rows a second are of processor time
too. An epoch comes before what is measured. Memory is the peak of the process. `compare` trains
both for as many epochs and judges as many rows of each as were trained on by `TableQuality`.
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


def kerasgan_model(frame, seed=0):
    import keras

    import kerasgan

    keras.utils.set_random_seed(seed)
    rows = kerasgan.datasets.load_table(frame, seed=seed)
    networks = kerasgan.networks.ctgan(rows.table.row_dim, rows.table.condition_dim)
    return kerasgan.models.TabularGAN(*networks, table=rows.table, seed=seed), rows


def kerasgan_fit(frame, epochs):
    model, rows = kerasgan_model(frame)
    model.fit(rows, epochs=1, verbose=0)

    def fit():
        model.fit(rows, epochs=epochs, verbose=0)
        return 0.0, 0.0

    return fit, len(rows) * 500


def discrete_columns(frame):
    from kerasgan.modalities import Table

    return [column.name for column in Table.of(frame).categories]


def ctgan_fit(frame, epochs):
    from ctgan import CTGAN

    discrete = discrete_columns(frame)
    # It fits the table anew in every `fit`: what an epoch takes is the difference of two.
    began = clock()
    CTGAN(epochs=1, enable_gpu=False).fit(frame, discrete)
    first = tuple(now - before for now, before in zip(clock(), began))
    model = CTGAN(epochs=1 + epochs, enable_gpu=False)
    return lambda: (model.fit(frame, discrete), first)[1], len(frame) // 500 * 500


FITS = {"kerasgan": kerasgan_fit, "ctgan": ctgan_fit}


def kerasgan_rows(frame, epochs, seed):
    model, rows = kerasgan_model(frame, seed)
    model.fit(rows, epochs=epochs, verbose=0)
    return lambda: model.generate(len(frame), seed=seed)


def ctgan_rows(frame, epochs, seed):
    from ctgan import CTGAN

    # It would encode the table in other processes, which no clock here counts.
    os.environ["LOKY_MAX_CPU_COUNT"] = "1"
    model = CTGAN(epochs=epochs, enable_gpu=False)
    model.set_random_state(seed)
    model.fit(frame, discrete_columns(frame))
    return lambda: model.sample(len(frame))


ROWS = {"kerasgan": kerasgan_rows, "ctgan": ctgan_rows}


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


def in_a_process(function, *args):
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as process:
        return process.submit(function, *args).result()


def made(name, frame, epochs, seed):
    began = clock()
    sample = ROWS[name](frame, epochs, seed)
    took = [(now - then) / 60 for now, then in zip(clock(), began)]
    return sample(), *took


def compare(folder, epochs, seed):
    from kerasgan.metrics import TableQuality
    from kerasgan.modalities import Table
    from kerasgan.modalities.frames import read_frame

    training, test = (read_frame(folder / f"{name}.csv") for name in ("train", "test"))
    table, rows = Table.of(training), []
    target = table.columns[-1].name
    for name in ROWS:
        synthetic, wall, processor = in_a_process(made, name, training, epochs, seed)
        quality = TableQuality(table, test, synthetic)
        shapes = quality.column_shapes(), quality.pair_shapes()
        columns, pairs = (float(np.nanmean([*found.values()])) for found in shapes)
        figures = {
            "f1": quality.usefulness(target),
            "f1_of_real_rows": quality.usefulness(target, training),
            "column_shapes": columns,
            "pair_shapes": pairs,
            **quality.nearness(training),
        }
        row = {"data": folder.name, "library": name, "target": target}
        row |= {key: round(value, 4) for key, value in figures.items()}
        row |= {"processor_minutes": round(processor, 1), "minutes": round(wall, 1)}
        rows.append(row | {"epochs": epochs, "rows": len(synthetic), "seed": seed})
    record("tables_compared", rows, by=("backend", "data", "epochs", "seed"))


def speed(path, epochs, rounds):
    found = {name: [] for name in FITS}
    for _ in range(rounds):
        for name in FITS:
            found[name].append(in_a_process(measured, name, path, epochs))
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
    command = commands.add_parser("compare")
    command.add_argument("folder", type=Path)
    command.add_argument("--epochs", type=int, default=200)
    command.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.command == "split":
        split(options.source, options.folder)
    elif options.command == "compare":
        compare(options.folder, options.epochs, options.seed)
    else:
        speed(options.data, options.epochs, options.rounds)


if __name__ == "__main__":
    main()
