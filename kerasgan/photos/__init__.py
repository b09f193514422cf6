"""Photographs of any size and kind, enlarged by a network in bounded memory."""

from kerasgan.photos.reading import Photo, from_array, read_photo
from kerasgan.photos.tiles import upscale_bands
from kerasgan.photos.upscaling import (
    Summary,
    upscale_array,
    upscale_files,
    upscale_picture,
)
from kerasgan.photos.writing import write_photo

__all__ = [
    "Photo",
    "Summary",
    "from_array",
    "read_photo",
    "upscale_array",
    "upscale_bands",
    "upscale_files",
    "upscale_picture",
    "write_photo",
]
