"""`kerasgan enhance`."""

from kerasgan.cli.verbs import WHERE, add_marks, loaded, marked


def add(add):
    """The subcommand, by a function that adds one."""
    enhance = add(
        "enhance",
        _enhance,
        "Make a clean picture of a poor one, or of every one in a folder. Run the same command "
        "again to go on with a folder that was stopped. What it adds looks real and may be made "
        "up: not for diagnosis.",
        epilog="Example: kerasgan enhance scan.png --model enhance_xrays",
    )
    enhance.add_argument("input", help="a picture, or a folder of them")
    enhance.add_argument(
        "--model", required=True, help=f"of enhancement, for such pictures: {WHERE}"
    )
    enhance.add_argument(
        "-o", "--out", help="file or folder to write (default: INPUT_enhanced beside it)"
    )
    enhance.add_argument("--force", action="store_true", help="replace what is there")
    add_marks(enhance)


def _enhance(options):
    model = loaded(options.model, "enhance")
    from kerasgan.photos import translate_files

    with marked(options, options.model, "enhance"):
        summary = translate_files(
            options.input,
            options.out,
            model.enhance,
            channels=model.sample_shapes["source"][-1],
            ending="_enhanced",
            force=options.force,
        )
    return 1 if summary.failed else 0
