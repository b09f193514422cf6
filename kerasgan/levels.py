"""Images as integers, whose levels stand for floats in [-1, 1], and back."""

import numpy as np

# What stands for -1 and 1, and half of the way between: value / half - 1.
HALF = {np.dtype("uint8"): 127.5, np.dtype("uint16"): 32767.5}


def to_unit(levels: np.ndarray) -> np.ndarray:
    """Levels as float32 in [-1, 1]; floats as they are."""
    half = HALF.get(levels.dtype)
    values = levels.astype("float32")
    return values if half is None else values / np.float32(half) - 1


def quantised(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Floats in [-1, 1], clipped, as the dtype's own range."""
    values = np.clip(values, -1.0, 1.0)
    if dtype not in HALF:
        return values.astype(dtype)
    return np.rint((values + 1.0) * np.float32(HALF[dtype])).astype(dtype)
