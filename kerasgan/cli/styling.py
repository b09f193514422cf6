"""What models of style do: `stylize`."""

from kerasgan.cli.verbs import WHERE, add_marks, loaded, marked


def add(add):
    """The subcommand, by a function that adds one."""
    stylize = add(
        "stylize",
        _stylize,
        "Paint a photograph, or every one in a folder, in the manner of a painting. Run the same "
        "command again to go on with a folder that was stopped.",
        epilog="Examples: kerasgan stylize photo.jpg --model wave; "
        "kerasgan stylize photo.jpg --style painting.jpg",
    )
    stylize.add_argument("input", help="a picture, or a folder of them")
    stylize.add_argument(
        "--model",
        help=f"of style: {WHERE} (default, with --style: the first entry for any painting)",
    )
    stylize.add_argument("--style", help="the painting, for a model that takes any")
    stylize.add_argument(
        "--strength", type=float, help="with --style: 0 the photograph to 1 the style (default)"
    )
    stylize.add_argument(
        "-o", "--out", help="file or folder to write (default: INPUT_stylized beside it)"
    )
    stylize.add_argument("--force", action="store_true", help="replace what is there")
    add_marks(stylize)


def _stylize(options):
    if options.model is None and options.style is None:
        raise ValueError("Give --style, a painting, or --model, one that has learnt a painting.")
    name = options.model or _for_any_painting()
    model = loaded(name, "stylize")
    from kerasgan.photos import translate_files
    from kerasgan.photos.painting import read_painting

    stylize = model.stylize
    if "style" in model.takes:
        if options.style is None:
            raise ValueError(f"{name} takes any painting: give one with --style.")
        # Once, and before the photographs.
        painting = read_painting(options.style)
        strength = 1.0 if options.strength is None else options.strength

        def stylize(photo):
            return model.stylize(photo, painting, strength)
    elif options.style is not None or options.strength is not None:
        raise ValueError(f"{name} has learnt one painting, and takes no --style and no --strength.")
    with marked(options, name, "stylize"):
        summary = translate_files(
            options.input,
            options.out,
            stylize,
            channels=model.sample_shapes["content"][-1],
            ending="_stylized",
            force=options.force,
        )
    return 1 if summary.failed else 0


def _for_any_painting():
    """The name of the first entry that takes a painting."""
    from kerasgan import zoo
    from kerasgan.zoo.card import verb_of

    cards = {name: zoo.info(name) for name in zoo.list()}
    for name, card in cards.items():
        if verb_of(card) == "stylize" and "style" in card["modalities"]:
            return name
    raise ValueError("Give --model, a run of kerasgan train adain: no entry takes any painting.")
