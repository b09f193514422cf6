"""What models do: `generate`, `upscale` and `translate`."""

import functools
import inspect
import mimetypes
import os
from pathlib import Path

from kerasgan._choose_backend import keras_home
from kerasgan.cli.training import usage

# What `upscale` takes unless told otherwise.
ENLARGER = "srgan_x4"
WHERE = "an entry of `kerasgan list`, a folder, or an hf://, kaggle:// or https:// address"


def add(add):
    """The subcommands, by a function that adds one."""
    _add_generate(add)
    _add_upscale(add)
    translate = add(
        "translate",
        _translate,
        "Turn a picture, or every one in a folder, into one of another kind. Run the same "
        "command again to go on with a folder that was stopped.",
        epilog="Example: kerasgan translate labels.png --model runs/facades",
    )
    translate.add_argument("input", help="a picture, or a folder of them")
    translate.add_argument("--model", required=True, help=f"of translation: {WHERE}")
    translate.add_argument(
        "-o", "--out", help="file or folder to write (default: INPUT_translated beside it)"
    )
    translate.add_argument("--force", action="store_true", help="replace what is there")
    add_marks(translate)
    translate.add_argument("--backward", action="store_true", help="turn targets into sources")
    translate.add_argument("--style", help="of a model with styles: a picture whose style is taken")
    translate.add_argument("--seed", type=int, help="of a model with styles: of the one drawn")


def _add_generate(add):
    generate = add("generate", _generate, "Make new samples with a trained model.")
    generate.add_argument("name", help=WHERE)
    generate.add_argument(
        "-n", type=int, help="how many (default: 16; of sounds with --labels one a label)"
    )
    generate.add_argument("--seed", type=int, help="the same number gives the same samples")
    generate.add_argument(
        "-o",
        "--out",
        help="what to write: of pictures a .png, .jpg or .webp grid, of sounds a .wav file, of "
        "music a .mid file, of a table or of series a .csv or .parquet file, of sequences a .txt "
        "or .fasta file; an .npz array; or a folder for one file a sample (default: NAME.png, "
        "NAME.wav, NAME.csv, …)",
    )
    generate.add_argument(
        "--format", help="of files in a folder: png, jpg, webp, wav, mid, txt, fasta, npz"
    )
    generate.add_argument("--batch-size", type=int, default=64, help="samples at a time")
    add_marks(generate)
    generate.add_argument(
        "--where",
        action="append",
        default=[],
        metavar="COLUMN=VALUE",
        help="of a table: a category that every row is to have; may be given several times",
    )
    generate.add_argument(
        "--labels",
        help="of a model that takes them: classes by name or number, taken in turn (3,7 or "
        "sneaker), or the attributes of every sample (smiling,eyeglasses), or its conditions "
        "(temperature=2.27,scenario=A1B)",
    )
    generate.add_argument(
        "--temperature",
        type=float,
        help="of texts drawn token by token: below 1 likelier ones, and less variety (default: 1)",
    )
    generate.add_argument(
        "--truncation",
        type=float,
        help="of a model with styles: how far from their mean they stay, 0 to 1 (default); 0.7 "
        "gives fewer poor samples, and less variety",
    )


def _add_upscale(add):
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
        "--model", help=f"of super-resolution: {WHERE} (default: {ENLARGER}, or another entry)"
    )
    upscale.add_argument(
        "--scale", type=int, help="how many times larger, if the model's is to be made sure of"
    )
    upscale.add_argument(
        "--strength", type=float, help="of an adversarial model: 0 faithful to 1 sharp (default)"
    )
    upscale.add_argument("--tile", type=int, default=256, help="side of what is seen at a time")
    upscale.add_argument("--force", action="store_true", help="replace what is there")
    add_marks(upscale)
    upscale.add_argument(
        "--comparison", action="store_true", help="also write bicubic and result side by side"
    )


def add_marks(command):
    """The options that say what is marked in what a command writes."""
    command.add_argument(
        "--no-mark",
        action="store_true",
        help="leave out of pictures and sounds that a model made them, its name and the version",
    )
    command.add_argument(
        "--watermark",
        action="store_true",
        help="say in the pixels too that a model made them: outlasts JPEG, resizing by half and "
        "cropping, and is seen as mottled grain where a picture is smooth",
    )
    command.add_argument(
        "--certificate", metavar="PEM", help="a chain of certificates: sign a C2PA manifest by it"
    )
    command.add_argument("--key", metavar="PEM", help="with --certificate: its private key")


def marked(options, name, verb):
    """The context in which a command writes, by `add_marks`."""
    from kerasgan.marks import Mark, Signer, marking

    if options.no_mark:
        if options.watermark or options.certificate:
            raise ValueError("Give --no-mark alone, or --watermark and --certificate without it.")
        return marking(None)
    if (options.certificate is None) != (options.key is None):
        raise ValueError("Give --certificate and --key together: a chain and its private key.")
    signer = options.certificate and Signer(options.certificate, options.key)
    # The last part alone: where a folder lies, or a key in an address, is nobody's business.
    model = Path(os.path.abspath(name.split("?")[0])).name
    return marking(Mark(model, verb, options.watermark, signer))


def default(verb, preferred, recipe):
    """The entry that a verb takes unless told otherwise: the preferred one, or another."""
    from kerasgan import zoo
    from kerasgan.zoo.card import verb_of

    known = [name for name in zoo.list() if verb_of(zoo.info(name)) == verb]
    if not known:
        raise ValueError(f"Give --model, a run of kerasgan train {recipe}: no entry {verb}s.")
    return preferred if preferred in known else known[0]


def keep_compiled():
    """Keep what JAX compiles: half of the time to the first picture."""
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(keras_home() / "kerasgan" / "jax"))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")


def loaded(name, verb):
    """The model of this name, if this is what it does."""
    keep_compiled()
    from kerasgan import zoo
    from kerasgan.zoo.card import verb_of

    found = verb_of(zoo.info(name))
    if found != verb:
        raise ValueError(f"{name} {found}s: {usage(found, name)}")
    return zoo.load(name)


def _generate(options):
    if options.n is not None and options.n < 1:
        raise ValueError(f"-n must be at least 1. Received: {options.n}")
    refuse_negative(options.seed)
    model = loaded(options.name, "generate")
    from kerasgan.photos.writing import SUFFIXES

    modality = model.modalities[model.makes]
    options.n = options.n or _number(modality, options.labels)
    name = Path(options.name.split("://")[-1]).name
    out = Path(options.out or f"{name}{modality.suffixes[0]}")
    suffix, known = out.suffix.lower(), ", ".join(modality.suffixes)
    if suffix not in modality.suffixes or out.is_dir():
        # Of samples.v2 a folder, of what other files are called none.
        kind = mimetypes.guess_type(out.name, strict=False)[0] or suffix == ".npy"
        if kind and kind != "application/x-trash" and not out.is_dir():
            raise ValueError(f"--out must end in {known}, or be a folder. Received: {out}")
        suffix = ""
    each = f".{options.format or modality.suffixes[0][1:]}".lower()
    if each not in modality.suffixes:
        raise ValueError(f"--format must be one of {known}. Received: {options.format}")
    if options.watermark and (suffix or each) not in SUFFIXES:
        raise ValueError(f"--watermark is for pictures. Received: a {suffix or each} file to write")
    if options.certificate and (suffix or each) not in (*SUFFIXES, ".wav"):
        raise ValueError(
            f"--certificate is for pictures and sounds. Received: a {suffix or each} file to write"
        )
    marking = marked(options, options.name, "generate")
    samples = model.generate(
        options.n, seed=options.seed, batch_size=options.batch_size, **_asked(model, options)
    )
    with marking:
        if suffix:
            modality.write(samples, out)
        else:
            modality.write_each(samples, out, each)
    print(f"Wrote {options.n} sample{'s' if options.n > 1 else ''} to {out}")


def _number(modality, labels):
    """How many samples are made unless told: what is said after one another, each once."""
    from kerasgan.modalities import Audio

    return labels.count(",") + 1 if labels and isinstance(modality, Audio) else 16


def refuse_negative(seed):
    """Refuse a `--seed` that no generator of random numbers takes."""
    if seed is not None and seed < 0:
        raise ValueError(f"--seed must be 0 or more. Received: {seed}")


def _asked(model, options):
    """What `--labels`, `--where` and the like ask for, as arguments of `generate`."""
    where = dict(_pair(word) for word in options.where)
    asked = {"labels": _labels(model, options), "where": where or None}
    asked |= {key: getattr(options, key) for key in ("truncation", "temperature")}
    return _taken(asked, model.generate, options.name)


def _taken(asked, verb, model):
    """What was asked for, of options that a verb of a model takes."""
    asked = {name: value for name, value in asked.items() if value is not None}
    for name in asked.keys() - inspect.signature(verb).parameters.keys():
        raise ValueError(f"{model} takes no --{name}.")
    return asked


def _pair(word):
    name, equals, value = word.partition("=")
    if not equals:
        raise ValueError(f"--where is COLUMN=VALUE. Received: {word}")
    return name, value


def _labels(model, options):
    """What `--labels` names, as `generate` takes it."""
    if options.labels is None or "labels" not in model.takes:
        return options.labels
    words = [word.strip() for word in options.labels.split(",")]
    return model.labels.named(words, options.n)


def _upscale(options):
    name = options.model or default("upscale", ENLARGER, "srgan")
    model = loaded(name, "upscale")
    if options.scale not in (None, model.scale):
        raise ValueError(f"{name} enlarges {model.scale} times. Received: --scale {options.scale}")
    from kerasgan.photos import upscale_files

    with marked(options, name, "upscale"):
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


def _translate(options):
    refuse_negative(options.seed)
    model = loaded(options.model, "translate")
    from kerasgan.photos import translate_files

    asked = {"backward": options.backward or None, "style": options.style, "seed": options.seed}
    asked = _taken(asked, model.translate, options.model)
    kind = "target" if options.backward else "source"
    with marked(options, options.model, "translate"):
        summary = translate_files(
            options.input,
            options.out,
            functools.partial(model.translate, **asked),
            channels=model.sample_shapes[kind][-1],
            force=options.force,
        )
    return 1 if summary.failed else 0
