"""How like real fields others are: spectra, gradients, and the maps of mean and deviation."""

import numpy as np

from kerasgan.metrics.sequences import distribution_distance


def radial_spectrum(fields):
    """The power of the waves of each length, averaged over directions.

    Fields are taken as periodic. Along the shortest side of the grid a wave fits `k` times, and
    waves in other directions belong to the ring of the nearest `k`.

    Args:
        fields: Array `(n, *grid)` of one variable, a grid of one to three dimensions; NaN, which
            counts as the field's mean, where cells are missing.

    Returns:
        float64 array, the mean power for k = 0, 1, … up to half of the shortest side: of a plane
        wave of amplitude A, A² / 4 at each of the two places where it has any.

    Raises:
        ValueError: On another number of dimensions, or a side of fewer than two cells.

    Example:

    ```python
    power = kerasgan.metrics.radial_spectrum(fields[..., 0])
    ```
    """
    fields = _grids(fields)
    grid = fields.shape[1:]
    means = np.nanmean(fields, axis=tuple(range(1, fields.ndim)), keepdims=True)
    filled = np.where(np.isnan(fields), means, fields)
    axes = tuple(range(1, fields.ndim))
    power = (np.abs(np.fft.fftn(filled, axes=axes)) ** 2).mean(axis=0) / np.prod(grid) ** 2
    waves = np.meshgrid(*(np.fft.fftfreq(side) for side in grid), indexing="ij")
    rings = np.rint(min(grid) * np.sqrt(sum(wave**2 for wave in waves))).astype(int)
    sums = np.bincount(rings.ravel(), power.ravel())
    return (sums / np.maximum(np.bincount(rings.ravel()), 1))[: min(grid) // 2 + 1]


def spectrum_distance(fields, others):
    """How far two sets of fields are apart in their spectra, in decibels.

    Args:
        fields, others: As in `radial_spectrum`, on one grid.

    Returns:
        Float: the mean over k = 1, 2, … of the absolute ratio of their power, 3 for twice as much.
    """
    power, other = (radial_spectrum(each)[1:] for each in (fields, others))
    least = 1e-12 * max(power.max(), other.max())
    ratio = np.maximum(power, least) / np.maximum(other, least)
    return float(np.abs(10 * np.log10(ratio)).mean())


def gradient_distance(fields, others):
    """How far two sets of fields are apart in how steep they are.

    Args:
        fields, others: As in `radial_spectrum`.

    Returns:
        Float: the mean over the grid's axes of the Wasserstein distance between the differences of
        neighbouring cells, in standard deviations of those of `fields`.
    """
    apart = []
    for axis in range(1, np.ndim(fields)):
        steps, other = (np.diff(_grids(each), axis=axis).ravel() for each in (fields, others))
        steps, other = (each[~np.isnan(each)] for each in (steps, other))
        apart.append(distribution_distance(steps, other) / (steps.std() or 1.0))
    return float(np.mean(apart))


def map_errors(fields, others, weights=None):
    """How far the maps of mean and of standard deviation of two sets of fields are apart.

    Args:
        fields, others: As in `radial_spectrum`.
        weights: Array of the grid, how much a cell counts: `kerasgan.modalities.Fields.weights`.

    Returns:
        Dict of two floats, `mean_error` and `deviation_error`: root mean square errors over cells,
        in parts of the standard deviation of `fields` in a cell, root mean square over cells.
    """
    fields, others = _grids(fields), _grids(others)
    weights = np.ones(fields.shape[1:]) if weights is None else np.asarray(weights)
    known = weights > 0

    def size(values):
        return np.sqrt(np.average(values[known] ** 2, weights=weights[known]))

    spread = fields.std(axis=0)
    unit = size(spread) or 1.0
    return {
        "mean_error": float(size(others.mean(axis=0) - fields.mean(axis=0)) / unit),
        "deviation_error": float(size(others.std(axis=0) - spread) / unit),
    }


def _grids(fields):
    fields = np.asarray(fields, "float64")
    if fields.ndim not in (2, 3, 4) or min(fields.shape[1:]) < 2 or not len(fields):
        raise ValueError(
            "fields must have shape (n, *grid), one variable on a grid of one to three dimensions, "
            f"each side of two cells or more. Received: shape {fields.shape}"
        )
    return fields
