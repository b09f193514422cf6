"""Training with differential privacy."""

import keras  # noqa: F401 - first: with it come the models, which need the engine whole

from kerasgan.privacy.promise import Privacy
from kerasgan.privacy.steps import PrivateSteps

__all__ = ["Privacy", "PrivateSteps"]
