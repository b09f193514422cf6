"""Do a conditional model's pictures show the label that was asked for?

    KERAS_BACKEND=tensorflow python benchmarks/label_agreement.py FOLDER --data mnist.npz:x_train
    KERAS_BACKEND=tensorflow python benchmarks/label_agreement.py FOLDER --data CELEBA_FOLDER \
        --labels list_attr_celeba.txt --crop 76

A small network learns the labels from the real images at the model's size, then reads 10,000
generated ones: of classes as many each, of attributes vectors as frequent as in training. Its
own errors bound what can be confirmed, so its figures on real images that it has not seen
stand beside: `x_test` of a .npz file, else a random tenth. Of attributes most pictures have
either one or the other, and a generator deaf to its labels agrees often: the balanced figure,
the mean over pictures asked to have the attribute and over those asked not to, would be 0.5.
"""

import argparse
from pathlib import Path

import keras
import numpy as np
from keras import layers
from results import record

import kerasgan

N = 10_000


def read(data, model, options):
    """All images and labels of `data`, uint8 and int32 `(n,)` or float32 `(n, k)`."""
    names = model.labels.names if options.labels else None
    dataset = kerasgan.datasets.load(
        data,
        model.sample_shape,
        crop=options.crop,
        flip=False,
        shuffle=False,
        labels=options.labels or True,
        label_names=names,
    )
    there = dataset.modalities["labels"]
    if (type(there), there.dim) != (type(model.labels), model.labels.dim):
        raise SystemExit(
            f"A label of {options.name} is {model.labels.describe()}; of {data} (--labels names a "
            f"file of attributes) {there.describe()}."
        )
    if model.labels.names and there.names not in (None, model.labels.names):
        raise SystemExit(
            f"{options.name} knows the labels {', '.join(model.labels.names)}; {data} has "
            f"{', '.join(there.names)}."
        )
    images, labels = zip(*(dataset[i] for i in range(len(dataset))))
    return np.concatenate(images), np.concatenate(labels)


def split(model, options):
    """Real images and labels to learn from, and those held out."""
    images, labels = read(options.data, model, options)
    file, _, key = options.data.rpartition(":")
    if key == "x_train" and "x_test" in np.load(file):
        return (images, labels), read(f"{file}:x_test", model, options)
    order = np.random.default_rng(options.seed).permutation(len(images))
    held_out, rest = np.split(order, [len(images) // 10])
    return (images[rest], labels[rest]), (images[held_out], labels[held_out])


def classifier(images, labels, label_dim, multi_label, epochs=None, pooling=layers.Flatten):
    """A network trained on these images, from them to logits."""
    usual, batch_size = (15, 64) if multi_label else (8, 128)
    epochs = epochs or usual
    x = inputs = keras.Input(images.shape[1:])
    x = layers.Rescaling(1 / 127.5, -1.0)(x)
    if multi_label:
        x = layers.RandomFlip("horizontal")(x)
    width = 32
    while x.shape[1] > 4:
        x = layers.Conv2D(width, 3, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization(momentum=0.9)(layers.MaxPooling2D()(x))
        x = layers.ReLU()(x)
        width *= 2
    x = layers.Dropout(0.5)(pooling()(x))
    network = keras.Model(inputs, layers.Dense(label_dim)(x))
    losses = keras.losses.SparseCategoricalCrossentropy, keras.losses.BinaryCrossentropy
    steps = epochs * -(-len(images) // batch_size)
    network.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(2e-3, steps)),
        losses[multi_label](from_logits=True),
    )
    network.fit(images, labels, batch_size=batch_size, epochs=epochs, verbose=2)
    return network


def figures(network, images, labels, multi_label):
    """For all labels together, then for each: agreement and balanced agreement.

    A class is judged on its own images: its agreement is balanced as it is.
    """
    logits = network.predict(images, batch_size=256, verbose=0)
    if not multi_label:
        right = logits.argmax(1) == labels
        each = [right[labels == c].mean() for c in range(logits.shape[1])]
        return [(right.mean(), np.mean(each)), *zip(each, each)]
    asked = labels > 0.5
    right = (logits > 0) == asked
    balanced = [np.mean([r[a].mean(), r[~a].mean()]) for r, a in zip(right.T, asked.T)]
    return [(right.mean(), np.mean(balanced)), *zip(right.mean(0), balanced)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", help="an entry or a run folder")
    parser.add_argument("--data", required=True, help="what it was trained on")
    parser.add_argument("--labels", help="file of attributes")
    parser.add_argument("--crop", type=int)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    model = kerasgan.zoo.load(options.name)
    if "labels" not in model.takes:
        raise SystemExit(f"{options.name} takes no labels, so none can be asked for.")
    keras.utils.set_random_seed(options.seed)
    multi_label = isinstance(model.labels, kerasgan.modalities.Attributes)
    (images, labels), held_out = split(model, options)
    network = classifier(images, labels, model.labels.dim, multi_label)
    asked = model.grid_labels(N)
    if multi_label:
        asked = model.label_rows(N, None, options.seed)
    fake = model.generate(N, seed=options.seed, labels=asked, verbose=False)
    names = model.labels.names or [str(i) for i in range(model.labels.dim)]
    shares = held_out[1] if multi_label else np.eye(model.labels.dim)[held_out[1]]
    rows = [
        {
            "entry": Path(options.name).name,
            "label": name,
            "agreement": round(float(agreement), 4),
            "balanced": round(float(balanced), 4),
            "real": round(float(real), 4),
            "real_balanced": round(float(real_balanced), 4),
            "base_rate": base_rate and round(float(base_rate), 4),
            "n": N,
            "n_real": len(held_out[0]),
            "seed": options.seed,
        }
        for name, (agreement, balanced), (real, real_balanced), base_rate in zip(
            ["all", *names],
            figures(network, fake, asked, multi_label),
            figures(network, *held_out, multi_label),
            ["", *shares.mean(0)],
        )
    ]
    record("label_agreement", rows, by=("entry",))


if __name__ == "__main__":
    main()
