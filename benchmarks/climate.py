"""Winds and heights of a reanalysis, four times finer: block means by a layer, a penalty, or not.

    python benchmarks/climate.py climate.npz --width 16 --blocks 2 --batch-size 8

Of the three variables `z`, `u` and `v` of ERA-Interim, monthly means at three levels, patches of 64
x 64 cells are made of their block means. Training sees three quarters of all longitudes, the
figures are of the others: the error, how far block means are off at most, both in errors of bicubic
enlarging, spectra and gradients, each but the second a mean over the variables. Networks are
SRResNets that add to bicubic enlarging; the last arm goes on with a discriminator (SRGAN), with
the weight of its paper: there the error of photographs is a hundredth, here it is 1.
"""

import argparse
from pathlib import Path

import keras
import numpy as np
from keras import ops
from results import record

from kerasgan import layers, metrics, models, networks
from kerasgan.modalities import make_grid, write_image

SCALE, SIDE = 4, 64
# Of z, u and v the one whose small waves are strongest beside its large ones.
SHOWN = 2


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


def bicubic(small):
    return keras.layers.UpSampling2D(SCALE, interpolation="bicubic")(small)


def apart(made, fine):
    """How far each variable is off, root mean square."""
    return np.sqrt(((made - fine) ** 2).mean(axis=(0, 1, 2)))


def pooled(fine):
    return ops.average_pool(fine, SCALE, SCALE, data_format="channels_last")


def squared_error(unit, weight=0.0):
    """Of cells and, so many times, of block means."""

    def loss(real, made):
        off = (made - real) / unit
        return ops.mean(off**2) + weight * ops.mean(pooled(off) ** 2)

    return loss


def generator(options, unit, conserving):
    keras.utils.set_random_seed(options.seed)
    network = networks.srresnet(SCALE, options.width, options.blocks)
    small = network.input
    made = bicubic(small) + network.output * unit
    if conserving:
        made = layers.BlockConservation(SCALE)([made, small])
    return keras.Model(small, made, name="generator")


def discriminator(options, unit):
    """It sees what bicubic enlarging lacks, or it would see nothing but large waves."""
    network = networks.srgan_discriminator(SIDE, options.width)
    fine = keras.Input(network.input_shape[1:])
    lacking = (fine - bicubic(pooled(fine))) / unit
    return keras.Model(fine, network(lacking), name="discriminator")


def trained(model, fine, steps, rate, options):
    epochs = max(1, steps * options.batch_size // len(fine))
    model.compile(keras.optimizers.Adam(rate))
    data = {"small": block_means(fine), "large": fine}
    model.fit(data, batch_size=options.batch_size, epochs=epochs, verbose=0)
    return model


def figures(made, fine, unit):
    coarse = block_means(fine)
    every = range(fine.shape[-1])
    return {
        "error": np.mean(apart(made, fine) / unit),
        "block_means_off": np.abs((block_means(made.astype("float64")) - coarse) / unit).max(),
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
    parser.add_argument("--adversarial-weight", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sample", help="picture to write of v: real, then a column each arm")
    options = parser.parse_args()
    values = fields(options.data)
    border = values.shape[2] * 3 // 4
    seen = patches(values[:, :, :border], options.patches, options.seed)
    unseen = patches(values[:, :, border:], 100, options.seed)
    small = block_means(unseen)
    found = {"bicubic": ops.convert_to_numpy(bicubic(small))}
    unit = apart(ops.convert_to_numpy(bicubic(block_means(seen))), seen)
    fading = keras.optimizers.schedules.CosineDecay(1e-3, options.steps)
    for name, loss, conserving in (
        ("none", squared_error(unit), False),
        ("penalty", squared_error(unit, options.penalty), False),
        ("layer", squared_error(unit), True),
    ):
        model = models.SuperResolution(generator(options, unit, conserving), pixel_loss=loss)
        found[name] = trained(model, seen, options.steps, fading, options).run(small)
    # The last of them, with the layer, goes on.
    model = models.SRGAN(
        model.generator,
        discriminator(options, unit),
        content_loss=squared_error(unit),
        adversarial_weight=options.adversarial_weight,
    )
    model = trained(model, seen, options.adversarial_steps, 1e-4, options)
    found["layer and discriminator"] = model.run(small)
    of_bicubic = apart(found["bicubic"], unseen)
    rows = [
        {
            "constraint": name,
            "steps": options.steps,
            "adversarial_steps": options.adversarial_steps,
            "seed": options.seed,
        }
        | {key: float(f"{value:.4g}") for key, value in figures(made, unseen, of_bicubic).items()}
        for name, made in found.items()
    ]
    record("climate", rows, by=("steps", "adversarial_steps", "seed"))
    if options.sample:
        shown = np.stack([unseen, *found.values()], axis=1)[:4, ..., SHOWN]
        low, high = (f(shown, axis=(1, 2, 3), keepdims=True) for f in (np.min, np.max))
        levels = np.uint8(255 * (shown - low) / (high - low)).reshape(-1, SIDE, SIDE, 1)
        write_image(options.sample, make_grid(levels, columns=1 + len(found)))


if __name__ == "__main__":
    main()
