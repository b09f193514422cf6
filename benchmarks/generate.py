"""How fast do pictures come, and how soon the first?

    KERAS_BACKEND=jax python benchmarks/generate.py dcgan_celeba

Two questions. Images a second of `generate` against the shortest loop in the backend's own
terms around the same network. And the time from the start of the process to the first PNG
of `kerasgan generate` against the bare import of Keras and the backend, each in a process
of its own (run it where only that backend is installed, as a user has it). Rivals take
turns; ratios are of the same round.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

import keras
import numpy as np
from results import record, spread

import kerasgan
from kerasgan.modalities import Images

BACKEND = keras.backend.backend()


def by_hand(network):
    """A function from NumPy latents to NumPy images."""
    if BACKEND == "tensorflow":
        import tensorflow as tf

        call = tf.function(lambda z: network(z, training=False))
        return lambda z: call(tf.constant(z)).numpy()
    if BACKEND == "jax":
        import jax

        # Copies: `predict` gives the originals' memory away.
        values = [
            [jax.numpy.array(v.value) for v in group]
            for group in (network.trainable_variables, network.non_trainable_variables)
        ]
        call = jax.jit(lambda values, z: network.stateless_call(*values, z, training=False)[0])
        return lambda z: np.asarray(call(values, z))
    import torch

    def call(z):
        with torch.inference_mode():
            return network(torch.from_numpy(z), training=False).cpu().numpy()

    return call


def throughput(name, n, batch_size, rounds):
    model = kerasgan.zoo.load(name)
    call = by_hand(model.averaged_generator)
    latents = np.random.default_rng(0).standard_normal((n, model.latent_dim), "float32")

    def rival():
        samples = np.empty((n, *model.sample_shape), "uint8")
        for start in range(0, n, batch_size):
            samples[start : start + batch_size] = Images().to_user(
                call(latents[start : start + batch_size])
            )

    def ours():
        model.generate(latents=latents, batch_size=batch_size, verbose=False)

    ratios, times = alternate(ours, rival, rounds)
    return ratios, f"{n / statistics.median(times):.0f} images/s"


def first_picture(name, rounds):
    with tempfile.TemporaryDirectory() as folder:
        commands = [
            ["-m", "kerasgan.cli", "generate", name, "-o", os.path.join(folder, "x.png")],
            ["-c", "import keras"],
        ]
        ours, bare = (
            lambda command=command: subprocess.run(
                [sys.executable, *command], check=True, capture_output=True
            )
            for command in commands
        )
        ratios, times = alternate(bare, ours, rounds)
    return ratios, f"bare import {statistics.median(times):.2f} s"


def alternate(first, second, rounds):
    """Ratios second / first of each round after a warm-up, and the times of the first."""
    first(), second()
    pairs = [(clock(first), clock(second)) for _ in range(rounds)]
    return [b / a for a, b in pairs], [a for a, _ in pairs]


def clock(run):
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", nargs="?", default="dcgan_celeba")
    parser.add_argument("-n", type=int, default=512)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    measured = {
        "time by hand / generate": throughput(
            options.name, options.n, options.batch_size, options.rounds
        ),
        "first PNG / bare import": first_picture(options.name, options.rounds),
    }
    record(
        "generate",
        [
            {
                "question": question,
                "entry": options.name,
                **spread(ratios),
                "absolute": absolute,
                "batch_size": options.batch_size,
                "rounds": options.rounds,
            }
            for question, (ratios, absolute) in measured.items()
        ],
    )


if __name__ == "__main__":
    main()
