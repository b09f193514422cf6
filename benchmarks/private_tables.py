"""How good are rows of a table that were made with differential privacy, by ε?

    python benchmarks/tables.py split adult.csv.gz adult
    KERAS_BACKEND=jax python benchmarks/private_tables.py adult/train.csv adult/test.csv

`TabularGAN` of a table that is told (`ADULT`, from the codebook of the census and of nothing in
the rows) is trained by `fit(…, privacy=…)`, with the noise by which ε lasts for all steps; ε of 0
stands for the same networks and steps without privacy, with a turn of the generator in each. Of as
many rows as it learned from: the mean over columns, and over pairs of them, of how like the real
test rows they are, and the mean F1 of the rich by four classifiers that learn from them. Beside it
the training rows themselves, and calling everybody rich; who calls nobody rich has an F1 of 0.
With `--validation` a fifth of the training rows stands for the test rows, by which settings were
chosen: what is left of them trains. That choice is no part of ε. Each row is written when it is
there; a row that is there is not done again.
"""

import argparse
import time
from pathlib import Path

import keras
import numpy as np
from results import here, read, write

import kerasgan
from kerasgan import models, networks
from kerasgan.metrics import TableQuality
from kerasgan.modalities import PublicTable
from kerasgan.modalities.frames import read_frame

RESULTS = Path(__file__).parent / "results" / "private_tables.csv"
SETTINGS = ("steps", "batch_size", "rate", "discriminator_steps", "width", "clipping_norm")
KEY = ("data", "model", "epsilon", "seed", "tested_on", *SETTINGS)
DELTA, TARGET, RICH = 1e-5, "income", ">50K"

ADULT = {
    "age": {"low": 17, "high": 90},
    "workclass": "Private|Self-emp-not-inc|Self-emp-inc|Federal-gov|Local-gov|State-gov|"
    "Without-pay|Never-worked|?",
    "fnlwgt": {"low": 0, "high": 1_500_000},
    "education": "Bachelors|Some-college|11th|HS-grad|Prof-school|Assoc-acdm|Assoc-voc|9th|"
    "7th-8th|12th|Masters|1st-4th|10th|Doctorate|5th-6th|Preschool",
    "education-num": [*range(1, 17)],
    "marital-status": "Married-civ-spouse|Divorced|Never-married|Separated|Widowed|"
    "Married-spouse-absent|Married-AF-spouse",
    "occupation": "Tech-support|Craft-repair|Other-service|Sales|Exec-managerial|Prof-specialty|"
    "Handlers-cleaners|Machine-op-inspct|Adm-clerical|Farming-fishing|Transport-moving|"
    "Priv-house-serv|Protective-serv|Armed-Forces|?",
    "relationship": "Wife|Own-child|Husband|Not-in-family|Other-relative|Unmarried",
    "race": "White|Asian-Pac-Islander|Amer-Indian-Eskimo|Other|Black",
    "sex": "Female|Male",
    "capital-gain": {"low": 0, "high": 99_999, "points": [0]},
    "capital-loss": {"low": 0, "high": 5_000, "points": [0]},
    "hours-per-week": {"low": 1, "high": 99, "points": [40]},
    "native-country": "United-States|Cambodia|England|Puerto-Rico|Canada|Germany|"
    "Outlying-US(Guam-USVI-etc)|India|Japan|Greece|South|China|Cuba|Iran|Honduras|Philippines|"
    "Italy|Poland|Jamaica|Vietnam|Mexico|Portugal|Ireland|France|Dominican-Republic|Laos|"
    "Ecuador|Taiwan|Haiti|Columbia|Hungary|Guatemala|Nicaragua|Scotland|Thailand|Yugoslavia|"
    "El-Salvador|Trinadad&Tobago|Peru|Hong|Holand-Netherlands|?",
    "income": "<=50K|>50K",
}


def values(known):
    return known.split("|") if isinstance(known, str) else known


def noise_for(epsilon, share, steps):
    """The noise multiplier by which a budget lasts for so many steps."""
    low, high = 0.5, 20.0
    while high - low > 0.01:
        middle = (low + high) / 2
        spent = kerasgan.Privacy(epsilon, DELTA, middle).spent(steps, share)
        low, high = (low, middle) if spent <= epsilon else (middle, high)
    return round(high, 4)


def trained(table, frame, epsilon, seed, told):
    """A model trained on a frame, and columns that say how."""
    keras.utils.set_random_seed(seed)
    width = {"width": 128, "discriminator_width": told.width}
    pair = networks.ctgan(
        table.row_dim, table.condition_dim, pack=1, dropout=0, latent_dim=64, **width
    )
    model = models.TabularGAN(
        *pair, table=table, adversarial_loss="minimax", penalty_weight=0, ema_decay=0.99, seed=seed
    )
    model.compile(keras.optimizers.Adam(told.rate, beta_1=0.5))
    epochs = max(1, round(told.steps * told.batch_size / len(frame)))
    steps = epochs * -(-len(frame) // told.batch_size)
    options, columns = {}, {}
    if epsilon:
        noise = noise_for(epsilon, told.batch_size / len(frame), steps)
        names = ("clipping_norm", "discriminator_steps")
        options["privacy"] = kerasgan.Privacy(
            epsilon, DELTA, noise, **{name: getattr(told, name) for name in names}
        )
        columns = {"delta": DELTA, "noise_multiplier": noise}
    model.fit(frame, batch_size=told.batch_size, epochs=epochs, verbose=0, **options)
    if epsilon:
        columns["spent"] = model.promise["epsilon"]
    return model, columns


def figures(table, test, rows):
    quality = TableQuality(table, test, rows)
    shapes = {"column_shapes": quality.column_shapes(), "pair_shapes": quality.pair_shapes()}
    found = {key: round(float(np.nanmean([*each.values()])), 4) for key, each in shapes.items()}
    try:
        found["f1"] = round(quality.usefulness(TARGET), 4)
    except ValueError:  # all rows have the same income: there is nobody to call rich
        found["f1"] = 0.0
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("train", type=Path)
    parser.add_argument("test", type=Path)
    parser.add_argument("--epsilons", type=float, nargs="+", default=[10, 1, 0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--batch-size", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--discriminator-steps", type=int, default=3)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--clipping-norm", type=float, default=1.0)
    parser.add_argument("--validation", action="store_true")
    options = parser.parse_args()
    table = PublicTable({name: values(known) for name, known in ADULT.items()})
    train, test = read_frame(options.train), read_frame(options.test)
    if options.validation:
        order = np.random.default_rng(0).permutation(len(train))
        held_out, rest = np.split(order, [len(train) // 5])
        train, test = train.iloc[rest], train.iloc[held_out]
    of_data = {
        "data": options.train.parent.name,
        "seed": options.seed,
        "tested_on": "validation" if options.validation else "test",
    }
    share = float((test[TARGET] == RICH).mean())
    runs = [("real", None), ("everybody_rich", None)]
    for name, epsilon in [*runs, *(("tabular_gan", e) for e in options.epsilons)]:
        row = of_data | {"model": name, "epsilon": "" if epsilon is None else f"{epsilon:g}"}
        row |= {key: "" if epsilon is None else getattr(options, key) for key in SETTINGS}
        if tuple(str(row[key]) for key in KEY) in read(RESULTS, KEY):
            continue
        row |= {"delta": "", "noise_multiplier": "", "spent": "", "column_shapes": ""}
        row |= {"pair_shapes": "", "cpu_seconds": ""}
        if name == "everybody_rich":
            row["f1"] = round(2 * share / (1 + share), 4)
        elif name == "real":
            row |= figures(table, test, train)
        else:
            start = time.process_time()
            model, columns = trained(table, train, epsilon, options.seed, options)
            row |= columns | {"cpu_seconds": round(time.process_time() - start)}
            row |= figures(table, test, model.generate(len(train), seed=options.seed))
        write(RESULTS, KEY, row | here())
        print(row, flush=True)


if __name__ == "__main__":
    main()
