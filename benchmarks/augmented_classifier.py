"""Does a classifier of few images learn more from generated ones beside them?

    KERAS_BACKEND=tensorflow python benchmarks/augmented_classifier.py mnist.npz fashion_mnist.npz

A conditional GAN is trained on the few labelled images alone, for entries of the zoo have seen all
labels of training. The classifier of `label_agreement.py` then learns, with as many steps each,
from those few and from those few and generated ones, `--generated` times as many of each class.
Both are tested on all test images. A data set is an .npz of `x_train`, `y_train`, `x_test` and
`y_test`. Each seed, which draws the few too, is a row; the means over seeds, with a 95 % interval
of the gain by Student's t, are printed at the end.
"""

import argparse
import statistics
import time
from pathlib import Path

import keras
import numpy as np
from feature_classifier import read
from label_agreement import classifier
from results import here, write
from results import read as rows_of

from kerasgan import augment, models, networks

RESULTS = Path(__file__).parent / "results" / "augmented_classifier.csv"
KEY = ("data", "per_class", "seed", "gan_steps", "classifier_steps", "generated")
SIDE, BATCH = 32, 64
# Of Student's t, two-sided, by degrees of freedom.
QUANTILE = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306}


def generated(images, classes, seed, options):
    """Images of a GAN of these alone, and their classes."""
    keras.utils.set_random_seed(seed)
    pair = networks.dcgan(
        (SIDE, SIDE, 1), latent_dim=64, width=16, kernel_size=4, label_dim=classes.max() + 1
    )
    augmentation = augment.DifferentiableAugmentation(seed=seed)
    model = models.ConditionalGAN(*pair, augmentation=augmentation, seed=seed, ema_decay=0.99)
    # An epoch goes once through the images: several of them make one without a short batch.
    epochs = -(-options.gan_steps * BATCH // len(images))
    model.fit(images, classes, batch_size=BATCH, epochs=epochs, verbose=0)
    asked = np.repeat(classes, options.generated)
    return model.generate(len(asked), seed=seed, labels=asked, verbose=False), asked


def error_of(images, classes, test, seed, steps):
    """The share of test images that a classifier of these names wrongly."""
    keras.utils.set_random_seed(seed)
    epochs = max(1, round(steps / -(-len(images) // 128)))
    network = classifier(images, classes, int(classes.max()) + 1, False, epochs)
    logits = network.predict(test[0], batch_size=500, verbose=0)
    return float(np.mean(logits.argmax(axis=1) != test[1]))


def gain(rows):
    """The mean gain of some seeds, and half of its 95 % interval."""
    gains = [float(row["error"]) - float(row["error_with_generated"]) for row in rows]
    if len(gains) < 2:
        return gains[0], float("nan")
    spread = statistics.stdev(gains) / len(gains) ** 0.5
    return statistics.mean(gains), QUANTILE[len(gains) - 1] * spread


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="+", type=Path)
    parser.add_argument("--per-class", type=int, nargs="+", default=[50, 200])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--gan-steps", type=int, default=1500)
    parser.add_argument("--classifier-steps", type=int, default=400)
    parser.add_argument("--generated", type=int, default=4)
    options = parser.parse_args()
    for seed, per_class, path in (
        (s, p, d) for s in options.seeds for p in options.per_class for d in options.data
    ):
        row = {
            "data": path.stem,
            "per_class": per_class,
            "seed": seed,
            "gan_steps": options.gan_steps,
            "classifier_steps": options.classifier_steps,
            "generated": options.generated,
        }
        if tuple(str(row[key]) for key in KEY) in rows_of(RESULTS, KEY):
            continue
        images, classes = read(path, "train", SIDE)
        test = read(path, "test", SIDE)
        random = np.random.default_rng(seed)
        kinds = range(classes.max() + 1)
        few = np.concatenate(
            [random.choice(np.flatnonzero(classes == k), per_class, replace=False) for k in kinds]
        )
        images, classes, start = images[few], classes[few], time.process_time()
        made, asked = generated(images, classes, seed, options)
        both = np.concatenate([images, made]), np.concatenate([classes, asked])
        steps = options.classifier_steps
        row["error"] = round(error_of(images, classes, test, seed, steps), 4)
        row["error_with_generated"] = round(error_of(*both, test, seed, steps), 4)
        row["cpu_seconds"] = round(time.process_time() - start)
        write(RESULTS, KEY, row | here())
        print(row, flush=True)
    for path, per_class in ((d, p) for d in options.data for p in options.per_class):
        rows = [
            row
            for row in rows_of(RESULTS, KEY).values()
            if (row["data"], row["per_class"]) == (path.stem, str(per_class))
        ]
        mean, half = gain(rows)
        print(f"{path.stem}, {per_class} a class, {len(rows)} seeds: gain {mean:.4f} ± {half:.4f}")


if __name__ == "__main__":
    main()
