"""A photograph written as its bands of rows come: PNG in bounded memory, others whole."""

import os
import struct
import warnings
import zlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from kerasgan.files import write_whole
from kerasgan.marks import xmp as xmp_packets
from kerasgan.marks.manifest import sign
from kerasgan.marks.watermark import watermarked_bands

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff")
LONGEST_SIDE = {".jpg": 65500, ".jpeg": 65500, ".webp": 16383}
COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}


def check_suffix(path: str | os.PathLike) -> None:
    """Raise a `ValueError` if the name is that of no format that can be written."""
    if Path(path).suffix.lower() not in SUFFIXES:
        raise ValueError(f"Expected a name that ends in {', '.join(SUFFIXES)}. Received: {path}")


def check_target(
    path: str | os.PathLike, height: int, width: int, channels: int, dtype: np.dtype
) -> None:
    """Raise a `ValueError` if such a picture cannot be written to this path."""
    check_suffix(path)
    path = Path(path)
    suffix = path.suffix.lower()
    if max(height, width) > LONGEST_SIDE.get(suffix, 2**31 - 1):
        raise ValueError(
            f"{suffix} holds at most {LONGEST_SIDE[suffix]} pixels a side, and {path.name} "
            f"would have {width}×{height}. Choose .png."
        )
    if suffix in (".tif", ".tiff") and height * width * channels >= 2**32:
        raise ValueError(f"{path.name} would be larger than the 4 GiB of .tif. Choose .png.")
    if suffix in (".jpg", ".jpeg") and channels in (2, 4):
        raise ValueError(f"{suffix} holds no transparency. Choose .png, .webp or .tif for {path}")
    if suffix != ".png" and dtype == "uint16" and (channels > 1 or "tif" not in suffix):
        warnings.warn(f"{path.name!r} keeps 8 of the 16 bits a channel; .png keeps all.")


def write_photo(
    path: str | os.PathLike,
    bands: Iterable[np.ndarray],
    height: int,
    width: int,
    icc_profile: bytes | None = None,
    exif: bytes | None = None,
    dpi: tuple[float, float] | None = None,
    xmp: bytes | None = None,
) -> None:
    """Write bands of rows as one picture, in the format of its suffix; whole or not at all.

    PNG is written as the bands come and keeps 16 bits. Of the others the whole picture is
    in memory, and 16 bits are kept of grey `.tif` alone.

    Args:
        path: Where to, ending in one of `SUFFIXES`.
        bands: Iterable of uint8 or uint16 arrays `(rows, width, channels)` from top to
            bottom: 1 channel is grey, 2 are grey and opacity, 3 colour, 4 both.
        height, width: Of the picture, in pixels.
        icc_profile: Bytes, or None.
        exif: Bytes, or None.
        dpi: Pair of floats, or None.
        xmp: Bytes, or None; the mark of `kerasgan.marks.marking` is added.

    Raises:
        ValueError: If the format cannot hold the picture.

    Example:

    ```python
    write_photo("photo.png", [values], *values.shape[:2])
    ```
    """
    suffix = Path(path).suffix.lower()
    xmp = xmp_packets.marked(xmp)
    bands = watermarked_bands(bands, height, width)
    if suffix == ".png":

        def write(temporary):
            with open(temporary, "wb") as file:
                _write_png(file, bands, height, width, icc_profile, exif, dpi, xmp)
    else:

        def write(temporary):
            options = {"icc_profile": icc_profile, "dpi": dpi}
            options = {name: value for name, value in options.items() if value}
            options |= xmp_packets.options(suffix, xmp, exif)
            if suffix in LONGEST_SIDE:
                options["quality"] = 95
            to_pillow(bands, height, width, keep_16_bit_grey="tif" in suffix).save(
                temporary, **options
            )

    def write_signed(temporary):
        write(temporary)
        sign(temporary)

    write_whole(path, write_signed)


def to_pillow(
    bands: Iterable[np.ndarray], height: int, width: int, keep_16_bit_grey: bool = True
) -> Image.Image:
    """The bands as one Pillow image: 8 bits a channel, and 16 of grey."""
    whole, top = None, 0
    for band in bands:
        channels = band.shape[-1]
        if band.dtype == "uint16" and not (keep_16_bit_grey and channels == 1):
            band = np.rint(band / np.float32(257)).astype("uint8")
        if whole is None:
            whole = np.empty((height, width, channels), band.dtype)
        whole[top : top + len(band)] = band
        top += len(band)
    return Image.fromarray(whole[..., 0] if channels == 1 else whole)


def _write_png(file, bands, height, width, icc_profile, exif, dpi, xmp):
    """PNG, third edition (W3C 2025): signature, IHDR, iCCP, pHYs, eXIf, iTXt, IDATs, IEND."""

    def chunk(kind, data):
        file.write(struct.pack(">I", len(data)) + kind + data)
        file.write(struct.pack(">I", zlib.crc32(data, zlib.crc32(kind))))

    compressor = None
    for band in bands:
        rows, channels = len(band), band.shape[-1]
        if compressor is None:
            compressor = zlib.compressobj(4)
            depth = 8 * band.dtype.itemsize
            file.write(b"\x89PNG\r\n\x1a\n")
            header = (width, height, depth, COLOUR_TYPES[channels], 0, 0, 0)
            chunk(b"IHDR", struct.pack(">IIBBBBB", *header))
            if icc_profile:
                chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(icc_profile))
            if dpi:
                chunk(b"pHYs", struct.pack(">IIB", *(round(d / 0.0254) for d in dpi), 1))
            if exif:
                chunk(b"eXIf", exif.removeprefix(b"Exif\0\0"))
            if xmp:
                chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp)
            above = np.zeros((1, width * channels * band.dtype.itemsize), "uint8")
        values = np.ascontiguousarray(band, band.dtype.newbyteorder(">"))
        values = values.reshape(rows, -1).view("uint8")
        filtered = np.empty((rows, 1 + values.shape[1]), "uint8")
        filtered[:, 0] = 2  # up: each byte less the one above
        np.subtract(values[:1], above, out=filtered[:1, 1:])
        np.subtract(values[1:], values[:-1], out=filtered[1:, 1:])
        above = values[-1:].copy()
        compressed = compressor.compress(filtered)
        if compressed:
            chunk(b"IDAT", compressed)
    chunk(b"IDAT", compressor.flush())
    chunk(b"IEND", b"")
