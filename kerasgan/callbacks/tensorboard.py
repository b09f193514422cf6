"""A run in TensorBoard: what it logs, what it draws, how the discriminator judges."""

import time

import keras
from keras import ops

from kerasgan.grid import make_grid


class TensorBoard(keras.callbacks.Callback):
    """Write an epoch's log, samples and the discriminator's scores for TensorBoard.

    The log goes in as scalars, a grid of samples from fixed latents as an image, and the
    scores (logits) of the discriminator for real and for generated images as histograms.
    Unlike `keras.callbacks.TensorBoard` it needs no TensorFlow, only the small package
    tensorboardX. Look at it with `tensorboard --logdir folder`. A run that is resumed goes on
    in the same folder.

    Args:
        folder: Where the event files go.
        images: Real images to score, as `fit` takes them: a few hundred in an array, better of
            held-out ones. As many are generated.
        labels: Their labels, for a model that takes them; the generated have the same.
        n: Samples in the grid.
        seed: Of the latents.

    Raises:
        ImportError: If tensorboardX is missing.

    Example:

    ```python
    board = kerasgan.callbacks.TensorBoard("run/board", held_out_images)
    model.fit(images, epochs=20, callbacks=[board])
    ```
    """

    def __init__(self, folder, images, labels=None, n=64, seed=0):
        super().__init__()
        try:
            from tensorboardX import SummaryWriter
        except ImportError as error:
            raise ImportError(
                "kerasgan.callbacks.TensorBoard needs tensorboardX: pip install tensorboardX"
            ) from error
        self._open = SummaryWriter
        self.folder = str(folder)
        self.images = images
        self.labels = labels
        self.n = n
        self.seed = seed

    def on_train_begin(self, logs=None):
        self._writer = None

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
        grid = model.generate(
            self.n, seed=self.seed, labels=model.grid_labels(self.n), verbose=False
        )
        self._writer.add_image("samples", make_grid(grid), step, dataformats="HWC")
        real, _, vectors = model.read_batch((self.images, self.labels))
        generated = model.generate(
            len(self.images), seed=self.seed, labels=self.labels, as_float=True, verbose=False
        )
        for name, samples in {"real": real, "generated": generated}.items():
            scores = ops.convert_to_numpy(model.discriminate(samples, vectors, training=False))
            self._writer.add_histogram(f"scores/{name}", scores, step)
        self._writer.flush()

    def on_train_end(self, logs=None):
        self._writer.close()
