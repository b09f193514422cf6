"""`kerasgan detect`."""

import sys
from pathlib import Path

from kerasgan.cli.verbs import WHERE, default, loaded

PREFERRED = "detect_zoo"
WARNING = (
    "Probabilities are for a set of which half is generated. {name} was trained on pictures of a "
    "few generators. On others, and on pictures that were edited or made much smaller, it fails, "
    "and may be sure of it: a low probability does not say that a picture is real, and a high one "
    "proves nothing. That no mark is found says nothing either."
)


def add(add):
    """The subcommand, by a function that adds one."""
    detect = add(
        "detect",
        _detect,
        "Say of a picture, or of every one in a folder and below, how probable it is that a model "
        "generated it, and what marks say so. It fails on generators that it has not seen.",
        epilog="Example: kerasgan detect my_pictures",
    )
    detect.add_argument("input", help="a picture, or a folder of them")
    detect.add_argument(
        "--model", help=f"of detection: {WHERE} (default: {PREFERRED}, or another entry)"
    )
    detect.add_argument("--json", action="store_true", help="print JSON")


def _detect(options):
    import json

    source = Path(options.input)
    paths = _files(source)
    name = options.model or default("detect", PREFERRED, "detection")
    model = loaded(name, "detect")
    from kerasgan.marks import read_marks

    found, failed = [], 0
    for path in paths:
        try:
            probability = model.detect(path)
        except (ValueError, OSError) as error:
            reason = getattr(error, "strerror", None) or str(error).removeprefix(f"{str(path)!r} ")
            print(f"Left out: {path}: {' '.join(reason.split())}", file=sys.stderr)
            failed += 1
            continue
        marks = read_marks(path)
        found.append({"probability": round(probability, 4)} | marks.to_dict())
        if not options.json:
            print(f"{probability:.2f}  {path}  {marks.summary or 'no mark'}", flush=True)
    if options.json:
        print(json.dumps(found, indent=2))
    print(WARNING.format(name=name), file=sys.stderr)
    return 1 if failed else 0


def _files(source):
    """The file, or those in a folder and below that are not hidden."""
    if not source.exists():
        raise FileNotFoundError(f"{str(source)!r} does not exist (looked from {Path.cwd()}).")
    if not source.is_dir():
        return [source]
    paths = [
        path
        for path in sorted(source.rglob("*"))
        if path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(source).parts)
    ]
    if not paths:
        raise ValueError(f"No file in {str(source)!r} or below it.")
    return paths
