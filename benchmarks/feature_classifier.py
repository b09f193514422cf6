"""Train a small classifier of grey images, whose features the metrics compare images by.

    KERAS_BACKEND=tensorflow python benchmarks/feature_classifier.py mnist.npz -o features.keras
    kerasgan evaluate cgan_mnist --data mnist.npz:x_train --features features.keras

Networks of ImageNet have seen no digits, and FID's Inception wants colour at 299 pixels. This one
is the network of `label_agreement.py` with the mean over all places in front of its last layer:
128 features of an image in [-1, 1]. Figures on the features of one such network compare models of
one data set with each other, and with no figure of a paper.
"""

import argparse
from pathlib import Path

import keras
import numpy as np
from keras import layers
from label_agreement import classifier
from results import record

import kerasgan


def read(path, part, side):
    """The images of one part, uint8 `(n, side, side, 1)`, and their classes."""
    dataset = kerasgan.datasets.load(
        f"{path}:x_{part}", (side, side, 1), flip=False, shuffle=False, labels=True
    )
    images, labels = zip(*(dataset[i] for i in range(len(dataset))))
    return np.concatenate(images), np.concatenate(labels)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", help="an .npz of x_train, y_train, x_test and y_test")
    parser.add_argument("-o", "--out", default="features.keras", help="file to write")
    parser.add_argument("--size", type=int, default=32, help="side of the images (default: 32)")
    parser.add_argument("--epochs", type=int, default=3, help="passes over it (default: 3)")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    keras.utils.set_random_seed(options.seed)
    images, labels = read(options.data, "train", options.size)
    label_dim, pooling = int(labels.max()) + 1, layers.GlobalAveragePooling2D
    trained = classifier(images, labels, label_dim, False, options.epochs, pooling)
    images, labels = read(options.data, "test", options.size)
    accuracy = np.mean(trained.predict(images, batch_size=256, verbose=0).argmax(1) == labels)
    # Without the input and its rescaling: the metrics' images are in [-1, 1].
    x = inputs = keras.Input(trained.input_shape[1:])
    for layer in trained.layers[2:]:
        x = layer(x)
    keras.Model(inputs, x, name=Path(options.out).stem).save(options.out)
    row = {
        "data": Path(options.data).name,
        "test_accuracy": round(float(accuracy), 4),
        "n_test": len(images),
        "features": trained.layers[-1].input.shape[-1],
        "size": options.size,
        "epochs": options.epochs,
        "seed": options.seed,
    }
    record("feature_classifier", [row], by=("data",))


if __name__ == "__main__":
    main()
