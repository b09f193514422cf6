"""A run as one HTML page that needs no network, no script and no other file."""

import base64
import io
import json
import math
from html import escape
from pathlib import Path

from PIL import Image

from kerasgan.diagnosis import rules
from kerasgan.diagnosis.run import diagrams, read
from kerasgan.files import read_toml, write_text

EARLIER = 5
# What a run folder holds, and what each is for.
FILES = {
    "recipe.toml": "what was asked for",
    "environment.toml": "versions and machine, each time that it was started",
    "log.csv": "figures of every epoch",
    "curves.png": "the same as a picture",
    "grids": "samples of every epoch",
    "state.weights.h5": "checkpoint: weights, optimizers, random numbers",
    "entry": "the trained model, with its card",
}
COLOURS = 6
LEFT, RIGHT, TOP, BOTTOM = 48, 312, 10, 130
STYLE = """
:root { color-scheme: light dark; --page: light-dark(#fff, #16181b);
  --text: light-dark(#1c1e21, #e3e5e8); --muted: light-dark(#5d636b, #9aa1a9);
  --line: light-dark(#dcdfe3, #34383d);
  --c0: light-dark(#0072b2, #56b4e9); --c1: light-dark(#c65300, #ff9a52);
  --c2: light-dark(#00805c, #2fc99b); --c3: light-dark(#ab4d83, #e29bc5);
  --c4: light-dark(#946200, #f0c04a); --c5: light-dark(#555, #bbb) }
body { max-width: 62rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; background: var(--page);
  color: var(--text); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: break-word }
h1 { margin: 0; font-size: 1.9rem; line-height: 1.2 }
h2 { margin: 2.75rem 0 .75rem; font-size: 1.25rem }
h3 { margin: 1.5rem 0 .25rem; font-size: 1rem }
h3::first-letter { text-transform: uppercase }
p { margin: .25rem 0; max-width: 42rem }
.muted, figcaption, th, dt { color: var(--muted) }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(12rem, 1fr));
  gap: .75rem 1.5rem; margin: 1.5rem 0 0 }
dl > div { min-width: 0 }
.long { grid-column: 1 / -1 }
dd { margin: 0 }
dt, figcaption, table, small { font-size: .875rem }
figure { margin: 0; break-inside: avoid }
img { display: block; max-width: 100%; border-radius: 3px }
.row { display: grid; gap: 1rem; margin-top: 1rem }
.grids { grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)) }
.curves { grid-template-columns: repeat(auto-fill, minmax(min(17rem, 100%), 1fr));
  align-items: end }
.last { width: 32rem }
svg { display: block; width: 100%; overflow: visible }
svg text { fill: var(--muted); font-size: 11px }
svg line { stroke: var(--line) }
polyline { fill: none; stroke-width: 1.5; stroke-linejoin: round }
table { border-collapse: collapse; margin-top: .5rem; font-variant-numeric: tabular-nums }
th, td { padding: .25rem 1.5rem .25rem 0; border-bottom: 1px solid var(--line); text-align: left;
  vertical-align: top; font-weight: normal }
.wide { overflow-x: auto }
pre { padding: .75rem 1rem; border: 1px solid var(--line); white-space: pre-wrap;
  font-size: .875rem }
@media print { :root { color-scheme: light } body { padding: 0; font-size: 10pt } }
"""


def write_report(run_folder, out=None):
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
    write_text(out, _page(run))
    return out


def _page(run):
    log = read(run)
    groups = diagrams(log)
    curves = {name: curve for group in groups.values() for name, curve in group.items()}
    recipe = _table_of(run / "recipe.toml")
    card = _table_of(run / "entry" / "card.toml")
    sessions = _table_of(run / "environment.toml").get("session", [])
    done = max((max(curve) for curve in log.values()), default=0)
    finished = bool(card) and done >= recipe.get("epochs", 0)
    sections = {
        "Findings": _findings(rules.findings(log), done),
        "Samples": _samples(run / "grids", "scale" in recipe),
        "Curves": _curves(groups),
        "Figures": _figures(curves, card, run / "best.json"),
        "Recipe": _pairs(recipe) or _muted("There is no recipe.toml."),
        "Versions and machine": "".join(map(_pairs, sessions))
        or _muted("There is no environment.toml: an older kerasgan wrote none."),
        "Files": _files(run),
        "How to go on": _use(run, card, finished, sessions),
    }
    body = "".join(f"<section><h2>{title}</h2>{html}</section>" for title, html in sections.items())
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(run.resolve().name)}</title><style>{STYLE}</style></head><body>"
        f"<h1>{escape(run.resolve().name)}</h1>"
        f"{_summary(recipe, card, sessions, curves, done, finished)}{body}</body></html>\n"
    )


def _table_of(path):
    return read_toml(path) if path.is_file() else {}


def _summary(recipe, card, sessions, curves, done, finished):
    training = card.get("training", {})
    latest = sessions[-1] if sessions else {}
    model = card.get("model") or recipe.get("model")
    facts = {
        "model": f"{model} on {recipe['architecture']}" if "architecture" in recipe else model,
        "data": card.get("data"),
        "images": recipe.get("images"),
        "epochs": f"{done} of {recipe['epochs']}" if "epochs" in recipe else done,
        "minutes": round(sum(curves.get("seconds", {}).values()) / 60, 1),
        "seed": recipe.get("seed"),
        "hardware": training.get("hardware") or latest.get("hardware"),
        "backend": training.get("backend") or latest.get("backend"),
    }
    state = "Finished." if finished else "Not finished." if recipe else ""
    known = {key: value for key, value in facts.items() if value is not None}
    return _muted(f"A run of kerasgan. {state}") + _pairs(known)


def _findings(findings, epochs):
    if not findings:
        return _muted(rules.no_finding(epochs))
    return "".join(
        f"<h3>{escape(finding.illness)}</h3><p>{escape(finding.evidence)}</p>"
        f"<p>Try first: {escape(finding.advice)}</p>"
        f'<p class="muted"><small>Threshold: {escape(finding.threshold)} '
        f"Source: {escape(finding.source)}</small></p>"
        for finding in findings
    )


def _samples(folder, enlarges):
    grids = sorted([*folder.glob("epoch_*.png"), *folder.glob("step_*.png")])
    if not grids:
        return _muted("There are no grids yet.")
    *others, last = grids
    others = others[:: math.ceil(len(others) / EARLIER)] if others else []
    html = _muted("Held out of training: bicubic, enlarged, original.") if enlarges else ""
    html += _picture(last, last.read_bytes(), "last")
    if others:
        html += f'<div class="row grids">{"".join(_picture(p, _small(p)) for p in others)}</div>'
    animation = folder / "animation.webp"
    if animation.is_file():
        html += (
            "<details><summary>All of them, one after another</summary>"
            f"{_picture(animation, animation.read_bytes(), 'last')}</details>"
        )
    return html


def _picture(path, content, kind=""):
    unit, _, number = path.stem.partition("_")
    what = escape(f"{unit} {number.lstrip('0')}")
    form = "webp" if content[8:12] == b"WEBP" else "png"
    data = base64.b64encode(content).decode()
    return (
        f'<figure><img class="{kind}" alt="Samples, {what}" src="data:image/{form};base64,{data}">'
        f"<figcaption>{what}</figcaption></figure>"
    )


def _small(path):
    buffer = io.BytesIO()
    with Image.open(path) as picture:
        picture = picture.convert("RGB")
    picture.thumbnail((320, 320))
    picture.save(buffer, "webp", quality=90)
    return buffer.getvalue()


def _curves(groups):
    html = "".join(_diagram(title, group) for title, group in groups.items())
    return f'<div class="row curves">{html}</div>' if html else _muted("No epoch is over yet.")


def _diagram(title, curves):
    points = [point for curve in curves.values() for point in curve.items()]
    (start, low), (end, high) = ([*map(edge, zip(*points))] for edge in (min, max))

    def place(epoch, value):
        across = (epoch - start) / (end - start) if end > start else 0.5
        up = (value - low) / (high - low) if high > low else 0.5
        return LEFT + across * (RIGHT - LEFT), BOTTOM - up * (BOTTOM - TOP)

    parts, legend = [], ""
    for value in sorted({low, high}):
        y = place(start, value)[1]
        parts.append(f'<line x1="{LEFT}" x2="{RIGHT}" y1="{y}" y2="{y}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4}" text-anchor="end">{value:.3g}</text>')
    ends = [(start, f"epoch {start}", "start"), (end, end, "end")]
    for epoch, text, anchor in ends if end > start else ends[:1]:
        x = place(epoch, low)[0]
        parts.append(f'<text x="{x}" y="{BOTTOM + 16}" text-anchor="{anchor}">{text}</text>')
    for i, (name, curve) in enumerate(curves.items()):
        colour = f"var(--c{i % COLOURS})"
        places = [place(*point) for point in sorted(curve.items())]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        x, y = places[-1]
        parts.append(f'<polyline points="{line}" stroke="{colour}"/>')
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>')
        legend += f' <span style="color:{colour}">{_label(name)}</span>'
    return (
        f"<figure><figcaption><b>{_label(title)}</b>{legend if len(curves) > 1 else ''}"
        f'</figcaption><svg viewBox="0 0 {RIGHT + 8} {BOTTOM + 20}" role="img" '
        f'aria-label="{_label(title)}">{"".join(parts)}</svg></figure>'
    )


def _figures(curves, card, best):
    """The last value of every column, with its range over all epochs; what was measured."""
    head = "<tr><th>figure</th><th>last</th><th>of epoch</th><th>lowest</th><th>highest</th></tr>"
    rows = ""
    for name, curve in curves.items():
        values = curve[max(curve)], max(curve), min(curve.values()), max(curve.values())
        cells = "".join(f"<td>{_text(value)}</td>" for value in values)
        rows += f"<tr><th>{_label(name)}</th>{cells}</tr>"
    html = f'<div class="wide"><table>{head}{rows}</table></div>' if rows else ""
    if best.is_file():
        html += f"<h3>Best weights</h3>{_pairs(_best(best))}"
    if card.get("metrics"):
        html += f"<h3>On the card</h3>{_pairs(card['metrics'])}"
    return html or _muted("No epoch is over yet.")


def _best(path):
    try:
        best = json.loads(path.read_text(encoding="utf-8"))
        return best | best.pop("conditions")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} is no record of the callback Evaluate: {error}") from None


def _files(run):
    names = [*FILES, *sorted(path.name for path in run.iterdir() if path.name not in FILES)]
    cells = ((escape(name), FILES.get(name, ""), _size(run / name)) for name in names)
    rows = "".join("<tr><th>{}</th><td>{}</td><td>{}</td></tr>".format(*row) for row in cells)
    return f'<div class="wide"><table>{rows}</table></div>'


def _size(path):
    if not path.exists():
        return "not there"
    files = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    size = sum(p.stat().st_size for p in files) / 1e3
    return f"{size / 1e3:,.1f} MB" if size >= 1e3 else f"{size:,.1f} kB"


def _use(run, card, finished, sessions):
    lines = []
    if sessions and not finished:
        lines += [f"cd {sessions[-1]['folder']}", sessions[-1]["command"]]
    if card:
        use = f"upscale PHOTO --model {run}" if "scale" in card else f"generate {run} -n 64"
        lines += [
            f"kerasgan {use}",
            f'python -c "import kerasgan; kerasgan.zoo.load({str(run)!r})"',
        ]
    if not lines:
        return _muted("Run the command that began it once more: it goes on from the checkpoint.")
    return f"<pre>{escape(chr(10).join(lines))}</pre>"


def _pairs(table):
    items = ""
    for key, value in table.items():
        text = _text(value)
        kind = ' class="long"' if len(text) > 40 else ""
        items += f"<div{kind}><dt>{_label(key)}</dt><dd>{text}</dd></div>"
    return f"<dl>{items}</dl>" if items else ""


def _label(name):
    return escape(name.replace("_", " "))


def _text(value):
    if isinstance(value, float):
        return f"{value:.5g}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    if isinstance(value, dict):
        return ", ".join(f"{_label(key)} {_text(item)}" for key, item in value.items())
    return escape(str(value))


def _muted(sentence):
    return f'<p class="muted">{sentence}</p>'
