"""What a run keeps on disk: cut, changed, half written, on a full disk, resumed."""

import csv
import os
import random
import resource
import subprocess
import sys
from contextlib import contextmanager

import keras
import numpy as np
import pytest
from tiny import assert_same, compiled, images, mlp_gan, state, train

from kerasgan import datasets, files
from kerasgan.callbacks import Evaluate, TrainingCurves, TrainingState
from kerasgan.callbacks.epoch_log import EpochLog
from kerasgan.diagnosis import run
from kerasgan.metrics import FrechetInceptionDistance

X = images(8)


@pytest.fixture
def saved(tmp_path):
    """A model's state after two epochs, the state before it, and its weights at both times."""
    saves, model, seen = TrainingState(tmp_path / "state.weights.h5", 2), compiled(mlp_gan()), []
    for epoch in range(2):
        train(model, X, initial_epoch=epoch, epochs=epoch + 1, callbacks=[saves])
        seen.append(state(model))
    return saves, seen


@pytest.mark.without_backend
def test_a_state_that_is_damaged_gives_way_to_the_one_before(saved, capsys):
    saves, (before, last) = saved
    whole, earlier = saves.path.read_bytes(), saves.path.with_name(f"previous.{saves.path.name}")
    kept, model, rng = earlier.read_bytes(), compiled(mlp_gan(seed=9)), random.Random(0)
    assert saves.restore(model) == 2
    assert_same(state(model), last)
    damaged = [whole[: rng.randrange(len(whole))] for _ in range(3)]
    for _ in range(9):
        bits = bytearray(whole)
        bits[rng.randrange(len(bits))] ^= 1 << rng.randrange(8)
        damaged.append(bytes(bits))
    for content in damaged:
        earlier.write_bytes(kept)
        saves.path.write_bytes(content)
        assert saves.restore(model) == 1
        assert_same(state(model), before)
        assert f"{saves.path} is damaged" in capsys.readouterr().out
        # It is the state now: what follows does not put the damaged one in its place.
        assert saves.path.read_bytes() == kept and not earlier.exists()
    for content in damaged[:2]:
        saves.path.write_bytes(content)
        with pytest.raises(ValueError, match="state.weights.h5 is damaged.*Put back a copy"):
            saves.restore(model)


@pytest.mark.without_backend
def test_a_state_is_read_by_keras_too(saved):
    saves, (_, last) = saved
    model = compiled(mlp_gan(seed=9))
    model.load_weights(saves.path)
    assert_same(state(model), last)


@contextmanager
def full_disk(size):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.without_backend
def test_a_full_disk_is_named_and_leaves_what_was_there(saved, tmp_path, monkeypatch):
    saves, (_, last) = saved
    found = {path: path.read_bytes() for path in tmp_path.iterdir()}
    model = compiled(mlp_gan())
    with full_disk(4000), pytest.raises(OSError, match=r"state\.weights\.h5'$"):
        train(model, X, callbacks=[saves])
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == found
    assert saves.restore(model) == 2
    assert_same(state(model), last)
    metric, folder = FrechetInceptionDistance(None), tmp_path / "best"
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    metric.set_real(X)  # which keeps a file there
    best = Evaluate(metric, X, n=8, monitor=metric.name, folder=folder)
    with full_disk(4000), pytest.raises(OSError, match=r"best\.weights\.h5'$"):
        train(model, X, callbacks=[best])
    assert not [*folder.iterdir()]


@pytest.mark.without_backend
def test_a_log_has_one_whole_row_an_epoch(tmp_path):
    path, model = tmp_path / "log.csv", compiled(mlp_gan())
    train(model, X, epochs=3, callbacks=[EpochLog(path), TrainingCurves(tmp_path / "c.png", path)])
    whole = path.read_text()
    with open(path, newline="") as file:
        table = list(csv.reader(file))
    assert [row[0] for row in table] == ["epoch", "0", "1", "2"]
    assert not [cell for row in table for cell in row if cell in ("", "NA") or "val_" in cell]

    # Whatever a kill has left of later rows, or of the whole file.
    header, *lines = whole.splitlines(keepends=True)
    for left, expected in (
        ("", [1]),
        (header, [1]),
        (header + lines[0] + lines[1][:5], [0, 1]),
        (header + lines[0][:5] + lines[1] + lines[2], [1]),
        (whole, [0, 1]),
    ):
        path.write_text(left)
        train(model, X, initial_epoch=1, epochs=2, callbacks=[EpochLog(path)])
        assert [*next(iter(run.read(tmp_path).values()))] == [epoch + 1 for epoch in expected]
        assert path.read_text().startswith(header)


@pytest.mark.without_backend
def test_a_row_that_was_torn_costs_no_other_row(tmp_path):
    lines = ["epoch,a_loss,b_loss", "0,1.0,2.0", "1,1.5", "2,3.0,4.0", "3,1.04,5.0,6.0", "5,7.0,8"]
    (tmp_path / "log.csv").write_text("\n".join(lines))
    assert run.read(tmp_path)["a_loss"] == {1: 1.0, 3: 3.0, 6: 7.0}


@pytest.mark.without_backend
def test_what_killed_commands_left_is_removed(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as alive:
        names = [
            f".{files._HERE}.{dead.pid}.a.png",
            f".{files._HERE}.{alive.pid}.b.png",
            f".00000000.{dead.pid}.of_another_machine",
            ".hidden",
        ]
        for name in names:
            (tmp_path / name).write_text("half")
        (tmp_path / f".{files._HERE}.{dead.pid}.folder").mkdir()
        files.write_text(tmp_path / "c.txt", "whole")
        assert sorted(os.listdir(tmp_path)) == sorted([*names[1:], "c.txt"])
        alive.communicate(b"\n")


class Cut(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2:
            raise KeyboardInterrupt


def test_a_backup_resumes_in_the_order_of_the_data(tmp_path):
    def begin():
        data = datasets.load(images(12), image_shape=(8, 8, 1), batch_size=4, seed=3, workers=1)
        return compiled(mlp_gan()), data, keras.callbacks.BackupAndRestore(tmp_path)

    whole, all_of_it, _ = begin()
    whole.fit(all_of_it, epochs=4, verbose=0)
    model, data, backup = begin()
    with pytest.raises(KeyboardInterrupt):
        model.fit(data, epochs=4, verbose=0, callbacks=[backup, Cut()])
    model, data, backup = begin()
    model.fit(data, epochs=4, verbose=0, callbacks=backup)
    assert data.epoch == 4
    assert_same(state(model), state(whole))
    # A second training goes on with orders of its own.
    whole.fit(all_of_it, epochs=1, verbose=0)
    assert all_of_it.epoch == 5


@pytest.mark.without_backend
def test_arrays_of_unequal_length_resume_too(tmp_path):
    from kerasgan.engine.data import FromEpoch, Unpaired

    data = Unpaired({"a": np.arange(5), "b": np.arange(3)}, 2, 0)
    follow = FromEpoch(data)
    follow.on_train_begin()
    for epoch in (3, 4):
        follow.on_epoch_begin(epoch)
    assert data.epoch == 3
