"""What the columns of a table are: fitted, encoded as numbers, and decoded."""

import numpy as np

from kerasgan.modalities.column import Column
from kerasgan.modalities.frames import pandas, refuse_value
from kerasgan.modalities.numbers import Number

# More categories than these are written as digits, each a block of its own.
WIDEST = 256


class Category(Column):
    """One of some values, the most frequent first; missing is a value too.

    Many are written as digits, so that networks stay small: two blocks of 100 for 10,000.
    """

    kind = "category"

    def __init__(self, name, dtype, values, counts):
        self.name, self.dtype, self.values, self.counts = name, dtype, values, counts
        self._digits = 1
        while len(values) > WIDEST**self._digits:
            self._digits += 1
        self._radix = max(1, int(np.ceil(len(values) ** (1 / self._digits) - 1e-9)))

    @classmethod
    def of(cls, series, seed):
        counts = series.value_counts(dropna=False)
        counts = counts[counts > 0]
        values = [None if pandas().isna(value) else _native(value) for value in counts.index]
        return cls(series.name, str(series.dtype), values, counts.tolist())

    @property
    def blocks(self):
        return [self._radix] * self._digits

    def places(self, series):
        """The place of each value among the known ones."""
        known = [value for value in self.values if value is not None]
        found = pandas().Index(known, dtype=object).get_indexer(series.astype(object))
        places = np.array([i for i, v in enumerate(self.values) if v is not None], int)
        missing = np.asarray(series.isna())
        found = np.where(found < 0, -1, places[found] if len(places) else -1)
        if None in self.values:
            found[missing] = self.values.index(None)
        return found

    def encoded(self, series, random):
        places = self.places(series)
        if (places < 0).any():
            refuse_value(series, places < 0, "none of the categories of the table")
        return self.digits(places)

    def digits(self, places):
        """Codes `(n, digits)` of these places, the highest first."""
        powers = self._radix ** np.arange(self._digits)[::-1]
        return places[:, None] // powers % self._radix

    def place_of(self, codes):
        return codes.astype(int) @ self._radix ** np.arange(self._digits)[::-1]

    def valid(self, codes):
        return self.place_of(codes) < len(self.values)

    def decoded(self, codes):
        places = np.minimum(self.place_of(codes), len(self.values) - 1)
        values = np.array([*self.values, None], object)[places]
        return pandas().Series(values, dtype=object).astype(self.dtype)

    def place(self, value):
        """The place of a value that a user names, as text or as it is; None if there is none."""
        texts = [str(known) for known in self.values]
        if value in self.values and not isinstance(value, bool):
            return self.values.index(value)
        return texts.index(str(value)) if str(value) in texts else None

    def shown(self, series):
        places = self.places(series)
        return np.bincount(places[places >= 0], minlength=len(self.values))


class Key(Column):
    """A column in which no value comes twice: nothing to learn, and nothing to be copied."""

    kind = "key"
    blocks = []

    def __init__(self, name, dtype):
        self.name, self.dtype = name, dtype

    @classmethod
    def of(cls, series, seed):
        return cls(series.name, str(series.dtype))

    def encoded(self, series, random):
        return np.zeros((len(series), 0))

    def numbered(self, n):
        """The keys of `n` rows: 1, 2, …, of texts with the column's name before."""
        numbers = pandas().Series(np.arange(1, n + 1))
        if pandas().api.types.is_numeric_dtype(self.dtype):
            return numbers.astype(self.dtype)
        return (f"{self.name}-" + numbers.astype(str)).astype(self.dtype)


class Computed(Key):
    """A column that a rule gives: `total = x + y`."""

    kind = "computed"


KINDS = {cls.kind: cls for cls in (Number, Category, Key, Computed)}


def made(config):
    """The column of a configuration."""
    kinds = dict(config)
    return KINDS[kinds.pop("kind")](**kinds)


def _native(value):
    """A value as JSON has it."""
    value = value.item() if isinstance(value, np.generic) else value
    return value if isinstance(value, (bool, int, float)) else str(value)
