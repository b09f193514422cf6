"""Fields of physical variables on a grid of one to three dimensions."""

from typing import Literal

import numpy as np
from keras import ops

from kerasgan.engine.registry import register
from kerasgan.files import write_whole
from kerasgan.modalities.images import make_grid
from kerasgan.modalities.lines import line_panels
from kerasgan.modalities.modality import Modality, count_of_others
from kerasgan.modalities.units import check_unit

# The least value is blue, the middle white, the greatest red.
ENDS = np.array([(33, 80, 160), (250, 250, 250), (170, 30, 40)], "float64")
SIDE = 64


@register
class Fields(Modality):
    """Floats `(batch, *grid, variables)`, NaN where a mask says so; `Fields.of` fits one to data.

    Networks see every variable scaled, and 0 where it is missing.

    Args:
        variables: List of what each variable is, as `Fields.of` finds it: dicts of `name`, `unit`,
            `offset`, a number or one for each cell, and `scale`, of which networks see
            `(x - offset) / scale`, `low`, `high`, and `binary`, whether it is either of these two.
        mask: Nested lists of booleans `(*grid,)`, true where every field is missing; or None.
        latitude: List of degrees, of the rows of the grid, if it lies on a globe; or None.

    Attributes:
        names: List of the variables' names.

    Raises:
        ValueError: On a unit that is not known.

    Example:

    ```python
    modality = kerasgan.modalities.Fields.of(winds, ["u", "v"], ["m s-1", "m s-1"])
    ```
    """

    accepted = "floats, and NaN where the mask says that cells are missing"
    stored_as = "fields"

    def __init__(self, variables: list, mask: list | None = None, latitude: list | None = None):
        self.variables = [dict(variable) for variable in variables]
        self.names = [variable["name"] for variable in self.variables]
        for variable in self.variables:
            check_unit(variable["unit"], variable["name"])
        self.mask, self.latitude = mask, latitude
        self._missing = None if mask is None else np.asarray(mask, bool)[..., None]

    @classmethod
    def of(
        cls,
        values: np.ndarray,
        names: list[str] | None = None,
        units: list[str] | None = None,
        latitude: list[float] | None = None,
        scaling: Literal["range", "anomaly"] = "range",
    ):
        """The fields that fit an array.

        Args:
            values: Array `(n, *grid, variables)`, NaN in cells that are missing in every field.
            names: Of the variables; by default `x0`, `x1`, ….
            units: Of the variables, as in `K`, `m s-1`, `kg/m**3`; by default unsaid.
            latitude: Degrees of each row of the grid, its first axis.
            scaling: `"range"`: the least and greatest value become -1 and 1; `"anomaly"`: what is
                above or below the mean of its cell, of standard deviation 1 over all cells.

        Returns:
            A `Fields`.

        Raises:
            ValueError: On a variable that has no value, or infinite ones; on cells that are missing
                in some fields alone; on another scaling, or on latitudes that do not fit.
        """
        if scaling not in ("range", "anomaly"):
            raise ValueError(f"scaling must be 'range' or 'anomaly'. Received: scaling={scaling!r}")
        values = np.asarray(values)
        names = [f"x{i}" for i in range(values.shape[-1])] if names is None else list(names)
        units = [""] * len(names) if units is None else list(units)
        missing = _mask(values, names)
        rows = values.shape[1]
        if latitude is not None and (len(latitude) != rows or np.abs(latitude).max() > 90):
            raise ValueError(
                f"latitude must be {rows} degrees from -90 to 90, one a row of the grid. Received: "
                f"{len(latitude)} from {np.min(latitude):g} to {np.max(latitude):g}"
            )
        variables = []
        for i, (name, unit) in enumerate(zip(names, units, strict=True)):
            cells = values[..., i].astype("float64")
            known = cells[:, ~missing]
            low, high = float(known.min()), float(known.max())
            offset, scale = (low + high) / 2, (high - low) / 2
            binary = scaling == "range" and len(np.unique(known[:1000])) == 2
            binary = bool(binary and ((known == low) | (known == high)).all())
            if scaling == "anomaly":
                offset = np.where(missing, 0.0, cells.mean(axis=0))
                scale = float((known - offset[~missing]).std())
                offset = offset.tolist()
            variables.append(
                {"name": str(name), "unit": str(unit), "offset": offset, "scale": scale or 1.0}
                | {"low": low, "high": high, "binary": binary}
            )
        mask = missing.tolist() if missing.any() else None
        return cls(variables, mask, None if latitude is None else [float(x) for x in latitude])

    def _each(self, key):
        """Numbers of the variables, `(variables,)`, or `(*grid, variables)`."""
        return np.stack([np.asarray(variable[key], "float32") for variable in self.variables], -1)

    def expected(self, shape):
        told = [f"{v['name']} ({v['unit']})" if v["unit"] else v["name"] for v in self.variables]
        return f"{super().expected(shape)} Variables, the last axis: {', '.join(told)}."

    def check(self, batch, where="x", shape=None):
        if self.mask is not None and tuple(getattr(batch, "shape", ()))[1:] == tuple(shape or ()):
            batch = ops.convert_to_numpy(batch)
            batch = np.where(np.isnan(batch) & self._missing, 0.0, batch).astype(batch.dtype)
        try:
            super().check(batch, where, shape)
        except ValueError as error:
            if "NaN" not in str(error):
                raise
            wrong = ~np.isfinite(ops.convert_to_numpy(batch))
            told = [
                f"{wrong[..., i].sum():,} in {name!r}"
                for i, name in enumerate(self.names)
                if wrong[..., i].any()
            ]
            raise ValueError(f"{error}: {', '.join(told)}") from None

    def wrong(self, batch):
        batch = ops.convert_to_tensor(batch)
        fine = ops.isfinite(batch)
        if self.mask is not None:
            fine = ops.logical_or(fine, ops.array(self._missing))
        return count_of_others(fine)

    def to_network(self, batch):
        values = super().to_network(batch)
        offset, scale = (ops.array(self._each(key), values.dtype) for key in ("offset", "scale"))
        values = (values - offset) / scale
        return values if self.mask is None else ops.where(ops.array(self._missing), 0.0, values)

    def to_user(self, values):
        made = (values * self._each("scale") + self._each("offset")).astype("float32")
        for i, variable in enumerate(self.variables):
            if variable["binary"]:
                upper = values[..., i] >= 0
                made[..., i] = np.where(upper, variable["high"], variable["low"])
        if self.mask is not None:
            made[np.broadcast_to(self._missing, made.shape)] = np.nan
        return made

    def weights(self, grid):
        """How much each cell of a grid counts: mean 1 over cells that are not missing, 0 else.

        On a globe by the cosine of its latitude.
        """
        weights = np.ones(grid)
        if self.latitude is not None:
            weights *= np.cos(np.radians(self.latitude)).reshape(-1, *[1] * (len(grid) - 1))
        if self.mask is not None:
            weights[self._missing[..., 0]] = 0.0
        return weights / weights[weights > 0].mean()

    def preview(self, samples):
        """Colours from blue, the variable's least value, over white to red; of more dimensions
        than two the middle layer, of one curves. A row holds the variables of a sample; of a
        globe north is up."""
        if samples.ndim == 3:
            return line_panels(self.variables, {"": samples})
        if samples.ndim == 5:
            samples = samples[:, samples.shape[1] // 2]
        elif self.latitude is not None and self.latitude[0] < self.latitude[-1]:
            samples = samples[:, ::-1]
        low, high = self._each("low"), self._each("high")
        places = np.clip((samples - low) / np.where(high > low, high - low, 1.0), 0.0, 1.0)
        colours = np.full((*places.shape, 3), 128.0)
        known = ~np.isnan(places)
        for channel in range(3):
            colours[known, channel] = np.interp(places[known], [0.0, 0.5, 1.0], ENDS[:, channel])
        size = max(1, SIDE // max(samples.shape[1:3]))
        pictures = np.concatenate(list(np.moveaxis(colours, -2, 0)), axis=2)
        pictures = pictures.repeat(size, axis=1).repeat(size, axis=2)
        framed = np.pad(pictures, ((0, 0), (0, 2), (0, 2), (0, 0)), constant_values=255)
        return make_grid(np.rint(framed).astype("uint8"))

    def write(self, samples, path):
        """An `.npz` file of `fields`, `variables`, `units` and, on a globe, `latitude`."""
        if samples.shape[-1] != len(self.names):
            raise ValueError(f"{self.expected(None)} Received: shape {samples.shape}")
        beside = {"variables": self.names, "units": [v["unit"] for v in self.variables]}
        if self.latitude is not None:
            beside["latitude"] = self.latitude

        def save(temporary):
            with open(temporary, "wb") as file:
                np.savez_compressed(file, **{self.stored_as: samples}, **beside)

        write_whole(path, save)

    def get_config(self):
        return {"variables": self.variables, "mask": self.mask, "latitude": self.latitude}


def _mask(values, names):
    """Cells that are missing in every field, `(*grid,)`."""
    missing = np.isnan(values)
    for i, name in enumerate(names):
        own, number = missing[..., i], values[..., i].size
        if own.all():
            raise ValueError(
                f"Variable {name!r} is missing everywhere: all of its {number:,} values are NaN. "
                "Leave it out (variables), or mend the data."
            )
        if infinite := int(np.isinf(values[..., i]).sum()):
            raise ValueError(f"Variable {name!r} has {infinite:,} infinite of {number:,} values.")
    everywhere = missing.all(axis=(0, -1))
    for i, name in enumerate(names):
        apart = missing[..., i] & ~everywhere
        if apart.any():
            place = np.argwhere(apart)[0]
            raise ValueError(
                f"Variable {name!r} has {int(apart.sum()):,} values NaN in cells that other fields "
                f"or variables have, the first in field {place[0]}, cell "
                f"{tuple(place[1:].tolist())} (counted from 0). Only what is "
                "missing in all of them is a mask: fill the others."
            )
    return everywhere
