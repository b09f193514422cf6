"""Drawings of photographs: a folder of them, for `munit` or `cut` from a sketch to a photograph.

    python benchmarks/edges.py FACES OUT --size 64

Lines are where a photograph is darker than its surroundings: the difference of two Gaussians, as
Winnemöller et al. 2012 (doi:10.1016/j.cag.2012.03.004) draw, without their soft edge.
"""

import argparse
from pathlib import Path

from PIL import Image, ImageChops, ImageFilter, ImageOps


def drawing(photograph, size, sigma=1.0, darker=3):
    """Black lines on white, `(size, size)`; `darker` in levels of 255."""
    image = ImageOps.fit(photograph.convert("L"), (2 * size, 2 * size), Image.Resampling.BICUBIC)
    fine, coarse = (image.filter(ImageFilter.GaussianBlur(sigma * k)) for k in (1, 1.6))
    lines = ImageChops.subtract(coarse, fine).point(lambda level: 0 if level >= darker else 255)
    return lines.resize((size, size), Image.Resampling.BOX)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photographs", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--size", type=int, default=64)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for file in sorted(args.photographs.rglob("*.jpg")):
        drawing(Image.open(file), args.size).save(args.out / f"{file.stem}.png")


if __name__ == "__main__":
    main()
