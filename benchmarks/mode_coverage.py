"""How many modes of the data does each model find?

    KERAS_BACKEND=jax python benchmarks/mode_coverage.py grid
    python benchmarks/mode_coverage.py stacked_mnist --models GAN WGANGP R3GAN

The protocol is that of PacGAN (Lin et al. 2018, arXiv:1712.04086, sections 4.1 and 4.2, and
github.com/fjxmlzn/PacGAN), which follows VEEGAN (Srivastava et al. 2017, arXiv:1705.07761)
and Metz et al. 2017 (arXiv:1611.02163):

- `ring`: 8 normal distributions of deviation 0.01 on a circle of radius 1. `grid`: 25 of
  deviation 0.05, 2 apart. 100,000 training points, latents of length 2, 2,500 samples. A
  sample within 3 deviations of a mean is of high quality; a mode with one such is found.
- `stacked_mnist`: three random digits as the channels of an image, 1,000 modes. 128,000
  training images, 26,000 samples; their digits are named by a small network trained here.
- `stacked_mnist_quarter`: the same with a discriminator of a quarter of its channels, 2, 4 and
  8 to the generator's 64, 32 and 16. Metz et al. shrink it so to provoke collapse, and PacGAN
  takes their experiment over.

A model that takes labels is asked for every mode by name, and marked as told the label.

`reverse_kl` is KL(generated || data) in nats over the modes, on the ring and the grid of the
samples of high quality alone. Real data would score 99% of high quality and a KL of 0.001,
0.005 and 0.019. One sample finds a mode: points spread evenly over the grid find 23 of 25,
with 3% of high quality, so that the three figures are to be read together.

Where it departs: samples are `generate`'s, of the averaged generator; `GAN+no_average` has
its last weights, as the papers' have. Points: two hidden
layers of 128 in place of four of 400 (generator) and three of maxout, and 20,000 steps at
five times the papers' learning rates in place of 400,000 of Adam 1e-4. Images: padded from 28
to 32 pixels, a power of two, so three convolutions in place of four; width 32 in place of 64;
normal latents in place of uniform; digits of MNIST's training set alone, whose frequencies
stand in the KL for uniform ones (0.004 apart); 20,000 steps of one turn of the generator in
place of 100,000 of two. With the quarter: the generator's last convolution left out, and
20,000 steps in place of 500,000. Each model has its paper's optimizer and number of turns,
and sees a batch once a step; `images_per_second` counts that batch.
"""

import argparse
import statistics
import time
from pathlib import Path

import keras
import numpy as np
from keras import layers
from results import here, read, write

import kerasgan
from kerasgan import losses, models, penalties
from kerasgan._choose_backend import keras_home
from kerasgan.augment import InstanceNoise
from kerasgan.layers import MinibatchDiscrimination

RESULTS = Path(__file__).parent / "results" / "mode_coverage.csv"
MNIST = Path(__file__).parents[2] / "shared" / "data" / "mnist" / "mnist.npz"
KEY = ("task", "model", "seed", "steps", "batch_size", "width", "backend")
# Where no other is named, of Huang et al. 2024 (arXiv:2501.05441): Table 1 has small residual
# networks without normalisation, Table 3 the figures of earlier papers.
PUBLISHED = {
    ("stacked_mnist", "GAN"): "99, KL 3.40 (DCGAN, Table 3)",
    ("stacked_mnist", "WGANGP"): "959, KL 0.73 (Table 3)",
    ("stacked_mnist", "GAN+R1"): "diverged (Table 1)",
    ("stacked_mnist", "R3GAN"): "1000, KL 0.0781 (Table 1)",
    ("stacked_mnist_quarter", "GAN"): "31 ± 21, KL 5.99 (arXiv:1611.02163, Table 1)",
}

# What only its own networks, of pictures or sequences, go with.
OWN_NETWORKS = (
    *(models.FastGAN, models.ProjectedGAN, models.SequenceWGANGP),
    *(models.SequenceGAN, models.GumbelSequenceGAN),
    *(models.FieldGAN, models.ConditionalFieldGAN),
)


def variants(steps):
    """A model's name: its class, its networks' options beside the class's, its own."""
    # Gone by half of the training.
    noise = InstanceNoise(0.1, steps=max(steps // 2, 1))
    return {
        "GAN": (models.GAN, {}, {}),
        "GAN+no_average": (models.GAN, {}, {"ema_decay": 0.0}),
        "GAN+minibatch_discrimination": (models.GAN, {"minibatch_discrimination": True}, {}),
        "GAN+label_smoothing": (
            models.GAN,
            {},
            {"adversarial_loss": losses.Minimax(label_smoothing=0.1)},
        ),
        "GAN+instance_noise": (models.GAN, {}, {"augmentation": noise}),
        "GAN+two_rates": (models.GAN, {}, {}),
        "GAN+R1": (
            models.GAN,
            {"discriminator_normalization": None},
            {"penalties": [penalties.R1()]},
        ),
        **{
            c.__name__: (c, {}, {})
            for c in models.MODELS.values()
            if c.verb == "generate" and c not in (models.GAN, *OWN_NETWORKS)
        },
    }


# Discriminator and generator, from SAGAN (Zhang et al. 2019, arXiv:1805.08318).
TWO_RATES = (4e-4, 1e-4)


def nearest_modes(points, means, deviation):
    """How many points of high quality are nearest to each mean."""
    distances = np.linalg.norm(points[:, None] - means, axis=-1)
    close = distances.min(1) < 3.0 * deviation
    return np.bincount(distances.argmin(1)[close], minlength=len(means))


def stacked_modes(digits):
    """How many rows of three digits are each of the numbers 0 to 999."""
    return np.bincount(digits @ [100, 10, 1], minlength=1000)


def reverse_kl(counts, data):
    """KL(counts || data) of two histograms; NaN where `counts` is empty."""
    if not counts.sum():
        return float("nan")
    p, q = counts / counts.sum(), data / data.sum()
    p, q = p[p > 0], q[p > 0]
    return float(np.sum(p * np.log(p / q)))


class Points:
    """A mixture of equally likely normal distributions in the plane."""

    steps, batch_size, width, rate = 20_000, 100, 128, 5.0
    samples = 2_500
    # As the authors' gan_toy.py (github.com/igul222/improved_wgan_training).
    own = {"WGANGP": ({"discriminator_normalization": None}, {"penalty_weight": 0.1})}
    measured = {}

    def __init__(self, means, deviation):
        self.means, self.deviation = np.array(means, "float32"), deviation
        self.labelled = {"label_dim": len(means)}, {}

    def data(self, random):
        labels = random.integers(len(self.means), size=100_000).astype("int32")
        noise = self.deviation * random.standard_normal((len(labels), 2), "float32")
        return self.means[labels] + noise, labels

    def networks(self, width, minibatch_discrimination=False, **options):
        generator, discriminator = kerasgan.networks.mlp((2,), latent_dim=2, width=width, **options)
        if minibatch_discrimination:
            # The builder's 100 kernels would take many times the time of all the rest.
            x = MinibatchDiscrimination(num_kernels=10)(discriminator.layers[-1].input)
            discriminator = keras.Model(discriminator.inputs, layers.Dense(1)(x))
        return generator, discriminator

    def score(self, samples):
        counts = nearest_modes(samples, self.means, self.deviation)
        share = counts.sum() / len(samples)
        return coverage(counts, np.ones(len(counts))) | {"high_quality": round(share, 3)}


class StackedMNIST:
    """Three digits of MNIST as the channels of an image."""

    steps, batch_size, width, rate = 20_000, 64, 32, 1.0
    samples = 26_000
    own = {}
    # Three classes of ten, as 30 attributes.
    labelled = {"label_dim": 30}, {"labels": kerasgan.modalities.Attributes(30)}

    def __init__(self, options):
        (images, self.digits), held_out = load_mnist(options.data)
        self.images = images
        self.classifier = digit_classifier(options.cache, (images, self.digits))
        accuracy = self.classifier.evaluate(*held_out, batch_size=500, verbose=0)[1]
        print(f"The digits' classifier is right on {accuracy:.2%} of MNIST's test set.")
        if accuracy < 0.99:
            raise SystemExit(f"It should be right on 99%: delete {options.cache} to train another.")
        self.measured = {"classifier_accuracy": round(accuracy, 4)}

    def data(self, random):
        chosen = random.integers(len(self.images), size=(128_000, 3))
        images = np.moveaxis(self.images[chosen, :, :, 0], 1, -1)
        return images, np.eye(10, dtype="float32")[self.digits[chosen]].reshape(-1, 30)

    def networks(self, width, **options):
        return kerasgan.networks.dcgan((32, 32, 3), width=width, **options)

    def score(self, samples):
        channels = np.moveaxis(samples, -1, 1).reshape(-1, 32, 32, 1)
        logits = self.classifier.predict(channels, batch_size=500, verbose=0)
        share = np.bincount(self.digits, minlength=10)
        counts = stacked_modes(logits.argmax(1).reshape(-1, 3))
        return coverage(counts, np.kron(np.kron(share, share), share)) | {"high_quality": ""}


class QuarterStackedMNIST(StackedMNIST):
    """With a discriminator that is too small, after Metz et al. 2017."""

    batch_size, width = 128, 16

    def networks(self, width, **options):
        options |= {"latent_dim": 256, "kernel_size": 3}
        generator, _ = super().networks(width, **options)
        _, discriminator = super().networks(width // 8, **options)
        return generator, discriminator


GRID = [(x, y) for x in range(-4, 5, 2) for y in range(-4, 5, 2)]
RING = [(np.cos(a), np.sin(a)) for a in np.arange(8) * np.pi / 4]
TASKS = {
    "ring": lambda options: Points(RING, 0.01),
    "grid": lambda options: Points(GRID, 0.05),
    "stacked_mnist": StackedMNIST,
    "stacked_mnist_quarter": QuarterStackedMNIST,
}


def coverage(counts, data):
    return {
        "modes": int((counts > 0).sum()),
        "of": len(counts),
        "reverse_kl": round(reverse_kl(counts, data), 4),
    }


def load_mnist(path):
    """Images padded to 32 pixels and digits, of the training and the test set."""
    if path is None and MNIST.exists():
        path = MNIST
    if path is None:
        try:
            sets = keras.datasets.mnist.load_data()
        except Exception as error:
            raise SystemExit(
                f"MNIST could not be downloaded ({error}). Give --data a mnist.npz with "
                "x_train, y_train, x_test and y_test."
            ) from error
    else:
        with np.load(path) as file:
            sets = [(file[f"x_{part}"], file[f"y_{part}"]) for part in ("train", "test")]
    return [(np.pad(x, ((0, 0), (2, 2), (2, 2)))[..., None], y.astype("int64")) for x, y in sets]


def digit_classifier(path, data):
    """A small network from digits of 32 pixels, uint8, to logits; kept at `path`."""
    if Path(path).exists():
        return keras.saving.load_model(path)
    print("Training a classifier of digits …")
    keras.utils.set_random_seed(0)
    network = keras.Sequential([keras.Input((32, 32, 1)), layers.Rescaling(1 / 255)])
    for filters in (16, 32, 64):
        network.add(layers.Conv2D(filters, 3, use_bias=False))
        network.add(layers.BatchNormalization(momentum=0.9))
        network.add(layers.ReLU())
        network.add(layers.MaxPooling2D())
    network.add(layers.Flatten())
    network.add(layers.Dense(10))
    epochs, batch_size = 4, 100
    rate = keras.optimizers.schedules.CosineDecay(2e-3, epochs * len(data[0]) // batch_size)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    network.compile(keras.optimizers.Adam(rate), loss, metrics=["accuracy"])
    network.fit(*data, batch_size=batch_size, epochs=epochs, verbose=2)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    network.save(path)
    return network


class Batches(keras.utils.PyDataset):
    """Batches of random data in their order, over and over: one epoch of many steps."""

    def __init__(self, images, labels, steps, batch_size):
        super().__init__()
        self.images, self.labels = images, labels
        self.steps, self.batch_size = steps, batch_size

    def __len__(self):
        return self.steps

    def __getitem__(self, i):
        rows = np.arange(i * self.batch_size, (i + 1) * self.batch_size) % len(self.images)
        return self.images[rows], self.labels[rows]


class Clock(keras.callbacks.Callback):
    """Steps a second after the first few, which compile."""

    def __init__(self, steps):
        super().__init__()
        self.first, self.left = min(10, steps // 2), steps - 1 - min(10, steps // 2)

    def on_train_batch_end(self, batch, logs=None):
        if batch == self.first:
            self.start = time.perf_counter()

    def on_train_end(self, logs=None):
        self.speed = self.left / (time.perf_counter() - self.start)


def build(name, task, settings):
    cls, network, own = variants(settings["steps"])[name]
    task_network, task_own = task.own.get(name, ({}, {}))
    if "labels" in cls.takes:
        network, own = network | task.labelled[0], own | task.labelled[1]
    network = cls.network_options | network | task_network
    seed = settings["seed"]
    keras.utils.set_random_seed(seed)
    model = cls(*task.networks(settings["width"], **network), seed=seed, **own | task_own)
    optimizers = {}
    if name == "GAN+two_rates":
        optimizers = {
            f"{player}_optimizer": keras.optimizers.Adam(rate, beta_1=0.5)
            for player, rate in zip(model.players, TWO_RATES)
        }
    model.compile(**optimizers)
    model.optimizer.learning_rate = task.rate * float(model.optimizer.learning_rate)
    return model


def measure(name, task, settings):
    images, labels = task.data(np.random.default_rng(settings["seed"]))
    model = build(name, task, settings)
    clock = Clock(settings["steps"])
    batches = Batches(images, labels, settings["steps"], settings["batch_size"])
    model.fit(batches, verbose=0, callbacks=[clock])
    # Training labels, all modes as likely: without any, `generate` draws from the last 4,096.
    told = {"labels": labels[: task.samples]} if "labels" in model.takes else {}
    samples = model.generate(task.samples, seed=0, batch_size=500, verbose=False, **told)
    return {
        "told_label": "labels" in model.takes,
        **task.score(samples),
        "images_per_second": round(clock.speed * settings["batch_size"]),
        "classifier_accuracy": "",
        **task.measured,
    }


def table(names, rows):
    """A Markdown table of a task's rows, one line a model."""
    lines = [
        "| model | modes | high quality | reverse KL | images/s | published |",
        "|---|---|---|---|---|---|",
    ]
    for name in names:
        mine = [row for row in rows if row["model"] == name]
        if not mine:
            continue
        modes, share, kl, speed = (
            [float(row[column]) for row in mine if row[column] != ""]
            for column in ("modes", "high_quality", "reverse_kl", "images_per_second")
        )
        spread = f" ± {statistics.stdev(modes):.1f}" if len(modes) > 1 else ""
        told = ", told the label" if mine[0]["told_label"] == "True" else ""
        cells = [
            name + told,
            f"{statistics.fmean(modes):.1f}{spread} of {mine[0]['of']}",
            f"{statistics.fmean(share):.0%}" if share else "",
            f"{statistics.fmean(kl):.3f}",
            f"{statistics.median(speed):.0f}",
            PUBLISHED.get((mine[0]["task"], name), ""),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main():
    names = list(variants(1))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("--models", nargs="+", choices=names, default=names, metavar="MODEL")
    parser.add_argument("--seeds", type=int, default=3, help="runs of each model")
    parser.add_argument("--steps", type=int)
    parser.add_argument("--width", type=int)
    parser.add_argument("--batch-size", type=int)
    parser.add_argument("--data", help="mnist.npz")
    parser.add_argument(
        "--cache",
        default=str(keras_home() / "kerasgan" / "mnist_classifier.keras"),
        help="where the classifier of digits is kept",
    )
    parser.add_argument("--again", action="store_true", help="also what is in the results")
    options = parser.parse_args()
    task = TASKS[options.task](options)
    settings = {
        name: getattr(options, name) or getattr(task, name)
        for name in ("steps", "batch_size", "width")
    }
    rows = []
    for seed in range(options.seeds):
        for name in options.models:
            run = {"task": options.task, "model": name, "seed": seed, **settings}
            key = tuple(str((run | here())[k]) for k in KEY)
            if options.again or key not in read(RESULTS, KEY):
                write(RESULTS, KEY, run | measure(name, task, run) | here())
            rows.append(read(RESULTS, KEY)[key])
            print(", ".join(f"{k} {v}" for k, v in rows[-1].items() if v), flush=True)
    print(table(options.models, rows))


if __name__ == "__main__":
    main()
