"""Whether every batch can be trained on: counted in the steps, and said once."""

import math

import keras
from keras import ops

from kerasgan.engine import backend


class Watches:
    """What `AdversarialModel` does about batches after the first, which nobody looks at."""

    def _start_watching(self):
        self.wrong = {name: keras.metrics.Sum(f"wrong_{name}") for name in self.takes}
        self.total = _Total(self._total)

    def watch(self, given):
        """Count what is wrong with a batch, a dict of tensors by name; inside a step."""
        for name, value in given.items():
            wrong = self.modalities[name].wrong(value)
            if wrong is not None:
                self.wrong[name].update_state(wrong)

    def refuse_wrong(self):
        """Raise a `ValueError` if a step of this epoch was given what cannot be trained on."""
        for name, metric in self.wrong.items():
            if count := int(metric.result()):
                self.reset_metrics()
                raise ValueError(
                    f"A batch after the first was not as it should be. {self._expected(name)} "
                    f"Received in {name}: {count} of NaN, infinite or out of range. The weights "
                    "may have moved by them: mend the data, and begin with those from before."
                )

    def _total(self):
        losses = [self.trackers[f"{player}_loss"].result() for player in self.players]
        wrong = sum(metric.result() for metric in self.wrong.values())
        # So that a step with a wrong batch is noticed at once, by `_Notices` and by others.
        return ops.where(wrong > 0, math.nan, sum(losses))

    @property
    def metrics(self):
        return [self.total, *self.trackers.values()]

    @property
    def metrics_variables(self):
        return [v for m in (*self.metrics, *self.wrong.values()) for v in m.variables]

    def reset_metrics(self):
        super().reset_metrics()
        for metric in self.wrong.values():
            metric.reset_state()

    def get_metrics_result(self):
        # Keras asks at the end of an epoch, before callbacks save what it has led to.
        self.refuse_wrong()
        return super().get_metrics_result()


class _Total(keras.metrics.Metric):
    """The sum of the players' losses."""

    def __init__(self, result):
        super().__init__(name="loss")
        self.result = result


class Notices(keras.callbacks.Callback):
    """End a run at the batch that is wrong, not at the end of its epoch."""

    # Keras may then call `on_train_batch_end` in a thread, and waits for no step's losses.
    async_safe = True

    def on_epoch_begin(self, epoch, logs=None):
        self.suspected = self.looked = False

    def on_train_batch_end(self, batch, logs=None):
        self.suspected |= not math.isfinite(logs["loss"])

    def on_train_batch_begin(self, batch, logs=None):
        if self.suspected and not self.looked:
            self.looked = True
            backend.sync_state(self.model)
            self.model.refuse_wrong()
