"""Training by a recipe: its stages, each in a run folder that is refused to another recipe."""

import csv
import os
from collections.abc import Callable, Iterable
from pathlib import Path

import keras
import tomli_w

from kerasgan import datasets
from kerasgan.engine import devices
from kerasgan.engine.model import AdversarialModel
from kerasgan.files import read_toml, write_text
from kerasgan.privacy import Privacy
from kerasgan.recipes import environment, run
from kerasgan.recipes.names import FILE, NOTED
from kerasgan.recipes.recipe import class_of, completed, stages
from kerasgan.recipes.signature import parameters


def train(
    name: str, recipe: dict, data, folder: str | os.PathLike, save: Callable, load: Callable
) -> AdversarialModel:
    """Train what a recipe says, stage by stage.

    Every stage but the last has a folder of its own, `stage_1`, …, in the run folder.

    Args:
        name: What the recipe is called.
        recipe: Tables, as `completed` takes them.
        data: What the model's door opens: a folder of pictures, say.
        folder: Of the run. If it holds an unfinished run of the same recipe, training goes on.
        save: Function `save(model, folder, card, recipe, sample)` that keeps what was trained:
            `card` what there is to say of it, `sample` a picture of held-out data or None.
        load: Function `load(start)` that gives the model of what a recipe starts from.

    Returns:
        The trained model.

    Raises:
        ValueError: On a recipe that cannot be, before data is read; if the folder holds a run
            of another one, of other data or of another backend, or lies among the data.
    """
    recipe = completed(recipe)
    found, folder = list(stages(recipe)), Path(folder)
    refuse_place(folder, [data, *(value for stage, _ in found for value in _paths(stage).values())])
    start = None
    if "start" in recipe:
        # What earlier stages are for is there.
        found, learned = [(found[-1][0], "previous")], load(recipe["start"])
        start = learned.stored_networks()
    # Before the first stage, which may take hours, what the others will need.
    for stage, _ in found:
        run.prepare(stage)
    opened = [run.dataset_of(stage, data) for stage, _ in found]
    if "start" in recipe:
        _refuse_other_samples(recipe["start"], learned, opened[0])
    places = [folder / f"stage_{number}" for number in range(1, len(found))] + [folder]
    images = [dataset.num_images for dataset in opened]
    held_out = [run.held_out_by_default(stage, n) for (stage, _), n in zip(found, images)]
    # With what the data decide. The recipe in the run folder is the whole one.
    told = [*(stage for stage, _ in found[:-1]), recipe]
    told = [
        each
        | {"images": n, "contents": dataset.fingerprint(), "backend": keras.backend.backend()}
        | {"fit": {"held_out": held} | each["fit"]}
        for each, dataset, n, held in zip(told, opened, images, held_out)
    ]
    for place, claim in zip(places, told):
        refuse_another(place, claim)
    for i, (place, claim) in enumerate(zip(places, told)):
        # Not kept: a stage's pictures would lie in memory beside those of the next.
        (stage, begins), dataset = found[i], opened.pop(0)
        title = name if place == folder else f"{name}_{place.name}"
        stage = stage | {"fit": {"held_out": held_out[i]} | stage["fit"]}
        with run.precision(stage):
            model = run.model_of(stage, dataset, start if begins else None)

        def begin(steps, model=model, stage=stage):
            model.compile(**run.optimizers_of(stage, model, steps))

        def record(epoch, place=place, claim=claim):
            if devices.is_first():
                write_text(place / FILE, tomli_w.dumps(claim))
                environment.record(place, epoch)

        with run.precision(stage):
            privacy = Privacy(**stage["privacy"]) if "privacy" in stage else None
            held = run.fit(model, dataset, place, begin, record, privacy, **stage["fit"])
        if held and model.calibrated:
            model.calibrate(held)
        trained, model = model, run.in_float32(model, stage, dataset)
        if devices.is_first():
            card = _card(title, name, stage, trained, place, data, dataset.num_images, held)
            sample = None if held is None else model.preview(seed=0, batch=held)
            save(model, place / "entry", card, without_paths(claim), sample)
        start = model.stored_networks()
    return model


def _refuse_other_samples(start, learned, dataset):
    """Refuse data on another grid, sounds of another rate say, than a start has learned."""
    before, now = learned.modalities[learned.makes], dataset.modalities.get("modality")
    if type(before) is type(now) and before.get_config() != now.get_config():
        keys = " ".join(f"data.{key}={value}" for key, value in before.get_config().items())
        raise ValueError(
            f"start={start} has learned {before!r}, and the data are read as {now!r}. Read them as "
            f"it did: {keys}"
        )


def refuse_place(folder: Path, data: Iterable) -> None:
    """Refuse a run folder that is a file, or lies in a folder of the data or around one.

    Raises:
        ValueError: Naming the two.
    """
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not there.is_dir():
        raise ValueError(f"A run needs a folder, and {there} is a file. Choose another with --out.")
    for place in data:
        if not isinstance(place, (str, os.PathLike)) or not Path(place).expanduser().is_dir():
            continue
        inner, outer = folder.resolve(), Path(place).expanduser().resolve()
        if inner.is_relative_to(outer) or outer.is_relative_to(inner):
            raise ValueError(
                f"The run folder {folder} and the data {place} lie in one another, and pictures of "
                "the run would become data. Choose a folder apart with --out."
            )


def refuse_another(folder: Path, claim: dict) -> None:
    """Refuse a folder that holds a run of another recipe, of other data or another backend.

    Raises:
        ValueError: If what its recipe says differs in more than the number of epochs.
    """
    path = folder / FILE
    there, new = (_flat(r) for r in (read_toml(path) if path.is_file() else claim, claim))
    # Runs of earlier versions have not noted these, and who deletes their lines wants to go on.
    noted = [key for key in ("contents", "backend") if key in there]
    unsaid = {"fit.epochs", "contents", "backend"} - {*noted}
    if there.get("images") != new.get("images"):
        unsaid.add("contents")
    changed = [
        key
        for key in dict.fromkeys([*there, *new])
        if key not in unsaid and there.get(key) != new.get(key)
    ]
    if changed:
        words = {"contents": "contents of the data", "backend": f"backend ({there.get('backend')})"}
        door = ""
        if {*changed} <= {*noted}:
            door = (
                f" To go on all the same, delete from {path} the line of {' and '.join(changed)}."
            )
        raise ValueError(
            f"{folder} holds a run with other {', '.join(words.get(c, c) for c in changed)}. "
            f"Choose another folder with --out, or the same options to go on.{door}"
        )


def _flat(table, before=""):
    """Values by their whole keys: `networks.width`."""
    found = {}
    for key, value in table.items():
        if key == "stages":
            value = {str(number): stage for number, stage in enumerate(value, 1)}
        inner = _flat(value, f"{before}{key}.") if isinstance(value, dict) else {}
        found |= inner or {f"{before}{key}": value}
    return found


def without_paths(recipe: dict) -> dict:
    """The recipe of a run for another machine: without the places of files on this one."""
    paths = _paths(recipe)
    data = {key: value for key, value in recipe["data"].items() if key not in paths}
    return {key: value for key, value in recipe.items() if key not in NOTED} | {"data": data}


def _paths(recipe):
    """What of a recipe's data may be places of files, by its key."""
    door = parameters(getattr(datasets, class_of(recipe).door))
    return {
        key: value
        for key, value in recipe["data"].items()
        if isinstance(value, str) and os.PathLike in getattr(door[key].annotation, "__args__", ())
    }


def _card(title, name, recipe, model: AdversarialModel, folder, data, images, held):
    """What a card says of the run."""
    card = {"name": title}
    if isinstance(data, (str, os.PathLike)):
        card["data"] = Path(data).name
    with open(folder / "log.csv", newline="") as file:
        seconds = sum(float(row.get("seconds") or 0) for row in csv.DictReader(file))
    card["training"] = {
        "script": f"kerasgan train {name}",
        "images": images,
        "steps": int(model.optimizer.iterations),
        "batch_size": recipe["data"]["batch_size"],
        "seed": recipe["seed"],
        "minutes": round(seconds / 60, 1),
        "hardware": environment.hardware(),
        "backend": f"{keras.backend.backend()}, Keras {keras.__version__}",
    }
    for key in ("dtype", "start"):
        if key in recipe:
            card["training"][key] = recipe[key]
    figures = model.measure(held) if held else {}
    if figures:
        figures = {key: round(value, 2) for key, value in figures.items()}
        card["metrics"] = figures | {"held_out": recipe["fit"]["held_out"]}
    return card
