"""Winds and heights of a reanalysis, four times finer: block means by a layer, a penalty, or not.

    python benchmarks/climate.py climate.npz --steps 3000 --adversarial-steps 1000

Of the three variables `z`, `u` and `v` of ERA-Interim, monthly means at three levels, patches of 64
x 64 cells are made of their block means. Training sees three quarters of all longitudes, the
figures are of the others: the error, how far block means are off at most, spectra and gradients,
each mean over the variables, beside bicubic enlarging. Networks are SRResNets; the last arm goes on
with a discriminator (SRGAN).
"""

import argparse
from pathlib import Path

import keras
import numpy as np
from keras import ops
from results import record

from kerasgan import layers, metrics, models, networks

SCALE, SIDE = 4, 64


def fields(path):
    """Float32 `(n, height, width, 3)` in [-1, 1], a variable by its own least and greatest."""
    with np.load(path) as file:
        found = [file[f"eraint_{name}"].astype("float64") for name in "zuv"]
    found = np.stack([x.reshape(-1, *x.shape[-2:]) for x in found], axis=-1)
    low, high = (f(found, axis=(0, 1, 2)) for f in (np.min, np.max))
    return ((found - low) / (high - low) * 2 - 1).astype("float32")


def block_means(fine):
    n, height, width, channels = fine.shape
    blocks = fine.reshape(n, height // SCALE, SCALE, width // SCALE, SCALE, channels)
    return blocks.mean(axis=(2, 4))


def patches(values, n, seed=0):
    random = np.random.default_rng(seed)
    places = [random.integers(0, side, n) for side in np.array(values.shape[1:3]) - SIDE + 1]
    return np.stack(
        [
            values[random.integers(len(values)), top : top + SIDE, left : left + SIDE]
            for top, left in zip(*places)
        ]
    )


def penalised(weight):
    """The mean squared error, and that of block means, so many times."""

    def loss(real, made):
        apart = ops.average_pool(made - real, SCALE, SCALE, data_format="channels_last")
        return ops.mean((made - real) ** 2) + weight * ops.mean(apart**2)

    return loss


def generator(options, conserving):
    keras.utils.set_random_seed(options.seed)
    network = networks.srresnet(SCALE, options.width, options.blocks)
    if not conserving:
        return network
    made = layers.BlockConservation(SCALE)([network.output, network.input])
    return keras.Model(network.input, made, name="generator")


def trained(model, fine, steps, options):
    model.compile()
    data = {"small": block_means(fine), "large": fine}
    epochs = max(1, steps * options.batch_size // len(fine))
    model.fit(data, batch_size=options.batch_size, epochs=epochs, verbose=0)
    return model


def figures(made, fine):
    coarse = block_means(fine)
    every = range(fine.shape[-1])
    return {
        "error": np.sqrt(((made - fine) ** 2).mean()),
        "block_means_off": np.abs(block_means(made.astype("float64")) - coarse).max(),
        "spectrum_distance": np.mean(
            [metrics.spectrum_distance(fine[..., i], made[..., i]) for i in every]
        ),
        "gradient_distance": np.mean(
            [metrics.gradient_distance(fine[..., i], made[..., i]) for i in every]
        ),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("data", type=Path, help="climate.npz")
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--adversarial-steps", type=int, default=1000)
    parser.add_argument("--patches", type=int, default=2000)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--width", type=int, default=32)
    parser.add_argument("--blocks", type=int, default=4)
    parser.add_argument("--penalty", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    values = fields(options.data)
    border = values.shape[2] * 3 // 4
    seen = patches(values[:, :, :border], options.patches, options.seed)
    unseen = patches(values[:, :, border:], 100, options.seed)
    small = block_means(unseen)
    resized = ops.image.resize(
        small, (SIDE, SIDE), interpolation="bicubic", data_format="channels_last"
    )
    found = {"bicubic": ops.convert_to_numpy(resized)}
    for name, loss, conserving in (
        ("none", "mean_squared_error", False),
        ("penalty", penalised(options.penalty), False),
        ("layer", "mean_squared_error", True),
    ):
        model = models.SuperResolution(generator(options, conserving), pixel_loss=loss)
        found[name] = trained(model, seen, options.steps, options).run(small)
    # The last of them, with the layer, goes on.
    model = models.SRGAN(
        model.generator,
        networks.srgan_discriminator(SIDE, options.width),
        content_loss="mean_squared_error",
    )
    found["layer and discriminator"] = trained(model, seen, options.adversarial_steps, options).run(
        small
    )
    rows = [
        {"constraint": name, "steps": options.steps}
        | {key: float(f"{value:.4g}") for key, value in figures(made, unseen).items()}
        for name, made in found.items()
    ]
    record("climate", rows, by=("steps",))


if __name__ == "__main__":
    main()
