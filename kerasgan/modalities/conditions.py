"""What fields are asked for by: named numbers and classes."""

import numpy as np
from keras import ops

from kerasgan.engine.registry import register
from kerasgan.modalities.labels import Labels


@register
class Conditions(Labels):
    """Named numbers and classes of a sample: its temperature, its year, its scenario.

    In data a row `(conditions,)` of floats, a class by its place. Networks see a number scaled from
    -1, the least of the data, to 1, the greatest, and a class as a one-hot vector. `generate` takes
    a dict from names to values, or a list of such dicts.

    Args:
        conditions: List of what each is, as `Conditions.of` finds it: dicts of `name`, and `low`
            and `high` of a number or `values`, a list of strings, of a class.

    Example:

    ```python
    conditions = kerasgan.modalities.Conditions([{"name": "temperature", "low": 1.5, "high": 3.5}])
    model = kerasgan.models.ConditionalFieldGAN(generator, critic, labels=conditions)
    fields = model.generate(16, labels={"temperature": 2.27})
    ```
    """

    def __init__(self, conditions: list):
        self.conditions = [dict(condition) for condition in conditions]
        super().__init__(sum(map(_width, self.conditions)))
        self.names = [condition["name"] for condition in self.conditions]

    @classmethod
    def of(cls, given: dict):
        """The conditions that fit data: a dict from names to arrays `(n,)`, numbers or strings.

        Raises:
            ValueError: On numbers that are not finite.
        """
        found = []
        for name, values in given.items():
            values = np.asarray(values)
            if values.dtype.kind not in "biuf":
                found.append({"name": name, "values": sorted({str(v) for v in values})})
                continue
            if wrong := int((~np.isfinite(values.astype("float64"))).sum()):
                raise ValueError(
                    f"The condition {name!r} has {wrong:,} of {len(values):,} values that are not "
                    "finite. Each field needs one."
                )
            found.append({"name": name, "low": float(values.min()), "high": float(values.max())})
        return cls(found)

    def encode(self, given: dict):
        """Arrays by name as rows `(n, conditions)`, as the data hold them.

        Raises:
            ValueError: If one is missing, or has a class that is not known.
        """
        columns = []
        for condition in self.conditions:
            name = condition["name"]
            if name not in given:
                raise ValueError(f"The data lack {name!r}. {self.expected()}")
            values = np.asarray(given[name])
            if "values" in condition:
                values = [self._place(condition, value) for value in values]
            columns.append(np.asarray(values, "float32"))
        return np.stack(columns, axis=1)

    def describe(self):
        return ", ".join(map(_told, self.conditions))

    def expected(self, shape=None):
        return f"Expected conditions by name: {self.describe()}."

    def check(self, batch, where="labels", shape=None):
        batch = ops.convert_to_numpy(batch)
        shape = (len(self.conditions),)
        if batch.dtype.kind not in "biuf" or batch.shape[1:] != shape:
            self._refuse(f"shape {batch.shape}, dtype {batch.dtype}")
        if not np.isfinite(batch).all():
            self._refuse("NaN or infinite values")
        for condition, column in zip(self.conditions, batch.T):
            n = len(condition.get("values", ()))
            if n and not np.isin(column, np.arange(n)).all():
                self._refuse(f"{condition['name']} that is no place among its {n} values")

    def to_network(self, batch):
        batch = super().to_network(batch)
        parts = []
        for i, condition in enumerate(self.conditions):
            column = batch[:, i : i + 1]
            if "values" in condition:
                places = np.arange(len(condition["values"]), dtype="float32")
                parts.append(ops.cast(column == places, batch.dtype))
            else:
                low, width = condition["low"], condition["high"] - condition["low"]
                parts.append(2.0 * (column - low) / (width or 1.0) - 1.0)
        return ops.concatenate(parts, axis=1)

    def rows(self, labels):
        labels = [labels] if isinstance(labels, dict) else labels
        if not all(isinstance(label, dict) for label in labels):
            # As networks see them: how entries keep what their samples were asked for.
            return self._finished(np.atleast_2d(np.asarray(labels, "float32")), labels)
        for name in {name for label in labels for name in label} - {*self.names}:
            self._index(name)
        rows = [[self._value(c, label) for c in self.conditions] for label in labels]
        rows = np.array(rows, "float32").reshape(len(labels), len(self.conditions))
        return np.array(ops.convert_to_numpy(self.to_network(rows)))

    def named(self, words, n):
        """The conditions of every sample, each as `name=value`."""
        pairs = [word.partition("=") for word in words]
        if wrong := [word for word, (_, equals, _) in zip(words, pairs) if not equals]:
            self._refuse(f"{wrong[0]}. Give each as name=value.")
        return {name: value for name, _, value in pairs}

    def words(self):
        ends = [(c["name"], c.get("values") or (c["low"], c["high"])) for c in self.conditions]
        return [f"{name}={value}" for name, values in ends for value in values]

    def _value(self, condition, label):
        name = condition["name"]
        if name not in label:
            self._refuse(f"{label!r}, without {name}")
        value = label[name]
        if "values" in condition:
            return self._place(condition, value)
        try:
            value = float(value)
        except (TypeError, ValueError):
            self._refuse(f"{name}={value!r}")
        # The data's own ends may come back rounded.
        slack = 1e-6 * max(abs(condition["low"]), abs(condition["high"]))
        if not condition["low"] - slack <= value <= condition["high"] + slack:
            self._refuse(f"{name}={value:g}, which is out of what was trained on")
        return value

    def _place(self, condition, value):
        if str(value) not in condition["values"]:
            self._refuse(f"{condition['name']}={str(value)!r}")
        return condition["values"].index(str(value))

    def untrained(self):
        return self.rows(self.in_a_grid(9))

    def in_a_grid(self, n):
        """Along the first condition from its least to its greatest; classes in their turn."""
        shares = np.arange(n) / max(n - 1, 1)
        return [
            {c["name"]: _at(c, i, share) for c in self.conditions} for i, share in enumerate(shares)
        ]

    def get_config(self):
        return {"conditions": self.conditions}


def _at(condition, number, share):
    if "values" in condition:
        return condition["values"][number % len(condition["values"])]
    return condition["low"] + share * (condition["high"] - condition["low"])


def _width(condition):
    return len(condition.get("values", (None,)))


def _told(condition):
    if "values" in condition:
        return f"{condition['name']}, one of {', '.join(condition['values'])}"
    return f"{condition['name']}, a number from {condition['low']:g} to {condition['high']:g}"
