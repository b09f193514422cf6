"""A hundred pictures: is it better to begin with an entry's weights than from nothing?

    KERAS_BACKEND=tensorflow python benchmarks/few_pictures.py FLOWERS --features LITE0.keras

A hundred pictures of a folder are drawn by the seed and trained on, by the recipe of an entry:
from nothing, from the entry's weights, and from these with the first two layers of the
discriminator frozen (FreezeD, Mo et al. 2020, arXiv:2002.10964); for as many steps each. Samples
are compared with all other pictures of the folder, by the kernel distance, which does not depend
on their number, and the hundred themselves with those, as the best there is. `copied` is the share
of samples nearer to one of the hundred than all but 1 % of the other pictures are. The pictures
must be no part of what the entry was trained on: with faces of CelebA the entries of CelebA would
know the answer. Beside the rows, a grid of samples of each way is written to `--pictures`.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from results import here, write
from results import read as rows_of

from kerasgan import metrics, recipes, zoo
from kerasgan.metrics.neighbours import nearest
from kerasgan.modalities import make_grid, write_image
from kerasgan.recipes import run
from kerasgan.zoo import evaluation
from kerasgan.zoo.training import recipe_of

RESULTS = Path(__file__).parent / "results" / "few_pictures.csv"
KEY = ("entry", "data", "way", "pictures", "steps", "seed")
WAYS = {
    "nothing": {},
    "weights": {"start": "zoo"},
    "frozen": {"start": "zoo", "frozen": {"discriminator": 2}},
}


def trained(recipe, few, start, epochs):
    """A model of a recipe, trained on an array of pictures."""
    dataset = run.dataset_of(recipe, few)
    model = run.model_of(recipe, dataset, start)
    model.compile(**run.optimizers_of(recipe, model, epochs * len(dataset)))
    model.fit(dataset, epochs=epochs, verbose=0)
    return model


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="a folder of pictures")
    parser.add_argument("--features", type=Path, required=True, help="a .keras file")
    parser.add_argument("--entry", default="dcgan_celeba")
    parser.add_argument("--pictures", type=Path, default=Path("few_pictures"))
    parser.add_argument("-n", type=int, default=100)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    told = recipe_of(options.entry)
    data = {"crop": "none", "batch_size": options.batch_size, "drop_remainder": True}
    told = recipes.merged(told, {"seed": options.seed, "data": data})
    as_it_is = {"data": {"flip": False, "shuffle": False, "drop_remainder": False}}
    whole = run.dataset_of(recipes.completed(recipes.merged(told, as_it_is)), options.data)
    every = np.concatenate([whole[i] for i in range(len(whole))])
    order = np.random.default_rng(options.seed).permutation(len(every))
    few, others = every[order[: options.n]], every[order[options.n :]]
    network = evaluation.feature_network(options.features)
    extract = metrics.FeatureNetwork(network)
    seen, real = extract(few), extract(others)
    limit = np.quantile(nearest(real, seen, 1)[0], 0.01)
    write_image(options.pictures / "real.png", make_grid(few[:16]))

    def record(way, made, steps, seconds):
        size = min(len(made), len(real))
        kernel = metrics.KernelInceptionDistance(network, subset_size=min(size, 500))
        kernel.update_state(real, made)
        row = {
            "entry": options.entry,
            "data": options.data.name,
            "way": way,
            "pictures": options.n,
            "steps": steps,
            "seed": options.seed,
            "kernel_distance": f"{float(kernel.result()):.4g}",
            "standard_error": f"{kernel.result().standard_error:.2g}",
            "copied": round(float(np.mean(nearest(made, seen, 1)[0] < limit)), 3),
            "samples": len(made),
            "other_pictures": len(real),
            "network": options.features.stem,
            "cpu_seconds": round(seconds),
        }
        write(RESULTS, KEY, row | here())
        print(row, flush=True)

    epoch = options.n // options.batch_size
    epochs = options.steps // epoch
    steps = epochs * epoch
    record("the pictures", seen, 0, 0)
    for way, changes in WAYS.items():
        key = (options.entry, options.data.name, way, str(options.n), str(steps), str(options.seed))
        if key in rows_of(RESULTS, KEY):
            continue
        begin = time.process_time()
        recipe = recipes.completed(recipes.merged(told, changes))
        start = zoo.load(options.entry).stored_networks() if changes else None
        model = trained(recipe, few, start, epochs)
        seconds = time.process_time() - begin
        samples = model.generate(1000, seed=0, verbose=False)
        write_image(options.pictures / f"{way}.png", make_grid(samples[:16]))
        record(way, extract(samples), steps, seconds)


if __name__ == "__main__":
    main()
