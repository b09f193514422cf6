"""The whole state of a run in one file, which neither a kill nor a flipped bit can falsify."""

import hashlib
import io
import os
from pathlib import Path

import keras

from kerasgan.files import write_whole

DIGEST = hashlib.blake2b().digest_size


class TrainingState(keras.callbacks.Callback):
    """Save weights, optimizers, random states and step after every epoch.

    Unlike `keras.callbacks.BackupAndRestore`, the epoch is read off the step counter in
    the same file, and the file is renamed into place: a run killed at any moment goes on
    from the last whole epoch, with the bits it would have had. A checksum stands behind the
    weights. The state before is kept beside the file, as `previous.<name>`, and taken where the
    last one is damaged; a line says so.

    It comes last in the list of callbacks: an epoch counts as done when all that belongs to it,
    such as its row of the log, is there.

    Args:
        path: File, ending in `.weights.h5`.
        steps_per_epoch: Number of batches of an epoch.

    Raises:
        ValueError: From `restore`, if all that there is is damaged.
        OSError: From `fit`, if the file cannot be written; what was there is left as it was.

    Example:

    ```python
    state = kerasgan.callbacks.TrainingState("run/state.weights.h5", len(dataset))
    first = state.restore(model)
    dataset.epoch = first
    model.fit(dataset, initial_epoch=first, epochs=50, callbacks=[state])
    ```
    """

    def __init__(self, path: str | os.PathLike, steps_per_epoch: int):
        super().__init__()
        self.path = Path(path)
        self.steps_per_epoch = steps_per_epoch
        self._previous = self.path.with_name(f"previous.{self.path.name}")

    def restore(self, model: keras.Model) -> int:
        """Load what was saved, if anything was; returns the epoch to go on with."""
        if not (self.path.exists() or self._previous.exists()):
            return 0
        content = _whole(self.path)
        if content is None:
            content = _whole(self._previous)
            if content is None:
                raise ValueError(
                    f"{self.path} is damaged (cut, changed, or of an earlier version of kerasgan), "
                    "and there is no whole state before it. Put back a copy, or begin anew in "
                    "another folder."
                )
            print(f"{self.path} is damaged or missing: going on from the state before it.")
            os.replace(self._previous, self.path)
        model.load_weights(Weights(self.path, content))
        return int(model.optimizer.iterations) // self.steps_per_epoch

    def on_epoch_end(self, epoch, logs=None):
        def write(temporary):
            with open(temporary, "wb") as file:
                file.write(content)
                file.write(hashlib.blake2b(content).digest())
                file.flush()
                os.fsync(file.fileno())
            if self.path.exists():
                os.replace(self.path, self._previous)

        content = weights_of(self.model, self.path)
        write_whole(self.path, write)


class Weights(io.BytesIO):
    """The content of a file of weights, as Keras takes it, with the name of the file.

    HDF5's own file object ends the process where the disk is full.
    """

    def __init__(self, path, content=b""):
        super().__init__(content)
        self.path = path

    def __str__(self):
        return str(self.path)


def weights_of(model, path):
    """What `model.save_weights(path)` would write, in memory."""
    content = Weights(path)
    model.save_weights(content)
    return content.getbuffer()


def _whole(path):
    """What a file of this callback holds, or None if it is not what was written."""
    content = path.read_bytes() if path.exists() else b""
    weights = memoryview(content)[:-DIGEST]
    return weights if hashlib.blake2b(weights).digest() == content[-DIGEST:] else None
