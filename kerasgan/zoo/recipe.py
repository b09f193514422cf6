"""A recipe is what `kerasgan train` runs: a model, its data, how long."""

import csv
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
from kerasgan.models import GAN
from kerasgan.networks import BUILDERS
from kerasgan.zoo import entry, store

# What a recipe may hold, and what `train` takes for an architecture that has none.
TRAINING = {"epochs": 100, "batch_size": 64, "seed": 0, "crop": None, "flip": True}
ARCHITECTURE = {"size": 64, "channels": 3, "width": 64, "augment": True}


def train(name, data, out=None, **options):
    recipe, model = _prepare(name, {k: v for k, v in options.items() if v is not None})
    run = Path(out or Path("runs") / Path(name).name)
    _claim(run, recipe)
    dataset = datasets.load(
        data,
        image_shape=model.sample_shape,
        batch_size=recipe["batch_size"],
        crop=recipe.get("crop"),
        flip=recipe["flip"],
        seed=recipe["seed"],
    )
    model.compile()
    state = TrainingState(run / "state.weights.h5", dataset.num_batches)
    dataset.epoch = first = state.restore(model)
    if first:
        print(f"Going on with {run} after epoch {first} of {recipe['epochs']}.")
    model.fit(
        dataset,
        epochs=recipe["epochs"],
        initial_epoch=first,
        # The dataset shuffles by seed and epoch, which a resumed run repeats.
        shuffle=False,
        callbacks=[
            _Seconds(),
            SampleGrid(run / "grids", seed=recipe["seed"]),
            state,
            keras.callbacks.CSVLogger(run / "log.csv", append=True),
        ],
    )
    card = _card(name, recipe, model, run, len(dataset.sources))
    entry.save_entry(model, run / "entry", card, recipe)
    return model


def _prepare(name, options):
    """The recipe with its options, and the model with fresh weights from its seed."""
    if name in BUILDERS:
        recipe = {"architecture": name, **TRAINING, **ARCHITECTURE}
    else:
        folder = store.find(name)
        path = folder / "recipe.toml"
        if not path.is_file():
            raise FileNotFoundError(f"{folder} has no recipe.toml, so it cannot be trained again.")
        recipe = tomllib.loads(path.read_text(encoding="utf-8"))
    unknown = sorted(set(options) - set(recipe) - set(TRAINING))
    if unknown:
        raise ValueError(
            f"{name} takes no {', '.join(unknown)}: the architecture of an entry is fixed. "
            f"What can be changed: {', '.join({**TRAINING, **recipe})}."
        )
    recipe = {k: v for k, v in {**recipe, **options}.items() if v is not None}
    keras.utils.set_random_seed(recipe["seed"])
    if name not in BUILDERS:
        return recipe, entry.build(folder)
    size = recipe["size"]
    generator, discriminator = BUILDERS[name](
        (size, size, recipe["channels"]), width=recipe["width"]
    )
    seed = recipe["seed"]
    augmentation = DifferentiableAugmentation(seed=seed) if recipe["augment"] else None
    return recipe, GAN(generator, discriminator, augmentation=augmentation, seed=seed)


def _claim(run, recipe):
    """Write the recipe into a new run folder; refuse one that holds another run."""
    path = run / "recipe.toml"
    if path.is_file():
        there = tomllib.loads(path.read_text(encoding="utf-8"))
        changed = sorted(
            key for key in {*there, *recipe} - {"epochs"} if there.get(key) != recipe.get(key)
        )
        if changed:
            raise ValueError(
                f"{run} holds a run with another {', '.join(changed)}. Choose another folder "
                "with --out, or the same options to go on."
            )
    write_whole(path, lambda temporary: temporary.write_text(tomli_w.dumps(recipe)))


def _card(name, recipe, model, run, images):
    described = {}
    if name not in BUILDERS:
        old = store.read_card(store.find(name))
        kept = ("summary", "paper", "data", "licence", "limits")
        described = {key: old[key] for key in kept if key in old}
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
