"""How fast are photographs enlarged, in how much memory, and how soon is the first?

    KERAS_BACKEND=tensorflow python benchmarks/upscale.py --data photo.jpg

The network is PAN, with the same weights in plain `torch.nn` (`plain_pan.py`), in the faster
of PyTorch's two memory formats for it, and in the package super-image if that is installed.
All go from one uint8 array to another, and their results are compared first. Throughput:
rivals take turns, ratios are of the same round and are a rival's time over kerasgan's, so 1 or
more means that kerasgan is at least as fast. Peak memory, and the seconds from the start of
the process to the first result, of 48 × 48 pixels, are those of processes of their own.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import keras
import numpy as np
import plain_pan
import torch
from generate import alternate
from PIL import Image
from results import record, spread

import kerasgan

try:
    from super_image import PanConfig, PanModel
except ImportError:
    PanModel = None

OURS = """
import sys, kerasgan, numpy as np
kerasgan.zoo.load(sys.argv[1] + "/entry").upscale(np.load(sys.argv[2]), tile=int(sys.argv[3]))
"""
PLAIN = """
import sys
sys.path.insert(0, sys.argv[4])
import plain_pan, numpy as np
network = plain_pan.load(sys.argv[1] + "/plain.npz")
plain_pan.upscale_in_tiles(network, np.load(sys.argv[2]), int(sys.argv[3]))
"""
# Not `resource.getrusage`, which counts what the parent held when it started this process.
PEAK = """
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(int(status["VmHWM"].split()[0]) / 1024)
"""
HERE = str(Path(__file__).parent)
WHOLE = 100_000


def photograph(path, side):
    """A uint8 array, of a file or of smooth colours with noise."""
    if path:
        with Image.open(path) as image:
            return np.asarray(image.convert("RGB"))
    y, x = np.mgrid[:side, :side]
    waves = np.stack([np.sin(x / 9 + y / 13), np.cos(x / 17 - y / 7), np.sin(y / 11)], axis=-1)
    noise = np.random.default_rng(0).normal(size=waves.shape)
    return np.clip(127.5 + 90 * waves + 9 * noise, 0, 255).astype("uint8")


def faster(network, image):
    """The network in the memory format that is faster here."""

    def seconds(memory_format):
        network.to(memory_format=memory_format)
        times = []
        for _ in range(3):
            start = time.perf_counter()
            plain_pan.upscale(network, image)
            times.append(time.perf_counter() - start)
        return min(times)

    return network.to(
        memory_format=min((torch.contiguous_format, torch.channels_last), key=seconds)
    )


def of_super_image(plain):
    """The package's network, with the weights of the plain one."""
    network = PanModel(PanConfig(scale=4)).eval()
    convolutions = [m for m in network.modules() if isinstance(m, torch.nn.Conv2d)]
    for block in range(plain_pan.BLOCKS):
        # What it declares first, it applies second.
        gate = 7 * block + 4
        convolutions[gate : gate + 2] = convolutions[gate : gate + 2][::-1]
    for target, source in zip(convolutions, plain.convolutions, strict=True):
        target.load_state_dict(source.state_dict())
    return network


def weights(network):
    """The arrays of a Keras network's convolutions, in the order in which they were made."""

    def number(layer):
        return int(layer.name.partition("_")[2] or 0)

    layers = [layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D)]
    return [array for layer in sorted(layers, key=number) for array in layer.get_weights()]


def refuse_another(network, images, expected):
    """Raise unless the network gives what is expected, to 1e-4."""
    with torch.inference_mode():
        made = network(torch.from_numpy(images).permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
    np.testing.assert_allclose(made.numpy(), expected, atol=1e-4)


def in_process(code, folder, image, tile):
    """The seconds that a process of its own takes, and its peak memory in MiB."""
    with tempfile.NamedTemporaryFile(suffix=".npy") as file:
        np.save(file, image)
        file.flush()
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", code + PEAK, folder, file.name, str(tile), HERE],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
    return time.perf_counter() - start, float(done.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="a photograph (default: a synthetic one)")
    parser.add_argument("--side", type=int, default=512, help="of the synthetic one")
    parser.add_argument("--tile", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    keras.utils.set_random_seed(0)
    model = kerasgan.models.SuperResolution(kerasgan.networks.pan())
    image = photograph(options.data, options.side)
    megapixels = 16 * image.shape[0] * image.shape[1] / 1e6
    rows = []

    def add(question, rival, ratios, absolute):
        rows.append(
            {
                "question": question,
                "rival": rival,
                **spread(ratios),
                "absolute": absolute,
                "height": image.shape[0],
                "width": image.shape[1],
                "tile": options.tile,
                "rounds": options.rounds,
            }
        )

    with tempfile.TemporaryDirectory() as folder:
        # Loaded, for the weights may be stored in half precision.
        model = kerasgan.zoo.load(kerasgan.zoo.save(model, Path(folder, "entry")))
        np.savez(Path(folder, "plain.npz"), *weights(model.averaged_generator))
        plain = faster(plain_pan.load(Path(folder, "plain.npz")), image[:256, :256])
        tile = image[None, :48, :48] / np.float32(127.5) - 1.0
        refuse_another(plain, tile, model.enlarger()(tile))
        rivals = {
            "plain torch, whole": lambda: plain_pan.upscale(plain, image),
            "plain torch, tiles": lambda: plain_pan.upscale_in_tiles(plain, image, options.tile),
        }
        if PanModel:
            package = of_super_image(plain)
            refuse_another(package, tile, model.enlarger()(tile))
            rivals["super-image, whole"] = lambda: plain_pan.upscale(package, image)
        runs = {
            "throughput, tiles": lambda: model.upscale(image, tile=options.tile),
            "throughput, whole": lambda: model.upscale(image, tile=WHOLE),
        }
        for question, run in runs.items():
            for name, rival in rivals.items():
                ratios, times = alternate(run, rival, options.rounds)
                speed = f"{megapixels / statistics.median(times):.3f} megapixels/s"
                add(question, name, ratios, speed)
        for question, tile in (("memory, tiles", options.tile), ("memory, whole", WHOLE)):
            ours, theirs = (in_process(code, folder, image, tile)[1] for code in (OURS, PLAIN))
            add(question, "plain torch", [theirs / ours], f"{ours:.0f} MiB")
        pairs = [
            [in_process(code, folder, image[:48, :48], options.tile)[0] for code in (OURS, PLAIN)]
            for _ in range(options.rounds)
        ]
        seconds = statistics.median(ours for ours, _ in pairs)
        ratios = [theirs / ours for ours, theirs in pairs]
        add("first result", "plain torch", ratios, f"{seconds:.2f} s")
    record("upscale", rows)


if __name__ == "__main__":
    main()
