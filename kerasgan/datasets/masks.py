"""Holes drawn at random: strokes of a brush, Yu et al. 2019 (arXiv:1806.03589), and boxes."""

import math
from numbers import Integral, Real
from typing import Literal

import numpy as np
from PIL import Image, ImageDraw

Holes = Literal["free_form", "box", "mixed", "centre"]


def draw_mask(
    size: tuple[int, int],
    random: np.random.Generator,
    holes: Holes = "mixed",
    share: tuple[float, float] = (0.05, 0.6),
) -> np.ndarray:
    """A mask of one or more holes, whose share of the image lies in a range.

    A share is drawn from the range, and strokes or boxes are drawn until they cover as much. One
    that would cover more than the range allows is drawn anew, or smaller.

    Args:
        size: `(height, width)`.
        random: What draws: the same state gives the same mask.
        holes: `"free_form"`, strokes of a brush that turn back and forth, as thick as the paper's
            for the size; `"box"`, boxes of up to half of each side; `"mixed"`, one or the other,
            with probability 1/2; or `"centre"`, one box of half of each side in the middle,
            whatever `share` is.
        share: `(low, high)`, at least 0 and below 1.

    Returns:
        uint8 array `(height, width, 1)`: 255 in holes, 0 elsewhere.

    Raises:
        ValueError: On an argument out of its range, or if no number of pixels is such a share.

    Example:

    ```python
    mask = kerasgan.datasets.draw_mask((128, 128), np.random.default_rng(0), share=(0.2, 0.4))
    ```

    Reference: Yu, Lin, Yang, Shen, Lu and Huang 2019, "Free-Form Image Inpainting with Gated
    Convolution", arXiv:1806.03589, section 3.5 and appendix.
    """
    check_holes(size, holes, share)
    height, width = size
    if holes == "centre":
        drawn = np.zeros(size, bool)
        top, left = height // 4, width // 4
        drawn[top : top + (height + 1) // 2, left : left + (width + 1) // 2] = True
    else:
        if holes == "mixed":
            holes = ("free_form", "box")[random.integers(2)]
        drawn = _covered(size, random, {"free_form": _stroke, "box": _box}[holes], *share)
    return np.where(drawn, 255, 0).astype("uint8")[..., None]


def check_holes(size, holes, share):
    """Refuse what `draw_mask` cannot draw."""
    if not (_are(Integral, size) and min(size) > 0):
        raise ValueError(f"size must be (height, width), 1 or more pixels. Received: size={size!r}")
    if holes not in Holes.__args__:
        raise ValueError(
            f"holes must be one of {', '.join(map(repr, Holes.__args__))}. "
            f"Received: holes={holes!r}"
        )
    if not (_are(Real, share) and 0 <= share[0] <= share[1] < 1):
        raise ValueError(
            "share must be (low, high), 0 or more and below 1, the lower one first. "
            f"Received: share={share!r}"
        )
    pixels = math.prod(size)
    if max(math.ceil(share[0] * pixels), 1) > share[1] * pixels:
        raise ValueError(
            f"Of the {pixels} pixels of {size[0]}×{size[1]} no number, from 1 on, is a share in "
            f"that range: widen it. Received: share={share!r}"
        )


def _are(kind, values):
    """Whether this is a pair of numbers of a kind."""
    is_pair = isinstance(values, (tuple, list)) and len(values) == 2
    return is_pair and all(isinstance(value, kind) for value in values)


def _covered(size, random, shape, low, high):
    drawn, scale = np.zeros(size, bool), 1.0
    wanted = random.uniform(low, high)
    while not drawn.any() or drawn.mean() < wanted:
        more = drawn | shape(size, random, scale)
        if more.mean() <= high:
            drawn = more
        elif drawn.any() and drawn.mean() >= low:
            break
        else:
            # Down to single pixels, if need be.
            scale *= 0.7
    return drawn


def _stroke(size, random, scale):
    """A stroke as in the authors' code, which has 12 to 40 pixels of width for 256 of side."""
    height, width = size
    brush = max(1, round(random.uniform(12, 40) / 256 * min(size) * scale))
    reach = math.hypot(height, width) / 8 * scale
    middle, turned = 2 * math.pi / 5, random.uniform(0, 2 * math.pi)
    points = [(random.uniform(0, width - 1), random.uniform(0, height - 1))]
    for i in range(random.integers(4, 13)):
        angle = middle + random.uniform(-1, 1) * 2 * math.pi / 15
        angle = turned + (angle if i % 2 else -angle)
        length = np.clip(random.normal(reach, reach / 2), 0, 2 * reach)
        x, y = points[-1]
        x = np.clip(x + length * math.cos(angle), 0, width - 1)
        y = np.clip(y + length * math.sin(angle), 0, height - 1)
        points.append((float(x), float(y)))
    picture = Image.new("L", (width, height))
    draw = ImageDraw.Draw(picture)
    draw.line(points, 1, brush)
    radius = (brush - 1) / 2
    for x, y in points:
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), 1)
    return np.asarray(picture) > 0


def _box(size, random, scale):
    drawn = np.zeros(size, bool)
    sides = [max(1, round(random.uniform(0.1, 0.5) * scale * side)) for side in size]
    top, left = (random.integers(0, full - part + 1) for full, part in zip(size, sides))
    drawn[top : top + sides[0], left : left + sides[1]] = True
    return drawn
