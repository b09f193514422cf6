"""How well are masks found, and do pictures drawn from masks help to find them?

    python benchmarks/segmentation.py found segment_vessels --images DRIVE/test/image \
        --masks DRIVE/test/vessel --inside DRIVE/test/fov --observer DRIVE/test/vessel2 --card
    python benchmarks/segmentation.py drawn DRIVE --work WORK

`found`: Dice, area under the ROC curve and IoU of all pixels of all pictures together (inside the
masks of `--inside` alone, such as the field of view), at a probability of 0.5, with the standard
error of the Dice of the single pictures. An observer gives no probabilities and has no such area.

`drawn`: with only 5, 10 or 15 labelled photographs of DRIVE, all at 256 pixels, a plain U-Net
learns from these alone, or from as many patches of which half are drawn by a Pix2Pix that turns
maps of vessels into photographs and has learnt it from the same 5, 10 or 15 photographs. It draws
40: twice the map of each of the 20 training photographs, turned by an angle drawn at random. Of the
photographs that are not labelled it sees the maps alone. Scored on DRIVE's 20 test photographs.
Begun again, it goes on with the row that is missing.
"""

import argparse
from pathlib import Path

import keras
import numpy as np
from PIL import Image
from results import read, record, write

import kerasgan
from kerasgan import datasets, models, networks
from kerasgan.recipes.environment import hardware
from kerasgan.zoo import evaluation

KEY = ("labelled", "learnt_from", "seed")
SIDE = 256


def score(probabilities, masks, inside):
    """Figures of lists of arrays `(height, width)`, a picture each; probabilities in [0, 1]."""

    def measured(metric, pictures):
        metric.reset_state()
        for found, mask, part in pictures:
            pixels = (x[part].astype("float32")[:, None] for x in (mask > 0, found))
            metric.update_state(*pixels)
        return float(metric.result())

    pictures = list(zip(probabilities, masks, inside))
    dice = keras.metrics.F1Score(average="micro", threshold=0.499)  # 0.5 itself is found
    each = [measured(dice, [picture]) for picture in pictures]
    return {
        "n": len(pictures),
        "dice": measured(dice, pictures),
        "dice_standard_error": float(np.std(each) / np.sqrt(len(each))),
        "auc": measured(keras.metrics.AUC(num_thresholds=1000), pictures),
        "iou": measured(keras.metrics.BinaryIoU([1], threshold=0.499), pictures),
    }


def masks_in(folder):
    paths = sorted(path for path in Path(folder).iterdir() if not path.name.startswith("."))
    return [np.asarray(Image.open(path).convert("L")) > 127 for path in paths]


def found(options):
    masks = masks_in(options.masks)
    inside = masks_in(options.inside) if options.inside else [np.ones_like(m) for m in masks]
    model = kerasgan.zoo.load(kerasgan.zoo.store.find(options.name))
    channels = model.sample_shapes["source"][-1]
    pictures = [
        np.asarray(Image.open(path).convert("L" if channels == 1 else "RGB"))
        for path in sorted(Path(options.images).iterdir())
    ]
    probabilities = [model.segment(picture, threshold=None)[..., 0] for picture in pictures]
    rows = {options.shown or Path(options.name).name: score(probabilities, masks, inside)}
    (figures,) = (dict(row) for row in rows.values())
    if options.observer:
        others = [mask.astype("float32") for mask in masks_in(options.observer)]
        row = rows["second observer"] = score(others, masks, inside) | {"auc": ""}
        figures |= {f"second_observer_{name}": row[name] for name in ("dice", "iou")}
    for name, row in rows.items():
        row = {"data": options.of, "found_by": name} | row
        record("segmentation", [row], by=("data", "found_by"))
    if options.card:
        evaluation.add_to_card(options.name, figures, "benchmarks/segmentation.py")


def at_256_pixels(folder):
    """Photographs, vessels and fields of view of a part of DRIVE, by name."""

    def loaded(target):
        pairs = datasets.load_pairs(
            folder / "image",
            folder / target,
            size=SIDE,
            target_channels="mask",
            batch_size=20,
            shuffle=False,
            flip=False,
        )
        return pairs[0]

    photographs, vessels = loaded("vessel")
    return {"photographs": photographs, "vessels": vessels, "inside": loaded("fov")[1]}


def maps(data):
    """What is drawn from: white vessels in the grey field of view."""
    return np.where(data["vessels"], np.uint8(255), np.where(data["inside"], np.uint8(96), 0))


def trained(model, source, target, kind, size, batch_size, steps, seed, **optimizers):
    """The model after so many steps on patches of arrays."""
    data = datasets.load_pairs(
        source,
        target,
        size=size,
        source_channels=source.shape[-1],
        target_channels=kind,
        patches=-(-steps * batch_size // len(source)),
        batch_size=batch_size,
        seed=seed,
    )
    model.compile(**optimizers)
    model.fit(data, epochs=1, steps_per_epoch=steps, verbose=2)
    return model


def draw(train, n, steps, seed):
    """Photographs and vessels that a Pix2Pix draws which has seen `n` photographs."""
    keras.utils.set_random_seed(seed)
    model = models.Pix2Pix(
        networks.unet((None, None, 1), channels=3, width=16, depth=5),
        networks.patchgan((None, None, 3), condition_channels=1, width=16, depth=2),
        ema_decay=0.99,
        seed=seed,
    )
    drawn_from = maps(train)
    trained(model, drawn_from[:n], train["photographs"][:n], 3, 128, 2, steps, seed)
    angles = np.random.default_rng(seed).uniform(0, 360, 2 * len(drawn_from))
    turned = np.stack(
        [
            np.asarray(Image.fromarray(drawn_from[i % len(drawn_from), ..., 0]).rotate(angle))
            for i, angle in enumerate(angles)
        ]
    )[..., None]
    return model.translate(turned), np.where(turned == 255, np.uint8(255), np.uint8(0))


def plain_unet(photographs, vessels, steps, seed):
    keras.utils.set_random_seed(seed)
    model = models.Segmentation(
        networks.segmentation_unet(width=8, depth=3),
        networks.patchgan((None, None, 1), condition_channels=3, width=2, depth=1),
        adversarial_weight=0.0,
        ema_decay=0.99,
        seed=seed,
    )
    rate = keras.optimizers.schedules.CosineDecay(1e-3, steps)
    adam = keras.optimizers.Adam(rate, beta_1=0.5)
    options = {"steps": steps, "seed": seed, "generator_optimizer": adam}
    return trained(model, photographs, vessels, "mask", 96, 8, **options)


def drawn(options):
    train, test = (at_256_pixels(Path(options.data) / part) for part in ("train", "test"))
    path = Path(__file__).parent / "results" / "segmentation_drawn.csv"
    for seed in range(options.seeds):
        for n in (5, 10, 15):
            photographs, vessels = train["photographs"][:n], train["vessels"][:n]
            for learnt_from in ("photographs", "photographs and drawn ones"):
                key = (str(n), learnt_from, str(seed))
                if key in read(path, KEY):
                    continue
                if learnt_from != "photographs":
                    made = draw(train, n, options.drawing_steps, seed)
                    Path(options.work).mkdir(parents=True, exist_ok=True)
                    shown = np.concatenate([made[0][:6], made[1][:6].repeat(3, axis=-1)])
                    kerasgan.modalities.write_image(
                        Path(options.work) / f"drawn_{n}_{seed}.png",
                        kerasgan.modalities.make_grid(shown, columns=6),
                    )
                    # As many patches of either kind.
                    again = np.resize(np.arange(n), len(made[0]))
                    photographs = np.concatenate([photographs[again], made[0]])
                    vessels = np.concatenate([vessels[again], made[1]])
                model = plain_unet(photographs, vessels, options.steps, seed)
                found = model.segment(test["photographs"], threshold=None)[..., 0]
                inside = test["inside"][..., 0] > 0
                row = dict(zip(KEY, key)) | score(found, test["vessels"][..., 0], inside)
                row |= {"steps": options.steps, "backend": keras.backend.backend()}
                row |= {"machine": hardware()}
                write(path, KEY, row)
                print(row, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("found")
    one.set_defaults(run=found)
    one.add_argument("name", help="an entry or a run folder")
    one.add_argument("--images", required=True, help="folder of held-out pictures")
    one.add_argument("--masks", required=True, help="folder of their masks")
    one.add_argument("--inside", help="folder of masks of what counts")
    one.add_argument("--observer", help="folder of another observer's masks")
    one.add_argument("--of", default="DRIVE", help="what the table calls the data")
    one.add_argument("--shown", help="what the table calls the model")
    one.add_argument("--card", action="store_true", help="write the entry's card too")
    several = commands.add_parser("drawn")
    several.set_defaults(run=drawn)
    several.add_argument("data", help="DRIVE, with train and test, and image, vessel and fov in it")
    several.add_argument("--work", required=True, help="folder for what is drawn, to look at")
    several.add_argument("--seeds", type=int, default=1)
    several.add_argument("--steps", type=int, default=600)
    several.add_argument("--drawing-steps", type=int, default=800)
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
