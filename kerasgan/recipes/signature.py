"""What functions and classes take: their arguments, and what their docstrings say of them."""

import inspect
import re
from collections.abc import Callable

from kerasgan.engine.model import AdversarialModel
from kerasgan.engine.saving import arguments

REQUIRED = inspect.Parameter.empty
_OPEN = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)


def parameters(function: Callable, given: tuple = ()) -> dict[str, inspect.Parameter]:
    """The arguments of a function, or of a class and, as far as it hands others on, of its bases.

    Args:
        function: The function or class.
        given: Names to leave out: what the program itself gives.
    """
    if not isinstance(function, type):
        found = dict(inspect.signature(function).parameters)
    elif issubclass(function, AdversarialModel):
        found = arguments(function)
    else:
        found = {}
        for base in _bases(function):
            own = list(inspect.signature(base.__init__).parameters.values())[1:]
            for parameter in own:
                found.setdefault(parameter.name, parameter)
            if not any(p.kind is inspect.Parameter.VAR_KEYWORD for p in own):
                break
    return {n: p for n, p in found.items() if p.kind not in _OPEN and n not in given}


def positional(function: Callable) -> list[str]:
    """Names of what must be given in order: a model's networks, the data of a door."""
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    found = parameters(function).values()
    return [p.name for p in found if p.kind is kind and p.default is REQUIRED]


def texts(function: Callable) -> dict[str, str]:
    """The first sentence that the docstring, in Google's style, has of each argument.

    Of a class its bases' too, where its own says no more than `As in …`.
    """
    found = {}
    for owner in _bases(function) if isinstance(function, type) else [function]:
        for name, text in _sentences(inspect.getdoc(owner) or "").items():
            if name not in found or (found[name].startswith("As in") and text[:5] != "As in"):
                found[name] = text
    return found


def _bases(cls):
    """The classes of a class that are ours or Keras's and have a constructor of their own."""
    return [
        base
        for base in cls.__mro__
        if "__init__" in base.__dict__ and base.__module__.split(".")[0] in ("keras", "kerasgan")
    ]


def _sentences(doc):
    block = re.search(r"^(?:Args|Arguments):\n(.*?)(?=^\S|\Z)", doc, re.M | re.S)
    if not block:
        return {}
    entry = r"^    ([\w*`]+(?:, [\w*`]+)*): ?(.*?)(?=^    [\w*`]|\Z)"
    return {
        name.strip("*` "): _first(text)
        for names, text in re.findall(entry, block[1], re.M | re.S)
        for name in names.split(",")
    }


def _first(text):
    # Of what is followed by a list, what comes before it.
    start, *rest = re.split(r"\n\s+- ", text, maxsplit=1)
    start = " ".join(start.split()) + " …" * bool(rest)
    first, *rest = re.split(r"(?<=[^.][.])(?<! al[.])\s+(?=[A-Z`0-9-])", start, maxsplit=2)
    # The type alone says little.
    return " ".join([first, *rest[:1]]) if len(first) < 24 else first
