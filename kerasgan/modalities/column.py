"""What every column of a table that is learned has."""


class Column:
    """A column that is learned.

    Attributes:
        name: String.
        dtype: String, what pandas calls its type.
        blocks: List of the widths of its blocks in a row that networks see; 0 for a single
            number in [-1, 1], else a one-hot vector.
        codes: How many numbers stand for a value where it is stored: one a block.
    """

    @property
    def codes(self):
        return len(self.blocks)

    def config(self):
        """What makes it again, as JSON has it."""
        kept = {key: value for key, value in vars(self).items() if not key.startswith("_")}
        return {"kind": self.kind} | kept


def restored(series, dtype):
    """A series in the type that it had, floats where whole numbers may not be missing."""
    holds_missing = not series.isna().any() or "Int" in dtype
    return series.astype(dtype if holds_missing else "float64")
