"""A recipe run: its data, its networks, its model, and the training in a run folder."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import keras

from kerasgan import datasets
from kerasgan.callbacks import (
    Diagnosis,
    NumericsGuard,
    SampleGrid,
    TrainingCurves,
    TrainingState,
)
from kerasgan.callbacks.epoch_log import EpochLog
from kerasgan.engine import devices
from kerasgan.engine.data import named
from kerasgan.engine.model import AdversarialModel
from kerasgan.engine.shapes import every_layer, shapes
from kerasgan.models import MODELS
from kerasgan.networks import BUILDERS
from kerasgan.privacy import Privacy
from kerasgan.recipes import objects
from kerasgan.recipes.seconds import Seconds
from kerasgan.recipes.signature import parameters, positional

# Single images kept out of training: 1 in 20, but no more than these, no fewer than a diagnosis
# needs; of other data, which is looked at and not judged by, so many. None if that is more than
# a quarter.
HELD_OUT, FEW = 500, 8


def dataset_of(recipe: dict, source) -> datasets.Batches:
    """The data of a recipe, through its model's door."""
    cls = _class(recipe)
    door = getattr(datasets, cls.door)
    seed = recipe["seed"]
    return door(source, **{"seed": seed} | objects.built(door, recipe["data"], seed=seed))


def networks_of(recipe: dict, shapes: dict) -> dict[str, keras.Model]:
    """The networks of a recipe for data of these shapes, with fresh weights from its seed."""
    cls = _class(recipe)
    sizes, table = cls.sizes(shapes), recipe["networks"]
    keras.utils.set_random_seed(recipe["seed"])
    if isinstance(cls.builders, str):
        return dict(zip(positional(cls), _built(table, sizes)))
    return {name: _built(table[name], sizes[name]) for name in cls.builders}


def _class(recipe):
    return MODELS[recipe["model"]["name"]]


def _built(table, sizes):
    builder = BUILDERS[table["builder"]]
    taken = parameters(builder)
    options = {key: value for key, value in table.items() if key != "builder"}
    given = {key: value for key, value in sizes.items() if key in taken}
    return builder(**given, **objects.built(builder, options))


def model_of(
    recipe: dict, dataset: datasets.Batches, start: dict | None = None
) -> AdversarialModel:
    """The model of a recipe for a dataset.

    Args:
        recipe: As `completed` gives it, without stages.
        dataset: Gives the shapes, and the labels if the model takes them.
        start: Dict from a network's name to another one, whose weights it starts from.

    Raises:
        ValueError: If those weights do not fit, or if all layers of a network are frozen.
    """
    cls, seed, start = _class(recipe), recipe["seed"], start or {}
    networks = networks_of(recipe, dataset.shapes)
    if start and not networks.keys() & start.keys():
        raise ValueError(
            f"start has networks {', '.join(start)}, and {recipe['model']['name']} has "
            f"{', '.join(networks)}: no network has anything to start from."
        )
    begin = getattr(cls, "grow", _start)
    for name in networks.keys() & start.keys():
        begin(name, networks[name], start[name])
    for name, n in recipe.get("frozen", {}).items():
        _freeze(name, networks[name], n)
    of_data = {k: v for k, v in dataset.modalities.items() if k in parameters(cls)}
    model = cls(**networks, **of_data, **{"seed": seed} | _arguments(recipe))
    # What a model has beside the networks that it is given.
    for name in model.stored_networks().keys() & start.keys() - networks.keys():
        begin(name, model.stored_networks()[name], start[name])
    return model


@contextlib.contextmanager
def precision(recipe: dict) -> Iterator[None]:
    """While it lasts, layers are made that compute in the precision of a recipe."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(recipe.get("dtype", before))
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def in_float32(
    model: AdversarialModel, recipe: dict, dataset: datasets.Batches
) -> AdversarialModel:
    """A model that was trained in another precision as one that computes in float32."""
    if "dtype" not in recipe:
        return model
    with precision({"dtype": "float32"}):
        found = model_of(recipe, dataset)
    for name, network in found.stored_networks().items():
        network.set_weights(model.stored_networks()[name].get_weights())
    if hasattr(model, "seen_labels"):
        found.seen_labels.assign(model.seen_labels)
    return found


def _start(name, network, other):
    own, others = ([w.shape for w in n.weights] for n in (network, other))
    if own != others:
        ends, theirs = shapes(network), shapes(other)
        if ends != theirs:
            told = (
                f"from {_told(ends[0])} to {_told(ends[1])}, where that of start is from "
                f"{_told(theirs[0])} to {_told(theirs[1])}. Pictures of any size and kind are "
                "converted: leave data.image_shape as start has it"
            )
        elif differing := next((pair for pair in zip(own, others) if pair[0] != pair[1]), None):
            told = f"it has weights of shape {differing[0]} where start has {differing[1]}"
        else:
            told = f"it has {len(own)} weights, that one {len(others)}"
        raise ValueError(
            f"The {name} does not fit that of start: {told}. Leave networks as the recipe of start "
            "has them."
        )
    network.set_weights(other.get_weights())


def _told(shape):
    """The shape of one of what a network takes or makes, or of several."""
    return " and ".join(map(_told, shape)) if isinstance(shape, list) else str(shape[1:])


def _freeze(name, network, n):
    found = [x for x in every_layer(network) if x.weights and not getattr(x, "layers", None)]
    if n >= len(found):
        raise ValueError(
            f"frozen.{name} must be less than the {len(found)} layers with weights that it has. "
            f"Received: {n}"
        )
    for layer in found[:n]:
        layer.trainable = False


def _arguments(recipe):
    table = {key: value for key, value in recipe["model"].items() if key != "name"}
    return objects.built(_class(recipe), table, seed=recipe["seed"])


def prepare(recipe: dict) -> None:
    """Read what a model will need beside its data, such as a feature network.

    Raises:
        ValueError, ConnectionError: If it is not there.
    """
    known = parameters(_class(recipe))
    for name, argument in _arguments(recipe).items():
        is_file = os.PathLike in getattr(known[name].annotation, "__args__", ())
        if is_file and isinstance(argument, str) and not os.path.isfile(argument):
            raise ValueError(f"model.{name}: there is no file {argument!r}.")
        for item in argument if isinstance(argument, list) else [argument]:
            if hasattr(item, "prepare"):
                item.prepare()


def optimizers_of(recipe: dict, model: AdversarialModel, steps: int) -> dict:
    """What `compile` is given: the optimizers that a recipe says something of.

    Args:
        recipe: As `completed` gives it.
        model: Has the paper's optimizers.
        steps: Of the whole training.
    """
    found, papers = {}, model.default_optimizers()
    for player, table in recipe.get("optimizers", {}).items():
        turns = model.repeats.get(player, 1) * steps // model.every.get(player, 1)
        given = {"seed": recipe["seed"], "decay_steps": turns}
        if "class_name" in table:
            optimizer = objects.instance(table, **given)
        else:
            kind = type(papers[player])
            config = papers[player].get_config() | objects.built(kind, table, **given)
            optimizer = kind.from_config(config)
        found[f"{player}_optimizer"] = optimizer
    return found


def held_out_by_default(recipe: dict, images: int) -> int:
    """How many of so many pictures a recipe that does not say it keeps out of training."""
    n, cls = FEW, _class(recipe)
    if cls.calibrated or cls.door in ("load", "load_table", "load_series", "load_fields"):
        n = min(max(images // 20, Diagnosis.FEWEST), HELD_OUT)
    return n if images >= 4 * n else 0


def check(epochs: int = 100, held_out: int | None = None) -> None:
    """Refuse what `fit` cannot do.

    Raises:
        ValueError: On fewer epochs than 1, or a negative number held out.
    """
    if epochs < 1:
        raise ValueError(f"epochs must be at least 1. Received: {epochs}")
    if held_out is not None and held_out < 0:
        raise ValueError(f"held_out must be 0 or more. Received: {held_out}")


def fit(
    model: AdversarialModel,
    dataset: datasets.Batches,
    run: Path,
    begin: Callable,
    record: Callable,
    privacy: Privacy | None,
    *,
    epochs: int = 100,
    held_out: int | None = None,
) -> dict | None:
    """Train a model in a run folder, going on with what the folder has.

    Args:
        model: Not compiled.
        dataset: Of what the model takes.
        run: The folder.
        begin: Function `begin(steps)` that compiles the model for a training of so many steps.
        record: Function `record(epoch)`, called when nothing can be refused any more, with the
            epoch that training goes on after.
        privacy: `kerasgan.Privacy`, by which batches are then drawn from what the dataset has,
            as it is: nothing of it mirrored or cut at random.
        epochs: Passes over the data.
        held_out: How many samples to keep out of training, and to measure and to show the model
            by. By default, of single images 1 in 20, at least 50 of 200 or more and at most
            500; of other data 8, or none of fewer than 32.

    Returns:
        What was held out, by name.

    Raises:
        ValueError: If more epochs than these are done.
    """
    held = named(dataset.hold_out(held_out), model.takes) if held_out else None
    begin(epochs * len(dataset))
    state = TrainingState(run / "state.weights.h5", len(dataset))
    dataset.epoch = first = state.restore(model)
    if first > epochs:
        raise ValueError(
            f"{run} is trained for {first} epochs, which cannot be undone. Received: "
            f"epochs={epochs}. Give as many or more, or another folder with --out."
        )
    if first:
        print(f"Going on with {run} after epoch {first} of {epochs}.")
    record(first)
    given = {"x": dataset} if privacy is None else privacy.of_recipe(model, dataset, first)
    span = {"epochs": epochs, "initial_epoch": first}
    if not devices.is_first():
        model.fit(**given, **span, verbose=0, callbacks=[NumericsGuard()])
        return held
    # Of photographs whole ones are held out, which no discriminator judges.
    is_judged = held and len(held) == len(model.takes) and held_out >= Diagnosis.FEWEST
    # Both players' gradients over 256 samples are half of an epoch of 300.
    looked_at = min(max(len(dataset) * dataset.batch_size // 8, 64), 256)
    watching = [Diagnosis(dataset.sample(HELD_OUT), held if is_judged else None, n=looked_at)]
    if held or not model.needs_data:
        watching.append(SampleGrid(run / "grids", seed=model.seed, batch=held))
    model.fit(
        **given,
        **span,
        # A progress bar is for people: in a file it is a line a step.
        verbose=1 if sys.stdout.isatty() else 2,
        # The guard comes first: it stops before anything bad is written. The state comes last:
        # with it an epoch is done.
        callbacks=[
            NumericsGuard(),
            Seconds(),
            *watching,
            EpochLog(run / "log.csv"),
            TrainingCurves(run / "curves.png", run / "log.csv"),
            state,
        ],
    )
    return held
