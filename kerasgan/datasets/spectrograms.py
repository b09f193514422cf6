"""Sounds as shuffled batches, with what their spectrograms are scaled by."""

import os
from typing import Literal

import keras
import numpy as np

from kerasgan.datasets.batches import check_options
from kerasgan.datasets.sounds import SoundDataset, load_sounds
from kerasgan.modalities import Spectrograms

# Sounds that the statistics are of, and how many are in memory at a time.
MEASURED, AT_A_TIME = 2000, 64


def load_spectrograms(
    source: str | os.PathLike | np.ndarray,
    frames: int = 128,
    frame_length: int = 256,
    hop: int = 128,
    sample_rate: int = 16000,
    batch_size: int = 64,
    trim: bool = True,
    normalize: bool = False,
    shuffle: bool = True,
    cache: bool | Literal["auto"] = "auto",
    seed: int = 0,
    drop_remainder: bool = False,
    workers: int | None = None,
    labels: bool | np.ndarray | list | None = None,
) -> SoundDataset:
    """Sounds as batches for a model that sees them as spectrograms.

    The mean and the deviation of each frequency, by which `kerasgan.modalities.Spectrograms`
    scales, are measured on up to 2,000 of the sounds, drawn by the seed.

    Args:
        source, sample_rate, batch_size, trim, normalize, shuffle, cache, seed, drop_remainder,
            workers, labels: As in `load_sounds`.
        frames: Windows of a sound, which has `frames * hop` samples.
        frame_length: Samples of a window, a power of 2; half as many frequencies.
        hop: Samples from a window to the next.

    Returns:
        A `SoundDataset`. Its batches are int16 `(batch_size, frames * hop, 1)`, or
        `(sounds, labels)`.

    Raises:
        ValueError, FileNotFoundError, ImportError: As `load_sounds`, and on numbers that do not
            fit.

    Example:

    ```python
    digits = kerasgan.datasets.load_spectrograms("digits", frames=64, sample_rate=8000)
    ```
    """
    check_options(frames=frames, hop=hop, frame_length=frame_length, seed=seed)
    plain = Spectrograms(sample_rate, frame_length, hop, frames)
    sounds = load_sounds(
        source,
        length=plain.length,
        sample_rate=sample_rate,
        batch_size=batch_size,
        trim=trim,
        normalize=normalize,
        shuffle=shuffle,
        cache=cache,
        seed=seed,
        drop_remainder=drop_remainder,
        workers=workers,
        labels=labels,
    )
    means, deviations = _statistics(plain, sounds)
    sounds.modality = Spectrograms(sample_rate, frame_length, hop, frames, means, deviations)
    return sounds


def _statistics(plain, sounds):
    """The mean and the deviation of the logarithms of each frequency."""
    found = sounds.sample(min(MEASURED, sounds.num_images))
    found = found[0] if isinstance(found, tuple) else found
    total, squares, n = np.zeros(plain.bins), np.zeros(plain.bins), 0
    for start in range(0, len(found), AT_A_TIME):
        floats = found[start : start + AT_A_TIME, :, 0].astype("float32") / 32768.0
        logarithms = keras.ops.convert_to_numpy(plain.logarithms(floats)).astype("float64")
        total += logarithms.sum((0, 1))
        squares += np.square(logarithms).sum((0, 1))
        n += logarithms.shape[0] * logarithms.shape[1]
    # Frequencies that are silent everywhere do not vary.
    deviations = np.sqrt(np.maximum(squares / n - np.square(total / n), 1e-6))
    return total / n, deviations
