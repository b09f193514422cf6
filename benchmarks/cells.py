"""Cells of a type that is asked for: does a classifier of real ones confirm them?

    KERAS_BACKEND=torch python benchmarks/cells.py pbmc68k_reduced.npz

Single-cell expression of blood (Zheng et al. 2017): 700 cells, the logarithms of 765 genes' counts,
10 types. Half of each type is learned from, by a conditional GAN with the Wasserstein loss and the
gradient penalty, on dense networks whose generator ends in ReLU; of the other half come the figures
beside: a logistic regression that learned from the real half names the types of both, and one that
learned from the samples names those of the real cells; and the means of marker genes.
"""

import argparse
import time

import keras
import numpy as np
from keras import layers
from results import record
from sklearn.linear_model import LogisticRegression

from kerasgan import modalities, models, networks, penalties

# What cells of these types are known by.
MARKERS = {
    "CD14+ Monocyte": ("LYZ", "S100A8"),
    "CD19+ B": ("CD79A", "MS4A1"),
    "CD56+ NK": ("GNLY", "NKG7"),
    "CD8+ Cytotoxic T": ("CD8A", "CCL5"),
    "CD8+/CD45RA+ Naive Cytotoxic": ("CD8B", "CD3D"),
    "CD4+/CD25 T Reg": ("IL7R", "CD3E"),
    "Dendritic": ("HLA-DRA", "CST3"),
}


def halves(types, seed):
    """Places of half of the cells of each type, and of the others."""
    random, one, other = np.random.default_rng(seed), [], []
    for kind in np.unique(types):
        places = random.permutation(np.flatnonzero(types == kind))
        one.append(places[: -(-len(places) // 2)])
        other.append(places[-(-len(places) // 2) :])
    return np.concatenate(one), np.concatenate(other)


def trained(cells, types, names, options):
    keras.utils.set_random_seed(options.seed)
    generator, critic = networks.mlp(
        cells.shape[1:], latent_dim=32, width=256, label_dim=len(names), conditioning="projection"
    )
    generator = keras.Model(generator.inputs, layers.ReLU()(generator.output))
    model = models.ConditionalGAN(
        generator,
        critic,
        labels=modalities.ClassLabels(len(names), names),
        adversarial_loss="wasserstein",
        penalties=[penalties.GradientPenalty(10.0)],
        discriminator_steps=5,
        seed=options.seed,
    )
    rates = {f"{p}_optimizer": keras.optimizers.Adam(1e-4, 0.5, 0.9) for p in model.players}
    model.compile(**rates)
    model.fit(cells, types, batch_size=64, epochs=options.epochs, verbose=0)
    return model


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data")
    parser.add_argument("--epochs", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with np.load(options.data) as file:
        cells, types = file["lognorm"], file["cell_type"].astype("int32")
        names, genes = [str(name) for name in file["cell_type_name"]], [*file["gene"].astype(str)]
    known, held_out = halves(types, options.seed)
    start = time.monotonic()
    model = trained(cells[known], types[known], names, options)
    minutes = (time.monotonic() - start) / 60
    # As many of each type as are held out, ten times over.
    asked = np.repeat(types[held_out], 10)
    made = model.generate(labels=asked.tolist(), seed=options.seed)
    by_real, by_made = LogisticRegression(max_iter=2000), LogisticRegression(max_iter=2000)
    by_real.fit(cells[known], types[known])
    by_made.fit(made, asked)
    rows = []
    for kind in [None, *range(len(names))]:
        real = held_out if kind is None else held_out[types[held_out] == kind]
        some = np.full(len(asked), True) if kind is None else asked == kind
        means = [x.mean(axis=0) for x in (cells[real], made[some], cells[known])]
        if kind is not None:
            means[2] = cells[known][types[known] == kind].mean(axis=0)
        row = {
            "type": "all" if kind is None else names[kind],
            "held_out": len(real),
            "named_as_asked": by_real.score(made[some], asked[some]),
            "named_of_real": by_real.score(cells[real], types[real]),
            "named_by_what_learned_of_samples": by_made.score(cells[real], types[real]),
            "correlation_of_means": np.corrcoef(means[0], means[1])[0, 1],
            "correlation_of_real_means": np.corrcoef(means[0], means[2])[0, 1],
            "zeros": (made[some] == 0).mean(),
            "zeros_of_real": (cells[real] == 0).mean(),
        }
        markers = [
            f"{gene} {means[1][genes.index(gene)]:.2f} (real {means[0][genes.index(gene)]:.2f})"
            for gene in MARKERS.get(row["type"], ())
        ]
        row = {k: round(float(v), 4) if isinstance(v, float) else v for k, v in row.items()}
        rows.append(row | {"markers": "; ".join(markers)})
    conditions = {"epochs": options.epochs, "seed": options.seed, "minutes": round(minutes, 1)}
    record("cells", [row | conditions for row in rows], by=("seed",))


if __name__ == "__main__":
    main()
