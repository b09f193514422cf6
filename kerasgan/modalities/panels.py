"""Diagrams of the columns of a table: how often each value is."""

import math

import numpy as np
from PIL import Image, ImageDraw

from kerasgan.modalities.images import make_grid

SIZE = (240, 160)
MOST = 20
REAL, MADE = (190, 190, 190), (40, 90, 200)


def panels(shown):
    """The panels of several columns as one picture.

    Args:
        shown: Iterable of `(column, real, made)`, as `panel` takes them.

    Returns:
        uint8 array `(height, width, 3)`.
    """
    made = np.stack([panel(*each) for each in shown])
    columns = math.ceil(math.sqrt(len(made)))
    rest = ((0, -len(made) % columns), (0, 0), (0, 0), (0, 0))
    return make_grid(np.pad(made, rest, constant_values=255), columns)


def panel(column, real, made):
    """How often a column has which values, in training and in samples, as a picture.

    Args:
        column: A column of a `Table`.
        real, made: Counts of the bins of a number, or of the values of a category; of these the
            first 20, the most frequent, are shown.

    Returns:
        uint8 array `(160, 240, 3)`: in grey what is real, in blue what was made.
    """
    image = Image.new("RGB", SIZE, "white")
    draw = ImageDraw.Draw(image)
    shares = [np.array(counts[:MOST]) / max(1, sum(counts)) for counts in (real, made)]
    top, width, height = max(map(max, shares)) or 1.0, SIZE[0] - 16, SIZE[1] - 44
    bar = width / len(shares[0])
    for place, pair in enumerate(zip(*shares)):
        for half, (share, colour) in enumerate(zip(pair, (REAL, MADE))):
            left = 8 + bar * (place + 0.08 + 0.42 * half)
            tall = height * share / top
            draw.rectangle((left, 24 + height - tall, left + 0.42 * bar, 24 + height), colour)
    draw.text((8, 6), column.name[:36], "black")
    if column.kind == "number":
        low, high = column.ends()
        draw.text((8, SIZE[1] - 16), low, "black")
        draw.text((SIZE[0] - 8, SIZE[1] - 16), high, "black", anchor="ra")
    else:
        named = " · ".join(str(value) for value in column.values[:4])
        draw.text((8, SIZE[1] - 16), named[:38], "black")
    return np.asarray(image)
