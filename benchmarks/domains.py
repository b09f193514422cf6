"""Kinds of picture out of one folder, to train on: folders of PNG, for training and for tests.

    python benchmarks/domains.py sketches CELEBA OUT --size 64 --held-out 200
    python benchmarks/domains.py labels CELEBA OUT --size 64 --held-out 200 \
        --attributes celeba10k_attr.npz --kinds Black_Hair Blond_Hair
    python benchmarks/domains.py crops PHOTOGRAPHS OUT --size 128 --held-out 50 --each 8

`sketches` writes every photograph, cut to its central square, and a drawing of it: lines are where
it is darker than its surroundings, the difference of two Gaussians, as Winnemöller et al. 2012
(doi:10.1016/j.cag.2012.03.004) draw, without their soft edge. `labels` writes the photographs of
one label and not the other. `crops` writes `--each` squares of every picture, of a side between
`--size` and the picture's shorter one, and a place, drawn at random. What comes of the last
`--held-out` files, by name, is in OUT/test.
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageChops, ImageFilter, ImageOps

SUFFIXES = {".jpg", ".jpeg", ".png"}


def photograph(image, size):
    return ImageOps.fit(image.convert("RGB"), (size, size), Image.Resampling.LANCZOS)


def drawing(image, size, sigma=1.0, darker=3):
    """Black lines on white, `(size, size)`; `darker` in levels of 255."""
    image = ImageOps.fit(image.convert("L"), (2 * size, 2 * size), Image.Resampling.BICUBIC)
    fine, coarse = (image.filter(ImageFilter.GaussianBlur(sigma * k)) for k in (1, 1.6))
    lines = ImageChops.subtract(coarse, fine).point(lambda level: 0 if level >= darker else 255)
    return lines.resize((size, size), Image.Resampling.BOX)


def cropped(random):
    def crop(image, size):
        least = min(image.size)
        side = int(random.integers(min(size, least), least + 1))
        left, top = (int(random.integers(whole - side + 1)) for whole in image.size)
        box = (left, top, left + side, top + side)
        return image.convert("RGB").resize((size, size), Image.Resampling.LANCZOS, box)

    return crop


def kinds_of(args):
    """A function from a file to the folders it goes to, each with what makes the picture."""
    if args.call == "crops":
        crop = cropped(np.random.default_rng(0))
        return lambda file: {"crops": crop}
    if args.call == "sketches":
        return lambda file: {"photographs": photograph, "sketches": drawing}
    with np.load(args.attributes) as told:
        columns = [list(told["attributes"]).index(kind) for kind in args.kinds]
        labels = dict(zip(told["names"], told["attr"][:, columns].astype(bool)))

    def by_label(file):
        one, other = labels[file.name]
        return {args.kinds[int(other)].lower(): photograph} if one != other else {}

    return by_label


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("call", choices=["sketches", "labels", "crops"])
    parser.add_argument("pictures", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--held-out", type=int, default=200)
    parser.add_argument(
        "--attributes", help=".npz of names, attributes and attr, names × attributes"
    )
    parser.add_argument("--kinds", nargs=2)
    parser.add_argument("--each", type=int, default=1, help="crops of a picture")
    args = parser.parse_args()
    files = sorted(f for f in args.pictures.rglob("*") if f.suffix.lower() in SUFFIXES)
    kinds = kinds_of(args)
    for i, file in enumerate(files):
        part = args.out / ("test" if i >= len(files) - args.held_out else "train")
        for kind, make in kinds(file).items():
            (part / kind).mkdir(parents=True, exist_ok=True)
            for j in range(args.each):
                name = f"{file.stem}_{j}.png" if args.each > 1 else f"{file.stem}.png"
                make(Image.open(file), args.size).save(part / kind / name)


if __name__ == "__main__":
    main()
