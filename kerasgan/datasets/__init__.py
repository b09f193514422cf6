"""Pictures on disk, in NumPy files or of TensorFlow Datasets as batches to train on."""

from kerasgan.datasets.dataset import ImageDataset, load
from kerasgan.datasets.degradation import PracticalDegradation, modcrop, shrink
from kerasgan.datasets.patches import PatchDataset, load_photographs, photograph_files

__all__ = [
    "ImageDataset",
    "PatchDataset",
    "PracticalDegradation",
    "load",
    "load_photographs",
    "photograph_files",
    "modcrop",
    "shrink",
]
