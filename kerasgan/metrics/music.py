"""Music as the numbers that it is compared by."""

import numpy as np

OCTAVE = 12
MAJOR = (0, 2, 4, 5, 7, 9, 11)


def empty_bars(rolls):
    """The share of bars of single tracks in which nothing sounds (Dong et al. 2018, EB).

    Args:
        rolls: Array `(n, bars, steps, pitches, tracks)`, above 0 where a pitch sounds.

    Example:

    ```python
    kerasgan.metrics.empty_bars(model.generate(100))
    ```
    """
    return float(1.0 - _sounding(rolls).any(axis=(2, 3)).mean())


def used_pitch_classes(rolls, lowest: int = 0):
    """How many pitch classes, of 12, a bar of a single track has (Dong et al. 2018, UPC).

    Args:
        rolls: As in `empty_bars`.
        lowest: MIDI number of the first pitch.

    Returns:
        Float, the mean over bars that are not empty; NaN if all are.
    """
    counts = _classes(_sounding(rolls), lowest).any(axis=2).sum(axis=2)
    return _mean(counts[counts > 0])


def polyphony(rolls):
    """How many pitches sound at once, of all tracks together, where any does.

    As `muspy` defines it; a pitch that several tracks have counts once.

    Args:
        rolls: As in `empty_bars`.

    Returns:
        Float, the mean over steps that are not silent; NaN if all are.
    """
    counts = _sounding(rolls).any(axis=4).sum(axis=3)
    return _mean(counts[counts > 0])


def scale_consistency(rolls, lowest: int = 0):
    """The share of notes that are in the major or minor scale that fits a sample best.

    Mogren 2016 (arXiv:1611.09904). The natural minor scales have the notes of major ones.

    Args:
        rolls, lowest: As in `used_pitch_classes`.

    Returns:
        Float in [0, 1], the mean over samples that are not silent; NaN if all are.
    """
    counts = _classes(_onsets(rolls), lowest).sum(axis=(1, 2, 4))
    counts = counts[counts.any(axis=1)]
    scales = np.stack(
        [
            (np.arange(OCTAVE)[:, None] == (k + np.array(MAJOR)) % OCTAVE).any(1)
            for k in range(OCTAVE)
        ]
    )
    return _mean((counts @ scales.T).max(axis=1) / counts.sum(axis=1))


def note_length(rolls):
    """How many steps a note is long, on average; one cut by the end of its sample ends there.

    Args:
        rolls: As in `empty_bars`.

    Returns:
        Float; NaN if there is no note.
    """
    notes = _onsets(rolls).sum()
    return float(_sounding(rolls).sum() / notes) if notes else float("nan")


def aligned(rolls):
    """Rolls moved so that the lowest pitch of each is the first: a transposed copy is the same.

    Args:
        rolls: As in `empty_bars`.

    Returns:
        float32 array `(n, features)` of 0 and 1, as the metrics of sets take them.
    """
    sounding = _sounding(rolls)
    first = sounding.any(axis=(1, 2, 4)).argmax(axis=1)
    moved = [np.roll(roll, -down, axis=2) for roll, down in zip(sounding, first)]
    return np.stack(moved).reshape(len(rolls), -1).astype("float32")


def _sounding(rolls):
    rolls = np.asarray(rolls) > 0
    if rolls.ndim != 5:
        raise ValueError(
            "rolls must have shape (n, bars, steps, pitches, tracks). Received: shape "
            f"{rolls.shape}"
        )
    return rolls


def _onsets(rolls):
    """Where a note begins."""
    sounding = _sounding(rolls)
    whole = sounding.reshape(len(sounding), -1, *sounding.shape[3:])
    begins = whole.copy()
    begins[:, 1:] &= ~whole[:, :-1]
    return begins.reshape(sounding.shape)


def _classes(which, lowest):
    """Booleans `(n, bars, steps, 12, tracks)` summed over octaves, C first."""
    classes = np.zeros((*which.shape[:3], OCTAVE, which.shape[4]), int)
    for pitch in range(which.shape[3]):
        classes[:, :, :, (lowest + pitch) % OCTAVE] += which[:, :, :, pitch]
    return classes


def _mean(values):
    return float(np.mean(values)) if len(values) else float("nan")
