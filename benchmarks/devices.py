"""How much of N times the samples a second do N devices give?

    KERAS_BACKEND=jax python benchmarks/devices.py 1 2

Each number of devices trains in a process of its own, on PyTorch in one a device, the same DCGAN on
the same batch a device, so that N devices would ideally take N times the samples in the same time.
Without an accelerator a device is a core of the processor, simulated on JAX. TensorFlow trains a
recipe on one device.
Rounds alternate between the numbers; a number's figure is the median of its rounds.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time

ROUNDS, STEPS = 3, 40


def measured(n, options):
    """Samples a second over `n` devices, by a process that prints them."""
    script = [__file__, str(n), "--one", "--batch-size", str(options.batch_size)]
    script += ["--width", str(options.width), "--size", str(options.size)]
    start = [sys.executable]
    if os.environ.get("KERAS_BACKEND") == "torch":
        start += ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(n)]
    flags = {"XLA_FLAGS": f"--xla_force_host_platform_device_count={n}", "OMP_NUM_THREADS": "1"}
    # A core for each device, where these are cores.
    cores = sorted(os.sched_getaffinity(0))[:n]
    done = subprocess.run(
        [*start, *script],
        env=os.environ | flags,
        preexec_fn=lambda: os.sched_setaffinity(0, cores),
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return float(done.stdout.split()[-1])


def one(n, options):
    import keras
    import numpy as np

    import kerasgan
    from kerasgan.engine import devices

    with devices.over(None if keras.backend.backend() == "torch" else n):
        shape, size = (options.size, options.size, 3), options.batch_size * n
        images = np.random.default_rng(0).integers(0, 256, (STEPS * size, *shape), "uint8")
        data = kerasgan.datasets.load(images, shape, batch_size=size, workers=1)
        keras.utils.set_random_seed(0)
        model = kerasgan.models.GAN(*kerasgan.networks.dcgan(shape, width=options.width), seed=0)
        clock = Clock()
        model.fit(data, epochs=2, verbose=0, callbacks=[clock])
        if devices.is_first():
            print(len(images) / clock.seconds)


def Clock():
    import keras

    class Clock(keras.callbacks.Callback):
        """Seconds of the last epoch: the first one compiles."""

        def on_epoch_begin(self, epoch, logs=None):
            self.start = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            self.seconds = time.perf_counter() - self.start

    return Clock()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("devices", type=int, nargs="+")
    parser.add_argument("--batch-size", type=int, default=32, help="of one device")
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        return one(options.devices[0], options)
    from results import record

    rounds = [{n: measured(n, options) for n in options.devices} for _ in range(ROUNDS)]
    first = options.devices[0]
    rows = [
        {
            "devices": n,
            "batch_size": options.batch_size * n,
            "size": options.size,
            "width": options.width,
            "samples_a_second": round(statistics.median(r[n] for r in rounds), 1),
            "of_ideal": round(statistics.median(r[n] / r[first] for r in rounds) * first / n, 3),
        }
        for n in options.devices
    ]
    record("devices", rows)


if __name__ == "__main__":
    main()
