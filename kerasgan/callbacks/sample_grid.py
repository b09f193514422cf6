"""A picture of the same latents after every epoch."""

from pathlib import Path

import keras

from kerasgan.grid import make_grid, write_image


class SampleGrid(keras.callbacks.Callback):
    """Write a grid of samples from fixed latents at the end of every epoch.

    Of a model of classes each class has its place in the grid.

    Args:
        folder: Where `epoch_0001.png`, … go.
        n: Number of samples.
        seed: Of the latents.

    Example:

    ```python
    model.fit(images, epochs=20, callbacks=[kerasgan.callbacks.SampleGrid("grids")])
    ```
    """

    def __init__(self, folder, n=64, seed=0):
        super().__init__()
        self.folder = Path(folder)
        self.n = n
        self.seed = seed

    def on_epoch_end(self, epoch, logs=None):
        labels = self.model.grid_labels(self.n)
        samples = self.model.generate(self.n, seed=self.seed, labels=labels, verbose=False)
        write_image(self.folder / f"epoch_{epoch + 1:04d}.png", make_grid(samples))
