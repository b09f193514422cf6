"""How long an epoch takes."""

import time

import keras


class Seconds(keras.callbacks.Callback):
    """Adds an epoch's duration to its log."""

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        logs["seconds"] = round(time.monotonic() - self.start, 2)
