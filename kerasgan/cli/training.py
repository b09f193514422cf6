"""`kerasgan train`."""

from pathlib import Path

DESCRIPTION = """Train a model on pictures, sounds, music, a table, series, sequences or fields.
Run the same command again to go on with a run that was stopped or killed."""
EPILOG = """`kerasgan train NAME --explain` prints every key of a recipe with its default and what
it does, as a TOML file that train takes. Example: kerasgan train dcgan --data photos --out
runs/mine --epochs 50 networks.width=32 'data.image_shape=[32, 32, 3]'"""


def add(add):
    """The subcommand, by a function that adds one."""
    train = add(
        "train",
        _train,
        DESCRIPTION,
        epilog=EPILOG,
        usage="kerasgan train NAME --data PATH [--out RUN] [options] [table.key=value …]",
    )
    train.set_defaults(others=_as_changes)
    train.add_argument(
        "name",
        help="a model (gan, wgan_gp, acgan, pix2pix, srgan, … as README.md lists them); networks "
        "for a gan: dcgan, mlp, resnet; an entry or a run, to train its recipe again; or a "
        "recipe of your own, a .toml file",
    )
    train.add_argument(
        "changes",
        nargs="*",
        metavar="table.key=value",
        help="what to change of the recipe, as TOML has it or as text: networks.width=32, "
        "data.labels=attributes.csv, model.augmentation=none; with start=zoo an entry trains on "
        "from its weights, with frozen.discriminator=2 all but two layers of that network",
    )
    train.add_argument(
        "--data",
        metavar="PATH",
        help="a folder of pictures, an .npz or .npy file, or tfds:NAME; for pix2pix a folder of "
        "pairs side by side, or of sources with data.target=PATH; for super-resolution "
        "photographs; for tabular_gan a .csv or .parquet file; for wavegan a folder of sounds; "
        "for musegan of MIDI files; for series_gan and timegan a .csv, .parquet, .npy or .npz "
        "file; for sequence_wgan_gp a .fasta or .txt file; for sequence_gan and "
        "gumbel_sequence_gan a .txt, .smi or .csv file; for field_gan and conditional_field_gan "
        "an .npz, .npy or .nc file",
    )
    train.add_argument("--out", metavar="RUN", help="run folder (default: runs/NAME)")
    train.add_argument("--epochs", type=int, help="passes over the data: fit.epochs")
    train.add_argument("--batch-size", type=int, help="pictures a step: data.batch_size")
    train.add_argument(
        "--devices",
        type=int,
        help="train over so many, on JAX (default: 1); on PyTorch: torchrun --nproc-per-node N -m "
        "kerasgan train …",
    )
    train.add_argument("--seed", type=int, help="of weights, latents and shuffling")
    train.add_argument("--explain", action="store_true", help="print the recipe, and train nothing")


def _as_changes(options, others):
    """What stands behind an option, which argparse does not count as a change."""
    for word in others:
        if word.startswith("-"):
            raise ValueError(
                f"train has no option {word}: what a recipe says is changed by table.key=value. "
                f"kerasgan train {options.name} --explain prints every key."
            )
    options.changes += others


def _train(options):
    from kerasgan import recipes, zoo
    from kerasgan.recipes.environment import faster_backend, is_first_process
    from kerasgan.zoo.training import recipe_of, title_of

    recipe = recipe_of(options.name)
    changes = recipes.changes_of(options.changes, recipe)
    everyday = {
        "data": {"batch_size": options.batch_size},
        "fit": {"epochs": options.epochs},
        "seed": options.seed,
    }
    changes = recipes.merged(changes, _given(everyday))
    if options.explain:
        print(*recipes.explained(recipes.merged(recipe, changes)), sep="\n")
        return
    if options.data is None:
        raise ValueError("train needs --data PATH, what the model learns from.")
    out = options.out or f"runs/{title_of(options.name)}"
    advice = faster_backend()
    # A run that has begun goes on with its backend.
    if advice and is_first_process() and not Path(out).exists():
        print(advice)
    model = zoo.train(options.name, options.data, out, options.devices, **changes)
    if is_first_process():
        print(f'Done. Load it with kerasgan.zoo.load("{out}"), or: {usage(model.verb, out)}')


def _given(table):
    """What the user has said."""
    inner = {k: _given(v) if isinstance(v, dict) else v for k, v in table.items()}
    return {key: value for key, value in inner.items() if value not in (None, {})}


def usage(verb: str, name: str) -> str:
    """The command by which a model of this verb is used."""
    if verb == "generate":
        return f"kerasgan generate {name}"
    return f"kerasgan {verb} PHOTO --model {name}"
