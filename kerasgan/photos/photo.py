"""A photograph in memory, whatever kind of file or array it came from."""

import dataclasses

import numpy as np
from PIL import ExifTags, Image

from kerasgan.photos.opacity import FilledIn

# ITU-R BT.601, as Pillow has it.
LUMA = np.array([0.299, 0.587, 0.114], "float32")


@dataclasses.dataclass
class Photo:
    """A photograph, upright.

    Attributes:
        colours: uint8, uint16 or float32 array `(height, width, 3)`, floats in [-1, 1]; the
            three are equal in a grey one.
        alpha: Opacity `(height, width)` of the same dtype, or None.
        grey: Whether it is to be written with one channel of colour.
        icc_profile: Bytes, or None.
        exif: `PIL.Image.Exif` without orientation, or None.
        dpi: Pair of floats, or None.
        xmp: Bytes of a packet without orientation, or None.
    """

    colours: np.ndarray
    alpha: np.ndarray | None = None
    grey: bool = False
    icc_profile: bytes | None = None
    exif: Image.Exif | None = None
    dpi: tuple[float, float] | None = None
    xmp: bytes | None = None

    def array(self, channels: int | None = None) -> np.ndarray:
        """The photograph for a network that takes it whole, without its opacity.

        What is fully transparent takes on the colours of what is visible nearby.

        Args:
            channels: 3, of which a grey photograph gives three equal ones; 1, for which colour
                becomes luminance; or None for its own number.

        Returns:
            A new array `(height, width, channels)`, uint8 in [0, 255], uint16 in [0, 65535] or
            float32 in [-1, 1], as the photograph is.

        Raises:
            ValueError: On another number of channels.
        """
        check_channels(channels)
        colours = self.visible_colours()[:]
        if channels == 1 and not self.grey:
            return luma(colours)
        if channels is None:
            channels = 1 if self.grey else 3
        return np.array(colours[..., :channels], order="C")

    def visible_colours(self) -> np.ndarray | FilledIn:
        """The colours by rows, without those that opacity hides: they would bleed."""
        return self.colours if self.alpha is None else FilledIn(self.colours, self.alpha)

    def details(self, height: int, width: int) -> dict:
        """What a file of it keeps beside the pixels, as arguments of `write_photo`.

        Args:
            height, width: Of the picture to write, which EXIF names too.

        Returns:
            Dict with those of `icc_profile`, `exif`, `dpi` and `xmp` that there are.
        """
        exif = self.exif_of_size(height, width)
        details = {
            "icc_profile": self.icc_profile,
            "exif": exif,
            "dpi": self.dpi,
            "xmp": self.xmp,
        }
        return {name: value for name, value in details.items() if value}

    def exif_of_size(self, height: int, width: int) -> bytes | None:
        """EXIF as bytes, or None, with the size of the picture that it is going to lie in."""
        if self.exif is None:
            return None
        details = self.exif.get_ifd(ExifTags.IFD.Exif)
        sides = {
            ExifTags.Base.ExifImageWidth: width,
            ExifTags.Base.ExifImageHeight: height,
        }
        details |= {tag: side for tag, side in sides.items() if tag in details}
        return self.exif.tobytes()


def check_channels(channels: int | None) -> None:
    """Raise a `ValueError` unless it is a number of channels that a photograph can give."""
    if channels not in (1, 3, None):
        raise ValueError(
            "channels must be 1 (grey), 3 (colour) or None (as the photograph has them). "
            f"Received: channels={channels!r}"
        )


def luma(colours: np.ndarray) -> np.ndarray:
    """Luminance `(height, width, 1)` of colours `(height, width, 3)`, of their dtype."""
    grey = colours @ LUMA
    if colours.dtype.kind != "f":
        grey = np.rint(grey).astype(colours.dtype)
    return grey[..., None]


def from_array(array: np.ndarray) -> list[Photo]:
    """The photographs in an array, as a list.

    Args:
        array: `(height, width)`, `(height, width, channels)` or
            `(n, height, width, channels)` with 1, 3 or 4 channels: grey, colour, colour and
            opacity. uint8, uint16 or float in [-1, 1].

    Raises:
        ValueError: On another shape, dtype or range, or on NaN.
    """
    array = np.asarray(array)
    shape = array.shape
    if len(shape) not in (2, 3, 4) or len(shape) > 2 and shape[-1] not in (1, 3, 4):
        raise ValueError(
            "Expected an array (height, width), (height, width, channels) or (n, height, "
            f"width, channels) with 1, 3 or 4 channels. Received: shape {shape}"
        )
    if 0 in shape:
        raise ValueError(f"The array holds no pixel. Received: shape {shape}")
    if array.dtype.kind == "f":
        array = array.astype("float32")
        low, high = array.min(), array.max()
        if not (low >= -1.0 and high <= 1.0):
            raise ValueError(
                f"Floats must be in [-1, 1]. Received: values in [{low}, {high}]. Divide "
                "values in [0, 255] by 127.5 and subtract 1, or pass them as uint8."
            )
    elif array.dtype not in ("uint8", "uint16"):
        raise ValueError(
            "Expected uint8 in [0, 255], uint16 in [0, 65535] or floats in [-1, 1]. "
            f"Received: dtype {array.dtype}"
        )
    channels = shape[-1] if len(shape) > 2 else 1
    images = array.reshape(-1, *shape[-3:-1], channels) if len(shape) > 2 else array[None]
    return [from_values(image) for image in images]


def from_values(values: np.ndarray, **rest) -> Photo:
    """A photo of an array with 1 to 4 channels: grey or colour, without or with opacity.

    Args:
        values: `(height, width)` or `(height, width, channels)`, uint8, uint16 or float32.
        **rest: Further attributes of `Photo`.
    """
    values = values.reshape(*values.shape[:2], -1)
    channels = values.shape[2]
    alpha = values[..., -1] if channels in (2, 4) else None
    colours = values[..., :3]
    if channels < 3:
        colours = np.broadcast_to(values[..., :1], (*values.shape[:2], 3))
    return Photo(colours, alpha, channels < 3, **rest)
