"""Sequences of tokens beside real ones: spectra, composition, motifs, nearest of training."""

import re

import numpy as np

from kerasgan.metrics.neighbours import nearest


def kmer_counts(codes, k: int):
    """How often each run of `k` tokens is in some sequences, its spectrum.

    Args:
        codes: Integers `(n, length)`, as `kerasgan.modalities.Sequences.encode` gives them.
        k: Tokens of a run.

    Returns:
        Dict from a tuple of `k` codes to its count.

    Raises:
        ValueError: If `k` is below 1 or above the length.

    Example:

    ```python
    kerasgan.metrics.kmer_counts(np.array([[0, 1, 0, 1]]), 2)  # {(0, 1): 2, (1, 0): 1}
    ```
    """
    codes = np.asarray(codes)
    if not 1 <= k <= codes.shape[1]:
        raise ValueError(f"k must be from 1 to the length, {codes.shape[1]}. Received: k={k}")
    runs = np.lib.stride_tricks.sliding_window_view(codes, k, axis=1).reshape(-1, k)
    found, counts = np.unique(runs, axis=0, return_counts=True)
    return dict(zip(map(tuple, found.tolist()), counts.tolist()))


def kmer_divergence(codes, others, k: int):
    """How far the spectra of two sets of sequences are apart: the Jensen-Shannon divergence.

    Of few sequences chance alone sets them apart: compare with the divergence of as many real ones.

    Args:
        codes, others: Integers `(n, length)` each.
        k: Tokens of a run.

    Returns:
        Float in bits, from 0, the same frequencies, to 1, no run in common.
    """
    one, other = kmer_counts(codes, k), kmer_counts(others, k)
    runs = one.keys() | other.keys()
    shares = [np.array([counts.get(run, 0) for run in runs], float) for counts in (one, other)]
    shares = [counts / counts.sum() for counts in shares]
    middle = (shares[0] + shares[1]) / 2
    parts = [p[p > 0] * np.log2(p[p > 0] / middle[p > 0]) for p in shares]
    return float(sum(part.sum() for part in parts) / 2)


def gc_content(texts):
    """The share of G and C in each sequence of DNA.

    Args:
        texts: Strings of A, C, G and T.

    Returns:
        float64 array `(n,)` in [0, 1].
    """
    return np.array([(text.count("G") + text.count("C")) / max(len(text), 1) for text in texts])


def distribution_distance(values, others):
    """How far two sets of numbers are apart: the Wasserstein distance, in their unit.

    Args:
        values, others: Arrays `(n,)` and `(m,)`.

    Returns:
        Float: the mean over 1,000 quantiles of how far these are apart.
    """
    shares = (np.arange(1000) + 0.5) / 1000
    return float(np.abs(np.quantile(values, shares) - np.quantile(others, shares)).mean())


def motif_positions(texts, motif: str):
    """In which share of the sequences a motif begins at each place.

    Args:
        texts: Strings of one length.
        motif: A regular expression: `"TATA[AT]A"`.

    Returns:
        float64 array `(length,)` in [0, 1].

    Example:

    ```python
    shares = kerasgan.metrics.motif_positions(model.generate(1000), "TATA[AT]A")
    print(shares.argmax())
    ```
    """
    try:
        pattern = re.compile(f"(?={motif})")
    except re.error as error:
        raise ValueError(f"motif is no regular expression: {error}. Received: {motif!r}") from None
    counts = np.zeros(max(map(len, texts)) + 1)
    for text in texts:
        counts[[found.start() for found in pattern.finditer(text)]] += 1
    return counts[:-1] / len(texts)


def nearest_hamming(codes, others):
    """Of each sequence in how many places it differs from the most similar one of others.

    Args:
        codes, others: Integers `(n, length)` and `(m, length)`: samples, and those of training.

    Returns:
        `(distances, indices)`, integers `(n,)`: 0 is a copy; and which of the others it is.
    """
    codes, others = np.asarray(codes), np.asarray(others)
    one_hot = np.eye(1 + max(codes.max(), others.max()), dtype="float32")
    points = [one_hot[rows].reshape(len(rows), -1) for rows in (codes, others)]
    distances, indices = nearest(*points, 1)
    # Two one-hot vectors that differ lie the root of 2 apart.
    return np.rint(distances[:, 0] ** 2 / 2).astype(int), indices[:, 0]
