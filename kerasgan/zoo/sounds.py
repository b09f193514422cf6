"""The figures of an entry that makes sounds."""

from pathlib import Path

import keras
import numpy as np

from kerasgan import metrics
from kerasgan.metrics.set_metric import measured
from kerasgan.zoo.neighbours import write_neighbours


def evaluate_sounds(model, given, features, n, seed, neighbours):
    """Figures of sounds by mel spectrograms, and by a classifier, if there is one, as a dict."""
    judge = None if features is None else _classifier(features, given["real"].shape[1])
    real, labels = given["real"], given.get("labels")
    asked = None if labels is None else model.grid_labels(n)
    made = model.generate(n, seed=seed, labels=asked, verbose=False)
    heard = [metrics.sound_features(x, model.modality.sample_rate) for x in (real, made)]
    nearest = metrics.NearestTrainingImageDistance(None, seed=seed)
    nearest = measured(nearest, *heard)
    if neighbours:
        write_neighbours(neighbours, model, nearest, made, real)
    figures = {
        "nearest_distance_ratio": nearest.ratio,
        "diversity": metrics.spread(heard[1], asked) / metrics.spread(heard[0], labels),
    }
    network = "mel spectrograms"
    if judge:
        network = f"{Path(features).stem}, {network}"
        judged = [_outputs(judge, x) for x in (real, made)]
        figures |= _judged(*judged, labels, asked)
    counts = {"network": network, "generated": len(made), "real": len(real), "seed": seed}
    return {key: float(value) for key, value in figures.items()} | counts


def _judged(real, made, labels, asked):
    """What a classifier says, of its features and logits of both."""

    figures = {
        "inception_score": measured(metrics.InceptionScore(None, splits=1), None, made[1]),
        "inception_score_of_real": measured(metrics.InceptionScore(None, splits=1), None, real[1]),
    }
    halves = np.array_split(np.random.default_rng(0).permutation(real[0]), 2)
    # Of fewer samples than features a covariance is mostly chance.
    if min(len(made[0]), len(halves[0])) > made[0].shape[1]:
        distance = metrics.FrechetInceptionDistance
        figures["frechet_distance"] = measured(distance(None), real[0], made[0])
        figures["frechet_distance_of_real_halves"] = measured(distance(None), *halves)
    if labels is not None:
        right = made[1].argmax(1) == asked
        figures["label_agreement"] = np.mean(right)
        for label in np.unique(asked):
            figures[f"label_agreement_of_{label}"] = np.mean(right[asked == label])
        figures["label_agreement_of_real"] = np.mean(real[1].argmax(1) == labels)
    return figures


def _classifier(path, length):
    try:
        network = keras.saving.load_model(path, compile=False)
    except Exception as error:  # a missing file, a zip or a class that is unknown
        raise ValueError(
            f"{str(path)!r} cannot be read as a classifier of sounds, a .keras file: {error}"
        ) from error
    dense = isinstance(network.layers[-1], keras.layers.Dense)
    if not dense or tuple(network.input_shape[1:]) not in ((length, 1), (None, 1)):
        raise ValueError(
            f"{str(path)!r} must take sounds (batch, {length}, 1) in [-1, 1] and end in a dense "
            f"layer, its logits. Received one of inputs {network.input_shape}"
        )
    return network


def _outputs(network, sounds):
    """The features before a classifier's last layer, and its logits."""
    both = keras.Model(network.input, [network.layers[-1].input, network.output])
    return both.predict(metrics.as_floats(sounds), batch_size=64, verbose=0)
