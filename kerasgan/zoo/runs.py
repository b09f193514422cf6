"""A run folder: whose run it is, how long it took, the training part of its card."""

import csv
import sys
import time

import keras
import tomli_w

from kerasgan.callbacks import NumericsGuard, TrainingCurves, TrainingState
from kerasgan.files import read_toml, write_text
from kerasgan.zoo import environment


def with_options(name, recipe, known, options):
    """The recipe with these options, without what is None; only `known` may be changed.

    Raises:
        ValueError: On an option that is not known, or fewer epochs than 1.
    """
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise ValueError(
            f"{name} takes no {', '.join(unknown)}. What can be changed: {', '.join(known)}."
        )
    recipe = {k: v for k, v in {**recipe, **options}.items() if v is not None}
    if recipe["epochs"] < 1:
        raise ValueError(f"epochs must be at least 1. Received: {recipe['epochs']}")
    return recipe


def of_entry(folder):
    """The recipe in an entry.

    Raises:
        FileNotFoundError: If it has none.
    """
    path = folder / "recipe.toml"
    if not path.is_file():
        raise FileNotFoundError(f"{folder} has no recipe.toml, so it cannot be trained again.")
    return read_toml(path)


def refuse_another(run, recipe):
    """Refuse a folder that holds a run of another recipe or of other data.

    Raises:
        ValueError: If the folder's recipe differs in more than the number of epochs.
    """
    path = run / "recipe.toml"
    there = read_toml(path) if path.is_file() else recipe
    changed = sorted(k for k in {*there, *recipe} - {"epochs"} if there.get(k) != recipe.get(k))
    if changed:
        raise ValueError(
            f"{run} holds a run with other {', '.join(changed)}. Choose another folder with "
            "--out, or the same options to go on."
        )


def write_recipe(run, recipe):
    write_text(run / "recipe.toml", tomli_w.dumps(recipe))


def fit(model, dataset, run, recipe, callbacks):
    """Train a compiled model to the recipe's last epoch, going on with what the run has."""
    state = TrainingState(run / "state.weights.h5", len(dataset))
    dataset.epoch = first = state.restore(model)
    if first:
        print(f"Going on with {run} after epoch {first} of {recipe['epochs']}.")
    environment.record(run, first)
    log = keras.callbacks.CSVLogger(run / "log.csv", append=True)
    model.fit(
        dataset,
        epochs=recipe["epochs"],
        initial_epoch=first,
        # A progress bar is for people: in a file it is a line a step.
        verbose=1 if sys.stdout.isatty() else 2,
        # The guard comes first: it stops before anything bad is written.
        callbacks=[
            NumericsGuard(),
            _Seconds(),
            *callbacks,
            state,
            log,
            TrainingCurves(run / "curves.png", run / "log.csv"),
        ],
    )


def training_card(name, run, recipe, model, images):
    """The `training` part of a card."""
    with open(run / "log.csv", newline="") as file:
        seconds = sum(float(row["seconds"]) for row in csv.DictReader(file))
    return {
        "script": f"kerasgan train {name}",
        "images": images,
        "steps": int(model.optimizer.iterations),
        "batch_size": recipe["batch_size"],
        "seed": recipe["seed"],
        "minutes": round(seconds / 60, 1),
        "hardware": environment.hardware(),
        "backend": f"{keras.backend.backend()}, Keras {keras.__version__}",
    }


class _Seconds(keras.callbacks.Callback):
    """Adds an epoch's duration to its log."""

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        logs["seconds"] = round(time.monotonic() - self.start, 2)
