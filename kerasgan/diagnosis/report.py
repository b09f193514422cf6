"""A run as one HTML page that needs no network, no script and no other file."""

import io
import json
import math
import os
from pathlib import Path

from PIL import Image

from kerasgan.diagnosis import rules
from kerasgan.diagnosis.diagram import draw
from kerasgan.diagnosis.run import diagrams, read
from kerasgan.files import read_toml
from kerasgan.pages import address, write_page

EARLIER = 5
# What a run folder holds, and what each is for.
FILES = {
    "recipe.toml": "what was asked for",
    "environment.toml": "versions and machine, each time that it was started",
    "log.csv": "figures of every epoch",
    "curves.png": "the same as a picture",
    "grids": "samples of every epoch",
    "state.weights.h5": "checkpoint: weights, optimizers, random numbers",
    "previous.state.weights.h5": "the one before it, in case that it is damaged",
    "entry": "the trained model, with its card",
}


def write_report(run_folder: str | os.PathLike, out: str | os.PathLike | None = None) -> Path:
    """Write what a run was, how it went and what is wrong with it as one HTML page.

    Recipe and versions, findings of `kerasgan.diagnosis.diagnose`, grids of samples, curves,
    figures of the last epoch, what the card measured, and how to go on. Pictures are in the
    page. A run that is not finished, or that lacks files, has a page that says so.

    Args:
        run_folder: Run folder of `kerasgan train`, or a folder with the `log.csv` of a
            `keras.callbacks.CSVLogger` and whatever else of a run.
        out: File to write; by default `report.html` in the run folder.

    Returns:
        Path of the page.

    Raises:
        FileNotFoundError: If the folder has no `log.csv`.
        ValueError: If one of its files is damaged.

    Example:

    ```python
    kerasgan.diagnosis.write_report("runs/mine")
    ```
    """
    run = Path(run_folder)
    out = Path(out or run / "report.html")
    template = Path(__file__).with_name("report.html.j2")
    write_page(template, out, _content(run), label=_label, text=_text)
    return out


def _content(run):
    """What the template shows, by the names that it has there."""
    log = read(run)
    groups = diagrams(log)
    curves = {name: curve for group in groups.values() for name, curve in group.items()}
    recipe = _table_of(run / "recipe.toml")
    card = _table_of(run / "entry" / "card.toml")
    sessions = _table_of(run / "environment.toml").get("session", [])
    done = max((max(curve) for curve in log.values()), default=0)
    planned = _planned(recipe)
    finished = bool(card) and done >= (planned or 0)
    training, latest = card.get("training", {}), sessions[-1] if sessions else {}
    facts = {
        "model": card.get("model") or _part(recipe, "model").get("name"),
        "data": card.get("data") or _part(recipe, "data").get("source"),
        "images": recipe.get("images"),
        "epochs": done if planned is None else f"{done} of {planned}",
        "minutes": round(sum(curves.get("seconds", {}).values()) / 60, 1),
        "seed": recipe.get("seed"),
        "hardware": training.get("hardware") or latest.get("hardware"),
        "backend": training.get("backend") or latest.get("backend"),
    }
    names = [*FILES, *sorted(path.name for path in run.iterdir() if path.name not in FILES)]
    return {
        "name": run.resolve().name,
        "state": "Finished." if finished else "Not finished." if recipe else "",
        "facts": {key: value for key, value in facts.items() if value is not None},
        "findings": rules.findings(log),
        "no_finding": rules.no_finding(done),
        **_samples(run / "grids"),
        "diagrams": {title: address(_png(draw(group))) for title, group in groups.items()},
        "curves": curves,
        "measured": {"Best weights": _best(run / "best.json"), "On the card": card.get("metrics")},
        "recipe": recipe,
        "sessions": sessions,
        "files": [(name, FILES.get(name, ""), _size(run / name)) for name in names],
        "commands": _commands(run, card, finished, latest),
    }


def _table_of(path):
    return read_toml(path) if path.is_file() else {}


def _planned(recipe):
    """Epochs of a run, or of its last stage; None where the recipe does not say it."""
    last = recipe.get("stages", [{}])[-1]
    return _part(last, "fit").get("epochs", _part(recipe, "fit").get("epochs"))


def _part(recipe, name):
    # Recipes of kerasgan 0.1 have no tables.
    part = recipe.get(name)
    return part if isinstance(part, dict) else {}


def _samples(folder):
    """The last grid and some before it, as pairs of a name and an address, and the animation."""
    grids = sorted([*folder.glob("epoch_*.png"), *folder.glob("step_*.png")])
    others, last = grids[:-1], grids[-1:]
    others = others[:: math.ceil(len(others) / EARLIER) or 1]
    animation = folder / "animation.webp"
    return {
        "last": [(_number(path), address(path.read_bytes())) for path in last],
        "earlier": [(_number(path), address(_small(path))) for path in others],
        "animation": address(animation.read_bytes()) if animation.is_file() else None,
    }


def _number(path):
    unit, _, number = path.stem.partition("_")
    return f"{unit} {number.lstrip('0')}"


def _small(path):
    buffer = io.BytesIO()
    with Image.open(path) as picture:
        picture = picture.convert("RGB")
    picture.thumbnail((320, 320))
    picture.save(buffer, "webp", quality=90)
    return buffer.getvalue()


def _png(picture):
    buffer = io.BytesIO()
    picture.save(buffer, "png", optimize=True)
    return buffer.getvalue()


def _best(path):
    if not path.is_file():
        return {}
    try:
        best = json.loads(path.read_text(encoding="utf-8"))
        return best | best.pop("conditions")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} is no record of the callback Evaluate: {error}") from None


def _size(path):
    if not path.exists():
        return "not there"
    files = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    size = sum(p.stat().st_size for p in files) / 1e3
    return f"{size / 1e3:,.1f} MB" if size >= 1e3 else f"{size:,.1f} kB"


def _commands(run, card, finished, latest):
    again = [f"cd {latest['folder']}", latest["command"]] if latest and not finished else []
    if not card:
        return again
    verb = card.get("verb", "generate")
    load = f"kerasgan.zoo.load({str(run)!r})"
    return [*again, f"kerasgan {verb} --help", f'python -c "import kerasgan; help({load}.{verb})"']


def _label(name):
    return name.replace("_", " ")


def _text(value):
    if isinstance(value, float):
        return f"{value:.5g}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    if isinstance(value, dict):
        return ", ".join(f"{_label(key)} {_text(item)}" for key, item in value.items())
    return str(value)
