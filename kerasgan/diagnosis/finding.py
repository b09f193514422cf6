"""What a rule gives, and what it judges a curve by."""

import math
import statistics
from dataclasses import dataclass

# Epochs that are judged, and how many there must be: at first everything looks ill.
LAST = 5
ENOUGH = 10


@dataclass(frozen=True)
class Finding:
    """What ails a run.

    Attributes:
        illness: String, its name.
        evidence: String, what the log shows.
        threshold: String, where the line is drawn.
        source: String, where that comes from.
        advice: String, the one change to try first.
    """

    illness: str
    evidence: str
    threshold: str
    source: str
    advice: str

    def __str__(self):
        return (
            f"{self.illness}\n  {self.evidence}\n  Threshold: {self.threshold}\n"
            f"  Source: {self.source}\n  Try first: {self.advice}"
        )


def last(curves, name, enough=ENOUGH):
    """The median of a curve's last epochs; None with too few, or where one is not finite."""
    curve = curves.get(name, {})
    values = [curve[epoch] for epoch in sorted(curve)[-LAST:]]
    if len(curve) < enough or not all(map(math.isfinite, values)):
        return None
    return statistics.median(values)


def epochs_of(curves, name):
    judged = sorted(curves[name])[-LAST:]
    return f"median of epochs {judged[0]} to {judged[-1]}"
