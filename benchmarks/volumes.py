"""Volumes made by a script, and how well a model of them keeps to their spectrum.

    python benchmarks/volumes.py make volumes.npz
    python benchmarks/volumes.py make unseen.npz --indices 1.25 1.5 2 2.75 --seed 1
    KERAS_BACKEND=torch kerasgan train conditional_field_gan --data volumes.npz \
        --out runs/volumes --batch-size 32 data.dimensions=3 data.scaling=anomaly \
        networks.activation=none networks.periodic=true networks.width=4 fit.epochs=6 \
        model.discriminator_steps=3 optimizers.generator.learning_rate=5e-4 \
        optimizers.discriminator.learning_rate=5e-4
    python benchmarks/volumes.py score runs/volumes unseen.npz --sample volumes.png

They are no measurements: `make` draws periodic Gaussian random fields of 16 x 16 x 16 cells whose
power falls as k to the minus spectral index, their condition, with variance 1. `score` makes as
many volumes as the file has of each index and compares spectra, beside halves of the file's and
beside the same networks before training.
"""

import argparse
from pathlib import Path

import numpy as np
from results import record

INDICES = [1.0, 1.5, 2.0, 2.5, 3.0]


def gaussian(index, number, side, random):
    """Float32 `(number, side, side, side)`."""
    waves = np.fft.fftfreq(side, 1 / side)
    half = np.fft.rfftfreq(side, 1 / side)
    k = np.sqrt(sum(axis**2 for axis in np.meshgrid(waves, waves, half, indexing="ij")))
    amplitude = np.where(k > 0, np.maximum(k, 1.0) ** (-index / 2), 0.0)
    white = np.fft.rfftn(random.standard_normal((number, side, side, side)), axes=(1, 2, 3))
    fields = np.fft.irfftn(white * amplitude, axes=(1, 2, 3), s=(side,) * 3)
    return (fields / fields.std()).astype("float32")


def make(path, side, number, indices, seed):
    random = np.random.default_rng(seed)
    made = [gaussian(index, number, side, random) for index in indices]
    each = np.repeat(np.asarray(indices, "float64"), number)
    np.savez(path, fields=np.concatenate(made), index=each, variables=["density"])
    print(f"Wrote {len(each):,} volumes of {len(indices)} spectral indices to {path}")


def slope(fields):
    """The spectral index that a straight line through the spectrum has."""
    from kerasgan import metrics

    power = metrics.radial_spectrum(fields)[1:]
    return -np.polyfit(np.log(np.arange(1, len(power) + 1)), np.log(power), 1)[0]


def score(name, data, sample):
    from kerasgan import metrics, zoo
    from kerasgan.modalities import make_grid, write_image

    model, rows, shown = zoo.load(name), [], []
    untrained = type(model).from_config(model.get_config())
    with np.load(data) as file:
        real, each = file["fields"], file["index"]
    for index in np.unique(each):
        given, half = real[each == index], (each == index).sum() // 2
        made, before = (
            x.generate(len(given), seed=0, labels={"index": float(index)}, verbose=False)[..., 0]
            for x in (model, untrained)
        )
        distances = {
            "spectrum_distance": metrics.spectrum_distance(given, made),
            "spectrum_distance_of_real_halves": metrics.spectrum_distance(
                given[:half], given[half:]
            ),
            "spectrum_distance_of_untrained": metrics.spectrum_distance(given, before),
            "gradient_distance": metrics.gradient_distance(given, made),
            "index_found": slope(made),
            "index_found_of_real": slope(given),
        }
        row = {"model": Path(name).name, "index": index, "volumes": len(given)}
        rows.append(row | {key: round(float(value), 4) for key, value in distances.items()})
        # Every other slice of one volume of each.
        shown += [volume[0, ::2] for volume in (given, made)]
    record("volumes", rows, by=("model",))
    if sample:
        slices = np.concatenate(shown)[..., None]
        levels = np.uint8(np.clip(127.5 + 42.5 * slices, 0, 255)).repeat(4, 1).repeat(4, 2)
        write_image(sample, make_grid(levels, columns=len(shown[0])))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    commands = parser.add_subparsers(required=True, dest="command")
    command = commands.add_parser("make")
    command.add_argument("path", type=Path, help=".npz file to write")
    command.add_argument("--side", type=int, default=16)
    command.add_argument("--number", type=int, default=400, help="volumes an index")
    command.add_argument("--indices", type=float, nargs="+", default=INDICES)
    command.add_argument("--seed", type=int, default=0)
    command = commands.add_parser("score")
    command.add_argument("name", help="a run or an entry")
    command.add_argument("data", type=Path, help="what make wrote")
    command.add_argument("--sample", help="picture to write: slices, real and made in turns")
    options = vars(parser.parse_args())
    {"make": make, "score": score}[options.pop("command")](**options)


if __name__ == "__main__":
    main()
