"""What is kept of the features of one side, batch by batch, in constant memory."""

import sys

import numpy as np


class Moments:
    """Mean and covariance in float64, by the update of Chan, Golub and LeVeque (1983)."""

    def __init__(self):
        self.count, self.mean, self.scatter = 0, 0.0, 0.0

    def add(self, features):
        n, total = len(features), self.count + len(features)
        mean = features.mean(axis=0, dtype="float64")
        gap = mean - self.mean
        # With the gap as one more row, the scatter of both together is one product.
        rows = np.empty((n + 1, features.shape[1]))
        np.subtract(features, mean, out=rows[:n])
        rows[n] = gap * np.sqrt(self.count * n / total)
        self.scatter += rows.T @ rows
        self.mean = self.mean + gap * (n / total)
        self.count = total

    @property
    def covariance(self):
        """Unbiased, divided by one less than the count."""
        return self.scatter / (self.count - 1)

    def state(self):
        return {"count": self.count, "mean": self.mean, "scatter": self.scatter}

    def load(self, state):
        self.count, self.mean, self.scatter = int(state["count"]), state["mean"], state["scatter"]


class Sample:
    """Up to `limit` rows as float32, each as likely as any other (Vitter 1985, algorithm R)."""

    def __init__(self, limit, seed):
        self.limit, self.seed = limit or sys.maxsize, seed
        self.seen, self.parts = 0, []

    def add(self, features):
        features = np.array(features, "float32")
        first = min(max(self.limit - self.seen, 0), len(features))
        if first:
            self.parts.append(features[:first])
        rest = features[first:]
        if len(rest):
            random = np.random.default_rng([self.seed, self.seen])
            before = self.seen + first
            places = random.integers(before + 1 + np.arange(len(rest)))
            kept = places < self.limit
            self.rows[places[kept]] = rest[kept]
        self.seen += len(features)

    @property
    def rows(self):
        if len(self.parts) > 1:
            self.parts = [np.concatenate(self.parts)]
        return self.parts[0]

    @property
    def count(self):
        return min(self.seen, self.limit)

    def state(self):
        return {"seen": self.seen, "rows": self.rows}

    def load(self, state):
        self.seen, self.parts = int(state["seen"]), [state["rows"]]
