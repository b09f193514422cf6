"""Pictures on disk, in NumPy files or of TensorFlow Datasets as batches to train on."""

from kerasgan.datasets.dataset import ImageDataset, load
from kerasgan.datasets.degradation import PracticalDegradation, modcrop, shrink
from kerasgan.datasets.findings import Finding
from kerasgan.datasets.inspection import Inspection, inspect
from kerasgan.datasets.patches import (
    PatchDataset,
    load_photographs,
    photograph_files,
    read_photograph,
)

__all__ = [
    "Finding",
    "ImageDataset",
    "Inspection",
    "PatchDataset",
    "PracticalDegradation",
    "inspect",
    "load",
    "load_photographs",
    "photograph_files",
    "read_photograph",
    "modcrop",
    "shrink",
]
