"""What the page does when a button is pressed: one method a tab, named as its endpoint.

Each gives paths of files that Gradio copies before it asks for more, which removes them.
"""

import contextlib
import functools
import tempfile
from pathlib import Path

import gradio
import numpy as np
from PIL import Image

from kerasgan.marks import Mark, marking, read_marks
from kerasgan.modalities import write_image
from kerasgan.photos import fill_files, mask_files, translate_files, upscale_files

# Pixels of a picture that is opened or made, and of one that a network sees whole, for which it
# takes some 3 GB of memory a million.
LARGEST, LARGEST_WHOLE = 16_000_000, 1_500_000
MISSING = "Choose a picture first."
UNREADABLE = "That file is no picture, is damaged, or is of a kind that Pillow cannot read."


def refuse(text):
    """Say on the page what is wrong."""
    raise gradio.Error(text, print_exception=False)


@contextlib.contextmanager
def _folder(picture=None):
    """A folder for what is made; what is refused, of a picture say, is said on the page."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            yield Path(folder)
        except (ValueError, OSError, ImportError) as error:
            text = str(error)
            if picture is not None:
                text = text.replace(str(picture), Path(picture).name)
            refuse(" ".join(text.split()))


def _check_size(picture, largest):
    """Refuse a picture that would take too long, or more memory than there is."""
    try:
        with Image.open(picture) as image:
            width, height = image.size
    except Image.UnidentifiedImageError:  # Gradio opens no .svg
        raise ValueError(UNREADABLE) from None
    if width * height > largest:
        raise ValueError(
            f"The picture has {width} × {height} pixels, and at most {largest / 1e6:g} megapixels "
            "are taken here. Make it smaller first."
        )


class Answers:
    """What each tab does, by the models of `entries`."""

    def __init__(self, entries):
        self.entries = entries

    def generate(self, model, n, labels, truncation, seed):
        """A picture of samples, and their file."""
        with _folder() as folder:
            yield self._written(folder, model, n, seed, labels=labels, truncation=truncation)

    def listen(self, model, n, labels, seed):
        """Sounds, a picture of them or of music, and their file."""
        with _folder() as folder:
            picture, out = self._written(folder, model, n, seed, labels=labels)
            yield None if self.entries[model].is_music else out, picture, out

    def table(self, model, n, seed):
        """Rows, and their file."""
        with _folder() as folder:
            modality, rows = self._samples(model, n, seed)
            out = folder / f"{model}.csv"
            modality.write(rows, out)
            yield rows, str(out)

    def _written(self, folder, name, n, seed, **asked):
        """A picture of samples, and their file: of pictures the same."""
        modality, samples = self._samples(name, n, seed, **asked)
        picture = folder / f"{name}.png"
        out = picture.with_suffix(modality.suffixes[0])
        with marking(Mark(name)):
            if out != picture:
                modality.write(samples, out)
            write_image(picture, modality.preview(samples))
        return str(picture), str(out)

    def _samples(self, name, n, seed, **asked):
        """What samples of a model are, and some: what it does not take is not asked for."""
        model = self.entries.model(name)
        asked = {key: asked[key] for key in asked if key in self.entries[name].asks}
        if words := asked.pop("labels", None):
            asked["labels"] = model.labels.named(words, n)
        return model.modalities[model.makes], model.generate(n, seed=seed, **asked)

    def upscale(self, picture, model, strength):
        """A picture enlarged."""
        loaded = self.entries.model(model)
        strength = strength if "strength" in self.entries[model].asks else None

        def write(source, out):
            upscale_files(source, out, loaded.enlarger(strength), loaded.scale, verbose=False)

        largest = LARGEST // loaded.scale**2
        yield from self._converted(picture, model, f"_x{loaded.scale}", write, largest)

    def translate(self, picture, model, style, seed, backward):
        """A picture turned into one of another kind."""
        asked = {"style": style, "seed": seed, "backward": backward}
        kind = "target" if backward else "source"
        yield from self._translated(picture, model, "_translated", kind, asked)

    def enhance(self, picture, model):
        """A clean picture of a poor one."""
        yield from self._translated(picture, model, "_enhanced", "source")

    def stylize(self, picture, model, style, strength):
        """A photograph in the manner of a painting."""
        if style is None and "style" in self.entries[model].asks:
            refuse("Choose a picture whose style is taken first.")
        asked = {"style": style, "strength": strength}
        yield from self._translated(picture, model, "_stylized", "content", asked)

    def _translated(self, picture, name, ending, kind, asked=()):
        model = self.entries.model(name)
        asked = {key: asked[key] for key in asked if key in self.entries[name].asks}
        convert = functools.partial(getattr(model, model.verb), **asked)
        channels = model.sample_shapes[kind][-1]

        def write(source, out):
            translate_files(source, out, convert, channels, verbose=False)

        yield from self._converted(picture, name, ending, write)

    def segment(self, picture, model, probability):
        """A mask of what was found in a picture, or how probable it is."""
        loaded = self.entries.model(model)
        segment = functools.partial(loaded.segment, threshold=None if probability else 0.5)
        channels = loaded.sample_shapes["source"][-1]

        def write(source, out):
            mask_files(source, out, segment, channels, verbose=False)

        yield from self._converted(picture, model, "_mask", write)

    def detect(self, picture, model):
        """What a picture's marks say, and how probable it is that it was generated."""
        if picture is None:
            refuse(MISSING)
        with _folder(picture):
            _check_size(picture, LARGEST)
            probability = self.entries.model(model).detect(picture)
            mark = read_marks(picture).summary or "none"
            yield (
                f"**Generated, by its pixels:** {probability:.0%}, where half of all are.\n\n"
                f"**Marks:** {mark}"
            )

    def inpaint(self, picture, model):
        """A picture whose parts that were drawn over are filled."""
        if picture is None or picture["background"] is None:
            refuse(MISSING)
        holes = [np.asarray(layer)[..., 3] > 0 for layer in picture["layers"]]
        if not np.any(holes):
            refuse("Draw over what is to go first.")
        loaded = self.entries.model(model)
        channels = loaded.sample_shapes["image"][-1]

        def write(source, out):
            mask = np.any(holes, axis=0)
            fill_files(source, mask, out, loaded.inpaint, channels, verbose=False)

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "picture.png")
            picture["background"].convert("RGB").save(path)
            yield from self._converted(path, model, "_filled", write)

    def _converted(self, picture, name, ending, write, largest=LARGEST_WHOLE):
        """The file that `write(source, out)` makes of a picture, to be shown and to be kept."""
        if picture is None:
            refuse(MISSING)
        with _folder(picture) as folder:
            _check_size(picture, largest)
            out = folder / f"{Path(picture).stem}{ending}.png"
            with marking(Mark(name, self.entries.model(name).verb)):
                write(picture, out)
            yield str(out), str(out)
