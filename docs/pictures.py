"""The pictures of the course, from what its pages compute: python docs/pictures.py [NAME ...]"""

import contextlib
import os
import re
import sys
import tempfile
from pathlib import Path

import numpy as np

from kerasgan.marks import Mark, marking
from kerasgan.modalities import Images, make_grid

PAGES = Path(__file__).parent / "pages"
SIDE = 160


def run(page):
    """What the blocks of a page leave behind, by name."""
    (path,) = (PAGES / "en" / "course").glob(f"{page:02}-*.md")
    code = re.findall(r"```python\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)
    names = {"__name__": "__main__"}
    here = os.getcwd()
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        os.chdir(folder)
        stack.callback(os.chdir, here)
        for block in code:
            exec(block, names)
    return names


def plane(points, reach=1.6):
    """Points of the plane within `reach` of its origin, black on white in a frame."""
    picture = np.full((SIDE, SIDE, 1), 255, "uint8")
    places = np.rint((points / reach + 1) / 2 * (SIDE - 1)).astype(int)
    across, up = places[((places > 0) & (places < SIDE - 1)).all(axis=1)].T
    for down, right in np.ndindex(2, 2):
        picture[SIDE - 1 - up + down, across + right] = 0
    picture[[0, -1]] = picture[:, [0, -1]] = 160
    return picture


def rows(*kinds):
    """A row a sample, a column a kind, as an array of pictures."""
    return np.stack([picture for sample in zip(*kinds) for picture in sample]), len(kinds)


def convergence():
    paths = run(2)["paths"]
    return np.stack([plane(paths[0.0]), plane(paths[0.1])]), 2


def collapse():
    names = run(3)
    return np.stack([plane(names[name][:1000]) for name in ("ill", "cured", "data")]), 3


def dcgan():
    names = run(4)
    grids = [make_grid(names[name][:16]) for name in ("images", "after")]
    return np.stack([np.kron(grid, np.ones((3, 3, 1), "uint8")) for grid in grids]), 2


def super_resolution():
    names = run(8)
    return rows(*names["made"].values(), names["large"])


def inpainting():
    names = run(9)
    holes = names["faces"].copy()
    holes[names["masks"]] = 255
    return rows(names["faces"], holes, names["filled"])


def style():
    names = run(10)
    return np.stack([names["faces"][1], names["painted"][1]])[:, ::2, ::2], 2


def translation():
    names = run(11)
    return np.concatenate([names["sketch"][None], names["answers"]]), 5


def case():
    names = run(18)
    strengths = [names["model"].upscale(names["small"], strength=s) for s in (0.0, 0.5, 1.0)]
    return rows(*strengths, names["large"])


def main(asked):
    (PAGES / "pictures").mkdir(exist_ok=True)
    pictures = (
        convergence,
        collapse,
        dcgan,
        super_resolution,
        inpainting,
        style,
        translation,
        case,
    )
    for make in pictures:
        if asked and make.__name__ not in asked:
            continue
        images, columns = make()
        # In 32 levels, which are hardly seen, a PNG takes half.
        grid = make_grid(images // 8 * 8 + images // 8 // 4, columns)
        with marking(Mark("the course of kerasgan")):
            Images().write(grid[None], PAGES / "pictures" / f"{make.__name__}.png")


if __name__ == "__main__":
    main(sys.argv[1:])
