"""How near a generated image is to the real one it stands for, as super-resolution has it."""

import warnings

import keras
import numpy as np
from keras import ops

register = keras.saving.register_keras_serializable(package="kerasgan")

# ITU-R BT.601, of red, green and blue in [0, 255].
LUMINANCE = (65.481 / 255, 128.553 / 255, 24.966 / 255)
WINDOW = np.exp(-((np.arange(11) - 5) ** 2) / (2 * 1.5**2))
SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


def peak_signal_to_noise_ratio(real, generated, luminance: bool = False, border: int = 0):
    """Peak signal to noise ratio of each image, in dB; see `PeakSignalToNoiseRatio`.

    Args:
        real, generated: As `PeakSignalToNoiseRatio.update_state` takes them.
        luminance, border: As `PeakSignalToNoiseRatio` has them.

    Returns:
        `(batch,)`, infinite for equal images: float64 computed by NumPy if both are NumPy
        arrays, else a float32 tensor.

    Raises:
        ValueError: On images that cannot be compared.

    Example:

    ```python
    decibels = peak_signal_to_noise_ratio(photograph, upscaled, luminance=True, border=4)[0]
    ```
    """
    numeric, real, generated = _values(real, generated, luminance, border)
    error = numeric.mean(_mean(numeric, numeric.square(real - generated)), axis=1)
    with np.errstate(divide="ignore"):
        return -10.0 * numeric.log10(error / 255.0**2)


def structural_similarity(real, generated, luminance: bool = False, border: int = 0):
    """Structural similarity of each image, at most 1; see `StructuralSimilarity`.

    Args, Returns, Raises: as `peak_signal_to_noise_ratio`'s; equal images have 1.

    Example:

    ```python
    similarity = structural_similarity(photograph, upscaled, luminance=True, border=4)[0]
    ```
    """
    numeric, *pair = _values(real, generated, luminance, border, smallest=len(WINDOW))
    return numeric.mean(_similarity(numeric, *pair)[0], axis=1)


def multi_scale_structural_similarity(real, generated, luminance: bool = False, border: int = 0):
    """Structural similarity over five scales; see `MultiScaleStructuralSimilarity`.

    Args, Returns, Raises: as `peak_signal_to_noise_ratio`'s; equal images have 1.

    Example:

    ```python
    similarity = multi_scale_structural_similarity(photograph, upscaled)[0]
    ```
    """
    halvings = len(SCALE_WEIGHTS) - 1
    smallest = len(WINDOW) * 2**halvings
    numeric, *pair = _values(real, generated, luminance, border, smallest)
    product = 1.0
    for scale, weight in enumerate(SCALE_WEIGHTS):
        similarity, structure = _similarity(numeric, *pair)
        factor = similarity if scale == halvings else structure
        # A negative one has no such power.
        product = product * numeric.maximum(factor, 0.0) ** weight
        pair = [_halved(images) for images in pair]
    return numeric.mean(product, axis=1)


class _PairedMetric(keras.metrics.Mean):
    def __init__(
        self,
        luminance: bool = False,
        border: int = 0,
        name: str | None = None,
        dtype: str | None = None,
    ):
        super().__init__(name or self._compare.__name__, dtype)
        self.luminance = luminance
        self.border = border

    def update_state(self, real, generated, sample_weight=None):
        """Compare a batch, or one image; each call may have another size.

        Args:
            real, generated: Images of one shape, `(batch, height, width, channels)` or
                `(height, width, channels)`; uint8 in [0, 255] or floats in [-1, 1], either
                of them. Floats are not rounded: to have the figure of a file, give uint8.
            sample_weight: Weight of each image in the mean, `(batch,)`.

        Raises:
            ValueError: On other shapes, dtypes or values; on images that are too small.
        """
        values = self._compare(real, generated, self.luminance, self.border)
        super().update_state(values, sample_weight)

    def get_config(self):
        return super().get_config() | {"luminance": self.luminance, "border": self.border}


@register
class PeakSignalToNoiseRatio(_PairedMetric):
    """Peak signal to noise ratio in dB, mean over images; more is better.

    `10 log10(255² / e)`, where `e` is the mean of the squared differences of all values of
    an image in [0, 255]. Equal images make the mean infinite.

    Papers on super-resolution give it for `luminance=True` and `border` equal to the scale.

    Args:
        luminance: Compare the luminance only: Y of ITU-R BT.601 in [16, 235], as MATLAB's
            `rgb2ycbcr` has it, not rounded.
        border: Pixels at each edge to leave out.
        name: String.
        dtype: Of the mean.

    Example:

    ```python
    metric = kerasgan.metrics.PeakSignalToNoiseRatio(luminance=True, border=4)
    metric.update_state(photographs, upscaled)
    print(float(metric.result()))
    ```
    """

    _compare = staticmethod(peak_signal_to_noise_ratio)


@register
class StructuralSimilarity(_PairedMetric):
    """Structural similarity (SSIM), mean over images, at most 1; more is better.

    With the paper's window (11×11, Gaussian of 1.5 pixels) at each place where all of it
    lies inside the image, and its constants (0.01 and 0.03 of the range 255). In colour, the
    mean over channels; the paper's is of one channel.

    Args: as `PeakSignalToNoiseRatio`'s.

    Example:

    ```python
    metric = kerasgan.metrics.StructuralSimilarity(luminance=True, border=4)
    metric.update_state(photographs, upscaled)
    print(float(metric.result()))
    ```

    Reference: Wang, Bovik, Sheikh and Simoncelli 2004, "Image Quality Assessment: From
    Error Visibility to Structural Similarity", IEEE Transactions on Image Processing 13.
    """

    _compare = staticmethod(structural_similarity)


@register
class MultiScaleStructuralSimilarity(_PairedMetric):
    """Structural similarity over five scales (MS-SSIM), mean over images; at most 1.

    Each scale halves the one before by the mean of 2×2 pixels; the weights are the
    paper's. Both sides of an image must have 176 pixels or more, without the border.

    Args: as `PeakSignalToNoiseRatio`'s.

    Example:

    ```python
    metric = kerasgan.metrics.MultiScaleStructuralSimilarity()
    metric.update_state(photographs, upscaled)
    print(float(metric.result()))
    ```

    Reference: Wang, Simoncelli and Bovik 2003, "Multi-scale Structural Similarity for Image
    Quality Assessment", Asilomar Conference on Signals, Systems and Computers.
    """

    _compare = staticmethod(multi_scale_structural_similarity)


def _values(real, generated, luminance, border, smallest=1):
    """What to compute with, and both as floats in [0, 255], with batch, without border."""
    if border < 0:
        raise ValueError(f"border must be 0 or more. Received: border={border}")
    for which, images in (("real", real), ("generated", generated)):
        _check(which, images, luminance)
    shapes = tuple(real.shape), tuple(generated.shape)
    if len(shapes[0]) != len(shapes[1]) or any(
        a != b and None not in (a, b) for a, b in zip(*shapes)
    ):
        raise ValueError(
            "real and generated must have one shape. Received: real of shape "
            f"{shapes[0]}, generated of shape {shapes[1]}"
        )
    if any(side is not None and side - 2 * border < smallest for side in shapes[0][-3:-1]):
        raise ValueError(
            f"Height and width must be {smallest} or more without the border. "
            f"Received: shape {shapes[0]}, border={border}"
        )
    if all(_is_float_array(images) and images.min() >= 0 for images in (real, generated)):
        warnings.warn(
            "No value of real and generated is below 0: floats in [0, 1] must be scaled to "
            "[-1, 1] (multiply by 2, subtract 1) or given as uint8.",
            stacklevel=4,
        )
    # NumPy's own arrays stay with it: float64, and nothing to compile for each new size.
    numeric = np if isinstance(real, np.ndarray) and isinstance(generated, np.ndarray) else ops
    return numeric, *(_scaled(numeric, i, luminance, border) for i in (real, generated))


def _check(which, images, luminance):
    expected = (
        f"{which} must be (batch, height, width, channels) or (height, width, channels), "
        "uint8 in [0, 255] or float in [-1, 1]. "
    )
    if not hasattr(images, "shape") or not hasattr(images, "dtype"):
        raise ValueError(f"{expected}Received: {type(images).__name__}")
    if len(images.shape) not in (3, 4) or 0 in tuple(images.shape):
        raise ValueError(f"{expected}Received: shape {tuple(images.shape)}")
    if luminance and images.shape[-1] != 3:
        raise ValueError(
            f"luminance=True needs 3 channels. Received: {which} of shape {tuple(images.shape)}"
        )
    dtype = keras.backend.standardize_dtype(images.dtype)
    if dtype != "uint8" and not keras.backend.is_float_dtype(dtype):
        raise ValueError(f"{expected}Received: dtype {dtype}")
    # Inside a compiled step there are no values to look at.
    if _is_float_array(images):
        low, high = images.min(), images.max()
        if not (low >= -1.001 and high <= 1.001):
            raise ValueError(
                f"{expected}Received: values in [{low:g}, {high:g}]. Scale them, or "
                "np.clip(images, -1, 1) what a network overshot."
            )


def _is_float_array(images):
    return isinstance(images, np.ndarray) and images.dtype != np.uint8


def _scaled(numeric, images, luminance, border):
    scale = keras.backend.standardize_dtype(images.dtype) != "uint8"
    images = images.astype("float64") if numeric is np else ops.cast(images, "float32")
    if len(images.shape) == 3:
        images = images[None]
    images = images[:, border : -border or None, border : -border or None]
    if scale:
        images = numeric.clip((images + 1.0) * 127.5, 0.0, 255.0)
    if luminance:
        # Not a product of matrices, which an accelerator may round to fewer bits.
        images = 16.0 + sum(w * images[..., i : i + 1] for i, w in enumerate(LUMINANCE))
    return images


def _similarity(numeric, real, generated):
    """Structural similarity and its factor without luminance, both `(batch, channels)`."""
    # The paper's (2ab + c) / (a² + b² + c) is 1 - (a - b)² / (a² + b² + c), and the same holds
    # for variances. Of the difference, and of values about 0, float32 loses fewer digits.
    shift = 127.5
    errors = _filtered(numeric.square(real - generated))
    squares = _filtered(numeric.square(real - shift) + numeric.square(generated - shift))
    real, generated = _filtered(real - shift), _filtered(generated - shift)
    square = numeric.square(real - generated)
    variances = squares - numeric.square(real) - numeric.square(generated)
    means = numeric.square(real + shift) + numeric.square(generated + shift)
    structure = 1 - (errors - square) / (variances + (0.03 * 255) ** 2)
    similarity = structure * (1 - square / (means + (0.01 * 255) ** 2))
    return _mean(numeric, similarity), _mean(numeric, structure)


def _mean(numeric, images):
    # Row by row: TensorFlow's float32 sum of all pixels would lose the fifth digit.
    return numeric.mean(numeric.mean(images, axis=2), axis=1)


def _filtered(images):
    # Not a convolution, for the same reason as above.
    weights = [float(weight) for weight in WINDOW / WINDOW.sum()]
    last = len(weights) - 1
    images = sum(w * images[:, i : i - last or None] for i, w in enumerate(weights))
    return sum(w * images[:, :, i : i - last or None] for i, w in enumerate(weights))


def _halved(images):
    rows = images[:, :-1:2] + images[:, 1::2]
    return (rows[:, :, :-1:2] + rows[:, :, 1::2]) / 4
