"""Grids, curves and TensorBoard: what is on disk after a run, whole or resumed."""

import sys

import keras
import numpy as np
import pytest
from PIL import Image, ImageSequence
from tiny import assert_same, compiled, images, mlp_gan, rich_gan, state, train

from kerasgan.callbacks import SampleGrid, TensorBoard, TrainingCurves
from kerasgan.models import ACGAN, Pix2Pix, SuperResolution
from kerasgan.networks import mlp, patchgan, srresnet, unet

X = images(16)  # 4 steps an epoch


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_grids_every_few_epochs(tmp_path):
    train(mlp_gan(), X, epochs=5, callbacks=[SampleGrid(tmp_path, n=4, every=2)])
    assert names(tmp_path) == ["epoch_0002.png", "epoch_0004.png"]


def test_grids_every_few_steps_are_counted_over_epochs_and_resumed_runs(tmp_path):
    model = mlp_gan()
    grids = SampleGrid(tmp_path, n=4, every=3, unit="step")
    train(model, X, epochs=2, callbacks=[grids])
    assert names(tmp_path) == ["step_00000003.png", "step_00000006.png"]
    train(model, X, epochs=3, initial_epoch=2, callbacks=[grids])
    assert names(tmp_path)[2:] == ["step_00000009.png", "step_00000012.png"]


def test_a_grid_of_a_step_shows_the_model_after_it(tmp_path):
    train(mlp_gan(), X, callbacks=[SampleGrid(tmp_path, n=4, every=2, unit="step")])
    short = mlp_gan()
    train(short, X[:8], callbacks=[SampleGrid(tmp_path / "short", n=4)])
    one, other = (
        np.asarray(Image.open(tmp_path / name), int)
        for name in ("step_00000002.png", "short/epoch_0001.png")
    )
    assert np.abs(one - other).max() <= 1


def test_grids_change_no_weight(tmp_path):
    plain, watched = mlp_gan(), mlp_gan()
    train(plain, X, epochs=2)
    train(watched, X, epochs=2, callbacks=[SampleGrid(tmp_path, n=4, every=3, unit="step")])
    for a, b in zip(plain.get_weights(), watched.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_the_animation_has_a_frame_of_every_grid_of_a_resumed_run(tmp_path):
    # Fast, so that no two grids look alike: WebP would make them one frame.
    model = compiled(mlp_gan(ema_decay=0.0), generator_optimizer=keras.optimizers.Adam(0.3))
    train(model, X, callbacks=[SampleGrid(tmp_path, n=9)])  # of another size
    train(model, X, epochs=3, initial_epoch=1, callbacks=[SampleGrid(tmp_path, n=4)])
    grids = SampleGrid(tmp_path, n=4, animation=True)
    train(model, X, epochs=5, initial_epoch=3, callbacks=[grids])
    with Image.open(tmp_path / "animation.webp") as animation:
        assert animation.n_frames == 4
        frames = [
            np.asarray(frame.convert("L"), int) for frame in ImageSequence.Iterator(animation)
        ]
    for epoch, frame in enumerate(frames, 2):
        shown = np.asarray(Image.open(tmp_path / f"epoch_{epoch:04d}.png"), int)
        assert np.abs(np.asarray(frame) - shown).mean() < 12


def test_a_run_without_a_grid_has_no_animation(tmp_path):
    train(mlp_gan(), X, callbacks=[SampleGrid(tmp_path, n=4, every=2, animation=True)])
    assert names(tmp_path) == []


def translator():
    """A model and its pairs."""
    shape = (16, 16, 3)
    networks = unet(shape, 3, 4, 2), patchgan(shape, 3, width=4, depth=1)
    return Pix2Pix(*networks, seed=1), (images(4, shape), images(4, shape, seed=1))


@pytest.mark.without_backend
@pytest.mark.parametrize("by_name", [False, True])
def test_held_out_pairs_are_shown_and_measured(tmp_path, by_name):
    model, pairs = translator()
    batch = dict(zip(("target", "source"), pairs[::-1])) if by_name else pairs
    grids = SampleGrid(tmp_path, n=2, batch=batch, every=2)
    log = keras.callbacks.CSVLogger(tmp_path / "log.csv")
    history = train(model, pairs, epochs=2, callbacks=[grids, log])
    assert names(tmp_path) == ["epoch_0002.png", "log.csv"]
    error = np.abs(model.translate(pairs[0]).astype(int) - pairs[1]).mean()
    np.testing.assert_allclose(history["held_out_error"][1], error, rtol=1e-5)
    assert "held_out_error" in (tmp_path / "log.csv").read_text().splitlines()[0]
    shown = np.asarray(Image.open(tmp_path / "epoch_0002.png"))
    # A row a pair: source, translation, target.
    for i in (0, 1):
        for place, part in ((0, pairs[0]), (2, pairs[1])):
            rows, columns = (slice(16 * at, 16 * (at + 1)) for at in (i, place))
            np.testing.assert_array_equal(shown[rows, columns], part[i])


def test_held_out_photographs_are_shown_and_measured(tmp_path):
    model = SuperResolution(srresnet(scale=2, width=4, blocks=1), seed=1)
    # Of several sizes, one with a side that is no multiple of the scale.
    photographs = [images(1, (24, 25, 3))[0], images(1, (18, 16, 3), seed=1)[0]]
    grids = SampleGrid(tmp_path, n=1, batch={"large": photographs})
    pairs = images(4, (8, 8, 3)), images(4, (16, 16, 3), seed=1)
    history = train(model, pairs, epochs=2, callbacks=[grids])
    assert names(tmp_path) == ["epoch_0001.png", "epoch_0002.png"]
    expected = model.measure({"large": photographs})["held_out_psnr"]
    np.testing.assert_allclose(history["held_out_psnr"][1], expected, rtol=1e-5)


def test_what_cannot_be_shown_is_refused_before_the_first_step(tmp_path):
    model, pairs = translator()
    for wrong, message in ((None, "needs held-out images"), ({"sources": 1}, "Received: sources")):
        with pytest.raises(ValueError, match=message):
            train(model, pairs, callbacks=[SampleGrid(tmp_path, batch=wrong)])
    assert int(model.optimizer.iterations) == 0


@pytest.mark.parametrize("wrong", [{"every": 0}, {"unit": "batch"}])
def test_wrong_arguments_of_a_grid(wrong, tmp_path):
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} must be .* Received"):
        SampleGrid(tmp_path, **wrong)


# Curves.


def curves(tmp_path):
    log = keras.callbacks.CSVLogger(tmp_path / "log.csv", append=True)
    return [log, TrainingCurves(tmp_path / "curves.png", tmp_path / "log.csv")]


def test_curves_of_a_resumed_run_show_all_of_it(tmp_path):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    for folder in (whole, parts):
        folder.mkdir()
    train(mlp_gan(), X, epochs=4, callbacks=curves(whole))
    model = mlp_gan()
    train(model, X, epochs=2, callbacks=curves(parts))
    half = np.asarray(Image.open(parts / "curves.png"))
    train(model, X, epochs=4, initial_epoch=2, callbacks=curves(parts))
    whole, resumed = (np.asarray(Image.open(f / "curves.png")) for f in (whole, parts))
    np.testing.assert_array_equal(whole, resumed)
    assert (half != whole).any()


def test_curves_are_where_their_values_are(tmp_path):
    (tmp_path / "log.csv").write_text(
        "epoch,a_loss,b_loss,val_a_loss,score\n"
        "0,1.0,0.0,NA,nan\n1,9.0,9.0,NA,5\n1,1.0,1.0,NA,5\n2,1.0,2.0,NA,5\n3,9.0,9"  # repeated, cut
    )
    TrainingCurves(tmp_path / "curves.png", tmp_path / "log.csv").on_epoch_end(2)
    picture = np.asarray(Image.open(tmp_path / "curves.png"), int)
    assert len(picture) == 2 * 220  # the losses, and the score
    at = {
        colour: np.argwhere((picture[25:220] == np.array(colour)).all(-1))
        for colour in [(0x00, 0x72, 0xB2), (0xD5, 0x5E, 0x00)]
    }
    flat, rising = at.values()
    assert np.ptp(flat[:, 0]) < 8
    left, right = (rising[rising[:, 1] == end][:, 0].mean() for end in (82, 698))
    assert left > flat[:, 0].mean() + 60 and right < flat[:, 0].mean() - 60


def test_curves_need_a_log(tmp_path):
    with pytest.raises(FileNotFoundError, match="Put keras.callbacks.CSVLogger.* before"):
        train(mlp_gan(), X, callbacks=curves(tmp_path)[::-1])


# TensorBoard.


def test_tensorboard_without_its_package(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(ImportError, match="pip install tensorboardX"):
        TensorBoard(tmp_path, X)


def events(folder):
    """Dict from `(tag, step)` to a value, without what a later run purges, read as TFRecords."""
    from tensorboardX.proto import event_pb2

    found = {}
    for path in sorted(folder.iterdir()):
        content = path.read_bytes()
        while content:
            length = int.from_bytes(content[:8], "little")
            event = event_pb2.Event.FromString(content[12 : 12 + length])
            content = content[16 + length :]
            if event.session_log.status == event.session_log.START:
                found = {key: value for key, value in found.items() if key[1] < event.step}
            for value in event.summary.value:
                found[value.tag, event.step] = value
    return found


def test_tensorboard_has_scalars_grids_and_histograms_of_scores(tmp_path):
    pytest.importorskip("tensorboardX")
    model = mlp_gan()
    board = TensorBoard(tmp_path, X, n=4)
    history = train(model, X, epochs=2, callbacks=[board])
    found = events(tmp_path)
    tags = {"discriminator_loss", "generator_loss", "samples", "scores/real", "scores/generated"}
    assert {step for _, step in found} == {1, 2}
    assert tags <= {tag for tag, _ in found}
    logged = [found["generator_loss", step].simple_value for step in (1, 2)]
    np.testing.assert_allclose(logged, history["generator_loss"], rtol=1e-6)
    assert (found["samples", 2].image.width, found["samples", 2].image.height) == (16, 16)
    real = X.astype("float32") / 127.5 - 1
    scores = keras.ops.convert_to_numpy(model.judge(real, {}, training=False))
    assert found["scores/real", 2].histo.num == 16
    np.testing.assert_allclose(found["scores/real", 2].histo.sum, scores.sum(), rtol=1e-4)
    assert found["scores/generated", 2].histo.sum != found["scores/real", 2].histo.sum


def test_tensorboard_of_a_resumed_run_of_a_model_with_labels(tmp_path):
    pytest.importorskip("tensorboardX")
    networks = mlp((8, 8, 1), latent_dim=4, width=8, depth=1, label_dim=2, **ACGAN.network_options)
    model = ACGAN(*networks, seed=1)
    labels = np.arange(16) % 2
    board = TensorBoard(tmp_path, (X, labels), n=4)
    train(model, X, y=labels, epochs=2, callbacks=[board])
    train(model, X, y=labels, epochs=3, initial_epoch=1, callbacks=[board])  # epoch 2 again
    found = events(tmp_path)
    assert {step for tag, step in found if tag == "scores/generated"} == {1, 2, 3}


def test_tensorboard_of_a_model_that_translates_and_of_one_that_tells_nothing(tmp_path):
    pytest.importorskip("tensorboardX")
    model, pairs = translator()
    train(model, pairs, callbacks=[TensorBoard(tmp_path / "pairs", pairs, n=2)])
    found = events(tmp_path / "pairs")
    # A logit a patch of each of the 4 pairs.
    assert found["scores/real", 1].histo.num == found["scores/generated", 1].histo.num > 4
    assert found["samples", 1].image.width == 3 * 16
    board = TensorBoard(tmp_path / "none", n=4)
    train(mlp_gan(), X, callbacks=[board])
    found = events(tmp_path / "none")
    assert ("samples", 1) in found and not any("scores" in tag for tag, _ in found)


def test_tensorboard_changes_no_weight(tmp_path):
    pytest.importorskip("tensorboardX")
    runs = []
    for callbacks in ([], [TensorBoard(tmp_path, X, n=4)]):
        model = rich_gan()
        train(model, X, epochs=2, callbacks=callbacks)
        runs.append(state(model))
    assert_same(*runs)
