"""Train the feature network that comes with kerasgan, and see whether its distance is sane.

    KERAS_BACKEND=tensorflow python benchmarks/default_features.py fashion_mnist.npz:x_train \
        mnist.npz:x_train flowers17 pneumonia.npz:x_train facades --judge celeba

Each source is what `kerasgan.datasets.load` takes with `labels=True`: an .npz of images and
classes, or a folder of one folder a class (17 flowers of 80 pictures; façades as photographs and
as labels). The network learns all their classes at once, and every source is seen as often as the
others, whatever its size. A tenth of each is held out, and its accuracy recorded.

Then the Fréchet distance of one half of the pictures of each source, and of `--judge`, which it
has not seen, from the other half: as it is, with noise, blurred, and from the next source. The
first must be the least and the last the greatest.
"""

import argparse
from pathlib import Path

import keras
import numpy as np
from keras import layers
from PIL import Image, ImageFilter
from results import record

import kerasgan
from kerasgan.metrics.default_network import SIDE, WEIGHTS, architecture

NOISE = 16
BLUR = 1


def read(source, most, labels=True):
    """Up to `most` images of a source, uint8 `(n, 64, 64, 3)`, and their classes."""
    dataset = kerasgan.datasets.load(
        source, (SIDE, SIDE, 3), flip=False, shuffle=False, labels=labels
    )
    order = np.random.default_rng(0).permutation(dataset.num_images)[:most]
    batches = {int(i): dataset[int(i)] for i in {*(order // dataset.batch_size)}}
    if not labels:
        return np.stack([batches[i // dataset.batch_size][i % dataset.batch_size] for i in order])
    rows = [(batches[i // dataset.batch_size], i % dataset.batch_size) for i in order]
    return tuple(np.stack([batch[part][place] for batch, place in rows]) for part in (0, 1))


class Mixed(keras.utils.PyDataset):
    """Batches with as many images of each source."""

    def __init__(self, sources, steps, batch_size, seed):
        super().__init__()
        self.sources, self.steps, self.batch_size, self.seed = sources, steps, batch_size, seed

    def __len__(self):
        return self.steps

    def __getitem__(self, step):
        random = np.random.default_rng([self.seed, step])
        which = random.integers(len(self.sources), size=self.batch_size)
        images, labels = zip(*(self._drawn(*self.sources[i], random) for i in which))
        return np.stack(images).astype("float32") / 127.5 - 1, np.array(labels)

    @staticmethod
    def _drawn(images, labels, random):
        i = random.integers(len(images))
        image = Image.fromarray(images[i])
        side = random.uniform(0.7, 1.0) * SIDE
        left, top = random.uniform(0, SIDE - side, 2)
        box = (left, top, left + side, top + side)
        image = np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BILINEAR, box=box))
        return image[:, :: random.choice([1, -1])], labels[i]


def distances(images, other):
    """Fréchet distances of one half of the images from the other, as it is and spoilt."""
    network = kerasgan.metrics.FeatureNetwork(kerasgan.metrics.default_features())
    one, two = images[::2], images[1::2]
    noise = np.random.default_rng(0).normal(0, NOISE, two.shape)
    filtered = [Image.fromarray(image).filter(ImageFilter.GaussianBlur(BLUR)) for image in two]
    compared = {
        "halves": two,
        "noise": np.clip(two + noise, 0, 255).astype("uint8"),
        "blur": np.stack([np.asarray(image) for image in filtered]),
        "other": other[: len(two)],
    }
    one, found = network(one), {}
    for name, images in compared.items():
        metric = kerasgan.metrics.FrechetInceptionDistance(network.network)
        metric.update_state(one, network(images))
        found[f"distance_{name}"] = float(f"{metric.result():.4g}")
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sources", nargs="+")
    parser.add_argument("--judge", help="a folder of pictures that it does not learn from")
    parser.add_argument("--most", type=int, default=12_000, help="images of a source")
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    keras.utils.set_random_seed(options.seed)
    sources, first = [], 0
    for source in options.sources:
        images, labels = read(source, options.most)
        sources.append((images, labels + first))
        first += int(labels.max()) + 1
    held_out = [(i[: len(i) // 10], k[: len(k) // 10]) for i, k in sources]
    trained_on = [(i[len(i) // 10 :], k[len(k) // 10 :]) for i, k in sources]
    features = architecture()
    outputs = layers.Dense(first)(layers.Dropout(0.3)(features.output))
    classifier = keras.Model(features.input, outputs)
    rate = keras.optimizers.schedules.CosineDecay(2e-3, options.steps)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    classifier.compile(keras.optimizers.AdamW(rate, weight_decay=1e-3), loss)
    batches = Mixed(trained_on, options.steps, options.batch_size, options.seed)
    classifier.fit(batches, shuffle=False, verbose=2)
    weights = [weight.astype("float16") for weight in features.get_weights()]
    np.savez_compressed(WEIGHTS, **{f"{i:04d}": weight for i, weight in enumerate(weights)})
    judged = [(name, images) for name, (images, _) in zip(options.sources, sources)]
    if options.judge:
        judged.append((options.judge, read(options.judge, options.most, labels=None)))
    rows = []
    for i, (name, images) in enumerate(judged):
        accuracy = ""
        if i < len(held_out):
            seen, labels = held_out[i]
            logits = classifier.predict(seen.astype("float32") / 127.5 - 1, verbose=0)
            accuracy = round(float(np.mean(logits.argmax(1) == labels)), 4)
        other = judged[(i + 1) % len(judged)][1]
        rows.append(
            {
                "data": Path(name.split(":")[0]).name,
                "images": len(images),
                "held_out_accuracy": accuracy,
                **distances(images, other),
                "steps": options.steps,
                "seed": options.seed,
            }
        )
    record("default_features", rows)


if __name__ == "__main__":
    main()
