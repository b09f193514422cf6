"""Columns of numbers and dates: fitted by a mixture, encoded by its modes, and decoded."""

import warnings

import numpy as np

from kerasgan.modalities.column import Column, restored
from kerasgan.modalities.frames import pandas, refuse_value

# CTGAN's mixture: so many normal distributions at most, each with at least this weight.
MODES, LEAST_WEIGHT = 10, 0.005
# A single value with this share of the rows is a mode of its own.
POINT = 0.05
# Rows that a mixture is fitted to.
ENOUGH = 20_000
BINS = 20
UNITS = {"D": 86_400_000_000, "s": 1_000_000, "us": 1}


class Number(Column):
    """Numbers, whole numbers or dates, normalised by the mode that a value belongs to.

    A value is the number of a mode, and where it lies in it: (value - mean) / (4 deviations),
    section 4.2 of Xu et al. 2019. Modes are single values that many rows have, missing among
    them, and the normal distributions of a variational mixture.
    """

    kind = "number"

    def __init__(
        self, name, dtype, points, means, deviations, weights, low, high, counts, decimals, unit
    ):
        self.name, self.dtype = name, dtype
        self.points, self.means, self.deviations, self.weights = points, means, deviations, weights
        self.low, self.high, self.counts = low, high, counts
        self.decimals, self.unit = decimals, unit

    @classmethod
    def of(cls, series, seed):
        values, unit = as_numbers(series)
        known = values[~np.isnan(values)]
        distinct, times = np.unique(known, return_counts=True)
        points = distinct[times >= POINT * len(values)].tolist()
        rest = known[~np.isin(known, points)]
        means, deviations, weights = _mixture(rest, len(values), seed)
        shares = times[times >= POINT * len(values)] / len(values)
        if len(known) < len(values):
            # JSON has no NaN.
            points, shares = [*points, None], [*shares, 1.0 - len(known) / len(values)]
        low, high = (known.min(), known.max()) if len(known) else (0.0, 0.0)
        return cls(
            series.name,
            str(series.dtype),
            points,
            means,
            deviations,
            [float(share) for share in shares] + weights,
            float(low),
            float(high),
            _histogram(known, low, high).tolist(),
            _decimals(known),
            unit,
        )

    @property
    def blocks(self):
        return [0, len(self.points) + len(self.means)]

    def encoded(self, series, random):
        """Codes `(n, 2)`: the place in a mode, and the mode, drawn by how well it explains it."""
        values = self.numbers(series)
        means, deviations = np.array(self.means), np.array(self.deviations)
        weights = np.log(np.maximum(self.weights[len(self.points) :], 1e-12))
        places, modes = np.zeros(len(values)), np.zeros(len(values), int)
        if len(means):
            apart = (values[:, None] - means) / deviations
            fits = weights - np.log(deviations) - apart**2 / 2
            if random:
                # Drawn by adding Gumbel noise: no row of weights need be normalised.
                fits += random.gumbel(size=fits.shape)
            modes = np.argmax(fits, axis=1)
            places = np.clip(apart[np.arange(len(values)), modes] / 4, -1.0, 1.0)
        modes += len(self.points)
        for number, point in enumerate(self.points):
            found = np.isnan(values) if point is None else values == point
            modes[found], places[found] = number, 0.0
        if not len(means) and len(self.points):
            modes = np.minimum(modes, len(self.points) - 1)
        if np.isnan(values).any() and None not in self.points:
            refuse_value(series, np.isnan(values), "missing, which the table does not know of")
        return np.stack([places, modes], axis=1)

    def decoded(self, codes):
        modes = codes[:, 1].astype(int)
        points = [np.nan if point is None else point for point in self.points]
        means = np.array(points + self.means)
        deviations = np.array([0.0] * len(points) + self.deviations)
        values = means[modes] + codes[:, 0] * 4 * deviations[modes]
        values = np.clip(values, self.low, self.high)
        if self.decimals is not None:
            values = np.round(values, self.decimals)
        return self._as_given(values)

    def _as_given(self, values):
        pd, missing = pandas(), np.isnan(values)
        if self.unit:
            whole = np.where(missing, 0, np.rint(values)).astype("int64")
            dates = pd.Series((whole * UNITS[self.unit]).astype("datetime64[us]"))
            dates[missing] = pd.NaT
            is_date = self.dtype.startswith("datetime64")
            # A zone is in its name only.
            naive = is_date and "," not in self.dtype
            if naive:
                return dates.astype(self.dtype)
            if is_date:
                return dates.dt.tz_localize("UTC").astype(self.dtype)
            form = "%Y-%m-%d" if self.unit == "D" else "%Y-%m-%d %H:%M:%S"
            return dates.dt.strftime(form).astype(self.dtype)
        return restored(pd.Series(values), self.dtype)

    def numbers(self, series):
        """The values as float64, NaN where missing; dates in days, seconds or microseconds."""
        return as_numbers(series, self.unit)[0]

    def ends(self):
        """The lowest and the highest value, as texts."""
        ends = (self.low, self.high)
        if self.unit:
            return [str(np.datetime64(int(x * UNITS[self.unit]), "us"))[:10] for x in ends]
        return [f"{x:g}" for x in ends]

    def shown(self, series):
        """Counts of a series by the bins of its histogram."""
        values = self.numbers(series)
        known = np.clip(values[~np.isnan(values)], self.low, self.high)
        return _histogram(known, self.low, self.high)


def _histogram(values, low, high):
    return np.histogram(values, BINS, (low, max(high, low + 1e-9)))[0]


def as_numbers(series, unit=None):
    """Float64 values, NaN where missing, and of dates their unit."""
    pd = pandas()
    if unit or not pd.api.types.is_numeric_dtype(series.dtype):
        dates = pd.to_datetime(series, errors="coerce", utc=True)
        wrong = np.asarray(dates.isna() & series.notna())
        if wrong.any():
            refuse_value(series, wrong, "no date")
        micro = dates.dt.tz_localize(None).to_numpy("datetime64[us]")
        missing = np.isnat(micro)
        whole = np.where(missing, 0, micro.astype("int64"))
        unit = unit or next(name for name, size in UNITS.items() if not (whole % size).any())
        return np.where(missing, np.nan, whole / UNITS[unit]), unit
    values = series.to_numpy("float64", na_value=np.nan)
    if np.isinf(values).any():
        refuse_value(series, np.isinf(values), "infinite")
    return values, None


def _decimals(values):
    for decimals in range(7):
        if np.array_equal(np.round(values, decimals), values):
            return decimals
    return None


def _mixture(values, rows, seed):
    """Means, deviations and weights of the normal distributions that explain values."""
    distinct = len(np.unique(values))
    if not distinct:
        return [], [], []
    centre, scale = values.mean(), values.std() or 1.0
    from sklearn.mixture import BayesianGaussianMixture

    chosen = np.random.default_rng(seed).permutation(values)[:ENOUGH]
    model = BayesianGaussianMixture(
        n_components=min(MODES, len(np.unique(chosen))),
        weight_concentration_prior_type="dirichlet_process",
        weight_concentration_prior=0.001,
        reg_covar=1e-6,
        random_state=seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it has not converged: it is near enough
        model.fit((chosen[:, None] - centre) / scale)
    kept = model.weights_ > LEAST_WEIGHT
    share = len(values) / rows
    return (
        (model.means_[kept, 0] * scale + centre).tolist(),
        (np.sqrt(model.covariances_[kept, 0, 0]) * scale).tolist(),
        (model.weights_[kept] * share).tolist(),
    )
