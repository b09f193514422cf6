"""Arrays of floats of any shape, as they are."""

import numpy as np

from kerasgan.engine.registry import register
from kerasgan.modalities.modality import Modality

SIDE = 384


@register
class Arrays(Modality):
    """Samples of any shape that are floats already: points, profiles, features.

    Example:

    ```python
    networks = kerasgan.networks.mlp((2,), latent_dim=2)
    model = kerasgan.models.GAN(*networks, modality=kerasgan.modalities.Arrays())
    ```
    """

    def preview(self, samples):
        """Points of a plane where they lie; else a row of shades a sample."""
        rows = np.asarray(samples, "float64").reshape(len(samples), -1)
        low, high = rows.min(), rows.max()
        places = (rows - low) / (high - low or 1.0)
        if samples.shape[1:] == (2,):
            picture = np.full((SIDE, SIDE, 1), 255, "uint8")
            across, up = np.rint(places * (SIDE - 2)).astype(int).T
            for down in (0, 1):
                for right in (0, 1):
                    picture[SIDE - 2 - up + down, across + right] = 0
            return picture
        # As large as a picture, so that it can be seen.
        size = (max(1, SIDE // places.shape[0]), max(1, SIDE // places.shape[1]))
        return np.kron(np.rint(places * 255).astype("uint8"), np.ones(size, "uint8"))[..., None]
