"""A feature network of four scales, small enough for tests of projected GANs."""

import functools
import tempfile
from pathlib import Path

import keras
from keras import layers

SCALES = ["a", "b", "c", "d"]


@functools.cache
def feature_file():
    """Path of a network whose layers `SCALES` have strides 4, 8, 16 and 32."""
    folder = Path(tempfile.mkdtemp(prefix="kerasgan_features_"))
    keras.utils.set_random_seed(0)
    x = inputs = keras.Input((None, None, 3))
    x = layers.AveragePooling2D(2)(x)
    for name, width in zip(SCALES, (4, 5, 6, 7)):
        x = layers.Conv2D(width, 3, 2, padding="same", activation="relu", name=name)(x)
    keras.Model(inputs, x, name="tiny").save(folder / "features.keras")
    return folder / "features.keras"
