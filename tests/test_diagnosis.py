"""Ill runs and healthy ones: the rules on drawn curves, from a file, by the command."""

import json
import math
import tomllib

import numpy as np
import pytest
from tiny import SHAPE, images

from kerasgan import datasets
from kerasgan.diagnosis import diagnose
from kerasgan.diagnosis.rules import ENOUGH, findings

HEALTHY = {
    "discriminator_loss": 1.3,
    "generator_loss": 0.8,
    "real_over_fake": 0.8,
    "held_out_over_fake": 0.78,
    "real_over_held_out": 0.52,
    "diversity": 0.9,
    "sample_change": 0.15,
    "discriminator_step": 0.001,
    "generator_step": 0.001,
    "real_range": 2.0,
    "fake_outside": 0.0,
    "fake_silent": 0.0,
    "fake_clipped": 0.0,
    "real_clipped": 0.0,
    "overfitting": 0.6,
    "augment_probability": 0.3,
}


def curves(epochs=ENOUGH, **other):
    return {
        name: dict.fromkeys(range(1, epochs + 1), value)
        for name, value in (HEALTHY | other).items()
        if value is not None
    }


def illnesses(found):
    return [finding.illness for finding in found]


# The rules


@pytest.mark.parametrize(
    ("illness", "below", "above"),
    [
        ("mode collapse", {"diversity": 0.3}, {"diversity": 0.2}),
        ("the discriminator has won", {"real_over_fake": 0.98}, {"real_over_fake": 0.995}),
        (
            "the discriminator has won",
            {"real_over_fake": 0.96, "sample_change": 0.04},
            {"real_over_fake": 0.96, "sample_change": 0.02},
        ),
        (
            "the discriminator has won",
            {"real_over_fake": None, "discriminator_loss": 0.03},
            {"real_over_fake": None, "discriminator_loss": 0.01},
        ),
        ("the generator has stalled", {"sample_change": 0.006}, {"sample_change": 0.004}),
        ("overfitting", {"real_over_held_out": 0.62}, {"real_over_held_out": 0.7}),
        (
            "overfitting",
            {"overfitting": 0.59, "augment_probability": 0.8},
            {"overfitting": 0.65, "augment_probability": 0.8},
        ),
        ("learning rate too high", {"generator_step": 0.01}, {"generator_step": 0.04}),
        ("learning rate too high", {"rollbacks": 0.0}, {"rollbacks": 1.0}),
        ("learning rate too high", {"generator_loss": 1e30}, {"generator_loss": math.nan}),
        ("images outside the range", {"real_range": 1.8}, {"real_range": 1.0}),
        ("images outside the range", {"real_range": 2.0}, {"real_range": 255.0}),
        ("oscillation", {"sample_change": 0.6}, {"sample_change": 0.8}),
        ("images outside the range", {"fake_outside": 0.005}, {"fake_outside": 0.1}),
        ("silence", {"fake_silent": 0.4}, {"fake_silent": 0.6}),
        ("clipping", {"fake_clipped": 0.01}, {"fake_clipped": 0.03}),
        (
            "clipping",
            {"fake_clipped": 0.03, "real_clipped": 0.01},
            {"fake_clipped": 0.05, "real_clipped": 0.01},
        ),
    ],
)
def test_each_illness_is_found_from_its_threshold_on(illness, below, above):
    assert findings(curves(**below)) == []
    found = findings(curves(**above))
    assert illnesses(found) == [illness]
    words = (found[0].evidence, found[0].threshold, found[0].source, found[0].advice)
    assert all(len(word) > 20 and word[-1] == "." for word in words)
    assert all(word in str(found[0]) for word in words)


def test_swings_are_found_and_a_rise_or_one_hump_is_none():
    def of(values, change=0.5):
        log = curves(sample_change=change) | {"diversity": dict(enumerate(values, 1))}
        return illnesses(findings(log))

    assert of([0.5, 1.0] * 5) == ["oscillation"]
    assert of([0.5, 1.0] * 5, change=0.2) == []
    assert of([0.95, 1.0] * 5) == []
    assert of([0.1 * i for i in range(1, 11)]) == []
    assert of([0.4, 0.6, 1.0, 1.6, 2.4, 2.5, 2.4, 2.0, 1.4, 1.2]) == []
    assert of([0.5, 1.0] * 4) == []


@pytest.mark.parametrize("name", ["diversity", "real_over_fake", "real_over_held_out"])
def test_one_bad_epoch_or_a_bad_beginning_is_no_illness(name):
    bad = {"diversity": 0.01, "real_over_fake": 1.0, "real_over_held_out": 0.9}[name]
    ill = curves()
    ill[name] |= {1: bad, 2: bad, 3: bad, 4: bad, ENOUGH - 1: bad}
    assert findings(ill) == []
    assert findings(curves(ENOUGH - 1, **{name: bad})) == []
    assert len(findings(curves(ENOUGH, **{name: bad}))) == 1


# From a file


def write(folder, columns):
    names = sorted(columns)
    epochs = sorted(columns[names[0]])
    lines = [",".join(["epoch", *names])]
    lines += [",".join([str(e - 1), *(str(columns[n][e]) for n in names)]) for e in epochs]
    (folder / "log.csv").write_text("\n".join(lines) + "\n")


def test_the_command_says_what_it_found(tmp_path, capsys):
    from kerasgan.cli import main

    write(tmp_path, curves(diversity=0.1))
    assert main(["diagnose", str(tmp_path)]) == 0
    text = capsys.readouterr().out
    assert text.startswith("mode collapse\n") and "10.0%" in text and "R3GAN" in text
    assert main(["diagnose", str(tmp_path), "--json"]) == 0
    (finding,) = json.loads(capsys.readouterr().out)
    assert set(finding) == {"illness", "evidence", "threshold", "source", "advice"}
    write(tmp_path, curves())
    main(["diagnose", str(tmp_path)])
    assert capsys.readouterr().out == f"No finding in {ENOUGH} epochs.\n"
    main(["diagnose", str(tmp_path), "--json"])
    assert json.loads(capsys.readouterr().out) == []
    write(tmp_path, curves(1))
    main(["diagnose", str(tmp_path)])
    assert "in 1 epoch. Most" in capsys.readouterr().out


def test_the_command_refuses_what_is_no_run(tmp_path, capsys):
    from kerasgan.cli import main

    assert main(["diagnose", str(tmp_path / "absent")]) == 2
    assert "has no log.csv" in capsys.readouterr().err


def test_logs_that_are_none(tmp_path):
    with pytest.raises(FileNotFoundError, match="has no log.csv"):
        diagnose(tmp_path / "absent")
    (tmp_path / "log.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match="no log of keras.callbacks.CSVLogger"):
        diagnose(tmp_path)
    (tmp_path / "log.csv").write_text("")
    assert diagnose(tmp_path) == []


def test_a_log_that_a_kill_cut_and_a_run_without_the_callback(tmp_path):
    columns = curves(**dict.fromkeys(HEALTHY)) | {
        "discriminator_loss": dict.fromkeys(range(1, 12), 0.001)
    }
    write(tmp_path, columns | {"val_generator_loss": dict.fromkeys(range(1, 12), "NA")})
    with open(tmp_path / "log.csv", "a") as file:
        file.write("11,0.0")
    assert illnesses(diagnose(tmp_path)) == ["the discriminator has won"]


# The recipe


def test_held_out_pictures_are_not_trained_on():
    whole = images(30)
    dataset = datasets.load(whole, SHAPE, batch_size=8, flip=False, labels=np.arange(30))
    real, held_out = dataset.sample(5), dataset.hold_out(10)
    np.testing.assert_array_equal(held_out[0], whole[held_out[1]])
    np.testing.assert_array_equal(real[0], whole[real[1]])
    assert (dataset.num_images, len(dataset)) == (20, 3)
    seen = np.concatenate([dataset[i][1] for i in range(3)])
    assert sorted([*seen, *held_out[1]]) == list(range(30))
    again = datasets.load(whole, SHAPE, labels=np.arange(30)).hold_out(10)
    np.testing.assert_array_equal(again[1], held_out[1])
    for n in (0, 20, -1):
        with pytest.raises(ValueError, match=f"Of 20 pictures {n} cannot be held out"):
            dataset.hold_out(n)


def header(run):
    lines = (run / "log.csv").read_text().splitlines()
    assert len({line.count(",") for line in lines}) == 1
    return lines[0].split(",")


def test_a_run_holds_pictures_out_and_goes_on_so(tmp_path):
    from kerasgan import zoo

    np.save(tmp_path / "pictures.npy", images(220))
    tables = {"data": {"image_shape": [8, 8, 1], "batch_size": 64}, "networks": {"width": 8}}

    def run(epochs):
        fit = {"epochs": epochs}
        zoo.train("mlp", tmp_path / "pictures.npy", tmp_path / "run", fit=fit, **tables)
        return tomllib.loads((tmp_path / "run" / "recipe.toml").read_text())

    assert run(1)["fit"]["held_out"] == 50
    assert {"real_over_held_out", "diversity"} <= set(header(tmp_path / "run"))
    assert zoo.info(tmp_path / "run")["training"]["images"] == 170
    assert run(2)["fit"]["held_out"] == 50
    assert len((tmp_path / "run" / "log.csv").read_text().splitlines()) == 3
    # As an earlier version left it: its log has other columns.
    (tmp_path / "run" / "recipe.toml").write_text('architecture = "mlp"\nepochs = 2\n')
    with pytest.raises(ValueError, match="holds a run with other"):
        run(3)
