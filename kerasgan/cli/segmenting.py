"""`kerasgan segment`."""

from kerasgan.cli.verbs import WHERE, loaded


def add(add):
    """The subcommand, by a function that adds one."""
    segment = add(
        "segment",
        _segment,
        "Find what a model has learnt to find in a picture, or in every one in a folder: a mask, "
        "white there and black elsewhere. Run the same command again to go on with a folder that "
        "was stopped. Not for diagnosis.",
        epilog="Example: kerasgan segment retina.jpg --model segment_vessels -o vessels.png",
    )
    segment.add_argument("input", help="a picture, or a folder of them")
    segment.add_argument(
        "--model", required=True, help=f"of segmentation, for such pictures: {WHERE}"
    )
    segment.add_argument(
        "-o", "--out", help="file or folder to write (default: INPUT_mask beside it)"
    )
    segment.add_argument(
        "--probability",
        action="store_true",
        help="write how probable it is, from black to white, in place of a mask",
    )
    segment.add_argument("--force", action="store_true", help="replace what is there")


def _segment(options):
    model = loaded(options.model, "segment")
    from kerasgan.photos import mask_files

    def segment(photo):
        return model.segment(photo, None if options.probability else 0.5)

    summary = mask_files(
        options.input,
        options.out,
        segment,
        channels=model.sample_shapes["source"][-1],
        force=options.force,
    )
    return 1 if summary.failed else 0
