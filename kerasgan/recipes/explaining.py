"""A recipe printed with every key that it can have, and what each does."""

import json
from collections.abc import Iterator

from kerasgan import datasets, models, networks
from kerasgan.recipes.objects import KERAS, OURS
from kerasgan.recipes.recipe import PRECISIONS, class_of, completed, tables
from kerasgan.recipes.signature import REQUIRED, parameters, texts

CHOICES = {
    "name": f"One of {', '.join(models.MODELS)}.",
    "builder": "Of kerasgan.networks: what gives these networks.",
    "class_name": "Of keras.optimizers.",
}

ALONE = {
    "dtype": f"Precision of the steps, one of {', '.join(PRECISIONS)}; what is saved computes in "
    "float32. mixed_bfloat16 is the faster on processors and accelerators that have it.",
    "start": "Entry whose weights training starts from, by name or folder; zoo for the one that is "
    "trained again.",
    "frozen": "Of its networks, how many layers from the input on stay as they are: "
    "{discriminator = 4}, say.",
}


def explained(recipe: dict) -> Iterator[str]:
    """Lines of TOML: every key with its value or default, and its line of the docstring.

    Args:
        recipe: Tables, as `completed` takes them.
    """
    recipe = completed(recipe)
    papers = class_of(recipe).default_optimizers(class_of(recipe))
    yield '# "none" is None of Python.'
    yield _line("seed", recipe["seed"], "Integer of weights, latents, order and all that is drawn.")
    for key, text in ALONE.items():
        yield _line(key, recipe.get(key, "float32" if key == "dtype" else "none"), text)
    for table in tables(recipe):
        function = table.function
        yield ""
        yield f"[{table.name}]  # {_place(function)}"
        said = table.values(recipe)
        if table.choice:
            chosen = table.chosen(recipe) or function.__name__
            yield _line(table.choice, chosen, CHOICES[table.choice])
        known = parameters(function, table.given)
        if table.choice == "class_name":
            del known["name"]
            if not table.chosen(recipe):
                config = papers[table.path[1]].get_config()
                said = {k: _short(v) for k, v in config.items() if k in known} | said
        elif "seed" in known:
            said = {"seed": recipe["seed"]} | said
        lines = texts(function)
        for key, parameter in known.items():
            value = said.get(key, parameter.default)
            yield _line(key, "none" if value is None else value, lines.get(key, ""))
    for stage in recipe.get("stages", []):
        yield ""
        yield "[[stages]]"
        for key, value in stage.items():
            yield _line(key, value, "")


def _place(function):
    """Where a function or class is found: `kerasgan.datasets.load`."""
    name = function.__name__
    for module in (datasets, networks, models, *OURS, *KERAS):
        if getattr(module, name, None) is function:
            return f"{module.__name__}.{name}"
    return f"{function.__module__}.{name}"


def _short(value):
    # Rates come back in float32.
    return float(f"{value:.6g}") if isinstance(value, float) else value


def _line(key, value, text):
    if value is REQUIRED:
        return f"# {key} = …{'':20}  # {text}".rstrip("# ")
    return f"{f'{key} = {_inline(value)}':38}  # {text}".rstrip("# ")


def _inline(value):
    """A value as TOML has it, on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_inline(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_inline, value))}]"
    return json.dumps(value, ensure_ascii=False)
