"""A run's log, judged."""

import contextlib
import csv
import math
from pathlib import Path

from kerasgan.diagnosis import rules

# Columns of the log that share a diagram, by how their names end.
TOGETHER = {"loss": "losses", "score": "scores", "gradient": "gradients", "step": "steps"}


def diagnose(run_folder):
    """Say what ails a run, from its `log.csv`.

    Mode collapse, a discriminator that has won, a generator that has stalled, oscillation,
    overfitting, learning rates that are too high, and images outside the range, as the last
    epochs show them. The log is that of `keras.callbacks.CSVLogger` behind
    `kerasgan.callbacks.Diagnosis`, as `kerasgan train` writes it; of one without that
    callback, what losses alone can tell.

    Args:
        run_folder: Folder that holds `log.csv`.

    Returns:
        List of `Finding`; empty if nothing was found, or if there are too few epochs to
        judge by.

    Raises:
        FileNotFoundError: If the folder has no `log.csv`.
        ValueError: If it is no log of epochs.

    Example:

    ```python
    for finding in kerasgan.diagnosis.diagnose("runs/mine"):
        print(finding)
    ```
    """
    return rules.findings(read(run_folder))


def read(run_folder):
    """The curves of a run folder's log, as `read_log` gives them."""
    path = Path(run_folder) / "log.csv"
    if not path.is_file():
        raise FileNotFoundError(
            f"{str(run_folder)!r} has no log.csv (looked from {Path.cwd()}). Expected the run "
            "folder of `kerasgan train`, or one that keras.callbacks.CSVLogger writes to."
        )
    try:
        return read_log(path)
    except (KeyError, ValueError, csv.Error) as error:
        raise ValueError(f"{path} is no log of keras.callbacks.CSVLogger: {error}") from None


def read_log(path):
    """Dict from a column to its curve: dict from an epoch, from 1 on, to a float, maybe NaN."""
    curves = {}
    # An epoch that was repeated after a kill has two rows: the later one counts.
    for epoch, row in rows(path):
        for name, text in row.items():
            # Others are Keras's "NA" for no value.
            with contextlib.suppress(ValueError):
                curves.setdefault(name, {})[epoch + 1] = float(text)
    return curves


def rows(path):
    """Of each row of a log its epoch, from 0 on, and a dict from a column to its text.

    What a kill has cut is left out, and what was then written behind it on the same line.
    """
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if None not in row and None not in row.values():
                yield int(row.pop("epoch")), row


def diagrams(log):
    """Dict from a diagram's title to its curves of `log`, without what is not finite."""
    groups = {}
    for name, curve in log.items():
        # The sum of losses that are drawn.
        if name in ("loss", "val_loss"):
            continue
        title = TOGETHER.get(name.rpartition("_")[2], name.removeprefix("val_"))
        if finite := {epoch: value for epoch, value in curve.items() if math.isfinite(value)}:
            groups.setdefault(title, {})[name] = finite
    return groups
