"""One page with sliders that move through a latent space."""

import io
import os
from pathlib import Path

import numpy as np
from PIL import Image

from kerasgan.arguments import check_whole
from kerasgan.engine.generation import GeneratesSamples
from kerasgan.latents.codes import codes, edit, has_styles, render, way
from kerasgan.latents.directions import directions
from kerasgan.marks import marking_made, xmp
from kerasgan.pages import address, write_page

# How far edits go, in deviations of codes, and truncations.
STRENGTHS = (-4, -3, -2, -1, 0, 1, 2, 3, 4)
TRUNCATIONS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
STEPS, LABELS = 9, 12


def write_explorer(
    model: GeneratesSamples,
    out: str | os.PathLike,
    *,
    n: int = 8,
    number_of_directions: int = 4,
    seed: int = 0,
    name: str | None = None,
) -> Path:
    """Write one HTML page whose sliders move samples through the latent space.

    One slider chooses the sample; the others, each beside its picture, move it along the strongest
    `directions`, draw its style to the mean one, go to the next sample, or change its label, as
    far as the model has these. All pictures are made now and are in the page, about 2 kB each of
    64 pixels: it needs no server, and no network. They say in their metadata that
    a model made them (`kerasgan.marks`).

    Args:
        model: A model that generates pictures from latents.
        out: File to write.
        n: Samples to begin from, 2 or more.
        number_of_directions: Directions, at most; 0 for none.
        seed: Integer of the samples.
        name: Title of the page; by default the name of the model's class.

    Returns:
        Path of the page.

    Raises:
        ValueError: On a model that makes no pictures from latents, or a number out of its range.

    Example:

    ```python
    kerasgan.latents.write_explorer(kerasgan.zoo.load("dcgan_celeba"), "faces.html")
    ```
    """
    check_whole(2, n=n)
    check_whole(0, number_of_directions=number_of_directions)
    codes(model, 0)
    if len(model.sample_shape) != 3 or model.sample_shape[-1] not in (1, 3, 4):
        raise ValueError(
            f"A page shows pictures. This {type(model).__name__} makes samples of shape "
            f"{model.sample_shape}."
        )
    height, width = model.sample_shape[:2]
    name = name or type(model).__name__
    with marking_made(name, model.verb):
        panels = _panels(model, n, number_of_directions, seed)
    content = {
        "name": name,
        "n": n,
        "ratio": width / height,
        "panels": panels,
    }
    write_page(Path(__file__).with_name("explorer.html.j2"), out, content)
    return Path(out)


def _panels(model, n, number_of_directions, seed):
    """What a slider is called, what its values are, where it begins, and a strip a sample."""
    label = model.label_rows(1, None, seed) if "labels" in model.takes else None
    found = codes(model, n, seed, labels=label)

    def panel(title, values, start, path):
        made = render(model, path.reshape(-1, *found.shape[1:]), label, verbose=False)
        made = made.reshape(n, len(values), *model.sample_shape)
        strips = [_strip(model.modality.levels(one)) for one in made]
        return {"title": title, "values": [*values], "start": start, "strips": strips}

    panels = []
    for number, direction in enumerate(_directions(model, number_of_directions), 1):
        unit = direction * _deviation(model, direction)
        path = np.stack([edit(found, unit, strength) for strength in STRENGTHS], axis=1)
        shown = [f"{strength:+d} σ" if strength else "as it is" for strength in STRENGTHS]
        panels.append(panel(f"Direction {number}", shown, len(shown) // 2, path))
    if has_styles(model):
        mean = model.mean_style()
        path = np.stack([mean + np.float32(t) * (found - mean) for t in TRUNCATIONS], axis=1)
        panels.append(panel("Truncation", TRUNCATIONS, len(TRUNCATIONS) - 1, path))
    path = way(model, found, np.linspace(0, 1, STEPS))
    shown = [f"{100 * i // (STEPS - 1)} %" for i in range(STEPS)]
    panels.append(panel("To the next sample", shown, 0, path))
    if label is not None:
        panels.append(_of_labels(model, n, seed))
    return panels


def _directions(model, n):
    try:
        return directions(model, n) if n else []
    except ValueError:
        # Its first layer is not dense. There is more to see.
        return []


def _deviation(model, direction):
    """How far codes lie from one another along a direction, and in others."""
    found = codes(model, 512, 0)
    rows = found[:, 0] if found.ndim == 3 else found
    return max(float((rows @ direction).std()), float(rows.std(axis=0).mean()))


def _of_labels(model, n, seed):
    """The panel of labels: each of them, and nothing else, of the latents of the samples."""
    known = np.eye(model.labels.dim, dtype="float32")[:LABELS]
    latents = model.inputs_of(n, seed)[0]
    made = model.generate(
        latents=np.repeat(latents, len(known), axis=0), labels=np.tile(known, (n, 1)), verbose=False
    ).reshape(n, len(known), *model.sample_shape)
    names = (model.labels.names or [*range(model.labels.dim)])[:LABELS]
    strips = [_strip(model.modality.levels(one)) for one in made]
    return {"title": "Label", "values": names, "start": 0, "strips": strips}


def _strip(made):
    """Pictures side by side, as an address."""
    picture = np.concatenate([*made], axis=1)
    buffer = io.BytesIO()
    Image.fromarray(picture[..., 0] if picture.shape[-1] == 1 else picture).save(
        buffer, "webp", quality=90, **xmp.options(".webp", xmp.marked())
    )
    return address(buffer.getvalue())
