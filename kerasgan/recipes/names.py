"""What `train` is given: a name, and changes `table.key=value`."""

import contextlib
import difflib
import tomllib
from collections.abc import Iterable
from pathlib import Path

from kerasgan.files import read_toml
from kerasgan.models import MODELS
from kerasgan.networks import BUILDERS, PAIRS
from kerasgan.recipes.recipe import TABLES, tables
from kerasgan.recipes.signature import parameters

FILE = "recipe.toml"
# What the recipe in a run folder says of its data and of where it ran.
NOTED = ("images", "contents", "backend")
# Keys of a recipe that stand in no table.
ALONE = ("seed", "dtype", "start", "frozen")


def named(name: str, others: Iterable[str] = ()) -> dict:
    """The recipe that a name stands for, which says no more than it must.

    Args:
        name: Path of a `.toml` file, the name of a model, or of a builder of pairs of networks.
        others: Names that stand for other recipes, to be told of.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: On an unknown name, with the nearest ones.
    """
    if str(name).endswith(".toml"):
        path = Path(name).expanduser()
        if not path.is_file():
            raise FileNotFoundError(f"{str(name)!r} does not exist (looked from {Path.cwd()}).")
        return read(path)
    if name in MODELS:
        return {"model": {"name": name}}
    if name in PAIRS:
        return {"networks": {"builder": name}, "model": {"name": "gan"}}
    if name in BUILDERS:
        raise ValueError(
            f"{name} builds one network of several. Name a model, and for which of its networks "
            f"it is: kerasgan train super_resolution networks.generator.builder={name}"
        )
    known = [*MODELS, *PAIRS, *others]
    near = difflib.get_close_matches(str(name), known, 3, 0.4)
    raise ValueError(
        f"There is no model, zoo entry, folder or .toml file {name!r}."
        + (f" Did you mean {' or '.join(near)}?" if near else "")
        + f" Models: {', '.join(MODELS)}; or their networks: {', '.join(PAIRS)}; entries: "
        f"{', '.join(others) or 'none'}."
    )


def read(path: Path) -> dict:
    """The recipe in a file, without what a run has noted there.

    Raises:
        ValueError: If it is damaged, or of an earlier version.
    """
    recipe = read_toml(path)
    if not isinstance(recipe.get("model"), dict):
        raise ValueError(
            f"{path} has no table [model]. Recipes of earlier versions of kerasgan had none: they "
            "cannot be trained again or gone on with."
        )
    return {key: value for key, value in recipe.items() if key not in NOTED}


def of_folder(folder: Path) -> dict:
    """The recipe in an entry or a run folder.

    Raises:
        FileNotFoundError: If it has none.
        ValueError: If it is damaged, or of an earlier version.
    """
    path = Path(folder) / FILE
    if not path.is_file():
        raise FileNotFoundError(
            f"{folder} has no {FILE}, so it cannot be trained again: it was saved without a "
            f"recipe. With one of yours, its weights are where training begins: kerasgan train "
            f"NAME start={folder}"
        )
    return read(path)


def changes_of(words: Iterable[str], recipe: dict) -> dict:
    """Tables of what `table.key=value` says, each value as TOML has it or else the text.

    Args:
        words: As the user wrote them.
        recipe: What they will change, for messages.

    Raises:
        ValueError: On another form, or an unknown table.
    """
    found: dict = {}
    for word in words:
        path, equals, text = word.partition("=")
        *places, key = path.strip().split(".")
        if not equals or not key:
            raise ValueError(f"A change of the recipe is table.key=value. Received: {word!r}")
        if not places and key not in ALONE:
            raise ValueError(
                f"A change of the recipe is table.key=value.{_with_table(key, recipe)} "
                f"Received: {word!r}"
            )
        table = found
        for place in places:
            table = table.setdefault(place, {})
            if not isinstance(table, dict):
                raise ValueError(f"{place} is set as a whole before it is in {word!r}.")
        table[key] = value_of(text)
    return found


def value_of(text: str):
    """What a text is in TOML, and else the text: 32, 2e-4, true, [64, 64, 3], photos."""
    for attempt in (text, text.lower()):
        with contextlib.suppress(tomllib.TOMLDecodeError):
            found = tomllib.loads(f"value = {attempt}")
            if [*found] == ["value"]:
                return found["value"]
    return "none" if text == "None" else text


def _with_table(key, recipe):
    """Where a key without a table belongs."""
    if key in TABLES:
        return ""
    with contextlib.suppress(ValueError):
        places = [t.name for t in tables(recipe) if key in parameters(t.function, t.given)]
        return f" Did you mean {' or '.join(f'{place}.{key}' for place in places)}?" * bool(places)
    return ""
