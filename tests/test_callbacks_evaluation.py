"""Metrics while training, and the best weights."""

import csv
import json

import keras
import numpy as np
import pytest
from tiny import assert_same, images, mlp_gan, train

from kerasgan.callbacks import Evaluate
from kerasgan.metrics import FrechetInceptionDistance, PrecisionRecall
from kerasgan.models import Pix2Pix
from kerasgan.networks import patchgan, unet

X = images(16)
REAL = images(40, seed=3) // 4


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))


def distance():
    return FrechetInceptionDistance(None, name="fid")


def evaluate(folder=None, n=30, **options):
    monitor = None if folder is None else "fid"
    return Evaluate(distance(), REAL, n=n, monitor=monitor, folder=folder, **options)


def measured(model, n=30):
    metric = distance()
    metric.set_real(REAL)
    metric.update_state(None, model.generate(n, seed=0))
    return float(metric.result())


class Weights(keras.callbacks.Callback):
    """Keeps the weights of every epoch."""

    def on_train_begin(self, logs=None):
        self.by_epoch = []

    def on_epoch_end(self, epoch, logs=None):
        self.by_epoch.append(self.model.get_weights())


def test_figures_are_those_of_the_metric_and_in_the_csv(tmp_path):
    model = mlp_gan()
    evaluation = Evaluate([distance(), PrecisionRecall(None)], REAL, n=30, every=2)
    log = keras.callbacks.CSVLogger(tmp_path / "log.csv")
    history = train(model, X, epochs=4, callbacks=[evaluation, log])
    np.testing.assert_allclose(history["fid"][3], measured(model), rtol=1e-6)
    assert np.isnan(history["fid"]).tolist() == [True, False, True, False]
    with open(tmp_path / "log.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    for name in ("fid", "precision", "recall"):
        np.testing.assert_array_equal([float(row[name]) for row in rows], history[name])


@pytest.mark.parametrize("mode", ["min", "max"])
def test_the_best_weights_are_those_of_the_best_epoch(tmp_path, mode):
    model, weights = mlp_gan(), Weights()
    history = train(model, X, epochs=5, callbacks=[evaluate(tmp_path, mode=mode), weights])
    best = {"min": np.argmin, "max": np.argmax}[mode](history["fid"])
    model.load_weights(tmp_path / "best.weights.h5")
    assert_same(model.get_weights(), weights.by_epoch[best])
    record = json.loads((tmp_path / "best.json").read_text())
    assert (record["epoch"], record["value"]) == (best + 1, history["fid"][best])
    np.testing.assert_allclose(measured(model), record["value"], rtol=1e-6)


def test_a_resumed_run_keeps_a_better_one_of_before(tmp_path):
    model = mlp_gan()
    train(model, X, epochs=2, callbacks=[evaluate(tmp_path)])
    record = tmp_path / "best.json"
    better = json.loads(record.read_text()) | {"value": -1.0}
    record.write_text(json.dumps(better))
    before = (tmp_path / "best.weights.h5").read_bytes()
    train(model, X, epochs=4, initial_epoch=2, callbacks=[evaluate(tmp_path)])
    assert (tmp_path / "best.weights.h5").read_bytes() == before
    worse = better | {"value": 1e9}
    record.write_text(json.dumps(worse))
    train(model, X, epochs=5, initial_epoch=4, callbacks=[evaluate(tmp_path)])
    assert json.loads(record.read_text())["epoch"] == 5


def test_a_best_that_cannot_be_compared_is_refused_before_the_first_step(tmp_path):
    model = mlp_gan()
    train(model, X, callbacks=[evaluate(tmp_path)])
    steps = int(model.optimizer.iterations)
    with pytest.raises(ValueError, match="num_generated: 20 and 30"):
        train(model, X, callbacks=[evaluate(tmp_path, n=20)])
    assert int(model.optimizer.iterations) == steps


def test_figures_change_no_weight():
    plain, watched = mlp_gan(), mlp_gan()
    train(plain, X, epochs=2)
    train(watched, X, epochs=2, callbacks=[evaluate()])
    assert_same(plain.get_weights(), watched.get_weights())


@pytest.mark.without_backend
def test_a_model_that_translates_is_measured_on_held_out_sources():
    shape = (16, 16, 1)
    networks = unet(shape, 1, 4, 2), patchgan(shape, 1, width=4, depth=1)
    model = Pix2Pix(*networks, seed=1)
    source, target = images(8, shape), images(8, shape, seed=1)
    for wrong in (None, {"sources": source}):
        with pytest.raises(ValueError, match="need held-out sources|Received: sources"):
            train(model, (source, target), callbacks=[Evaluate(distance(), target, batch=wrong)])
    assert int(model.optimizer.iterations) == 0
    evaluation = Evaluate(distance(), target, batch=(source, target))
    history = train(model, (source, target), callbacks=[evaluation])
    metric = distance()
    metric.update_state(target, model.translate(source))
    np.testing.assert_allclose(history["fid"], [float(metric.result())], rtol=1e-6)


def test_an_unknown_monitor_is_refused_before_the_first_step(tmp_path):
    evaluation = Evaluate(distance(), REAL, n=30, monitor="kid", folder=tmp_path)
    with pytest.raises(ValueError, match="monitor must be one of fid. Received: monitor='kid'"):
        train(mlp_gan(), X, callbacks=[evaluation])


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"every": 0}, "every must be at least 1"),
        ({"mode": "best"}, "mode must be 'min' or 'max'"),
        ({"monitor": "fid"}, "monitor and folder go together"),
    ],
)
def test_wrong_arguments(wrong, message):
    with pytest.raises(ValueError, match=f"{message}.* Received"):
        Evaluate(distance(), REAL, **wrong)


def test_two_metrics_of_one_name_are_refused():
    with pytest.raises(ValueError, match="needs a name of its own"):
        Evaluate([distance(), distance()], REAL)
