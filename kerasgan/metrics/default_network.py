"""The feature network that comes with kerasgan, for figures without any other."""

from pathlib import Path

import keras
import numpy as np
from keras import layers

NAME = "kerasgan_features_v1"
WEIGHTS = Path(__file__).with_name(f"{NAME}.npz")
SIDE = 64
WIDTHS = (32, 64, 128, 192)


def default_features() -> keras.Model:
    """A small network from images in [-1, 1] to 384 features, as `feature_network` takes it.

    Four convolutions, each followed by batch normalization, and the means over all places of
    what the last three of them see: edges and textures as well as shapes. It learned to tell
    apart the classes of Fashion-MNIST, MNIST, 17 flowers, chest X-rays and façades
    (`benchmarks/default_features.py`). Fashion-MNIST is under MIT's licence and the X-rays
    (PneumoniaMNIST) under CC BY 4.0; the others' authors give them for research.
    Images of any size are resized to 64 pixels.

    Its figures tell models of one data set apart, and compare only with figures of the same
    network: with no FID of a paper, whose network is `inception_network`.

    Returns:
        A Keras model.

    Example:

    ```python
    metric = kerasgan.metrics.FrechetInceptionDistance(kerasgan.metrics.default_features())
    ```
    """
    network = architecture()
    with np.load(WEIGHTS) as file:
        network.set_weights([file[key].astype("float32") for key in sorted(file.files)])
    return network


def architecture() -> keras.Model:
    """The network with fresh weights."""
    # Whatever the program's own defaults are: the figures must not follow them.
    options = {"dtype": "float32"}
    x = inputs = keras.Input((SIDE, SIDE, 3), dtype="float32")
    seen = []
    for width in WIDTHS:
        x = layers.Conv2D(
            width,
            3,
            strides=2,
            padding="same",
            use_bias=False,
            data_format="channels_last",
            **options,
        )(x)
        x = layers.ReLU(**options)(layers.BatchNormalization(momentum=0.9, **options)(x))
        seen.append(layers.GlobalAveragePooling2D(data_format="channels_last", **options)(x))
    return keras.Model(inputs, layers.Concatenate(**options)(seen[1:]), name=NAME)
