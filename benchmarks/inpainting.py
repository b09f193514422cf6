"""How well does an entry fill holes, beside interpolation and the same network without judge?

    pip install opencv-python-headless scikit-image
    python benchmarks/inpainting.py inpaint_celeba --data CELEBA --held-out 500 \
        --perceptual VGG16.keras --without-discriminator RUN --card --sample sample.png

By the share of the picture that its holes take: the peak signal to noise ratio and the structural
similarity of what lies in the holes, and the perceptual distance of the whole pictures divided by
that share, for known pixels are equal. Masks are drawn by `kerasgan.datasets.draw_mask`, strokes or
boxes, one for each picture, the same for everybody. The distance is in VGG16's features, without
learned weights, which is not the papers' LPIPS. Standard errors are over pictures. Beside it
OpenCV's filling by Telea (2004, 3 pixels around), scikit-image's biharmonic one, and the mean
colour of what is known. With `--held-out` the pictures are those that the entry's recipe, given the
same data, kept out of training.
"""

import argparse
from pathlib import Path

import cv2
import keras
import numpy as np
from judges import rounded
from results import record
from skimage.metrics import structural_similarity
from skimage.restoration import inpaint_biharmonic
from translation import LAYERS, measured

import kerasgan
from kerasgan.datasets import draw_mask
from kerasgan.metrics import LearnedPerceptualImagePatchSimilarity
from kerasgan.modalities import make_grid, write_image
from kerasgan.zoo import evaluation

SHARES = {"0-20": (0.02, 0.2), "20-40": (0.2, 0.4), "40-60": (0.4, 0.6), "centre": (0.25, 0.25)}
FIGURES = ("psnr", "ssim", "perceptual")


def telea(image, hole):
    return cv2.inpaint(image, hole.astype("uint8"), 3, cv2.INPAINT_TELEA)


def biharmonic(image, hole):
    return np.round(255 * inpaint_biharmonic(image / 255, hole, channel_axis=-1)).astype("uint8")


def mean_colour(image, hole):
    return np.where(hole[..., None], np.round(image[~hole].mean(0)).astype("uint8"), image)


def one_by_one(fill):
    return lambda images, holes: np.stack([fill(*pair) for pair in zip(images, holes)])


def masks(images, share):
    """Of each image which pixels are holes, bool `(n, height, width)`."""
    random, (holes, limits) = np.random.default_rng(0), ("mixed", SHARES[share])
    if share == "centre":
        holes = "centre"
    drawn = [draw_mask(images.shape[1:3], random, holes, limits) for _ in images]
    return np.stack(drawn)[..., 0] > 0


def compare(real, made, holes, perceptual):
    """Means over images, and their standard errors."""
    found = []
    for image, filled, hole in zip(real, made, holes):
        _, similarity = structural_similarity(
            image,
            filled,
            channel_axis=-1,
            full=True,
            data_range=255,
            gaussian_weights=True,
            use_sample_covariance=False,
        )
        error = np.square(image[hole].astype("float64") - filled[hole]).mean()
        distance = float(measured(perceptual, image[None], filled[None]))
        # A hole that is filled to the level has no finite ratio; half a level squared is the least.
        psnr = 10 * np.log10(255**2 / max(error, 0.25))
        found.append((psnr, similarity[hole].mean(), distance / hole.mean()))
    figures = {}
    for name, values in zip(FIGURES, np.array(found).T):
        figures[name] = float(values.mean())
        figures[f"{name}_standard_error"] = float(values.std(ddof=1) / len(values) ** 0.5)
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", help="an entry or a run folder")
    parser.add_argument("--data", required=True, help="pictures, as the entry was trained on")
    parser.add_argument("--held-out", type=int, help="how many of them it was not trained on")
    parser.add_argument("-n", type=int, default=200, help="pictures (default: 200)")
    parser.add_argument("--perceptual", required=True, help="VGG16 as a .keras network")
    parser.add_argument("--without-discriminator", help="a run of adversarial_weight 0")
    parser.add_argument("--card", action="store_true", help="write the entry's card too")
    parser.add_argument("--sample", help="picture to write: hole, filled, whole")
    options = parser.parse_args()
    folder = kerasgan.zoo.store.find(options.name)
    model = kerasgan.zoo.load(folder)
    dataset = evaluation.training_data(model, folder, options.data)
    n = options.held_out or dataset.num_images
    images = (dataset.hold_out(n) if options.held_out else dataset.sample(n))[0][: options.n]
    entry = Path(options.name).name
    fillers = {entry: model.inpaint}
    if options.without_discriminator:
        plain = kerasgan.zoo.load(options.without_discriminator)
        fillers["without discriminator"] = plain.inpaint
    for name, fill in (("Telea", telea), ("biharmonic", biharmonic), ("mean colour", mean_colour)):
        fillers[name] = one_by_one(fill)
    vgg = keras.saving.load_model(options.perceptual, compile=False)
    perceptual = LearnedPerceptualImagePatchSimilarity(vgg, LAYERS)
    rows, tables = [], {}
    for share in SHARES:
        holes = masks(images, share)
        for name, fill in fillers.items():
            made = fill(images, holes)
            figures = {k: rounded(v) for k, v in compare(images, made, holes, perceptual).items()}
            beside = {"entry": entry, "filled_by": name, "share": share, "n": len(images)}
            rows.append(beside | {"mean_share": rounded(float(holes.mean()))} | figures)
            tables.setdefault(name, {})[share.replace("-", "_to_")] = figures
    record("inpainting", rows, by=("entry",))
    if options.sample:
        shown = []
        for i, share in enumerate(SHARES):
            chosen = images[3 * i : 3 * i + 3]
            holes = masks(images, share)[3 * i : 3 * i + 3]
            grey = np.where(holes[..., None], np.uint8(128), chosen)
            shown.append(np.stack([grey, model.inpaint(chosen, holes), chosen], axis=1))
        shown = np.concatenate(shown).reshape(-1, *images.shape[1:])
        write_image(options.sample, make_grid(shown, columns=9))
    if options.card:
        # The table of all entries shows the centre, whose holes are the same everywhere.
        figures = dict(tables[entry]["centre"])
        figures["by_share"] = tables.pop(entry)
        for name, table in tables.items():
            figures[name.lower().replace(" ", "_")] = {
                share: {key: found[key] for key in FIGURES} for share, found in table.items()
            }
        figures |= {"pictures": len(images), "network": f"{vgg.name}, {' '.join(LAYERS)}"}
        evaluation.add_to_card(options.name, figures, "benchmarks/inpainting.py")


if __name__ == "__main__":
    main()
