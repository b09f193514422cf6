"""Rows of a table in the batches that CTGAN trains on."""

import os

import numpy as np

from kerasgan.datasets.batches import Batches, digest_of
from kerasgan.modalities import PublicTable, Table
from kerasgan.modalities.frames import read_frame


class TableDataset(Batches):
    """Batches `(rows, conditions)`, drawn by the values that they have; `load_table` makes one.

    Training by sampling (Xu et al. 2019, section 4.3): for each row of a batch a column is drawn,
    of its categories one by the logarithm of its frequency, and of the rows that have it one. So
    rare categories are learned as well as frequent ones. What is stored are a few numbers a row,
    however many categories there are.

    Args:
        codes: Rows as `Table.codes` gives them.
        table: Their `kerasgan.modalities.Table`.
        **options: As in `Batches`.

    Attributes:
        epoch, num_images, shapes, modalities: As in `Batches`.
    """

    _what = "rows"

    def __init__(self, codes, table, **options):
        super().__init__(_Rows(codes), **options)
        self.table = table
        self._index = None

    @property
    def shapes(self):
        return {"table": (self.table.row_dim,), "condition": (self.table.condition_dim,)}

    @property
    def modalities(self):
        return {"table": self.table}

    def fingerprint(self):
        return digest_of(self.source.codes).hex()

    def everything(self):
        return self._rows_of(self._places, np.zeros(len(self._places), int))

    def hold_out(self, n):
        batch = super().hold_out(n)
        self._index = None
        return batch

    def _drawn(self, n, among=None):
        places = self._places[self._numbers_drawn(n, among)]
        blocks = np.random.default_rng(self.seed).integers(
            max(1, len(self.table.chosen)), size=len(places)
        )
        return places, self._rows_of(places, blocks)

    def _batch(self, number):
        random = np.random.default_rng([self.seed, *divmod(number, len(self))])
        n = self.batch_size
        index = self._by_category()
        if not index:
            places = self._own(random.choice(self._places, n))
            return self._rows_of(places, np.zeros(len(places), int))
        blocks = random.integers(len(index), size=n)
        places = np.empty(n, int)
        for number, (order, starts, counts, shares) in enumerate(index):
            which = np.flatnonzero(blocks == number)
            found = random.choice(len(counts), len(which), p=shares)
            places[which] = order[starts[found] + random.integers(counts[found])]
        return self._rows_of(self._own(places), self._own(blocks))

    def _by_category(self):
        """Of each block the rows in the order of what they have there, and where each begins."""
        with self._lock:
            if self._index is None:
                codes = self.source.codes[self._places]
                self._index = [self._ordered(codes[:, at]) for at in self.table.chosen_codes]
            return self._index

    def _ordered(self, codes):
        counts = np.unique(codes, return_counts=True)[1]
        shares = np.log(counts + 1.0)
        order = self._places[np.argsort(codes, kind="stable")]
        return order, np.cumsum(counts) - counts, counts, shares / shares.sum()

    def _rows_of(self, places, blocks):
        rows = self.table.rows(self.source.codes[places])
        return rows, self.table.conditions(rows, blocks)


class _Rows:
    """Codes as a source of `Batches`."""

    def __init__(self, codes):
        self.codes = codes

    def __len__(self):
        return len(self.codes)


def load_table(
    source: str | os.PathLike,
    *,
    batch_size: int = 500,
    categories: list[str] | None = None,
    numbers: list[str] | None = None,
    dates: list[str] | None = None,
    keys: list[str] | None = None,
    rules: list[str] | None = None,
    missing: list[str] | None = None,
    public: dict | str | os.PathLike | None = None,
    seed: int = 0,
) -> TableDataset:
    """A table as batches that `TabularGAN` takes on every backend.

    Args:
        source: A pandas DataFrame, a NumPy record array, or the path of a CSV (or `.csv.gz`) or
            Parquet file.
        batch_size: Rows a batch.
        categories, numbers, dates, keys: Names of columns that are of this kind, in place of what
            `kerasgan.modalities.Table.of` finds.
        rules: What every row holds, as in `Table.of`: `"a <= b"`, `"total = x + y"`,
            `"unique(a, b)"`.
        missing: Texts of a CSV file that stand for a missing value, beside an empty cell.
        public: What is known of the columns from elsewhere, for training with privacy: the columns
            of a `kerasgan.modalities.PublicTable`, or the path of a TOML file that holds them. By
            default the table is fitted to the rows.
        seed: Integer, 0 or more, of the fit of numbers and of what is drawn.

    Returns:
        A `TableDataset`, which is a `keras.utils.PyDataset`; its `table` says what was found.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: On what cannot be read, by its column and row, or on a rule that it breaks.
        ImportError: If pandas or scikit-learn is missing.

    Example:

    ```python
    dataset = kerasgan.datasets.load_table("adult.csv", missing=["?"])
    print(dataset.table)
    ```
    """
    frame = read_frame(source, missing or ())
    said = {"category": categories, "number": numbers, "date": dates, "key": keys}
    kinds = {name: kind for kind, names in said.items() for name in names or ()}
    if public is not None and kinds:
        raise ValueError(
            f"public tells what the columns are. Received beside it: {', '.join(kinds)}"
        )
    if public is None:
        table = Table.of(frame, kinds, rules or (), seed)
    else:
        table = PublicTable(public, rules or ())
    return TableDataset(table.codes(frame, seed), table, batch_size=batch_size, seed=seed)
