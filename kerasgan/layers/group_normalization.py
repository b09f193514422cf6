"""Group normalisation, Wu and He 2018 (arXiv:1803.08494)."""

import keras

from kerasgan.engine import backend
from kerasgan.engine.registry import register


@register
class GroupNormalization(keras.layers.GroupNormalization):
    """Keras's group normalisation, by the backend's own kernel where it has one.

    The same numbers to rounding. With as many groups as channels (`groups=-1`) it is the instance
    normalisation of Ulyanov et al. 2016 (arXiv:1607.08022), with one group a layer normalisation.

    Args: as of `keras.layers.GroupNormalization`.

    Example:

    ```python
    x = kerasgan.layers.GroupNormalization(groups=-1, epsilon=1e-5)(features)
    ```
    """

    def call(self, inputs):
        return backend.group_normalization(self, inputs)
