"""A watermark in the pixels: a tiled pattern of phases, found by correlation.

Kalker, Depovere, Haitsma and Maes 1999, "A Video Watermarking System for Broadcast Monitoring":
a tile of noise is repeated over a picture, which is folded upon one tile to read it; the phases
alone are compared, at every shift at once, so that a picture may be cut. As Miller, Cox and Bloom
2000, "Informed Embedding", advise, the pattern is made strong where the picture lets a little
do much.
"""

import math
from collections.abc import Iterable, Iterator

import numpy as np
from PIL import Image

from kerasgan.marks.mark import current

TILE = 32
BLOCK = 2 * TILE
# In cycles a pixel: of lower ones pictures are full, of higher ones a JPEG has none. Half of the
# size keeps those up to HALVED.
LOWEST, HIGHEST, HALVED = 0.12, 0.28, 0.24
# How much more those count that outlast being halved, and how much an amplitude of a grey level
# costs beside a phase that agrees: both measured, by benchmarks/marks.py.
OUTLASTING, COST = 2.0, 1.75
AMPLITUDES = np.linspace(0, 2, 33)
CROP = 0.8
# Pictures of more pixels than LARGE are read by more blocks, and marked more weakly.
LARGE, WEAKEST = 2**16, 8
# What a picture may have been resized by, undone before it is read.
SCALES = (1, 2, 1 / 2, 4 / 3, 3 / 2, 4 / 5, 2 / 3, 4, 1 / 4)
SEEN = 512
# Above this a watermark is not said to be there: of pictures without it so many are called marked,
# for phases that are independent.
FALSE_POSITIVES = 1e-4
LUMA = np.array([0.299, 0.587, 0.114], "float32")

_FREQUENCY = np.hypot(np.fft.fftfreq(TILE)[:, None], np.fft.rfftfreq(TILE)[None])
_BAND = (_FREQUENCY >= LOWEST) & (_FREQUENCY <= HIGHEST)
_BAND[:, 0] = False  # half of this column repeats the other
_FREQUENCIES = _FREQUENCY[_BAND]
_PHASES = np.exp(2j * np.pi * np.random.default_rng(1999).random(_FREQUENCIES.shape))


def watermarked(image: np.ndarray) -> np.ndarray:
    """The image `(height, width, channels)` with the watermark, if the current mark has one."""
    return np.concatenate(list(watermarked_bands([image], *image.shape[:2])))


def watermarked_bands(
    bands: Iterable[np.ndarray], height: int, width: int
) -> Iterator[np.ndarray] | Iterable[np.ndarray]:
    """The bands of rows of a picture with the watermark, if the current mark has one.

    Args:
        bands: Iterable of uint8 or uint16 arrays `(rows, width, channels)`; an even number of
            channels has opacity for its last, which is left as it is.
        height, width: Of the picture.
    """
    mark = current()
    if mark is None or not mark.watermark:
        return bands
    cost = COST * min(max(1, height * width / LARGE), WEAKEST)
    return (_marked(strip, cost) for strip in _strips(bands, height))


def p_value(picture: Image.Image) -> float:
    """How probable so much agreement with the watermark is where there is none, at most.

    Args:
        picture: Of any mode and size; of more than 512 pixels a side the centre is read.

    Returns:
        A float in [0, 1], for all shifts and scales that were tried together, if phases are
        taken to be independent: `benchmarks/marks.py` counts real pictures.
    """
    if picture.mode[0] in "IF":
        grey = Image.fromarray(np.nan_to_num(np.asarray(picture, "float32")))
    else:
        # Pillow converts Lab to no other mode.
        grey = picture.getchannel(0) if picture.mode == "LAB" else picture.convert("L")
        grey = grey.convert("F")
    z = max(_agreement(grey, scale) for scale in SCALES)
    return min(1.0, len(SCALES) * TILE**2 * math.erfc(z / math.sqrt(2)) / 2)


def _agreement(grey, scale):
    """The sum of cosines of angles to the pattern, in standard deviations, at the best shift."""
    width, height = (min(side, round(SEEN / scale)) for side in grey.size)
    left, top = ((whole - side) // 2 for whole, side in zip(grey.size, (width, height)))
    size = tuple(round(side * scale) for side in (width, height))
    if min(size) < TILE // 2:
        return -math.inf
    box = (left, top, left + width, top + height)
    values = np.asarray(grey.resize(size, Image.Resampling.BICUBIC, box=box))
    # An enlarged picture has no higher ones.
    seen = _FREQUENCIES * scale <= 0.48
    if not seen.any():
        return -math.inf
    folded = _spectra(values, [_tapered(*values.shape)])[0]
    angles = np.zeros(_BAND.shape, complex)
    angles[_BAND] = seen * folded / (np.abs(folded) + 1e-9) * np.conj(_PHASES)
    # Its other half would double them.
    cosines = np.fft.irfft2(angles, s=(TILE, TILE)) * TILE**2 / 2
    return float(cosines.max() / math.sqrt(seen.sum() / 2))


def _marked(strip, cost):
    """A strip of at most three tiles of rows, block by block."""
    channels = strip.shape[-1]
    colours = channels - (channels + 1) % 2
    most = np.iinfo(strip.dtype).max
    values = strip[..., :colours].astype("float32") * np.float32(255 / most)
    grey = values @ LUMA if colours == 3 else values[..., 0]
    added = np.zeros_like(grey)
    for left, right in _parts(strip.shape[1]):
        added[:, left:right] = _pattern(grey[:, left:right], cost)
    values = np.clip((values + added[..., None]) * (most / 255), 0, most)
    return np.concatenate([np.rint(values).astype(strip.dtype), strip[..., colours:]], axis=-1)


def _pattern(grey, cost):
    """What is added to a block: of each frequency the amplitude that is best for what it costs."""
    height, width = grey.shape
    # As the block is, and as its corners are when it is cut.
    views = [_tapered(height, width)]
    rows, columns = (max(round(CROP * side), 1) for side in grey.shape)
    for top in (0, height - rows):
        for left in (0, width - columns):
            view = np.zeros(grey.shape, "float32")
            view[top : top + rows, left : left + columns] = _tapered(rows, columns)
            views.append(view)
    towards = _spectra(grey, views) * np.conj(_PHASES)
    made = towards + AMPLITUDES[:, None, None]
    agreement = (made.real / (np.abs(made) + 1e-6)).mean(axis=1)
    counts = np.where(_FREQUENCIES <= HALVED, OUTLASTING, 1.0)
    best = np.argmax(counts * agreement - cost * AMPLITUDES[:, None] ** 2, axis=0)
    spectrum = np.zeros(_BAND.shape, complex)
    spectrum[_BAND] = AMPLITUDES[best] * _PHASES * TILE**2
    tile = np.fft.irfft2(spectrum, s=(TILE, TILE))
    return np.tile(tile, (-(-height // TILE), -(-width // TILE)))[:height, :width]


def _spectra(grey, views):
    """The spectrum in the band, of a picture seen through each view and folded upon one tile."""
    views = np.stack(views)
    weights = views.sum((1, 2), keepdims=True)
    means = (grey * views).sum((1, 2), keepdims=True) / weights
    seen = (grey - means) * views / weights
    below, right = (-side % TILE for side in grey.shape)
    seen = np.pad(seen, ((0, 0), (0, below), (0, right)))
    tiles = seen.reshape(len(views), seen.shape[1] // TILE, TILE, -1, TILE)
    return np.fft.rfft2(tiles.sum((1, 3)))[:, _BAND]


def _tapered(height, width):
    """Weights that fall off at the borders, whose steps would hide what is inside."""
    sides = (np.minimum(np.arange(n), np.arange(n)[::-1]) + 1 for n in (height, width))
    rows, columns = (np.minimum(side / np.float32(3), 1) for side in sides)
    return rows[:, None] * columns


def _parts(length):
    """Ranges of BLOCK along a side; a rest of less than a tile goes to the last."""
    edges = [*range(0, max(length - TILE, 0) + 1, BLOCK), length]
    return list(zip(edges, edges[1:]))


def _strips(bands, height):
    """Rows in the parts of the height, from bands of any number of rows."""
    waiting, bands = None, iter(bands)
    for top, bottom in _parts(height):
        while waiting is None or len(waiting) < bottom - top:
            band = next(bands)
            waiting = band if waiting is None else np.concatenate([waiting, band])
        yield waiting[: bottom - top]
        waiting = waiting[bottom - top :]
