"""Does a private step take longer, or more memory, than with opacus?

    KERAS_BACKEND=torch python benchmarks/private_step.py   # pip install opacus==1.6.0

The same DCGAN is trained by `fit(…, privacy=…)` and, in plain `torch.nn`, channels first, with
opacus's `GradSampleModule` and `DPOptimizer` on the discriminator: lots of as many records on
average, drawn in the same way, ten turns of the discriminator for one of the generator, the same
losses, clipping, noise, Adam and averaged generator. Each is in a process of its own, in turns; a
ratio is opacus's over kerasgan's of the same round, so 1 or more means that kerasgan is at least as
fast, or as small. Other work shares the machine, so the ratio of processor time is there too.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

SIDE, LATENT_DIM, KERNEL, TURNS, NOISE, NORM, DECAY = 32, 64, 4, 10, 1.0, 1.0, 0.999
WHOSE = ("kerasgan", "opacus")


def with_kerasgan(images, options):
    import keras

    from kerasgan import Privacy, models, networks

    keras.utils.set_random_seed(0)
    size = {"latent_dim": LATENT_DIM, "width": options.width, "kernel_size": KERNEL}
    pair = networks.dcgan((SIDE, SIDE, 1), discriminator_normalization=None, **size)
    model = models.GAN(*pair, ema_decay=DECAY, seed=0)
    model.compile()
    told = Privacy(1e9, 1e-5, NOISE, NORM, TURNS)

    def fit(first, epochs):
        options_of_fit = {"batch_size": options.batch_size, "privacy": told, "verbose": 0}
        model.fit(images, initial_epoch=first, epochs=epochs, **options_of_fit)

    return fit, [network.trainable_variables for network in pair]


def plain_networks(width):
    from torch import nn

    widths = [width, 2 * width, 4 * width]
    made, judged = [nn.Linear(LATENT_DIM, 16 * widths[-1], bias=False)], []
    made += [nn.Unflatten(1, (widths[-1], 4, 4))]
    for a, b in zip(widths[::-1], [*widths[-2::-1], 1]):
        made += [nn.BatchNorm2d(a), nn.ReLU()]
        made += [nn.ConvTranspose2d(a, b, KERNEL, 2, 1, bias=b == 1)]
    for a, b in zip([1, *widths], widths):
        judged += [nn.Conv2d(a, b, KERNEL, 2, 1), nn.LeakyReLU(0.2)]
    return nn.Sequential(*made, nn.Tanh()), nn.Sequential(
        *judged, nn.Flatten(), nn.Linear(16 * widths[-1], 1)
    )


def with_opacus(images, options):
    import copy

    import torch
    from opacus import GradSampleModule
    from opacus.optimizers import DPOptimizer
    from torch.nn.functional import softplus

    torch.manual_seed(0)
    generator, discriminator = plain_networks(options.width)
    average = copy.deepcopy(generator)
    discriminator = GradSampleModule(discriminator)
    of_generator, of_discriminator = (
        torch.optim.Adam(network.parameters(), 2e-4, (0.5, 0.999))
        for network in (generator, discriminator)
    )
    expected = {"expected_batch_size": options.batch_size}
    of_discriminator = DPOptimizer(
        of_discriminator, noise_multiplier=NOISE, max_grad_norm=NORM, **expected
    )
    images = torch.from_numpy(images).permute(0, 3, 1, 2).contiguous()
    share, turns = options.batch_size / len(images), -(-len(images) // options.batch_size)

    def made(n):
        return generator(torch.randn(n, LATENT_DIM))

    def judge(real):
        with torch.no_grad():
            fake = made(len(real))
        loss = softplus(-discriminator(real)).mean() + softplus(discriminator(fake)).mean()
        of_discriminator.zero_grad(set_to_none=True)
        loss.backward()
        of_discriminator.step()

    def make(n):
        discriminator.disable_hooks()
        loss = softplus(-discriminator(made(n))).mean()
        of_generator.zero_grad(set_to_none=True)
        loss.backward(inputs=list(generator.parameters()))
        of_generator.step()
        discriminator.enable_hooks()

    def fit(first, epochs):
        for step in range(first * turns, epochs * turns):
            chosen = (torch.rand(len(images)) < share).nonzero()[:, 0]
            judge(images[chosen].float() / 127.5 - 1.0)
            if step % TURNS == 0:
                make(len(chosen))
            with torch.no_grad():
                for network in ("parameters", "buffers"):
                    pairs = ([*getattr(x, network)()] for x in (average, generator))
                    kept = [pair for pair in zip(*pairs) if pair[0].is_floating_point()]
                    torch._foreach_lerp_(*map(list, zip(*kept)), 1.0 - DECAY)

    return fit, [list(network.parameters()) for network in (generator, discriminator)]


def measure(whose, options):
    import torch

    torch.set_num_threads(options.threads)
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (options.records, SIDE, SIDE, 1), "uint8")
    fit, weights = {"kerasgan": with_kerasgan, "opacus": with_opacus}[whose](images, options)
    steps = options.epochs * -(-options.records // options.batch_size)
    fit(0, 1)
    began = time.perf_counter(), time.process_time()
    fit(1, 1 + options.epochs)
    ended = time.perf_counter(), time.process_time()
    # Not `results.resident`: that file brings Keras, which opacus's process does not need.
    status = Path("/proc/self/status").read_text().split()
    found = {
        "seconds": (ended[0] - began[0]) / steps,
        "processor_seconds": (ended[1] - began[1]) / steps,
        "peak_mib": int(status[status.index("VmHWM:") + 1]) / 1024,
        "weights": [sum(int(np.prod(v.shape)) for v in group) for group in weights],
    }
    print(json.dumps(found))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--width", type=int, default=32)
    parser.add_argument("--batch-size", type=int, default=600)
    parser.add_argument("--records", type=int, default=6000)
    parser.add_argument("--epochs", type=int, default=1, help="a round, after one that is not told")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--measure", choices=WHOSE, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        return measure(options.measure, options)
    from results import record, spread

    found = {whose: [] for whose in WHOSE}
    for i in range(options.rounds):
        for whose in WHOSE[:: -1 if i % 2 else 1]:
            command = [sys.executable, __file__, *sys.argv[1:], "--measure", whose]
            told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
            found[whose].append(json.loads(told.splitlines()[-1]))
            print(whose, found[whose][-1], flush=True)
    assert found["kerasgan"][0]["weights"] == found["opacus"][0]["weights"]
    ratios = {
        name: spread([b[name] / a[name] for a, b in zip(*found.values())])
        for name in ("seconds", "processor_seconds", "peak_mib")
    }
    row = ratios["seconds"]
    row |= {f"processor_{key}": value for key, value in ratios["processor_seconds"].items()}
    row["memory_ratio"] = ratios["peak_mib"]["ratio_median"]
    for whose, rounds in found.items():
        for name, digits in (("processor_seconds", 3), ("peak_mib", 0)):
            row[f"{whose}_{name}"] = round(float(np.median([x[name] for x in rounds])), digits)
    del options.measure
    record("private_step", [row | vars(options)], by=("backend", "width", "batch_size"))


if __name__ == "__main__":
    main()
