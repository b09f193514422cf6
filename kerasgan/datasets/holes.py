"""Pictures and masks of holes in them as batches, to learn to fill holes."""

import os
from typing import Literal

import numpy as np

from kerasgan.datasets.dataset import ImageDataset, load
from kerasgan.datasets.masks import Holes, check_holes, draw_mask


class HoleDataset(ImageDataset):
    """Batches `(images, masks)`, a new mask for every picture and epoch; `load_holes` makes one.

    uint8 `(batch, height, width, channels)` and `(batch, height, width, 1)`, the masks 255 in
    holes. `sample` and `hold_out` give each picture a mask that is always the same.

    Args:
        source: As in `ImageDataset`.
        holes, share: As in `draw_mask`.
        **options: As in `ImageDataset`.
    """

    def __init__(self, source, *, holes, share, **options):
        super().__init__(source, **options)
        self.holes, self.share = holes, share

    @property
    def shapes(self):
        return {"image": self.image_shape, "mask": (*self.image_shape[:2], 1)}

    def training_batch(self, items, mirrored, random):
        images = super().training_batch(items, mirrored, random)
        return images, np.stack([self._mask(random) for _ in images])

    def plain_batch(self, items):
        items = list(items)
        masks = [self._mask(np.random.default_rng([self.seed, place])) for place, _ in items]
        return super().plain_batch(items), np.stack(masks)

    def _mask(self, random):
        return draw_mask(self.image_shape[:2], random, self.holes, self.share)


def load_holes(
    source: str | os.PathLike | np.ndarray,
    image_shape: tuple[int, int, int] = (128, 128, 3),
    *,
    holes: Holes = "mixed",
    share: tuple[float, float] = (0.05, 0.6),
    batch_size: int = 16,
    crop: int | None = None,
    flip: bool = True,
    shuffle: bool = True,
    cache: bool | Literal["auto"] = "auto",
    seed: int = 0,
    drop_remainder: bool = False,
    workers: int | None = None,
    data_dir: str | os.PathLike | None = None,
) -> HoleDataset:
    """Pictures and masks of holes as batches `(images, masks)`, to learn to fill holes.

    Args:
        source: Whole pictures, as in `load`.
        image_shape: `(height, width, channels)` of the batches, as in `load`.
        holes: `"free_form"`, strokes of a brush; `"box"`, boxes; `"mixed"`, the one or the other;
            or `"centre"`, a box of half of each side in the middle. As in `draw_mask`.
        share: `(low, high)`, the range of the share of an image that its holes take.
        batch_size: Images a batch.
        crop, flip, shuffle, cache, drop_remainder, workers, data_dir: As in `load`.
        seed: Integer, 0 or more, of order, flips and holes.

    Returns:
        A `HoleDataset`, which is a `keras.utils.PyDataset`, of batches `(images, masks)`: uint8
        `(batch, height, width, channels)` and `(batch, height, width, 1)`, 255 in holes.

    Raises:
        FileNotFoundError: If there is no such folder or file.
        ValueError: If it holds no picture, or on an argument out of its range.

    Example:

    ```python
    data = kerasgan.datasets.load_holes("photographs", (128, 128, 3), share=(0.1, 0.4))
    images, masks = data[0]
    ```
    """
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
    check_holes(pictures.image_shape[:2], holes, share)
    return HoleDataset(
        pictures.source,
        holes=holes,
        share=share,
        image_shape=pictures.image_shape,
        batch_size=batch_size,
        flip=flip,
        shuffle=shuffle,
        cache=cache,
        seed=seed,
        drop_remainder=drop_remainder,
        workers=workers,
    )
