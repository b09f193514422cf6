"""What there is and how good it is: models, runs and data, listed, measured and judged."""

from pathlib import Path

from kerasgan.cli.verbs import WHERE, loaded, refuse_negative


def add_models(add):
    """The subcommands that list models, by a function that adds one."""
    add("list", _list, "Name the models that come with kerasgan, by what they do.")
    info = add("info", _info, "Show a model's card: data, training, figures, licence, limits.")
    info.add_argument("name", help=WHERE)
    info.add_argument(
        "--hugging-face", action="store_true", help="print it as a Hugging Face README.md"
    )


def add_runs(add):
    """The subcommands that look at models, runs and data."""
    _add_evaluate(add)
    explore = add(
        "explore",
        _explore,
        "Write one HTML page with sliders that move through a model's latent space, without a "
        "server: pictures are made beforehand.",
        epilog="Example: kerasgan explore dcgan_celeba -o faces.html",
    )
    explore.add_argument("name", help=WHERE)
    explore.add_argument("-o", "--out", help="file to write (default: NAME.html)")
    explore.add_argument("-n", type=int, default=8, help="samples to begin from (default: 8)")
    explore.add_argument("--directions", type=int, default=4, help="to move along (default: 4)")
    explore.add_argument("--seed", type=int, default=0, help="of the samples")
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
        "classes, and what to fix. Or say of a file, or of each in a folder, whether a model made "
        "it, as far as it is marked.",
        epilog="Examples: kerasgan inspect my_pictures --contact-sheet sheet.png; "
        "kerasgan inspect picture.png; kerasgan inspect my_pictures --marks",
    )
    inspect.add_argument(
        "data",
        help="a folder of pictures, an .npz or .npy file, or tfds:NAME; or a picture, a .wav or a "
        ".mid file",
    )
    inspect.add_argument("--marks", action="store_true", help="of a folder: those of each file")
    inspect.add_argument(
        "--labels",
        metavar="FILE",
        help="attributes by file name (default: the classes that come with the data, if any)",
    )
    inspect.add_argument("--contact-sheet", metavar="PNG", help="write 64 of the pictures here")
    inspect.add_argument("--json", action="store_true", help="print JSON")


def _add_evaluate(add):
    evaluate = add(
        "evaluate",
        _evaluate,
        "Measure samples of a model against what it was trained on, pictures, series or fields, or "
        "music, sequences or rows of a table against others.",
        epilog="Example: kerasgan evaluate runs/mine --data photos --features network.keras; "
        "kerasgan evaluate runs/table --data test.csv --training train.csv",
    )
    evaluate.add_argument("name", help=WHERE)
    evaluate.add_argument(
        "--data", required=True, help="as for train; of a table or of sequences, others than those"
    )
    evaluate.add_argument(
        "--features",
        help="a .keras network of images in [-1, 1], whose last dense layer is left out, or an "
        ".npz of the weights of FID's Inception (default: a small network of kerasgan's own)",
    )
    evaluate.add_argument("-n", type=int, default=10_000, help="samples (default: 10,000)")
    evaluate.add_argument("--seed", type=int, default=0, help="of the samples")
    evaluate.add_argument(
        "--crop", type=int, help="side of a centred square cut out before resizing, as in training"
    )
    evaluate.add_argument(
        "--neighbours",
        metavar="PNG",
        help="write the samples that are nearest to a training picture here, above these",
    )
    evaluate.add_argument(
        "--training", metavar="FILE", help="of a table or of sequences: what it was trained on"
    )
    evaluate.add_argument(
        "--target", help="of a table: the column that classifiers tell (default: the last one)"
    )
    evaluate.add_argument(
        "--diagrams",
        metavar="PNG",
        help="of a table or of series: write each column here, real and synthetic",
    )
    evaluate.add_argument("--json", metavar="FILE", help="write the figures here too")
    evaluate.add_argument("--card", action="store_true", help="and on the model's card")


def _list(options):
    from kerasgan import zoo
    from kerasgan.zoo.card import verb_of

    cards = {name: zoo.info(name) for name in zoo.list()}
    for i, verb in enumerate(dict.fromkeys(map(verb_of, cards.values()))):
        print("\n" * bool(i) + verb)
        rows = [
            (name, *(card.get(key, "") for key in ("modality", "data", "licence")))
            for name, card in cards.items()
            if verb_of(card) == verb
        ]
        widths = [max(len(row[i]) for row in rows) for i in range(3)]
        for *first, licence in rows:
            cells = [f"{cell:{width}}" for cell, width in zip(first, widths)]
            print("  " + "  ".join([*cells, licence]).rstrip())


def _info(options):
    from kerasgan import zoo
    from kerasgan.zoo.card import to_text

    hugging_face = options.hugging_face
    print(zoo.hugging_face_card(options.name) if hugging_face else to_text(zoo.info(options.name)))


def _evaluate(options):
    import json

    from kerasgan import zoo
    from kerasgan.files import write_text
    from kerasgan.zoo.evaluation import add_to_card

    refuse_negative(options.seed)
    figures = zoo.evaluate(
        options.name,
        options.data,
        options.features,
        options.n,
        options.seed,
        options.crop,
        options.neighbours,
        options.training,
        options.target,
        options.diagrams,
    )
    columns = figures.get("columns", {})
    whole = {key: value for key, value in figures.items() if key != "columns"}
    for key, value in [*columns.items(), *whole.items()]:
        shown = f"{value:.5g}" if isinstance(value, float) else value
        # The names of columns as they are.
        print(f"{key if key in columns else key.replace('_', ' '):38} {shown}")
    if "network" in figures:
        print(f"Figures compare only with figures of the same network, {figures['network']}.")
    if options.json:
        write_text(options.json, json.dumps(figures, indent=1))
    if options.card:
        add_to_card(options.name, whole)


def _explore(options):
    refuse_negative(options.seed)
    model = loaded(options.name, "generate")
    from kerasgan.latents import write_explorer

    name = Path(options.name.split("://")[-1]).name
    chosen = {"n": options.n, "number_of_directions": options.directions, "seed": options.seed}
    print(f"Wrote {write_explorer(model, options.out or f'{name}.html', name=name, **chosen)}")


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

    if options.marks or _is_one(Path(options.data)):
        from kerasgan.marks.reading import read_files

        found = read_files(options.data)
        told = json.dumps([marks.to_dict() for marks in found], indent=2)
        print(told if options.json else "\n".join(map(str, found)))
        return
    from kerasgan import datasets

    found = datasets.inspect(options.data, options.labels, contact_sheet=options.contact_sheet)
    print(json.dumps(found.to_dict(), indent=2) if options.json else found)


def _is_one(path):
    """Whether it is a picture or a sound, and not a training set."""
    return path.suffix.lower() not in (".npz", ".npy") and path.is_file()
