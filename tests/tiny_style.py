"""A feature network and a painting, small enough for tests of style."""

import functools
import tempfile
from pathlib import Path

import keras
from keras import layers
from PIL import Image
from tiny import images

LAYERS = ["a", "b"]


@functools.cache
def style_files():
    """Paths of a feature network with `LAYERS`, and of a painting."""
    folder = Path(tempfile.mkdtemp(prefix="kerasgan_style_"))
    keras.utils.set_random_seed(0)
    x = inputs = keras.Input((None, None, 3))
    for name, width in zip(LAYERS, (6, 8)):
        x = layers.Conv2D(width, 3, padding="same", activation="relu", name=name)(x)
        x = layers.MaxPooling2D(2)(x)
    keras.Model(inputs, x, name="tiny").save(folder / "features.keras")
    painting = images(1, (4, 6, 3))[0].repeat(4, axis=0).repeat(4, axis=1)
    Image.fromarray(painting).save(folder / "painting.png")
    return folder / "features.keras", folder / "painting.png"
