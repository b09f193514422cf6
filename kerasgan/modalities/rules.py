"""Rules that the rows of a table hold: `a <= b`, `total = x + y`, `unique(a, b)`."""

import operator
import re

import numpy as np

from kerasgan.modalities.frames import refuse_value

RELATIONS = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}


class Rule:
    """One rule.

    Args:
        text: String. A comparison, `<=`, `<`, `>=` or `>`, or an equation, `column = …`, of
            columns and numbers, which may be added and subtracted, with blanks around + and -;
            or `unique(column, …)`.
        names: The table's columns.

    Attributes:
        computed: Name of the column that it gives, or None.

    Raises:
        ValueError: On a form or a column that is not known.
    """

    def __init__(self, text, names):
        self.text, self.computed, self.unique = text, None, None
        unique = re.fullmatch(r"\s*unique\((.*)\)\s*", text)
        if unique:
            self.unique = [self._name(part.strip(), names) for part in unique[1].split(",")]
            return
        found = re.fullmatch(r"(.*?\S)\s*(<=|>=|<|>|=)\s*(\S.*)", text)
        if not found:
            raise ValueError(
                "A rule is `a <= b`, `total = x + y` or `unique(a, b)`, of names of columns. "
                f"Received: {text!r}"
            )
        left, self.relation, right = found[1], found[2], found[3].strip()
        self.left, self.right = self._terms(left, names), self._terms(right, names)
        if self.relation == "=":
            if left not in names or len(self.left) > 1:
                raise ValueError(
                    f"Of an equation one column stands alone on the left. Received: {text!r}"
                )
            self.computed = left
            if any(term == left for _, term in self.right):
                raise ValueError(f"A column cannot follow from itself. Received: {text!r}")

    def _name(self, name, names):
        if name not in names:
            raise ValueError(
                f"The rule {self.text!r} names {name!r}, and the columns are {', '.join(names)}."
            )
        return name

    def _terms(self, text, names):
        """List of `(sign, name or number)`."""
        text, parts = text.strip(), []
        for sign, term in re.findall(r"(?:^|\s([+-])\s+)(.+?)(?=\s[+-]\s|$)", text):
            try:
                term = float(term)
            except ValueError:
                term = self._name(term.strip(), names)
            parts.append((-1 if sign == "-" else 1, term))
        return parts

    def _value(self, terms, frame):
        values = [frame[t] if isinstance(t, str) else t for _, t in terms]
        total = values[0]
        for (sign, _), value in zip(terms[1:], values[1:]):
            total = total + value if sign > 0 else total - value
        return total

    def value(self, frame):
        """What an equation gives."""
        return self._value(self.right, frame)

    def holds(self, frame):
        """Which rows keep it: a row of which something is missing does."""
        if self.unique:
            return ~frame.duplicated(self.unique).to_numpy()
        left, right = self._value(self.left, frame), self._value(self.right, frame)
        if self.relation == "=":
            kept = np.isclose(np.asarray(left, float), np.asarray(right, float), equal_nan=True)
        else:
            kept = np.asarray(RELATIONS[self.relation](left, right), bool)
        for side in (left, right):
            kept = kept | (side.isna().to_numpy() if hasattr(side, "isna") else False)
        return kept

    def check(self, frame):
        """Refuse a frame that breaks it, naming the row.

        Raises:
            ValueError: Also where the columns cannot be added or compared.
        """
        try:
            kept = self.holds(frame)
        except TypeError as error:
            raise ValueError(f"The rule {self.text!r} cannot be computed: {error}") from None
        if not kept.all():
            name = (
                self.unique[0]
                if self.unique
                else next(t for _, t in (*self.left, *self.right) if isinstance(t, str))
            )
            share = np.mean(~kept)
            refuse_value(
                frame[name],
                ~kept,
                f"against the rule {self.text!r}, as are {share:.2%} of the rows",
            )
