"""What is left of a mark after somebody worked on the picture, and what it costs?

    python benchmarks/marks.py dcgan_celeba --data CELEBA --crop 76

Of pictures that an entry draws, each watermarked and then attacked: the share in which the
watermark is found, and of as many real pictures, attacked alike, the share in which it is found
although it is not there. It holds one bit: the share that is not found is its bit error. Metadata
is found where the attack wrote the file by a program that copies it, which the rows say of
Pillow's plain `save`. Then what the watermark does to the pictures, as a signal-to-noise ratio and
as the Fréchet distance to the real ones in kerasgan's own features, and the time of marking 16
pictures, of the whole command that makes them, and of reading 1,000 of them.
"""

import argparse
import io
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter
from results import record

import kerasgan
from kerasgan.marks import Mark, marking, read_marks
from kerasgan.marks.reading import read_files
from kerasgan.marks.watermark import FALSE_POSITIVES, p_value, watermarked
from kerasgan.metrics import FrechetInceptionDistance, default_features
from kerasgan.modalities import write_image

FEW = 40


def jpeg(quality, before=lambda picture: picture):
    def attack(picture):
        file = io.BytesIO()
        before(picture).save(file, "JPEG", quality=quality)
        return Image.open(file)

    return attack


def resized(scale, filter=Image.Resampling.BICUBIC):
    def attack(picture):
        size = [max(1, round(side * scale)) for side in picture.size]
        return picture.resize(size, filter)

    return attack


def cut(share):
    """A part of each side, from a place that differs from picture to picture."""
    random = np.random.default_rng(0)

    def attack(picture):
        width, height = (round(side * share) for side in picture.size)
        left = random.integers(picture.width - width + 1)
        top = random.integers(picture.height - height + 1)
        return picture.crop((left, top, left + width, top + height))

    return attack


def by(name, verb):
    """Another model over the picture."""
    model = kerasgan.zoo.load(name)

    def attack(picture):
        return Image.fromarray(getattr(model, verb)(np.asarray(picture.convert("RGB"))))

    return attack


def attacks():
    """Dict from a name to a function of a picture, and how many pictures it is given at most."""
    screen = resized(1.5, Image.Resampling.BILINEAR)
    half, whole = resized(0.5), 10**9
    simple = {
        "none": lambda picture: picture,
        "JPEG 90": jpeg(90),
        "JPEG 75": jpeg(75),
        "JPEG 50": jpeg(50),
        "half the size": half,
        "half, and back": lambda picture: half(picture).resize(picture.size),
        "half, JPEG 75": jpeg(75, half),
        "cut to 80 %": cut(0.8),
        "cut to 80 %, JPEG 75": jpeg(75, cut(0.8)),
        "cut to 50 %": cut(0.5),
        "blur of 1 pixel": lambda picture: picture.filter(ImageFilter.GaussianBlur(1)),
        "screenshot (150 %, JPEG 90)": jpeg(90, screen),
        "137 % of the size": resized(1.37),
        "turned by 2°": lambda picture: picture.rotate(2, Image.Resampling.BICUBIC),
        "mirrored": lambda picture: picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    }
    models = {
        "enlarged by srgan_x4": by("srgan_x4", "upscale"),
        "painted by wave": by("wave", "stylize"),
    }
    return {name: (f, whole) for name, f in simple.items()} | {
        name: (f, FEW) for name, f in models.items()
    }


def found(pictures, attack):
    """The share of pictures in which the watermark is found after an attack."""
    values = [p_value(attack(Image.fromarray(picture))) for picture in pictures]
    return round(float(np.mean(np.array(values) < FALSE_POSITIVES)), 4)


def kept_metadata(picture, attack):
    """Whether the metadata is found in what a program saves that opened a marked file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.png")
        with marking(Mark("some_entry")):
            write_image(path, picture)
        with Image.open(path) as opened:
            attacked = attack(opened)
            if attacked is not opened:
                attacked.save(path)
        return bool(read_marks(path).metadata)


def distance(network, real, generated):
    metric = FrechetInceptionDistance(network)
    metric.update_state(real, generated)
    return round(float(metric.result()), 3)


def timed(run):
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def times(entry, samples):
    """Seconds of marking, of the command that draws the same number, and of reading 1,000."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        grid = kerasgan.modalities.make_grid(samples[:16])

        def write(mark):
            with marking(mark):
                write_image(folder / "grid.png", grid)

        plain, metadata, both = (
            min(timed(lambda mark=mark: write(mark)) for _ in range(5))
            for mark in (None, Mark(entry), Mark(entry, watermark=True))
        )
        words = [sys.executable, "-m", "kerasgan.cli", "generate", entry, "--no-mark"]
        command = [*words, "-o", str(folder / "grid.png")]
        whole = min(timed(lambda: subprocess.run(command, check=True)) for _ in range(3))
        each = folder / "each"
        each.mkdir()
        for i in range(1000):
            write_image(each / f"{i}.png", samples[i % len(samples)])
        reading = timed(lambda: read_files(each))
    return {
        "command_s": round(whole, 2),
        "metadata_ms": round(1000 * (metadata - plain), 2),
        "watermark_ms": round(1000 * (both - metadata), 1),
        "share_of_command": round((both - plain) / whole, 4),
        "reading_1000_s": round(reading, 1),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("entry", help="that draws pictures")
    parser.add_argument("--data", required=True, help="real ones of the kind")
    parser.add_argument("--crop", type=int, help="as in its recipe")
    parser.add_argument("-n", type=int, default=1000, help="pictures of each kind")
    options = parser.parse_args()
    samples = kerasgan.zoo.load(options.entry).generate(options.n, seed=0)
    shape = {"image_shape": samples.shape[1:], "crop": options.crop, "flip": False}
    data = kerasgan.datasets.load(options.data, batch_size=options.n, **shape)
    real = data[0]
    samples, real = (x.repeat(3 // x.shape[-1], -1) for x in (samples, real))
    with marking(Mark(options.entry, watermark=True)):
        marked = np.stack([watermarked(sample) for sample in samples])
    error = np.mean((marked.astype("float64") - samples) ** 2, axis=(1, 2, 3))
    network = default_features()
    quality = {
        "psnr": round(float(np.mean(10 * np.log10(255**2 / error))), 2),
        "frechet_distance_before": distance(network, real, samples),
        "frechet_distance_after": distance(network, real, marked),
    }
    rows = [
        {
            "entry": options.entry,
            "attack": name,
            "pictures": len(marked[:most]),
            "found": found(marked[:most], attack),
            "found_in_real": found(real[:most], attack),
            "metadata": kept_metadata(samples[0], attack),
        }
        for name, (attack, most) in attacks().items()
    ]
    record("marks", rows, by=("entry",))
    cost = {"entry": options.entry, **quality, **times(options.entry, samples)}
    record("marks_cost", [cost], by=("entry",))


if __name__ == "__main__":
    main()
