"""What a file that is written should say about how it was made."""

import contextlib
import contextvars
from dataclasses import dataclass

from kerasgan import __version__
from kerasgan.marks.signer import Signer

_mark = contextvars.ContextVar("mark", default=None)

# https://cv.iptc.org/newscodes/digitalsourcetype, "Created using Generative AI" and "Edited using
# Generative AI", of which inpainting is the vocabulary's own example.
VOCABULARY = "http://cv.iptc.org/newscodes/digitalsourcetype/"
CREATED = "trainedAlgorithmicMedia"
EDITED = "compositeWithTrainedAlgorithmicMedia"
# What tells something of a picture, and makes none.
TELLING = ("segment", "detect")
# What leaves no pixel of a source as a picture of the same thing; others edit a photograph.
CREATING = ("generate", "translate")


@dataclass(frozen=True)
class Mark:
    """What made a picture or a sound.

    Args:
        model: Name of the entry or run.
        verb: What it did: `"generate"`, `"upscale"`, `"inpaint"`, …
        watermark: Whether pictures get a watermark in their pixels too, which outlasts that
            metadata is taken out. It is seen as mottled grain where a picture is smooth;
            of sounds there is none.
        signer: A `Signer`, by which files get a C2PA manifest; or None.

    Example:

    ```python
    with kerasgan.marks.marking(kerasgan.marks.Mark("dcgan_celeba")):
        model.modality.write(model.generate(16), Path("faces.png"))
    ```
    """

    model: str
    verb: str = "generate"
    watermark: bool = False
    signer: Signer | None = None

    @property
    def source_type(self) -> str:
        """The term of IPTC's vocabulary of digital source types."""
        return CREATED if self.verb in CREATING else EDITED

    @property
    def system(self) -> str:
        """IPTC's "AI System Used"."""
        return f"kerasgan {self.model}"

    @property
    def version(self) -> str:
        """IPTC's "AI System Version Used"."""
        return __version__


@contextlib.contextmanager
def marking(mark: Mark | None):
    """Mark the pictures and sounds that kerasgan's writers write inside this context.

    `kerasgan.photos` and the modalities' `write` do; nothing is marked outside of it.

    Args:
        mark: A `Mark`; or None, for none.
    """
    token = _mark.set(mark)
    try:
        yield
    finally:
        _mark.reset(token)


def marking_made(model: str, verb: str):
    """`marking` of what is written without being asked for, unless there is a mark already.

    Args:
        model, verb: As of `Mark`; nothing is marked of a verb that makes no pictures.
    """
    if current() is not None or verb in TELLING:
        return contextlib.nullcontext()
    return marking(Mark(model, verb))


def current() -> Mark | None:
    """The mark of the context that is open, or None."""
    return _mark.get()
