"""A recipe is what `kerasgan train` runs: a model, its data, how long."""

import csv
import inspect
import os
import platform
import time
import tomllib
from pathlib import Path

import keras
import tomli_w

from kerasgan import datasets
from kerasgan.augment import DifferentiableAugmentation
from kerasgan.callbacks import SampleGrid, TrainingState
from kerasgan.grid import write_whole
from kerasgan.models import MODELS
from kerasgan.networks import BUILDERS
from kerasgan.zoo import entry, store

# What a recipe may hold, and what `train` takes for an architecture that has none.
TRAINING = {"epochs": 100, "batch_size": 128, "seed": 0, "crop": None, "flip": True}
ARCHITECTURE = {"model": "gan", "size": 64, "channels": 3, "augment": True}


def train(name, data, out=None, labels=None, **options):
    folder = None if name in BUILDERS else store.find(name)
    recipe, shape = _recipe(name, folder, {k: v for k, v in options.items() if v is not None})
    run = Path(out or Path("runs") / Path(name).name)
    if labels is None and recipe.get("labelled"):
        labels = True
    # Whatever may be wrong is found before the model is built, which takes seconds.
    dataset = datasets.load(
        data,
        image_shape=shape,
        batch_size=recipe["batch_size"],
        crop=recipe.get("crop"),
        flip=recipe["flip"],
        seed=recipe["seed"],
        labels=labels,
        label_names=recipe.get("label_names"),
    )
    claim = {**recipe, "images": dataset.num_images}
    _refuse_another(run, claim)
    model = _build(recipe, shape, folder, dataset)
    text = tomli_w.dumps(claim)
    write_whole(run / "recipe.toml", lambda path: path.write_text(text, encoding="utf-8"))
    model.compile()
    state = TrainingState(run / "state.weights.h5", len(dataset))
    dataset.epoch = first = state.restore(model)
    if first:
        print(f"Going on with {run} after epoch {first} of {recipe['epochs']}.")
    model.fit(
        dataset,
        epochs=recipe["epochs"],
        initial_epoch=first,
        callbacks=[
            _Seconds(),
            SampleGrid(run / "grids", seed=recipe["seed"]),
            state,
            keras.callbacks.CSVLogger(run / "log.csv", append=True),
        ],
    )
    card = _card(name, recipe, model, run, data, dataset.num_images)
    entry.save_entry(model, run / "entry", card, recipe)
    return model


def _recipe(name, folder, options):
    """The recipe with these options, and the shape of the pictures."""
    if folder is None:
        builder = _builder_options(name)
        known = {**TRAINING, **ARCHITECTURE, **builder}
        chosen = options.get("model", ARCHITECTURE["model"])
        if chosen not in MODELS:
            raise ValueError(f"model must be one of {', '.join(MODELS)}. Received: {chosen}")
        fitting = {k: v for k, v in MODELS[chosen].network_options.items() if k in builder}
        recipe = {"architecture": name, **known, **fitting}
        if MODELS[chosen].takes_labels:
            recipe["labelled"] = True
        known = {**known, "label_names": None}
    else:
        card, path = store.check(folder), folder / "recipe.toml"
        if not path.is_file():
            raise FileNotFoundError(f"{folder} has no recipe.toml, so it cannot be trained again.")
        known = TRAINING
        recipe = {**known, **_read(path)}
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise ValueError(
            f"{name} takes no {', '.join(unknown)}. What can be changed: {', '.join(known)}."
        )
    recipe = {k: v for k, v in {**recipe, **options}.items() if v is not None}
    if recipe["epochs"] < 1:
        raise ValueError(f"epochs must be at least 1. Received: {recipe['epochs']}")
    if folder is None:
        return recipe, (recipe["size"], recipe["size"], recipe["channels"])
    return recipe, tuple(card["samples"])


def _build(recipe, shape, folder, dataset):
    """The model with fresh weights from the recipe's seed."""
    seed = recipe["seed"]
    keras.utils.set_random_seed(seed)
    if folder is not None:
        return entry.build(folder, seed=seed)
    name = recipe["architecture"]
    cls = MODELS[recipe["model"]]
    # What is None is not in the recipe, which is TOML.
    network = {key: recipe.get(key) for key in _builder_options(name)}
    augmentation = DifferentiableAugmentation(seed=seed) if recipe["augment"] else None
    options = {"augmentation": augmentation, "seed": seed}
    if cls.takes_labels:
        network["label_dim"] = dataset.num_labels
        options |= {"label_names": dataset.label_names, "multi_label": dataset.multi_label}
    return cls(*BUILDERS[name](shape, **network), **options)


def _builder_options(name):
    """What a builder takes beside the shapes of pictures and labels, with its defaults."""
    parameters = inspect.signature(BUILDERS[name]).parameters.values()
    given = ("image_shape", "label_dim")
    return {p.name: p.default for p in parameters if p.name not in given}


def _refuse_another(run, claim):
    """Refuse a run folder that holds a run of another recipe or of other data."""
    path = run / "recipe.toml"
    there = _read(path) if path.is_file() else claim
    changed = sorted(k for k in {*there, *claim} - {"epochs"} if there.get(k) != claim.get(k))
    if changed:
        raise ValueError(
            f"{run} holds a run with other {', '.join(changed)}. Choose another folder with "
            "--out, or the same options to go on."
        )


def _read(path):
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not valid TOML: {error}") from None


def _card(name, recipe, model, run, data, images):
    described = {}
    if name not in BUILDERS:
        # Not the rest of it, which is about the weights that were there.
        old = store.read_card(store.find(name))
        described = {"paper": old["paper"]} if "paper" in old else {}
    if isinstance(data, (str, os.PathLike)):
        described["data"] = Path(data).name
    with open(run / "log.csv", newline="") as file:
        seconds = sum(float(row["seconds"]) for row in csv.DictReader(file))
    steps = int(model.optimizer.iterations)
    return {
        "name": Path(name).name,
        **described,
        "training": {
            "script": f"kerasgan train {name}",
            "images": images,
            "steps": steps,
            "batch_size": recipe["batch_size"],
            "seed": recipe["seed"],
            "minutes": round(seconds / 60, 1),
            "hardware": f"{os.cpu_count()} CPU cores, {platform.machine()}",
            "backend": f"{keras.backend.backend()}, Keras {keras.__version__}",
        },
    }


class _Seconds(keras.callbacks.Callback):
    """Adds an epoch's duration to its log."""

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        logs["seconds"] = round(time.monotonic() - self.start, 2)
