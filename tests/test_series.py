"""Series: what a variable is, its way to the networks and back, windows, and what is refused."""

import keras
import numpy as np
import pandas as pd
import pytest
from tiny import array, compiled

from kerasgan import datasets, models, networks
from kerasgan.modalities import Series

NAN = np.nan


def walk(n=300, gaps=0.2, seed=0):
    """A random walk and a wave; of the second some values are missing."""
    random = np.random.default_rng(seed)
    walk = 50 + np.cumsum(random.normal(size=n))
    wave = np.sin(np.arange(n) / 5) * 3e6
    wave[random.random(n) < gaps] = NAN
    return np.stack([walk, wave], axis=1)


# The modality


def test_a_window_comes_back_from_the_networks_as_it_was():
    windows = walk().reshape(12, 25, 2).astype("float32")
    for scaling in ("range", "deviation"):
        series = Series.of(windows, ["price", "volume"], scaling)
        seen = array(series.to_network(windows))
        assert seen.shape == (12, 25, 3) and np.isfinite(seen).all()
        back = series.to_user(seen)
        np.testing.assert_array_equal(np.isnan(back), np.isnan(windows))
        np.testing.assert_allclose(back, windows, rtol=1e-5, atol=1.0)


def test_scaling_is_by_the_values_that_are_known():
    windows = walk().reshape(12, 25, 2).astype("float32")
    known = ~np.isnan(windows[..., 1])
    ranged = array(Series.of(windows).to_network(windows))
    for i in range(2):
        assert ranged[..., i].min() == pytest.approx(-1) and ranged[..., i].max() == pytest.approx(
            1
        )
    even = array(Series.of(windows, scaling="deviation").to_network(windows))
    assert even[..., 1][known].mean() == pytest.approx(0, abs=1e-5)
    assert even[..., 1][known].std() == pytest.approx(1, rel=1e-5)


def test_what_is_missing_is_the_last_value_before_it_or_the_first_after():
    series = Series.of(np.array([[0.0], [2.0], [NAN]]))
    windows = np.array([[NAN, NAN, 2, NAN, 0, NAN], [NAN] * 6], "float32")[..., None]
    seen = array(series.to_network(windows))
    np.testing.assert_array_equal(seen[0, :, 0], [1, 1, 1, 1, -1, -1])
    np.testing.assert_array_equal(seen[0, :, 1], [-1, -1, 1, -1, 1, -1])
    np.testing.assert_array_equal(seen[1, :, 0], 0)


@pytest.mark.without_backend
def test_no_value_leaves_the_range_of_the_data():
    series = Series.of(walk())
    made = series.to_user(np.full((1, 3, 3), 7.0, "float32"))
    np.testing.assert_allclose(made[0, 0], np.nanmax(walk(), axis=0), rtol=1e-6)


@pytest.mark.without_backend
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_files_have_a_row_a_step_and_are_read_as_series_again(suffix, tmp_path):
    windows = walk(40).reshape(2, 20, 2).astype("float32")
    path = tmp_path / f"series.{suffix}"
    Series.of(windows, ["price", "volume"]).write(windows, path)
    frame = pd.read_csv(path) if suffix == "csv" else pd.read_parquet(path)
    assert list(frame) == ["series", "step", "price", "volume"]
    assert frame["series"].tolist() == [0] * 20 + [1] * 20
    assert frame["step"].tolist() == [*range(20)] * 2
    again = datasets.load_series(path, 20, 20, variables=["price", "volume"], shuffle=False)
    np.testing.assert_allclose(again[0], windows, rtol=1e-5)


@pytest.mark.without_backend
def test_a_curve_is_drawn_where_its_values_are_and_nowhere_else():
    falling = np.linspace(1, -1, 20, dtype="float32")[None, :, None]
    series = Series.of(falling)
    picture = series.preview(falling)
    assert picture.shape == (130, 360, 3) and picture.dtype == "uint8"
    blue = (picture[24:, :, 0].astype(int) < picture[24:, :, 2]).nonzero()
    left, right = blue[0][blue[1] < 60].mean(), blue[0][blue[1] > 300].mean()
    assert left + 60 < right
    half = np.where(np.arange(20)[None, :, None] < 10, falling, NAN)
    shown = series.preview(half)[24:, 200:]
    assert (shown == 255).all()


# The door


@pytest.mark.without_backend
def test_a_long_series_is_cut_into_windows_with_a_stride(tmp_path):
    frame = pd.DataFrame(walk(30, gaps=0.0), columns=["price", "volume"])
    frame.to_csv(tmp_path / "series.csv.gz", index=False)
    found = datasets.load_series(tmp_path / "series.csv.gz", 10, 5, batch_size=9, shuffle=False)
    assert found.num_images == 5 and found.shapes == {"real": (10, 2)}
    assert found.series.names == ["price", "volume"]
    batch = found[0]
    np.testing.assert_allclose(batch[3], frame.to_numpy()[15:25], rtol=1e-6)


@pytest.mark.without_backend
def test_no_window_reaches_over_two_series(tmp_path):
    values = np.stack([np.arange(6.0), np.arange(6.0) + 100])[..., None]
    np.savez(tmp_path / "all.npz", train=values, rate=3)
    for source in (values, tmp_path / "all.npz", f"{tmp_path / 'all.npz'}:train"):
        found = datasets.load_series(source, 4, batch_size=9, shuffle=False)
        assert found.num_images == 6
        assert (np.ptp(found[0], axis=1) == 3).all()


@pytest.mark.without_backend
def test_texts_that_stand_for_missing_values_and_variables_are_chosen(tmp_path):
    path = tmp_path / "series.csv"
    path.write_text("date,a,b\n2020-01-01,1,?\n2020-01-02,2,4\n2020-01-03,,5\n")
    found = datasets.load_series(path, 3, variables=["b", "a"], missing=["?"])
    np.testing.assert_array_equal(found[0][0], [[NAN, 1], [4, 2], [5, NAN]])
    assert [v["missing"] for v in found.series.variables] == pytest.approx([1 / 3, 1 / 3])


@pytest.mark.without_backend
@pytest.mark.parametrize(
    "text, options, message",
    [
        ("a,b\n1,2\n3,x\n", {}, r"Column 'b', row 1 \(counted from 0\): 'x' is no number"),
        ("a,b\n1,2\n3,inf\n", {}, "Column 'b', row 1 .*infinite"),
        ("a,b\n1,\n3,\n", {}, "Variable 'b' has no value at all"),
        ("a,b\n1,2\n3,4\n", {"length": 3}, "A window has 3 steps, and the series 2"),
        ("a,b\n1,2\n3,4\n", {"variables": ["c"]}, "variables must be of a, b. Received: c"),
        ("a,b\n1,2\n3,4\n", {"stride": 0}, "stride must be an integer, 1 or more"),
        ("a,b\n1,2\n3,4\n", {"scaling": "log"}, "scaling must be 'range' or 'deviation'"),
    ],
)
def test_what_cannot_be_read_is_named(text, options, message, tmp_path):
    path = tmp_path / "series.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        datasets.load_series(path, **{"length": 2} | options)


@pytest.mark.without_backend
def test_other_sources_are_refused_with_what_is_taken(tmp_path):
    with pytest.raises(FileNotFoundError, match="is no file"):
        datasets.load_series(tmp_path / "absent.csv")
    (tmp_path / "series.txt").write_text("1")
    with pytest.raises(ValueError, match=r"\.csv, \.parquet, \.npy or \.npz file"):
        datasets.load_series(tmp_path / "series.txt")
    with pytest.raises(ValueError, match=r"\(n, steps, variables\). Received: float64, shape \(3,"):
        datasets.load_series(np.zeros(3))
    values = np.zeros((1, 30, 2))
    values[0, 4, 1] = np.inf
    with pytest.raises(ValueError, match="infinite in series 0, step 4, variable x1"):
        datasets.load_series(values)


# TimeGAN


SIZE = {"width": 4, "depth": 1}


def timegan(stage="joint", series=None, length=3, seed=1):
    keras.utils.set_random_seed(seed)
    series = series or Series.of(walk())
    built = networks.timegan((length, series.channels), **SIZE)
    return models.TimeGAN(*built, modality=series, stage=stage, seed=seed)


MOVED = {
    "embedding": {"embedder", "recovery"},
    "supervised": {"supervisor"},
    "joint": {"generator", "supervisor", "embedder", "recovery", "discriminator"},
}


# The joint stage has the losses of all.
OTHERS = [pytest.param(s, marks=pytest.mark.without_backend) for s in ("embedding", "supervised")]


@pytest.mark.parametrize("stage", [*OTHERS, "joint"])
def test_a_stage_moves_its_networks_alone(stage):
    model = timegan(stage)
    before = {name: network.get_weights() for name, network in model.networks().items()}
    windows = walk(24).reshape(8, 3, 2).astype("float32")
    compiled(model, run_eagerly=True)
    history = model.fit(windows, batch_size=8, verbose=0).history
    assert np.isfinite([*history.values()]).all()
    moved = {
        name
        for name, network in model.networks().items()
        if any((a != b).any() for a, b in zip(before[name], network.get_weights()))
    }
    assert moved == MOVED[stage]
    made = model.generate(5, seed=0)
    assert made.shape == (5, 3, 2) and not np.isnan(made[..., 0]).any()
    np.testing.assert_allclose(model.generate(5, seed=0, batch_size=2), made, rtol=1e-5)


@pytest.mark.without_backend
def test_the_losses_of_timegan_in_closed_form():
    """Weights of zero: what is embedded is 1/2 everywhere, series are 0, logits 0."""
    windows = np.array([[[-1.0], [1.0], [0.0]], [[1.0], [-1.0], [0.0]]], "float32")
    model = timegan(series=Series.of(windows), length=3)
    for network in model.networks().values():
        network.set_weights([0 * w for w in network.get_weights()])
    rates = {f"{player}_optimizer": keras.optimizers.SGD(0.0) for player in model.players}
    history = compiled(model, **rates, run_eagerly=True).fit(windows, verbose=0).history
    error = np.mean(windows**2)
    assert history["reconstruction"][0] == pytest.approx(error, rel=1e-5)
    assert history["autoencoder_loss"][0] == pytest.approx(10 * np.sqrt(error), rel=1e-5)
    # The deviations of the three steps are 1, 1 and 0, of what is made 0; the means are the same.
    moments = 2 / 3 * (np.sqrt(1 + 1e-6) - 1e-3)
    assert history["moments"][0] == pytest.approx(moments, rel=1e-5)
    generator = 2 * np.log(2) + 100 * moments + 100 * 1e-6
    assert history["generator_loss"][0] == pytest.approx(generator, rel=1e-5)
    assert history["discriminator_loss"][0] == pytest.approx(3 * np.log(2), rel=1e-5)


@pytest.mark.without_backend
def test_the_supervisor_is_asked_for_the_next_step():
    model = timegan()
    embedded = np.random.default_rng(0).random((2, 3, 4)).astype("float32")
    said = array(model.supervisor(embedded))
    expected = np.mean((embedded[:, 1:] - said[:, :-1]) ** 2)
    assert array(model.step_loss(keras.ops.array(embedded))) == pytest.approx(expected, rel=1e-5)


@pytest.mark.without_backend
def test_networks_and_data_that_do_not_fit_are_refused():
    built = networks.timegan((3, 2), **SIZE)
    with pytest.raises(ValueError, match="stage must be one of embedding, supervised, joint"):
        models.TimeGAN(*built, stage="first")
    other = networks.timegan((4, 2), **SIZE)
    with pytest.raises(ValueError, match=r"supervisor must go from \(None, 3, 4\)"):
        models.TimeGAN(built[0], other[1], *built[2:])
    windows = walk(24).reshape(8, 3, 2).astype("float32")
    windows[4, 2, 0] = NAN
    with pytest.raises(ValueError, match="NaN in 'x0', sample 4, step 2 .*none was missing"):
        timegan().fit(windows)
    with pytest.raises(ValueError, match=r"Expected shape \(batch, 3, 2\).*Variables: x0, x1"):
        timegan().fit(windows[:, :2])


@pytest.mark.without_backend
def test_a_later_batch_with_values_missing_where_none_was_ends_the_run():
    windows = np.nan_to_num(walk(24)).reshape(8, 3, 2).astype("float32")
    windows[6, 1, 1] = NAN  # a variable of which some are missing
    model = compiled(timegan("embedding"), run_eagerly=True)
    model.fit(windows, batch_size=4, verbose=0)
    wrong = windows.copy()
    wrong[6, 1, 0] = NAN
    batches = ((wrong[i : i + 4],) for i in (0, 4))
    with pytest.raises(ValueError, match="A batch after the first was not as it should be"):
        model.fit(batches, steps_per_epoch=2, verbose=0)
