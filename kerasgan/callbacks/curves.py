"""Losses and scores of a run as a picture."""

import os
from pathlib import Path

import keras
import numpy as np

from kerasgan.diagnosis.diagram import draw
from kerasgan.diagnosis.run import diagrams, read_log
from kerasgan.modalities import write_image


class TrainingCurves(keras.callbacks.Callback):
    """Draw what `keras.callbacks.CSVLogger` has written, after every epoch.

    All losses share one diagram, of the training and of held-out data, as do all scores and the
    gradients and the steps of `Diagnosis`; every other column has its own, with the numbers of
    epochs below.
    Drawn from the file, the curves of a run that was resumed are whole.

    Args:
        path: Picture to write, in the format of its suffix.
        log: The file of the `CSVLogger`, which comes before this callback in the list; with
            `append=True` it outlives the run.

    Raises:
        FileNotFoundError: From `fit`, if nothing writes `log`.

    Example:

    ```python
    log = keras.callbacks.CSVLogger("run/log.csv", append=True)
    curves = kerasgan.callbacks.TrainingCurves("run/curves.png", "run/log.csv")
    model.fit(images, epochs=20, callbacks=[log, curves])
    ```
    """

    def __init__(self, path: str | os.PathLike, log: str | os.PathLike):
        super().__init__()
        self.path = Path(path)
        self.log = Path(log)

    def on_train_begin(self, logs=None):
        if not self.log.exists():
            raise FileNotFoundError(
                f"There is no {self.log} to draw. Put keras.callbacks.CSVLogger({str(self.log)!r}, "
                "append=True) before TrainingCurves in the list of callbacks."
            )

    def on_epoch_end(self, epoch, logs=None):
        pictures = [np.asarray(draw(c)) for c in diagrams(read_log(self.log)).values()]
        if pictures:
            write_image(self.path, np.concatenate(pictures))
