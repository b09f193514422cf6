"""How near does a translation that was learnt without pairs come to a change that is known?

    KERAS_BACKEND=tensorflow python benchmarks/known_change.py --data PHOTOGRAPHS --crop 89

Sources are photographs; targets are other photographs, with hue turned by 120° (red becomes green,
green blue, blue red) or with tones inverted. Of a photograph that no model saw the truth is known
for every pixel, and the figure is the mean absolute difference from it in grey levels of 255.
CycleGAN and CUT have the same generator and the same minutes of processor time. One half of the
held-out photographs chooses the best of `--looks` moments of training, the other half is measured,
at that moment and at the end: who has no truth cannot choose so. Beside them the source itself, and
the truth without its colours: a translation that is further away knows nothing of hue.
"""

import argparse
import time

import keras
import numpy as np
from results import record

import kerasgan
from kerasgan import networks
from kerasgan.datasets import load, load_unpaired

CHANGES = {
    "hue turned by 120°": lambda images: images[..., [2, 0, 1]],
    "tones inverted": lambda images: 255 - images,
}


def cycle_gan(shape, width, blocks, seed):
    generators = [networks.translator(width=width, blocks=blocks) for _ in range(2)]
    discriminators = [networks.patchgan(shape, width=width) for _ in range(2)]
    # The paper's identity loss keeps colours, which are what has to change.
    return kerasgan.models.CycleGAN(*generators, *discriminators, identity_weight=0.0, seed=seed)


def cut(shape, width, blocks, seed):
    parts = networks.cut(shape, width=width, blocks=blocks)
    return kerasgan.models.CUT(*parts, patch_weight=10.0, identity_weight=0.0, seed=seed)


class Timed(keras.callbacks.Callback):
    """Ends training after so many minutes of processor time, and looks `looks` times before."""

    def __init__(self, minutes, looks, look):
        super().__init__()
        self.due, self.look = list(60 * minutes * np.arange(1, looks + 1) / looks), look
        self.found, self.spent = [], 0.0

    def on_train_begin(self, logs=None):
        self.begun = time.process_time()

    def on_train_batch_end(self, batch, logs=None):
        if self.spent + time.process_time() - self.begun < self.due[0]:
            return
        self.spent += time.process_time() - self.begun
        self.due.pop(0)
        self.found.append(self.look())
        self.model.stop_training = not self.due
        self.begun = time.process_time()


def errors(made, truth):
    """Mean absolute difference of each image."""
    return np.abs(made.astype("float32") - truth).mean((1, 2, 3))


def of(values):
    return {
        "error": round(float(values.mean()), 3),
        "error_standard_error": round(float(values.std(ddof=1) / len(values) ** 0.5), 3),
    }


def measure(build, data, held, options, seed):
    """Rows of a model at the end, and at the moment that was best on the first half of `held`."""
    keras.utils.set_random_seed(seed)
    shape = (options.size, options.size, 3)
    model = build(shape, options.width, options.blocks, seed)
    model.compile()
    sources, truth = held

    def look():
        steps = int(model.optimizer.iterations)
        return steps, errors(model.translate(sources, batch_size=64), truth)

    timed = Timed(options.minutes, options.looks, look)
    model.fit(data, epochs=10**6, callbacks=[timed], verbose=0)
    half = len(sources) // 2
    best = min(timed.found, key=lambda found: found[1][:half].mean())
    return [
        {"shown": type(model).__name__, "checkpoint": name, "steps": steps, **of(found[half:])}
        for name, (steps, found) in (("last", timed.found[-1]), ("best", best))
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="a folder of photographs")
    parser.add_argument("--crop", type=int, help="as in `kerasgan.datasets.load`")
    parser.add_argument("--change", choices=list(CHANGES), default=next(iter(CHANGES)))
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--blocks", type=int, default=4)
    parser.add_argument("--minutes", type=float, default=10.0, help="of processor time a model")
    parser.add_argument("--looks", type=int, default=8)
    parser.add_argument("--held-out", type=int, default=200)
    parser.add_argument("--seeds", type=int, default=1)
    options = parser.parse_args()
    shape = (options.size, options.size, 3)
    photographs = load(options.data, shape, 64, options.crop, flip=False, shuffle=False)
    photographs = np.concatenate([photographs[i] for i in range(len(photographs))])
    change, rows = CHANGES[options.change], []
    for seed in range(options.seeds):
        order = np.random.default_rng(seed).permutation(len(photographs))
        held, sources, targets = np.split(
            photographs[order],
            [options.held_out, (options.held_out + len(order)) // 2],
        )
        truth = change(held)
        half = options.held_out // 2
        grey = np.repeat(held.mean(-1, keepdims=True).round().astype("uint8"), 3, axis=-1)
        found = [
            {"shown": shown, "checkpoint": "", "steps": ""} | of(errors(images, truth)[half:])
            for shown, images in (("source", held), ("truth in grey", change(grey)))
        ]
        for build in (cycle_gan, cut):
            data = load_unpaired(sources, change(targets), size=options.size, seed=seed)
            found += measure(build, data, (held, truth), options, seed)
        rows += [
            {"change": options.change, "seed": seed, "n": options.held_out - half}
            | row
            | {"minutes": options.minutes, "size": options.size, "width": options.width}
            | {"blocks": options.blocks, "photographs": len(sources)}
            for row in found
        ]
    record("known_change", rows, by=("change", "size"))


if __name__ == "__main__":
    main()
