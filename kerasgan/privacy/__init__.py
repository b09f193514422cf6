"""Training with differential privacy."""

from kerasgan.privacy.promise import Privacy
from kerasgan.privacy.steps import PrivateSteps

__all__ = ["Privacy", "PrivateSteps"]
