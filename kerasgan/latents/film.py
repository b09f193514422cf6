"""A film of the way through codes."""

import os
from pathlib import Path

import numpy as np
from PIL import Image

from kerasgan.arguments import check_whole
from kerasgan.engine.generation import GeneratesSamples
from kerasgan.files import write_whole
from kerasgan.latents.codes import has_styles, render, way
from kerasgan.marks import xmp


def film(
    model: GeneratesSamples,
    path: str | os.PathLike,
    found: np.ndarray,
    *,
    steps: int = 24,
    milliseconds: int = 50,
    labels=None,
) -> Path:
    """Write the way through some codes, and back to the first, as a film that repeats.

    A .webp file can say in its metadata that a model made it (`kerasgan.marks`), a .gif cannot.

    Args:
        model: A model that generates pictures from latents.
        path: File to write, .gif or .webp.
        found: Two codes or more, as of `codes`.
        steps: Pictures from one code to the next.
        milliseconds: Of one picture.
        labels: One label, for a model with labels and no styles.

    Returns:
        The path.

    Raises:
        ValueError: On another kind of file, fewer codes than two, or a number out of its range.

    Example:

    ```python
    kerasgan.latents.film(model, "film.webp", kerasgan.latents.codes(model, 5, seed=0))
    ```
    """
    path, found = Path(path), np.asarray(found, "float32")
    if path.suffix.lower() not in (".gif", ".webp"):
        raise ValueError(f"A film is a .gif or .webp file. Received: {path}")
    check_whole(1, steps=steps, milliseconds=milliseconds)
    if len(found) < 2:
        raise ValueError(f"A film goes through two codes or more. Received: {len(found)}")
    path_codes = way(model, found, np.arange(steps) / steps)
    if labels is None and not has_styles(model) and "labels" in model.takes:
        labels = model.label_rows(1, None, None)
    made = model.modality.levels(render(model, np.concatenate(path_codes), labels))
    first, *others = [Image.fromarray(x[..., 0] if x.shape[-1] == 1 else x) for x in made]
    options = {"append_images": others, "duration": milliseconds, "loop": 0, "save_all": True}
    options |= xmp.options(path.suffix.lower(), xmp.marked())
    write_whole(path, lambda place: first.save(place, format=path.suffix[1:], **options))
    return path
