"""Fields: their way to the networks and back, conditions, what is refused, what is conserved."""

import importlib.util
from pathlib import Path

import keras
import numpy as np
import pytest
from tiny import array

from kerasgan import datasets, layers, models, networks
from kerasgan.cli import main
from kerasgan.modalities import Conditions, Fields

NAN = np.nan


def seas(n=20, seed=0):
    """Temperatures of a sea of 6 × 8 cells, colder to the north, with land in a corner."""
    values = (
        20 - np.arange(6.0)[:, None, None] + np.random.default_rng(seed).normal(size=(n, 6, 8, 1))
    )
    values[:, :2, :3] = NAN
    return values


# The modality


@pytest.mark.parametrize("scaling", ["range", "anomaly"])
def test_fields_come_back_from_the_networks_as_they_were(scaling):
    values = np.concatenate([seas(), 1e5 * seas(seed=1)], axis=-1).astype("float32")
    fields = Fields.of(values, ["sst", "heat"], ["degC", "J m-2"], scaling=scaling)
    fields.check(values, "x", (6, 8, 2))
    assert int(array(fields.wrong(values))) == 0
    seen = array(fields.to_network(values))
    assert np.isfinite(seen).all() and (seen[:, :2, :3] == 0).all()
    known = seen[~np.isnan(values)]
    if scaling == "range":
        assert known.min() == pytest.approx(-1) and known.max() == pytest.approx(1)
    else:
        assert known.std() == pytest.approx(1, rel=1e-4)
        np.testing.assert_allclose(seen.mean(axis=0), 0, atol=1e-3)
    again = Fields.from_config(fields.get_config())
    np.testing.assert_allclose(again.to_user(seen), values, rtol=1e-4)


@pytest.mark.without_backend
def test_what_is_either_of_two_values_is_decided():
    spins = np.random.default_rng(0).choice([-1.0, 1.0], (10, 4, 4, 1))
    fields = Fields.of(spins, ["spin"])
    made = fields.to_user(np.array([-0.9, -0.1, 0.2, 3.0], "float32").reshape(1, 2, 2, 1))
    assert made.ravel().tolist() == [-1, -1, 1, 1]
    assert not Fields.of(np.linspace(0, 1, 32).reshape(2, 4, 4, 1)).variables[0]["binary"]


@pytest.mark.without_backend
def test_cells_count_by_the_cosine_of_their_latitude():
    values = np.random.default_rng(0).normal(size=(3, 2, 4, 1))
    weights = Fields.of(values, latitude=[0, 60]).weights((2, 4))
    assert weights.mean() == pytest.approx(1)
    np.testing.assert_allclose(weights[1] / weights[0], 0.5)
    masked = Fields.of(seas()).weights((6, 8))
    assert (masked[:2, :3] == 0).all() and (masked[2:] == 1).all()


@pytest.mark.without_backend
@pytest.mark.parametrize(
    "unit, is_known",
    [(u, True) for u in ("", "1", "K", "degC", "m s-1", "kg m**-2 s^-1", "W/m2", "hPa", "MeV")]
    + [(u, False) for u in ("degrees Rankine", "m s-1 furlong", "??")],
)
def test_units_are_known_or_refused_by_name(unit, is_known):
    if is_known:
        Fields.of(seas(), ["sst"], [unit])
        return
    with pytest.raises(ValueError, match="Variable 'sst' has the unit .* is not known"):
        Fields.of(seas(), ["sst"], [unit])


@pytest.mark.without_backend
@pytest.mark.parametrize("grid", [(12,), (6, 8), (4, 4, 4)])
def test_previews_and_files_are_of_every_dimension(grid, tmp_path):
    values = np.random.default_rng(0).normal(size=(4, *grid, 2)).astype("float32")
    fields = Fields.of(values, ["u", "v"], ["m s-1", "m s-1"])
    picture = fields.preview(values)
    assert picture.dtype == "uint8" and picture.shape[2] == 3 and np.ptp(picture) > 50
    fields.write(values, tmp_path / "winds.npz")
    again = datasets.load_fields(tmp_path / "winds.npz", dimensions=len(grid), shuffle=False)
    np.testing.assert_array_equal(again[0], values)
    assert again.fields.variables == fields.variables


@pytest.mark.without_backend
def test_a_map_has_north_at_the_top():
    values = np.random.default_rng(0).normal(size=(2, 6, 8, 1)).astype("float32")
    rising = Fields.of(values, ["t"], latitude=np.linspace(10, 60, 6))
    falling = Fields.of(values, ["t"], latitude=np.linspace(60, 10, 6))
    np.testing.assert_array_equal(rising.preview(values), falling.preview(values[:, ::-1]))


# The door


@pytest.mark.without_backend
def test_conditions_lie_beside_the_fields(tmp_path):
    years, scenario = np.arange(20), np.array(["A1B", "E1"] * 10)
    beside = {"year": years, "scenario": scenario, "latitude": np.linspace(70, 20, 6)}
    np.savez(tmp_path / "sea.npz", fields=seas(), variables=["sst"], units=["degC"], **beside)
    found = datasets.load_fields(tmp_path / "sea.npz", labels=True, shuffle=False)
    assert found.shapes == {"real": (6, 8, 1), "labels": (3,)}
    assert found.fields.names == ["sst"] and found.fields.latitude[0] == 70
    fields, labels = found[0]
    np.testing.assert_array_equal(labels, np.stack([years, np.arange(20) % 2], axis=1))
    seen = array(found.conditions.to_network(labels))
    assert seen[0].tolist() == [-1, 1, 0] and seen[-1].tolist() == [1, 0, 1]
    text = "year,scenario\n" + "".join(f"{y},{s}\n" for y, s in zip(years, scenario))
    (tmp_path / "sea.csv").write_text(text)
    other = datasets.load_fields(seas(), labels=str(tmp_path / "sea.csv"), shuffle=False)
    np.testing.assert_array_equal(other[0][1], labels)
    assert datasets.load_fields(tmp_path / "sea.npz").modalities.keys() == {"modality"}


@pytest.mark.without_backend
def test_a_place_that_is_no_file_of_fields_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="is no file"):
        datasets.load_fields(tmp_path)
    (tmp_path / "fields.txt").touch()
    with pytest.raises(ValueError, match="read from an .npz, .npy or .nc file"):
        datasets.load_fields(tmp_path / "fields.txt")
    (tmp_path / "fields.nc").write_text("no NetCDF")
    if importlib.util.find_spec("xarray"):
        with pytest.raises(ValueError, match="cannot be read as NetCDF"):
            datasets.load_fields(tmp_path / "fields.nc")


@pytest.mark.without_backend
def test_netcdf_says_its_names_units_latitudes_and_times(tmp_path):
    xarray = pytest.importorskip("xarray")
    axes = {"time": np.arange("2000-01", "2001-09", dtype="datetime64[M]").astype("datetime64[ns]")}
    axes["lat"] = ("lat", np.linspace(70, 20, 6), {"units": "degrees_north"})
    axes["lon"] = np.arange(8.0)
    array = (("time", "lat", "lon"), seas()[..., 0], {"units": "degC"})
    xarray.Dataset({"sst": array}, axes).to_netcdf(tmp_path / "sea.nc")
    found = datasets.load_fields(tmp_path / "sea.nc", labels=["time"])
    assert found.fields.names == ["sst"] and found.fields.variables[0]["unit"] == "degC"
    assert found.fields.latitude[0] == 70 and found.fields.mask is not None
    assert found.conditions.conditions[0]["low"] == pytest.approx(2000.0, abs=0.01)


def missing_somewhere():
    values = seas()
    values[3, 4, 5] = NAN
    return values


@pytest.mark.without_backend
@pytest.mark.parametrize(
    "source, options, message",
    [
        (seas() * NAN, {}, "Variable 'x0' is missing everywhere: all of its 960 values"),
        (missing_somewhere(), {}, r"1 values NaN .* the first in field 3, cell \(4, 5\)"),
        (seas() / 0.0, {}, "Variable 'x0' has 840 infinite of 960 values"),
        ([np.ones((4, 4)), np.ones((4, 5))], {}, r"grids of one size.*field 1 .* \(4, 5\)"),
        (seas(), {"units": ["K", "m"]}, "units must be one for each of 1 variables"),
        (seas(), {"latitude": [0, 10]}, "latitude must be 6 degrees"),
        (seas(), {"scaling": "log"}, "scaling must be 'range' or 'anomaly'"),
        (seas(), {"dimensions": 4}, "dimensions must be 1, 2 or 3"),
        (seas()[0, 0], {}, r"must hold numbers \(n, height, width\)"),
        (seas(), {"labels": {"year": np.arange(3)}}, r"Known: year \(3,\). Received: 'year'"),
        (seas(), {"labels": True}, "Known: none"),
        (
            seas(),
            {"labels": {"t": np.full(20, NAN)}},
            "'t' has 20 of 20 values that are not finite",
        ),
    ],
)
def test_bad_fields_are_refused_by_name(source, options, message):
    with np.errstate(divide="ignore"), pytest.raises(ValueError, match=message):
        datasets.load_fields(source, **options)


@pytest.mark.without_backend
def test_what_is_not_finite_is_counted_and_named():
    fields = Fields.of(np.ones((2, 4, 4, 2)), ["u", "v"])
    values = np.ones((2, 4, 4, 2))
    values[0, :2, 0, 1] = NAN
    with pytest.raises(ValueError, match="NaN or infinite values: 2 in 'v'"):
        fields.check(values, "x", (4, 4, 2))


# Conditions


def test_conditions_are_asked_for_by_name():
    conditions = Conditions.of({"t": np.array([1.0, 3.0]), "kind": np.array(["b", "a"])})
    rows = conditions.rows([{"t": 1, "kind": "a"}, {"t": "2.5", "kind": "b"}])
    np.testing.assert_allclose(rows, [[-1, 1, 0], [0.5, 0, 1]])
    np.testing.assert_array_equal(conditions.rows(rows), rows)
    for label, message in (
        ({"t": 1}, "without kind"),
        ({"t": 4, "kind": "a"}, "t=4, which is out of what was trained on"),
        ({"t": "warm", "kind": "a"}, "t='warm'"),
        ({"t": 1, "kind": "c"}, "kind='c'"),
        ({"t": 1, "kind": "a", "tt": 2}, "Unknown label 'tt'. Did you mean 't'"),
    ):
        with pytest.raises(ValueError, match=message):
            conditions.rows(label)


# The layers


@pytest.mark.parametrize("grid", [(5,), (3, 4), (2, 3, 4)])
def test_periodic_padding_wraps_around(grid):
    values = np.random.default_rng(0).normal(size=(2, *grid, 2)).astype("float32")
    padded = array(layers.PeriodicPadding(2)(values))
    width = [(0, 0), *[(2, 2)] * len(grid), (0, 0)]
    np.testing.assert_array_equal(padded, np.pad(values, width, "wrap"))


@pytest.mark.parametrize("constraint", ["additive", "softmax"])
def test_means_of_blocks_hold_to_rounding(constraint):
    random = np.random.default_rng(0)
    fine = 30 * random.normal(size=(2, 8, 12, 5)).astype("float32")
    coarse = random.uniform(0, 300, (2, 2, 3, 5)).astype("float32")
    made = array(layers.BlockConservation(4, constraint)([fine, coarse]))
    means = made.reshape(2, 2, 4, 3, 4, 5).mean(axis=(2, 4), dtype="float64")
    np.testing.assert_allclose(means, coarse, rtol=1e-5, atol=1e-5)
    if constraint == "softmax":
        assert made.min() >= 0
    else:
        detail = fine - array(layers.BlockConservation(4)([fine, coarse * 0]))
        blocks = detail.reshape(2, 2, 4, 3, 4, 5)
        np.testing.assert_allclose(np.ptp(blocks, axis=(2, 4)), 0, atol=1e-4)


def test_a_network_that_enlarges_conserves_while_it_learns():
    network = networks.srresnet(4, width=2, blocks=1)
    fine = layers.BlockConservation(4)([network.output, network.input])
    model = models.SuperResolution(keras.Model(network.input, fine))
    model.compile()
    large = np.random.default_rng(0).uniform(-1, 1, (4, 16, 16, 3)).astype("float32")
    small = large.reshape(4, 4, 4, 4, 4, 3).mean(axis=(2, 4))
    model.fit({"small": small, "large": large}, batch_size=2, verbose=0)
    means = model.run(small).reshape(4, 4, 4, 4, 4, 3).mean(axis=(2, 4))
    np.testing.assert_allclose(means, small, atol=1e-5)


@pytest.mark.without_backend
@pytest.mark.parametrize(
    "shapes, options",
    [
        (((2, 8, 8, 1), (2, 3, 3, 1)), {}),
        (((2, 8, 8, 1), (2, 2, 2, 2)), {}),
        (None, {"scale": 1}),
        (None, {"constraint": "hard"}),
    ],
)
def test_a_conservation_that_cannot_be_is_refused(shapes, options):
    with pytest.raises(ValueError, match="must be|takes"):
        layers.BlockConservation(**options)([np.ones(shape, "float32") for shape in shapes])


# The networks and the models


@pytest.mark.parametrize(
    "shape, periodic",
    [
        ((8, 8, 8, 1), True),
        pytest.param((20, 2), False, marks=pytest.mark.without_backend),
        pytest.param((9, 13, 1), False, marks=pytest.mark.without_backend),
    ],
)
def test_networks_are_of_every_dimension_and_size(shape, periodic):
    generator, critic = networks.fields(shape, latent_dim=3, width=2, periodic=periodic)
    latents = np.zeros((2, generator.input_shape[1]), "float32")
    made = generator(latents)
    assert tuple(made.shape) == (2, *shape) and tuple(critic(made).shape) == (2, 1)


@pytest.mark.without_backend
@pytest.mark.parametrize(
    "options, message",
    [
        ({"field_shape": (8, 8, 8, 8, 1)}, "a grid of 1 to 3 dimensions"),
        ({"field_shape": (9, 9, 1), "periodic": True}, "must be a multiple of 2"),
        ({"width": 0}, "width must be at least 1"),
    ],
)
def test_networks_that_cannot_be_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        networks.fields(**options)


@pytest.mark.without_backend
def test_what_is_noise_in_a_cell_changes_the_field_around_it_alone():
    generator, _ = networks.fields((16, 16, 1), latent_dim=3, width=4, periodic=True)
    latents = np.random.default_rng(0).normal(size=(1, 3 + 64 + 256)).astype("float32")
    other = latents.copy()
    other[0, -256] += 1.0
    changed = array(generator(other) - generator(latents))[0, ..., 0] != 0
    near = np.minimum(np.arange(16), 16 - np.arange(16)) <= 3
    assert changed.any() and not changed[~near].any() and not changed[:, ~near].any()
    # On a torus the first cell has neighbours at the other ends.
    assert changed[-3:].any() and changed[:, -3:].any()


# Lattices


@pytest.fixture(scope="module")
def ising():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(Path(__file__).parents[1] / "benchmarks")
        return importlib.import_module("ising")


@pytest.mark.without_backend
@pytest.mark.parametrize("temperature", [1.8, 3.0])
def test_lattices_have_the_energy_and_magnetisation_that_theory_says(ising, temperature):
    spins = ising.lattices(temperature, 300, 16, 300)
    energies = ising.measured(spins, temperature)["energy"]
    expected = ising.onsager_energy(temperature)
    assert energies == pytest.approx(expected, abs=0.03)
    if temperature < 2:
        found = np.abs(spins.mean(axis=(1, 2))).mean()
        assert found == pytest.approx(ising.yang_magnetisation(temperature), abs=0.015)


@pytest.mark.without_backend
def test_onsagers_energy_at_the_critical_temperature_is_known(ising):
    critical = 2 / np.log(1 + np.sqrt(2))
    assert ising.onsager_energy(critical * 1.000001) == pytest.approx(-np.sqrt(2), abs=1e-4)
    assert ising.yang_magnetisation(critical * 1.01) == 0.0


@pytest.mark.without_backend
def test_lattices_are_learned_from_the_command_line_and_judged(ising, tmp_path, capsys):
    data, run = tmp_path / "ising.npz", tmp_path / "run"
    ising.make(data, 8, 20, [1.8, 3.0], 20, 0)
    words = ["train", "conditional_field_gan", "--data", str(data), "--out", str(run)]
    words += ["networks.width=2", "networks.latent_dim=4", "networks.periodic=true"]
    assert main([*words, "--epochs", "1", "--batch-size", "20"]) == 0
    out = tmp_path / "made.npz"
    words = ["generate", str(run), "-n", "5", "--seed", "1", "-o", str(out)]
    assert main([*words, "--labels", "temperature=2.2"]) == 0
    with np.load(out) as file:
        assert file["fields"].shape == (5, 8, 8, 1) and np.isin(file["fields"], (-1, 1)).all()
    assert main([*words, "--labels", "temperature=9"]) == 2
    assert "temperature=9, which is out of what was trained on" in capsys.readouterr().err
    assert main([*words, "--labels", "9"]) == 2
    assert "Received: 9. Give each as name=value." in capsys.readouterr().err
    assert main(["evaluate", str(run), "-n", "20", "--data", str(data)]) == 0
    told = capsys.readouterr().out
    for figure in ("spectrum distance", "gradient distance", "energy", "susceptibility"):
        assert figure in told.replace("_", " ")


@pytest.mark.without_backend
def test_yearly_temperatures_are_read_with_their_latitudes(shared_data):
    source = shared_data / "climate" / "climate.npz"
    with np.load(source) as file:
        latitude = file["na_E1_latitude"]
    options = {"variables": ["temperature"], "units": ["K"], "latitude": latitude}
    labels = {"year": np.arange(1860, 2100)}
    found = datasets.load_fields(f"{source}:na_E1", labels=labels, scaling="anomaly", **options)
    assert found.shapes == {"real": (37, 49, 1), "labels": (1,)}
    assert datasets.load_fields(f"{source}:na_E1").fields.names == ["na_E1"]
