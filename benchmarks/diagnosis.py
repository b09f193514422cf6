"""Does `kerasgan diagnose` find what ails a run, and nothing in a healthy one?

    KERAS_BACKEND=jax python benchmarks/diagnosis.py --seeds 10
    KERAS_BACKEND=jax python benchmarks/diagnosis.py --tasks mixture --only one_mode momentum

Each case makes one illness on purpose, or none. `mixture` is 8 normal distributions of
deviation 0.1 on a circle of radius 1; `fashion_mnist` is Fashion-MNIST at 16 pixels. Rows that
are in `results/diagnosis.csv` are not run again. With JAX_COMPILATION_CACHE_DIR and
JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS=0 set, a case is compiled once for all its seeds.

That a run is ill is not taken from its making. 1,000 samples of the generator that trained are
looked at: how many of the kinds of the data (modes, or classes of the nearest training image)
have at least 2% of them, and what share lies near the data: no further from its nearest training
sample than 95% of held-out samples do. A collapsed run has half of the kinds or fewer; one
that a discriminator has won, that stalled, oscillates or has too high a rate has those, or less
than half of a healthy share near the data, or no finite samples; in an overfitted one the
discriminator in inference ranks training samples above held-out ones in 60% of pairs or more.
Images outside the range are so by their making. A run that is not what it was made to be counts
in no row of the table; those are listed below it.
"""

import argparse
import gzip
import tempfile
import time
from collections import Counter
from pathlib import Path

import keras
import numpy as np
from results import here, read, write

import kerasgan
from kerasgan import models
from kerasgan.callbacks import Diagnosis
from kerasgan.diagnosis import diagnose

RESULTS = Path(__file__).parent / "results" / "diagnosis.csv"
DATA = Path(__file__).parents[2] / "shared" / "data" / "fashion_mnist"
KEY = ("task", "case", "seed", "backend")
HEALTHY = "healthy"
COLLAPSE, WON, STALLED = "mode collapse", "the discriminator has won", "the generator has stalled"
OSCILLATION, OVERFITTING = "oscillation", "overfitting"
TOO_HIGH, OUTSIDE = "learning rate too high", "images outside the range"
# A case: what ails it, and how it departs from a GAN whose players learn at the task's rate.
CASES = {
    "gan": (HEALTHY, {}),
    "lsgan": (HEALTHY, {"model": models.LSGAN}),
    "r3gan": (HEALTHY, {"model": models.R3GAN, "penalty": True}),
    "wgan_gp": (HEALTHY, {"model": models.WGANGP, "penalty": True}),
    "one_mode": (COLLAPSE, {"one_mode": True}),
    "fast_generator": (COLLAPSE, {"rates": (0.05, 15.0)}),
    "fast_discriminator": (WON, {"rates": (1.0, 0.01)}),
    "slow_generator": (STALLED, {"rates": (1.0, 5e-5)}),
    "momentum": (OSCILLATION, {"rates": (5.0, 5.0), "beta_1": 0.9}),
    "no_penalty": (OSCILLATION, {"options": {"adversarial_loss": "wasserstein"}}),
    "few_samples": (OVERFITTING, {"few": True}),
    "rates_50_times": (TOO_HIGH, {"rates": (50.0, 50.0)}),
    "unit_range": (OUTSIDE, {"offset": 0.5}),
    "no_tanh": (OUTSIDE, {"tanh": False}),
}
FOR_IMAGES = ("unit_range", "no_tanh")


class Mixture:
    """8 normal distributions in the plane."""

    epochs, steps, batch_size, rate, penalty = 15, 80, 64, 2e-3, 0.1
    few, mode, latent_dim = 16, 500, 8
    # The share near the data that a run has to have.
    near = 0.4

    def __init__(self):
        angles = np.arange(8) * np.pi / 4
        self.means = np.stack([np.cos(angles), np.sin(angles)], 1).astype("float32")

    def data(self, random, n):
        kinds = random.integers(8, size=n)
        return self.means[kinds] + 0.1 * random.standard_normal((n, 2), "float32"), kinds

    def networks(self, **options):
        options.pop("discriminator_normalization", None)
        return kerasgan.networks.mlp((2,), self.latent_dim, width=64, **options)


class FashionMNIST:
    """Fashion-MNIST at 16 pixels."""

    epochs, steps, batch_size, rate, penalty = 12, 40, 64, 1e-3, 1.0
    few, mode, latent_dim = 100, 20, 32
    near = 0.2

    def __init__(self, folder):
        self.images, self.labels = (
            np.frombuffer(gzip.decompress((folder / name).read_bytes()), "uint8", offset=offset)
            for name, offset in (
                ("train-images-idx3-ubyte.gz", 16),
                ("train-labels-idx1-ubyte.gz", 8),
            )
        )
        self.images = self.images.reshape(-1, 28, 28)

    def data(self, random, n):
        chosen = random.choice(len(self.images), n, replace=False)
        # 28 pixels and a border of 2, halved.
        images = np.pad(self.images[chosen], ((0, 0), (2, 2), (2, 2))).astype("float32")
        images = images.reshape(-1, 16, 2, 16, 2).mean((2, 4))[..., None]
        return images / 127.5 - 1.0, self.labels[chosen]

    def networks(self, tanh=True, **options):
        shape = (16, 16, 1)
        generator, discriminator = kerasgan.networks.dcgan(
            shape, self.latent_dim, width=16, kernel_size=4, **options
        )
        if not tanh:
            generator = keras.Model(generator.inputs, generator.layers[-2].output)
        return generator, discriminator


def build(case, task, seed):
    keras.utils.set_random_seed(seed)
    cls = case.get("model", models.GAN)
    network = dict(cls.network_options)
    if "tanh" in case:
        network["tanh"] = case["tanh"]
    options = dict(case.get("options", {}))
    if options:
        # A critic takes no batch normalisation.
        network["discriminator_normalization"] = None
    if "penalty" in case:
        options["penalty_weight"] = task.penalty
    model = cls(*task.networks(**network), seed=seed, **options)
    beta_1 = case.get("beta_1", 0.5)
    model.compile(
        **{
            f"{player}_optimizer": keras.optimizers.Adam(factor * task.rate, beta_1=beta_1)
            for player, factor in zip(model.players, case.get("rates", (1.0, 1.0)))
        }
    )
    return model


def measure(case, task, seed, folder):
    random = np.random.default_rng(seed)
    needed = task.steps * task.batch_size
    held_out, _ = task.data(random, 500)
    images, kinds = task.data(random, max(needed, 2000))
    whole = len(np.unique(kinds))
    real = images = images if "few" not in case else images[: task.few]
    if "one_mode" in case:
        images = images[_nearest(images, images[:1])[0].argsort()[: task.mode]]
    offset = case.get("offset")
    if offset is not None:
        real, images, held_out = (0.5 * x + offset for x in (real, images, held_out))
    model = build(case, task, seed)
    folder.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()
    model.fit(
        images[np.arange(needed) % len(images)],
        epochs=task.epochs,
        batch_size=task.batch_size,
        verbose=0,
        callbacks=[
            Diagnosis(real[:2000], held_out),
            keras.callbacks.CSVLogger(folder / "log.csv"),
        ],
    )
    seconds = time.perf_counter() - start
    latents = random.standard_normal((1000, task.latent_dim), "float32")
    samples = model.generator.predict(latents, verbose=0)
    found = diagnose(folder)
    return {
        **judged(samples, real[:2000], kinds, held_out, whole),
        "memorised": round(memorised(model, real[:500], held_out), 3),
        "found": "; ".join(finding.illness for finding in found),
        "seconds": round(seconds, 1),
    }


def judged(samples, real, kinds, held_out, whole):
    """Kinds that the samples have, of how many, and the share of samples near the data."""
    if not np.isfinite(samples).all():
        return {"kinds": 0, "of": whole, "near": 0.0}
    nearest, place = _nearest(samples, real)
    limit = np.quantile(_nearest(held_out, real)[0], 0.95)
    near = nearest <= limit
    counts = np.bincount(kinds[place], minlength=whole)
    return {
        "kinds": int((counts >= 0.02 * len(samples)).sum()),
        "of": whole,
        "near": round(float(near.mean()), 3),
    }


def _nearest(samples, real):
    a, b = (x.reshape(len(x), -1).astype("float64") for x in (samples, real))
    squares = (a**2).sum(1)[:, None] + (b**2).sum(1) - 2.0 * a @ b.T
    return np.sqrt(np.maximum(squares.min(1), 0.0)), squares.argmin(1)


def memorised(model, real, held_out):
    """How often a training sample is ranked above a held-out one, in inference."""
    network = getattr(model, model.players[0])
    above, below = (network.predict(x, verbose=0).ravel() for x in (real, held_out))
    return float(np.mean(np.sign(above[:, None] - below)) / 2 + 0.5)


def is_what_it_was_made_to_be(row, task):
    """Whether a run has the illness of its case, or is healthy."""
    illness = CASES[row["case"]][0]
    collapsed = int(row["kinds"]) <= int(row["of"]) / 2
    bad = collapsed or float(row["near"]) < task.near
    if illness == COLLAPSE:
        return collapsed
    if illness == OVERFITTING:
        return float(row["memorised"]) >= 0.6
    return True if illness == OUTSIDE else bad == (illness != HEALTHY)


def table(rows, tasks):
    """The confusion table: how many runs of an illness had each finding."""
    illnesses = list(dict.fromkeys(illness for illness, _ in CASES.values()))
    lines = [
        f"| made | runs | {' | '.join(illnesses[1:])} | none |",
        "|---" * (len(illnesses) + 2) + "|",
    ]
    counts = {illness: Counter() for illness in illnesses}
    others = []
    for row in rows:
        illness = CASES[row["case"]][0]
        found = row["found"].split("; ") if row["found"] else ["none"]
        if is_what_it_was_made_to_be(row, tasks[row["task"]]):
            counts[illness].update(["runs", *found])
        else:
            others.append(f"{row['task']} {row['case']} {row['seed']} ({', '.join(found)})")
    for illness, count in counts.items():
        cells = (str(count[column] or "") for column in ("runs", *illnesses[1:], "none"))
        lines.append(f"| {illness} | {' | '.join(cells)} |")
    if others:
        lines += ["", f"Not what they were made to be: {', '.join(others)}."]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tasks", nargs="+", default=["mixture", "fashion_mnist"])
    parser.add_argument("--only", nargs="+", default=list(CASES), choices=CASES, metavar="CASE")
    parser.add_argument("--seeds", type=int, default=10, help="runs of each case")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of Fashion-MNIST's .gz")
    parser.add_argument("--logs", type=Path, help="folder to keep the runs' logs in")
    parser.add_argument("--again", action="store_true", help="also what is in the results")
    options = parser.parse_args()
    makers = {"mixture": Mixture, "fashion_mnist": lambda: FashionMNIST(options.data)}
    tasks = {name: makers[name]() for name in options.tasks}
    rows = []
    with tempfile.TemporaryDirectory() as temporary:
        logs = options.logs or Path(temporary)
        for seed in range(options.seeds):
            for name, task in tasks.items():
                for case in options.only:
                    if case in FOR_IMAGES and name == "mixture":
                        continue
                    run = {"task": name, "case": case, "seed": seed}
                    key = tuple(str((run | here())[k]) for k in KEY)
                    if options.again or key not in read(RESULTS, KEY):
                        folder = logs / f"{name}_{case}_{seed}"
                        write(
                            RESULTS, KEY, run | measure(CASES[case][1], task, seed, folder) | here()
                        )
                    rows.append(read(RESULTS, KEY)[key])
                    print(", ".join(f"{k} {v}" for k, v in rows[-1].items()), flush=True)
    print(table(rows, tasks))


if __name__ == "__main__":
    main()
