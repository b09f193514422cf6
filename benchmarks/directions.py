"""Does a direction that was found by labels do what its name says, and nothing else?

    KERAS_BACKEND=torch python benchmarks/directions.py dcgan_celeba --data CELEBA \
        --labels list_attr_celeba.txt --crop 76 --grid directions.png

One network learns attributes from half of the real pictures and names those of samples, by which
`kerasgan.latents.direction_of` finds a direction for each. Another one, which has learnt from the
other half, judges: how many of other samples have each attribute, before and after their codes are
moved. A row is a direction and a strength, in deviations of a latent; its columns are the
attributes, so that what was not asked for shows too. A direction drawn at random is beside them,
and how well the judge names real pictures that it has not seen.
"""

import argparse
from pathlib import Path

import keras
import numpy as np
from label_agreement import classifier, figures
from results import record

import kerasgan
from kerasgan import latents
from kerasgan.modalities import make_grid, write_image

NAMES = ["Smiling", "Eyeglasses", "Blond_Hair", "Male"]
STRENGTHS = (-3.0, 0.0, 3.0)


def read(options, shape):
    """The real pictures and their attributes, in an order drawn by the seed."""
    dataset = kerasgan.datasets.load(
        options.data,
        shape,
        crop=options.crop,
        flip=False,
        shuffle=False,
        labels=options.labels,
        label_names=options.names,
    )
    images, labels = (np.concatenate(x) for x in zip(*(dataset[i] for i in range(len(dataset)))))
    order = np.random.default_rng(options.seed).permutation(len(images))
    return images[order], labels[order]


def has(network, model, codes):
    """Which attributes a network sees in the samples of codes: bool `(n, attributes)`."""
    samples = latents.render(model, codes, verbose=False)
    return network.predict(samples, batch_size=256, verbose=0) > 0


def directions(namer, model, options):
    """Dict from an attribute to its direction, and from `random` to one of none."""
    known = latents.codes(model, options.learned, seed=options.seed)
    seen = has(namer, model, known)
    found = {name: latents.direction_of(known, own) for name, own in zip(options.names, seen.T)}
    random = np.random.default_rng(options.seed).standard_normal(known.shape[-1])
    return found | {"random": (random / np.linalg.norm(random)).astype("float32")}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", help="an entry or a run folder")
    parser.add_argument("--data", required=True, help="what it was trained on")
    parser.add_argument("--labels", required=True, help="file of attributes")
    parser.add_argument("--names", nargs="+", default=NAMES)
    parser.add_argument("--crop", type=int)
    parser.add_argument("--epochs", type=int, default=8, help="of the two networks")
    parser.add_argument("--learned", type=int, default=5000, help="samples to find directions by")
    parser.add_argument("-n", type=int, default=1000, help="samples to judge")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--grid", type=Path, help="PNG: a row a direction")
    options = parser.parse_args()
    model = kerasgan.zoo.load(options.name)
    images, labels = read(options, model.sample_shape)
    halves = [(images[i::2], labels[i::2]) for i in range(2)]
    keras.utils.set_random_seed(options.seed)
    namer, judge = (classifier(*half, len(options.names), True, options.epochs) for half in halves)
    found = directions(namer, model, options)
    codes = latents.codes(model, options.n, seed=options.seed + 1)
    balanced = [pair[1] for pair in figures(judge, *halves[0], True)[1:]]
    rows, shown = [{"direction": "real, balanced accuracy", "strength": ""}], []
    rows[0] |= {name: round(float(value), 3) for name, value in zip(options.names, balanced)}
    for name, direction in found.items():
        for strength in STRENGTHS:
            moved = latents.edit(codes, direction, strength)
            shares = has(judge, model, moved).mean(0)
            told = {attribute: round(float(x), 3) for attribute, x in zip(options.names, shares)}
            rows.append({"direction": name, "strength": strength, **told})
        pictures = [latents.edit(codes[:4], direction, strength) for strength in STRENGTHS]
        moved = np.stack(pictures, 1).reshape(12, *codes.shape[1:])
        shown.append(latents.render(model, moved, verbose=False))
    entry = {"entry": Path(options.name).name}
    record("directions", [entry | row | {"n": options.n} for row in rows], by=("entry",))
    if options.grid:
        write_image(options.grid, make_grid(np.concatenate(shown), columns=12))


if __name__ == "__main__":
    main()
