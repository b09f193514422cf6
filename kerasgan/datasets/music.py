"""Music as shuffled batches of piano rolls: a folder of MIDI files, a NumPy file or an array."""

import os
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import numpy as np

from kerasgan.datasets.batches import Batches, check_options, threads
from kerasgan.datasets.folder import skipped, walk
from kerasgan.datasets.sources import check_numpy_file, named_array, path_and_key
from kerasgan.modalities import Music
from kerasgan.modalities.midi import SUFFIXES, mido, read_rolls

OCTAVE = 12


class MusicDataset(Batches):
    """Batches of rolls, uint8 `(batch, bars, steps, pitches, tracks)`; `load_music` makes one.

    Args:
        source: Rolls, each uint8 of that shape without the batch.
        shape: That shape.
        modality: `kerasgan.modalities.Music` of them.
        transpose: Semitones that a roll is moved by at most.
        **options: As in `Batches`.

    Attributes:
        epoch, num_images, shapes, modalities: As in `Batches`.
    """

    _what = "phrases"

    def __init__(self, source, *, shape, modality, transpose=0, **options):
        super().__init__(source, **options)
        self.shape, self.modality, self.transpose = shape, modality, transpose

    @property
    def shapes(self):
        return {"real": self.shape}

    @property
    def modalities(self):
        return {"modality": self.modality}

    def training_batch(self, items, mirrored, random):
        return np.stack([self._moved(roll, random) for _, roll in items])

    def plain_batch(self, items):
        return np.stack([roll for _, roll in items])

    def _moved(self, roll, random):
        """A roll some semitones up or down, as far as all of it stays in the range."""
        used = np.flatnonzero(roll.any(axis=(0, 1, 3)))
        if not self.transpose or not len(used):
            return roll
        down = min(self.transpose, int(used[0]))
        up = min(self.transpose, roll.shape[2] - 1 - int(used[-1]))
        return np.roll(roll, random.integers(-down, up + 1), axis=2)


class _Phrases:
    """Every phrase of some pieces: as many bars, from every bar on."""

    def __init__(self, pieces, bars, steps):
        self.bars, self.steps = bars, steps
        self.pieces = pieces
        self.places = [
            (name, bar)
            for name, roll in pieces.items()
            for bar in range(max(1, len(roll) // steps - bars + 1))
        ]

    def __len__(self):
        return len(self.places)

    def __getitem__(self, index):
        name, bar = self.places[index]
        length = self.bars * self.steps
        roll = self.pieces[name][bar * self.steps :][:length]
        roll = np.pad(roll, ((0, length - len(roll)), (0, 0), (0, 0)))
        return roll.reshape(self.bars, self.steps, *roll.shape[1:]).astype("uint8")

    def name(self, index):
        name, bar = self.places[index]
        return f"bar {bar} of {name}"

    def raw(self, index):
        return self[index]


def load_music(
    source: str | os.PathLike | np.ndarray,
    bars: int = 4,
    steps_per_bar: int = 16,
    steps_per_beat: int = 4,
    lowest: int = 36,
    pitches: int = 48,
    tracks: int = 4,
    transpose: int = 0,
    batch_size: int = 64,
    shuffle: bool = True,
    cache: bool | Literal["auto"] = "auto",
    seed: int = 0,
    drop_remainder: bool = False,
    workers: int | None = None,
) -> MusicDataset:
    """Music as batches of piano rolls that `fit` takes on every backend.

    A sample is a phrase of some bars. One begins at every bar of a piece, so that phrases overlap,
    those that are held out and those of training too; what is less than a bar at the end is left
    out, and a piece shorter than a phrase is followed by silence.

    Args:
        source: One of
            - a folder: every `.mid` and `.midi` file in it and below. Hidden files and other
              extensions are left aside; a file that is no MIDI, is empty, has no note, another
              number of tracks or notes out of the range is named in a warning and skipped.
            - a `.npy` file, or a `.npz` file with one array of rolls (`"songs.npz:rolls"` names
              one of several), or an array: bool, or 0 and 1 as uint8, `(n, steps, pitches,
              tracks)` of pieces or `(n, bars, steps, pitches, tracks)`, on the grid and in the
              range that the other arguments say.
        bars: Bars of a phrase.
        steps_per_bar: Steps of a bar.
        steps_per_beat: Steps of a quarter note; notes are moved to the nearest.
        lowest: The lowest pitch, by its MIDI number, 0 to 127.
        pitches: Number of pitches from there on, whole octaves: a multiple of 12.
        tracks: Tracks of a file that have notes; 1 lays all of a file together. Drums are left
            aside.
        transpose: Semitones: in training a phrase is moved up or down by as many at most, as far
            as it stays in the range.
        batch_size: Phrases a batch.
        shuffle: Draw a new order every epoch.
        cache: Keep phrases in memory: a bool, or `"auto"` for up to 2 GiB.
        seed: Integer, 0 or more, of the order and of what is drawn.
        drop_remainder: Leave out the last batch of an epoch if it is smaller.
        workers: Threads that make batches ahead, by default one a processor, up to 16.

    Returns:
        A `MusicDataset`, which is a `keras.utils.PyDataset`. Its batches are uint8
        `(batch_size, bars, steps_per_bar, pitches, tracks)`, 1 where a pitch sounds.

    Raises:
        FileNotFoundError: If there is no such folder or file.
        ValueError: If it holds no music, or on an argument out of its range.
        ImportError: If a folder is to be read and mido is missing.

    Example:

    ```python
    music = kerasgan.datasets.load_music("chorales", bars=4, transpose=5)
    rolls = music[0]
    ```
    """
    counts = {"bars": bars, "steps_per_bar": steps_per_bar, "steps_per_beat": steps_per_beat}
    counts |= {"pitches": pitches, "tracks": tracks, "batch_size": batch_size, "workers": workers}
    check_options(seed=seed, cache=cache, **counts)
    if pitches % OCTAVE or lowest + pitches > 128:
        raise ValueError(
            f"pitches must be a multiple of {OCTAVE}, and lowest + pitches at most 128. Received: "
            f"lowest={lowest}, pitches={pitches}"
        )
    if not 0 <= transpose < pitches:
        raise ValueError(
            f"transpose must be at least 0 and less than pitches. Received: transpose={transpose}"
        )
    modality = Music(lowest, steps_per_beat)
    pieces = _open(source, modality, pitches, tracks, threads(workers))
    return MusicDataset(
        _Phrases(pieces, bars, steps_per_bar),
        shape=(bars, steps_per_bar, pitches, tracks),
        modality=modality,
        transpose=transpose,
        batch_size=batch_size,
        shuffle=shuffle,
        cache=cache,
        seed=seed,
        drop_remainder=drop_remainder,
        workers=workers,
    )


def _open(source, modality, pitches, tracks, workers):
    """Dict from the name of a piece to its roll, bool `(steps, pitches, tracks)`."""
    if hasattr(source, "shape"):
        return _of_array(np.asarray(source), modality, pitches, tracks, "the array")
    path, key = path_and_key(source)
    if path.is_dir():
        return _of_folder(path, modality, pitches, tracks, workers)
    check_numpy_file(path, "MIDI files")
    arrays, key = named_array(path, key, (4, 5), "rolls")
    return _of_array(arrays[key], modality, pitches, tracks, str(path))


def _of_array(rolls, modality, pitches, tracks, origin):
    if rolls.ndim not in (4, 5) or rolls.shape[-2:] != (pitches, tracks) or 0 in rolls.shape:
        raise ValueError(
            f"{origin} must have shape (n, steps, {pitches}, {tracks}) or (n, bars, steps, "
            f"{pitches}, {tracks}), as pitches and tracks say. Received: shape "
            f"{tuple(rolls.shape)}"
        )
    modality.check(rolls, origin)
    rolls = modality.to_user(rolls).reshape(len(rolls), -1, pitches, tracks)
    return {f"piece {i} of {origin}": roll for i, roll in enumerate(rolls)}


def _of_folder(folder, modality, pitches, tracks, workers):
    mido()
    files = list(walk(folder))

    def read(path):
        try:
            return _in_range(read_rolls(path, modality.steps_per_beat), modality, pitches, tracks)
        except (OSError, ValueError) as error:
            warnings.warn(skipped(path, error))

    paths = [path for path in files if path.suffix.lower() in SUFFIXES]
    with ThreadPoolExecutor(workers) as pool:
        found = zip(map(str, paths), pool.map(read, paths))
        pieces = {path: roll for path, roll in found if roll is not None}
    if not pieces:
        raise ValueError(
            f"No music in {str(folder)!r} or below it; {len(files)} files were looked at. MIDI "
            f"files are known by their extension, {' or '.join(SUFFIXES)}, and every one that "
            "cannot be used is named."
        )
    return pieces


def _in_range(rolls, modality, pitches, tracks):
    """What a file holds, of the tracks and pitches that are asked for."""
    if tracks == 1:
        rolls = rolls.any(axis=2, keepdims=True)
    if rolls.shape[2] != tracks:
        raise ValueError(f"it has {rolls.shape[2]} tracks with notes, not tracks={tracks}")
    low, high = modality.lowest, modality.lowest + pitches - 1
    used = np.flatnonzero(rolls.any(axis=(0, 2)))
    if used[0] < low or used[-1] > high:
        raise ValueError(
            f"its notes are from {used[0]} to {used[-1]}, and not in {low} to {high}, as lowest "
            "and pitches say"
        )
    return rolls[:, low : high + 1]
