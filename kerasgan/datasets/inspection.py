"""What a training set is like before the run: what is in it, and what to fix."""

import hashlib
import os
import re
import statistics
import warnings
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps

from kerasgan.datasets.duplicates import near_duplicates
from kerasgan.datasets.findings import picture_findings, value_findings
from kerasgan.datasets.folder import skipped
from kerasgan.datasets.inspected import Inspection
from kerasgan.datasets.labels import read_labels
from kerasgan.datasets.picture import fit
from kerasgan.datasets.sources import Array, numpy_arrays, open_source
from kerasgan.modalities import make_grid, write_image

SIZES = (256, 128, 64, 32, 16)
CELL = 64
THUMBNAIL = 16
# Grey levels of a blank picture's spread.
BLANK = 3


def inspect(source, labels=None, near=5, contact_sheet=None):
    """Look at every picture of a training set before the run.

    Each picture is decoded whole, so files cut short are found too. Pictures are compared as
    `load` makes them of 3 channels: transparency shows white.

    Near duplicates are pictures saved again, resized or touched lightly; cut or mirrored
    copies are not found. Two pictures count as such if their difference hashes (64 bits: is a
    place of a 9 × 8 thumbnail brighter than its left neighbour) differ in at most `near` bits,
    and their 16 × 16 grey thumbnails by at most 6 of 255 levels, root mean square. The hash
    alone takes any two pairs of trousers for one; the thumbnails tell them apart.

    Args:
        source: As in `load`: a folder, a `.npy` or `.npz` file (`"mnist.npz:x_train"`), an
            array or `"tfds:NAME"`. Arrays may also be of other types than uint8.
        labels: As in `load`; by default the classes that come with the source, if any.
        near: Integer from 0 to 7, bits in which near duplicates' hashes may differ.
        contact_sheet: Path of a `.png` to write with 64 pictures, drawn with seed 0. The
            duplicates, if any, are written in pairs to `NAME_duplicates.png` beside it.

    Returns:
        An `Inspection`. `print` shows it; `to_dict()` is for JSON.

    Raises:
        FileNotFoundError: If there is no such folder or file.
        ValueError: If it holds no picture that can be decoded, if labels do not fit the
            pictures, or on an argument out of its range.

    Example:

    ```python
    inspection = kerasgan.datasets.inspect("photographs", contact_sheet="sheet.png")
    print(inspection)
    for first, *copies in inspection.duplicates:
        print("remove", copies)
    ```
    """
    if near not in range(8):
        raise ValueError(f"near must be an integer from 0 to 7. Received: near={near!r}")
    if contact_sheet is not None and Path(contact_sheet).suffix.lower() != ".png":
        raise ValueError(f"contact_sheet must end in .png. Received: {str(contact_sheet)!r}")
    workers = min(os.cpu_count() or 1, 16)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        pictures, array, values, findings = _opened(source, workers)
    unreadable = []
    for message in (str(warning.message) for warning in caught):
        if message.startswith("Skipped "):
            unreadable.append(message.removeprefix("Skipped "))
        else:
            warnings.warn(message)
    labels, names = _labels(pictures, labels)
    pictures.fit = _look

    def look(i):
        try:
            return pictures[i]
        except Exception as error:  # Pillow's plugins raise all kinds
            return skipped(pictures.name(i), error).removeprefix("Skipped ")

    with ThreadPoolExecutor(workers) as pool:
        looks = list(pool.map(look, range(len(pictures))))
    unreadable += [seen for seen in looks if isinstance(seen, str)]
    used = [i for i, seen in enumerate(looks) if not isinstance(seen, str)]
    if not used:
        raise ValueError(
            f"None of the {len(pictures)} pictures can be decoded. The first: {unreadable[0]}"
        )
    looks = [looks[i] for i in used]
    found = _summary(looks, lambda i: pictures.name(used[i]), near)
    same, alike = found.pop("groups")
    origin = getattr(pictures, "folder", None) or pictures.origin
    inspection = Inspection(str(origin), len(used), unreadable, array, **found)
    if values:
        inspection.values = values
    if labels is not None:
        inspection.classes = _classes(labels[used], names)
    inspection.findings = findings + list(picture_findings(inspection, looks))
    if contact_sheet is not None:
        path = Path(contact_sheet)
        drawn = np.random.default_rng(0).permutation(len(used))[:64]
        _write_sheet(path, pictures, [used[i] for i in sorted(drawn)])
        pairs = [used[i] for group in (*same, *alike) for i in group[:2]][:64]
        if pairs:
            _write_sheet(path.with_stem(f"{path.stem}_duplicates"), pictures, pairs)
    return inspection


class _Look(NamedTuple):
    """What is kept of a picture."""

    size: tuple
    mode: str
    format: str | None
    animated: bool
    transparent: bool
    grey: bool
    spread: int
    minimum: int
    maximum: int
    mean: float
    digest: bytes
    difference_hash: np.ndarray
    thumbnail: np.ndarray


def _look(picture):
    mode, form = picture.mode, picture.format
    # A telephone's MPO holds the same picture twice.
    animated = getattr(picture, "is_animated", False) and form != "MPO"
    ImageOps.exif_transpose(picture, in_place=True)
    clear = picture.has_transparency_data
    clear = clear and picture.convert("RGBA").getchannel("A").getextrema()[0] < 255
    pixels = fit(picture, (picture.height, picture.width, 3))
    colour = Image.fromarray(pixels)
    bands = colour.getextrema()
    red, green, blue = np.moveaxis(pixels, -1, 0)
    luminance = colour.convert("L")
    small = np.asarray(luminance.resize((9, 8), Image.Resampling.BOX))
    side = (THUMBNAIL, THUMBNAIL)
    return _Look(
        size=picture.size,
        mode=mode,
        format=form,
        animated=animated,
        transparent=clear,
        # One row tells of most pictures that they have colour.
        grey=all(np.array_equal(red[rows], c[rows]) for rows in (0, ...) for c in (green, blue)),
        spread=max(high - low for low, high in bands),
        minimum=min(low for low, _ in bands),
        maximum=max(high for _, high in bands),
        mean=float(pixels.mean()),
        digest=hashlib.blake2b(pixels, digest_size=16, key=str(picture.size).encode()).digest(),
        difference_hash=np.packbits(small[:, 1:] > small[:, :-1]),
        thumbnail=np.asarray(luminance.resize(side, Image.Resampling.BOX)),
    )


def _opened(source, workers):
    """The pictures, and of an array its type, its values and what is wrong with them."""
    if hasattr(source, "shape"):
        source = np.asarray(source)
        images, origin, integers = source, "the array", []
    else:
        images, origin, integers = _numpy_images(source)
    if images is None or images.dtype.kind not in "biuf":
        return open_source(source, np.asarray, workers), None, None, []
    array = {"dtype": str(images.dtype), "shape": list(images.shape)}
    if images.dtype == np.uint8:
        return open_source(source, np.asarray, workers), array, None, []
    own = (lambda: (integers[0], None)) if len(integers) == 1 else None
    # Its errors of shape, before the values are looked at.
    Array(np.broadcast_to(np.uint8(0), images.shape), None, origin)
    low, high, total, finite, broken = np.inf, -np.inf, 0.0, 0, 0
    pieces = [images[i : i + 1024] for i in range(0, len(images), 1024)]
    for piece in pieces:
        good = np.isfinite(piece)
        broken += int((~good.reshape(len(piece), -1).all(1)).sum())
        values = piece[good].astype("float64")
        low, high = values.min(initial=low), values.max(initial=high)
        total, finite = total + values.sum(), finite + values.size
    if not finite:
        raise ValueError(f"{origin} holds no finite number.")
    whole = np.empty(images.shape, "uint8")
    for i, piece in enumerate(pieces):
        levels = np.interp(np.nan_to_num(piece, nan=low), (low, high), (0, 255))
        whole[1024 * i : 1024 * i + len(piece)] = np.rint(levels)
    values = {"minimum": float(low), "maximum": float(high), "mean": float(total / finite)}
    findings = list(value_findings(images.dtype, len(images), low, high, broken))
    return Array(whole, np.asarray, origin, own), array, values, findings


def _numpy_images(source):
    """The images that a NumPy file's name names, its name, and the integers beside them."""
    match = re.fullmatch(r"(.+\.np[yz])(?::(\w+))?", str(source), re.DOTALL)
    path = match and Path(match[1]).expanduser()
    if not match or not path.is_file():
        return None, None, []
    arrays = numpy_arrays(path)
    images = [a for k, a in arrays.items() if (k == match[2] if match[2] else a.ndim in (3, 4))]
    if len(images) != 1:
        return None, None, []
    shape = images[0].shape[:1]
    integers = [a for a in arrays.values() if a.dtype.kind in "iu" and a.shape == shape]
    return images[0], str(path), integers


def _labels(pictures, labels):
    if labels is not None:
        return read_labels(pictures, labels, None)
    try:
        return read_labels(pictures, True, None)
    except ValueError:  # pictures that have no classes
        return None, None


def _classes(labels, names):
    totals = labels.sum(0) if labels.ndim == 2 else np.bincount(labels, minlength=len(names or ()))
    return {str(k): int(n) for k, n in zip(names or range(len(totals)), totals)}


def _summary(looks, name, near):
    """The fields of `Inspection` that follow from the pictures, and the groups by index."""
    by_side = sorted((seen.size for seen in looks), key=lambda size: (min(size), max(size)))
    sides = [min(size) for size in by_side]
    ratios = [width / height for width, height in by_side]
    reached = sides[len(sides) // 20]
    # A third more is enlarged without harm.
    side = next((size for size in SIZES if 3 * size <= 4 * reached), SIZES[-1])
    same = defaultdict(list)
    for i, seen in enumerate(looks):
        same[seen.digest].append(i)
    blank = [i for i, seen in enumerate(looks) if seen.spread <= BLANK]
    # Of equal pictures one is compared; blank ones would all be alike.
    distinct = sorted({group[0] for group in same.values()} - set(blank))
    same = [group for group in same.values() if len(group) > 1]
    alike = near_duplicates([looks[i] for i in distinct], near) if len(distinct) > 1 else []
    alike = [[distinct[i] for i in group] for group in alike]
    grey = [seen for seen in looks if seen.grey and seen.spread > BLANK]
    return {
        "groups": (same, alike),
        "sizes": {
            "smallest": by_side[0],
            "median": by_side[len(by_side) // 2],
            "largest": by_side[-1],
            "under": {bound: sum(side < bound for side in sides) for bound in (32, 64, 128)},
        },
        "aspect_ratios": {
            "smallest": min(ratios),
            "median": statistics.median(ratios),
            "largest": max(ratios),
        },
        "modes": dict(Counter(seen.mode for seen in looks).most_common()),
        "formats": dict(Counter(seen.format for seen in looks if seen.format).most_common()),
        "values": {
            "minimum": min(seen.minimum for seen in looks),
            "maximum": max(seen.maximum for seen in looks),
            "mean": statistics.fmean(seen.mean for seen in looks),
        },
        "grey": len(grey),
        "grey_as_colour": sum(seen.mode[0] not in "1LIF" for seen in grey),
        "transparent": sum(seen.transparent for seen in looks),
        "animated": [name(i) for i, seen in enumerate(looks) if seen.animated],
        "blank": [name(i) for i in blank],
        "duplicates": [[name(i) for i in group] for group in same],
        "near_duplicates": [[name(i) for i in group] for group in alike],
        "classes": None,
        "image_shape": (side, side, 1 if all(seen.grey for seen in looks) else 3),
    }


def _write_sheet(path, pictures, indices):
    pictures.fit = lambda picture: fit(picture, (CELL, CELL, 3))
    write_image(path, make_grid(np.stack([pictures[i] for i in indices]), columns=8))
