"""`kerasgan inpaint`."""

from kerasgan.cli.verbs import WHERE, add_marks, default, loaded, marked

# What `inpaint` takes unless told otherwise.
FILLER = "inpaint_photos"


def add(add):
    """The subcommand, by a function that adds one."""
    inpaint = add(
        "inpaint",
        _inpaint,
        "Fill the holes of a picture, or of every one in a folder, and leave all else as it is. "
        "Run the same command again to go on with a folder that was stopped.",
        epilog="Example: kerasgan inpaint photo.jpg --mask mask.png",
    )
    inpaint.add_argument("input", help="a picture, or a folder of them")
    inpaint.add_argument(
        "--mask",
        help="a picture as large as the input, white where it is to be filled and black elsewhere "
        "(default: what is transparent in the input is filled)",
    )
    inpaint.add_argument(
        "--model", help=f"of inpainting: {WHERE} (default: {FILLER}, or another entry)"
    )
    inpaint.add_argument(
        "-o", "--out", help="file or folder to write (default: INPUT_filled beside it)"
    )
    inpaint.add_argument("--force", action="store_true", help="replace what is there")
    add_marks(inpaint)


def _inpaint(options):
    name = options.model or default("inpaint", FILLER, "inpainting")
    model = loaded(name, "inpaint")
    from kerasgan.photos.filling import fill_files

    with marked(options, name, "inpaint"):
        summary = fill_files(
            options.input,
            options.mask,
            options.out,
            model.inpaint,
            channels=model.sample_shapes["image"][-1],
            force=options.force,
        )
    return 1 if summary.failed else 0
