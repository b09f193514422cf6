"""The figures of sequences, each beside what it is by definition."""

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.stats import wasserstein_distance

from kerasgan import cli, metrics, models, networks, zoo
from kerasgan.modalities import Sequences

pytestmark = pytest.mark.without_backend
RANDOM = np.random.default_rng(0)
CODES, OTHERS = RANDOM.integers(0, 4, (30, 12)), RANDOM.integers(0, 3, (20, 12))


def test_a_spectrum_counts_every_run():
    assert metrics.kmer_counts([[0, 1, 0, 1]], 2) == {(0, 1): 2, (1, 0): 1}
    with pytest.raises(ValueError, match="from 1 to the length, 4. Received: k=5"):
        metrics.kmer_counts([[0, 1, 0, 1]], 5)


@pytest.mark.parametrize("k", [1, 3])
def test_the_divergence_is_that_of_scipy_and_none_of_a_set_from_itself(k):
    counts = [np.zeros((4,) * k) for _ in range(2)]
    for rows, found in zip((CODES, OTHERS), counts):
        for row in rows:
            for i in range(12 - k + 1):
                found[tuple(row[i : i + k])] += 1
    expected = jensenshannon(*(found.ravel() for found in counts), base=2) ** 2
    assert metrics.kmer_divergence(CODES, OTHERS, k) == pytest.approx(expected)
    assert metrics.kmer_divergence(CODES, CODES[::-1], k) == 0.0
    assert metrics.kmer_divergence(np.zeros((2, 5), int), np.ones((3, 5), int), k) == 1.0


def test_composition_and_its_distance():
    contents = metrics.gc_content(["GGCC", "ATAT", "GATT"])
    np.testing.assert_array_equal(contents, [1.0, 0.0, 0.25])
    one, other = RANDOM.random(500), RANDOM.random(300) ** 2
    expected = wasserstein_distance(one, other)
    assert metrics.distribution_distance(one, other) == pytest.approx(expected, abs=2e-3)
    assert metrics.distribution_distance(one, one + 0.5) == pytest.approx(0.5)


def test_a_motif_is_found_at_its_places_where_they_overlap_too():
    shares = metrics.motif_positions(["TATATA", "GTATAA", "GGGGGG"], "TATA")
    np.testing.assert_allclose(shares, [1 / 3, 1 / 3, 1 / 3, 0, 0, 0])
    with pytest.raises(ValueError, match="no regular expression"):
        metrics.motif_positions(["A"], "TA[")


def test_the_nearest_is_the_one_with_the_fewest_differences():
    distances, indices = metrics.nearest_hamming(CODES, OTHERS)
    apart = (CODES[:, None] != OTHERS[None]).sum(axis=2)
    np.testing.assert_array_equal(distances, apart.min(axis=1))
    np.testing.assert_array_equal(apart[np.arange(30), indices], distances)


def test_the_command_prints_figures_and_finds_copies(tmp_path, capsys):
    dna = Sequences(list("ACGT"), 12)
    pair = networks.sequence((12, 4), latent_dim=2, width=4, blocks=1)
    model = models.SequenceWGANGP(*pair, modality=dna, seed=0)
    model = zoo.load(zoo.save(model, tmp_path / "entry"))
    made, real = model.generate(20, seed=3), dna.decode(CODES)
    dna.write(real, tmp_path / "real.fasta")
    dna.write(made[:5], tmp_path / "training.txt")
    words = ["evaluate", tmp_path / "entry", "--data", tmp_path / "real.fasta", "-n", 20]
    words += ["--seed", 3, "--training", tmp_path / "training.txt"]
    assert cli.main([str(word) for word in words]) == 0
    lines = capsys.readouterr().out.splitlines()
    figures = {line[:38].strip(): float(line[38:]) for line in lines}
    codes = dna.encode(made)
    assert figures["copies"] == pytest.approx(np.mean(np.isin(made, made[:5])), abs=1e-4)
    assert figures["distinct"] == pytest.approx(len({*made}) / 20, abs=1e-4)
    assert figures["gc content"] == pytest.approx(metrics.gc_content(made).mean(), abs=1e-4)
    order = np.random.default_rng(3).permutation(30)
    expected = metrics.kmer_divergence(CODES[order[15:]], codes[:15], 3)
    assert figures["divergence of 3 mers"] == pytest.approx(expected, abs=1e-4)
    halves = metrics.kmer_divergence(CODES[order[15:]], CODES[order[:15]], 6)
    assert figures["divergence of 6 mers of real halves"] == pytest.approx(halves, abs=1e-4)
    nearest = np.median(metrics.nearest_hamming(CODES, codes[:5])[0])
    assert figures["nearest distance of real"] == nearest
