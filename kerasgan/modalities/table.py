"""Tables of numbers, dates and categories, Xu et al. 2019 (arXiv:1907.00503)."""

import numpy as np

from kerasgan.engine.registry import register
from kerasgan.files import write_whole
from kerasgan.modalities.column import restored
from kerasgan.modalities.columns import Computed, made
from kerasgan.modalities.frames import is_frame, pandas, read_frame
from kerasgan.modalities.kinds import fitted
from kerasgan.modalities.modality import Modality
from kerasgan.modalities.panels import panels
from kerasgan.modalities.rules import Rule


@register
class Table(Modality):
    """Rows of a table; `Table.of(frame)` makes one that fits a frame.

    Networks see a row as the places of its numbers in their modes, in [-1, 1], and one-hot
    vectors of modes and categories; the user gets a pandas DataFrame of the same types.

    Args:
        columns: List of what each column is, as `Table.of` fits it.
        rules: List of what every row holds, as in `Table.of`.

    Attributes:
        row_dim: Length of a row as networks see it.
        condition_dim: Length of a condition, a one-hot vector over the categories of all
            columns; 1, always on, where there is none.
        blocks: List of `(start, stop)` of the one-hot vectors in a row.
        chosen: The blocks that conditions are on, and `chosen_codes`, their places in codes.

    Example:

    ```python
    table = kerasgan.modalities.Table.of(frame, rules=["hired <= left"])
    print(table)
    ```
    """

    accepted = "rows as Table.rows makes them: fit takes a frame, or what load_table gives"
    limit = 1.0
    suffixes = (".csv", ".parquet", ".npz")
    draws_modes = True

    def __init__(self, columns: list, rules: list = ()):
        self.columns = [made(config) for config in columns]
        self.rules = [str(rule) for rule in rules]
        self.names = [column.name for column in self.columns]
        self._rules = [Rule(text, self.names) for text in self.rules]
        ends = np.cumsum([0, *(width or 1 for c in self.columns for width in c.blocks)])
        spans = list(zip(ends[:-1].tolist(), ends[1:].tolist()))
        is_block = [width > 0 for c in self.columns for width in c.blocks]
        self.row_dim = int(ends[-1])
        self.blocks = [span for span, one_hot in zip(spans, is_block) if one_hot]
        self._spans = {c.name: [] for c in self.columns}
        owners = [c.name for c in self.columns for _ in c.blocks]
        for name, span in zip(owners, spans):
            self._spans[name].append(span)
        self.chosen = [span for c in self.categories for span in self._spans[c.name]]
        chosen = {c.name for c in self.categories}
        self.chosen_codes = [at for at, name in enumerate(owners) if name in chosen]
        self.condition_dim = sum(stop - start for start, stop in self.chosen) or 1

    @classmethod
    def of(cls, source, kinds: dict | None = None, rules: list = (), seed: int = 0):
        """The table that fits a frame: what its columns are is found out.

        Whole numbers of at most 20 values, truth values and texts are categories, texts in the
        form `2020-12-31` dates; a column of numbers that count the rows, or of texts none of which
        comes twice, names the rows, and is written anew. Print the table to see what was found.

        Args:
            source: pandas DataFrame, NumPy record array, or path of a CSV or Parquet file.
            kinds: Dict from a column's name to `"number"`, `"date"`, `"category"` or `"key"`, in
                place of what is found.
            rules: List of strings that every row holds: `"a <= b"` (or `<`, `>=`, `>`),
                `"total = x + y"`, `"unique(a, b)"`, of names of columns and of numbers. What an
                equation gives is computed; rows against another rule are drawn anew.
            seed: Integer, of the fit of numbers.

        Returns:
            A `Table`.

        Raises:
            ValueError: On what cannot be read, by its column and row; on a rule that the frame
                itself breaks.
            ImportError: If pandas or scikit-learn is missing.
        """
        frame = read_frame(source)
        known = [Rule(text, list(frame.columns)) for text in rules]
        columns = {c.name: c for c in fitted(frame, kinds or {}, seed)}
        for rule in known:
            rule.check(frame)
            if rule.computed:
                name = rule.computed
                columns[name] = Computed(name, str(frame[name].dtype))
        return cls([column.config() for column in columns.values()], list(rules))

    @property
    def categories(self):
        """The columns that conditions are on."""
        return [c for c in self.columns if c.kind == "category"]

    @property
    def learned(self):
        """The columns that there is something to learn of."""
        return [c for c in self.columns if c.blocks]

    def __str__(self):
        lines = []
        for c in self.columns:
            told = {
                "number": lambda c: f"{c.low:g} to {c.high:g}, {c.blocks[1]} modes",
                "category": lambda c: f"{len(c.values)} values",
                "key": lambda c: "numbered anew",
                "computed": lambda c: "computed by a rule",
            }[c.kind](c)
            kind = "date" if getattr(c, "unit", None) else c.kind
            lines.append(f"{c.name:24} {kind:10} {c.dtype:16} {told}")
        return "\n".join([*lines, *(f"rule: {rule}" for rule in self.rules)])

    # From a frame to the networks.

    def codes(self, source, seed=0):
        """A frame as float32 `(rows, codes)`: as many numbers a row as it has blocks.

        Raises:
            ValueError: On a value that no row had in training, by its column and row.
        """
        frame, random = read_frame(source), self.draws_modes and np.random.default_rng(seed)
        missing = [name for name in self.names if name not in frame]
        if missing:
            raise ValueError(f"The table has no column {', '.join(map(repr, missing))}.")
        encoded = [c.encoded(self._typed(frame, c), random) for c in self.columns]
        return np.concatenate(encoded, axis=1).astype("float32")

    @staticmethod
    def _typed(frame, column):
        series = frame[column.name]
        is_number = column.kind == "number" and not column.unit
        return pandas().to_numeric(series) if is_number else series

    def rows(self, codes):
        """Codes as networks see them: float32 `(n, row_dim)` in [-1, 1]."""
        rows, n, at = np.zeros((len(codes), self.row_dim), "float32"), np.arange(len(codes)), 0
        for c in self.learned:
            for width, (start, _) in zip(c.blocks, self._spans[c.name]):
                code = codes[:, at]
                if width:
                    rows[n, start + code.astype(int)] = 1.0
                else:
                    rows[:, start] = code
                at += 1
        return rows

    def conditions(self, rows, blocks):
        """The one-hot condition of each row on what it has in a block, by the block's number."""
        conditions, at = np.zeros((len(rows), self.condition_dim), "float32"), 0
        if not self.chosen:
            return conditions + 1.0
        for number, (start, stop) in enumerate(self.chosen):
            which, width = blocks == number, stop - start
            conditions[which, at : at + width] = rows[which, start:stop]
            at += width
        return conditions

    def drawn_conditions(self, n, random, where=None):
        """Conditions of `n` rows: as often as in training, or on a column of `where`."""
        if not self.chosen:
            return np.ones((n, 1), "float32")
        rows = np.zeros((n, self.row_dim), "float32")
        owners = [c for c in self.categories for _ in c.blocks]
        if where:
            rarest = min(where, key=lambda name: self._share(name, where[name]))
            blocks = random.choice([i for i, c in enumerate(owners) if c.name == rarest], n)
        else:
            blocks = random.integers(len(owners), size=n)
        for c in self.categories:
            shares = np.array(c.counts) / sum(c.counts)
            places = random.choice(len(shares), n, p=shares)
            if where and c.name in where:
                places[:] = c.place(where[c.name])
            for digit, (start, _) in zip(c.digits(places).T, self._spans[c.name]):
                rows[np.arange(n), start + digit] = 1.0
        return self.conditions(rows, blocks)

    def _share(self, name, value):
        column = self.column(name)
        return column.counts[column.place(value)] / sum(column.counts)

    def column(self, name):
        return self.columns[self.names.index(name)]

    def check_where(self, where):
        """Refuse conditions on what is no category of this table.

        Raises:
            ValueError: With what there is.
        """
        known = {c.name: c for c in self.categories}
        for name, value in where.items():
            if name not in known:
                raise ValueError(
                    f"Conditions are on categories, and {name!r} is none. There are: "
                    f"{', '.join(known) or 'none'}"
                )
            if known[name].place(value) is None:
                values = ", ".join(map(str, known[name].values[:30]))
                raise ValueError(f"{name} was never {value!r}. It was: {values}")

    # From the networks to a frame.

    def drawn(self, outputs, random):
        """Codes drawn from what a generator gives: the place of a number, and logits of blocks."""
        codes = []
        for c in self.learned:
            for width, (start, stop) in zip(c.blocks, self._spans[c.name]):
                part = outputs[:, start:stop].astype("float64")
                if width:
                    codes.append(np.argmax(part + random.gumbel(size=part.shape), axis=1))
                else:
                    codes.append(np.tanh(part[:, 0]))
        return np.stack(codes, axis=1)

    def decoded(self, codes):
        """The frame of codes, and which rows are in order: bool `(n,)`."""
        pd, found, valid, at = pandas(), {}, np.ones(len(codes), bool), 0
        for c in self.columns:
            own = codes[:, at : at + c.codes]
            at += c.codes
            if c.kind == "category":
                valid &= c.valid(own)
            if c.blocks:
                found[c.name] = c.decoded(own)
            elif c.kind == "key":
                found[c.name] = c.numbered(len(codes))
        frame = pd.DataFrame(found)
        for rule in self._rules:
            if rule.computed:
                dtype = self.column(rule.computed).dtype
                frame[rule.computed] = restored(rule.value(frame), dtype)
        frame = frame[self.names]
        for rule in self._rules:
            if not rule.computed:
                valid &= rule.holds(frame)
        return frame, valid

    def numbered(self, frame):
        """The frame with its keys written anew."""
        keys = {c.name: c.numbered(len(frame)) for c in self.columns if c.kind == "key"}
        return frame.reset_index(drop=True).assign(**keys)

    def kept(self, before, frame):
        """Rows beside those before, without those that unique columns forbid."""
        whole = frame if before is None else pandas().concat([before, frame], ignore_index=True)
        for rule in self._rules:
            whole = whole[rule.holds(whole)] if rule.unique else whole
        return whole

    def to_user(self, values):
        codes = []
        for c in self.learned:
            for width, (start, stop) in zip(c.blocks, self._spans[c.name]):
                part = values[:, start:stop]
                codes.append(part.argmax(axis=1) if width else part[:, 0])
        return self.decoded(np.stack(codes, axis=1))[0]

    def preview(self, samples):
        """A diagram a column: how often each value is, in training in grey, in samples in blue."""
        return panels((c, c.counts, c.shown(samples[c.name])) for c in self.learned)

    def write(self, samples, path):
        """A `.csv` or `.parquet` file; or an `.npz` of one array a column."""
        if path.suffix.lower() == ".npz" and not is_frame(samples):
            super().write(samples, path)
            return
        frame = samples if is_frame(samples) else self.to_user(samples)

        def save(temporary):
            if path.suffix.lower() == ".csv":
                frame.to_csv(temporary, index=False)
            elif path.suffix.lower() == ".parquet":
                frame.to_parquet(temporary, index=False)
            else:
                arrays = {name: _plain(frame[name]) for name in frame}
                with open(temporary, "wb") as file:
                    np.savez_compressed(file, **arrays)

        write_whole(path, save)

    def get_config(self):
        return {"columns": [c.config() for c in self.columns], "rules": self.rules}


def _plain(series):
    """A series as an array that needs no pickle."""
    array = series.to_numpy()
    return array.astype(str) if array.dtype == object else array
