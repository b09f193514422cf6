"""Lattices of the Ising model, and how well a model of them keeps to its physics.

    python benchmarks/ising.py make ising.npz --side 16 --number 1000
    python benchmarks/ising.py make unseen.npz --temperatures 1.75 2.05 2.27 2.45 2.95
    kerasgan train conditional_field_gan --data ising.npz networks.periodic=true
    python benchmarks/ising.py score runs/conditional_field_gan unseen.npz

`make` runs a chain of its own for every lattice, all of one sign at first, by a heat bath that
updates one colour of the checkerboard at a time. `score` makes as many lattices as the file has at
each temperature and compares what is measured of both.
"""

import argparse
from pathlib import Path

import numpy as np
from results import record

TEMPERATURES = [round(1.5 + 0.1 * i, 1) for i in range(21)]


def lattices(temperature, number, side, sweeps, seed=0):
    """Independent lattices of one temperature: int8 `(number, side, side)` of -1 and 1."""
    random = np.random.default_rng(seed)
    rows = (np.arange(side) % 2 == 0)[:, None, None]
    # Chains lie side by side in memory: a shift of the lattice copies whole rows of them.
    colours = [np.ones((side, side // 2, number), "int8")] * 2
    # How likely a spin is up beside neighbours of sum -4, -2, …, 4.
    up = 1.0 / (1.0 + np.exp(-2.0 * np.arange(-4, 5, 2) / temperature))
    up = up.astype("float32")
    for _ in range(sweeps):
        for own, even in ((0, rows), (1, ~rows)):
            other = colours[1 - own]
            beside = np.where(even, np.roll(other, 1, 1), np.roll(other, -1, 1))
            field = other + beside + np.roll(other, 1, 0) + np.roll(other, -1, 0)
            drawn = random.random(field.shape, "float32") < up.take((field + 4) // 2)
            colours[own] = 2 * drawn.astype("int8") - 1
    found = np.empty((number, side, side), "int8")
    for i in range(side):
        for own in (0, 1):
            found[:, i, (i + own) % 2 :: 2] = colours[own][i].T
    # Either sign is as likely: a chain below the critical temperature keeps its own.
    return found * random.choice(np.array([-1, 1], "int8"), (number, 1, 1))


def onsager_energy(temperature):
    """The energy a site of the infinite lattice (Onsager 1944)."""
    x = 2.0 / temperature
    modulus = 2.0 * np.sinh(x) / np.cosh(x) ** 2
    # The complete elliptic integral of the first kind, by the mean that Gauss found.
    a, b = 1.0, np.sqrt(1.0 - modulus**2)
    while abs(a - b) > 1e-15:
        a, b = (a + b) / 2.0, np.sqrt(a * b)
    integral = np.pi / (2.0 * a)
    return -(1.0 + 2.0 / np.pi * (2.0 * np.tanh(x) ** 2 - 1.0) * integral) / np.tanh(x)


def yang_magnetisation(temperature):
    """The spontaneous magnetisation of the infinite lattice (Yang 1952)."""
    return max(0.0, 1.0 - np.sinh(2.0 / temperature) ** -4.0) ** 0.125


def make(path, side, number, temperatures, sweeps, seed):
    if side % 2:
        raise SystemExit(f"--side must be even, for a checkerboard. Received: {side}")
    made = [lattices(t, number, side, sweeps, [seed, i]) for i, t in enumerate(temperatures)]
    each = np.repeat(np.asarray(temperatures, "float64"), number)
    np.savez_compressed(path, fields=np.concatenate(made), temperature=each, variables=["spin"])
    print(f"Wrote {len(each):,} lattices of {len(temperatures)} temperatures to {path}")


def measured(spins, temperature):
    from kerasgan import metrics

    found = np.abs(metrics.magnetisation(spins))
    return {
        "magnetisation": found.mean(),
        "energy": metrics.ising_energy(spins).mean(),
        "susceptibility": metrics.susceptibility(spins, temperature),
        "correlation_length": metrics.correlation_length(spins),
    }


def score(name, data):
    from kerasgan import zoo

    model, rows = zoo.load(name), []
    with np.load(data) as file:
        real, each = file["fields"], file["temperature"]
    for temperature in np.unique(each):
        given = real[each == temperature]
        made = model.generate(
            len(given), seed=0, labels={"temperature": temperature}, batch_size=500, verbose=False
        )
        row = {
            "model": Path(name).name,
            "data": Path(data).stem,
            "temperature": temperature.round(4),
        }
        expected = measured(given, temperature)
        for key, value in measured(made, temperature).items():
            row |= {key: round(value, 4), f"{key}_of_monte_carlo": round(expected[key], 4)}
        row["lattices"] = len(given)
        rows.append(row)
    record("ising", rows, by=("model", "data"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    commands = parser.add_subparsers(required=True, dest="command")
    command = commands.add_parser("make")
    command.add_argument("path", type=Path, help=".npz file to write")
    command.add_argument("--side", type=int, default=16)
    command.add_argument("--number", type=int, default=1000, help="lattices a temperature")
    command.add_argument("--temperatures", type=float, nargs="+", default=TEMPERATURES)
    command.add_argument("--sweeps", type=int, default=2000)
    command.add_argument("--seed", type=int, default=0)
    command = commands.add_parser("score")
    command.add_argument("name", help="a run or an entry")
    command.add_argument("data", type=Path, help="what make wrote")
    options = vars(parser.parse_args())
    {"make": make, "score": score}[options.pop("command")](**options)


if __name__ == "__main__":
    main()
