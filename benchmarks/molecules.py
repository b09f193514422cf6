"""Molecules by likelihood at several temperatures, and by adversarial training from there on.

    python benchmarks/molecules.py split qm9_smiles.smi -o FOLDER
    kerasgan train gumbel_sequence_gan --data FOLDER/train.smi --out RUN data.unit=smiles
    KERAS_BACKEND=jax python benchmarks/molecules.py judge RUN FOLDER
    pip install matplotlib
    python benchmarks/molecules.py predictor FOLDER --samples RUN -o qed.keras
    python benchmarks/molecules.py guide RUN FOLDER --reward qed.keras --steps 300 -o GUIDED

`split` leaves out formulas that RDKit does not read and molecules with radicals, writes each in
RDKit's one way, and keeps a tenth to judge by. `judge` counts which of the samples are valid,
different and new, and how far their properties are from those of the tenth.

`predictor` trains a network that tells the drug-likeness (QED, Bickerton et al. 2012) of a formula;
of one that RDKit does not read, a damaged one or a sample of a run, it is 0, so that nonsense earns
nothing. `guide` trains on from a run with that as a reward, and RDKit says what became of it: the
predictor is what the generator learns to please, and no judge.
"""

import argparse
import time
from pathlib import Path

import keras
import numpy as np
from keras import layers
from results import record

import kerasgan
from kerasgan import datasets, metrics, models
from kerasgan.datasets.sequences import read_texts
from kerasgan.metrics.molecules import DESCRIPTORS
from kerasgan.zoo.sequences import evaluate_molecules

TEMPERATURES = (0.6, 0.8, 1.0, 1.2)
# Changes to a formula at most.
CHANGES = 3
BATCH = 128


def split(options):
    from rdkit import Chem, RDLogger

    RDLogger.DisableLog("rdApp.*")
    texts = set()
    for text in read_texts(options.data, options.column)[0]:
        molecule = Chem.MolFromSmiles(text)
        if molecule and not any(atom.GetNumRadicalElectrons() for atom in molecule.GetAtoms()):
            texts.add(Chem.MolToSmiles(molecule))
    texts = np.random.default_rng(0).permutation(sorted(texts))
    options.out.mkdir(parents=True, exist_ok=True)
    for part, rows in (("test", texts[: len(texts) // 10]), ("train", texts[len(texts) // 10 :])):
        path = options.out / f"{part}.smi"
        path.write_text("".join(f"{text}\n" for text in rows))
        print(f"{len(rows)} molecules in {path}")


def judge(options):
    training, test = (np.array(read_texts(options.data / f"{x}.smi")[0]) for x in ("train", "test"))
    run, rows = Path(options.run), []
    stages = {"likelihood": run / "stage_1" / "entry", "adversarial": run}
    for stage, place in stages.items():
        if not place.is_dir():
            continue
        model = kerasgan.zoo.load(place)
        for temperature in TEMPERATURES if stage == "likelihood" else (1.0,):
            made = model.generate(
                options.n, options.seed, temperature=temperature, batch_size=256, verbose=False
            )
            figures = evaluate_molecules(test[: options.n], made, training, options.seed)
            row = {"run": run.name, "stage": stage, "temperature": temperature}
            rows.append(row | {key: round(value, 4) for key, value in figures.items()})
            print(rows[-1], flush=True)
    record("molecules", rows, by=("run",))


def drug_likeness(texts):
    """QED of each text, and whether RDKit reads it; 0 where it does not."""
    is_valid = np.array([text is not None for text in metrics.canonical(texts)])
    found = np.zeros(len(texts), "float32")
    found[is_valid] = metrics.descriptors(np.array(texts)[is_valid])[:, DESCRIPTORS.index("qed")]
    return found, is_valid


def damaged(codes, modality, random):
    """Formulas with a few tokens replaced, left out, doubled, or exchanged with the next."""
    empty, rows = modality.tokens.index(""), []
    for row in codes:
        row = row[row != empty].tolist()
        for _ in range(random.integers(1, CHANGES + 1)):
            place, kind = random.integers(len(row)), random.integers(4)
            if kind == 0:
                row[place] = int(random.integers(len(modality.tokens)))
            elif kind == 1 and len(row) > 1:
                del row[place]
            elif kind == 2:
                row.insert(place, row[place])
            else:
                row[place : place + 2] = row[place : place + 2][::-1]
        rows.append((row + [empty] * modality.length)[: modality.length])
    return np.array(rows, "int32")


def network_of(length, tokens, width=64):
    """One-hot formulas to a number in [0, 1]: convolutions in images one row high."""
    inputs = keras.Input((length, tokens))
    x = layers.Dense(width, use_bias=False)(inputs)
    x = layers.Reshape((1, length, width))(x)
    for _ in range(3):
        for _ in range(2):
            x = x + layers.Conv2D(width, (1, 5), padding="same", activation="relu")(x)
        whole = [layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(x)]
        x = layers.AveragePooling2D((1, 2))(x)
    x = layers.Dense(2 * width, "relu")(layers.Concatenate()(whole))
    return keras.Model(inputs, layers.Dense(1, "sigmoid", dtype="float32")(x), name="drug_likeness")


def predictor(options):
    data = datasets.load_sequences(options.data / "train.smi", unit="smiles")
    modality, random = data.modality, np.random.default_rng(options.seed)
    real = random.permutation(data.source.codes)[: options.n]
    parts = [real, damaged(real, modality, random)]
    held = {"test": modality.encode(read_texts(options.data / "test.smi")[0][: options.n])}
    held["damaged"] = damaged(held["test"], modality, random)
    for place in options.samples:
        run, mine = kerasgan.zoo.load(place), []
        for temperature in TEMPERATURES[1:]:
            drawn = {"temperature": temperature, "batch_size": 256, "as_float": True}
            # In all as many of a run as there are real molecules.
            n = len(real) // len(TEMPERATURES[1:])
            made = run.generate(n, options.seed, verbose=False, **drawn).argmax(axis=-1)
            parts.append(made[n // 10 :])
            mine.append(made[: n // 10])
        held[f"samples of {place}"] = np.concatenate(mine)
    codes = np.concatenate(parts).astype("int32")
    target, is_valid = drug_likeness(modality.decode(codes))
    print(f"{len(codes)} formulas, {is_valid.mean():.1%} of them valid", flush=True)

    keras.utils.set_random_seed(options.seed)
    network = network_of(modality.length, len(modality.tokens))
    given = keras.Input((modality.length,), dtype="int32")
    learner = keras.Model(given, network(keras.ops.one_hot(given, len(modality.tokens))))
    steps = -(-len(codes) // BATCH) * options.epochs
    rate = keras.optimizers.schedules.CosineDecay(2e-3, steps)
    learner.compile(keras.optimizers.Adam(rate), "binary_crossentropy")
    learner.fit(codes, target, batch_size=BATCH, epochs=options.epochs, verbose=2)
    network.save(options.out)
    for name, codes in held.items():
        target, is_valid = drug_likeness(modality.decode(codes))
        found = learner.predict(codes, 256, verbose=0)[:, 0]
        row = {"held out": name, "n": len(codes), "valid": is_valid.mean()}
        row["correlation"] = np.corrcoef(found, target)[0, 1]
        for part, where in (("valid", is_valid), ("invalid", ~is_valid)):
            if where.any():
                row[f"mean of {part}"] = found[where].mean()
        row["RDKit's mean of valid"] = target[is_valid].mean()
        row["correlation of valid"] = np.corrcoef(found[is_valid], target[is_valid])[0, 1]
        print(
            {key: x if isinstance(x, (str, int)) else round(float(x), 3) for key, x in row.items()}
        )


def guide(options):
    training, test = (np.array(read_texts(options.data / f"{x}.smi")[0]) for x in ("train", "test"))
    start = kerasgan.zoo.load(options.run)
    random = np.random.default_rng(options.seed)
    size, shown = options.batch_size, options.every * options.batch_size
    codes = start.modality.encode(random.choice(training, options.steps * size))
    made = {"before": start.generate(options.n, options.seed, batch_size=256, verbose=False)}
    start.generator.set_weights(start.averaged_generator.get_weights())
    given = {"generator": start.generator, "discriminator": start.discriminator}
    given |= {"modality": start.modality, "seed": options.seed}
    if options.warm_up:
        model = models.SequenceGAN(**given, stage="discriminator")
        model.compile(keras.optimizers.Adam(1e-3))
        real = start.modality.encode(random.choice(training, options.warm_up * size))
        model.fit(real, batch_size=size, verbose=2)
    model = models.SequenceGAN(
        **given,
        rollouts=options.rollouts,
        discriminator_steps=1,
        reward=options.reward,
        reward_weight=options.weight,
        # A run of hundreds of steps has forgotten its start by then.
        ema_decay=0.98,
    )
    rates = {"generator": options.rate, "discriminator": 1e-4}
    model.compile(**{f"{x}_optimizer": keras.optimizers.Adam(rate) for x, rate in rates.items()})
    for first in range(0, len(codes), shown):
        began = time.time()
        model.fit(codes[first : first + shown], batch_size=size, verbose=2)
        texts = model.generate(256, options.seed, batch_size=256, verbose=False)
        found, is_valid = drug_likeness(texts)
        print(
            f"{min(first + shown, len(codes)) // size} steps, {time.time() - began:.0f} s: valid "
            f"{is_valid.mean():.3f}, different {len({*texts}) / len(texts):.3f}, QED "
            f"{found[is_valid].mean() if is_valid.any() else 0:.3f}",
            flush=True,
        )
        # A run of hours may be stopped.
        kerasgan.zoo.save(model, options.out)
    made["after"] = model.generate(options.n, options.seed, batch_size=256, verbose=False)
    made["real"] = test[: options.n]
    rows, found = [], {}
    for name, texts in made.items():
        values, is_valid = drug_likeness(texts)
        found[name] = values[is_valid]
        row = {"run": options.out.name, "molecules": name, "reward_weight": options.weight}
        row |= {"steps": options.steps, "learning_rate": options.rate, "n": len(texts)}
        row |= {"rollouts": options.rollouts, "seed": options.seed, "qed": found[name].mean()}
        row |= {f"qed_{q}": np.quantile(found[name], q / 100) for q in (10, 50, 90)}
        liked = model.added_reward(model.one_hot(start.modality.encode(texts)))
        row["reward"] = keras.ops.convert_to_numpy(liked).mean()
        rows.append(row | metrics.molecule_figures(texts, training))
    rounded = [
        {k: float(f"{x:.4g}") if isinstance(x, (float, np.floating)) else x for k, x in row.items()}
        for row in rows
    ]
    record("molecules_guided", rounded, by=("run",))
    draw(found, options.out.with_suffix(".png"))


def draw(found, path):
    """The distributions of drug-likeness of the valid, beside one another."""
    import matplotlib.pyplot as plt  # a benchmark's alone

    figure, axes = plt.subplots(figsize=(7, 4))
    for name, values in found.items():
        label = f"{name}: mean {values.mean():.2f}"
        style = {"color": "0.8"} if name == "real" else {"histtype": "step", "linewidth": 2}
        axes.hist(
            values,
            np.linspace(0, 1, 41),
            density=True,
            label=label,
            zorder=-(name == "real"),
            **style,
        )
    axes.set_xlabel("drug-likeness (QED by RDKit) of the valid")
    axes.set_yticks([])
    axes.legend()
    figure.savefig(path, dpi=150, bbox_inches="tight")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("split")
    one.add_argument("data", help="a file of SMILES, as load_sequences takes it")
    one.add_argument("--column", help="of a .csv file")
    one.add_argument("-o", "--out", type=Path, required=True)
    one.set_defaults(function=split)
    two = commands.add_parser("judge")
    two.add_argument("run", help="a run folder, or an entry")
    two.add_argument("data", type=Path, help="folder of `split`")
    two.add_argument("-n", type=int, default=2000)
    two.add_argument("--seed", type=int, default=0)
    two.set_defaults(function=judge)
    three = commands.add_parser("predictor")
    three.add_argument("data", type=Path, help="folder of `split`")
    three.add_argument("-o", "--out", type=Path, required=True, help="a .keras file")
    three.add_argument(
        "--samples",
        nargs="*",
        default=[],
        help="runs whose samples, invalid ones too, are learned: one that was guided shows it "
        "where it was wrong",
    )
    three.add_argument("-n", type=int, help="molecules to learn from, by default all")
    three.add_argument("--epochs", type=int, default=6)
    three.add_argument("--seed", type=int, default=0)
    three.set_defaults(function=predictor)
    four = commands.add_parser("guide")
    four.add_argument("run", help="a run folder, or an entry")
    four.add_argument("data", type=Path, help="folder of `split`")
    four.add_argument("--reward", type=Path, required=True, help="what `predictor` wrote")
    four.add_argument("-o", "--out", type=Path, required=True, help="folder of the new entry")
    four.add_argument("--steps", type=int, default=300)
    four.add_argument("--weight", type=float, default=0.5, help="of the reward, in [0, 1]")
    four.add_argument("--rate", type=float, default=2e-5, help="of the generator")
    four.add_argument("--rollouts", type=int, default=0, help="0 is ten times as fast as 1")
    four.add_argument("--warm-up", type=int, default=200, help="steps of the discriminator alone")
    four.add_argument("--every", type=int, default=25, help="steps from one saving to the next")
    four.add_argument("--batch-size", type=int, default=64)
    four.add_argument("-n", type=int, default=2000, help="samples to judge")
    four.add_argument("--seed", type=int, default=0)
    four.set_defaults(function=guide)
    options = parser.parse_args()
    options.function(options)


if __name__ == "__main__":
    main()
