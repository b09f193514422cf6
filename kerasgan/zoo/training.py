"""Training by name, and the entry that it leaves."""

import os
from pathlib import Path

from kerasgan import recipes
from kerasgan.zoo import store
from kerasgan.zoo.entry import save_entry


def recipe_of(name: str | os.PathLike) -> dict:
    """The recipe that a name stands for, as in `kerasgan.zoo.train`."""
    name = os.fspath(name)
    folder = entry_of(name)
    return recipes.named(name, store.names()) if folder is None else recipes.of_folder(folder)


def entry_of(name: str) -> Path | None:
    """The folder of an entry or a run, or None if the name stands for another recipe."""
    if "://" in name or name in store.names() or Path(name).expanduser().is_dir():
        return store.find(name)
    return None


def train(name, data, out, tables):
    name = os.fspath(name)
    out = Path(out or Path("runs") / Path(name).stem)
    folder = entry_of(name)
    recipe = recipes.merged(recipe_of(name), tables)
    # Not the rest of an entry's card, which is about the weights that were there.
    has_card = folder is not None and (folder / store.CARD).is_file()
    known = store.read_card(folder) if has_card else {}
    paper = {"paper": known["paper"]} if "paper" in known else {}

    def save(model, folder, card, recipe, sample):
        save_entry(model, folder, paper | card, recipe, sample)

    return recipes.train(Path(name).stem, recipe, data, out, save)
