"""Adversarial losses: what each player lowers, as a function of real and fake logits.

A model takes one by name (`adversarial_loss="hinge"`) or as an object, which says more
(`losses.Minimax(label_smoothing=0.1)`). Beside them `FeatureLoss`, the content loss of
super-resolution, and `StyleLoss`.
"""

import keras

from kerasgan.losses.adversarial import AdversarialLoss
from kerasgan.losses.features import FeatureLoss
from kerasgan.losses.hinge import Hinge
from kerasgan.losses.least_squares import LeastSquares
from kerasgan.losses.minimax import Minimax
from kerasgan.losses.relativistic import Relativistic, RelativisticAverage
from kerasgan.losses.style import StyleLoss, feature_network, gram_matrix
from kerasgan.losses.wasserstein import Wasserstein

LOSSES = {
    "minimax": Minimax,
    "least_squares": LeastSquares,
    "hinge": Hinge,
    "wasserstein": Wasserstein,
    "relativistic": Relativistic,
    "relativistic_average": RelativisticAverage,
}

__all__ = [
    "AdversarialLoss",
    "FeatureLoss",
    "StyleLoss",
    "feature_network",
    "get",
    "gram_matrix",
    *(cls.__name__ for cls in LOSSES.values()),
]


def get(loss):
    """The adversarial loss that a name, an object or a serialised object stands for.

    Args:
        loss: `"minimax"`, `"least_squares"`, `"hinge"`, `"wasserstein"`,
            `"relativistic"`, `"relativistic_average"`, or an `AdversarialLoss`.

    Raises:
        ValueError: On anything else.
    """
    if isinstance(loss, dict):
        loss = keras.saving.deserialize_keras_object(loss)
    if isinstance(loss, str) and loss in LOSSES:
        return LOSSES[loss]()
    if isinstance(loss, AdversarialLoss):
        return loss
    raise ValueError(
        f"adversarial_loss must be one of {', '.join(map(repr, LOSSES))}, or an object of "
        f"kerasgan.losses. Received: {loss!r}"
    )
