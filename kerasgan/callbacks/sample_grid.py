"""A picture of the same latents as training goes on."""

import math
from pathlib import Path

import keras
from PIL import Image

from kerasgan.files import write_whole
from kerasgan.grid import make_grid, write_image


class SampleGrid(keras.callbacks.Callback):
    """Write a grid of samples from fixed latents every few epochs or steps.

    Of a model of classes each class has its place in the grid.

    Args:
        folder: Where `epoch_0001.png`, … or `step_00000100.png`, … go.
        n: Number of samples.
        seed: Of the latents.
        every: Epochs or steps between two grids.
        unit: `"epoch"` or `"step"`; steps are counted over all epochs.
        animation: Whether to write `animation.webp` into the folder at the end of training:
            a frame of each grid there (of more than 300, evenly chosen ones), so that a run that
            was resumed is shown from its start.

    Raises:
        ValueError: On `every` below 1 or another `unit`.

    Example:

    ```python
    grids = kerasgan.callbacks.SampleGrid("grids", every=500, unit="step", animation=True)
    model.fit(images, epochs=20, callbacks=[grids])
    ```
    """

    FRAMES = 300

    def __init__(self, folder, n=64, seed=0, every=1, unit="epoch", animation=False):
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

    def _reach(self, step):
        # A step of `steps_per_execution` may leap over a multiple.
        if step // self.every > self._drawn:
            self._drawn = step // self.every
            self._draw(f"step_{step:08d}.png")

    def _draw(self, name):
        labels = self.model.grid_labels(self.n)
        samples = self.model.generate(self.n, seed=self.seed, labels=labels, verbose=False)
        write_image(self.folder / name, make_grid(samples))

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
        write_whole(
            self.folder / "animation.webp",
            lambda path: first.save(
                path, save_all=True, append_images=others, duration=200, loop=0, quality=90
            ),
        )
