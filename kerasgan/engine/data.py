"""What `fit` accepts, checked before the first step."""

import itertools
import warnings

import keras
import numpy as np
from keras import ops


def to_unit_range(images):
    """Images as the networks see them: uint8 in [0, 255] becomes float in [-1, 1]."""
    images = ops.convert_to_tensor(images)
    scale = keras.backend.standardize_dtype(images.dtype) == "uint8"
    images = ops.cast(images, keras.config.floatx())
    return images / 127.5 - 1.0 if scale else images


def to_uint8(images):
    """NumPy float images in [-1, 1] as uint8 in [0, 255], rounded to the nearest."""
    return np.clip(np.rint((images + 1.0) * 127.5), 0, 255).astype("uint8")


def check_data(x, y, shape, check_labels):
    """Refuse what a model of `shape` cannot train on; returns data to fit in its place.

    The first batch of a dataset or a generator is looked at, an array as a whole.

    Args:
        x: What `fit` was given: an array, or any iterable of batches.
        y: The labels it was given beside an array.
        shape: The shape of one sample, without the batch; None for a side of any length.
        check_labels: Called as `check_labels(labels, images)`.

    Returns:
        `x` itself, or for a generator another that gives the looked-at batch too.

    Raises:
        ValueError: On a wrong rank, size, channel count, dtype or range, on NaN, and on
            weights of samples.
    """
    if hasattr(x, "shape") and hasattr(x, "dtype"):
        _check_batch(x, shape, "x")
        check_labels(y, x)
        return x
    try:
        batches = iter(x)
        first = next(batches)
    except TypeError:
        raise ValueError(
            f"x must be an array of shape {_batched(shape)} or a dataset of such "
            f"batches. Received: {type(x).__name__}"
        ) from None
    except StopIteration:
        raise ValueError(f"The dataset is empty. Received: x={x!r}") from None
    images, labels, weights = keras.utils.unpack_x_y_sample_weight(first)
    refuse_weights(sample_weight=weights)
    _check_batch(images, shape, "the first batch")
    check_labels(labels, images)
    if batches is not x:
        return x
    # Keras takes a generator, not any iterator, and tuples, not arrays.
    whole = itertools.chain([first], batches)
    return (batch if isinstance(batch, tuple) else (batch,) for batch in whole)


def refuse_weights(**weights):
    """Raise if any of these arguments is given."""
    for argument, value in weights.items():
        if value is not None:
            raise ValueError(
                f"{argument} has no meaning for an adversarial loss. Repeat or drop "
                "images in the data instead."
            )


def _batched(shape):
    return "(" + ", ".join(["batch", *("any" if n is None else str(n) for n in shape)]) + ")"


def _check_batch(batch, shape, where):
    expected = (
        f"Expected shape {_batched(shape)}"
        + (", channels last" if len(shape) == 3 else "")
        + (", uint8 in [0, 255] or float in [-1, 1]." if len(shape) == 3 else ", finite floats.")
    )
    if not hasattr(batch, "shape"):
        raise ValueError(f"{expected} Received in {where}: {type(batch).__name__}")
    fits = (known in (None, side) for known, side in zip(shape, batch.shape[1:]))
    if len(batch.shape) != len(shape) + 1 or not all(fits):
        raise ValueError(f"{expected} Received in {where}: shape {tuple(batch.shape)}")
    if batch.shape[0] == 0:
        raise ValueError(f"{expected} Received in {where}: no sample at all")
    dtype = keras.backend.standardize_dtype(batch.dtype)
    if dtype == "uint8" and len(shape) == 3:
        return
    if not keras.backend.is_float_dtype(dtype):
        raise ValueError(f"{expected} Received in {where}: dtype {dtype}")
    values = ops.convert_to_numpy(batch)
    low, high = float(np.min(values)), float(np.max(values))
    if not np.isfinite([low, high]).all():
        raise ValueError(f"{expected} Received in {where}: NaN or infinite values")
    if len(shape) != 3:
        return
    if low < -1.001 or high > 1.001:
        hint = " Divide by 127.5 and subtract 1." if low >= 0 and high <= 255 else ""
        raise ValueError(f"{expected} Received in {where}: values in [{low:g}, {high:g}].{hint}")
    if low >= 0:
        warnings.warn(
            f"All values in {where} lie in [{low:g}, {high:g}]: images in [0, 1] must "
            "be scaled to [-1, 1] (multiply by 2, subtract 1) or given as uint8.",
            stacklevel=4,
        )
