"""Samples beside what they are nearest to, as one picture."""

import numpy as np

from kerasgan.modalities import write_image


def write_neighbours(path, model, nearest, made, real):
    """Write the eight samples that are nearest to a real one, each beside it."""
    closest = nearest.distances.argsort()[:8]
    pairs = np.stack([made[closest], real[nearest.indices[closest]]], axis=1)
    write_image(path, model.modality.preview(pairs.reshape(-1, *made.shape[1:])))
