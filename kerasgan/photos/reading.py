"""A photograph of any kind, read from a file or a Pillow image."""

import io
import os
import sys
import warnings

import numpy as np
from PIL import ExifTags, Image, ImageCms

from kerasgan import greys
from kerasgan.marks.xmp import of_upright
from kerasgan.photos.photo import Photo, from_values

# What each EXIF orientation asks for.
UPRIGHT = {
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: a.swapaxes(0, 1)[:, ::-1],
    7: lambda a: a.swapaxes(0, 1)[::-1, ::-1],
    8: lambda a: a.swapaxes(0, 1)[::-1],
}
# TIFF keeps these, which describe the file and not the photograph, among its EXIF tags.
STRUCTURE = {
    *(254, 255, 256, 257, 258, 259, 262, 266, 273, 274, 277, 278, 279, 284, 297, 317, 320),
    *(322, 323, 324, 325, 330, 332, 338, 339, 347, 513, 514, 529, 530, 531, 532),
    *(700, 33723, 34377, 34675),
}
# Pillow decodes colour of 16 bits to the upper 8. The raw mode of the other order of bytes
# gives the lower 8.
LITTLE = sys.byteorder == "little"
LOWER = {"16B": "16L", "16L": "16B", "16N": "16B" if LITTLE else "16L"}
# Formats whose first picture is the photograph, and the others previews, layers or depths.
FIRST_OF_SEVERAL = ("MPO", "PSD")


def read_photo(source: str | os.PathLike | Image.Image) -> Photo:
    """A photograph from a file or a Pillow image.

    Grey stays grey, and 16 bits a channel stay 16 in PNG and TIFF. A palette becomes
    colour; CMYK becomes sRGB, by the embedded profile if there is one, and Lab too. The
    EXIF orientation is applied. Formats in which Pillow shows no more than 8 bits (JPEG
    2000, AVIF) give 8.

    Args:
        source: Path, or `PIL.Image.Image`.

    Returns:
        A `Photo`.

    Raises:
        ValueError: If it is no picture, is damaged, has several frames or pages, is too
            large for Pillow, or holds values without a known range, with its name.
        OSError: If there is no such file, or it may not be read.
    """
    is_file = isinstance(source, (str, bytes, os.PathLike)) or hasattr(source, "read")
    if not is_file and not isinstance(source, Image.Image):
        raise ValueError(
            f"Expected a path, a Pillow image or an array. Received: {type(source).__name__}"
        )
    name = source if not isinstance(source, Image.Image) else getattr(source, "filename", "")
    name = str(name or "the Pillow image")
    try:
        with warnings.catch_warnings():
            # Its limit, which is an error, is twice as high.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            if isinstance(source, Image.Image):
                return _read(source, name)
            with Image.open(source) as image:
                return _read(image, name)
    except _RefusedError as error:
        raise ValueError(f"{name!r} {error}") from None
    except Image.UnidentifiedImageError:
        raise ValueError(f"{name!r} is no picture, or of a kind that Pillow cannot read.") from None
    except Image.DecompressionBombError as error:
        raise ValueError(
            f"{name!r} has more pixels than Pillow reads by default. Cut it into parts; or, if "
            f"you trust the file, set PIL.Image.MAX_IMAGE_PIXELS = None first. ({error})"
        ) from None
    except Exception as error:  # Pillow's plugins raise all kinds
        if isinstance(error, MemoryError) or getattr(error, "errno", None):
            raise  # of the machine, not of the picture
        raise ValueError(f"{name!r} is damaged: {error or type(error).__name__}") from error


def read_array(source: str | os.PathLike | Image.Image, channels: int | None = None) -> np.ndarray:
    """The pixels of a photograph, upright, for a network that takes it whole.

    Args:
        source: Path, or `PIL.Image.Image`, of any kind that `read_photo` takes.
        channels: 3, of which a grey photograph gives three equal ones; 1, for which colour
            becomes luminance; or None: 1 for grey, 3 for colour. Opacity is left aside, and
            what is fully transparent takes on the colours of what is visible nearby.

    Returns:
        Array `(height, width, channels)`: uint8 in [0, 255], or uint16 in [0, 65535] of a
        photograph of 16 bits a channel.

    Raises:
        ValueError: On another number of channels, or if `source` is no photograph.
        OSError: If there is no such file, or it may not be read.

    Example:

    ```python
    labels = read_array("labels.png", channels=3)
    ```
    """
    return read_photo(source).array(channels)


class _RefusedError(Exception):
    """What is wrong with a picture that is in order; its name is put before."""


def _read(image, name):
    frames = getattr(image, "n_frames", 1)
    if frames > 1 and image.format not in FIRST_OF_SEVERAL:
        raise _RefusedError(
            f"has {frames} frames or pages. Expected one picture: save those you want as "
            "files of their own."
        )
    profile = image.info.get("icc_profile") or None
    # First, for Pillow forgets how it read a picture once that is loaded.
    values = _sixteen_bits(image, name)
    if values is None:
        image.load()  # of an ICNS or a JPEG 2000 the mode may be known only then
        values = _pixels(_converted(image, name))
        if image.mode in ("CMYK", "LAB"):
            profile = None  # it was used
    exif, orientation = _exif(image, name)
    dpi = tuple(float(d) for d in image.info.get("dpi", (0, 0)))
    upright = UPRIGHT.get(orientation, np.asarray)(values)
    known = all(0 < d < 1e6 for d in dpi)
    return from_values(
        upright,
        icc_profile=profile,
        exif=exif,
        dpi=dpi if known else None,
        xmp=of_upright(image.info.get("xmp"), name),
    )


def _exif(image, name):
    """What EXIF says beside the orientation, or None, and the orientation."""
    try:
        exif = image.getexif()
        orientation = exif.get(ExifTags.Base.Orientation, 1)
        kept = Image.Exif()
        kept.load(exif.tobytes())
    except Exception as error:
        warnings.warn(f"{name!r}: its EXIF cannot be read and is left out ({error}).")
        return None, 1
    for tag in STRUCTURE & set(kept):
        del kept[tag]
    return (kept if len(kept) else None), orientation


def _sixteen_bits(image, name):
    """uint16 values of a picture of 16 bits a channel; None of any other."""
    if greys.is_grey(image):
        key = image.info.get("transparency")
        return _with_key(_grey(image), key)
    tags = getattr(image, "tag_v2", {})
    planes = tags.get(ExifTags.Base.PlanarConfiguration)
    if planes == 2 and max(tags.get(ExifTags.Base.BitsPerSample, (8,))) > 8:
        raise _RefusedError(
            "keeps 16-bit colours in separate planes, which Pillow reads wrongly. Save it with "
            "interleaved channels."
        )
    tiles = [t for t in getattr(image, "tile", ()) if ";16" in str(t.args)]
    if not tiles:
        return None
    raw = tiles[0].args if isinstance(tiles[0].args, str) else tiles[0].args[0]
    kind, _, order = raw.partition(";")
    path = getattr(image, "filename", "")
    if kind not in ("RGB", "RGBX", "RGBA", "LA") or order not in LOWER or not path:
        warnings.warn(f"{name!r}: 8 of its 16 bits a channel are kept ({raw}).")
        return None
    if kind == "LA":
        # Four bytes a pixel, which are those of 8-bit RGBA.
        pixels = _pixels(_decoded(path, raw, "RGBA")).astype("uint16")
        return pixels[..., ::2] << 8 | pixels[..., 1::2]
    values = _pixels(_decoded(path, raw, raw)).astype("uint16")
    values <<= 8
    values |= _pixels(_decoded(path, raw, f"{kind};{LOWER[order]}"))
    return _with_key(values, image.info.get("transparency"))


def _decoded(path, raw, other):
    """The picture in a file, with its bytes taken in another raw mode."""
    with Image.open(path) as image:
        image.tile = [
            tile._replace(args=other if tile.args == raw else (other, *tile.args[1:]))
            for tile in image.tile
        ]
        image.load()
    return image


def _grey(image):
    """Pillow's grey of more than 8 bits as uint16 `(height, width, 1)`."""
    try:
        return np.asarray(greys.sixteen_bits(image))[..., None]
    except ValueError as error:
        raise _RefusedError(error) from None


def _with_key(values, key):
    """Values with opacity, where one colour stands for what is transparent."""
    if key is None:
        return values
    hidden = np.all(values == np.asarray(key, "uint16"), axis=-1, keepdims=True)
    return np.concatenate([values, np.where(hidden, 0, 65535).astype("uint16")], axis=-1)


def _converted(image, name):
    """An 8-bit picture in one of the modes L, LA, RGB and RGBA."""
    mode = image.mode
    if mode in ("CMYK", "LAB"):
        return _to_srgb(image, name)
    if mode in ("1", "L", "La", "LA"):
        grey = "LA" if mode[1:] or image.has_transparency_data else "L"
        return image if mode == grey else image.convert(grey)
    colour = "RGBA" if image.has_transparency_data else "RGB"
    return image if mode == colour else image.convert(colour)


def _to_srgb(image, name):
    embedded = image.info.get("icc_profile")
    srgb = ImageCms.createProfile("sRGB")
    if image.mode == "LAB":
        lab = ImageCms.createProfile("LAB")
        return ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
    if embedded:
        try:
            profile = ImageCms.ImageCmsProfile(io.BytesIO(embedded))
            return ImageCms.profileToProfile(image, profile, srgb, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError) as error:
            warnings.warn(
                f"{name!r}: its profile cannot be used and its CMYK is converted without "
                f"one ({error})."
            )
    return image.convert("RGB")


def _pixels(image):
    """The pixels of an 8-bit picture, filled in strips: Pillow would hold them thrice."""
    values = np.empty((image.height, image.width, len(image.getbands())), "uint8")
    for top in range(0, image.height, 256):
        strip = image.crop((0, top, image.width, min(top + 256, image.height)))
        values[top : top + 256] = np.asarray(strip).reshape(strip.height, image.width, -1)
    return values
