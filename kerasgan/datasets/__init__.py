"""Pictures, tables, sounds, music, sequences, series, fields, on disk or in arrays, as batches."""

from kerasgan.datasets.batches import Batches
from kerasgan.datasets.dataset import ImageDataset, load
from kerasgan.datasets.degradation import PracticalDegradation, SharedDegradation, modcrop, shrink
from kerasgan.datasets.degraded import DegradedDataset, load_degraded
from kerasgan.datasets.fields import FieldDataset, load_fields
from kerasgan.datasets.findings import Finding
from kerasgan.datasets.holes import HoleDataset, load_holes
from kerasgan.datasets.inspected import Inspection
from kerasgan.datasets.inspection import inspect
from kerasgan.datasets.low_dose import LowDose
from kerasgan.datasets.masks import draw_mask
from kerasgan.datasets.music import MusicDataset, load_music
from kerasgan.datasets.pairs import PairDataset, load_pairs
from kerasgan.datasets.partly_labelled import PartlyLabelledDataset, load_partly_labelled
from kerasgan.datasets.patches import (
    PatchDataset,
    load_photographs,
    photograph_files,
    read_photograph,
)
from kerasgan.datasets.sequences import SequenceDataset, load_sequences
from kerasgan.datasets.series import SeriesDataset, load_series
from kerasgan.datasets.sounds import SoundDataset, load_sounds
from kerasgan.datasets.spectrograms import load_spectrograms
from kerasgan.datasets.table import TableDataset, load_table
from kerasgan.datasets.unpaired import UnpairedDataset, load_unpaired

__all__ = [
    "Batches",
    "DegradedDataset",
    "FieldDataset",
    "Finding",
    "HoleDataset",
    "ImageDataset",
    "Inspection",
    "LowDose",
    "MusicDataset",
    "PairDataset",
    "PartlyLabelledDataset",
    "PatchDataset",
    "PracticalDegradation",
    "SequenceDataset",
    "SeriesDataset",
    "SharedDegradation",
    "TableDataset",
    "SoundDataset",
    "UnpairedDataset",
    "draw_mask",
    "inspect",
    "load",
    "load_degraded",
    "load_fields",
    "load_holes",
    "load_music",
    "load_pairs",
    "load_partly_labelled",
    "load_photographs",
    "load_sequences",
    "load_series",
    "load_table",
    "load_sounds",
    "load_spectrograms",
    "load_unpaired",
    "photograph_files",
    "read_photograph",
    "modcrop",
    "shrink",
]
