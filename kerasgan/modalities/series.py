"""Windows of several variables over time, of which some values may be missing."""

from typing import Literal

import numpy as np
from keras import ops

from kerasgan.engine.registry import register
from kerasgan.files import write_whole
from kerasgan.modalities.frames import pandas
from kerasgan.modalities.lines import line_panels
from kerasgan.modalities.modality import Modality, count_of_others


@register
class Series(Modality):
    """Floats `(batch, length, variables)`, NaN where one is missing; `Series.of` fits one to data.

    Networks see every variable scaled and, behind them all, a channel for each that is ever
    missing, 1 where it is known and -1 where it is not. What is missing is filled with the last
    value before it, or the first one after, so that a curve goes on; a window without any has 0.

    Args:
        variables: List of what each variable is, as `Series.of` finds it: dicts of `name`,
            `offset` and `scale`, of which networks see `(x - offset) / scale`, `low` and `high`,
            which no value is out of, and `missing`, the share of values that are.

    Attributes:
        names: List of the variables' names.
        channels: Integer, as many as networks see.

    Example:

    ```python
    modality = kerasgan.modalities.Series.of(windows, names=["open", "close", "volume"])
    ```
    """

    accepted = "floats, and NaN where a variable of which some were missing is"
    suffixes = (".csv", ".parquet", ".npz")
    stored_as = "series"

    def __init__(self, variables: list):
        self.variables = [dict(variable) for variable in variables]
        self.names = [variable["name"] for variable in self.variables]
        self._gaps = [i for i, v in enumerate(self.variables) if v["missing"]]
        self.channels = len(self.names) + len(self._gaps)

    @classmethod
    def of(
        cls,
        values: np.ndarray,
        names: list[str] | None = None,
        scaling: Literal["range", "deviation"] = "range",
    ):
        """The series that fits an array.

        Args:
            values: Array `(…, variables)`, NaN where a value is missing.
            names: Of the variables; by default `x0`, `x1`, ….
            scaling: `"range"`: the least and greatest value become -1 and 1; `"deviation"`: the
                mean and the standard deviation become 0 and 1.

        Returns:
            A `Series`.

        Raises:
            ValueError: On a variable without a value, or on infinite ones; or on another scaling.
        """
        if scaling not in ("range", "deviation"):
            raise ValueError(
                f"scaling must be 'range' or 'deviation'. Received: scaling={scaling!r}"
            )
        columns = np.asarray(values, "float64").reshape(-1, np.shape(values)[-1])
        names = [f"x{i}" for i in range(columns.shape[1])] if names is None else list(names)
        variables = []
        for name, column in zip(names, columns.T, strict=True):
            known = column[~np.isnan(column)]
            if not len(known) or np.isinf(known).any():
                what = "infinite values" if len(known) else "no value at all"
                raise ValueError(f"Variable {name!r} has {what}: leave it out, or mend the data.")
            low, high = known.min(), known.max()
            offset, scale = known.mean(), known.std()
            if scaling == "range":
                offset, scale = (low + high) / 2, (high - low) / 2
            found = {"offset": offset, "scale": scale or 1.0, "low": low, "high": high}
            found["missing"] = 1.0 - len(known) / len(column)
            variables.append({"name": str(name)} | {k: float(v) for k, v in found.items()})
        return cls(variables)

    def _each(self, key):
        return np.array([variable[key] for variable in self.variables], "float32")

    def _given(self, shape):
        """The shape of what a user gives, by the one that networks see."""
        return shape and (*shape[:-1], len(self.names))

    def expected(self, shape):
        return f"{super().expected(self._given(shape))} Variables: {', '.join(self.names)}."

    def check(self, batch, where="x", shape=None):
        sides = tuple(getattr(batch, "shape", ()))
        if len(sides) == 3 and sides[2] == len(self.names):
            values = np.asarray(ops.convert_to_numpy(batch))
            missing = np.isnan(values) if values.dtype.kind == "f" else np.zeros(values.shape, bool)
            wrong = np.delete(missing, self._gaps, axis=2).any(axis=(1, 2))
            if wrong.any():
                sample = int(np.flatnonzero(wrong)[0])
                step, variable = np.argwhere(np.delete(missing[sample], self._gaps, axis=1))[0]
                name = [n for i, n in enumerate(self.names) if i not in self._gaps][variable]
                raise ValueError(
                    f"{self.expected(shape)} Received in {where}: NaN in {name!r}, sample {sample},"
                    f" step {step} (counted from 0), of which none was missing before."
                )
            batch = np.where(missing, 0.0, values).astype(values.dtype)
        super().check(batch, where, self._given(shape))

    def wrong(self, batch):
        batch = ops.convert_to_tensor(batch)
        may_miss = np.isin(np.arange(len(self.names)), self._gaps)
        return count_of_others(
            ops.logical_or(
                ops.isfinite(batch), ops.logical_and(ops.isnan(batch), ops.array(may_miss))
            )
        )

    def to_network(self, batch):
        values = super().to_network(batch)
        offset, scale = (ops.array(self._each(key), values.dtype) for key in ("offset", "scale"))
        values = (values - offset) / scale
        if not self._gaps:
            return values
        missing = ops.isnan(values)
        # The place of the last known value, or of the first one where there is none before.
        steps = ops.reshape(ops.arange(values.shape[1], dtype="int32"), (1, -1, 1))
        known = ops.where(missing, 0, steps)
        first = ops.argmin(ops.cast(missing, "int32"), axis=1, keepdims=True)
        places = ops.associative_scan(ops.maximum, known, axis=1)
        places = ops.maximum(places, ops.cast(first, "int32"))
        filled = ops.take_along_axis(ops.where(missing, 0.0, values), places, axis=1)
        known = 1.0 - 2.0 * ops.cast(missing, values.dtype)
        return ops.concatenate([filled, *(known[..., i : i + 1] for i in self._gaps)], axis=-1)

    def to_user(self, values):
        made = values[..., : len(self.names)] * self._each("scale") + self._each("offset")
        made = np.clip(made, self._each("low"), self._each("high")).astype("float32")
        for channel, i in enumerate(self._gaps, len(self.names)):
            made[..., i][values[..., channel] < 0] = np.nan
        return made

    def preview(self, samples):
        """A diagram a variable: some of the samples as curves, from its least value to its most."""
        return line_panels(self.variables, {"": samples})

    def write(self, samples, path):
        """A `.csv` or `.parquet` file of rows `series`, `step` and the variables; or an `.npz`."""
        if path.suffix.lower() == ".npz":
            super().write(samples, path)
            return
        if samples.shape[-1] != len(self.names):
            samples = self.to_user(samples)
        n, length, _ = samples.shape
        frame = pandas().DataFrame(samples.reshape(n * length, -1), columns=self.names)
        frame.insert(0, "series", np.arange(n).repeat(length))
        frame.insert(1, "step", np.tile(np.arange(length), n))

        def save(temporary):
            if path.suffix.lower() == ".csv":
                frame.to_csv(temporary, index=False)
            else:
                frame.to_parquet(temporary, index=False)

        write_whole(path, save)

    def get_config(self):
        return {"variables": self.variables}
