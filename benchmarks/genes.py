"""Promoters that a model made, beside real ones: does a classifier take them for promoters?

    python benchmarks/genes.py split Mouse_tata.txt Mouse_nonprom.txt -o FOLDER
    kerasgan train promoters_mouse --data FOLDER/promoters_train.fasta --out runs/promoters
    KERAS_BACKEND=torch python benchmarks/genes.py judge runs/promoters FOLDER

Promoters of Umarov and Solovyev 2017 (doi:10.1371/journal.pone.0171410), of which `split` cuts out
a window, from 60 before the start of transcription to 20 behind it, and leaves a fifth to judge by.

The classifier, a small convolutional network, learns to tell promoters of training from
non-promoters, and from promoters whose letters are shuffled, so that their composition alone tells
it nothing. Beside the samples stand real promoters that it has not seen, its ceiling; non-promoters
and shuffled promoters, its floor; and what simple models make that know of promoters only how
frequent each letter is at each place, or after which three others.
"""

import argparse
from pathlib import Path

import keras
import numpy as np
from keras import layers
from PIL import Image
from results import record

import kerasgan
from kerasgan import metrics
from kerasgan.modalities import Sequences
from kerasgan.zoo.evaluation import add_to_card
from kerasgan.zoo.sequences import evaluate_sequences

# What is looked for where, from the start of transcription: the TATA box, and the initiator.
MOTIFS = ("TATA[AT]A:-34:-27", "CA[GC]:-1:-1")
ORDER = 3


def split(options):
    options.out.mkdir(parents=True, exist_ok=True)
    first, last = options.start - options.before, options.start + options.after + 1
    for file, kind in ((options.promoters, "promoters"), (options.others, "others")):
        whole = dict.fromkeys(line.strip().upper() for line in file.read_text().splitlines())
        texts = np.array([*dict.fromkeys(text[first:last] for text in whole if text)])
        order, held_out = np.random.default_rng(0).permutation(len(texts)), len(texts) // 5
        parts = {"test": order[:held_out], "train": order[held_out:]}
        for part, places in parts.items():
            path = options.out / f"{kind}_{part}.fasta"
            Sequences(list("ACGT"), last - first).write(texts[np.sort(places)], path)
            print(f"{len(places)} sequences in {path}")


def shuffled(codes, random):
    """Each sequence with its letters in another order."""
    return random.permuted(codes, axis=1)


def by_place(codes, n, random):
    """Sequences of each letter as frequent at each place as it is there."""
    return np.stack([random.choice(column, n) for column in codes.T], axis=1)


def by_chain(codes, n, random):
    """Sequences of each letter as frequent after three others as it is after these."""
    runs = np.lib.stride_tricks.sliding_window_view(codes, ORDER + 1, axis=1)
    counts = np.full((4,) * (ORDER + 1), 1e-3)
    np.add.at(counts, tuple(runs.reshape(-1, ORDER + 1).T), 1)
    shares = (counts / counts.sum(axis=-1, keepdims=True)).cumsum(axis=-1)
    made = np.zeros(shape=(n, codes.shape[1]), dtype=int)
    made[:, :ORDER] = codes[random.integers(len(codes), size=n), :ORDER]
    for place in range(ORDER, codes.shape[1]):
        known = shares[tuple(made[:, place - ORDER : place].T)]
        made[:, place] = (random.random((n, 1)) > known[:, :-1]).sum(axis=1)
    return made


def classifier(length):
    """A network from one-hot sequences to the logit of a promoter."""
    x = inputs = keras.Input((length, 4))
    for width in (48, 48):
        x = layers.Conv1D(width, 9, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
        x = layers.Dropout(0.3)(layers.MaxPooling1D(3)(x))
    x = layers.Dropout(0.5)(layers.Flatten()(x))
    return keras.Model(inputs, layers.Dense(1)(x))


def trained_judge(promoters, others, options):
    one_hot = np.eye(4, dtype="float32")
    rows = one_hot[np.concatenate([promoters, others])]
    answers = np.repeat([1.0, 0.0], [len(promoters), len(others)])[:, None]
    keras.utils.set_random_seed(options.seed)
    network = classifier(promoters.shape[1])
    steps = options.epochs * -(-len(rows) // 64)
    rate = keras.optimizers.schedules.CosineDecay(2e-3, steps)
    network.compile(keras.optimizers.Adam(rate), keras.losses.BinaryCrossentropy(from_logits=True))
    weights = {0: 1.0, 1: len(others) / len(promoters)}
    network.fit(
        rows, answers, batch_size=64, epochs=options.epochs, class_weight=weights, verbose=2
    )
    return lambda codes: float((network.predict(one_hot[codes], verbose=0) > 0).mean())


def share_with(motif, texts, start):
    """How often a motif begins where it is looked for, a text, and elsewhere, a place of a text."""
    pattern, first, last = motif.rsplit(":", 2)
    found = metrics.motif_positions(texts, pattern)
    places = slice(start + int(first), start + int(last) + 1)
    return float(found[places].sum()), float(np.delete(found, places).mean())


def judge(options):
    model, random = kerasgan.zoo.load(options.name), np.random.default_rng(options.seed)
    dna = model.modality
    read = {}
    for kind in ("promoters", "others"):
        for part in ("train", "test"):
            data = kerasgan.datasets.load_sequences(
                options.data / f"{kind}_{part}.fasta", tokens=dna.tokens, length=dna.length
            )
            read[kind, part] = data.source.codes
    known, held_out = read["promoters", "train"], read["promoters", "test"]
    is_promoter = trained_judge(
        known, np.concatenate([read["others", "train"], shuffled(known, random)]), options
    )
    made = dna.encode(model.generate(options.n, seed=options.seed, batch_size=256))
    sets = {
        "real promoters, held out": held_out,
        "non-promoters, held out": read["others", "test"],
        "real promoters, held out, shuffled": shuffled(held_out, random),
        "letters by place": by_place(known, options.n, random),
        f"letters after {ORDER} others": by_chain(known, options.n, random),
        "samples": made,
    }
    rows = []
    for what, codes in sets.items():
        texts = dna.decode(codes)
        figures = evaluate_sequences(dna, held_out, codes, known, options.seed)
        if codes is held_out:
            # Of its halves beside each other: beside itself it would be the same.
            own = {key: value for key, value in figures.items() if "_of_real" in key}
            figures = {key.split("_of_real")[0]: value for key, value in own.items()}
        row = {"entry": Path(options.name).name, "set": what, "n": len(codes)}
        row["taken_for_promoters"] = round(is_promoter(codes), 4)
        for motif in options.motif:
            there, elsewhere = share_with(motif, texts, options.before)
            row |= {f"{motif} there": round(there, 4), f"{motif} elsewhere": round(elsewhere, 5)}
        skipped = ("real", "generated", "seed")
        kept = {k: v for k, v in figures.items() if k not in skipped and "_of_real" not in k}
        row |= {key: round(value, 5) for key, value in kept.items()}
        rows.append(row)
    record("genes", rows, by=("entry",))
    if options.picture:
        columns = [dna.preview(dna.decode(codes[:48])) for codes in (held_out, made)]
        line = np.full((len(columns[0]), 12, 3), 255, "uint8")
        Image.fromarray(np.concatenate([columns[0], line, columns[1]], axis=1)).save(
            options.picture
        )
    if options.card:
        names = {
            "real promoters, held out": "taken_for_promoters_of_real",
            "non-promoters, held out": "taken_for_promoters_of_others",
            "samples": "taken_for_promoters",
        }
        figures = {
            names[row["set"]]: row["taken_for_promoters"] for row in rows if row["set"] in names
        }
        add_to_card(options.name, figures, "kerasgan evaluate, benchmarks/genes.py")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("split")
    one.add_argument("promoters", type=Path, help="a sequence a line")
    one.add_argument("others", type=Path)
    one.add_argument("-o", "--out", type=Path, required=True)
    one.add_argument("--start", type=int, default=200, help="place of the start, counted from 0")
    one.add_argument("--after", type=int, default=20)
    one.set_defaults(run=split)
    two = commands.add_parser("judge")
    two.add_argument("name", help="an entry or a run")
    two.add_argument("data", type=Path, help="folder of `split`")
    two.add_argument("-n", type=int, default=2000)
    two.add_argument("--motif", action="append", help="PATTERN:FIRST:LAST, from the start")
    two.add_argument("--epochs", type=int, default=12)
    two.add_argument("--seed", type=int, default=0)
    two.add_argument("--picture", help="a PNG to write: real promoters left, samples right")
    two.add_argument("--card", action="store_true", help="put the rates on the entry's card")
    two.set_defaults(run=judge)
    for command in (one, two):
        command.add_argument("--before", type=int, default=60, help="letters before the start")
    options = parser.parse_args()
    if options.run is judge:
        options.motif = options.motif or MOTIFS
    options.run(options)


if __name__ == "__main__":
    main()
