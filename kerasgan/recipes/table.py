"""Tables of a recipe: what they are of, what changes in them, and what TOML can hold."""

import copy
import dataclasses
from collections.abc import Callable


@dataclasses.dataclass
class Table:
    """One table of a recipe, and what its keys are the arguments of."""

    path: tuple
    function: Callable
    # Names that the program gives.
    given: tuple = ()
    # What stands for the defaults of the signature.
    defaults: dict = dataclasses.field(default_factory=dict)
    # The key beside the arguments, which says what they are of.
    choice: str | None = None

    @property
    def name(self) -> str:
        return ".".join(self.path)

    def values(self, recipe: dict) -> dict:
        """What a recipe has in this table, without the key that chooses."""
        found = table_at(recipe, self.path)
        return {key: value for key, value in found.items() if key != self.choice}

    def chosen(self, recipe: dict) -> str | None:
        """What a recipe says of the key that chooses."""
        return table_at(recipe, self.path).get(self.choice)


def table_at(recipe, path):
    """The table at this place, empty if there is none."""
    found = recipe
    for depth, key in enumerate(path, 1):
        found = found.get(key, {})
        if not isinstance(found, dict):
            name = ".".join(path[:depth])
            raise ValueError(f"{name} is a table: {name}.key=value. Received: {found!r}")
    return found


def merged(table: dict, changes: dict, path: tuple = ()) -> dict:
    """A table with changes, key by key; one that chooses another function is begun anew."""
    choice = {("model",): "name"}.get(path, "class_name")
    choice = "builder" if path[:1] == ("networks",) else choice
    if choice in changes and changes[choice] != table.get(choice):
        return copy.deepcopy(changes)
    result = copy.deepcopy(table)
    for key, value in changes.items():
        before = result.get(key)
        if key == "stages" and isinstance(value, dict):
            result[key] = _with_changed_stages(before, value)
        elif isinstance(value, dict) and isinstance(before, dict):
            result[key] = merged(before, value, (*path, key))
        else:
            result[key] = copy.deepcopy(value)
    return result


def _with_changed_stages(stages, changes):
    """Stages with changes by their numbers, from 1 on."""
    if not isinstance(stages, list):  # those of the model, which are not there yet
        return merged(stages or {}, changes)
    result = list(stages)
    for number, change in changes.items():
        if not str(number).isdecimal() or not 0 < int(number) <= len(stages):
            raise ValueError(
                f"stages.<number> is one of the recipe's {len(stages)} stages. Received: {number}"
            )
        result[int(number) - 1] = merged(result[int(number) - 1], change)
    return result


def canonical(value, where: str):
    """A value of Python as TOML has it: lists for tuples, `"none"` for None.

    Raises:
        ValueError: On what TOML cannot hold.
    """
    if value is None:
        return "none"
    if isinstance(value, dict):
        return {str(key): canonical(item, f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [canonical(item, where) for item in value]
    if isinstance(value, (bool, int, float, str)):
        return value
    if hasattr(value, "__fspath__"):
        return value.__fspath__()
    raise ValueError(
        f"{where}: a recipe holds numbers, texts, lists and tables, an object as "
        f'{{"class_name": …}}. Received: {type(value).__name__}'
    )
