"""The figures of an entry that makes sequences: of DNA, of words, of molecules."""

import numpy as np

from kerasgan import metrics

LONGEST = 6
# Sets of samples, as large as half of the real ones, whose mean divergence is taken.
SETS = 8


def evaluate_sequences(modality, real, made, training=None, seed=0):
    """Figures of sequences beside those that no model was trained on, as a dict.

    Args:
        modality: Their `kerasgan.modalities.Sequences`.
        real, made: Codes, of held-out sequences and of samples.
        training: Codes of what was trained on; None if nearness is not to be measured.
        seed: Integer, of the halves that the real ones are divided into.
    """
    order = np.random.default_rng(seed).permutation(len(real))
    one, other = real[order[: len(real) // 2]], real[order[len(real) // 2 :]]
    sets = [made[i : i + len(one)] for i in range(0, len(made) - len(one) + 1, len(one))]
    figures = {}
    for k in range(3, min(LONGEST, modality.length) + 1):
        apart = [metrics.kmer_divergence(other, part, k) for part in sets[:SETS] or [made]]
        figures[f"divergence_of_{k}_mers"] = np.mean(apart)
        figures[f"divergence_of_{k}_mers_of_real_halves"] = metrics.kmer_divergence(other, one, k)
    if {*"ACGT"} <= {*modality.tokens}:
        figures |= _composition(*(modality.decode(codes) for codes in (real, made, one, other)))
    figures["distinct"] = len(np.unique(made, axis=0)) / len(made)
    if training is not None:
        distances, _ = metrics.nearest_hamming(made, training)
        figures["copies"] = np.mean(distances == 0)
        figures["nearest_distance"] = np.median(distances)
        figures["nearest_distance_of_real"] = np.median(metrics.nearest_hamming(real, training)[0])
    return _counted(figures, made, real, seed)


def evaluate_texts(real, made, training=None, seed=0):
    """BLEU and self-BLEU of texts of words, beside those of real ones, as a dict.

    Args:
        real, made: Texts that nothing was trained on, and samples.
        training: Those of training; None if copies are not to be counted.
        seed: Integer, of the halves that the real ones are divided into.
    """
    random = np.random.default_rng(seed)
    one, other = np.array_split(random.permutation(real), 2)
    n = min(len(one), len(made))
    one, few, figures = one[:n], made[:n], {}
    for k in range(2, 6):
        figures[f"bleu_{k}"] = metrics.bleu(few, other, k)
        figures[f"bleu_{k}_of_real_halves"] = metrics.bleu(one, other, k)
        figures[f"self_bleu_{k}"] = metrics.self_bleu(few, k)
        figures[f"self_bleu_{k}_of_real"] = metrics.self_bleu(one, k)
    figures["distinct"] = len({*made}) / len(made)
    if training is not None:
        figures["copies"] = np.mean(np.isin(made, training))
    return _counted(figures, made, real, seed) | {"compared": n}


def evaluate_molecules(real, made, training=None, seed=0):
    """Validity, uniqueness, novelty and properties of molecules, as a dict; arguments as above."""
    of_real, of_made = (metrics.descriptors(texts) for texts in (real, made))
    halves = np.array_split(np.random.default_rng(seed).permutation(of_real), 2)
    figures = metrics.molecule_figures(made, training)
    figures["descriptor_distance"] = metrics.descriptor_distance(of_real, of_made)
    figures["descriptor_distance_of_real_halves"] = metrics.descriptor_distance(*halves)
    if training is not None:
        figures["novelty_of_real"] = metrics.molecule_figures(real, training)["novelty"]
    return _counted(figures, made, real, seed)


def _counted(figures, made, real, seed):
    counts = {"generated": len(made), "real": len(real), "seed": seed}
    return {key: float(value) for key, value in figures.items()} | counts


def _composition(real, made, one, other):
    contents = [metrics.gc_content(texts) for texts in (real, made, one, other)]
    return {
        "gc_content": contents[1].mean(),
        "gc_content_of_real": contents[0].mean(),
        "gc_deviation": contents[1].std(),
        "gc_deviation_of_real": contents[0].std(),
        "gc_distance": metrics.distribution_distance(contents[0], contents[1]),
        "gc_distance_of_real_halves": metrics.distribution_distance(contents[2], contents[3]),
    }
