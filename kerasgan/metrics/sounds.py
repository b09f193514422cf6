"""Sounds as the numbers that they are compared by."""

import math

import keras
import numpy as np

BANDS = 64
# Seconds of a frame, and from one to the next.
FRAME, HOP = 0.032, 0.016


def sound_features(sounds, sample_rate: int):
    """Mel spectrograms in decibels: what sounds alike is near.

    Of 64 bands, frames of 32 ms every 16, down to 80 dB below full scale.

    Args:
        sounds: int16, or floats in [-1, 1], `(n, length, 1)`.
        sample_rate: Samples a second.

    Returns:
        float32 array `(n, features)`, as the metrics of sets take them.

    Example:

    ```python
    features = kerasgan.metrics.sound_features(model.generate(100), 8000)
    ```
    """
    sounds = as_floats(sounds)
    layer = keras.layers.MelSpectrogram(
        2 ** math.ceil(math.log2(FRAME * sample_rate)),
        round(HOP * sample_rate),
        round(FRAME * sample_rate),
        sampling_rate=sample_rate,
        num_mel_bins=BANDS,
        min_freq=60,
        min_power=1e-8,
        # Keras measures it from the loudest of the batch.
        top_db=200.0,
    )
    parts = [layer(sounds[i : i + 64, :, 0]) for i in range(0, len(sounds), 64)]
    parts = [keras.ops.convert_to_numpy(part) for part in parts]
    return np.concatenate(parts).reshape(len(sounds), -1)


def as_floats(sounds):
    """Sounds as floats in [-1, 1]."""
    sounds = np.asarray(sounds)
    return sounds.astype("float32") / (32768 if sounds.dtype == "int16" else 1)


def spread(features, labels=None):
    """How far two rows of a label lie apart: the root of their mean squared distance.

    Args:
        features: Array `(n, features)`.
        labels: Integers `(n,)`; None if all rows belong together.

    Returns:
        Float, over pairs of two different rows, mean over the labels in squares.
    """
    labels = np.zeros(len(features), int) if labels is None else labels
    groups = [features[labels == label].astype("float64") for label in np.unique(labels)]
    # Twice the variance is what two draws differ by.
    variances = [group.var(axis=0, ddof=1).sum() for group in groups if len(group) > 1]
    return math.sqrt(2.0 * float(np.mean(variances)))
