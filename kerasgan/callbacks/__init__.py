"""Callbacks for adversarial training."""

from kerasgan.callbacks.curves import TrainingCurves
from kerasgan.callbacks.diagnosis import Diagnosis
from kerasgan.callbacks.evaluation import Evaluate
from kerasgan.callbacks.guard import NumericsGuard
from kerasgan.callbacks.sample_grid import SampleGrid
from kerasgan.callbacks.tensorboard import TensorBoard
from kerasgan.callbacks.training_state import TrainingState

__all__ = [
    "Diagnosis",
    "Evaluate",
    "NumericsGuard",
    "SampleGrid",
    "TensorBoard",
    "TrainingCurves",
    "TrainingState",
]
