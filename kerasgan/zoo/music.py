"""The figures of an entry that makes music."""

from kerasgan import metrics
from kerasgan.metrics.set_metric import measured
from kerasgan.zoo.neighbours import write_neighbours


def evaluate_music(model, real, n, seed, neighbours):
    """What is counted in real music and in samples, and how near these are to it, as a dict."""
    made = model.generate(n, seed=seed, verbose=False)
    lowest = model.modality.lowest
    counted = {
        "empty_bars": metrics.empty_bars,
        "used_pitch_classes": lambda rolls: metrics.used_pitch_classes(rolls, lowest),
        "polyphony": metrics.polyphony,
        "scale_consistency": lambda rolls: metrics.scale_consistency(rolls, lowest),
        "note_length": metrics.note_length,
    }
    figures = {}
    for name, count in counted.items():
        figures |= {name: count(made), f"{name}_of_real": count(real)}
    nearest = metrics.NearestTrainingImageDistance(None, seed=seed)
    nearest = measured(nearest, metrics.aligned(real), metrics.aligned(made[:1000]))
    figures["nearest_distance_ratio"] = float(nearest.ratio)
    if neighbours:
        write_neighbours(neighbours, model, nearest, made, real)
    return figures | {"generated": len(made), "real": len(real), "seed": seed}
