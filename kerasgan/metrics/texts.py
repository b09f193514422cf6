"""How like real texts others are, and how like one another: BLEU, Papineni et al. 2002."""

import collections
import math


def bleu(texts, references, n: int = 4):
    """BLEU-n of texts beside real ones: the mean over texts, each against all references.

    Of each text the geometric mean, over runs of 1 to `n` tokens, of the share of its runs that a
    reference has too, as often as the one that has it most; times `exp(1 - r / c)` if it is of
    `c` tokens and the reference nearest in length of more, `r`. Where no run is shared, 0.1 is put
    for their number (method 1 of Chen and Cherry 2014). The higher, the more of a text is as in
    the data; copies have 1.

    Args:
        texts, references: Lists of lists of tokens, or of strings that are split at blanks.
        n: Longest run, 1 or more.

    Returns:
        Float in [0, 1].

    Raises:
        ValueError: If there is no text or reference, or `n` is below 1.

    Example:

    ```python
    print(kerasgan.metrics.bleu(model.generate(1000), open("test.txt").readlines(), 4))
    ```
    """
    texts, references = _checked(texts, references, n)
    known, lengths = _Known(references, n), collections.Counter(map(len, references))
    return math.fsum(known.score(text, lengths) for text in texts) / len(texts)


def self_bleu(texts, n: int = 4):
    """BLEU-n of each text against all others, the mean (Zhu et al. 2018, arXiv:1802.01886).

    The higher, the less variety; 1 if all are the same. Beside it belongs that of as many real
    texts: it grows with their number.

    Args:
        texts: As of `bleu`, two or more.
        n: Longest run, 1 or more.

    Returns:
        Float in [0, 1].
    """
    texts, _ = _checked(texts, texts, n)
    if len(texts) < 2:
        raise ValueError(f"self_bleu needs two texts or more. Received: {len(texts)}")
    known, lengths = _Known(texts, n), collections.Counter(map(len, texts))
    scores = []
    for text in texts:
        lengths[len(text)] -= 1
        scores.append(known.score(text, +lengths, is_known=True))
        lengths[len(text)] += 1
    return math.fsum(scores) / len(scores)


class _Known:
    """Of each run of tokens how often the text that has it most has it, and the next one."""

    def __init__(self, texts, n):
        self.n, self.most = n, {}
        for text in texts:
            for k in range(1, n + 1):
                for run, count in _runs(text, k).items():
                    self.most[run] = sorted((*self.most.get(run, (0, 0)), count))[1:]

    def score(self, text, lengths, is_known=False):
        """BLEU of a text; if it `is_known`, against the others."""
        if not text:
            return 0.0
        logarithm = 0.0
        for k in range(1, self.n + 1):
            shared, runs = 0, _runs(text, k)
            for run, count in runs.items():
                second, most = self.most.get(run, (0, 0))
                # What is most may be its own.
                shared += min(count, second if is_known and most == count else most)
            if k == 1 and not shared:
                return 0.0
            logarithm += math.log((shared or 0.1) / max(1, sum(runs.values())))
        nearest = min(lengths, key=lambda length: (abs(length - len(text)), length))
        short = min(0.0, 1.0 - nearest / len(text))
        return math.exp(short + logarithm / self.n)


def _runs(tokens, k):
    return collections.Counter(zip(*(tokens[i:] for i in range(k))))


def _checked(texts, references, n):
    found = []
    for name, given in (("texts", texts), ("references", references)):
        rows = [tuple(text.split() if isinstance(text, str) else text) for text in given]
        if not rows:
            raise ValueError(f"{name} must hold a text or more. Received none.")
        found.append(rows)
    if n < 1:
        raise ValueError(f"n must be at least 1. Received: n={n}")
    return found
