"""What several benchmarks judge pictures by."""

import keras
import numpy as np
from keras import layers, ops

from kerasgan.datasets import load

# SqueezeNet 1.0: fire modules, and the pooling in front of some.
FIRES, POOLED = range(2, 10), (2, 5, 9)
MEAN_BGR = (104.0, 117.0, 123.0)


def pictures(source, size):
    """All pictures of a source in colour, in its order: uint8 `(n, *size, 3)`."""
    dataset = load(source, (*size, 3), flip=False, shuffle=False, batch_size=64)
    return np.concatenate([dataset[i] for i in range(len(dataset))])


def squeezenet(path):
    """SqueezeNet 1.0 of an `.npz` of Caffe's arrays: images (227, 227, 3) in [-1, 1] to logits.

    Iandola et al. 2016, arXiv:1602.07360.
    """
    with np.load(path) as file:
        arrays = {name: file[name].astype("float32") for name in file}
    chosen = {}

    def convolution(x, name, size, **options):
        kernel = arrays[f"{name}.w"].transpose(2, 3, 1, 0)
        layer = layers.Conv2D(kernel.shape[-1], size, activation="relu", **options)
        chosen[layer] = kernel, arrays[f"{name}.b"]
        return layer(x)

    inputs = keras.Input((227, 227, 3), name="images")
    x = ops.flip(inputs, axis=-1) * 127.5 + (127.5 - np.array(MEAN_BGR))
    x = convolution(x, "conv1", 7, strides=2)
    for i in FIRES:
        if i in POOLED:
            x = layers.MaxPooling2D(3, 2)(x)
        x = convolution(x, f"fire{i}.conv1x1_1", 1)
        wide = convolution(x, f"fire{i}.conv3x3_2", 3, padding="same")
        x = layers.Concatenate()([convolution(x, f"fire{i}.conv1x1_2", 1), wide])
    x = convolution(layers.ZeroPadding2D(1)(x), "conv10", 1)
    model = keras.Model(inputs, ops.mean(x, axis=(1, 2)), name="squeezenet_1_0")
    for layer, weights in chosen.items():
        layer.set_weights(weights)
    return model


def rounded(value):
    """A figure as a card has it."""
    return float(f"{value:.5g}") if isinstance(value, float) else value
