"""Diagrams of series: curves over time, a panel a variable."""

import numpy as np
from PIL import Image, ImageDraw

SIZE = (360, 130)
MOST = 24
# Shades of one hue, so that a curve can be followed: grey for the first group of two, blue.
SHADES = [
    [(level,) * 3 for level in (90, 130, 170)],
    [(20, 60, 170), (60, 120, 220), (120, 170, 240)],
]
FINER = 2


def line_panels(variables, groups):
    """Samples as curves.

    Args:
        variables: List of dicts with `name`, `low` and `high`, one a variable.
        groups: Dict from a title to samples `(n, length, variables)`, NaN where one is missing; a
            column of panels each, of the first 24 samples.

    Returns:
        uint8 array `(height, width, 3)`: a row a variable.
    """
    shades = SHADES[-len(groups) :]
    rows = [
        np.concatenate(
            [
                _panel(variable, title, samples[:MOST, :, i], colours)
                for (title, samples), colours in zip(groups.items(), shades)
            ],
            axis=1,
        )
        for i, variable in enumerate(variables)
    ]
    return np.concatenate(rows)


def _panel(variable, title, curves, colours):
    width, height = (side * FINER for side in SIZE)
    image = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(image)
    margin, top = 8 * FINER, 22 * FINER
    low, high = variable["low"], variable["high"]
    across = np.linspace(margin, width - margin, curves.shape[1])
    up = (curves - low) / ((high - low) or 1.0)
    for number, places in enumerate(height - margin - up * (height - margin - top)):
        colour = colours[number % len(colours)]
        points = list(zip(across, places))
        for (x, y), (to_x, to_y) in zip(points, points[1:]):
            # Neither end is missing.
            if y == y and to_y == to_y:
                draw.line((x, y, to_x, to_y), colour, FINER)
    image = image.resize(SIZE, Image.Resampling.BOX)
    draw = ImageDraw.Draw(image)
    draw.text((8, 4), f"{variable['name'][:28]}  {low:.4g} to {high:.4g}", "black")
    draw.text((SIZE[0] - 8, 4), title, "black", anchor="ra")
    return np.asarray(image)
