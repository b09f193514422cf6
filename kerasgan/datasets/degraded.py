"""Clean pictures and poor ones made of them as batches, to learn the way back."""

import os
from collections.abc import Callable
from typing import Literal

import numpy as np

from kerasgan.datasets.dataset import ImageDataset, load
from kerasgan.datasets.low_dose import LowDose

DEGRADATIONS = {"low_dose": LowDose()}


class DegradedDataset(ImageDataset):
    """Batches `(degraded, clean)`, drawn anew for every epoch; `load_degraded` makes one.

    uint8 `(batch, height, width, channels)` both. `sample` and `hold_out` give each picture a
    degraded one that is always the same.

    Args:
        source: As in `ImageDataset`.
        degrade: Callable, as `degradation` in `load_degraded`.
        **options: As in `ImageDataset`.
    """

    def __init__(self, source, *, degrade, **options):
        super().__init__(source, **options)
        self.degrade = degrade

    @property
    def shapes(self):
        return {"source": self.image_shape, "target": self.image_shape}

    def training_batch(self, items, mirrored, random):
        clean = super().training_batch(items, mirrored, random)
        return np.stack([self._degraded(image, random) for image in clean]), clean

    def plain_batch(self, items):
        items = list(items)
        degraded = [
            self._degraded(image, np.random.default_rng([self.seed, place]))
            for place, image in items
        ]
        return np.stack(degraded), super().plain_batch(items)

    def _degraded(self, image, random):
        # A copy: what is made of it in place must not reach the clean one.
        made = np.asarray(self.degrade(image.copy(), random))
        if made.dtype != np.uint8 or made.shape != image.shape:
            raise ValueError(
                f"degradation must give uint8 of shape {image.shape} for an image of that shape. "
                f"Received: dtype {made.dtype}, shape {made.shape}"
            )
        return made


def load_degraded(
    source: str | os.PathLike | np.ndarray,
    image_shape: tuple[int, int, int] = (64, 64, 1),
    *,
    degradation: str | Callable = "low_dose",
    batch_size: int = 16,
    crop: int | None = None,
    flip: bool = True,
    shuffle: bool = True,
    cache: bool | Literal["auto"] = "auto",
    seed: int = 0,
    drop_remainder: bool = False,
    workers: int | None = None,
    data_dir: str | os.PathLike | None = None,
) -> DegradedDataset:
    """Clean pictures and poor ones made of them as batches `(degraded, clean)`.

    Real pairs, which say more than any simulation, are read by `load_pairs`.

    Args:
        source: Clean pictures, as in `load`.
        image_shape: `(height, width, channels)` of the batches, as in `load`.
        degradation: `"low_dose"`, `LowDose()` for X-rays; or a callable, `LowDose(photons=50.0)`
            or one of your own, called as `degrade(image, random)` with uint8 `(height, width,
            channels)` and a `numpy.random.Generator`, which gives uint8 of the same shape.
        batch_size: Images a batch.
        crop, flip, shuffle, cache, drop_remainder, workers, data_dir: As in `load`.
        seed: Integer, 0 or more, of order, flips and degradation.

    Returns:
        A `DegradedDataset`, which is a `keras.utils.PyDataset`, of batches `(degraded, clean)`:
        uint8 `(batch, height, width, channels)` each.

    Raises:
        FileNotFoundError: If there is no such folder or file.
        ValueError: If it holds no picture, or on an argument out of its range.

    Example:

    ```python
    low = kerasgan.datasets.LowDose(photons=(50.0, 500.0))
    data = kerasgan.datasets.load_degraded("scans", (64, 64, 1), degradation=low)
    degraded, clean = data[0]
    ```
    """
    if not callable(degradation) and degradation not in [*DEGRADATIONS]:
        raise ValueError(
            f"degradation must be {' or '.join(map(repr, DEGRADATIONS))}, or called as "
            f"degrade(image, random). Received: degradation={degradation!r}"
        )
    pictures = load(
        source,
        image_shape,
        batch_size,
        crop,
        seed=seed,
        cache=cache,
        workers=workers,
        data_dir=data_dir,
    )
    return DegradedDataset(
        pictures.source,
        degrade=degradation if callable(degradation) else DEGRADATIONS[degradation],
        image_shape=pictures.image_shape,
        batch_size=batch_size,
        flip=flip,
        shuffle=shuffle,
        cache=cache,
        seed=seed,
        drop_remainder=drop_remainder,
        workers=workers,
    )
