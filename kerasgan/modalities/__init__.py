"""What a sample is: checked, on its way to the networks and back, shown and written."""

from kerasgan.modalities.arrays import Arrays
from kerasgan.modalities.audio import Audio
from kerasgan.modalities.conditions import Conditions
from kerasgan.modalities.fields import Fields
from kerasgan.modalities.images import Images, make_grid, make_rows, write_image
from kerasgan.modalities.labels import Attributes, ClassLabels
from kerasgan.modalities.masks import Masks
from kerasgan.modalities.modality import Modality
from kerasgan.modalities.music import Music
from kerasgan.modalities.public_table import PublicTable
from kerasgan.modalities.sequences import Sequences
from kerasgan.modalities.series import Series
from kerasgan.modalities.spectrograms import Spectrograms
from kerasgan.modalities.table import Table

__all__ = [
    "Arrays",
    "Attributes",
    "Audio",
    "ClassLabels",
    "Conditions",
    "Fields",
    "Images",
    "Masks",
    "Modality",
    "Music",
    "PublicTable",
    "Sequences",
    "Series",
    "Spectrograms",
    "Table",
    "make_grid",
    "make_rows",
    "of_shape",
    "write_image",
]


def of_shape(shape):
    """The modality that a sample of this shape is taken for: `Images` of rank 3, else `Arrays`."""
    return Images() if len(shape) == 3 else Arrays()
