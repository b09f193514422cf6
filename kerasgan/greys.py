"""Grey pictures of more than 8 bits, as Pillow holds them: what is black in them, what white.

A file of unsigned 16 bits tells that itself. Floats and integers of 32 bits, or with a sign, do
not: white is then 1, 255 or 65535, the least that no value exceeds, and if the brightest has
less than an eighth of it, or one is below 0, nobody can know.
"""

import numpy as np
from PIL import ExifTags, Image

WHITES = (1, 255, 65535)


def value_range(picture: Image.Image) -> tuple[str, float, float] | None:
    """Mode, least and greatest value of a picture that does not tell what is white in it."""
    if not is_grey(picture) or _white_told(picture):
        return None
    values = np.asarray(picture)
    return picture.mode, values.min(), values.max()


def is_grey(picture: Image.Image) -> bool:
    """Whether it is grey of more than 8 bits."""
    return picture.mode == "F" or picture.mode.startswith("I")


def white(low: float, high: float, kind: str) -> int:
    """What is white among values in this range.

    Args:
        low, high: The least and the greatest value.
        kind: Pillow's mode, `"F"` for floats.

    Raises:
        ValueError: If it cannot be known. The message goes on after the name of a file.
    """
    found = next((white for white in WHITES if high <= white), None)
    if found is None or not low >= 0 or 8 * high < found:
        raise ValueError(
            f"holds {'floats' if kind == 'F' else 'integers'} from {low:g} to {high:g}, whose "
            "black and white are not known. Save the values with 16 bits, scaled to [0, 65535], "
            "or as floats in [0, 1]."
        )
    return found


def sixteen_bits(picture: Image.Image, whitest: int | None = None) -> Image.Image:
    """A grey picture as one of mode `"I;16"`, with 65535 for white.

    Args:
        picture: Of more than 8 bits.
        whitest: What is white in it; by default what the file or its values tell.

    Raises:
        ValueError: As `white` does.
    """
    told = _white_told(picture)
    inverted = _tag(picture, ExifTags.Base.PhotometricInterpretation) == 0
    values = np.asarray(picture)
    whitest = told or whitest or white(values.min(), values.max(), picture.mode)
    values = np.rint(values * (65535 / whitest)).astype("uint16")
    return Image.fromarray(65535 - values if inverted else values)


def _white_told(picture):
    """What the file says is white, or None."""
    if picture.mode.startswith("I;"):
        bits = _tag(picture, ExifTags.Base.BitsPerSample) or (16,)
        return 2 ** bits[0] - 1
    return 65535 if picture.mode == "I" and picture.format == "PPM" else None


def _tag(picture, tag):
    return getattr(picture, "tag_v2", {}).get(tag)
