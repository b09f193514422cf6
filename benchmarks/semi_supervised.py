"""How many labels does a classifier need, if it sees images without labels too?

    KERAS_BACKEND=tensorflow python benchmarks/semi_supervised.py mnist.npz fashion_mnist.npz
    KERAS_BACKEND=tensorflow python benchmarks/semi_supervised.py mnist.npz --validation

`SemiSupervisedGAN` sees all training images and the classes of a few; beside it the same
discriminator, from the same weights, learns from those few alone: as many steps of as many of
them, the same optimizer, average and batch size, no augmentation for either. What is tested, on
all test images, is what there is after the last step. Networks are small and steps few, so that a
run takes two minutes of a core; the paper's take about a hundred times as many steps. A learning
rate of 1e-3 was taken for 2e-4, and 32 pixels for 16, after single runs on MNIST, 20 labels a
class, seed 0. A data set is an .npz of `x_train`, `y_train`, `x_test` and `y_test`. Each row is
written when it is there; a row that is there is not done again.
"""

import argparse
import time
from pathlib import Path

import keras
import numpy as np
from feature_classifier import read
from results import here, write
from results import read as rows_of

from kerasgan import models, networks

RESULTS = Path(__file__).parent / "results" / "semi_supervised.csv"
KEY = ("data", "per_class", "model", "seed", "steps")
SIDE, BATCH, WIDTH, RATE, DECAY = 32, 64, 16, 1e-3, 0.99


def pair(seed, classes):
    keras.utils.set_random_seed(seed)
    return networks.dcgan(
        (SIDE, SIDE, 1),
        latent_dim=64,
        width=WIDTH,
        kernel_size=4,
        label_dim=classes,
        **models.SemiSupervisedGAN.network_options,
    )


def gan(images, few, classes, steps, seed):
    """Function from images to logits, or shares, of their classes."""
    model = models.SemiSupervisedGAN(*pair(seed, classes.max() + 1), seed=seed, ema_decay=DECAY)
    optimizer = keras.optimizers.Adam(RATE, beta_1=0.5)
    model.compile(optimizer)
    data = {"real": images, "labelled": images[few], "labels": classes}
    model.fit(data, batch_size=BATCH, epochs=steps // -(-len(images) // BATCH), verbose=0)
    return model.classify


def labels_alone(images, few, classes, steps, seed):
    model = pair(seed, classes.max() + 1)[1]
    optimizer = keras.optimizers.Adam(RATE, beta_1=0.5, use_ema=True, ema_momentum=DECAY)
    model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    shown = images[few] / np.float32(127.5) - 1

    def batches():
        random, order = np.random.default_rng(seed), np.array([], int)
        while True:
            while len(order) < BATCH:
                order = np.concatenate([order, random.permutation(len(few))])
            now, order = np.split(order, [BATCH])
            yield shown[now], classes[now]

    model.fit(batches(), epochs=1, steps_per_epoch=steps, shuffle=False, verbose=0)
    return lambda x: model.predict(x / np.float32(127.5) - 1, batch_size=500, verbose=0)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="+", type=Path)
    parser.add_argument("--per-class", type=int, nargs="+", default=[20, 50, 100])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, default=2, help="of all training images")
    parser.add_argument("--validation", action="store_true", help="test on training images")
    options = parser.parse_args()
    for seed, per_class, path in (
        (s, p, d) for s in options.seeds for p in options.per_class for d in options.data
    ):
        images, classes = read(path, "train", SIDE)
        test = read(path, "test", SIDE)
        if options.validation:
            test = images[-5000:], classes[-5000:]
            images, classes = images[:-5000], classes[:-5000]
        steps = options.epochs * -(-len(images) // BATCH)
        random = np.random.default_rng(seed)
        kinds = range(classes.max() + 1)
        few = np.concatenate(
            [random.choice(np.flatnonzero(classes == k), per_class, replace=False) for k in kinds]
        )
        for train in (labels_alone, gan):
            row = {
                "data": path.stem + "_validation" * options.validation,
                "per_class": per_class,
                "model": train.__name__,
                "seed": seed,
                "steps": steps,
            }
            if tuple(str(row[key]) for key in KEY) in rows_of(RESULTS, KEY):
                continue
            start = time.process_time()
            told = train(images, few, classes[few], steps, seed)
            spent = time.process_time() - start
            wrong = np.mean(told(test[0]).argmax(axis=1) != test[1])
            row |= {"test_error": round(float(wrong), 4), "cpu_seconds": round(spent)}
            write(RESULTS, KEY, row | here())
            print(row, flush=True)


if __name__ == "__main__":
    main()
