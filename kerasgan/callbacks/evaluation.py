"""Metrics between real and generated images while a model trains."""

import json
import math
import os
from pathlib import Path

import keras

from kerasgan.callbacks.training_state import weights_of
from kerasgan.engine.data import named
from kerasgan.files import write_text, write_whole
from kerasgan.metrics import MetricResult


class Evaluate(keras.callbacks.Callback):
    """Measure sets of samples every few epochs, and keep the best weights.

    The figures go into the epoch's log, NaN in the epochs between: callbacks that read it,
    such as `keras.callbacks.CSVLogger`, come after this one in the list.

    Args:
        metrics: One of the metrics between two sets of images of `kerasgan.metrics`, or a list
            of them. A metric of several figures, as `PrecisionRecall`, logs each by its name.
        data: The real images, as `set_real` of a metric takes them. They are read once, when
            training begins. Then the model is measured too, so that the log has its columns,
            and mistakes show, before the first epoch.
        n: Number of samples, from the same latents or data every time.
        seed: Integer seed of the latents.
        batch: Held-out data by name, or as a tuple in the order of `model.takes`, for a model
            that makes something of what it is given; `n` of them at most are used.
        every: Epochs between two measurements.
        monitor: Name of the figure that the best weights are chosen by; None keeps none.
        mode: `"min"` or `"max"`: what the best value of `monitor` is.
        folder: Where `best.weights.h5` goes, and its epoch and value as `best.json`. A run that
            is resumed compares with what is there.

    Raises:
        ValueError: On an argument out of its range; from `fit`, if the model makes no samples of
            this batch, if no figure is called `monitor`, or if the best so far was measured in
            another way.

    Example:

    ```python
    distance = kerasgan.metrics.FrechetInceptionDistance(feature_network)
    evaluate = kerasgan.callbacks.Evaluate(
        distance, test_images, n=10_000, every=5, monitor=distance.name, folder="run"
    )
    model.fit(
        dataset, epochs=50, callbacks=[evaluate, keras.callbacks.CSVLogger("run/log.csv")]
    )
    model.load_weights("run/best.weights.h5")
    ```
    """

    def __init__(
        self,
        metrics,
        data,
        *,
        n: int = 10_000,
        seed: int = 0,
        batch: dict | tuple | None = None,
        every: int = 1,
        monitor: str | None = None,
        mode: str = "min",
        folder: str | os.PathLike | None = None,
    ):
        super().__init__()
        self.metrics = list(metrics) if isinstance(metrics, (list, tuple)) else [metrics]
        names = [metric.name for metric in self.metrics]
        if len({*names}) < len(names):
            raise ValueError(f"Each metric needs a name of its own. Received: {names}")
        if every < 1:
            raise ValueError(f"every must be at least 1. Received: every={every}")
        if mode not in ("min", "max"):
            raise ValueError(f"mode must be 'min' or 'max'. Received: mode={mode!r}")
        if (monitor is None) != (folder is None):
            raise ValueError(
                "monitor and folder go together: what chooses the best weights, and where they "
                f"go. Received: monitor={monitor!r}, folder={folder!r}"
            )
        self.data = data
        self.n = n
        self.seed = seed
        self.batch = batch
        self.every = every
        self.monitor = monitor
        self.mode = mode
        self.folder = folder and Path(folder)
        self._figures = None

    def on_train_begin(self, logs=None):
        if self._figures is None:
            for metric in self.metrics:
                metric.set_real(self.data)
        self._figures = self._measure()
        if self.monitor:
            if self.monitor not in self._figures:
                raise ValueError(
                    f"monitor must be one of {', '.join(self._figures)}. "
                    f"Received: monitor={self.monitor!r}"
                )
            self._is_better(self._figures[self.monitor], self._best())

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self.every:
            logs.update(dict.fromkeys(self._figures, math.nan))
            return
        self._figures = self._measure()
        # As plain floats: a CSV would get their conditions too.
        logs.update({name: float(figure) for name, figure in self._figures.items()})
        if self.monitor and self._is_better(self._figures[self.monitor], self._best()):
            self._keep(epoch, self._figures[self.monitor])

    def _measure(self):
        """Dict from names to `MetricResult`."""
        batch = None if self.batch is None else named(self.batch, self.model.takes)
        samples = self.model.samples(self.n, seed=self.seed, batch=batch)
        figures = {}
        for metric in self.metrics:
            metric.generated = metric.stream()
            metric.update_state(None, samples)
            result = metric.result()
            figures |= result if isinstance(result, dict) else {metric.name: result}
        return figures

    def _is_better(self, figure, best):
        if best is None:
            return math.isfinite(figure)
        # The file's conditions know no tuples.
        figure = MetricResult(figure, json.loads(json.dumps(figure.conditions)))
        return figure < best if self.mode == "min" else figure > best

    def _best(self):
        path = self.folder / "best.json"
        if not path.exists():
            return None
        best = json.loads(path.read_text(encoding="utf-8"))
        if best["monitor"] != self.monitor:
            raise ValueError(
                f"{path} has the best {best['monitor']}. Choose another folder. "
                f"Received: monitor={self.monitor!r}"
            )
        return MetricResult(best["value"], best["conditions"])

    def _keep(self, epoch, figure):
        best = {
            "epoch": epoch + 1,
            "monitor": self.monitor,
            "value": float(figure),
            "conditions": figure.conditions,
        }
        # In this order: a record never promises weights that are not there.
        path = self.folder / "best.weights.h5"
        write_whole(path, lambda temporary: temporary.write_bytes(weights_of(self.model, path)))
        write_text(self.folder / "best.json", json.dumps(best, indent=2))
