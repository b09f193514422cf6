"""How like a table its synthetic rows are, how useful, and how near to those of training."""

import itertools
import warnings

import numpy as np

from kerasgan.metrics.neighbours import nearest
from kerasgan.modalities import Table
from kerasgan.modalities.frames import pandas, read_frame

BINS = 10
# Rows of synthetic and of training data that are compared by distance, at most.
MOST = 10_000


class TableQuality:
    """Figures of synthetic rows of a table beside real ones that no model was trained on.

    Args:
        table: The `kerasgan.modalities.Table`, which says what the columns are.
        real: Held-out rows: a DataFrame, or what else `kerasgan.datasets.load_table` reads.
        synthetic: As many or other rows that a model made.

    Raises:
        ValueError: If a column is missing.

    Example:

    ```python
    quality = kerasgan.metrics.TableQuality(model.table, "test.csv", model.generate(10_000))
    print(quality.column_shapes())
    ```
    """

    def __init__(self, table: Table, real, synthetic):
        self.table = table
        self.columns = table.learned
        self.real, self.synthetic = (self._read(rows) for rows in (real, synthetic))

    def _read(self, rows):
        frame = read_frame(rows)
        missing = [name for name in self.table.names if name not in frame]
        if missing:
            raise ValueError(f"There is no column {', '.join(map(repr, missing))}.")
        return frame

    def column_shapes(self):
        """How like each column is by itself, 1 for the same: dict from its name to a float.

        Of numbers and dates 1 less the statistic of Kolmogorov and Smirnov, of categories 1 less
        the total variation distance, missing values left out: KSComplement and TVComplement of
        SDMetrics.
        """
        return {c.name: self._shape(c) for c in self.columns}

    def _shape(self, column):
        from scipy.stats import ks_2samp

        real, synthetic = (f[column.name].dropna() for f in (self.real, self.synthetic))
        if not len(real) or not len(synthetic):
            return float("nan")
        if column.kind == "number":
            values = [column.numbers(x) for x in (real, synthetic)]
            return 1.0 - float(ks_2samp(*values, method="asymp").statistic)
        return _overlap(real, synthetic)

    def pair_shapes(self):
        """How like each pair of columns is: dict from `(name, name)` to a float, 1 for the same.

        Of two numbers 1 less half of how far their correlations are apart; else the overlap of
        the frequencies of pairs of values, numbers in ten bins of the real ones, missing a value
        too: CorrelationSimilarity and ContingencySimilarity of SDMetrics. A correlation with what
        is constant is NaN.
        """
        pd, (real, synthetic), found = pandas(), self._binned(), {}
        for one, other in itertools.combinations(self.columns, 2):
            names = (one.name, other.name)
            if one.kind == other.kind == "number":
                apart = self._correlation(self.real, one, other)
                apart -= self._correlation(self.synthetic, one, other)
                found[names] = 1.0 - abs(apart) / 2
            else:
                width = 1 + max(codes[other.name].max() for codes in (real, synthetic))
                found[names] = _overlap(
                    *(pd.Series(x[one.name] * width + x[other.name]) for x in (real, synthetic))
                )
        return found

    def _binned(self):
        """Dicts from a column's name to whole numbers that stand for its values, one of each."""
        pd, found = pandas(), ({}, {})
        for c in self.columns:
            both = pd.concat([self.real[c.name], self.synthetic[c.name]], ignore_index=True)
            if c.kind == "number":
                values = c.numbers(both)
                known = values[: len(self.real)]
                edges = np.histogram_bin_edges(known[~np.isnan(known)], BINS)
                edges[[0, -1]] = -np.inf, np.inf
                codes = np.digitize(values, edges)
            else:
                codes = pd.factorize(both, use_na_sentinel=False)[0]
            for codes_of, part in zip(found, np.split(codes, [len(self.real)])):
                codes_of[c.name] = part
        return found

    @staticmethod
    def _correlation(frame, *columns):
        values = np.stack([c.numbers(frame[c.name]) for c in columns])
        values = values[:, ~np.isnan(values).any(axis=0)]
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return np.corrcoef(values)[0, 1]

    def nearness(self, training, seed: int = 0):
        """How near synthetic rows are to those of training, beside those held out.

        Rows are points: numbers by the range of training, categories by whether they differ, each
        1 at most.

        Args:
            training: The rows that the model was trained on.
            seed: Integer, of what is drawn where there are more than 10,000 rows.

        Returns:
            Dict of `distance_to_closest_record`, the median over synthetic rows of the distance to
            the nearest training row, and `held_out_distance_to_closest_record`, the same of the
            held-out rows; `closer_to_training`, the share of synthetic rows that are nearer to a
            training row than to a held-out one, of as many of both: 0.5 where nothing is copied;
            `membership_auc`, how well an attack tells training rows from held-out ones by the
            distance to the nearest synthetic row: 0.5 is chance.
        """
        from sklearn.metrics import roc_auc_score

        training, random = self._read(training), np.random.default_rng(seed)
        features = Features(self.columns, training)
        known, held, made = (
            features(frame.iloc[random.permutation(len(frame))[:n]])
            for frame, n in ((training, None), (self.real, MOST), (self.synthetic, MOST))
        )
        alike = min(len(known), len(held))
        members, others = known[:alike], held[:alike]
        to_members, to_others = _nearest(made, members), _nearest(made, others)
        closer = np.mean(np.sign(to_others - to_members)) / 2 + 0.5
        scores = -np.concatenate([_nearest(members, made), _nearest(others, made)])
        return {
            "distance_to_closest_record": float(np.median(_nearest(made, known))),
            "held_out_distance_to_closest_record": float(np.median(_nearest(held, known))),
            "closer_to_training": float(closer),
            "membership_auc": float(roc_auc_score([1] * alike + [0] * alike, scores)),
        }

    def usefulness(self, target: str, rows=None, seed: int = 0):
        """The F1 score of the held-out rows, by classifiers that learned from other ones.

        The mean of a decision tree, AdaBoost, a logistic regression and a perceptron of
        scikit-learn, as in the benchmark of Xu et al. 2019; of two classes that of the rarer one,
        of more the mean over classes.

        Args:
            target: Name of the column of categories that is told from the others.
            rows: What they learn from; by default the synthetic rows.
            seed: Integer, of the classifiers.

        Returns:
            Float.

        Raises:
            ValueError: If `target` is no column of categories, or has one value only.
        """
        from sklearn.metrics import f1_score

        known = {c.name: c for c in self.table.categories}
        if target not in known:
            raise ValueError(
                f"target must be a column of categories. Received: {target!r}. There are: "
                f"{', '.join(known) or 'none'}"
            )
        rows = self.synthetic if rows is None else self._read(rows)
        features = Features([c for c in self.columns if c.name != target], rows)
        inputs, tests = features(rows), features(self.real)
        labels, answers = (frame[target].astype(str) for frame in (rows, self.real))
        if labels.nunique() < 2:
            raise ValueError(f"All rows have the same {target}: there is nothing to tell apart.")
        rarer = answers.value_counts().index[-1]
        kind = {"average": "macro"}
        if answers.nunique() == 2:
            kind = {"average": "binary", "pos_label": rarer}
        scores = []
        for classifier in _classifiers(seed):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # that fifty passes were not enough
                guess = classifier.fit(inputs, labels).predict(tests)
            scores.append(f1_score(answers, guess, zero_division=0.0, **kind))
        return float(np.mean(scores))


class Features:
    """Rows as points: numbers in [0, 1] by the range of some rows, categories as one-hot vectors.

    Args:
        columns: Of the table, those to take.
        frame: The rows that the range is of.
    """

    def __init__(self, columns, frame):
        self.columns, self.ranges = columns, {}
        for c in columns:
            if c.kind == "number":
                values = c.numbers(frame[c.name])
                low, high = (f(values) if len(values) else 0.0 for f in (np.nanmin, np.nanmax))
                self.ranges[c.name] = low, (high - low) or 1.0

    def __call__(self, frame):
        parts = []
        for c in self.columns:
            if c.kind == "number":
                low, width = self.ranges[c.name]
                values = (c.numbers(frame[c.name]) - low) / width
                parts += [np.nan_to_num(values, nan=0.5)[:, None]]
                if None in c.points:
                    parts += [np.isnan(values)[:, None].astype("float64")]
            else:
                # Two that differ are 1 apart. What was never seen is far from all alike.
                one_hot = np.eye(len(c.values) + 1)[c.places(frame[c.name])]
                parts.append(one_hot / np.sqrt(2.0))
        return np.concatenate(parts, axis=1).astype("float32")


def _overlap(real, synthetic):
    real, synthetic = (x.value_counts(normalize=True) for x in (real, synthetic))
    return 1.0 - float(real.subtract(synthetic, fill_value=0.0).abs().sum()) / 2


def _nearest(rows, others):
    return nearest(rows, others, 1)[0][:, 0]


def _classifiers(seed):
    from sklearn.ensemble import AdaBoostClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.neural_network import MLPClassifier
    from sklearn.tree import DecisionTreeClassifier

    return [
        DecisionTreeClassifier(max_depth=15, class_weight="balanced", random_state=seed),
        AdaBoostClassifier(random_state=seed),
        LogisticRegression(class_weight="balanced", max_iter=50, random_state=seed),
        MLPClassifier(hidden_layer_sizes=(50,), max_iter=50, random_state=seed),
    ]
