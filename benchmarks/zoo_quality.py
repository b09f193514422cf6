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
from scipy.linalg import sqrtm

import kerasgan
from kerasgan.grid import make_grid, write_image


def features(network, images, batch_size=250):
    """Activations before the classifier, of uint8 images resized to 64 pixels or more."""
    body = keras.Model(network.inputs, network.layers[-1].input)
    found = []
    for start in range(0, len(images), batch_size):
        batch = images[start : start + batch_size].astype("float32")
        batch = np.repeat(batch, 3, axis=-1) if batch.shape[-1] == 1 else batch
        found.append(body.predict_on_batch((batch - 127.0) / 128.0).reshape(len(batch), -1))
    return np.concatenate(found).astype("float64")


def frechet_distance(a, b):
    """Between the normal distributions of two sets of features (Heusel et al. 2017)."""
    covariances = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    mixed = sqrtm(covariances[0] @ covariances[1]).real
    gap = a.mean(0) - b.mean(0)
    return float(gap @ gap + np.trace(covariances[0] + covariances[1] - 2.0 * mixed))


def nearest(samples, real):
    """For each sample the index of its nearest real row, and its distance."""
    squares = ((samples**2).sum(1)[:, None] + (real**2).sum(1)[None] - 2.0 * samples @ real.T).clip(
        0
    )
    index = squares.argmin(1)
    return index, np.sqrt(squares[np.arange(len(samples)), index])


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
    network = keras.saving.load_model(options.features)
    real_features, fake_features = features(network, real), features(network, fake)
    half = len(real) // 2
    order = np.random.default_rng(0).permutation(len(real))
    figures = {
        "generated": len(fake),
        "real": len(real),
        "frechet_distance": frechet_distance(real_features, fake_features),
        "frechet_distance_of_real_halves": frechet_distance(
            real_features[order[:half]], real_features[order[half:]]
        ),
    }
    flat = real.reshape(len(real), -1).astype("float32")
    shown = fake[:8]
    in_pixels, _ = nearest(shown.reshape(8, -1).astype("float32"), flat)
    in_features, _ = nearest(fake_features[:8], real_features)
    rows = np.concatenate([shown, real[in_pixels], real[in_features]])
    write_image(options.out, make_grid(rows, columns=8))
    # How far a sample is from its nearest real image, against how far a real one is.
    some = order[:1000]
    _, to_real = nearest(fake_features[:1000], real_features)
    squared = np.delete(np.arange(len(real)), some)
    _, among_real = nearest(real_features[some], real_features[squared])
    figures["nearest_distance_ratio"] = float(np.median(to_real) / np.median(among_real))
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
