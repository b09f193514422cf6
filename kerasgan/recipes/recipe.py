"""A recipe: tables whose keys are the arguments of Python functions and classes.

`[data]` are those of the model's door in `kerasgan.datasets`, `[networks]` of the builders,
`[model]` of the model, `[optimizers.<player>]` of an optimizer, `[fit]` of `run.fit` and, where it
is, `[privacy]` of `kerasgan.Privacy`. Beside them `seed`; `dtype`, the precision of the steps,
while what is saved computes in float32; and `[[stages]]` that change some of it, one run after
another; or `start`, the entry whose weights the last stage starts from, and `frozen`, how many
layers of a network, from its input on, stay as they are there. A model says in `builders`,
`network_options` and `recipe` what is left out; nothing here names an argument of a model or a
builder.
"""

from collections.abc import Iterator

from kerasgan import datasets
from kerasgan.models import MODELS
from kerasgan.networks import BUILDERS, PAIRS
from kerasgan.privacy import Privacy
from kerasgan.recipes import run
from kerasgan.recipes.checks import check_arguments, check_object, refuse_unknown
from kerasgan.recipes.objects import find
from kerasgan.recipes.signature import REQUIRED, parameters, positional
from kerasgan.recipes.table import Table, canonical, merged, table_at

TABLES = (
    *("seed", "dtype", "start", "frozen"),
    *("data", "networks", "model", "optimizers", "fit", "privacy", "stages"),
)
PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")


def class_of(recipe: dict) -> type:
    """The model's class."""
    name = table_at(recipe, ("model",)).get("name")
    if name is None:
        raise ValueError(f"[model] needs name, one of {', '.join(MODELS)}.")
    refuse_unknown([name], MODELS, "model.name")
    return MODELS[name]


def tables(recipe: dict) -> Iterator[Table]:
    """The tables that a recipe of this model has."""
    cls = class_of(recipe)
    door = getattr(datasets, cls.door)
    labels = {"labels": True} if "labels" in cls.takes else {}
    yield Table(("data",), door, (positional(door)[0],), labels)
    yield from _networks(recipe, cls)
    given = (*positional(cls), *cls.takes, "name")
    yield Table(("model",), cls, given, choice="name")
    # It asks for no more than the players, which the class knows too.
    papers = cls.default_optimizers(cls)
    for player in cls.players:
        chosen = table_at(recipe, ("optimizers", player))
        kind = find(type(papers[player]).__name__)
        if "class_name" in chosen:
            kind = check_object(f"optimizers.{player}", chosen)
        yield Table(("optimizers", player), kind, choice="class_name")
    yield Table(("fit",), run.fit, tuple(positional(run.fit)))
    if "privacy" in recipe:
        yield Table(("privacy",), Privacy)


def _networks(recipe, cls):
    # What the data's shapes will give: their sizes do not matter yet.
    sizes = cls.sizes(dict.fromkeys(cls.takes, (64, 64, 3)))
    chosen = table_at(recipe, ("networks",))
    if isinstance(cls.builders, str):
        yield _builder(("networks",), chosen, cls.builders, PAIRS, sizes, cls)
        return
    what = f"[networks], which has a table for each network of {recipe['model']['name']},"
    refuse_unknown(chosen, cls.builders, what)
    single = {name: build for name, build in BUILDERS.items() if name not in PAIRS}
    for name, builder in cls.builders.items():
        path = ("networks", name)
        yield _builder(path, table_at(recipe, path), builder, single, sizes[name], cls)


def _builder(path, chosen, default, known, sizes, cls):
    name = chosen.get("builder", default)
    refuse_unknown([name], known, f"{'.'.join(path)}.builder")
    options = getattr(cls, "network_options", {})
    taken = parameters(known[name])
    options = {key: value for key, value in options.items() if key in taken}
    return Table(path, known[name], tuple(sizes), options, "builder")


def completed(recipe: dict, *, has_stages: bool = True) -> dict:
    """A recipe with all that it leaves out but the paper's optimizers, checked.

    Args:
        recipe: Tables; at least `[model]` with a name.
        has_stages: False for what is a stage itself.

    Raises:
        ValueError: On an unknown table or key, a value of the wrong type, or what is missing.
    """
    refuse_unknown(recipe, TABLES[: None if has_stages else -1], "A recipe")
    recipe = canonical(recipe, "recipe")
    cls = class_of(recipe)
    of_model = canonical(cls.recipe_of(table_at(recipe, ("data",))), "recipe")
    recipe = merged({"seed": 0} | of_model, recipe)
    if type(recipe["seed"]) is not int or recipe["seed"] < 0:
        raise ValueError(f"seed must be an integer, 0 or more. Received: {recipe['seed']!r}")
    refuse_unknown(table_at(recipe, ("optimizers",)), cls.players, "[optimizers]")
    full = {"seed": recipe["seed"]} | _precision(recipe) | _start(recipe, cls)
    for table in tables(recipe):
        values = _filled(table, recipe, of_model)
        where = full
        for key in table.path[:-1]:
            where = where.setdefault(key, {})
        if values:
            where[table.path[-1]] = values
    run.check(**full["fit"])
    if "privacy" in full:
        _check_privacy(full, recipe.get("stages"))
    if not full["optimizers"]:
        del full["optimizers"]
    if has_stages and recipe.get("stages"):
        if not isinstance(recipe["stages"], list):
            raise ValueError("This recipe has no stages to change.")
        if not all(isinstance(stage, dict) for stage in recipe["stages"]):
            raise ValueError(f"A stage is a table, [[stages]]. Received: {recipe['stages']!r}")
        full["stages"] = recipe["stages"]
        list(stages(full))
    return full


def _check_privacy(full, has_stages):
    Privacy(**full["privacy"])
    if "start" in full or has_stages:
        raise ValueError(
            "[privacy] goes with neither start nor stages: its budget counts the steps of one "
            "training from nothing."
        )


def _precision(recipe):
    dtype = recipe.get("dtype", "float32")
    if dtype not in PRECISIONS:
        known = ", ".join(map(repr, PRECISIONS))
        raise ValueError(f"dtype must be one of {known}. Received: {dtype!r}")
    # Left out where it is Keras's: runs of before have not noted it.
    return {} if dtype == "float32" else {"dtype": dtype}


def _start(recipe, cls):
    """What a recipe says of where the weights come from."""
    start, frozen = recipe.get("start", "none"), recipe.get("frozen", "none")
    if not isinstance(start, str):
        raise ValueError(f"start is the name or folder of an entry, or none. Received: {start!r}")
    if start == "none":
        if frozen != "none":
            raise ValueError("frozen needs start: layers that have learned nothing are to learn.")
        return {}
    frozen = {} if frozen == "none" else table_at(recipe, ("frozen",))
    refuse_unknown(frozen, positional(cls), "frozen")
    for name, n in frozen.items():
        if type(n) is not int or n < 1:
            raise ValueError(
                f"frozen.{name} is a number of layers, 1 or more, from the input on. Received: {n}"
            )
    return {"start": start} | ({"frozen": frozen} if frozen else {})


def _filled(table, recipe, of_model):
    """A table's values, checked, with defaults; without what is None by default."""
    said = table.values(recipe)
    check_arguments(table.name, table.function, said, table.given)
    chosen = table.chosen(recipe)
    if table.choice == "class_name":
        _check_rate(table.name, said)
        return said if chosen is None else {"class_name": chosen} | said
    known = parameters(table.function, table.given)
    defaults = {k: p.default for k, p in known.items() if p.default is not REQUIRED}
    # There is one seed, unless a table says another.
    said = {key: value for key, value in said.items() if (key, value) != ("seed", recipe["seed"])}
    defaults = canonical(defaults | table.defaults | {"seed": None}, table.name)
    if table.choice == "builder":
        chosen = next(name for name, build in BUILDERS.items() if build is table.function)
    before = defaults | table.values(of_model)
    values = {
        key: value
        for key, value in (before | said).items()
        if key in known and (value != "none" or before.get(key) != "none" or key in table.defaults)
    }
    return {table.choice: chosen} | values if table.choice else values


def _check_rate(where, table):
    rate = table.get("learning_rate", 1.0)
    if isinstance(rate, (int, float)) and not rate > 0:
        raise ValueError(f"{where}.learning_rate must be positive. Received: {rate}")


def stages(recipe: dict) -> Iterator[tuple[dict, str | None]]:
    """Of each stage its recipe and what its networks start from; of no stages one."""
    base = {key: value for key, value in recipe.items() if key != "stages"}
    for number, stage in enumerate(recipe.get("stages", [{}]), 1):
        try:
            yield _stage(base, stage, number)
        except ValueError as error:
            raise ValueError(f"Stage {number}: {error}") from None


def _stage(base, stage, number):
    changes = {key: value for key, value in stage.items() if key != "start"}
    start = stage.get("start")
    if start not in (None, "previous") or (start and number == 1):
        raise ValueError(
            f'start is "previous", after the first stage, or left out. Received: {start!r}'
        )
    cls = class_of(base)
    other = class_of(merged(base, changes))
    if other is not cls:
        base = _of_another(base, cls, other)
    return completed(merged(base, changes), has_stages=False), start


def _of_another(base, cls, other):
    """What of a recipe is meant for another model too."""
    base = dict(base)
    if other.door != cls.door:
        del base["data"]
    if isinstance(cls.builders, str) != isinstance(other.builders, str):
        del base["networks"]
    elif not isinstance(other.builders, str):
        known = other.builders
        base["networks"] = {k: v for k, v in base["networks"].items() if k in known}
    kept = {k: v for k, v in base.get("optimizers", {}).items() if k in other.players}
    return base | {"optimizers": kept}
