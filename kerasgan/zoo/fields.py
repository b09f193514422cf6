"""The figures of an entry that makes fields."""

import numpy as np

from kerasgan import metrics


def evaluate_fields(model, dataset, n, seed):
    """Figures of samples beside those of real fields of the same conditions, as a dict."""
    modality, real = model.modality, dataset.source.values
    if dataset.fields.names != modality.names or real.shape[1:] != model.sample_shape:
        raise ValueError(
            f"The model makes {', '.join(modality.names)} of shape {model.sample_shape}. Received "
            f"in the data: {', '.join(dataset.fields.names)} of shape {real.shape[1:]}"
        )
    order = np.random.default_rng(seed).permutation(len(real))
    real, asked = real[order], {}
    if "labels" in model.takes:
        given = {name: np.asarray(values)[order] for name, values in dataset.given.items()}
        names = model.labels.names
        asked["labels"] = [{name: given[name][i % len(real)] for name in names} for i in range(n)]
    made = model.generate(n, seed=seed, verbose=False, **asked)
    figures, half = {}, len(real) // 2
    for i, name in enumerate(modality.names):
        # Of a single variable the figures need no name.
        of = f"_of_{name}" * (len(modality.names) > 1)
        one, other, own = real[:half, ..., i], real[half:, ..., i], made[..., i]
        weights = modality.weights(own.shape[1:])
        for figure in ("spectrum_distance", "gradient_distance"):
            distance = getattr(metrics, figure)
            figures[figure + of] = distance(real[..., i], own)
            figures[f"{figure}{of}_of_real_halves"] = distance(one, other)
        apart = metrics.map_errors(real[..., i], own, weights)
        halves = metrics.map_errors(one, other, weights)
        for figure, value in apart.items():
            figures |= {figure + of: value, f"{figure}{of}_of_real_halves": halves[figure]}
    if modality.names == ["spin"] and asked and "temperature" in given:
        each = np.array([label["temperature"] for label in asked["labels"]])
        figures |= _ising(real, given["temperature"], made, each)
    counts = {"generated": len(made), "real": len(real), "seed": seed}
    return {key: float(value) for key, value in figures.items()} | counts


def _ising(real, temperatures, made, asked):
    """Of lattices at each temperature magnetisation, energy and susceptibility."""
    figures = {}
    for temperature in np.unique(temperatures):
        for of, spins in (
            ("", made[asked == temperature]),
            ("_of_real", real[temperatures == temperature]),
        ):
            if len(spins):
                at = f"{of}_at_{temperature:g}"
                figures |= {
                    f"magnetisation{at}": np.abs(metrics.magnetisation(spins)).mean(),
                    f"energy{at}": metrics.ising_energy(spins).mean(),
                    f"susceptibility{at}": metrics.susceptibility(spins, temperature),
                }
    return figures
