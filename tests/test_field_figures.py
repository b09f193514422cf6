"""Figures of fields and lattices, on some whose figures are known."""

import numpy as np
import pytest

from kerasgan import metrics

pytestmark = pytest.mark.without_backend
NOISE = np.random.default_rng(0).normal(size=(50, 16, 24))


@pytest.mark.parametrize("grid", [(32,), (32, 32), (16, 16, 16)])
def test_the_power_of_a_plane_wave_is_in_its_ring(grid):
    waves = 3 * np.cos(2 * np.pi * 4 * np.arange(grid[0]) / grid[0])
    fields = np.broadcast_to(waves.reshape(-1, *[1] * (len(grid) - 1)), grid)[None]
    power = metrics.radial_spectrum(fields)
    assert len(power) == grid[0] // 2 + 1
    assert power[4] > 0 and np.delete(power, 4).max() < 1e-20
    if len(grid) == 1:
        assert power[4] == pytest.approx(9 / 4)


def test_all_rings_together_have_the_variance():
    fields = NOISE[..., :16]
    grid = np.fft.fftfreq(16) * 16
    rings = np.rint(np.hypot(grid[:, None], grid)).astype(int)
    counts = np.bincount(rings.ravel())
    whole = (fields**2).mean()
    assert (metrics.radial_spectrum(fields) * counts[:9]).sum() < whole
    # White noise has the same power everywhere.
    np.testing.assert_allclose(metrics.radial_spectrum(fields)[2:], 1 / 256, rtol=0.15)


def test_twice_the_amplitude_is_six_decibels():
    assert metrics.spectrum_distance(NOISE, NOISE) == 0
    assert metrics.spectrum_distance(NOISE, 2 * NOISE) == pytest.approx(20 * np.log10(2))


def test_gradients_that_are_twice_as_steep_are_apart_by_their_mean_size():
    assert metrics.gradient_distance(NOISE, NOISE) == 0
    # Half of E|x| of a normal distribution is told by quantiles: E|x| = sqrt(2 / pi).
    far = metrics.gradient_distance(NOISE, 2 * NOISE)
    assert far == pytest.approx(np.sqrt(2 / np.pi), rel=0.02)


def test_maps_are_compared_in_parts_of_the_deviation_and_by_weight():
    found = metrics.map_errors(NOISE, 3 * NOISE + 1)
    assert found["deviation_error"] == pytest.approx(2)
    moved = NOISE.copy()
    moved[:, 0] += 5
    weights = np.ones((16, 24))
    assert metrics.map_errors(NOISE, moved, weights)["mean_error"] > 1
    weights[0] = 0
    assert metrics.map_errors(NOISE, moved, weights)["mean_error"] == pytest.approx(0, abs=1e-12)


def test_missing_cells_are_left_out():
    holes = NOISE.copy()
    holes[:, :3] = np.nan
    assert np.isfinite(metrics.radial_spectrum(holes)).all()
    assert metrics.gradient_distance(holes, holes) == 0


def lattice(kind, side=8):
    i, j = np.indices((side, side))
    return {"up": np.ones((side, side)), "board": (-1.0) ** (i + j), "stripes": (-1.0) ** i}[kind]


@pytest.mark.parametrize(
    "kind, magnetisation, energy", [("up", 1, -2), ("board", 0, 2), ("stripes", 0, 0)]
)
def test_lattices_whose_figures_are_known(kind, magnetisation, energy):
    spins = lattice(kind)[None, ..., None]
    assert metrics.magnetisation(spins).tolist() == [magnetisation]
    assert metrics.ising_energy(spins).tolist() == [energy]


def test_all_lattices_of_four_by_four_have_the_exact_energy():
    # All 65,536 of them, each with its Boltzmann weight: the partition sum's own mean energy.
    bits = (np.arange(2**16)[:, None] >> np.arange(16)) & 1
    spins = (2 * bits - 1).reshape(-1, 4, 4)
    energies = metrics.ising_energy(spins)

    def free(beta):
        return np.log(np.exp(-beta * 16 * (energies + 2)).sum()) - 2 * 16 * -beta

    temperature, step = 2.5, 1e-5
    weights = np.exp(-16 * (energies + 2) / temperature)
    mean = (weights * energies).sum() / weights.sum()
    slope = (free(1 / temperature + step) - free(1 / temperature - step)) / (2 * step)
    assert mean == pytest.approx(-slope / 16, rel=1e-6)
    # Of one sign or the other as of both: only the spread of the absolute value counts.
    both = np.concatenate([np.ones((5, 4, 4)), -np.ones((5, 4, 4))])
    assert metrics.susceptibility(both, 2.0) == 0
    half = np.concatenate([np.ones((5, 4, 4)), np.tile(lattice("board", 4), (5, 1, 1))])
    assert metrics.susceptibility(half, 2.0) == pytest.approx(16 * (0.5 - 0.25) / 2)


def test_a_correlation_length_is_that_of_the_correlation():
    # Independent spins have none to speak of.
    spins = np.random.default_rng(0).choice([-1, 1], (4000, 16, 16))
    assert metrics.correlation_length(spins) < 0.3


@pytest.mark.parametrize("values", [np.zeros((2, 4, 4)), np.ones((4, 4)), np.ones((2, 4, 4, 2))])
def test_what_is_no_lattice_is_refused(values):
    with pytest.raises(ValueError, match="values -1 and 1"):
        metrics.magnetisation(values)


@pytest.mark.parametrize("values", [np.ones(4), np.ones((1, 1, 4)), np.ones((0, 4, 4))])
def test_what_is_no_field_is_refused(values):
    with pytest.raises(ValueError, match="fields must have shape"):
        metrics.radial_spectrum(values)
