"""Training by name, and the entry that it leaves."""

import os
from pathlib import Path

from kerasgan import recipes
from kerasgan.engine.devices import over
from kerasgan.zoo import integrity, store
from kerasgan.zoo.entry import load_entry, save_entry


def recipe_of(name: str | os.PathLike) -> dict:
    """The recipe that a name stands for, as in `kerasgan.zoo.train`."""
    name = os.fspath(name)
    if _is_entry(name):
        # Of a run its own, which knows where a file of labels is: the entry in it does not.
        own = Path(name)
        folder = own if (own / recipes.FILE).is_file() else store.find(name)
        if (folder / integrity.CARD).is_file():
            integrity.check(folder)
        return recipes.of_folder(folder)
    return recipes.named(name, store.names())


def title_of(name: str | os.PathLike) -> str:
    """What a run of this name is called."""
    path = Path(name)
    return path.stem if path.suffix == ".toml" else path.name


def _is_entry(name):
    return "://" in name or name in store.names() or Path(name).expanduser().is_dir()


def train(name, data, out, tables, devices=None):
    name = os.fspath(name)
    recipe = recipes.merged(recipe_of(name), tables)
    # Not the rest of an entry's card, which is about the weights that were there.
    folder = store.find(name) if _is_entry(name) else None
    known = integrity.read_card(folder) if folder and (folder / integrity.CARD).is_file() else {}
    paper = {"paper": known["paper"]} if "paper" in known else {}

    def save(model, folder, card, recipe, sample):
        save_entry(model, folder, paper | card, recipe, sample)

    if recipe.get("start") == "zoo":
        if folder is None:
            raise ValueError(
                f"start=zoo begins with the weights of the entry that is trained again, and {name} "
                "is none. Name one: kerasgan train ENTRY … start=zoo, or start=ENTRY."
            )
        recipe["start"] = name

    def load(start):
        return load_entry(store.find(start))

    title = title_of(name)
    with over(devices):
        return recipes.train(title, recipe, data, Path(out or Path("runs") / title), save, load)
