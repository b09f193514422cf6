"""Neural style transfer by optimisation, Gatys et al. 2015 (arXiv:1508.06576)."""

import os
from collections.abc import Callable
from typing import Literal, NamedTuple

import keras
import numpy as np
from keras import ops
from PIL import Image

from kerasgan.arguments import check_whole
from kerasgan.engine import backend
from kerasgan.levels import quantised
from kerasgan.losses.style import StyleLoss
from kerasgan.photos import translate_picture
from kerasgan.photos.painting import read_painting
from kerasgan.photos.photo import luma

# Of L-BFGS: how far pixels in [-1, 1] go, on the average.
FIRST_STEP = 0.05


class Stylized(NamedTuple):
    """What came of an optimisation.

    Attributes:
        image: The picture, of the kind that the content was.
        losses: List of floats: the loss of the content itself, then that after each step.
    """

    image: Image.Image | np.ndarray
    losses: list[float]


def stylize_by_optimization(
    content: str | os.PathLike | Image.Image | np.ndarray,
    style: str | os.PathLike | Image.Image | np.ndarray,
    *,
    style_loss: StyleLoss | None = None,
    steps: int = 300,
    optimizer: Literal["lbfgs", "adam"] = "lbfgs",
    learning_rate: float = 0.05,
    preserve_colours: bool = False,
    style_size: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Stylized:
    """A photograph in the manner of a painting, found by changing its pixels step by step.

    Nothing is trained: the pixels, which begin as those of the photograph, are moved until they
    have its content and the painting's style in the features of a network. That takes seconds
    to minutes a picture; `kerasgan.models.StyleTransfer` and `AdaIN` do it in one pass.

    Args:
        content: The photograph: a path, a Pillow image, or an array `(height, width)` or
            `(height, width, channels)`; uint8, uint16 or float in [-1, 1]. Memory grows with its
            pixels, about 1 GB for 512 × 512 with VGG19.
        style: The painting: the same.
        style_loss: What is lowered, a `losses.StyleLoss`; by default `losses.StyleLoss()`, of
            VGG19.
        steps: Steps of the optimizer, at most: L-BFGS ends where it finds nothing lower.
        optimizer: `"lbfgs"` (SciPy's L-BFGS-B), the paper's, which gets lower in fewer steps; or
            `"adam"`.
        learning_rate: Of Adam, whose pixels are in [-1, 1].
        preserve_colours: Change luminance alone, by a painting without its colours whose
            luminance has the mean and the deviation of the photograph's (Gatys et al. 2016,
            arXiv:1606.05897, section 4). Where a colour cannot be as light or dark as that, it
            becomes paler.
        style_size: Pixels of the longer side that the painting is resized to: how large its
            strokes become. By default the longer side of the photograph.
        progress: Function `progress(done, total)` of steps.

    Returns:
        A `Stylized(image, losses)`. The image is a Pillow image for a path or a Pillow image; for
        an array one `(height, width, 3)` of the same dtype.

    Raises:
        ValueError: On what is no picture, one that is too small for the feature network, another
            optimizer, or a number out of its range.
        ImportError: If L-BFGS is to be used and SciPy is not installed.

    Example:

    ```python
    image, losses = kerasgan.style.stylize_by_optimization("photo.jpg", "painting.jpg", steps=130)
    image.save("painted.png")
    ```
    """
    check_whole(1, steps=steps)
    if optimizer not in ("lbfgs", "adam"):
        raise ValueError(f"optimizer must be 'lbfgs' or 'adam'. Received: {optimizer!r}")
    if not learning_rate > 0:
        raise ValueError(f"learning_rate must be above 0. Received: {learning_rate}")
    loss = StyleLoss() if style_loss is None else style_loss
    lower = _lbfgs if optimizer == "lbfgs" else _adam(learning_rate)
    losses = []

    def report(value):
        losses.append(value)
        if progress and len(losses) > 1:
            progress(len(losses) - 1, steps)

    def stylize(array):
        pixels = read_painting(array)
        painting = read_painting(style, style_size or max(pixels.shape[:2]))
        start = pixels
        if preserve_colours:
            start, painting = luma(pixels), luma(painting)
            spread = start.std() / max(painting.std(), 1e-6)
            painting = (painting - painting.mean()) * spread + start.mean()
        objective = _Objective(loss, start, painting)
        made = lower(objective, steps, report)
        if preserve_colours:
            # The same for red, green and blue: the differences of them are the colour.
            made = pixels + (made - start)
        return quantised(made, array.dtype)

    if hasattr(content, "dtype"):
        given = np.asarray(content)
        return Stylized(stylize(given), losses)
    return Stylized(translate_picture(content, stylize, channels=3), losses)


class _Objective:
    """The loss of pixels that may change, and its gradient.

    Args:
        loss: A `StyleLoss`.
        start: float32 `(height, width, 1 or 3)` in [-1, 1]; one channel is shown to the network
            thrice.
        painting: The same, of any size.
    """

    def __init__(self, loss, start, painting):
        loss.prepare()
        _check_size(loss.encoder, start.shape)
        _check_size(loss.encoder, painting.shape)
        channels = loss.encoder.input_shape[-1]

        def shown(pixels):
            return ops.repeat(pixels, channels // pixels.shape[-1], axis=-1)

        def features(pixels):
            found, grams = loss.features(shown(ops.convert_to_tensor(pixels[None])))
            return keras.tree.map_structure(
                lambda x: ops.convert_to_numpy(ops.stop_gradient(x)), (found, grams)
            )

        (content, _), (_, grams) = features(start), features(painting)
        self.pixels = keras.Variable(start[None], dtype="float32", name="pixels")

        def evaluate():
            def total():
                return sum(loss.parts(shown(self.pixels.value), content, grams).values())

            value, (gradient,) = backend.gradients(total, [self.pixels])
            return {"loss": value, "gradient": gradient}

        self._evaluate = backend.without_effect(evaluate, [self.pixels, *loss.encoder.variables])

    def __call__(self):
        """The loss of the pixels as they are, and its gradient."""
        found = self._evaluate()
        value = float(found["loss"])
        if not np.isfinite(value):
            raise ValueError(
                "The style loss is not finite. Lower its weights, or give another feature network."
            )
        return value, found["gradient"]

    def result(self):
        return ops.convert_to_numpy(self.pixels.value)[0]


def _check_size(encoder, shape):
    channels = encoder.input_shape[-1]
    if channels % shape[-1]:
        raise ValueError(
            f"Pictures are in colour, and the feature network takes {channels} channels. Give one "
            "that takes 3."
        )
    try:
        made = encoder.compute_output_shape((1, *shape[:2], channels))
        fits = all(min(features[1:3]) > 0 for features in made)
    except ValueError:
        fits = False
    if not fits or min(shape[:2]) < 2:
        raise ValueError(
            "The picture is too small for the layers of the feature network. Received: "
            f"{shape[1]}×{shape[0]} pixels"
        )


def _adam(learning_rate):
    def lower(objective, steps, report):
        optimizer = keras.optimizers.Adam(learning_rate)
        optimizer.build([objective.pixels])
        for _ in range(steps):
            value, gradient = objective()
            report(value)
            backend.apply(optimizer, [ops.convert_to_tensor(gradient)], [objective.pixels])
            objective.pixels.assign(ops.clip(objective.pixels.value, -1.0, 1.0))
        report(objective()[0])
        return objective.result()

    return lower


def _lbfgs(objective, steps, report):
    try:
        from scipy.optimize import Bounds, minimize
    except ImportError as error:
        raise ImportError(
            'optimizer="lbfgs" needs SciPy: pip install scipy, or choose optimizer="adam".'
        ) from error
    shape = objective.pixels.shape

    start = objective.result().ravel().astype("float64")
    value, gradient = objective()
    report(value)
    # Of a box SciPy's first step is the gradient itself, however large the loss happens to be.
    scale = FIRST_STEP / max(float(np.abs(gradient).mean()), 1e-30)

    def evaluate(flat):
        objective.pixels.assign(flat.reshape(shape).astype("float32"))
        value, gradient = objective()
        return scale * value, scale * gradient.ravel().astype("float64")

    found = minimize(
        evaluate,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=Bounds(-1.0, 1.0),
        callback=lambda intermediate_result: report(float(intermediate_result.fun) / scale),
        # It ends after the steps, not at a loss that hardly falls.
        options={"maxiter": steps, "maxfun": 4 * steps, "ftol": 0.0, "gtol": 0.0},
    )
    return found.x.reshape(shape)[0].astype("float32")
