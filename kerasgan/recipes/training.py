"""Training by a recipe: its stages, each in a run folder that is refused to another recipe."""

import csv
import inspect
import os
from collections.abc import Callable
from pathlib import Path

import keras
import tomli_w

from kerasgan import datasets
from kerasgan.engine.model import AdversarialModel
from kerasgan.files import read_toml, write_text
from kerasgan.recipes import environment, run
from kerasgan.recipes.recipe import completed, model_of, stages
from kerasgan.recipes.signature import parameters

FILE = "recipe.toml"


def train(name: str, recipe: dict, data, folder: str | os.PathLike, save: Callable):
    """Train what a recipe says, stage by stage.

    Every stage but the last has a folder of its own, `stage_1`, …, in the run folder.

    Args:
        name: What the recipe is called.
        recipe: Tables, as `completed` takes them.
        data: What the model's door opens: a folder of pictures, say.
        folder: Of the run. If it holds an unfinished run of the same recipe, training goes on.
        save: Function `save(model, folder, card, recipe, sample)` that keeps what was trained:
            `card` what there is to say of it, `sample` a picture of held-out data or None.

    Returns:
        The trained model.

    Raises:
        ValueError: On a recipe that cannot be, before data is read; if the folder holds a run
            of another one or of other data.
    """
    recipe = completed(recipe)
    found, folder = list(stages(recipe)), Path(folder)
    # Before the first stage, which may take hours, what the others will need.
    for stage, _ in found:
        run.prepare(stage)
    start = None
    for number, (stage, begins_with) in enumerate(found, 1):
        is_last = number == len(found)
        where = folder if is_last else folder / f"stage_{number}"
        title = name if is_last else f"{name}_stage_{number}"
        dataset = run.dataset_of(stage, data)
        images = dataset.num_images
        stage = _with_held_out(stage, images)
        told = _with_held_out(recipe, images) if is_last else stage
        refuse_another(where, told | {"images": images})
        model = run.model_of(stage, dataset, start if begins_with else None)

        def begin(steps, model=model, stage=stage, where=where, claim=told | {"images": images}):
            model.compile(**run.optimizers_of(stage, model, steps))
            write_text(where / FILE, tomli_w.dumps(claim))

        held = run.fit(model, dataset, where, begin, **stage["fit"])
        card = _card(title, name, stage, model, where, data, images, held)
        sample = None if held is None else model.preview(seed=0, batch=held)
        save(model, where / "entry", card, without_paths(told), sample)
        start = model.stored_networks()
    return model


def _with_held_out(recipe, images):
    """The recipe with the number that is held out, which the data may decide."""
    of_fit = {"held_out": run.held_out_by_default(recipe, images)} | recipe["fit"]
    return recipe | {"fit": of_fit}


def refuse_another(folder: Path, claim: dict) -> None:
    """Refuse a folder that holds a run of another recipe or of other data.

    Raises:
        ValueError: If its recipe differs in more than the number of epochs.
    """
    path = folder / FILE
    there, new = (_flat(r) for r in (read_toml(path) if path.is_file() else claim, claim))
    changed = [
        key
        for key in dict.fromkeys([*there, *new])
        if key != "fit.epochs" and there.get(key) != new.get(key)
    ]
    if changed:
        raise ValueError(
            f"{folder} holds a run with other {', '.join(changed)}. Choose another folder with "
            "--out, or the same options to go on."
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


def of_folder(folder: Path) -> dict:
    """The recipe in an entry or a run folder.

    Raises:
        FileNotFoundError: If it has none.
        ValueError: If it is of an earlier version.
    """
    path = Path(folder) / FILE
    if not path.is_file():
        raise FileNotFoundError(f"{folder} has no {FILE}, so it cannot be trained again.")
    recipe = read_toml(path)
    if not isinstance(recipe.get("model"), dict):
        raise ValueError(
            f"{path} was written by an earlier version of kerasgan, whose recipes had no tables: "
            "it cannot be trained again or gone on with."
        )
    # How many there were of its data, which is no argument.
    return {key: value for key, value in recipe.items() if key != "images"}


def without_paths(recipe: dict) -> dict:
    """A recipe without the places of files on this machine, for another one."""
    door = parameters(getattr(datasets, model_of(recipe).door))
    data = {
        key: value
        for key, value in recipe["data"].items()
        if not (isinstance(value, str) and _is_path(door[key]))
    }
    return recipe | {"data": data}


def _is_path(parameter: inspect.Parameter):
    return os.PathLike in getattr(parameter.annotation, "__args__", ())


def _card(title, name, recipe, model: AdversarialModel, folder, data, images, held):
    """What a card says of the run."""
    card = {"name": title}
    if isinstance(data, (str, os.PathLike)):
        card["data"] = Path(data).name
    with open(folder / "log.csv", newline="") as file:
        seconds = sum(float(row["seconds"]) for row in csv.DictReader(file))
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
    figures = model.measure(held) if held else {}
    if figures:
        figures = {key: round(value, 2) for key, value in figures.items()}
        card["metrics"] = figures | {"held_out": recipe["fit"]["held_out"]}
    return card
