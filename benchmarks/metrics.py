"""How fast are the Fréchet and the kernel distance, and in how much memory?

    KERAS_BACKEND=torch python benchmarks/metrics.py
    KERAS_BACKEND=torch python benchmarks/metrics.py --features efficientnet_lite0.keras

Images a second of a whole measurement, from two sets of images to the figure, against
torchmetrics (`pip install --no-deps torchmetrics lightning-utilities`) in the same run: with
features given, and with those of the same network in batches of the same size. Rivals take
turns; ratios are of the same round. Images are random, at the size that the network is to
see. Kernel distances draw subsets of their own: their figures differ by chance.

Peak memory is what a measurement on given features adds in a process of its own (Linux).
"""

import argparse
import functools
import statistics
import subprocess
import sys
import time
import warnings
from pathlib import Path

import keras
import numpy as np
from results import record, resident, spread

from kerasgan import metrics

try:
    import torch
    from torchmetrics.image.fid import FrechetInceptionDistance
    from torchmetrics.image.kid import KernelInceptionDistance
except ImportError as error:
    raise SystemExit(
        f"{error}. This benchmark's rival is torchmetrics: install PyTorch and run\n"
        "    pip install --no-deps torchmetrics lightning-utilities"
    ) from None


class Features(torch.nn.Module):
    """The feature network as torchmetrics takes it; without one, features are as given."""

    def __init__(self, num_features, extract=None):
        super().__init__()
        self.num_features = num_features
        self.extract = extract

    def forward(self, batch):
        if self.extract is None:
            return batch.flatten(1)
        return torch.from_numpy(self.extract(batch.numpy()))


def ours(kind, sets, network, batch_size, options):
    metric = getattr(metrics, kind)(network, **options)
    for start in range(0, len(sets[0]), batch_size):
        metric.update_state(*(images[start : start + batch_size] for images in sets))
    return float(metric.result())


def theirs(kind, sets, module, batch_size, options):
    if kind == "FrechetInceptionDistance":
        metric = FrechetInceptionDistance(feature=module)
    else:
        metric = KernelInceptionDistance(feature=module, **options)
    for start in range(0, len(sets[0]), batch_size):
        for images, real in zip(sets, (True, False)):
            metric.update(torch.from_numpy(images[start : start + batch_size]), real=real)
    result = metric.compute()
    return float(result[0] if isinstance(result, tuple) else result)


def alternate(first, second, rounds):
    """Ratios second / first of each round after a warm-up, the times of the first, figures."""
    figures = first(), second()
    pairs = [(clock(first), clock(second)) for _ in range(rounds)]
    return [b / a for a, b in pairs], [a for a, _ in pairs], figures


def clock(run):
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def peak_memory(arguments):
    """MiB that one measurement takes, in a process of its own."""
    command = [sys.executable, __file__, *arguments]
    return int(subprocess.run(command, check=True, capture_output=True).stdout)


def random_features(n, num_features, seed):
    """Correlated, non-negative, as those of a network are."""
    mix = np.random.default_rng(0).normal(size=(num_features, num_features))
    mix = mix.astype("float32") / np.sqrt(num_features)
    normal = np.random.default_rng(seed).standard_normal((n, num_features), "float32")
    return np.maximum(normal @ mix + 0.1 * seed, 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--features", help="a .keras classifier")
    parser.add_argument("-n", type=int, default=5000, help="images a side")
    parser.add_argument("--images", type=int, default=256, help="those with the network")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--num-features", type=int, default=1280)
    parser.add_argument("--subsets", type=int, default=20)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory", nargs=2, metavar=("METRIC", "SIDE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    warnings.filterwarnings("ignore", "Metric `Kernel Inception Distance`")
    given = [random_features(options.n, options.num_features, seed) for seed in (0, 1)]
    kinds = {
        "FrechetInceptionDistance": {},
        "KernelInceptionDistance": {"subsets": options.subsets},
    }
    if options.memory:
        kind, who = options.memory
        rival = {"ours": (ours, None), "theirs": (theirs, Features(options.num_features))}[who]
        before = resident("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
        rival[0](kind, given, rival[1], options.batch_size, kinds[kind])
        print((resident("VmHWM") - before) // 1024)
        return
    name, sets, network = "given", given, None
    if options.features:
        classifier = keras.saving.load_model(options.features)
        body = keras.Model(classifier.input, classifier.layers[-1].input, name=classifier.name)
        random = np.random.default_rng(0)
        shape = (options.images, options.size, options.size, 3)
        sets = [random.integers(0, high, shape, "uint8") for high in (256, 200)]
        name, network = body.name, (body, lambda x: (x * 127.5 + 0.5) / 128.0)
    rows = []
    for kind in kinds:
        settings = dict(kinds[kind])
        if settings:
            settings["subset_size"] = min(1000, len(sets[0]))
        extract = metrics.FeatureNetwork(network) if network else None
        rivals = [
            functools.partial(measure, kind, sets, features, options.batch_size, settings)
            for measure, features in (
                (ours, network),
                (theirs, Features(options.num_features, extract)),
            )
        ]
        ratios, times, figures = alternate(*rivals, options.rounds)
        rows.append(
            {
                "metric": kind,
                "features": name,
                **spread(ratios),
                "images_per_second": round(2 * len(sets[0]) / statistics.median(times), 1),
                "figure": f"{figures[0]:.6g}",
                "figure_torchmetrics": f"{figures[1]:.6g}",
                "images_a_side": len(sets[0]),
                "size": "" if network is None else options.size,
                **{f"peak_mib_{who}": "" for who in ("ours", "theirs")},
                "rounds": options.rounds,
            }
        )
        if network is None:
            for who in ("ours", "theirs"):
                peak = peak_memory([*sys.argv[1:], "--memory", kind, who])
                rows[-1][f"peak_mib_{who}"] = peak
    record("metrics", rows, by=("backend", "features"))


if __name__ == "__main__":
    main()
