"""Figures of synthetic tables, beside SDMetrics and on rows whose answer is known."""

import warnings

import numpy as np
import pandas as pd
import pytest
from test_tables import frame

from kerasgan.metrics import TableQuality
from kerasgan.modalities import Table

pytestmark = pytest.mark.without_backend


@pytest.fixture(scope="module")
def table():
    return Table.of(frame(500))


def test_shapes_of_columns_and_pairs_are_those_of_sdmetrics(table):
    from sdmetrics.column_pairs import ContingencySimilarity, CorrelationSimilarity
    from sdmetrics.single_column import KSComplement, TVComplement

    real, made = frame(300, seed=1), frame(400, seed=2)
    made["age"] = made["age"] // 2
    made.loc[made.index % 3 == 0, "income"] = "<=50K"
    quality = TableQuality(table, real, made)
    for frame_ in (real, made):  # what SDMetrics takes for text
        frame_["joined"] = pd.to_datetime(frame_["joined"])
    columns, pairs = quality.column_shapes(), quality.pair_shapes()
    numbers = {c.name for c in table.learned if c.kind == "number"}
    assert len(columns) == 10 and len(pairs) == 45
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, score in columns.items():
            metric = KSComplement if name in numbers else TVComplement
            assert score == pytest.approx(metric.compute(real[name], made[name]), abs=1e-6), name
        for names, score in pairs.items():
            both = [f[list(names)].copy() for f in (real, made)]
            if numbers.issuperset(names):
                expected = CorrelationSimilarity.compute(*both)
            else:
                binned = [name for name in names if name in numbers]
                for f in both:
                    for name in {"born", "joined"} & {*binned}:
                        f[name] = f[name].astype("int64")
                expected = ContingencySimilarity.compute(*both, continuous_column_names=binned)
            assert score == pytest.approx(expected, abs=1e-6), names


def test_copies_of_training_rows_are_told_from_new_ones(table):
    training, held_out, new = (frame(400, seed=seed) for seed in (3, 4, 5))
    honest = TableQuality(table, held_out, new).nearness(training)
    copied = TableQuality(table, held_out, training).nearness(training)
    assert 0.4 < honest["closer_to_training"] < 0.6 and 0.4 < honest["membership_auc"] < 0.6
    assert copied["closer_to_training"] == 1.0 and copied["membership_auc"] > 0.95
    assert copied["distance_to_closest_record"] == 0.0 < honest["distance_to_closest_record"]


def test_rows_that_show_how_columns_hang_together_are_more_useful_than_shuffled_ones(table):
    real, made = frame(300, seed=6), frame(300, seed=7)
    shuffled = made.assign(income=np.random.default_rng(0).permutation(made["income"]))
    useful = TableQuality(table, real, made).usefulness("income")
    assert useful > TableQuality(table, real, shuffled).usefulness("income") + 0.2
    assert TableQuality(table, real, shuffled).usefulness("income", rows=made) == useful
    with pytest.raises(ValueError, match="target must be a column of categories"):
        TableQuality(table, real, made).usefulness("age")
