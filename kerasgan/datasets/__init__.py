"""Pictures on disk, in NumPy files or of TensorFlow Datasets as batches to train on."""

from kerasgan.datasets.dataset import ImageDataset, load

__all__ = ["ImageDataset", "load"]
