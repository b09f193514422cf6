"""What does a network make of X-rays of a low dose, and what becomes of what they show?

    python benchmarks/enhancement.py enhance_xrays --beside RUN RUN --data pneumoniamnist.npz \
        --features EFFICIENTNET.keras --bm3d 208 --card --sample sample.png

Test images of chests, 28 pixels a side, as two doses of `kerasgan.datasets.LowDose` show them; and
what is made of that by non-local means and BM3D (`pip install scikit-image PyWavelets bm3d`), with
the noise that `estimate_sigma` finds in the image, which is one of the logarithm of counts; by BM3D
on counts, told the dose, whose variance Anscombe's transform makes one; by the networks of other
runs, `--beside`, named by their folders: by the mean squared error alone, and by the features of
VGG16 without the critic; and by the entry. Non-local means' strength was chosen on validation
images. BM3D takes seconds an image, and is measured on `--bm3d` of them, spread evenly.

`perceptual` is the distance in the features of EfficientNet-Lite0, of images enlarged four times
and without learned weights. `sharpness` is the mean absolute Laplacian over that of the clean
images. Accuracy, the area under the curve and `changed` are of a small network that tells pneumonia
from normal, trained on clean images alone: changed is the share of images of which it says another
thing than of the clean one. Standard errors are over images, of the area by a jackknife.
"""

import argparse
import functools
from pathlib import Path

import keras
import numpy as np
from keras import layers
from results import record
from translation import jackknife

import kerasgan
from kerasgan.datasets import LowDose
from kerasgan.metrics import (
    LearnedPerceptualImagePatchSimilarity,
    peak_signal_to_noise_ratio,
    structural_similarity,
)
from kerasgan.modalities import make_grid, write_image
from kerasgan.zoo import evaluation

DOSES = 500.0, 100.0
ENLARGED, SHOWN = 112, 12


def classifier(images, labels):
    """A network from images in [-1, 1] to the probability of pneumonia."""
    keras.utils.set_random_seed(0)
    x = inputs = keras.Input((*images.shape[1:3], 1))
    x = layers.RandomTranslation(0.1, 0.1, fill_mode="nearest")(layers.RandomFlip("horizontal")(x))
    for width in (16, 32, 64):
        x = layers.Conv2D(width, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D()(layers.Conv2D(width, 3, padding="same", activation="relu")(x))
    x = layers.Dropout(0.3)(layers.GlobalAveragePooling2D()(x))
    model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x))
    model.compile(keras.optimizers.Adam(1e-3), "binary_crossentropy")
    share = labels.mean()
    weights = {0: 0.5 / (1 - share), 1: 0.5 / share}
    model.fit(unit(images), labels, 64, epochs=15, class_weight=weights, verbose=0)
    return model


def unit(images):
    return images[..., None] / np.float32(127.5) - 1


def area(scores, labels):
    """The area under the receiver's operating characteristic."""
    ill, well = scores[labels == 1], scores[labels == 0]
    return float(np.mean((ill[:, None] > well) + 0.5 * (ill[:, None] == well)))


def non_local_means(image):
    from skimage.restoration import denoise_nl_means, estimate_sigma

    image = image / 255
    sigma = estimate_sigma(image)
    options = {"patch_size": 5, "patch_distance": 9, "fast_mode": False}
    return levels(denoise_nl_means(image, h=1.2 * sigma, sigma=sigma, **options))


def _bm3d(image, sigma):
    import bm3d

    profile = bm3d.BM3DProfile()
    profile.num_threads = 1
    return np.asarray(bm3d.bm3d(image, sigma, profile))


def bm3d_of_logarithms(image):
    from skimage.restoration import estimate_sigma

    return levels(_bm3d(image / 255, estimate_sigma(image / 255)))


def bm3d_of_counts(image, degrade):
    counts = degrade.photons * np.exp(-degrade.absorption * (image / 255))
    x = np.maximum(_bm3d(2 * np.sqrt(counts + 3 / 8), 1.0), 2 * np.sqrt(3 / 8))
    # The unbiased inverse, in closed form: Mäkitalo and Foi 2011, IEEE TIP 20.
    root = np.sqrt(1.5)
    counts = x**2 / 4 + root / (4 * x) - 11 / (8 * x**2) + 5 * root / (8 * x**3) - 1 / 8
    return levels(np.log(degrade.photons / np.maximum(counts, 0.25)) / degrade.absorption)


def levels(image):
    return np.rint(np.clip(image, 0, 1) * 255).astype("uint8")


def laplacian(images):
    x = images.astype("float64")
    inner = x[:, 1:-1, 1:-1]
    sides = x[:, :-2, 1:-1] + x[:, 2:, 1:-1] + x[:, 1:-1, :-2] + x[:, 1:-1, 2:]
    return np.abs(4 * inner - sides).mean()


def measure(made, clean, labels, network, perceptual):
    """Figures of images beside the clean ones, uint8 `(n, height, width)`."""
    pair = clean[..., None], made[..., None]
    colours = [np.repeat(images, 3, axis=-1) for images in pair]
    apart = []
    for real, shown in zip(*colours):
        perceptual.reset_state()
        perceptual.update_state(real[None], shown[None])
        apart.append(float(perceptual.result()))
    scores, true = (network.predict(unit(x), verbose=0)[:, 0] for x in (made, clean))
    said = scores > 0.5
    each = {
        "psnr": peak_signal_to_noise_ratio(*pair),
        "ssim": structural_similarity(*pair),
        "perceptual": np.array(apart),
        "accuracy": (said == labels).astype(float),
        "changed": (said != (true > 0.5)).astype(float),
    }
    figures = {}
    for name, values in each.items():
        figures[name] = round(float(values.mean()), 4)
        with np.errstate(invalid="ignore"):  # a clean image has no noise: infinite decibels
            error = float(values.std() / np.sqrt(len(values)))
        figures[f"{name}_standard_error"] = round(error, 4) if np.isfinite(error) else 0.0
    figures["sharpness"] = round(laplacian(made) / laplacian(clean), 4)
    figures["area"] = round(area(scores, labels), 4)
    error = jackknife(lambda rows: area(scores[rows], labels[rows]), len(labels))
    return figures | {"area_standard_error": round(error, 4)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", help="an entry or a run folder")
    parser.add_argument("--beside", nargs="+", default=[], help="runs without the critic")
    parser.add_argument("--data", required=True, help="pneumoniamnist.npz")
    parser.add_argument("--features", required=True, help="EfficientNet-Lite0 as a .keras network")
    parser.add_argument("--bm3d", type=int, default=0, help="images that BM3D is measured on")
    parser.add_argument("--card", action="store_true", help="write the entry's card too")
    parser.add_argument("--sample", help="picture to write: dose, others, entry, clean")
    options = parser.parse_args()
    with np.load(options.data) as file:
        data = {name: file[name] for name in file.files}
    clean, labels = data["test_images"], data["test_labels"][:, 0]
    network = classifier(data["train_images"], data["train_labels"][:, 0].astype("float32"))
    features = keras.saving.load_model(options.features, compile=False)
    perceptual = LearnedPerceptualImagePatchSimilarity(
        features, ["block3_project_bn"], resize=ENLARGED
    )
    models = {Path(run).name: kerasgan.zoo.load(run) for run in [*options.beside, options.name]}
    some = np.linspace(0, len(clean), options.bm3d, endpoint=False).astype(int)
    card, name = {}, Path(options.name).name

    def report(dose, shown, made, rows=slice(None)):
        figures = measure(made, clean[rows], labels[rows], network, perceptual)
        row = {"entry": name, "photons": dose, "shown": shown, "n": len(made)}
        record("enhancement", [row | figures], by=("entry", "photons", "shown"))
        return figures

    report("", "clean", clean)
    for dose in DOSES:
        degrade, random = LowDose(dose), np.random.default_rng(0)
        low = np.stack([degrade(image, random) for image in clean])
        made = {key: model.enhance(low[..., None])[..., 0] for key, model in models.items()}
        before = report(dose, "low dose", low)
        report(dose, "non-local means", np.stack([non_local_means(image) for image in low]))
        found = [report(dose, shown, images) for shown, images in made.items()][-1]
        card[f"{dose:.0f}_photons"] = found | {f"low_dose_{k}": before[k] for k in ("psnr", "ssim")}
        if options.sample and dose == DOSES[-1]:
            chosen = np.linspace(0, len(clean), SHOWN, endpoint=False).astype(int)
            rows = np.concatenate([images[chosen] for images in (low, *made.values(), clean)])
            rows = rows.repeat(4, axis=1).repeat(4, axis=2)[..., None]
            write_image(options.sample, make_grid(rows, columns=SHOWN))
        counts = functools.partial(bm3d_of_counts, degrade=degrade)
        for shown, run in (("BM3D", bm3d_of_logarithms), ("BM3D of counts", counts)):
            if options.bm3d:
                report(dose, shown, np.stack([run(image) for image in low[some]]), some)
    if options.card:
        first = card[f"{DOSES[0]:.0f}_photons"]
        card = {key: first[key] for key in ("psnr", "ssim", "perceptual")} | card
        card["images"] = len(clean)
        card["network"] = f"{features.name}, block3_project_bn, without learned weights"
        evaluation.add_to_card(options.name, card, "benchmarks/enhancement.py")


if __name__ == "__main__":
    main()
