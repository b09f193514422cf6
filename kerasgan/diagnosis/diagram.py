"""Curves over epochs as a picture."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 720, 220
LEFT, RIGHT, TOP, BOTTOM = 80, WIDTH - 20, 30, HEIGHT - 36
# Okabe and Ito's, which the colour-blind can tell apart too.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")


def draw(curves):
    """A diagram of curves as a Pillow image.

    Args:
        curves: Dict from a name to a curve, a dict from an epoch to a finite float; none is
            empty.
    """
    image = Image.new("RGB", (WIDTH, HEIGHT), "white")
    pen = ImageDraw.Draw(image)
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
        pen.line([(LEFT, y), (RIGHT, y)], "#dddddd")
        pen.text((LEFT - 6, y), f"{value:.4g}", "black", font, anchor="rm")
    for epoch in sorted({int(e) for e in np.linspace(start, end, 6)}):
        x = place(epoch, low)[0]
        pen.line([(x, BOTTOM), (x, BOTTOM + 4)], "black")
        pen.text((x, BOTTOM + 6), str(epoch), "black", font, anchor="ma")
    pen.text((RIGHT, BOTTOM + 21), "epoch", "black", font, anchor="ra")
    pen.line([(LEFT, TOP), (LEFT, BOTTOM), (RIGHT, BOTTOM)], "black")
    x = LEFT
    for i, (name, curve) in enumerate(curves.items()):
        colour = COLOURS[i % len(COLOURS)]
        places = [place(*point) for point in sorted(curve.items())]
        pen.line(places, colour, 2)
        for at in places if len(places) < 50 else ():
            pen.circle(at, 2, colour)
        pen.text((x, 8), name, colour, font)
        x += pen.textlength(name, font) + 16
    return image
