"""Objects in a recipe: tables `{class_name = …, **arguments}`."""

import difflib
import inspect
from collections.abc import Callable

import keras

from kerasgan import augment, losses, modalities, penalties
from kerasgan.datasets import low_dose
from kerasgan.recipes.signature import parameters

OURS = (penalties, augment, losses, modalities, low_dose)
KERAS = (keras.optimizers, keras.optimizers.schedules, keras.losses, keras.layers)
# What the program may give to an object.
GIVEN = ("seed", "decay_steps")


def find(name: str) -> type:
    """The class of this name in `kerasgan` or Keras.

    Raises:
        ValueError: If there is none, with the nearest ones.
    """
    classes = {}
    for module in (*OURS, *KERAS):
        for key, value in vars(module).items():
            if isinstance(value, type):
                classes.setdefault(key, value)
    if name not in [*classes]:
        near = difflib.get_close_matches(str(name), classes, 3, 0.5)
        ours = [key for key, cls in classes.items() if cls.__module__.startswith("kerasgan.")]
        raise ValueError(
            f"There is no class {name!r}."
            + (f" Did you mean {' or '.join(near)}?" if near else "")
            + f" There are those of {', '.join(module.__name__ for module in KERAS)}, and "
            f"{', '.join(sorted(ours))}."
        )
    return classes[name]


def takes_none(parameter: inspect.Parameter) -> bool:
    """Whether the text `"none"` stands for Python's None, which TOML has not."""
    if parameter.annotation is not parameter.empty:
        return type(None) in getattr(parameter.annotation, "__args__", ())
    return parameter.default is None or isinstance(parameter.default, str)


def built(function: Callable, table: dict, **given) -> dict:
    """The arguments of a function or class that a table of a recipe stands for.

    Args:
        function: Whose arguments they are.
        table: Of arguments, without the name of the function or class.
        **given: `seed` and `decay_steps`, for each object that takes them and whose table does
            not say it.
    """
    known = parameters(function)
    return {
        key: None if value == "none" and takes_none(known[key]) else instance(value, **given)
        for key, value in table.items()
    }


def instance(value, **given):
    """What a value of a recipe stands for: for a table with a `class_name` the object."""
    if isinstance(value, list):
        return [instance(item, **given) for item in value]
    if not isinstance(value, dict):
        return value
    cls = find(value["class_name"])
    own = {key: item for key, item in value.items() if key != "class_name"}
    known = {key: item for key, item in given.items() if key in parameters(cls)}
    return cls(**known | built(cls, own, **given))
