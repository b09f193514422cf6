"""How many steps of optimisation is one pass of a style entry worth, and how fast is it?

    python benchmarks/style.py style_wave --style wave.jpg --network VGG16.keras \
        --photographs PHOTOGRAPHS --size 256

For each photograph the style loss (`kerasgan.losses.StyleLoss`) of what the entry paints in one
pass, and that of `kerasgan.style.stylize_by_optimization` after each step, of L-BFGS and of Adam,
which begin at the photograph: `worth` is the first step whose loss is not above the pass's, and
empty if none of `--steps` is. The loss is that which an entry of one painting was trained on, but
for the network's path; for an AdaIN entry, trained on another one, the default. `pass_seconds` and
`step_seconds` are of this photograph. With `--speed`: megapixels a second of the pass, best of
three after one, and the peak memory of a process that does it once, and of one that only loads the
entry, at several sizes.
"""

import argparse
import inspect
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from keras import ops
from results import record, resident

import kerasgan
from kerasgan.losses import StyleLoss
from kerasgan.photos.painting import read_painting
from kerasgan.style import stylize_by_optimization
from kerasgan.zoo import evaluation

SIDES = (512, 1024)
SHOWN = (1, 3, 10, 30, 100, 300)


def painter(model, painting, style_size):
    """A function that paints in the entry's style, or in that of the painting."""
    if "style" not in inspect.signature(model.stylize).parameters:
        return model.stylize
    return lambda image: model.stylize(image, painting, style_size=style_size)


def loss_of(style_loss, made, photograph, painting):
    """The style loss of one float picture."""
    batch = [ops.convert_to_tensor(picture[None]) for picture in (made, photograph, painting)]
    (content, _), (_, grams) = (style_loss.features(picture) for picture in batch[1:])
    return float(sum(style_loss.parts(batch[0], content, grams).values()))


def optimised(photograph, painting, style_loss, steps, optimizer, style_size):
    """Losses from the photograph on, and the seconds of a step."""
    moments = []
    found = stylize_by_optimization(
        photograph,
        painting,
        style_loss=style_loss,
        steps=steps,
        optimizer=optimizer,
        style_size=style_size,
        progress=lambda done, total: moments.append(time.perf_counter()),
    )
    # The first step compiles, or tunes.
    return found.losses, float(np.median(np.diff(moments)))


def compare(model, photographs, paintings, options):
    # That which an entry of one painting was trained on, for a painting of the same size.
    own = model.style_loss.get_config() if hasattr(model, "style_loss") else {}
    style_loss, rows = StyleLoss(**own | {"network": options.network}), []
    for painting in paintings:
        paint = painter(model, painting, options.style_size)
        shown = read_painting(painting, options.style_size)
        for path in photographs:
            photograph = read_painting(path, options.size)
            paint(photograph)
            begun = time.perf_counter()
            made = paint(photograph)
            seconds = time.perf_counter() - begun
            loss = loss_of(style_loss, made, photograph, shown)
            for optimizer in ("lbfgs", "adam"):
                losses, step_seconds = optimised(
                    photograph, painting, style_loss, options.steps, optimizer, options.style_size
                )
                worth = next((i for i, found in enumerate(losses) if found <= loss), "")
                row = {
                    "entry": Path(options.name).name,
                    "painting": Path(painting).stem,
                    "photograph": Path(path).stem,
                    "size": "×".join(map(str, photograph.shape[1::-1])),
                    "optimizer": optimizer,
                    "worth": worth,
                    "steps": len(losses) - 1,
                    "pass_loss": round(loss, 2),
                    "photograph_loss": round(losses[0], 2),
                    "pass_seconds": round(seconds, 3),
                    "step_seconds": round(step_seconds, 3),
                }
                for step in SHOWN:
                    row[f"loss_{step}"] = round(losses[step], 2) if step < len(losses) else ""
                rows.append(row)
    record("style", rows, by=("entry",))
    if options.card:
        figures = {
            f"{optimizer}_steps": float(
                # What no step reached is worth more than all of them.
                np.median(
                    [
                        r["steps"] if r["worth"] == "" else r["worth"]
                        for r in rows
                        if r["optimizer"] == optimizer
                    ]
                )
            )
            for optimizer in ("lbfgs", "adam")
        }
        figures = {"n": len(photographs)} | figures
        evaluation.add_to_card(options.name, figures, "benchmarks/style.py")


def peak(name, side, painting):
    """MiB at most of a process that paints a square of so many pixels a side."""
    done = subprocess.run(
        [sys.executable, __file__, name, "--style", painting, "--once", str(side)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return float(done.stdout.split()[-1])


def square(side):
    return np.random.default_rng(0).integers(0, 256, (side, side, 3), "uint8")


def once(model, side, painting, style_size):
    if side:
        painter(model, painting, style_size)(square(side))
    # Not `resource.getrusage`, which counts what the parent held when it started this process.
    print(resident("VmHWM") / 1024)


def speed(model, painting, options):
    rows, idle = [], peak(options.name, 0, painting)
    paint = painter(model, painting, options.style_size)
    for side in SIDES:
        times = []
        for _ in range(4):
            begun = time.perf_counter()
            paint(square(side))
            times.append(time.perf_counter() - begun)
        rows.append(
            {
                "entry": Path(options.name).name,
                "side": side,
                "megapixels_a_second": round(side**2 / 1e6 / min(times[1:]), 3),
                "peak_mib": round(peak(options.name, side, painting)),
                "peak_mib_without": round(idle),
            }
        )
    record("style_speed", rows, by=("entry", "backend"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", help="an entry or a run folder")
    parser.add_argument("--style", nargs="+", required=True, help="the painting, or paintings")
    parser.add_argument("--photographs", help="a folder of photographs to compare on")
    parser.add_argument("--network", help="VGG16 as a .keras network, of the loss")
    parser.add_argument("--size", type=int, default=256, help="longer side of a photograph")
    parser.add_argument("--style-size", type=int, default=256, help="of the painting (AdaIN)")
    parser.add_argument("--steps", type=int, default=100, help="of an optimisation, at most")
    parser.add_argument("-n", type=int, default=2, help="photographs (default: 2)")
    parser.add_argument("--card", action="store_true", help="write the entry's card too")
    parser.add_argument("--speed", action="store_true", help="measure speed and memory")
    parser.add_argument("--once", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    model = kerasgan.zoo.load(options.name)
    options.style_size = getattr(model, "style_size", options.style_size)
    if options.once is not None:
        return once(model, options.once, options.style[0], options.style_size)
    if options.photographs:
        photographs = sorted(Path(options.photographs).glob("*.jpg"))[: options.n]
        compare(model, photographs, options.style, options)
    if options.speed:
        speed(model, options.style[0], options)


if __name__ == "__main__":
    main()
