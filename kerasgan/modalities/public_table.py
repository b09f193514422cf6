"""Tables of which nothing but public knowledge is told."""

import os
from pathlib import Path

import numpy as np

from kerasgan.engine.registry import register
from kerasgan.files import read_toml
from kerasgan.modalities.columns import Category, Computed
from kerasgan.modalities.frames import pandas
from kerasgan.modalities.numbers import BINS, Number, as_numbers
from kerasgan.modalities.rules import Rule
from kerasgan.modalities.table import Table

FORMS = {"values": {"missing"}, "low": {"high", "points", "modes", "missing"}}


@register
class PublicTable(Table):
    """A table that is told, not fitted: nothing in it comes of the data.

    So a `TabularGAN` of it can be trained with `kerasgan.Privacy`. Tell what was known before
    anybody saw these rows, from the questionnaire say; a bound that is read off the data gives
    a record away. Numbers beyond the bounds are clipped to them, a category that was not told is
    refused. There are no conditions: `generate(where=…)` chooses among the rows that come.

    Args:
        columns: Dict from a column's name to `(low, high)` of a number, whole if both are, or of
            a date, as texts such as `"2020-12-31"`; or to the list of the values of a category.
            A dict says more: `{"low": 0, "high": 99999, "points": [0], "modes": 20}` that single
            values are modes of their own, beside so many ranges of equal width, by default 10;
            `{"values": ["a", "b"], "missing": True}`, or the same of a number, that it may be
            missing. Or the path of a TOML file that holds such dicts and lists.
        rules: As in `Table.of`.

    Raises:
        ValueError: On another form, naming the column.

    Example:

    ```python
    table = kerasgan.modalities.PublicTable({"age": (17, 90), "income": ["<=50K", ">50K"]})
    networks = kerasgan.networks.ctgan(table.row_dim, table.condition_dim, pack=1, dropout=0)
    model = kerasgan.models.TabularGAN(
        *networks, table=table, adversarial_loss="minimax", penalty_weight=0
    )
    model.fit(frame, epochs=50, privacy=kerasgan.Privacy(epsilon=10, delta=1e-5))
    ```
    """

    # By a seed that is known, what is drawn for a row would tell how many come before it.
    draws_modes = False

    def __init__(self, columns: dict | str | os.PathLike, rules: list = ()):
        if not isinstance(columns, dict):
            columns = read_toml(Path(columns).expanduser())
        self.told = {str(name): _whole(name, known) for name, known in columns.items()}
        computed = {Rule(str(rule), [*self.told]).computed for rule in rules}
        made = {name: _column(name, known) for name, known in self.told.items()}
        for name in computed - {None}:
            made[name] = Computed(name, made[name].dtype)
        super().__init__([column.config() for column in made.values()], rules)
        # How often a category is asked for would be of the data.
        self.chosen, self.chosen_codes, self.condition_dim = [], [], 1

    def get_config(self):
        return {"columns": self.told, "rules": self.rules}


def _whole(name, known):
    """What is told of a column as a dict, or a `ValueError`."""
    if isinstance(known, tuple) and len(known) == 2:
        known = {"low": known[0], "high": known[1]}
    elif isinstance(known, list):
        known = {"values": known}
    form = next((key for key in FORMS if isinstance(known, dict) and key in known), None)
    if form is None or not {*known} <= {form} | FORMS[form]:
        raise ValueError(
            f"Column {name!r}: expected (low, high), a list of values, or a dict of low, high, "
            f"points, modes and missing, or of values and missing. Received: {known!r}"
        )
    if form == "values" and not 0 < len({*map(str, known[form])}) == len(known[form]):
        raise ValueError(f"Column {name!r}: expected values, each once. Received: {known[form]!r}")
    # A date of TOML as JSON has it.
    plain = (bool, int, float, str, list)
    return {key: x if isinstance(x, plain) else str(x) for key, x in known.items()}


def _column(name, known):
    known = {key: value for key, value in known.items() if key != "missing"} | (
        {"missing": [None]} if known.get("missing") else {"missing": []}
    )
    return (_category if "values" in known else _number)(name, **known)


def _category(name, values, missing):
    values = [*values, *missing]
    return Category(name, str(pandas().Series(values).dtype), values, [0] * len(values))


def _number(name, low, high=None, points=(), modes=10, missing=()):
    ends = pandas().Series([low, high])
    bounds, unit = as_numbers(ends)
    if not bounds[0] < bounds[1] or modes < 2:
        raise ValueError(
            f"Column {name!r}: expected low < high and 2 modes or more. Received: low={low!r}, "
            f"high={high!r}, modes={modes}"
        )
    is_whole = ends.dtype.kind == "i"
    width = (bounds[1] - bounds[0]) / modes
    told = as_numbers(pandas().Series([*points]), unit)[0].tolist() if points else []
    return Number(
        name,
        "float64" if is_whole and missing else str(ends.dtype),
        [*told, *missing],
        # A place of 1 is four deviations from the mean.
        (bounds[0] + width * (np.arange(modes) + 0.5)).tolist(),
        [width / 8] * modes,
        [1.0] * (len(told) + len(missing) + modes),
        *map(float, bounds),
        [0] * BINS,
        0 if is_whole or unit else None,
        unit,
    )
