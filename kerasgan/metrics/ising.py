"""What physicists measure of lattices of the Ising model: spins -1 and 1, periodic, coupling 1."""

import numpy as np


def magnetisation(lattices):
    """The mean spin of each lattice.

    Args:
        lattices: Array `(n, height, width)` or `(n, height, width, 1)` of -1 and 1.

    Returns:
        float64 array `(n,)` in [-1, 1].

    Raises:
        ValueError: On other shapes or values.

    Example:

    ```python
    spins = model.generate(1000, labels={"temperature": 2.27})
    print(abs(kerasgan.metrics.magnetisation(spins)).mean())
    ```
    """
    return _spins(lattices).mean(axis=(1, 2))


def ising_energy(lattices):
    """The energy a site of each lattice: minus the sum over neighbours of products of spins.

    Args:
        lattices: As in `magnetisation`.

    Returns:
        float64 array `(n,)` from -2, all aligned, to 2.
    """
    spins = _spins(lattices)
    neighbours = np.roll(spins, 1, axis=1) + np.roll(spins, 1, axis=2)
    return -(spins * neighbours).mean(axis=(1, 2))


def susceptibility(lattices, temperature: float):
    """How strongly the magnetisation of lattices of one temperature answers a weak field.

    `sites (⟨m²⟩ - ⟨|m|⟩²) / temperature`, of the absolute value, as is usual of finite lattices.

    Args:
        lattices: As in `magnetisation`.
        temperature: Float, in units of the coupling.
    """
    spins = _spins(lattices)
    found = spins.mean(axis=(1, 2))
    spread = (found**2).mean() - np.abs(found).mean() ** 2
    return float(spins[0].size * spread / temperature)


def correlation_length(lattices):
    """The second-moment correlation length of lattices of one temperature, in sites.

    `√(S(0) / S(k) - 1) / (2 sin(k / 2))` of the structure factor S, k the longest wave. It is meant
    for temperatures above the critical one: below, the order counts as correlation.

    Args:
        lattices: As in `magnetisation`.
    """
    spins = _spins(lattices)
    power = (np.abs(np.fft.fft2(spins)) ** 2).mean(axis=0)
    ratio = power[0, 0] * 2 / (power[0, 1] + power[1, 0])
    return float(np.sqrt(max(ratio - 1.0, 0.0)) / (2 * np.sin(np.pi / spins.shape[2])))


def _spins(lattices):
    spins = np.asarray(lattices, "float64")
    if spins.ndim == 4 and spins.shape[3] == 1:
        spins = spins[..., 0]
    if spins.ndim != 3 or not np.isin(spins, (-1, 1)).all():
        raise ValueError(
            "lattices must have shape (n, height, width) and values -1 and 1. Received: shape "
            f"{np.shape(lattices)}"
            + (f", values from {spins.min():g} to {spins.max():g}" if spins.size else "")
        )
    return spins
