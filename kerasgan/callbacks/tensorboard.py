"""A run in TensorBoard: what it logs, what it draws, how the discriminator judges."""

import os
import sys
import time

import keras

from kerasgan.callbacks.looking import Look
from kerasgan.engine.data import named

SCORES = {"real_logits": "real", "fake_logits": "generated"}


class TensorBoard(keras.callbacks.Callback):
    """Write an epoch's log, samples and the discriminator's scores for TensorBoard.

    The log goes in as scalars, the model's preview as an image, and the scores (logits) of the
    discriminator for real and for generated samples, as in a step, as histograms. Unlike
    `keras.callbacks.TensorBoard` it needs no TensorFlow, only the small package tensorboardX.
    Look at it with `tensorboard --logdir folder`. A run that is resumed goes on in the same
    folder.

    Args:
        folder: Where the event files go.
        batch: Real data to score and to show, as `fit` takes them: an array of a few hundred, a
            tuple in the order of `model.takes`, or a dict; better of held-out ones. As many are
            generated. None for no histograms.
        n: Samples in the preview.
        seed: Of the latents.

    Raises:
        ImportError: If tensorboardX is missing.
        ValueError: From `fit`, on data that the model cannot train on, or fewer than 2 samples.

    Example:

    ```python
    board = kerasgan.callbacks.TensorBoard("run/board", held_out_images)
    model.fit(images, epochs=20, callbacks=[board])
    ```
    """

    def __init__(self, folder: str | os.PathLike, batch=None, *, n: int = 64, seed: int = 0):
        super().__init__()
        try:
            from tensorboardX import SummaryWriter
        except ImportError as error:
            raise ImportError(
                "kerasgan.callbacks.TensorBoard needs tensorboardX: pip install tensorboardX"
            ) from error
        self._open = SummaryWriter
        self.folder = str(folder)
        self.batch = batch
        self.n = n
        self.seed = seed

    def on_train_begin(self, logs=None):
        self._writer, self._look = None, None
        if self.batch is not None:
            self._look = Look(self.model, self._see, {"real": self.batch}, sys.maxsize, self.seed)

    def _see(self, batches):
        judged = self.model.judged(batches["real"])
        return {SCORES[name]: value for name, value in judged.items() if name in SCORES}

    def on_epoch_begin(self, epoch, logs=None):
        if self._writer is None:
            # What a killed run wrote of this epoch and later ones is to be hidden.
            # Files are named by the second: without more, a run that is resumed within one
            # would write over what there is.
            suffix = f".{time.time_ns()}"
            self._writer = self._open(self.folder, purge_step=epoch + 1, filename_suffix=suffix)

    def on_epoch_end(self, epoch, logs=None):
        model, step = self.model, epoch + 1
        for name, value in logs.items():
            self._writer.add_scalar(name, value, step)
        batch = None if self.batch is None else named(self.batch, model.takes)
        picture = model.preview(self.n, seed=self.seed, batch=batch)
        self._writer.add_image("samples", picture, step, dataformats="HWC")
        for name, scores in (self._look() if self._look else {}).items():
            self._writer.add_histogram(f"scores/{name}", scores, step)
        self._writer.flush()

    def on_train_end(self, logs=None):
        self._writer.close()
