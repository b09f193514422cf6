"""New rows from a generator of tables."""

import warnings

import numpy as np

from kerasgan.arguments import check_whole
from kerasgan.engine import backend

# Rows that are drawn for each that is asked for, before what is asked for counts as impossible.
PATIENCE = 200


class MakesRows:
    """A base of models of tables: `generate`, with its conditions and rules."""

    def generate(
        self,
        n: int = 1,
        seed: int | None = None,
        where: dict | None = None,
        batch_size: int = 1000,
    ):
        """New rows.

        One seed gives the same rows on every backend and for every batch size, up to rounding.

        Args:
            n: Number of rows, 0 or more.
            seed: Integer, or None for other rows every time.
            where: Dict from the name of a column of categories to the one that every row is to
                have: `{"income": ">50K"}`.
            batch_size: Rows on the device at a time.

        Returns:
            A pandas DataFrame with the columns and types of training. Rules hold in every row:
            those against one are drawn anew, with a warning that says their share.

        Raises:
            ValueError: On a number that is too small, a condition on what is no category of the
                table, or if rows that are asked for hardly ever come.

        Example:

        ```python
        frame = kerasgan.zoo.load("tabular_adult").generate(1000, where={"income": ">50K"})
        ```
        """
        check_whole(1, batch_size=batch_size)
        check_whole(0, n=n, **({} if seed is None else {"seed": seed}))
        where = where or {}
        self.table.check_where(where)
        random, kept, drawn, broken = np.random.default_rng(seed), None, 0, 0
        while kept is None or len(kept) < n:
            missing = n if kept is None else n - len(kept)
            # As many more as have been in vain so far.
            size = min(
                max(int(missing * (drawn or 1) / max(n - missing, 1) * 1.1), missing), 50_000
            )
            frame, valid = self._drawn(size, random, where, batch_size)
            drawn, broken = drawn + size, broken + int((~valid).sum())
            for name, value in where.items():
                column = self.table.column(name)
                valid &= column.places(frame[name]) == column.place(value)
            kept = self.table.kept(kept, frame[valid])
            if drawn > PATIENCE * max(n, 50) and len(kept) < n:
                asked = " and ".join(f"{key} is {value!r}" for key, value in where.items())
                raise ValueError(
                    f"Of {drawn:,} rows drawn, {len(kept):,} were as asked for"
                    f"{f', where {asked}' if asked else ''}; {broken:,} broke a rule. Ask for "
                    "fewer, or train for longer."
                )
        if self.table.rules and broken:
            warnings.warn(
                f"{broken / drawn:.1%} of the {drawn:,} rows drawn broke a rule of the table and "
                "were drawn anew."
            )
        return self.table.numbered(kept[:n])

    def _drawn(self, n, random, where, batch_size):
        conditions = self.table.drawn_conditions(n, random, where)
        latents = random.standard_normal((n, self.latent_dim), "float32")
        outputs = self._outputs(latents, conditions, batch_size)
        return self.table.decoded(self.table.drawn(outputs, random))

    def _outputs(self, latents, conditions, batch_size=1000):
        """What the averaged generator gives."""
        parts = [np.zeros((0, self.table.row_dim), "float32")]
        for start in range(0, len(latents), batch_size):
            inputs = [part[start : start + batch_size] for part in (latents, conditions)]
            real = len(inputs[0])
            size = batch_size if start else backend.padded_size(real, batch_size)
            padded = [np.pad(part, ((0, size - real), (0, 0))) for part in inputs]
            parts.append(self.run(padded)[:real])
        return np.concatenate(parts)
