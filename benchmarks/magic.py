"""Events of a gamma-ray telescope by their class: do they hang together as real ones do?

    python benchmarks/tables.py split magic04.csv.gz magic
    kerasgan train tabular_gan --data magic/train.csv --out runs/magic fit.epochs=150
    python benchmarks/magic.py runs/magic magic

MAGIC (Bock 2004): ten measures of the image of a shower, of gamma rays (g) or hadrons (h). `split`
leaves a fifth of the events to judge by. As many of each class as in training are made and compared
with them: correlations, mean absolute difference over pairs of columns, and column shapes, 1 for
the same; and gradient boosting that learned from them tells the held-out events' class. Beside it
the same of the training rows, and of these with each column shuffled within its class.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from results import record
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import accuracy_score, f1_score

from kerasgan import metrics, zoo
from kerasgan.modalities.frames import read_frame

CLASSES = {"g": "gamma", "h": "hadron"}


def correlations(frame):
    measured = frame.drop(columns="class")
    return measured.corr().to_numpy()[np.triu_indices(measured.shape[1], 1)]


def likeness(table, real, rows):
    """Of each class how far correlations are apart, and how like columns are."""
    found = {}
    for key, name in CLASSES.items():
        one, other = (x[x["class"] == key] for x in (real, rows))
        shapes = metrics.TableQuality(table, one, other).column_shapes()
        del shapes["class"]
        found |= {
            f"correlations_off_{name}": np.abs(correlations(one) - correlations(other)).mean(),
            f"column_shapes_{name}": np.mean([*shapes.values()]),
            f"least_column_shape_{name}": min(shapes.values()),
        }
    return found


def told(real, rows):
    """How well the class of real events is told by what learned from some rows."""
    classifier = HistGradientBoostingClassifier(random_state=0)
    classifier.fit(rows.drop(columns="class"), rows["class"])
    guess = classifier.predict(real.drop(columns="class"))
    return {
        "accuracy": accuracy_score(real["class"], guess),
        "f1_hadron": f1_score(real["class"], guess, pos_label="h"),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("name", help="a run or an entry")
    parser.add_argument("data", type=Path, help="what split wrote")
    options = parser.parse_args()
    train, test = (read_frame(options.data / f"{part}.csv") for part in ("train", "test"))
    model = zoo.load(options.name)
    counts = train["class"].value_counts()
    made = pd.concat(
        [model.generate(counts[key], seed=0, where={"class": key}) for key in CLASSES],
        ignore_index=True,
    )
    # What any rows get whose columns keep to their class and know nothing of each other.
    random = np.random.default_rng(0)
    alone = train.groupby("class", group_keys=False)[train.columns].apply(
        lambda x: x.apply(lambda column: random.permutation(column.to_numpy()))
    )
    rows = []
    for name, events in (("generated", made), ("training", train), ("columns alone", alone)):
        figures = likeness(model.table, test, events) | told(test, events)
        figures = {key: round(float(value), 4) for key, value in figures.items()}
        rows.append({"run": Path(options.name).name, "events": name, "n": len(events)} | figures)
    record("magic", rows, by=("run",))


if __name__ == "__main__":
    main()
