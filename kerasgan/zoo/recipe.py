"""A recipe is what `kerasgan train` runs: a model, its data, how long."""

import inspect
import os
from pathlib import Path

import keras

from kerasgan import datasets
from kerasgan.augment import DifferentiableAugmentation
from kerasgan.callbacks import Diagnosis, SampleGrid
from kerasgan.files import read_toml
from kerasgan.models import MODELS
from kerasgan.networks import BUILDERS
from kerasgan.zoo import entry, runs, store, super_resolution

# What a recipe may hold, and what `train` takes for an architecture that has none.
TRAINING = {
    "epochs": 100,
    "batch_size": 128,
    "seed": 0,
    "crop": None,
    "flip": True,
    "held_out": None,
    "generator_learning_rate": None,
    "discriminator_learning_rate": None,
}
# None is the default of the model, its paper's. A critic is a discriminator here.
LEARNING_RATES = ("discriminator_learning_rate", "generator_learning_rate")
ARCHITECTURE = {
    "model": "gan",
    "size": 64,
    "channels": 3,
    "augment": True,
    "discriminator_steps": None,
}
# Pictures an architecture keeps out of training: 1 in 20, but no more than these, no fewer than
# a diagnosis needs, and none if that is more than a quarter.
HELD_OUT = 500


def train(name, data, out=None, labels=None, **options):
    if super_resolution.is_recipe(name):
        return super_resolution.train(name, data, out, labels=labels, **options)
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
    if folder is None and "held_out" not in recipe:
        recipe |= _held_out_by_default(run, dataset.num_images)
    claim = {**recipe, "images": dataset.num_images}
    runs.refuse_another(run, claim)
    held_out = dataset.hold_out(recipe["held_out"]) if recipe.get("held_out") else None
    diagnosis = _diagnosis(run, dataset, held_out)
    model = _build(recipe, shape, folder, dataset)
    runs.write_recipe(run, claim)
    model.compile()
    _set_learning_rates(model, recipe)
    grids = SampleGrid(run / "grids", seed=recipe["seed"])
    runs.fit(model, dataset, run, recipe, [*diagnosis, grids])
    card = _card(name, recipe, model, run, data, dataset.num_images)
    entry.save_entry(model, run / "entry", card, recipe)
    return model


def _held_out_by_default(run, images):
    """What a recipe says of held-out pictures: what the run's does, if it has begun."""
    path = run / "recipe.toml"
    if path.is_file():
        return {k: v for k, v in read_toml(path).items() if k == "held_out"}
    most = max(images // 20, Diagnosis.FEWEST)
    return {"held_out": min(most, HELD_OUT) if images >= 4 * most else 0}


def _diagnosis(run, dataset, held_out):
    log = run / "log.csv"
    # A log keeps the columns that it was begun with, by an earlier version perhaps.
    if log.is_file() and "diversity" not in log.read_text(encoding="utf-8").split("\n", 1)[0]:
        return []
    return [Diagnosis(dataset.sample(HELD_OUT), held_out)]


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
        card, known = store.check(folder), TRAINING
        recipe = {**known, **runs.of_entry(folder)}
    recipe = runs.with_options(name, recipe, known, options)
    for rate in LEARNING_RATES:
        if not recipe.get(rate, 1.0) > 0.0:
            raise ValueError(f"{rate} must be positive. Received: {recipe[rate]}")
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
    if "discriminator_steps" in recipe:
        options[f"{cls.players[0]}_steps"] = recipe["discriminator_steps"]
    return cls(*BUILDERS[name](shape, **network), **options)


def _set_learning_rates(model, recipe):
    for player, rate in zip(model.players, LEARNING_RATES):
        if rate in recipe:
            model.optimizer.by_player[player].learning_rate = recipe[rate]


def _builder_options(name):
    """What a builder takes beside the shapes of pictures and labels, with its defaults."""
    parameters = inspect.signature(BUILDERS[name]).parameters.values()
    given = ("image_shape", "label_dim")
    return {p.name: p.default for p in parameters if p.name not in given}


def _card(name, recipe, model, run, data, images):
    described = {}
    if name not in BUILDERS:
        # Not the rest of it, which is about the weights that were there.
        old = store.read_card(store.find(name))
        described = {"paper": old["paper"]} if "paper" in old else {}
    if isinstance(data, (str, os.PathLike)):
        described["data"] = Path(data).name
    return {
        "name": Path(name).name,
        **described,
        "training": runs.training_card(name, run, recipe, model, images),
    }
