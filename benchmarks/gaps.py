"""Gaps in fields as clouds leave them: filled with a discriminator, without, by interpolation.

    pip install scikit-image
    python benchmarks/gaps.py climate.npz --sample gaps.png

HadCM3's yearly mean temperatures over North America, as in benchmarks/scenarios.py: anomalies from
the mean of training's years, 32 x 48 cells, a tenth to half of them hidden below smooth noise that
is above a threshold. `Inpainting` learns from all but the decades held out, each year under several
clouds, with its discriminator, whose weight is a hundredth of that of the error as in pix2pix, and
without; its network adds to a first guess, the mean of what is known nearby. Beside it the mean of
all that is known, the first guess, and biharmonic interpolation. The error is that in gaps, root
mean square; spectra and gradients are of whole fields.
"""

import argparse
from pathlib import Path

import keras
import numpy as np
from keras import ops
from results import record
from scenarios import FIRST, HELD_OUT, SCENARIOS
from scipy.ndimage import gaussian_filter
from skimage.restoration import inpaint_biharmonic

from kerasgan import metrics, models, networks
from kerasgan.modalities import make_grid, write_image

GRID = (32, 48)
SMOOTH = 4
SHARE = (0.1, 0.5)
# Networks make what lies in [-1, 1]: so many standard deviations.
MOST = 4.0
# What a network adds to the first guess is small beside these.
ADDED = 0.25


def clouds(n, seed):
    """Bool `(n, height, width, 1)`, True in gaps."""
    random = np.random.default_rng(seed)
    noise = random.standard_normal((n, *GRID))
    noise = gaussian_filter(noise, (0, SMOOTH, SMOOTH), mode="wrap")
    shares = random.uniform(*SHARE, n)
    least = [np.quantile(one, 1 - share) for one, share in zip(noise, shares)]
    return (noise > np.array(least)[:, None, None])[..., None]


def anomalies(path):
    """Those to learn from and those held out, `(n, height, width, 1)`, and 1 of these in K."""
    with np.load(path) as file:
        fields = np.concatenate([file[f"na_{name}"] for name in SCENARIOS])
    fields = fields[:, : GRID[0], : GRID[1], None].astype("float64")
    years = FIRST + np.arange(len(fields)) % (len(fields) // len(SCENARIOS))
    held_out = np.isin(years // 10 * 10, HELD_OUT)
    mean = fields[~held_out].mean(axis=0)
    unit = MOST * fields[~held_out].std(axis=0)
    found = np.clip((fields - mean) / unit, -1, 1).astype("float32")
    return found[~held_out], found[held_out], unit


def first_guess(fields, masks):
    """Cells in gaps by the smallest block around them of which anything is known."""
    guess = 0.0
    for size in (16, 8, 4, 2, 1):
        known, seen = (
            ops.average_pool(x, size, size, data_format="channels_last")
            for x in (fields * (1.0 - masks), 1.0 - masks)
        )
        guess = ops.where(seen > 0, known / ops.maximum(seen, 1e-6), guess)
        if size > 1:
            guess = keras.layers.UpSampling2D(2, interpolation="bilinear")(guess)
    return guess


def generator(options):
    keras.utils.set_random_seed(options.seed)
    inputs = keras.Input((*GRID, 2))
    masks = inputs[..., 1:]
    guess = first_guess(inputs[..., :1], masks)
    network = networks.unet(
        inputs.shape[1:], 1, options.width, depth=4, normalization="batch", dropout=0.0
    )
    added = network(ops.concatenate([guess, masks], axis=-1))
    return keras.Model(inputs, guess + ADDED * masks * added, name="generator")


def trained(adversarial, fields, gaps, options):
    model = models.Inpainting(
        generator(options),
        networks.sn_patchgan((*GRID, 1), options.width, depth=3),
        reconstruction_weight=10.0,
        adversarial_weight=0.1 if adversarial else 0.0,
        seed=options.seed,
    )
    model.compile(keras.optimizers.Adam(1e-3, beta_1=0.5))
    epochs = max(1, options.steps * options.batch_size // len(fields))
    data = {"image": fields, "mask": gaps}
    model.fit(data, batch_size=options.batch_size, epochs=epochs, verbose=0)
    return model


def mean(field, gap):
    return np.where(gap, field.mean(where=~gap), field)


def biharmonic(field, gap):
    return inpaint_biharmonic(field, gap[..., 0], channel_axis=-1)


def figures(made, real, gaps):
    return {
        "error_K": np.sqrt(((made - real) ** 2).mean(where=gaps)),
        "spectrum_distance": metrics.spectrum_distance(real[..., 0], made[..., 0]),
        "gradient_distance": metrics.gradient_distance(real[..., 0], made[..., 0]),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("data", type=Path, help="climate.npz")
    parser.add_argument("--steps", type=int, default=1440)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--width", type=int, default=32)
    parser.add_argument("--clouds", type=int, default=32, help="of each field")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sample", help="picture to write: hidden, real, then a column each arm")
    options = parser.parse_args()
    known, unseen, unit = anomalies(options.data)
    known = known.repeat(options.clouds, axis=0)
    hidden, gaps = clouds(len(known), options.seed), clouds(len(unseen), options.seed + 1)
    found = {
        fill.__name__: np.stack([fill(*pair) for pair in zip(unseen, gaps)])
        for fill in (mean, biharmonic)
    }
    guess = first_guess(unseen, gaps.astype("float32"))
    found["first guess"] = ops.convert_to_numpy(guess)
    for adversarial in (False, True):
        name = "discriminator" if adversarial else "no discriminator"
        found[name] = trained(adversarial, known, hidden, options).inpaint(unseen, gaps)
    rows = [
        {"filled_by": name, "steps": options.steps, "seed": options.seed}
        | {k: float(f"{v:.4g}") for k, v in figures(made * unit, unseen * unit, gaps).items()}
        for name, made in found.items()
    ]
    record("gaps", rows, by=("steps", "seed"))
    if options.sample:
        least = unseen.min(axis=(1, 2, 3), keepdims=True)
        shown = [np.where(gaps, least, unseen), unseen, *found.values()]
        shown = np.stack(shown, axis=1)[:: len(unseen) // 6]
        low, high = (f(shown[:, 1:2], axis=(2, 3, 4), keepdims=True) for f in (np.min, np.max))
        levels = np.uint8(255 * np.clip((shown - low) / (high - low), 0, 1))
        levels = levels.reshape(-1, *GRID, 1).repeat(2, axis=1).repeat(2, axis=2)
        write_image(options.sample, make_grid(levels, columns=2 + len(found)))


if __name__ == "__main__":
    main()
