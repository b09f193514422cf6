"""The `kerasgan` command: thin calls into the zoo."""

import argparse
import os
import sys
from pathlib import Path

from kerasgan._choose_backend import keras_home

GRID_FORMATS = (".png", ".jpg", ".jpeg", ".webp")
# What `upscale` takes unless told otherwise.
ENLARGER = "srgan_x4"


def main(arguments=None):
    """Run the command; returns its exit status: 2, with one line, for bad input."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options) or 0
    except (ValueError, OSError, ImportError, FloatingPointError) as error:
        print(f"kerasgan: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nkerasgan: stopped.", file=sys.stderr)
        return 130


def _parser():
    parser = argparse.ArgumentParser(
        prog="kerasgan",
        description="Make pictures with trained GANs, and train your own.",
        epilog="KERAS_BACKEND=jax, torch or tensorflow chooses what it runs on.",
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def add(name, run, help, **kwargs):
        command = commands.add_parser(name, help=help, description=help, **kwargs)
        command.set_defaults(run=run)
        return command

    where = "an entry of `kerasgan list`, a folder, or an hf://, kaggle:// or https:// address"
    add("list", _list, "Name the models that come with kerasgan.")
    info = add("info", _info, "Show a model's card: data, training, figures, licence, limits.")
    info.add_argument("name", help=where)
    info.add_argument(
        "--hugging-face", action="store_true", help="print it as a Hugging Face README.md"
    )
    generate = add("generate", _generate, "Make new pictures with a trained model.")
    generate.add_argument("name", help=where)
    generate.add_argument("-n", type=int, default=16, help="how many pictures (default: 16)")
    generate.add_argument("--seed", type=int, help="the same number gives the same pictures")
    generate.add_argument(
        "-o",
        "--out",
        help="what to write: a .png, .jpg or .webp grid, an .npz array, or a folder for one "
        "file a picture (default: NAME.png)",
    )
    generate.add_argument(
        "--format", choices=("png", "jpg", "webp"), default="png", help="of files in a folder"
    )
    generate.add_argument("--batch-size", type=int, default=64, help="pictures at a time")
    generate.add_argument(
        "--labels",
        help="of a model that takes them: classes by name or number, taken in turn (3,7 or "
        "sneaker), or the attributes of every picture (smiling,eyeglasses)",
    )
    upscale = add(
        "upscale",
        _upscale,
        "Enlarge a photograph, or every one in a folder. Run the same command again to go on "
        "with a folder that was stopped.",
        epilog="Example: kerasgan upscale photo.jpg",
    )
    upscale.add_argument("input", help="a picture, or a folder of them")
    upscale.add_argument(
        "-o", "--out", help="file or folder to write (default: INPUT_x4 beside it)"
    )
    upscale.add_argument(
        "--model", help=f"of super-resolution: {where} (default: {ENLARGER}, or another entry)"
    )
    upscale.add_argument(
        "--scale", type=int, help="how many times larger, if the model's is to be made sure of"
    )
    upscale.add_argument(
        "--strength", type=float, help="of an adversarial model: 0 faithful to 1 sharp (default)"
    )
    upscale.add_argument("--tile", type=int, default=256, help="side of what is seen at a time")
    upscale.add_argument("--force", action="store_true", help="replace what is there")
    upscale.add_argument(
        "--comparison", action="store_true", help="also write bicubic and result side by side"
    )
    evaluate = add(
        "evaluate",
        _evaluate,
        "Measure samples of a model against the pictures that it was trained on.",
        epilog="Example: kerasgan evaluate runs/mine --data photos --features network.keras",
    )
    evaluate.add_argument("name", help=where)
    evaluate.add_argument("--data", required=True, help="as for train")
    evaluate.add_argument(
        "--features",
        help="a .keras network of images in [-1, 1], whose last dense layer is left out, or an "
        ".npz of the weights of FID's Inception (default: that one)",
    )
    evaluate.add_argument("-n", type=int, default=10_000, help="samples (default: 10,000)")
    evaluate.add_argument("--seed", type=int, default=0, help="of the samples")
    evaluate.add_argument("--crop", type=int, help="as for train")
    evaluate.add_argument(
        "--neighbours",
        metavar="PNG",
        help="write the samples that are nearest to a training picture here, above these",
    )
    evaluate.add_argument("--json", metavar="FILE", help="write the figures here too")
    evaluate.add_argument("--card", action="store_true", help="and on the model's card")
    report = add(
        "report",
        _report,
        "Write what a run was, how it went and what is wrong with it as one HTML page.",
        epilog="Example: kerasgan report runs/mine",
    )
    report.add_argument("folder", metavar="RUN_FOLDER", help="of `kerasgan train`, finished or not")
    report.add_argument("-o", "--out", help="file to write (default: RUN_FOLDER/report.html)")
    diagnose = add(
        "diagnose",
        _diagnose,
        "Say what ails a run, from its log: what was seen, the threshold, the one change to try.",
        epilog="Example: kerasgan diagnose runs/mine",
    )
    diagnose.add_argument(
        "folder", metavar="RUN_FOLDER", help="of `kerasgan train`, finished or not"
    )
    diagnose.add_argument("--json", action="store_true", help="print JSON")
    inspect = add(
        "inspect",
        _inspect,
        "Look at a training set before the run: counts, sizes, corrupt and duplicate pictures, "
        "classes, and what to fix.",
        epilog="Example: kerasgan inspect my_pictures --contact-sheet sheet.png",
    )
    inspect.add_argument("data", help="a folder of pictures, an .npz or .npy file, or tfds:NAME")
    inspect.add_argument(
        "--labels",
        metavar="FILE",
        help="attributes by file name (default: the classes that come with the data, if any)",
    )
    inspect.add_argument("--contact-sheet", metavar="PNG", help="write 64 of the pictures here")
    inspect.add_argument("--json", action="store_true", help="print JSON")
    train = add(
        "train",
        _train,
        "Train a model on a folder of pictures. Run the same command again to go on with a "
        "run that was stopped or killed.",
        epilog="Example: kerasgan train dcgan --data photos --width 32 --epochs 50 --out runs/mine",
    )
    train.add_argument(
        "name",
        help="an entry, to train its recipe again, or an architecture: dcgan, mlp; for "
        "super-resolution srresnet, rrdb, pan",
    )
    train.add_argument(
        "--data", required=True, help="a folder of pictures, an .npz or .npy file, or tfds:NAME"
    )
    train.add_argument("--out", help="run folder (default: runs/NAME)")
    train.add_argument(
        "--epochs", type=int, help="passes over the data (default: 100, or the entry's)"
    )
    train.add_argument(
        "--batch-size", type=int, help="pictures a step (default: 128, or the entry's)"
    )
    train.add_argument("--seed", type=int, help="of weights, latents and shuffling")
    train.add_argument("--crop", type=int, help="side of a centred square cut out before resizing")
    train.add_argument(
        "--flip", action=argparse.BooleanOptionalAction, help="mirror half of the pictures"
    )
    train.add_argument(
        "--labels",
        metavar="FILE",
        help="for a model that takes them: a file of attributes by file name (CSV, CelebA's "
        "list or .npz; default: the names of sub-folders, or the y beside the x of an .npz)",
    )
    train.add_argument(
        "--held-out",
        type=int,
        help="pictures to keep out of training and measure on (default: 1 in 20, at least 50 of "
        "200 or more and at most 500, or the entry's; 0 for none; for super-resolution 8)",
    )
    rates = train.add_argument_group("learning rates of what is not super-resolution")
    rates.add_argument(
        "--generator-learning-rate", type=float, help="(default: that of the model's paper)"
    )
    rates.add_argument(
        "--discriminator-learning-rate",
        "--critic-learning-rate",
        type=float,
        help="(default: that of the model's paper)",
    )
    shape = train.add_argument_group("for an architecture")
    shape.add_argument(
        "--model",
        help="what to train: gan (default), wgan_gp, acgan, … as README.md lists them; for "
        "super-resolution pixels (default), srgan, esrgan",
    )
    shape.add_argument(
        "--discriminator-steps",
        "--critic-steps",
        type=int,
        help="turns of the discriminator or critic for one of the generator (default: that of "
        "the model's paper)",
    )
    shape.add_argument("--label-names", help="attributes to take from FILE: Smiling,Eyeglasses")
    shape.add_argument("--size", type=int, help="side of the pictures, 16 to 256 (default: 64)")
    shape.add_argument("--channels", type=int, help="1 grey, 3 colour (default), 4 with alpha")
    shape.add_argument("--latent-dim", type=int, help="length of the latent (default: 100)")
    shape.add_argument(
        "--width",
        type=int,
        help="channels or units of the thinnest layer (default: dcgan 128, its paper's; 32 will "
        "do on a CPU; mlp 256; srresnet and rrdb 64; pan 40)",
    )
    shape.add_argument("--kernel-size", type=int, help="of dcgan's convolutions (default: 5)")
    shape.add_argument("--depth", type=int, help="hidden layers of mlp (default: 2)")
    shape.add_argument(
        "--augment",
        action=argparse.BooleanOptionalAction,
        help="differentiable augmentation, for fewer than some 100,000 pictures (default: yes)",
    )
    large = train.add_argument_group("for super-resolution")
    large.add_argument("--scale", type=int, help="how many times larger: 2, 3, 4 (default), 8")
    large.add_argument("--patch-size", type=int, help="side of the patches (default: 96)")
    large.add_argument("--blocks", type=int, help="of the network (default: its paper's)")
    large.add_argument("--steps", type=int, help="batches an epoch (default: all photographs once)")
    large.add_argument("--learning-rate", type=float, help="falls to 0 by a cosine (default: 1e-4)")
    large.add_argument("--degradation", help="how photographs get small: bicubic or practical")
    large.add_argument("--pixel-loss", help="mean_absolute_error (default), mean_squared_error, …")
    large.add_argument("--pixel-epochs", type=int, help="of the first stage, of srgan and esrgan")
    large.add_argument("--pixel-learning-rate", type=float, help="of the first stage")
    large.add_argument(
        "--features",
        help="vgg19 (default), a .weights.h5 file of its weights, or a .keras file of another",
    )
    large.add_argument("--feature-layer", help="whose output is compared (default: block5_conv4)")
    large.add_argument(
        "--feature-scale",
        type=float,
        help="what features are multiplied by, so that their mean squared error is about as large "
        "as that of pixels (default: 1 / 12.75, VGG19's)",
    )
    large.add_argument("--discriminator-width", type=int, help="of its first layer (default: 64)")
    return parser


def _list(options):
    from kerasgan import zoo

    for name in zoo.list():
        print(f"{name:24} {zoo.info(name).get('summary', '')}")


def _info(options):
    from kerasgan import zoo
    from kerasgan.zoo.card import to_text

    hugging_face = options.hugging_face
    print(zoo.hugging_face_card(options.name) if hugging_face else to_text(zoo.info(options.name)))


def _keep_compiled():
    """Keep what JAX compiles for a generator: half of the time to the first picture."""
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(keras_home() / "kerasgan" / "jax"))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")


def _generate(options):
    if options.n < 1:
        raise ValueError(f"-n must be at least 1. Received: {options.n}")
    out = Path(options.out or f"{Path(options.name.split('://')[-1]).name}.png")
    suffix = out.suffix.lower()
    if suffix and suffix not in (*GRID_FORMATS, ".npz"):
        raise ValueError(
            f"--out must end in {', '.join(GRID_FORMATS)} or .npz, or be a folder. Received: {out}"
        )
    _keep_compiled()
    import numpy as np

    from kerasgan import zoo
    from kerasgan.files import write_whole
    from kerasgan.grid import make_grid, write_image

    model = zoo.load(options.name)
    if suffix != ".npz" and len(model.sample_shape) != 3:
        raise ValueError(f"{options.name} makes no pictures. Let --out end in .npz.")
    labels = _labels(model, options)
    images = model.generate(
        options.n, seed=options.seed, labels=labels, batch_size=options.batch_size
    )
    if suffix == ".npz":

        def write(temporary):
            with open(temporary, "wb") as file:
                np.savez_compressed(file, images=images)

        write_whole(out, write)
    elif suffix:
        write_image(out, make_grid(images))
    else:
        digits = max(4, len(str(options.n - 1)))
        for i, image in enumerate(images):
            write_image(out / f"{i:0{digits}d}.{options.format}", image)
    print(f"Wrote {options.n} picture{'s' if options.n > 1 else ''} to {out}")


def _labels(model, options):
    """What `--labels` names, as `generate` takes it."""
    if options.labels is None:
        return None
    names = [name.strip() for name in options.labels.split(",")]
    names = [int(name) if name.isdecimal() else name for name in names]
    if getattr(model, "multi_label", False):
        return dict.fromkeys(names, 1.0)
    return [names[i % len(names)] for i in range(options.n)]


def _upscale(options):
    _keep_compiled()
    from kerasgan import zoo

    enlargers = [name for name in zoo.list() if "scale" in zoo.info(name)]
    enlargers.sort(key=lambda name: name != ENLARGER)
    name = options.model or next(iter(enlargers), None)
    known = f"Entries that enlarge: {', '.join(enlargers) or 'none'}."
    if not name:
        raise ValueError(f"Give --model, a run of kerasgan train for one. {known}")
    from kerasgan.photos import upscale_files

    model = zoo.load(name)
    if not hasattr(model, "enlarger"):
        raise ValueError(f"{name} enlarges nothing: it is a {type(model).__name__}. {known}")
    if options.scale not in (None, model.scale):
        raise ValueError(f"{name} enlarges {model.scale} times. Received: --scale {options.scale}")
    summary = upscale_files(
        options.input,
        options.out,
        model.enlarger(options.strength),
        model.scale,
        force=options.force,
        comparison=options.comparison,
        tile=options.tile,
        overlap=min(16, options.tile // 4),
    )
    return 1 if summary.failed else 0


def _evaluate(options):
    import json

    from kerasgan import zoo
    from kerasgan.files import write_text
    from kerasgan.zoo.evaluation import add_to_card

    figures = zoo.evaluate(
        options.name,
        options.data,
        options.features,
        options.n,
        options.seed,
        options.crop,
        options.neighbours,
    )
    for key, value in figures.items():
        shown = f"{value:.5g}" if isinstance(value, float) else value
        print(f"{key.replace('_', ' '):34} {shown}")
    if options.json:
        write_text(options.json, json.dumps(figures, indent=1))
    if options.card:
        add_to_card(options.name, figures)


def _report(options):
    from kerasgan.diagnosis import write_report

    print(f"Wrote {write_report(options.folder, options.out)}")


def _diagnose(options):
    import dataclasses
    import json

    from kerasgan.diagnosis.rules import findings, no_finding
    from kerasgan.diagnosis.run import read

    curves = read(options.folder)
    found = findings(curves)
    if options.json:
        print(json.dumps([dataclasses.asdict(finding) for finding in found], indent=2))
    elif found:
        print(*found, sep="\n\n")
    else:
        print(no_finding(max((max(curve) for curve in curves.values()), default=0)))


def _inspect(options):
    import json

    from kerasgan import datasets

    found = datasets.inspect(options.data, options.labels, contact_sheet=options.contact_sheet)
    print(json.dumps(found.to_dict(), indent=2) if options.json else found)


def _train(options):
    from kerasgan import zoo

    given = vars(options)
    out = options.out or f"runs/{Path(options.name).name}"
    chosen = {k: v for k, v in given.items() if k not in ("run", "name", "data", "out")}
    if options.label_names:
        chosen["label_names"] = [name.strip() for name in options.label_names.split(",")]
    model = zoo.train(options.name, options.data, out, **chosen)
    use = "upscale PHOTO --model" if hasattr(model, "enlarger") else "generate"
    print(f'Done. Load it with kerasgan.zoo.load("{out}"), or: kerasgan {use} {out}')


if __name__ == "__main__":
    sys.exit(main())
