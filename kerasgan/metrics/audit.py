"""What an attacker sees of a training's records, Steinke et al. 2023 (arXiv:2305.08846)."""

import math

import numpy as np


def audited_epsilon(scores, included, delta: float = 0.0, confidence: float = 0.95) -> float:
    """The least ε that one training can have, by how well its canaries are told apart.

    Each canary, a record that stands out, was put among the records of training or left out by the
    toss of a coin of its own. The attacker gives each a score, as a discriminator's logit, and
    calls the higher half of those that he dares to judge "in", the lower half "out". He judges half
    of all: the ones with the highest and the lowest scores. A training that is (ε, δ) private lets
    a guess be right with a probability of at most e^ε / (1 + e^ε), but for δ, so that more right
    guesses refute it. The bound is weak, and says nothing of what a better attacker would see: it
    finds noise that is missing, not a promise that is kept.

    Args:
        scores: `(canaries,)`, higher for what was more likely trained on.
        included: `(canaries,)` of booleans, or of 0 and 1.
        delta: Float, δ of the promise.
        confidence: Float in (0, 1): how often at least the bound holds.

    Returns:
        Float, 0 or more.

    Raises:
        ValueError: If the two are not of one length, of 4 or more, or a number is out of its range.
        ImportError: Without SciPy.

    Example:

    ```python
    bound = kerasgan.metrics.audited_epsilon(model.discriminator.predict(canaries)[:, 0], included)
    ```
    """
    try:
        from scipy.stats import binom
    except ImportError as error:
        raise ImportError(
            f'Audits need SciPy ({error}): pip install "kerasgan[privacy]"'
        ) from error
    scores, included = np.asarray(scores, "float64"), np.asarray(included, bool)
    if scores.ndim != 1 or scores.shape != included.shape or len(scores) < 4:
        raise ValueError(
            "scores and included must have one number for each of 4 canaries or more. Received: "
            f"shapes {scores.shape} and {included.shape}"
        )
    if not 0.0 <= delta < 1.0 or not 0.0 < confidence < 1.0:
        raise ValueError(
            "delta must be in [0, 1), confidence in (0, 1). Received: "
            f"delta={delta}, confidence={confidence}"
        )
    each = len(scores) // 4
    order = np.argsort(scores, kind="stable")
    right = int(included[order[-each:]].sum() + (~included[order[:each]]).sum())
    # That of δ is at most 2 m δ, by the paper's theorem with its α at 1.
    doubt = 1.0 - confidence - 2 * len(scores) * delta

    def refuted(epsilon):
        return binom.sf(right - 1, 2 * each, 1.0 / (1.0 + math.exp(-epsilon))) <= doubt

    low, high = 0.0, 64.0
    if not refuted(low):
        return 0.0
    while high - low > 1e-6:
        middle = (low + high) / 2
        low, high = (middle, high) if refuted(middle) else (low, middle)
    return low
