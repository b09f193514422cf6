"""What does a promise of privacy cost? A classifier of private samples, by ε.

    KERAS_BACKEND=tensorflow python benchmarks/privacy.py mnist.npz fashion_mnist.npz
    KERAS_BACKEND=tensorflow python benchmarks/privacy.py mnist.npz --model conditional_gan
    python benchmarks/privacy.py mnist.npz --entry dpmerf_mnist --card

A generator of classes is trained with (ε, 1e-5) differential privacy, `DPMERF` or `ConditionalGAN`
by `fit(…, privacy=…)`; a small classifier (`label_agreement.py`) learns from 10,000 of its samples,
as many a class, and is tested on the real test images. With `--validation` a tenth of the training
images stands for these, by which settings were chosen: what is left of them trains. ε of 0 stands
for none: the real images themselves. `--entry` judges one in place of training, `--card` writes
what is found on its card. A data set is an .npz of `x_train`, `y_train`, `x_test` and `y_test`.
Each row is written when it is there; a row that is there is not done again.
"""

import argparse
import time
from pathlib import Path

import keras
import numpy as np
from feature_classifier import read
from label_agreement import classifier
from results import here, write
from results import read as rows_of

import kerasgan
from kerasgan import models, networks
from kerasgan.zoo import evaluation

RESULTS = Path(__file__).parent / "results" / "privacy.csv"
KEY = ("data", "model", "epsilon", "seed", "steps", "tested_on")
SIDE, DELTA, SAMPLES = 32, 1e-5, 10_000


def private(name, images, classes, epsilon, seed, steps):
    """A model trained on these with a promise of ε."""
    keras.utils.set_random_seed(seed)
    dim = int(classes.max()) + 1
    size = {"latent_dim": 64, "width": 32, "kernel_size": 4, "label_dim": dim}
    if name == "dpmerf":
        generator, _ = networks.dcgan((SIDE, SIDE, 1), **size)
        model = models.DPMERF(generator, epsilon=epsilon, delta=DELTA, ema_decay=0.99, seed=seed)
        batch, told = 500, {}
    else:
        pair = networks.dcgan((SIDE, SIDE, 1), discriminator_normalization=None, **size)
        model = models.ConditionalGAN(*pair, ema_decay=0.99, seed=seed)
        batch, told = 600, {"privacy": kerasgan.Privacy(epsilon=epsilon, delta=DELTA)}
    epochs = max(1, round(steps * batch / len(images)))
    model.fit(images, classes, batch_size=batch, epochs=epochs, verbose=2, **told)
    return model


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="+", type=Path)
    parser.add_argument("--model", choices=("dpmerf", "conditional_gan"), default="dpmerf")
    parser.add_argument("--epsilons", type=float, nargs="+", default=[0, 1, 10])
    parser.add_argument("--steps", type=int, default=1200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--validation", action="store_true")
    parser.add_argument("--entry")
    parser.add_argument("--card", action="store_true")
    options = parser.parse_args()
    entry, name, epsilons, steps = None, options.model, options.epsilons, options.steps
    if options.entry:
        entry, name = kerasgan.zoo.load(options.entry), options.entry
        told = kerasgan.zoo.info(name)
        epsilons, steps = [told["privacy"]["epsilon"]], told["training"]["steps"]
    for path, epsilon in ((p, e) for p in options.data for e in epsilons):
        row = {
            "data": path.stem,
            "model": name if epsilon else "real",
            "epsilon": f"{epsilon:g}",
            "seed": options.seed,
            "steps": steps if epsilon else 0,
            "tested_on": "validation" if options.validation else "test",
        }
        if tuple(str(row[key]) for key in KEY) in rows_of(RESULTS, KEY):
            continue
        images, classes = read(path, "train", SIDE)
        test = read(path, "test", SIDE)
        if options.validation:
            order = np.random.default_rng(0).permutation(len(images))
            held_out, rest = np.split(order, [len(images) // 10])
            test = images[held_out], classes[held_out]
            images, classes = images[rest], classes[rest]
        start, kinds = time.process_time(), int(classes.max()) + 1
        if epsilon:
            trained = (images, classes, epsilon, options.seed, steps)
            model = entry or private(name, *trained)
            row |= {"delta": DELTA, "spent": epsilon if entry else model.promise["epsilon"]}
            classes = np.arange(SAMPLES) % kinds
            images = model.generate(SAMPLES, seed=options.seed, labels=classes)
        row["cpu_seconds"] = round(time.process_time() - start)
        keras.utils.set_random_seed(options.seed)
        judge = classifier(images, classes, kinds, False, epochs=3 if epsilon == 0 else None)
        found = judge.predict(test[0], batch_size=256, verbose=0).argmax(axis=1)
        row["accuracy"] = round(float(np.mean(found == test[1])), 4)
        write(RESULTS, KEY, row | here())
        print(row, flush=True)
        if options.card:
            figures = {"accuracy_of_a_classifier": row["accuracy"], "samples": SAMPLES}
            evaluation.add_to_card(name, figures, "benchmarks/privacy.py")


if __name__ == "__main__":
    main()
