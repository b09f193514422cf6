"""A figure that knows what it was measured on."""


class MetricResult(float):
    """A float with the conditions it was measured under.

    `<`, `<=`, `>`, `>=` and `-` between two of them need the same conditions: the metric and
    its settings, the counts of samples, the feature network and the size that it sees. With
    plain numbers it is one.

    Attributes:
        conditions: Dict of them. Each is an attribute too: `metric`, `num_real`,
            `num_generated`, `feature_network`, `resize`, and the metric's own.
        seed: Of the random draws in the metric; None if there are none.

    Raises:
        ValueError: On a comparison of figures that cannot be compared.

    Example:

    ```python
    before, after = metric.result(), other.result()
    assert after < before  # or an error that says what differs
    ```
    """

    def __new__(cls, value, conditions=(), seed=None, **more):
        self = super().__new__(cls, value)
        self.conditions = dict(conditions)
        self.__dict__ |= self.conditions | {"seed": seed} | more
        return self

    def __repr__(self):
        shown = self.conditions | {"seed": self.seed}
        return f"{float(self)!r} ({', '.join(f'{k}={v!r}' for k, v in shown.items())})"

    def _comparable(self, other):
        if not isinstance(other, MetricResult) or self.conditions == other.conditions:
            return
        mine, theirs = self.conditions, other.conditions
        differing = [k for k in {**mine, **theirs} if mine.get(k) != theirs.get(k)]
        raise ValueError(
            "These figures cannot be compared; measure both in the same way, or compare "
            "float(figure). They differ in "
            + "; ".join(f"{k}: {mine.get(k)!r} and {theirs.get(k)!r}" for k in differing)
        )

    def __lt__(self, other):
        self._comparable(other)
        return super().__lt__(other)

    def __le__(self, other):
        self._comparable(other)
        return super().__le__(other)

    def __gt__(self, other):
        self._comparable(other)
        return super().__gt__(other)

    def __ge__(self, other):
        self._comparable(other)
        return super().__ge__(other)

    def __sub__(self, other):
        self._comparable(other)
        return super().__sub__(other)
