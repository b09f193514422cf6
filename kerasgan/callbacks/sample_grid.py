"""A picture of what a model makes of the same things as training goes on."""

import math
import os
from pathlib import Path

import keras
from PIL import Image

from kerasgan.engine.data import named
from kerasgan.files import write_whole
from kerasgan.marks import marking_made, xmp
from kerasgan.modalities import write_image


class SampleGrid(keras.callbacks.Callback):
    """Write a model's preview every few epochs or steps, always of the same latents or data.

    Of a model of classes each class has its place in the grid. With held-out data the log of
    every epoch gets what the model measures on them: `held_out_psnr` of one that enlarges,
    `held_out_error` of one that translates. The pictures say in their metadata what made them, as
    `kerasgan.marks` has it. Callbacks that write the log, such as
    `keras.callbacks.CSVLogger`, come after this one in the list then.

    Args:
        folder: Where `epoch_0001.png`, … or `step_00000100.png`, … go.
        n: Number of samples.
        seed: Of the latents.
        every: Epochs or steps between two grids.
        unit: `"epoch"` or `"step"`; steps are counted over all epochs.
        animation: Whether to write `animation.webp` into the folder at the end of training:
            a frame of each grid there (of more than 300, evenly chosen ones), so that a run that
            was resumed is shown from its start.
        batch: Held-out data by name, or as a tuple in the order of `model.takes`; needed by a
            model that makes something of what it is given.

    Raises:
        ValueError: On `every` below 1 or another `unit`; from `fit`, before the first step, if
            the model cannot show anything of this batch.

    Example:

    ```python
    grids = kerasgan.callbacks.SampleGrid("grids", every=500, unit="step", animation=True)
    model.fit(images, epochs=20, callbacks=[grids])
    ```
    """

    FRAMES = 300

    def __init__(
        self,
        folder: str | os.PathLike,
        *,
        n: int = 64,
        seed: int = 0,
        every: int = 1,
        unit: str = "epoch",
        animation: bool = False,
        batch: dict | tuple | None = None,
    ):
        super().__init__()
        if every < 1:
            raise ValueError(f"every must be at least 1. Received: every={every}")
        if unit not in ("epoch", "step"):
            raise ValueError(f"unit must be 'epoch' or 'step'. Received: unit={unit!r}")
        self.folder = Path(folder)
        self.n = n
        self.seed = seed
        self.every = every
        self.unit = unit
        self.animation = animation
        self.batch = batch

    def on_train_begin(self, logs=None):
        # What cannot be shown should not be found out after an epoch.
        self._preview()

    def on_epoch_begin(self, epoch, logs=None):
        if self.unit == "step":
            self._first = int(self.model.optimizer.iterations)
            self._drawn = self._first // self.every

    # Not `on_train_batch_end`: with it, Keras waits for the losses of every step.
    def on_train_batch_begin(self, batch, logs=None):
        if self.unit == "step":
            self._reach(self._first + batch)

    def on_epoch_end(self, epoch, logs=None):
        if self.unit == "step":
            self._reach(int(self.model.optimizer.iterations))
        elif (epoch + 1) % self.every == 0:
            self._draw(f"epoch_{epoch + 1:04d}.png")
        if self.batch is not None:
            logs.update(self.model.measure(self._named()))

    def _reach(self, step):
        # A step of `steps_per_execution` may leap over a multiple.
        if step // self.every > self._drawn:
            self._drawn = step // self.every
            self._draw(f"step_{step:08d}.png")

    def _draw(self, name):
        preview = self._preview()
        with self._marking():
            write_image(self.folder / name, preview)

    def _marking(self):
        return marking_made(type(self.model).__name__, self.model.verb)

    def _preview(self):
        return self.model.preview(self.n, seed=self.seed, batch=self._named())

    def _named(self):
        return None if self.batch is None else named(self.batch, self.model.takes)

    def on_train_end(self, logs=None):
        paths = sorted(self.folder.glob(f"{self.unit}_*.png")) if self.animation else []
        if not paths:
            return
        # From the last one backwards: Pillow holds all frames in memory.
        paths = paths[:: -math.ceil(len(paths) / self.FRAMES)][::-1]
        # Loaded, so that not all of the files are open at once.
        frames = [Image.open(path).convert("RGB") for path in paths]
        # Grids of another number of samples, which an earlier run has left, fit no frame.
        first, *others = (frame for frame in frames if frame.size == frames[-1].size)
        options = {"append_images": others, "duration": 200, "loop": 0, "quality": 90}
        with self._marking():
            options |= xmp.options(".webp", xmp.marked())
        write_whole(
            self.folder / "animation.webp", lambda path: first.save(path, save_all=True, **options)
        )
