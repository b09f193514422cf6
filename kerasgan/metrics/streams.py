"""What is kept of the features of one side, batch by batch, in constant memory."""

import sys

import numpy as np

# NumPy's threads keep a core busy for a while after every product, which the feature network
# of the next batch would use: few products of many rows.
ROWS = 1024


class Moments:
    """Mean and covariance in float64, by the update of Chan, Golub and LeVeque (1983)."""

    def __init__(self):
        self.count, self.waiting = 0, []
        self._taken, self._mean, self._scatter = 0, 0.0, 0.0

    def add(self, features):
        self.waiting.append(np.array(features))
        self.count += len(features)
        if self.count - self._taken >= ROWS:
            self._take()

    def _take(self):
        if not self.waiting:
            return
        features, self.waiting = np.concatenate(self.waiting), []
        n = len(features)
        mean = features.mean(axis=0, dtype="float64")
        gap = mean - self._mean
        # With the gap as one more row, the scatter of both together is one product.
        rows = np.empty((n + 1, features.shape[1]))
        np.subtract(features, mean, out=rows[:n])
        rows[n] = gap * np.sqrt(self._taken * n / self.count)
        self._scatter += rows.T @ rows
        self._mean = self._mean + gap * (n / self.count)
        self._taken = self.count

    @property
    def mean(self):
        self._take()
        return self._mean

    @property
    def covariance(self):
        """Unbiased, divided by one less than the count."""
        self._take()
        return self._scatter / (self.count - 1)

    def state(self):
        self._take()
        return {"count": self.count, "mean": self._mean, "scatter": self._scatter}

    def load(self, state):
        self.count = self._taken = int(state["count"])
        self._mean, self._scatter = state["mean"], state["scatter"]
        self.width = len(self._mean)


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
        self.width = state["rows"].shape[1]
