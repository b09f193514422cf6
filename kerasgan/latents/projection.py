"""The code of a given picture, found by optimisation."""

import os
from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np
from keras import ops
from PIL import Image

from kerasgan import losses
from kerasgan.arguments import check_not_negative, check_whole
from kerasgan.datasets.picture import fit
from kerasgan.engine import backend
from kerasgan.engine.generation import GeneratesSamples
from kerasgan.latents.codes import codes, has_styles, render
from kerasgan.levels import to_unit


class Projection(NamedTuple):
    """What a projection found.

    Attributes:
        code: float32 array, the code of the picture.
        image: What the model makes of it, uint8 `(height, width, channels)`.
        losses: List of floats: the loss before each step, and after the last.
    """

    code: np.ndarray
    image: np.ndarray
    losses: list[float]


def project(
    model: GeneratesSamples,
    image: str | os.PathLike | Image.Image | np.ndarray,
    *,
    loss: keras.losses.Loss | None = None,
    pixel_weight: float = 1.0,
    steps: int = 300,
    learning_rate: float = 0.05,
    candidates: int = 64,
    labels=None,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Projection:
    """The code whose sample is most like a picture.

    By Adam, from the mean style (Karras et al. 2019, arXiv:1912.04958, appendix D; a style a layer
    as Abdal et al. 2019, arXiv:1904.03189). Of a model without styles from the best of some random
    latents, which stay at the distance from 0 at which latents lie.

    Args:
        model: A model that generates pictures from latents.
        image: A path or a Pillow image, which is cropped and resized to the model's pictures; or
            an array of their shape, uint8 or float in [-1, 1].
        loss: How unlike pictures are, on `(batch, height, width, channels)` in [-1, 1]: a
            `losses.FeatureLoss` on the network of yours, say. By default that of VGG19.
        pixel_weight: Float, of the mean squared error of pixels beside it.
        steps: Steps of Adam, whose rate falls along half of a cosine.
        learning_rate: The rate that it begins with.
        candidates: Random latents to choose the first from, of a model without styles.
        labels: One label, for a model with labels and no styles.
        seed: Integer of these latents.
        progress: Function `progress(done, total)` of steps.

    Returns:
        `Projection(code, image, losses)`.

    Raises:
        ValueError: On a model without latents, a picture of another shape, or a number out of its
            range.

    Example:

    ```python
    loss = kerasgan.losses.FeatureLoss("efficientnet_lite0.keras", layer="block_4")
    code, image, _ = kerasgan.latents.project(model, "me.jpg", loss=loss)
    ```
    """
    check_whole(1, steps=steps, candidates=candidates)
    check_not_negative(pixel_weight=pixel_weight)
    found = codes(model, candidates, seed, labels=_repeated(model, labels, candidates))
    loss = losses.FeatureLoss() if loss is None else loss
    if hasattr(loss, "prepare"):
        loss.prepare()
    target = ops.convert_to_tensor(_pixels(image, model.sample_shape)[None])
    network, label = model.averaged_generator, []
    if has_styles(model):
        network, start = model.part("synthesis"), np.zeros_like(found[:1]) + model.mean_style()
    else:
        rows = model.label_rows(1, labels, seed) if "labels" in model.takes else None
        label = [] if rows is None else [ops.convert_to_tensor(rows)]
        made = model.in_batches([found, *(np.repeat(x, candidates, 0) for x in label)])
        errors = [float(_error(loss, pixel_weight, target, one[None])) for one in made]
        start = found[np.argmin(errors)][None]
    variable = keras.Variable(start, dtype="float32", name="code")
    inner = loss.encoder.variables if hasattr(loss, "encoder") else []

    def evaluate():
        def total():
            given = ops.convert_to_tensor(variable)
            return _error(
                loss,
                pixel_weight,
                target,
                network([given, *label] if label else given, training=False),
            )

        value, (gradient,) = backend.gradients(total, [variable])
        return {"loss": value, "gradient": gradient}

    evaluated = backend.without_effect(evaluate, [variable, *network.variables, *inner])
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(learning_rate, steps))
    optimizer.build([variable])
    values = []
    for step in range(steps + 1):
        made = evaluated()
        values.append(float(made["loss"]))
        if step == steps:
            break
        backend.apply(optimizer, [ops.convert_to_tensor(made["gradient"])], [variable])
        if not has_styles(model):
            size = ops.sqrt(ops.sum(ops.square(variable.value)))
            variable.assign(variable.value * (model.latent_dim**0.5 / size))
        if progress:
            progress(step + 1, steps)
    code = np.array(ops.convert_to_numpy(variable.value), "float32")
    label = ops.convert_to_numpy(label[0]) if label else None
    return Projection(code[0], render(model, code, label, verbose=False)[0], values)


def _repeated(model, labels, n):
    """A label for each of `n` samples, of a model that takes one."""
    if "labels" not in getattr(model, "takes", ()) or labels is None:
        return None
    return np.repeat(model.label_rows(1, labels, None), n, axis=0)


def _error(loss, pixel_weight, target, made):
    made = ops.convert_to_tensor(made)
    return ops.mean(loss(target, made)) + pixel_weight * ops.mean(ops.square(target - made))


def _pixels(image, shape):
    """A picture as float32 in [-1, 1] of the shape of a model's."""
    if not hasattr(image, "dtype"):
        if len(shape) != 3 or shape[-1] not in (1, 3, 4):
            raise ValueError(f"This model makes no pictures, but samples of shape {shape}.")
        if isinstance(image, Image.Image):
            return to_unit(fit(image.copy(), shape))
        with Image.open(image) as opened:
            return to_unit(fit(opened, shape))
    if tuple(image.shape) != tuple(shape):
        raise ValueError(
            f"image must be an array of shape {tuple(shape)}, as the model makes them, or a file. "
            f"Received: shape {tuple(image.shape)}"
        )
    return to_unit(np.asarray(image))
