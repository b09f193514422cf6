"""The whole state of a run in one file, which a kill cannot tear."""

import os
from pathlib import Path

import keras


class TrainingState(keras.callbacks.Callback):
    """Save weights, optimizers, random states and step after every epoch.

    Unlike `keras.callbacks.BackupAndRestore`, the epoch is read off the step counter in
    the same file, and the file is renamed into place: a run killed at any moment goes on
    from the last whole epoch, with the bits it would have had.

    Args:
        path: File, ending in `.weights.h5`.
        steps_per_epoch: Number of batches of an epoch.

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

    def restore(self, model: keras.Model) -> int:
        """Load what was saved, if anything was; returns the epoch to go on with."""
        if not self.path.exists():
            return 0
        model.load_weights(self.path)
        return int(model.optimizer.iterations) // self.steps_per_epoch

    def on_epoch_end(self, epoch, logs=None):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.path.with_name(f"new.{self.path.name}")
        self.model.save_weights(temporary)
        os.replace(temporary, self.path)
