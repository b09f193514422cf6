"""Fields in NetCDF files, read by xarray."""

import numpy as np

SUFFIXES = (".nc", ".nc4", ".cdf")


def read_netcdf(path, dimensions, variables):
    """The variables of a file, `(n, *grid, variables)`, and what is known beside them by name.

    Args:
        path: Of the file.
        dimensions: Of the grid; the first dimension of a variable counts the fields.
        variables: Names of those to take, or None for all on such a grid.

    Raises:
        ValueError: If it cannot be read, has no such variable, or has them on unequal grids.
        ImportError: If xarray is missing.
    """
    try:
        import xarray
    except ImportError as error:
        raise ImportError(
            f'To read NetCDF needs xarray ({error}): pip install "kerasgan[fields]"'
        ) from error
    try:
        with xarray.open_dataset(path) as opened:
            data = opened.load()
    except (OSError, ValueError) as error:
        raise ValueError(f"{str(path)!r} cannot be read as NetCDF: {error}") from error
    known = [name for name, array in data.data_vars.items() if array.ndim == dimensions + 1]
    names = known if variables is None else [known[place_of(name, known)] for name in variables]
    if not names:
        raise ValueError(
            f"{str(path)!r} has no variable of {dimensions + 1} dimensions, one that counts the "
            f"fields and {dimensions} of the grid. It has: "
            f"{', '.join(f'{k} {dict(v.sizes)}' for k, v in data.data_vars.items()) or 'none'}"
        )
    first = data[names[0]].dims
    for name in names:
        if data[name].dims != first:
            raise ValueError(
                f"{names[0]!r} and {name!r} are on grids of unequal size, "
                f"{dict(data[names[0]].sizes)} and {dict(data[name].sizes)}. Choose "
                "those of one grid (variables)."
            )
    beside = {
        str(name): _as_numbers(array.values)
        for name, array in data.variables.items()
        if array.dims == first[:1]
    }
    beside |= {"variables": names, "units": [str(data[n].attrs.get("units", "")) for n in names]}
    if first[1] in data.coords and data[first[1]].attrs.get("units", "").startswith("degrees_n"):
        beside["latitude"] = data[first[1]].values
    return np.stack([data[name].values for name in names], axis=-1), beside


def _as_numbers(values):
    """Dates as years with a fraction."""
    if values.dtype.kind != "M":
        return values
    return values.astype("datetime64[s]").astype("float64") / (365.2425 * 86400) + 1970.0


def place_of(name, known):
    """Where a variable is among those of a file."""
    if name not in known:
        raise ValueError(f"variables must be of {', '.join(known)}. Received: {name}")
    return known.index(name)
