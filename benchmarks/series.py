"""How good are series that a model makes?

    python benchmarks/series.py sines sines.npy
    kerasgan train series_gan --data sines.npy --out runs/sines networks.width=128 --epochs 250
    python benchmarks/series.py score runs/sines sines.npy --repeats 3

`sines` writes the sines of Yoon et al. 2019: 10,000 series of 24 steps and 5 variables, frequencies
and phases drawn from [0, 0.1], in [0, 1]. `score` makes as many series as there are windows in the
data, once for each repeat, and judges them by the paper's protocol with classifiers and predictors
of another seed each. Published for TimeGAN, length 24, discriminative and predictive: sines 0.011
and 0.093, stocks 0.102 and 0.038; real stocks have a predictive score of 0.036.
"""

import argparse
import statistics
from pathlib import Path

import numpy as np
from results import record


def sines(path, n=10_000, length=24, variables=5):
    random = np.random.default_rng(0)
    frequencies, phases = random.uniform(0, 0.1, (2, n, 1, variables))
    waves = np.sin(frequencies * np.arange(length)[:, None] + phases)
    np.save(path, ((waves + 1) / 2).astype("float32"))


def score(name, data, repeats):
    from kerasgan import datasets, zoo
    from kerasgan.metrics import SeriesQuality

    model, found = zoo.load(name), []
    windows = datasets.load_series(data, length=model.sample_shape[0]).source
    real = np.stack([windows[i] for i in range(len(windows))])
    for seed in range(repeats):
        made = model.generate(len(real), seed=seed, batch_size=512, verbose=False)
        quality = SeriesQuality(model.modality, real, made)
        figures = {
            "discriminative_score": quality.discriminative_score(seed),
            "predictive_score": quality.predictive_score(seed),
            "predictive_score_of_real_series": quality.predictive_score(seed, of_real=True),
            **quality.differences(),
        }
        found.append(figures)
        print(figures, flush=True)
    card = zoo.info(name)
    row = {
        "data": Path(data).name.split(".")[0],
        "model": card["model"],
        "steps": card["training"]["steps"],
        "minutes": card["training"]["minutes"],
        "repeats": repeats,
    }
    for key in found[0]:
        values = [figures[key] for figures in found]
        row |= {key: round(statistics.mean(values), 4)}
        row |= {f"{key}_deviation": round(statistics.pstdev(values), 4)}
    record("series", [row], by=("data", "model"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    commands = parser.add_subparsers(required=True, dest="command")
    command = commands.add_parser("sines")
    command.add_argument("path", type=Path)
    command = commands.add_parser("score")
    command.add_argument("name", help="a run or an entry")
    command.add_argument("data", type=Path)
    command.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    if options.command == "sines":
        sines(options.path)
    else:
        score(options.name, options.data, options.repeats)


if __name__ == "__main__":
    main()
