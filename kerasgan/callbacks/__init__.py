"""Callbacks for adversarial training."""

from kerasgan.callbacks.held_out import HeldOutPhotographs
from kerasgan.callbacks.sample_grid import SampleGrid
from kerasgan.callbacks.training_state import TrainingState

__all__ = ["HeldOutPhotographs", "SampleGrid", "TrainingState"]
