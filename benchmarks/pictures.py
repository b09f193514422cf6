"""Are translation, inpainting and style as fast, and as small, as in plain PyTorch?

    KERAS_BACKEND=torch python benchmarks/pictures.py pix2pix

Training: `fit` against the loop of `plain_pictures.py`, the same networks, losses, turns,
optimizers and averaged generator. Inference: `translate`, `inpaint` or `stylize` of uint8 arrays
against the plain network, from uint8 to uint8 too. The plain one in the faster of PyTorch's two
memory formats for each. They take turns; a ratio is plain PyTorch's time over kerasgan's in the
same round, so 1 or more means that kerasgan is at least as fast. Peak memory is that of a process
of its own, which trains and infers or only infers, over kerasgan's.
"""

import argparse
import functools
import statistics
import subprocess
import sys

import keras
import numpy as np
import plain_pictures
import torch
from generate import alternate, clock
from results import record, resident, spread

import kerasgan
from kerasgan import models, networks

SIDE = 128
WIDTH = {"pix2pix": 32, "inpainting": 16, "style": 16}
DILATIONS, JUDGE = (2, 4, 8), (32, 4)


def data(task, n):
    """uint8 arrays by the names that the model takes."""
    random = np.random.default_rng(0)
    shape = (n, SIDE, SIDE, 3)
    images = random.integers(0, 256, shape, "uint8")
    if task == "pix2pix":
        return {"source": images, "target": random.integers(0, 256, shape, "uint8")}
    if task == "style":
        return {"content": images}
    masks = np.zeros((*shape[:3], 1), "uint8")
    masks[:, 32:96, 32:96] = 255
    return {"image": images, "mask": masks}


def painting():
    return np.random.default_rng(1).integers(0, 256, (SIDE, SIDE, 3), "uint8")


def ours(task):
    """A model, and its function of uint8 arrays."""
    keras.utils.set_random_seed(0)
    width = WIDTH[task]
    if task == "pix2pix":
        judge = networks.patchgan((SIDE, SIDE, 3), 3, width=width)
        model = models.Pix2Pix(networks.unet((SIDE, SIDE, 3), width=width, depth=5), judge)
        return model, lambda x: model.translate(x["source"], batch_size=len(x["source"]))
    if task == "inpainting":
        generator = networks.gated_generator(width=width, dilations=DILATIONS)
        judge = networks.sn_patchgan((SIDE, SIDE, 3), *JUDGE)
        model = models.Inpainting(generator, judge)
        return model, lambda x: model.inpaint(x["image"], x["mask"], batch_size=len(x["image"]))
    # Weights do not change the time.
    vgg = keras.applications.VGG16(include_top=False, weights=None, input_shape=(None, None, 3))
    loss = kerasgan.losses.StyleLoss(vgg)
    model = models.StyleTransfer(networks.stylizer(width=width), style=painting(), style_loss=loss)
    return model, lambda x: model.stylize(x["content"], batch_size=len(x["content"]))


def plain(task):
    torch.manual_seed(0)
    width = WIDTH[task]
    if task == "pix2pix":
        return plain_pictures.Pix2Pix(width, 5)
    if task == "inpainting":
        return plain_pictures.Inpainting(width, DILATIONS, *JUDGE)
    return plain_pictures.StyleTransfer(width, to_torch(painting()[None]))


def to_torch(array):
    return torch.from_numpy(array).permute(0, 3, 1, 2) / 127.5 - 1.0


def infer(model, batch):
    """uint8 arrays through a plain network, as uint8."""
    tensors = [to_torch(array) for array in batch.values()]
    x = tensors[0]
    if "mask" in batch:
        masks = (tensors[1] + 1) / 2
        x = torch.cat([x * (1 - masks), masks], 1)
    made = ((model.run(x).clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
    made = made.permute(0, 2, 3, 1).numpy()
    return np.where(batch["mask"] > 0, made, batch["image"]) if "mask" in batch else made


def loop(model, arrays, batch_size):
    n = len(next(iter(arrays.values())))
    order = np.random.permutation(n)
    for start in range(0, n, batch_size):
        rows = [array[order[start : start + batch_size]] for array in arrays.values()]
        batch = [to_torch(array) for array in rows]
        if "mask" in arrays:
            batch[1] = (batch[1] + 1) / 2
        loss = model.step(*batch)
    return float(loss)


def fastest(task, run):
    """A plain model in the memory format in which `run(model)` is faster."""
    found = []
    for memory_format in (torch.contiguous_format, torch.channels_last):
        model = plain(task)
        for network in (model.generator, model.discriminator, model.average):
            if network is not None:
                network.to(memory_format=memory_format)
        run(model)
        seconds = min(clock(functools.partial(run, model)) for _ in range(2))
        found.append((seconds, id(model), model))
    return min(found)[2]


def peak(who, what, task, batch_size):
    """What a process of its own needs at most, in MiB."""
    command = [sys.executable, __file__, task, "--batch-size", str(batch_size)]
    command += ["--dtype", keras.config.dtype_policy().name, "--peak", who, what]
    return float(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def print_peak(who, what, task, batch_size):
    arrays = data(task, 4 * batch_size)
    batch = {name: array[:batch_size] for name, array in arrays.items()}
    model, function = ours(task) if who == "ours" else (plain(task), None)
    if what == "training" and who == "ours":
        model.compile()
        model.fit(arrays, batch_size=batch_size, verbose=0)
    elif what == "training":
        loop(model, arrays, batch_size)
    else:
        function(batch) if function else infer(model, batch)
    # Not `resource.getrusage`, which counts what the parent held when it started this process.
    print(resident("VmHWM") / 1024)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("task", choices=WIDTH)
    parser.add_argument("--batch-size", type=int, default=4)
    parser.add_argument("--steps", type=int, default=8, help="a rival and round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--dtype", default="float32", help="policy of kerasgan's networks alone")
    parser.add_argument("--peak", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    task, batch_size = options.task, options.batch_size
    keras.config.set_dtype_policy(options.dtype)
    if options.peak:
        return print_peak(*options.peak, task, batch_size)
    arrays = data(task, options.steps * batch_size)
    model, function = ours(task)
    rival = plain(task)
    for name in ("generator", "discriminator"):
        network = getattr(rival, name)
        if network is not None:
            # Spectral normalisation keeps vectors besides.
            counts = [
                sum(int(np.prod(v.shape)) for v in getattr(model, name).trainable_variables),
                sum(p.numel() for p in network.parameters()),
            ]
            assert counts[0] == counts[1], (name, counts)
    model.compile()

    def train():
        return model.fit(arrays, batch_size=batch_size, verbose=0)

    def train_plain(other):
        return loop(other, arrays, batch_size)

    def infer_plain(other):
        return infer(other, arrays)

    images = options.steps * batch_size
    rows = []
    for what, run, theirs in (
        ("training", train, train_plain),
        ("inference", lambda: function(arrays), infer_plain),
    ):
        rival = functools.partial(theirs, fastest(task, theirs))
        ratios, times = alternate(run, rival, options.rounds)
        ours_peak, plain_peak = (peak(w, what, task, batch_size) for w in ("ours", "plain"))
        rows.append(
            {
                "task": task,
                "what": what,
                **spread(ratios),
                "images_per_second": round(images / statistics.median(times), 2),
                "peak_mib": round(ours_peak),
                "memory_ratio": round(plain_peak / ours_peak, 3),
                "side": SIDE,
                "batch_size": batch_size,
                "dtype": options.dtype,
                "rounds": options.rounds,
            }
        )
    record("pictures", rows, by=("task", "dtype", "backend"))


if __name__ == "__main__":
    main()
