"""The figures of texts and of molecules, each beside what it is by definition."""

import numpy as np
import pytest

from kerasgan import metrics
from kerasgan.zoo.sequences import evaluate_molecules

pytestmark = pytest.mark.without_backend
RANDOM = np.random.default_rng(0)
WORDS = np.array(["a", "cat", "dog", "sat", "ran", "the"])


def texts(n):
    return [" ".join(RANDOM.choice(WORDS, RANDOM.integers(1, 9))) for _ in range(n)]


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_bleu_is_that_of_nltk(n):
    bleu_score = pytest.importorskip("nltk.translate.bleu_score")

    def reference(text, others):
        smoothing = bleu_score.SmoothingFunction().method1
        return bleu_score.sentence_bleu(others, text, (1 / n,) * n, smoothing)

    made, real = texts(40), texts(30)
    rows, others = ([text.split() for text in some] for some in (made, real))
    expected = np.mean([reference(row, others) for row in rows])
    assert metrics.bleu(made, real, n) == pytest.approx(expected, rel=1e-9)
    assert metrics.bleu(rows, others, n) == pytest.approx(expected, rel=1e-9)
    rest = [rows[:i] + rows[i + 1 :] for i in range(len(rows))]
    expected = np.mean([reference(row, some) for row, some in zip(rows, rest)])
    assert metrics.self_bleu(made, n) == pytest.approx(expected, rel=1e-9)


def test_bleu_of_copies_is_1_and_of_other_words_0():
    real = ["the cat sat on it", "a dog ran to the cat"]
    assert metrics.bleu(real, real) == metrics.self_bleu([*real, *real]) == 1.0
    assert metrics.bleu(["no word of these", ""], real) == 0.0
    for arguments in ((real, []), ([], real)):
        with pytest.raises(ValueError, match="must hold a text or more"):
            metrics.bleu(*arguments)
    with pytest.raises(ValueError, match="two texts or more"):
        metrics.self_bleu(["a"])
    with pytest.raises(ValueError, match="n must be at least 1"):
        metrics.bleu(real, real, 0)


def test_molecules_are_counted_by_what_they_are():
    pytest.importorskip("rdkit")
    made = ["OCC", "C(O)C", "C1CC", "", "c1ccccc1", "CO"]
    assert metrics.canonical(made) == ["CCO", "CCO", None, None, "c1ccccc1", "CO"]
    figures = metrics.molecule_figures(made, training=["OC", "CCCC"])
    assert figures == {"validity": 4 / 6, "uniqueness": 3 / 4, "novelty": 2 / 3}
    found = metrics.descriptors(made)
    assert found.shape == (4, 9)
    np.testing.assert_allclose(found[:, 0], [46.069, 46.069, 78.114, 32.042], atol=1e-3)
    assert np.isnan(metrics.molecule_figures(["C1"])["uniqueness"])
    # RDKit reads it, and not what it writes of it.
    unwritten = ["O=c1[nH]c(CN2CCc3cncnc3C2)nc2cccc=12"]
    assert metrics.canonical(unwritten) == [None] and not len(metrics.descriptors(unwritten))


def test_the_distance_of_properties_is_that_of_their_means_and_covariances():
    pytest.importorskip("rdkit")
    real = RANDOM.standard_normal((500, 3)) * [1.0, 2.0, 3.0]
    assert metrics.descriptor_distance(real, real) == pytest.approx(0.0, abs=1e-9)
    moved = real + [2.0, 0.0, 0.0]
    assert metrics.descriptor_distance(real, moved) == pytest.approx(4 / real[:, 0].var())
    assert np.isnan(metrics.descriptor_distance(real, real[:1]))
    formulas = np.array(["CCO", "CCN", "CCC", "CO", "c1ccccc1", "CC(=O)O"])
    figures = evaluate_molecules(formulas, formulas[:4], formulas[3:])
    assert figures["validity"] == figures["uniqueness"] == 1.0
    assert figures["novelty"] == 0.75 and figures["novelty_of_real"] == 0.5
    assert figures["descriptor_distance"] > 0
