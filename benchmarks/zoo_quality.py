"""Are an entry's pictures like its data, and are they new?

    python benchmarks/zoo_quality.py dcgan_celeba --data CELEBA_FOLDER \
        --features EFFICIENTNET.keras --crop 76

Prints the Fréchet distance between 10,000 generated and the real images on the features of
the given network (not the FID of the papers, whose network is Inception), beside the
distance between two halves of the real images as the floor that sample size sets. Writes a
picture of eight samples above their nearest real images, in pixels and in features: a
sample that is its neighbour would be memorised.
"""

import argparse
import json

import keras
import numpy as np

import kerasgan
from kerasgan import metrics
from kerasgan.grid import make_grid, write_image


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name")
    parser.add_argument("--data", required=True)
    parser.add_argument("--features", required=True, help="a .keras classifier")
    parser.add_argument("--crop", type=int)
    parser.add_argument("-n", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", default="neighbours.png")
    options = parser.parse_args()
    model = kerasgan.zoo.load(options.name)
    dataset = kerasgan.datasets.load(
        options.data, model.sample_shape, crop=options.crop, flip=False, shuffle=False
    )
    real = np.concatenate([dataset[i] for i in range(len(dataset))])[: options.n]
    fake = model.generate(options.n, seed=options.seed, verbose=False)
    classifier = keras.saving.load_model(options.features)
    body = keras.Model(classifier.input, classifier.layers[-1].input, name=classifier.name)
    # (x - 127) / 128 of values in [0, 255].
    network = body, lambda x: (x * 127.5 + 0.5) / 128.0
    extract = metrics.FeatureNetwork(network)
    real_features, fake_features = extract(real), extract(fake)
    half = len(real) // 2
    order = np.random.default_rng(0).permutation(len(real))

    def measure(metric, real, fake):
        metric.update_state(real, fake)
        return metric.result()

    def frechet_distance(real, fake):
        return measure(metrics.FrechetInceptionDistance(network), real, fake)

    shown = fake[:8]
    nearest = metrics.NearestTrainingImageDistance
    in_pixels = measure(nearest(None), real, shown).indices
    in_features = measure(nearest(network), real_features, fake_features[:1000])
    rows = np.concatenate([shown, real[in_pixels], real[in_features.indices[:8]]])
    write_image(options.out, make_grid(rows, columns=8))
    figures = {
        "generated": len(fake),
        "real": len(real),
        "feature_network": extract.identity,
        "frechet_distance": frechet_distance(real_features, fake_features),
        "frechet_distance_of_real_halves": frechet_distance(
            real_features[order[:half]], real_features[order[half:]]
        ),
        # How far a sample is from its nearest real image, against how far a real one is.
        "nearest_distance_ratio": in_features.ratio,
    }
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
