"""Losses and scores of a run as a picture."""

from pathlib import Path

import keras
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from kerasgan.diagnosis.run import diagrams, read_log
from kerasgan.grid import write_image

WIDTH, HEIGHT = 720, 220
LEFT, RIGHT, TOP, BOTTOM = 80, WIDTH - 20, 30, HEIGHT - 36
# Okabe and Ito's, which the colour-blind can tell apart too.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")


class TrainingCurves(keras.callbacks.Callback):
    """Draw what `keras.callbacks.CSVLogger` has written, after every epoch.

    All losses share one diagram, of the training and of held-out data, as do all scores and the
    gradients and the steps of `Diagnosis`; every other column has its own, with the numbers of
    epochs below.
    Drawn from the file, the curves of a run that was resumed are whole.

    Args:
        path: Picture to write, in the format of its suffix.
        log: The file of the `CSVLogger`, which comes before this callback in the list; with
            `append=True` it outlives the run.

    Raises:
        FileNotFoundError: From `fit`, if nothing writes `log`.

    Example:

    ```python
    log = keras.callbacks.CSVLogger("run/log.csv", append=True)
    curves = kerasgan.callbacks.TrainingCurves("run/curves.png", "run/log.csv")
    model.fit(images, epochs=20, callbacks=[log, curves])
    ```
    """

    def __init__(self, path, log):
        super().__init__()
        self.path = Path(path)
        self.log = Path(log)

    def on_train_begin(self, logs=None):
        if not self.log.exists():
            raise FileNotFoundError(
                f"There is no {self.log} to draw. Put keras.callbacks.CSVLogger({str(self.log)!r}, "
                "append=True) before TrainingCurves in the list of callbacks."
            )

    def on_epoch_end(self, epoch, logs=None):
        pictures = [np.asarray(_draw(c)) for c in diagrams(read_log(self.log)).values()]
        if pictures:
            write_image(self.path, np.concatenate(pictures))


def _draw(curves):
    image = Image.new("RGB", (WIDTH, HEIGHT), "white")
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(13)
    points = np.array([point for curve in curves.values() for point in curve.items()])
    (start, low), (end, high) = points.min(axis=0), points.max(axis=0)
    margin = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
    low, high = low - margin, high + margin

    def place(epoch, value):
        across = (epoch - start) / (end - start) if end > start else 0.5
        return LEFT + across * (RIGHT - LEFT), BOTTOM - (value - low) / (high - low) * (
            BOTTOM - TOP
        )

    for value in np.linspace(low, high, 5):
        y = place(start, value)[1]
        draw.line([(LEFT, y), (RIGHT, y)], "#dddddd")
        draw.text((LEFT - 6, y), f"{value:.4g}", "black", font, anchor="rm")
    for epoch in sorted({int(e) for e in np.linspace(start, end, 6)}):
        x = place(epoch, low)[0]
        draw.line([(x, BOTTOM), (x, BOTTOM + 4)], "black")
        draw.text((x, BOTTOM + 6), str(epoch), "black", font, anchor="ma")
    draw.text((RIGHT, BOTTOM + 21), "epoch", "black", font, anchor="ra")
    draw.line([(LEFT, TOP), (LEFT, BOTTOM), (RIGHT, BOTTOM)], "black")
    x = LEFT
    for i, (name, curve) in enumerate(curves.items()):
        colour = COLOURS[i % len(COLOURS)]
        places = [place(*point) for point in sorted(curve.items())]
        draw.line(places, colour, 2)
        for at in places if len(places) < 50 else ():
            draw.circle(at, 2, colour)
        draw.text((x, 8), name, colour, font)
        x += draw.textlength(name, font) + 16
    return image
