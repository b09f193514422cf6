"""Photographs of any size and kind through a network: enlarged in bounded memory, or translated."""

from kerasgan.photos.arrays import translate_array
from kerasgan.photos.files import Summary, convert_files
from kerasgan.photos.filling import fill_array, fill_files, fill_picture
from kerasgan.photos.masks import mask_array, mask_files, mask_picture
from kerasgan.photos.painting import read_painting
from kerasgan.photos.photo import Photo, from_array
from kerasgan.photos.reading import read_array, read_photo
from kerasgan.photos.tiles import upscale_bands
from kerasgan.photos.translating import translate_files, translate_picture
from kerasgan.photos.upscaling import upscale_array, upscale_files, upscale_picture
from kerasgan.photos.writing import write_photo

__all__ = [
    "Photo",
    "Summary",
    "convert_files",
    "fill_array",
    "fill_files",
    "fill_picture",
    "from_array",
    "mask_array",
    "mask_files",
    "mask_picture",
    "read_array",
    "read_painting",
    "read_photo",
    "translate_array",
    "translate_files",
    "translate_picture",
    "upscale_array",
    "upscale_bands",
    "upscale_files",
    "upscale_picture",
    "write_photo",
]
