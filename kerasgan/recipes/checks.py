"""What may stand in a recipe's tables: known keys, and values of the right type."""

import difflib
import inspect
import os
import types
import typing

from kerasgan.recipes.objects import GIVEN, find, takes_none
from kerasgan.recipes.signature import REQUIRED, parameters

WORDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    list: "a list",
    tuple: "a list",
    os.PathLike: "a path",
    type(None): '"none"',
}


def refuse_unknown(keys, known, what: str) -> None:
    """Refuse keys that are not known, with the nearest one and the list.

    Args:
        keys: What was given.
        known: What there is.
        what: What takes them, as the sentence begins: `[networks], of dcgan,`.
    """
    for key in keys:
        if key not in [*known]:
            near = difflib.get_close_matches(str(key), known, 1, 0.5)
            raise ValueError(
                f"{what} takes no {key!r}."
                + (f" Did you mean {near[0]!r}?" if near else "")
                + f" It takes: {', '.join(known)}."
            )


def check_arguments(where: str, function, table: dict, given: tuple = ()) -> None:
    """Refuse a table that a function or class does not take.

    Args:
        where: The table's place, for messages: `model.augmentation`.
        function: Whose arguments the keys are.
        table: What the recipe says.
        given: Names that the program gives.

    Raises:
        ValueError: On an unknown key, a value of the wrong type, or if one is missing.
    """
    known = parameters(function, given)
    refuse_unknown(table, known, f"[{where}], of {function.__name__},")
    for key, value in table.items():
        _check_value(f"{where}.{key}", known[key], value)
    missing = [
        key for key, p in known.items() if p.default is REQUIRED and key not in (*table, *GIVEN)
    ]
    if missing:
        raise ValueError(f"[{where}], of {function.__name__}, needs {', '.join(missing)}.")


def check_object(where: str, table: dict) -> type:
    """The class of an object's table, whose arguments are checked."""
    if "class_name" not in table:
        raise ValueError(
            f"{where} is a table, and so an object: it needs a class_name. Received: {table!r}"
        )
    try:
        cls = find(table["class_name"])
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None
    check_arguments(where, cls, {k: v for k, v in table.items() if k != "class_name"})
    return cls


def _check_value(where, parameter, value):
    if value == "none" and takes_none(parameter):
        return
    classes = [
        check_object(where, item)
        for item in (value if isinstance(value, list) else [value])
        if isinstance(item, dict)
    ]
    if not _fits(parameter, value, classes):
        known = parameter.annotation is not REQUIRED
        expected = _described(parameter.annotation if known else type(parameter.default))
        also = f", as its default {parameter.default!r} is" if not known else ""
        raise ValueError(f"{where} must be {expected}{also}. Received: {value!r}")


def _fits(parameter, value, classes):
    if parameter.annotation is not REQUIRED:
        return _is(parameter.annotation, value, classes)
    default = parameter.default
    # What has no annotation may be an object too: Keras's rates may be schedules.
    if default in (REQUIRED, None) or isinstance(value, dict):
        return True
    return _is(type(default), value, classes)


def _is(kind, value, classes):
    """Whether a value of TOML is of this type; `classes` are those of the objects in it."""
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        return any(_is(part, value, classes) for part in typing.get_args(kind))
    if origin is typing.Literal:
        return value in typing.get_args(kind)
    if kind in (list, tuple) or origin in (list, tuple):
        return isinstance(value, list) and _are(typing.get_args(kind), value, origin)
    if kind in (int, float):
        numbers = (int,) if kind is int else (int, float)
        return isinstance(value, numbers) and not isinstance(value, bool)
    if kind in (bool, str):
        return isinstance(value, kind)
    if kind is os.PathLike:
        return isinstance(value, str)
    if isinstance(kind, type):
        return isinstance(value, dict) and issubclass(classes[0], kind)
    # A string, a type variable, a parametrised callable: nothing is known of it.
    return True


def _are(parts, values, origin):
    if not parts or any(isinstance(value, dict) for value in values):
        return True
    if origin is tuple and Ellipsis not in parts:
        return len(parts) == len(values) and all(map(_of, parts, values))
    return all(_of(parts[0], value) for value in values)


def _of(kind, value):
    return _is(kind, value, [])


def _described(kind):
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        found = dict.fromkeys(_described(part) for part in parts)
        return " or ".join(word for word in found if word)
    if origin is typing.Literal:
        return " or ".join(repr(part) for part in parts)
    if origin is tuple and Ellipsis not in parts:
        words = {_described(part) for part in parts}
        return f"a list of {len(parts)}" + (f", each {words.pop()}" if len(words) == 1 else "")
    if origin in (list, tuple):
        return f"a list, each {_described(parts[0])}"
    if kind in WORDS:
        return WORDS[kind]
    name = getattr(kind, "__name__", str(kind))
    return f'a table {{class_name = "{name}", …}}' if inspect.isclass(kind) else ""
