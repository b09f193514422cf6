"""Does decoding starve the step? Steps fed from a folder against steps fed from memory.

    python benchmarks/data_pipeline.py --data ../shared/data/celeba/celeba_10k_89x109.tar

Each round times one epoch of DCGAN fed in three ways: the same array every step
("constant"), a folder decoded as it goes ("decoding", nothing cached) and a folder decoded
before ("cached"). A ratio of 1 to "constant" means that no step waited for its images; on a
CPU the steps and the decoding share the processors, which the ratio then shows. "alone" is
the decoding without a step: what the worker threads can deliver. `--emulate MS` puts a
pause in the place of the step, which leaves the processors free, as an accelerator does.
"""

import argparse
import csv
import importlib
import itertools
import os
import statistics
import tarfile
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import kerasgan  # noqa: F401 - before Keras: it chooses a backend where none is named

# isort: split
import keras

from kerasgan.datasets import load
from kerasgan.models import GAN
from kerasgan.networks import dcgan

RESULTS = Path(__file__).parent / "results" / "data_pipeline.csv"


class Constant(keras.utils.PyDataset):
    def __init__(self, batch, steps):
        super().__init__()
        self.batch, self.steps = batch, steps

    def __len__(self):
        return self.steps

    def __getitem__(self, index):
        return self.batch


class Clock(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.seconds = -time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds += time.perf_counter()


def seconds_per_step(model, data, emulated):
    if emulated is not None:
        start = time.perf_counter()
        data.on_epoch_begin()
        for _ in data:
            time.sleep(emulated / 1000)
        data.on_epoch_end()
        return (time.perf_counter() - start) / len(data)
    clock = Clock()
    model.fit(data, callbacks=[clock], shuffle=False, verbose=0)
    return clock.seconds / len(data)


def device():
    if keras.backend.backend() == "torch":
        import torch

        return torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU"
    if keras.backend.backend() == "jax":
        import jax

        return jax.devices()[0].device_kind
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    return tf.config.experimental.get_device_details(gpus[0])["device_name"] if gpus else "CPU"


def folder_of(data, n, place):
    if not data.name.endswith(".tar"):
        return data
    with tarfile.open(data) as tar:
        files = itertools.islice((member for member in tar if member.isfile()), n)
        tar.extractall(place, files, filter="data")
    return Path(place)


def measure(arguments, folder):
    options = {
        "image_shape": (arguments.size, arguments.size, 3),
        "batch_size": arguments.batch_size,
        "drop_remainder": True,
    }
    model = GAN(*dcgan(options["image_shape"], width=arguments.width))
    model.compile()
    cached = load(folder, **options, cache=True)
    images = list(cached)
    constant = Constant(images[0], len(images))
    seconds_per_step(model, constant, arguments.emulate)
    feeds = {
        "constant": constant,
        "decoding": load(folder, **options, cache=False),
        "cached": cached,
    }
    for turn in range(arguments.rounds):
        # A machine that slows down must not always slow the same feed.
        order = list(feeds)[turn % 3 :] + list(feeds)[: turn % 3]
        times = {feed: seconds_per_step(model, feeds[feed], arguments.emulate) for feed in order}
        times["alone"] = seconds_per_step(None, feeds["decoding"], emulated=0)
        for feed, seconds in times.items():
            yield turn, feed, seconds, seconds / times["constant"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder or .tar of pictures")
    parser.add_argument("--images", type=int, default=256, help="taken from a .tar")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--width", type=int, default=8)
    parser.add_argument("--emulate", type=float, metavar="MS", help="a pause for a step")
    parser.add_argument("--rounds", type=int, default=6)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        rows = list(measure(arguments, folder_of(arguments.data, arguments.images, place)))
    backend = keras.backend.backend()
    about = {
        "device": "pause" if arguments.emulate is not None else device(),
        "backend": backend,
        "backend_version": importlib.import_module(backend).__version__,
        **{package: version(package) for package in ("keras", "pillow")},
        "processors": os.cpu_count(),
        "size": arguments.size,
        "batch_size": arguments.batch_size,
        "width": arguments.width,
    }
    new = not RESULTS.exists()
    RESULTS.parent.mkdir(exist_ok=True)
    with RESULTS.open("a", newline="") as file:
        writer = csv.writer(file)
        if new:
            writer.writerow([*about, "round", "feed", "ms_per_step", "ratio_to_constant"])
        for turn, feed, seconds, ratio in rows:
            values = [turn, feed, f"{1000 * seconds:.1f}", f"{ratio:.3f}"]
            writer.writerow([*about.values(), *values])
    for feed in ("constant", "decoding", "cached", "alone"):
        times = [1000 * row[2] for row in rows if row[1] == feed]
        ratios = [row[3] for row in rows if row[1] == feed]
        print(
            f"{backend} {feed}: {statistics.median(times):.0f} ms a step, ratio "
            f"{statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f})"
        )


if __name__ == "__main__":
    main()
