"""How near do translations that were learnt without pairs come to the other kind of picture?

    python benchmarks/unpaired.py cut_horse2zebra --source H2Z/testA --target H2Z/testB \
        --features EFFICIENTNET.keras --class 340 --other SQUEEZENET.npz --card --sample sample.png

Fréchet and kernel distance of the targets to all sources, as they are and translated, in the
features before the last layer of a network that no loss used; and of one half of the targets to the
other: with few pictures a Fréchet distance is high for everybody. The kernel distance is of as many
pictures a side as the smaller set has. Standard errors are of a jackknife over ten groups of each
set, the interval is 1.96 of them to each side. `named` is the share that the network, and
SqueezeNet with `--other`, call by the ImageNet class `--class` (340 zebra, 339 sorrel): of the
translations, of the sources, which is the floor, and of real targets, the ceiling. Of a model
with several answers, with `--perceptual`: the mean distance in VGG16's features, without learned
weights, of two answers for one source, beside that of two real targets.
"""

import argparse
from pathlib import Path

import keras
import numpy as np
from judges import pictures, rounded, squeezenet
from results import record
from translation import LAYERS, jackknife, measured

import kerasgan
from kerasgan.metrics import (
    FeatureNetwork,
    FrechetInceptionDistance,
    KernelInceptionDistance,
    LearnedPerceptualImagePatchSimilarity,
)
from kerasgan.modalities import write_image
from kerasgan.models.styled_translation import TranslatesWithStyles
from kerasgan.zoo import evaluation


def apart(network, real, made):
    """Distances of two sets of features, with standard errors of a jackknife over both."""

    def frechet(a, b):
        return float(measured(FrechetInceptionDistance(network), a, b))

    def kernel(a, b):
        options = {"subsets": 1, "subset_size": min(len(a), len(b))}
        return float(measured(KernelInceptionDistance(network, **options), a, b))

    found = {}
    for name, distance in (("frechet_distance", frechet), ("kernel_distance", kernel)):
        errors = [
            jackknife(lambda rows, of=distance: of(real[rows], made), len(real)),
            jackknife(lambda rows, of=distance: of(real, made[rows]), len(made)),
        ]
        found |= {name: distance(real, made), f"{name}_standard_error": float(np.hypot(*errors))}
    reach = 1.96 * found["kernel_distance_standard_error"]
    found["kernel_distance_low"] = found["kernel_distance"] - reach
    return found | {"kernel_distance_high": found["kernel_distance"] + reach}


def answers(model, sources, backward):
    """A translation of each source and, of a model with several answers, another one."""
    if isinstance(model, TranslatesWithStyles):
        both = model.translate(sources, n=2, seed=0, backward=backward)
        return both[:, 0], both[:, 1]
    return model.translate(sources, **({"backward": True} if backward else {})), None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", help="an entry or a run folder")
    parser.add_argument("--source", required=True, help="held-out pictures to translate")
    parser.add_argument("--target", required=True, help="held-out pictures of the other kind")
    parser.add_argument("--size", type=int, default=128, help="of the pictures (default: 128)")
    parser.add_argument("--features", required=True, help="a .keras classifier of ImageNet")
    parser.add_argument("--class", dest="label", type=int, help="number of what targets show")
    parser.add_argument("--other", help="SqueezeNet as an .npz, a second classifier")
    parser.add_argument("--perceptual", help="VGG16 as a .keras network, to compare answers")
    parser.add_argument("--backward", action="store_true", help="turn targets into sources")
    parser.add_argument("--card", action="store_true", help="write the entry's card too")
    parser.add_argument("--sample", help="picture to write: sources and answers")
    options = parser.parse_args()
    model = kerasgan.zoo.load(options.name)
    size = (options.size, options.size)
    source, target = (pictures(folder, size) for folder in (options.source, options.target))
    if options.backward:
        source, target = target, source
    made, another = answers(model, source, options.backward)
    shown = {"translation": made, "source": source, "target": target}
    rows = {name: {"n": len(images)} for name, images in shown.items()}
    if options.label is not None:
        classifier = keras.saving.load_model(options.features, compile=False)
        judges = {"named": FeatureNetwork(classifier, 224)}
        if options.other:
            judges["named_by_other"] = FeatureNetwork(squeezenet(options.other))
        for name, images in shown.items():
            for judge, network in judges.items():
                named = float(np.mean(network(images).argmax(1) == options.label))
                rows[name][judge] = named
                rows[name][f"{judge}_standard_error"] = (named * (1 - named) / len(images)) ** 0.5
    network = evaluation.feature_network(options.features)
    extract = FeatureNetwork(network)
    features = {name: extract(images) for name, images in shown.items()}
    for name in ("translation", "source"):
        rows[name] |= apart(network, features["target"], features[name])
    rows["target"] |= apart(network, features["target"][::2], features["target"][1::2])
    if another is not None and options.perceptual:
        vgg = keras.saving.load_model(options.perceptual, compile=False)
        perceptual = LearnedPerceptualImagePatchSimilarity(vgg, LAYERS)
        for name, pair in (
            ("translation", (made, another)),
            ("target", (target, np.roll(target, len(target) // 2, axis=0))),
        ):
            rows[name]["diversity"] = float(measured(perceptual, *pair))
    entry, direction = Path(options.name).name, "backward" if options.backward else "forward"
    beside = {"entry": entry, "direction": direction}
    found = [beside | {"shown": name} | row for name, row in rows.items()]
    record("unpaired", found, by=("entry", "direction"))
    if options.sample:
        chosen = np.linspace(0, len(source) - 1, 12).astype(int)
        beside = [x[chosen] for x in (source, made, another) if x is not None]
        groups = np.stack(beside, axis=1).reshape(-1, *made.shape[1:])
        columns = len(beside) * (4 if another is None else 3)
        write_image(options.sample, kerasgan.modalities.make_grid(groups, columns=columns))
    if options.card:
        figures = {**rows["translation"]}
        for kind, names in (
            ("source", ("frechet_distance", "kernel_distance", "named", "named_by_other")),
            ("target", ("named", "named_by_other", "diversity")),
        ):
            found = rows[kind]
            figures |= {f"{name}_of_{kind}s": found[name] for name in names if name in found}
        figures["frechet_distance_of_real_halves"] = rows["target"]["frechet_distance"]
        figures["network"] = extract.identity
        if options.label is not None:
            figures["class"] = options.label
        if options.backward:
            figures = {"backward": {k: rounded(v) for k, v in figures.items()}}
        evaluation.add_to_card(options.name, figures, "benchmarks/unpaired.py")


if __name__ == "__main__":
    main()
