"""How well are pictures of a generator found that the detector has not seen?

    python benchmarks/detection.py make WORK --celeba CELEBA --facades FACADES --maps MAPS \
        --photographs PHOTOGRAPHS
    python benchmarks/detection.py unseen WORK
    kerasgan train detection --data WORK/train/real data.target=WORK/train/generated --out RUN \
        --epochs 1 --batch-size 16 networks.discriminator.width=8
    python benchmarks/detection.py seen WORK RUN --card

`make` writes pictures of 64 pixels that eight entries of the zoo made, and as many real ones of the
same kind, one folder an entry: faces that were drawn, drawn after a sketch, or filled; façades and
maps that were translated; photographs that were enlarged. Real pictures come as JPEG, whose traces
would tell them: façades and maps are halved, what was translated alike, and photographs before they
are shrunk for the one that enlarges; faces shrink anyway. Both kinds are saved as JPEG of one
quality. No real picture is in the sets of two entries, and what is tested on comes of other files
than what is trained on.

`unseen` trains on the pictures of all entries but one and is tested on that one and its real
counterparts; `seen` tests a detector that was trained on all of them. Area under the ROC curve,
average precision and accuracy at a probability of 0.5, calibrated on pictures that were held out of
training, of the pictures as they are and after what is done to pictures. Begun again, `unseen` goes
on with the rows that are missing.
"""

import argparse
import functools
import io
import itertools
from pathlib import Path

import keras
import numpy as np
from domains import drawing, photograph
from PIL import Image, ImageFilter
from results import read, write

import kerasgan
from kerasgan import datasets, models, networks
from kerasgan.recipes.environment import hardware
from kerasgan.zoo import evaluation

KEY = ("unseen", "tested_on", "attack", "seed")
RESULTS = Path(__file__).parent / "results" / "detection.csv"
SIDE, QUALITY, TEST = 64, 90, 0.3
PARTS = ("train", "test")
SUFFIXES = {".jpg", ".jpeg", ".png"}


def files(folder):
    return sorted(path for path in Path(folder).rglob("*") if path.suffix.lower() in SUFFIXES)


def opened(path, size=None, box=None):
    picture = Image.open(path).convert("RGB")
    picture = picture if box is None else picture.crop(box)
    return picture if size is None else picture.resize((size, size), Image.Resampling.LANCZOS)


def face(path, crop):
    """As `kerasgan.datasets.load` does for the entries."""
    picture = Image.open(path)
    left, top = ((side - crop) // 2 for side in picture.size)
    return opened(path, SIDE, (left, top, left + crop, top + crop))


def patches(picture):
    picture = np.asarray(picture)
    rows, columns = (side // SIDE for side in picture.shape[:2])
    return [
        picture[SIDE * i : SIDE * (i + 1), SIDE * j : SIDE * (j + 1)]
        for i, j in itertools.product(range(rows), range(columns))
    ]


def drawn(entry, paths, crop=76):
    real = [[np.asarray(face(path, crop))] for path in paths]
    return real, [[made] for made in kerasgan.zoo.load(entry).generate(len(paths), seed=0)]


def from_sketches(paths):
    real = [[np.asarray(photograph(Image.open(path), SIDE))] for path in paths]
    sketches = [drawing(Image.open(path), SIDE).convert("RGB") for path in paths]
    model = kerasgan.zoo.load("munit_sketches")
    return real, [[m] for m in model.translate(np.stack(list(map(np.asarray, sketches))), seed=0)]


def filled(paths):
    real = np.stack([np.asarray(face(path, 89)) for path in paths])
    random = np.random.default_rng(0)
    masks = np.stack([datasets.draw_mask((SIDE, SIDE), random, "mixed", (0.2, 0.6)) for _ in real])
    made = kerasgan.zoo.load("inpaint_celeba").inpaint(real, masks)
    return real[:, None], made[:, None]


def translated(entry, paths, left_is_real):
    """Halves of 128 pixels, of which one is translated; shrunk to one or more patches of 64."""
    halves = ([], [])
    for path in paths:
        width, height = Image.open(path).size
        boxes = (0, 0, width // 2, height), (width // 2, 0, width, height)
        for half, box in zip(halves, boxes):
            half.append(np.asarray(opened(path, 128, box)))
    real, source = halves if left_is_real else halves[::-1]
    made = kerasgan.zoo.load(entry).translate(np.stack(source))
    return [
        [np.asarray(Image.fromarray(picture).resize((SIDE, SIDE), Image.Resampling.BICUBIC))]
        for picture in real
    ], [
        [np.asarray(Image.fromarray(picture).resize((SIDE, SIDE), Image.Resampling.BICUBIC))]
        for picture in made
    ]


def enlarged(paths, n):
    model, real, made = kerasgan.zoo.load("srgan_x4"), [], []
    for path in paths:
        if sum(map(len, real)) >= n:
            break
        large = datasets.shrink(datasets.modcrop(opened(path), 8), 2)
        if min(large.size) >= SIDE:
            real.append(patches(large))
            made.append(patches(model.upscale(np.asarray(datasets.shrink(large, 4)))))
    return real, made


def make(options):
    faces = [files(options.celeba)[i::5][: options.n] for i in range(5)]
    makers = {
        "dcgan_celeba": lambda: drawn("dcgan_celeba", faces[0]),
        "wgan_gp_celeba": lambda: drawn("wgan_gp_celeba", faces[1]),
        "acgan_celeba": lambda: drawn("acgan_celeba", faces[2]),
        "munit_sketches": lambda: from_sketches(faces[3]),
        "inpaint_celeba": lambda: filled(faces[4]),
        "pix2pix_facades": lambda: translated("pix2pix_facades", files(options.facades), True),
        "pix2pix_maps": lambda: translated("pix2pix_maps", files(options.maps), False),
        "srgan_x4": lambda: enlarged(files(options.photographs), options.n // 2),
    }
    for entry, maker in makers.items():
        for kind, pictures in zip(("real", "generated"), maker()):
            save(options.work, kind, entry, pictures)


def save(work, kind, entry, pictures):
    """Write a list of the patches of each picture; those of the last pictures are to test on."""
    first = round(len(pictures) * (1 - TEST))
    for i, several in enumerate(pictures):
        folder = work / PARTS[i >= first] / kind / entry
        folder.mkdir(parents=True, exist_ok=True)
        for j, picture in enumerate(several):
            Image.fromarray(picture).save(folder / f"{i:05d}_{j}.jpg", quality=QUALITY)
    print(entry, kind, sum(map(len, pictures)), flush=True)


def jpeg(picture):
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=75)
    return Image.open(file)


ATTACKS = {
    "none": lambda picture: picture,
    "JPEG 75": jpeg,
    "blur of 1 pixel": lambda picture: picture.filter(ImageFilter.GaussianBlur(1)),
    "half the size": lambda picture: picture.resize(
        [side // 2 for side in picture.size], Image.Resampling.BICUBIC
    ),
}


@functools.cache
def pictures_of(work, part, kind, entry):
    return np.stack([np.asarray(Image.open(path)) for path in files(work / part / kind / entry)])


def entries(work):
    return sorted(path.name for path in (work / "test" / "generated").iterdir())


def scores(real, generated):
    """Figures of probabilities."""
    truth = np.repeat([0, 1], [len(real), len(generated)])
    found = np.concatenate([real, generated])
    truth = truth[np.argsort(-found, kind="stable")]
    precision = np.cumsum(truth) / np.arange(1, len(truth) + 1)
    over = np.sign(generated[:, None] - real[None])
    return {
        "n": len(found),
        "auc": round(float(over.mean() / 2 + 0.5), 4),
        "average_precision": round(float(precision[truth == 1].mean()), 4),
        "accuracy": round(float(((real < 0.5).mean() + (generated >= 0.5).mean()) / 2), 4),
    }


def tested(model, work, entry):
    """Dict from an attack to figures."""
    rows = {}
    for attack, change in ATTACKS.items():
        found = []
        for kind in ("real", "generated"):
            given = pictures_of(work, "test", kind, entry)
            changed = [np.asarray(change(Image.fromarray(picture))) for picture in given]
            found.append(model.detect(np.stack(changed), batch_size=128))
        rows[attack] = scores(*found)
    return rows


def trained(work, chosen, width, steps, seed):
    """A calibrated detector of the pictures of these entries."""
    keras.utils.set_random_seed(seed)
    kinds = (
        np.concatenate([pictures_of(work, "train", kind, entry) for entry in chosen])
        for kind in ("real", "generated")
    )
    options = models.Detection.recipe["data"] | {"batch_size": 16, "seed": seed}
    data = datasets.load_unpaired(*kinds, **options)
    real, generated = data.hold_out(len(chosen) * 50)
    model = models.Detection(networks.detector(width=width), seed=seed)
    epochs = -(-steps // len(data))
    model.fit(data, epochs=epochs, steps_per_epoch=steps // epochs, verbose=2)
    model.calibrate({"source": real, "target": generated})
    return model


def keep(options, unseen, entry, rows):
    for attack, row in rows.items():
        key = dict(zip(KEY, (unseen, entry, attack, options.seed)))
        row = key | row | {"steps": options.steps, "backend": keras.backend.backend()}
        row |= {"machine": hardware()}
        write(RESULTS, KEY, row)
        print(row, flush=True)


def unseen(options):
    known = entries(options.work)
    for entry in known:
        if (entry, entry, "none", str(options.seed)) in read(RESULTS, KEY):
            continue
        others = [name for name in known if name != entry]
        model = trained(options.work, others, options.width, options.steps, options.seed)
        keep(options, entry, entry, tested(model, options.work, entry))


def seen(options):
    model = kerasgan.zoo.load(options.model)
    options.steps = kerasgan.zoo.info(options.model)["training"]["steps"]
    by_entry = {entry: tested(model, options.work, entry) for entry in entries(options.work)}
    for entry, rows in by_entry.items():
        keep(options, "nothing", entry, rows)
    if options.card:
        left_out = [row for key, row in read(RESULTS, KEY).items() if key[0] == key[1]]
        figures = {}
        for attack in ATTACKS:
            name = "" if attack == "none" else f"{attack.replace(' ', '_').lower()}_"
            for figure in ("auc", "accuracy"):
                known = [rows[attack][figure] for rows in by_entry.values()]
                new = [float(row[figure]) for row in left_out if row["attack"] == attack]
                figures[f"{name}{figure}"] = float(np.mean(known))
                figures[f"{name}unseen_{figure}"] = float(np.mean(new))
        evaluation.add_to_card(options.model, figures, "benchmarks/detection.py")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True)
    for run in (make, unseen, seen):
        command = commands.add_parser(run.__name__)
        command.set_defaults(run=run)
        command.add_argument("work", type=Path)
        command.add_argument("--seed", type=int, default=0)
        if run is make:
            for name in ("celeba", "facades", "maps", "photographs"):
                command.add_argument(f"--{name}", required=True, help="a folder")
            command.add_argument(
                "-n", type=int, default=1000, help="faces of an entry, and half as many patches"
            )
        elif run is unseen:
            command.add_argument("--steps", type=int, default=200)
            command.add_argument("--width", type=int, default=8, help="of the network")
        else:
            command.add_argument("model", help="an entry or a run folder")
            command.add_argument("--card", action="store_true", help="write its card too")
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
