"""The network of the literature's FID, KID and Inception Score."""

import os
from collections.abc import Callable

import keras
import numpy as np
from keras import layers

from kerasgan._choose_backend import keras_home

SOURCE = (
    "Fetch weights-inception-2015-12-05-6726825d.pth (91 MB, Apache-2.0) from "
    "https://github.com/toshas/torch-fidelity/releases/tag/v0.2.0 and convert it once, where "
    "PyTorch is installed:\n"
    "    state = torch.load('weights-inception-2015-12-05-6726825d.pth')\n"
    "    numpy.savez('inception.npz', **{name: x.numpy() for name, x in state.items()})\n"
    "or take any other network as feature_network: the figures then have its name."
)
_STEM = ["Conv2d_1a_3x3", "Conv2d_2a_3x3", "Conv2d_2b_3x3", "Conv2d_3b_1x1", "Conv2d_4a_3x3"]
_DOUBLE = ["3x3dbl_1", "3x3dbl_2", "3x3dbl_3"]
_A = ["1x1", "5x5_1", "5x5_2", *_DOUBLE, "_pool"]
_B = ["3x3", *_DOUBLE]
_C = ["1x1", *(f"7x7_{i}" for i in (1, 2, 3)), *(f"7x7dbl_{i}" for i in range(1, 6)), "_pool"]
_D = ["3x3_1", "3x3_2", *(f"7x7x3_{i}" for i in range(1, 5))]
_E = ["1x1", "3x3_1", "3x3_2a", "3x3_2b", *_DOUBLE[:2], "3x3dbl_3a", "3x3dbl_3b", "_pool"]
_BLOCKS = {"5": (_A, _A, _A), "6": (_B, _C, _C, _C, _C), "7": (_D, _E, _E)}
# In 5 the first block is "b", after a pooling that is "a".
_FIRST = {"5": "b", "6": "a", "7": "a"}


def inception_network(
    path: str | os.PathLike | None = None, logits: bool = False
) -> tuple[keras.Model, Callable]:
    """The Inception-v3 of 2015 that FID, KID and the Inception Score are defined by.

    It is not `keras.applications.InceptionV3`: its weights are others, and its last block
    pools by maximum. Its weights do not come with kerasgan, and are not downloaded.

    Args:
        path: `.npz` file of the weights under the names that pytorch-fid and torch-fidelity
            have; the error without it says how to make one. By default
            `kerasgan/inception.npz` in Keras's folder (`~/.keras`).
        logits: End in the 1,008 logits, without their bias, for `InceptionScore` (Salimans et
            al. 2016, arXiv:1606.03498); otherwise in the 2,048 pooled features, for the
            distances (Heusel et al. 2017, arXiv:1706.08500).

    Returns:
        A pair of a Keras model and its preprocessing, as `feature_network` takes it. Images
        are resized to 299 pixels.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it holds other weights.

    Example:

    ```python
    metric = kerasgan.metrics.FrechetInceptionDistance(
        kerasgan.metrics.inception_network("inception.npz")
    )
    ```
    """
    path = path or keras_home() / "kerasgan" / "inception.npz"
    try:
        with np.load(path) as file:
            weights = dict(file)
    except FileNotFoundError:
        raise FileNotFoundError(f"There are no Inception weights at {path}. {SOURCE}") from None
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} is no file of Inception weights ({error}). {SOURCE}") from None
    network = _architecture(logits)
    try:
        for name, convolution, normalization in zip(
            _names(), _created(network, layers.Conv2D), _created(network, layers.BatchNormalization)
        ):
            scale, beta, mean, variance = (
                weights[f"{name}.bn.{part}"]
                for part in ("weight", "bias", "running_mean", "running_var")
            )
            # The scale, which Keras's layer does not have, is 1 in the published weights.
            kernel = weights[f"{name}.conv.weight"].transpose(2, 3, 1, 0) * scale
            convolution.set_weights([kernel])
            normalization.set_weights([beta, mean * scale, variance])
        if logits:
            network.layers[-1].set_weights([weights["fc.weight"].T])
    except (KeyError, ValueError) as error:
        raise ValueError(f"{path} holds other weights ({error}). {SOURCE}") from None
    return network, _prepare


def _prepare(images):
    # (x - 128) / 128 of values in [0, 255].
    return (images * 127.5 - 0.5) / 128.0


def _architecture(logits):
    body = keras.applications.InceptionV3(
        include_top=False, weights=None, input_shape=(299, 299, 3), pooling="avg"
    )
    last = _created(body, layers.AveragePooling2D)[-1].name

    def clone(layer):
        if layer.name == last:
            return layers.MaxPooling2D(3, strides=1, padding="same", name=last)
        return layer.__class__.from_config(layer.get_config())

    body = keras.models.clone_model(body, clone_function=clone)
    outputs = layers.Dense(1008, use_bias=False)(body.output) if logits else body.output
    return keras.Model(body.input, outputs, name="inception_2015")


def _created(network, kind):
    """Layers of a kind in the order they were made in, which numbers their names."""
    found = [layer for layer in network.layers if isinstance(layer, kind)]
    numbers = {layer.name: layer.name.rpartition("_")[2] for layer in found}
    return sorted(found, key=lambda x: int(numbers[x.name]) if numbers[x.name].isdigit() else 0)


def _names():
    yield from _STEM
    for stage, blocks in _BLOCKS.items():
        for i, branches in enumerate(blocks):
            block = f"Mixed_{stage}{chr(ord(_FIRST[stage]) + i)}"
            yield from (f"{block}.branch{branch}" for branch in branches)
