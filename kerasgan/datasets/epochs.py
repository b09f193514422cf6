"""The epoch that a dataset which orders itself is in."""


class CountsEpochs:
    """A `keras.utils.PyDataset` that knows its epoch.

    Attributes:
        epoch: Integer; the end of an epoch raises it, and it may be set.
    """

    @property
    def epoch(self):
        return self._epoch

    @epoch.setter
    def epoch(self, epoch):
        self._epoch = epoch
        self._begun = False

    def on_epoch_begin(self):
        self._begun = True

    def on_epoch_end(self):
        # Keras also ends an epoch before the first one begins.
        if self._begun:
            self.epoch += 1
