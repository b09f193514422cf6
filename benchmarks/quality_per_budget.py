"""Which model makes the best faces of 64 pixels for so many minutes of a core?

    python benchmarks/quality_per_budget.py train fastgan --data CELEBA --out RUNS
    python benchmarks/quality_per_budget.py judge --data CELEBA --out RUNS \
        --features EFFICIENTNET.keras VGG16_POOLED.keras
    pip install matplotlib && python benchmarks/quality_per_budget.py draw

Every candidate trains on the same pictures, cropped alike, by its recipe below, for processor time
that is counted by the process itself; set OMP_NUM_THREADS=1 and a core is a core. After each of
the minutes an entry is kept, and a run that was stopped goes on from its last epoch by the same
command. Each is judged on as many samples by each network: Fréchet and kernel distance,
precision, recall, density and coverage to all pictures; `copied`, the share of samples that are
nearer to a training picture than all but 1 % of the pictures are to another one; `repeated`, that
of samples as near to another sample. A network that a loss looked through is marked as such, and
its figures say nothing. Two halves of the pictures are measured beside them, as the best there is.
"""

import argparse
import json
import time
from pathlib import Path

import keras
import numpy as np
from results import read, write

from kerasgan import metrics, recipes, zoo
from kerasgan.callbacks import NumericsGuard, TrainingState
from kerasgan.engine.data import named
from kerasgan.metrics.neighbours import nearest
from kerasgan.recipes import run
from kerasgan.zoo import evaluation
from kerasgan.zoo.entry import save_entry

LITE0 = ["block2_add", "block4_add", "block10_add", "block15_project_bn"]
AUGMENTED = {"augmentation": {"class_name": "DifferentiableAugmentation"}}
CANDIDATES = {
    "dcgan": {"model": {"name": "gan"} | AUGMENTED, "networks": {"builder": "dcgan", "width": 32}},
    "wgan_gp": {"model": {"name": "wgan_gp"}, "networks": {"builder": "dcgan", "width": 32}},
    "r3gan": {
        "model": {"name": "r3gan"} | AUGMENTED,
        "networks": {"builder": "dcgan", "width": 32},
    },
    "stylegan2": {
        "model": {"name": "stylegan2", "penalty_weight": 0.1} | AUGMENTED,
        "networks": {"width": 16, "max_width": 128, "style_dim": 128, "latent_dim": 128},
        "data": {"batch_size": 16},
    },
    "fastgan": {
        "model": {"name": "fastgan"} | AUGMENTED,
        "networks": {"width": 16, "discriminator_width": 16},
        "data": {"batch_size": 16},
    },
    "projected_gan": {
        "model": {"name": "projected_gan"} | AUGMENTED,
        "networks": {
            "feature_layers": LITE0,
            "enlargement": 2,
            "preprocessing": [0.99609375, 0.00390625],
            "width": 16,
            "projection_width": 16,
            "discriminator_width": 16,
        },
        "data": {"batch_size": 16},
    },
}
RESULTS = Path(__file__).parent / "results" / "quality_per_budget.csv"
KEY = ("candidate", "minutes", "network")


def recipe_of(name, features):
    """The whole recipe of a candidate; `features` is the file of Projected GAN's network."""
    told = CANDIDATES[name]
    data = {"image_shape": [64, 64, 3], "batch_size": 64, "crop": 76, "flip": True}
    told = told | {"seed": 0, "data": data | told.get("data", {})}
    told["model"] = told["model"] | {"ema_decay": 0.999}
    if name == "projected_gan":
        told["networks"] = told["networks"] | {"network": str(features)}
    return recipes.completed(told)


class Budget(keras.callbacks.Callback):
    """Counts processor time over resumed runs, and keeps an entry after each of the minutes."""

    def __init__(self, folder, minutes, first, keep):
        super().__init__()
        self.file, self.minutes, self.keep = folder / "spent.json", sorted(minutes), keep
        self.spent = json.loads(self.file.read_text()) if self.file.exists() else {"0": 0.0}
        self.seconds = self.spent[str(first)]

    def on_train_begin(self, logs=None):
        self.last = time.process_time()

    def on_train_batch_end(self, batch, logs=None):
        now = time.process_time()
        before, self.seconds = self.seconds, self.seconds + now - self.last
        for m in self.minutes:
            if before < 60 * m <= self.seconds:
                self.keep(m)
        if self.seconds >= 60 * self.minutes[-1]:
            self.model.stop_training = True
        self.last = time.process_time()  # what keeping took is not training

    def on_epoch_end(self, epoch, logs=None):
        # Before the state, so that no state is without it.
        self.spent[str(epoch + 1)] = self.seconds
        self.file.write_text(json.dumps(self.spent))


def train(args):
    folder = args.out / args.name
    folder.mkdir(parents=True, exist_ok=True)
    recipe = recipe_of(args.name, args.features)
    dataset = run.dataset_of(recipe, args.data)
    with run.precision(recipe):
        model = run.model_of(recipe, dataset)
        model.compile(**run.optimizers_of(recipe, model, 1))

        def keep(minutes):
            kept = run.in_float32(model, recipe, dataset)
            steps = int(model.optimizer.iterations)
            card = {"name": args.name, "training": {"steps": steps}}
            save_entry(kept, folder / f"at_{minutes:g}", card, recipe)

        state = TrainingState(folder / "state.weights.h5", len(dataset))
        dataset.epoch = first = state.restore(model)
        budget = Budget(folder, args.minutes, first, keep)
        callbacks = [NumericsGuard(), budget, state]
        model.fit(dataset, epochs=10**6, initial_epoch=first, verbose=2, callbacks=callbacks)


def figures(network, real, made, limit):
    """The row of samples' features beside those of real pictures."""
    row = {}
    size = min(1000, len(made), len(real))
    for measure in (
        metrics.FrechetInceptionDistance(network),
        metrics.KernelInceptionDistance(network, subset_size=size),
        metrics.PrecisionRecall(network),
        metrics.DensityCoverage(network),
    ):
        measure.update_state(real[: len(made)], made)
        found = measure.result()
        row |= found if isinstance(found, dict) else {measure.name: found}
    row["copied"] = (nearest(made, real, 1)[0][:, 0] < limit).mean()
    row["repeated"] = (nearest(made, made, 2)[0][:, 1] < limit).mean()
    return {key: f"{float(value):.4g}" for key, value in row.items()}


def judge(args):
    recipe = recipe_of("dcgan", None)
    recipe["data"] |= {"flip": False, "shuffle": False}
    dataset = run.dataset_of(recipe, args.data)
    real = np.concatenate([named(dataset[i], ("real",))["real"] for i in range(len(dataset))])
    real = real[np.random.default_rng(0).permutation(len(real))[: args.pictures]]
    for file in args.features:
        network = evaluation.feature_network(file)
        extract = metrics.FeatureNetwork(network)
        seen = extract(real)
        limit = np.quantile(nearest(seen, seen, 2)[0][:, 1], 0.01)
        n = min(args.n, len(real) // 2)
        told = {"network": Path(file).stem, "samples": n}
        row = {"candidate": "real", "minutes": 0, "steps": 0, "trained_on": False}
        write(RESULTS, KEY, row | told | figures(network, seen[n:], seen[:n], limit))
        kept = [(str(x), x.parent.name, x.name[3:]) for x in sorted(args.out.glob("*/at_*"))]
        kept += [(x, x, f"{zoo.info(x)['training']['minutes']:g}") for x in args.entries]
        for entry, candidate, minutes in kept:
            row = {"candidate": candidate, "minutes": minutes} | told
            if tuple(str(row[key]) for key in KEY) in read(RESULTS, KEY):
                continue
            model = zoo.load(entry)
            row["steps"] = zoo.info(entry)["training"]["steps"]
            row["trained_on"] = Path(file).stem in evaluation.pleased(model)
            made = extract(model.generate(n, seed=0))
            write(RESULTS, KEY, row | figures(network, seen, made, limit))
            print(row, flush=True)


def draw(args):
    import matplotlib.pyplot as plt  # a benchmark's alone

    rows = [r for r in read(RESULTS, KEY).values() if r["trained_on"] == "False"]
    networks = sorted({r["network"] for r in rows})
    shown = ("frechet_distance", "recall")
    _, axes = plt.subplots(len(shown), len(networks), squeeze=False, figsize=(5 * len(networks), 7))
    for axis, figure, network in (
        (axes[i][j], f, n) for i, f in enumerate(shown) for j, n in enumerate(networks)
    ):
        for name in CANDIDATES:
            of = [r for r in rows if (r["candidate"], r["network"]) == (name, network)]
            of.sort(key=lambda r: float(r["minutes"]))
            axis.plot(
                [float(r["minutes"]) for r in of], [float(r[figure]) for r in of], "o-", label=name
            )
        axis.set(title=network, xlabel="minutes of one core", ylabel=figure.replace("_", " "))
    axes[0][0].legend()
    plt.tight_layout()
    plt.savefig(RESULTS.with_suffix(".png"), dpi=80)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("train")
    one.add_argument("name", choices=CANDIDATES)
    one.add_argument("--minutes", type=float, nargs="+", default=[5, 10])
    one.add_argument("--features", help="EfficientNet-Lite0 as a .keras file, for projected_gan")
    one.set_defaults(call=train)
    two = commands.add_parser("judge")
    two.add_argument("--features", nargs="+", required=True)
    two.add_argument("-n", type=int, default=5000)
    two.add_argument("--pictures", type=int, help="how many to compare with (default: all)")
    two.add_argument("--entries", nargs="*", default=[], help="of the zoo, beside the candidates")
    two.set_defaults(call=judge)
    for command in (one, two):
        command.add_argument("--data", required=True)
        command.add_argument("--out", type=Path, required=True)
    commands.add_parser("draw").set_defaults(call=draw)
    args = parser.parse_args()
    args.call(args)


if __name__ == "__main__":
    main()
