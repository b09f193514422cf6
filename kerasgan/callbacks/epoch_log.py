"""The log of a run, a table of which every row is whole."""

import csv
import io
from pathlib import Path

import keras

from kerasgan.diagnosis.run import rows
from kerasgan.files import write_text


class EpochLog(keras.callbacks.Callback):
    """Write every epoch's log as a row of a CSV file, as `keras.callbacks.CSVLogger` does.

    The file is written anew every time: a kill leaves no half row, an epoch that is repeated
    takes the place of its earlier row and of those after it, and columns are what there is.

    Args:
        path: The file. What it holds of earlier epochs is kept.
    """

    def __init__(self, path):
        super().__init__()
        self.path = Path(path)

    def on_train_begin(self, logs=None):
        self._rows = dict(rows(self.path)) if self.path.exists() else {}
        self._write()

    def on_epoch_end(self, epoch, logs=None):
        self._rows = {e: row for e, row in self._rows.items() if e < epoch} | {epoch: dict(logs)}
        self._write()

    def _write(self):
        columns = dict.fromkeys(name for row in self._rows.values() for name in row)
        text = io.StringIO()
        writer = csv.DictWriter(text, ["epoch", *sorted(columns)], lineterminator="\n")
        writer.writeheader()
        writer.writerows({"epoch": epoch} | row for epoch, row in self._rows.items())
        write_text(self.path, text.getvalue())
