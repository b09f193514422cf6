"""How near does a translation come to the real pictures of held-out pairs?

    python benchmarks/translation.py pix2pix_facades --data FACADES/test \
        --features EFFICIENTNET.keras --perceptual VGG16.keras --card --sample sample.png

`error` is the mean absolute difference in grey levels of 255; `perceptual` the distance in the
features of the last layer of each of VGG16's blocks, without learned weights, which is not the
papers' LPIPS; the Fréchet and the kernel distance are between all targets and all translations in
the features before the last layer of the other network. Standard errors are those of the kernel
distance's subsets and, of the others, of a jackknife over ten groups of pairs. Beside them what
showing the source itself would have, and the distances between halves of the targets. With few
pairs a Fréchet distance is high for everybody: compare with the halves.
"""

import argparse
from pathlib import Path

import keras
import numpy as np
from results import record

import kerasgan
from kerasgan.engine.data import named
from kerasgan.metrics import (
    FeatureNetwork,
    FrechetInceptionDistance,
    KernelInceptionDistance,
    LearnedPerceptualImagePatchSimilarity,
)
from kerasgan.modalities import write_image
from kerasgan.zoo import evaluation

LAYERS = ["block1_conv2", "block2_conv2", "block3_conv3", "block4_conv3"]
GROUPS = 10


def measured(metric, real, made):
    metric.reset_state()
    metric.update_state(real, made)
    return metric.result()


def jackknife(measure, n):
    """The standard error of `measure(rows)` over `n` pairs."""
    groups = np.array_split(np.random.default_rng(0).permutation(n), GROUPS)
    without = [measure(np.setdiff1d(np.arange(n), group)) for group in groups]
    return float(np.sqrt((GROUPS - 1) / GROUPS * np.sum((without - np.mean(without)) ** 2)))


def compare(made, target, network, extract, perceptual):
    """Figures of pictures beside the targets, which are as many uint8 arrays."""
    error = np.abs(made.astype("float32") - target).mean((1, 2, 3))
    apart = np.array(
        [float(measured(perceptual, target[i : i + 1], made[i : i + 1])) for i in range(len(made))]
    )
    features, real = extract(made), extract(target)

    def frechet(rows=slice(None)):
        return float(measured(FrechetInceptionDistance(network), real[rows], features[rows]))

    kernel = KernelInceptionDistance(network, subset_size=len(made) // 2, seed=0)
    kernel = measured(kernel, real, features)
    n = len(made)
    return {
        "error": float(error.mean()),
        "error_standard_error": float(error.std() / np.sqrt(n)),
        "perceptual": float(apart.mean()),
        "perceptual_standard_error": float(apart.std() / np.sqrt(n)),
        "frechet_distance": frechet(),
        "frechet_distance_standard_error": jackknife(frechet, n),
        "kernel_distance": float(kernel),
        "kernel_distance_standard_error": float(kernel.standard_error),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", help="an entry or a run folder")
    parser.add_argument("--data", required=True, help="held-out pairs, as the entry was trained on")
    parser.add_argument("--features", required=True, help="a .keras network")
    parser.add_argument("--perceptual", required=True, help="VGG16 as a .keras network")
    parser.add_argument("--card", action="store_true", help="write the entry's card too")
    parser.add_argument("--sample", help="picture to write: source, translation, target")
    options = parser.parse_args()
    folder = kerasgan.zoo.store.find(options.name)
    model = kerasgan.zoo.load(folder)
    dataset = evaluation.training_data(model, folder, options.data)
    batches = [named(dataset[i], model.takes) for i in range(len(dataset))]
    pairs = {name: np.concatenate([batch[name] for batch in batches]) for name in model.takes}
    source, target = pairs["source"], pairs["target"]
    network = evaluation.feature_network(options.features)
    extract = FeatureNetwork(network)
    vgg = keras.saving.load_model(options.perceptual, compile=False)
    perceptual = LearnedPerceptualImagePatchSimilarity(vgg, LAYERS)
    judges = network, extract, perceptual
    figures = compare(model.translate(source), target, *judges)
    shown = source if source.shape == target.shape else np.repeat(source[..., :1], 3, axis=-1)
    half = len(target) // 2
    real = [extract(part) for part in (target[:half], target[half : 2 * half])]
    halves = {
        "frechet_distance": float(measured(FrechetInceptionDistance(network), *real)),
        "n": half,
    }
    rows = [
        {"entry": Path(options.name).name, "shown": shown, "n": len(target)} | row
        for shown, row in (
            ("translation", figures),
            ("source", compare(shown, target, *judges)),
            ("halves of the targets", halves),
        )
    ]
    record("translation", rows, by=("entry", "shown"))
    if options.sample:
        first = {name: array[:12] for name, array in pairs.items()}
        write_image(options.sample, model.preview(12, batch=first))
    if options.card:
        figures["frechet_distance_of_real_halves"] = halves["frechet_distance"]
        figures["pairs"] = len(target)
        figures["network"] = f"{extract.identity}; perceptual: {vgg.name}, {' '.join(LAYERS)}"
        evaluation.add_to_card(options.name, figures, "benchmarks/translation.py")


if __name__ == "__main__":
    main()
