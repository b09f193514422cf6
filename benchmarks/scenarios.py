"""Years of temperature under two scenarios, beside those of the climate model, unseen by training.

    python benchmarks/scenarios.py split climate.npz -o FOLDER
    kerasgan train conditional_field_gan --data FOLDER/train.npz --out RUN data.scaling=anomaly \
        networks.activation=none networks.width=16
    python benchmarks/scenarios.py score RUN FOLDER --card

HadCM3's yearly means over North America, 1860 to 2099, under A1B and E1, which part in 2000. Six
decades of each are left out of training. `score` makes `--each` fields of every year of them and
compares decades: the warming from the 2030s to the 2070s, the maps of means, and of what is left
of each year beside its decade's mean the deviation, the 95th percentile, and how much of its
variance the three leading patterns (EOFs) of the generated, or of the training years, explain.
`of_training` is the same of the nearest decades that were trained on.
"""

import argparse
from pathlib import Path

import numpy as np
from results import record

SCENARIOS, FIRST = ("A1B", "E1"), 1860
HELD_OUT = (1870, 1910, 1950, 1990, 2030, 2070)


def split(options):
    with np.load(options.data) as file:
        fields = np.concatenate([file[f"na_{name}"] for name in SCENARIOS])
        latitude = file["na_A1B_latitude"]
    years = np.tile(np.arange(FIRST, FIRST + len(fields) // 2), 2)
    # In parts of a century, so that conditions are of one size.
    given = {"century": (years - 2000) / 100, "a1b": np.repeat([1.0, 0.0], len(years) // 2)}
    held_out = np.isin(years // 10 * 10, HELD_OUT)
    options.out.mkdir(parents=True, exist_ok=True)
    for name, chosen in (("train", ~held_out), ("test", held_out)):
        beside = {"variables": ["temperature"], "units": ["K"], "latitude": latitude}
        conditions = {key: values[chosen].astype("float32") for key, values in given.items()}
        np.savez(options.out / name, fields=fields[chosen], **beside, **conditions)
        print(f"Wrote {chosen.sum()} fields to {options.out / name}.npz")


class Decades:
    """Fields by scenario and decade, `(fields, height, width)`, and what is measured of them."""

    def __init__(self, fields, century, a1b):
        decade = np.rint(2000 + 100 * century).astype(int) // 10 * 10
        keys = list(zip(a1b.astype(int).tolist(), decade.tolist()))
        self.of = {
            key: fields[[own == key for own in keys]].astype("float64")
            for key in dict.fromkeys(keys)
        }
        self.means = {key: own.mean(axis=0) for key, own in self.of.items()}
        self.left = np.concatenate([own - self.means[key] for key, own in self.of.items()])

    def warming(self, scenario, weights):
        return np.average(self.means[scenario, 2070] - self.means[scenario, 2030], weights=weights)

    def patterns(self, weights, n=3):
        flat = (self.left * np.sqrt(weights)).reshape(len(self.left), -1)
        return np.linalg.svd(flat, full_matrices=False)[2][:n]


def compared(real, other, weights):
    def size(values):
        return float(np.sqrt(np.average(values**2, weights=weights)))

    flat = (real.left * np.sqrt(weights)).reshape(len(real.left), -1)
    explained = ((flat @ other.patterns(weights).T) ** 2).sum() / (flat**2).sum()
    high, its = (np.percentile(each.left, 95, axis=0) for each in (real, other))
    return {
        "mean_error_K": np.mean([size(real.means[k] - other.means[k]) for k in real.means]),
        "deviation_error_K": size(real.left.std(axis=0) - other.left.std(axis=0)),
        "extremes_error_K": size(high - its),
        "variance_explained": explained,
    }


def nearest(train, test):
    """For each held-out decade the one before it, as if it were that one."""
    fields, century, a1b = train
    chosen = np.isin((np.rint(2000 + 100 * century).astype(int) // 10 + 1) * 10, HELD_OUT)
    return Decades(fields[chosen], century[chosen] + 0.1, a1b[chosen])


def score(options):
    from kerasgan import zoo
    from kerasgan.zoo.evaluation import add_to_card

    model = zoo.load(options.name)
    loaded = []
    for name in ("train", "test"):
        with np.load(options.data / f"{name}.npz") as file:
            loaded.append(tuple(file[key] for key in ("fields", "century", "a1b")))
            latitude = file["latitude"]
    train, test = loaded
    fields, century, a1b = (np.repeat(each, options.each, axis=0) for each in test)
    labels = [{"century": float(c), "a1b": float(a)} for c, a in zip(century, a1b)]
    made = model.generate(len(labels), seed=0, labels=labels, batch_size=200, verbose=False)
    real, own = Decades(*test), Decades(made[..., 0], century, a1b)
    weights = np.broadcast_to(np.cos(np.deg2rad(latitude))[:, None], fields.shape[1:])
    row = {"name": Path(options.name).name, "each": options.each}
    for scenario, name in zip((1, 0), SCENARIOS):
        row[f"warming_{name}_K"] = own.warming(scenario, weights)
        row[f"warming_{name}_K_of_climate_model"] = real.warming(scenario, weights)
    row |= compared(real, own, weights)
    before = compared(real, nearest(train, test), weights)
    row |= {f"{key}_of_training": value for key, value in before.items()}
    row["deviation_K"] = float(np.sqrt(np.average(real.left.var(axis=0), weights=weights)))
    row["variance_explained_by_own"] = compared(real, real, weights)["variance_explained"]
    row = {k: float(f"{v:.4g}") if isinstance(v, float) else v for k, v in row.items()}
    record("scenarios", [row], by=("name",))
    if options.card:
        figures = {key: value for key, value in row.items() if key != "name"}
        add_to_card(options.name, figures, "benchmarks/scenarios.py")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("split")
    one.add_argument("data", type=Path, help="climate.npz")
    one.add_argument("-o", "--out", type=Path, required=True)
    one.set_defaults(call=split)
    two = commands.add_parser("score")
    two.add_argument("name", help="a run or an entry")
    two.add_argument("data", type=Path, help="what split wrote")
    two.add_argument("--each", type=int, default=20, help="fields a year")
    two.add_argument("--card", action="store_true", help="write the entry's card too")
    two.set_defaults(call=score)
    options = parser.parse_args()
    options.call(options)


if __name__ == "__main__":
    main()
