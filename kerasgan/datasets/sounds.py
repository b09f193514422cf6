"""Sounds as shuffled batches: a folder of files, a NumPy file or an array."""

import os
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import numpy as np

from kerasgan.datasets.batches import check_options, threads
from kerasgan.datasets.dataset import ImageDataset
from kerasgan.datasets.folder import classes_of, skipped, walk
from kerasgan.datasets.labels import read_labels
from kerasgan.datasets.sources import check_numpy_file, named_array, path_and_key
from kerasgan.modalities import Audio

SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")
# Below the peak: what is quieter at the ends is silence.
SILENT = 40.0


class SoundDataset(ImageDataset):
    """Batches of sounds, int16 `(batch, length, 1)`; `load_sounds` makes one.

    With labels, batches are tuples `(sounds, labels)`. A sound's label stays with it where it
    takes the place of one that cannot be decoded.

    Args:
        source: Sounds, each int16 `(length, 1)`.
        length: Samples of each.
        modality: `kerasgan.modalities.Audio`, or `Spectrograms`.
        labels, label_names: As in `ImageDataset`.
        **options: As in `Batches`.

    Attributes:
        epoch, num_images, shapes, modalities: As in `Batches`.
        num_labels, label_names, multi_label: As in `ImageDataset`.
    """

    _what = "sounds"

    def __init__(self, source, *, length, modality, **options):
        super().__init__(source, image_shape=(length, 1), **options)
        self.modality = modality

    @property
    def shapes(self):
        # What the networks see, which is what a model is built for.
        return super().shapes | {"real": getattr(self.modality, "image_shape", self.image_shape)}

    @property
    def modalities(self):
        return {"modality": self.modality} | super().modalities


class _Files:
    """The sounds below a folder, in the same order on every machine."""

    def __init__(self, folder, finish, sample_rate, workers):
        self.folder, self.finish, self.sample_rate = folder, finish, sample_rate
        files = list(walk(folder))
        sounds = [path for path in files if path.suffix.lower() in SUFFIXES]
        with ThreadPoolExecutor(workers) as pool:
            self.paths = [path for path in pool.map(_opened, sounds) if path is not None]
        if not self.paths:
            raise ValueError(
                f"No sound in {str(folder)!r} or below it; {len(files)} files were looked at. "
                f"Sounds are known by their extension: {', '.join(SUFFIXES)}."
            )

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, index):
        import soundfile
        import soxr

        samples, rate = soundfile.read(self.paths[index], dtype="float32", always_2d=True)
        return self.finish(soxr.resample(samples.mean(axis=1), rate, self.sample_rate))

    def name(self, index):
        return str(self.paths[index])

    def raw(self, index):
        return self.paths[index].read_bytes()

    def labels(self):
        return classes_of(self.paths, self.folder, "sounds")


def _opened(path):
    """`path`, or None with a warning if it holds no sound."""
    import soundfile

    try:
        if soundfile.info(path).frames == 0:
            raise ValueError("it holds no sample: a sound of length 0")
        return path
    except (OSError, ValueError, RuntimeError) as error:
        warnings.warn(skipped(path, error))
        return None


class _Array:
    """Sounds `(n, length)` or `(n, length, 1)`, int16 or floats in [-1, 1]."""

    labels = None

    def __init__(self, sounds, finish, origin):
        if sounds.ndim not in (2, 3) or sounds.ndim == 3 and sounds.shape[2] != 1:
            raise ValueError(
                f"{origin} must have shape (n, length) or (n, length, 1). Received: shape "
                f"{tuple(sounds.shape)}"
            )
        Audio().check(sounds, origin)
        if 0 in sounds.shape:
            raise ValueError(f"{origin} holds no sound. Received: shape {tuple(sounds.shape)}")
        self.sounds, self.finish, self.origin = sounds, finish, origin

    def __len__(self):
        return len(self.sounds)

    def __getitem__(self, index):
        sound = self.sounds[index].reshape(-1)
        scale = 32768.0 if sound.dtype == "int16" else 1.0
        return self.finish(sound.astype("float32") / scale)

    def name(self, index):
        return f"sound {index} of {self.origin}"

    def raw(self, index):
        return self.sounds[index]


def load_sounds(
    source: str | os.PathLike | np.ndarray,
    length: int = 16384,
    sample_rate: int = 16000,
    batch_size: int = 64,
    trim: bool = True,
    normalize: bool = False,
    shuffle: bool = True,
    cache: bool | Literal["auto"] = "auto",
    seed: int = 0,
    drop_remainder: bool = False,
    workers: int | None = None,
    labels: bool | np.ndarray | list | None = None,
) -> SoundDataset:
    """Sounds as batches that `fit` takes on every backend.

    Sounds of several channels are mixed down, and brought to `sample_rate`. One that is longer
    than `length` samples is cut off there, a shorter one is followed by silence.

    Args:
        source: One of
            - a folder: every WAV, FLAC, OGG and MP3 file in it and below. Hidden files and other
              extensions are left aside; a file that holds no sound after all is named in a
              warning and skipped.
            - a `.npy` file, or a `.npz` file with one array of sounds (`"drums.npz:audio"` names
              one of several), or an array: int16 or floats in [-1, 1], `(n, samples)` or
              `(n, samples, 1)`, at `sample_rate`; a file whose `rate` or `sample_rate` says
              another one is refused.
        length: Samples of a sound.
        sample_rate: Samples a second, in hertz.
        batch_size: Sounds a batch.
        trim: Whether silence at both ends is cut: what is 40 dB or more below the peak.
        normalize: Whether each sound is made as loud as it can be, its peak at full scale.
        shuffle: Draw a new order every epoch.
        cache: Keep decoded sounds in memory: a bool, or `"auto"` for up to 2 GiB.
        seed: Integer, 0 or more, of the order.
        drop_remainder: Leave out the last batch of an epoch if it is smaller.
        workers: Threads that make batches ahead, by default one a processor, up to 16.
        labels: None for sounds alone; True for the sub-folders of a folder as classes, sorted by
            name; or an array or list, one row per sound in the source's order, as in `load`.

    Returns:
        A `SoundDataset`, which is a `keras.utils.PyDataset`. Its batches are int16
        `(batch_size, length, 1)`, or `(sounds, labels)`.

    Raises:
        FileNotFoundError: If there is no such folder or file.
        ValueError: If it holds no sound, if labels do not fit, or on an argument out of its range.
        ImportError: If a folder is to be read and soundfile or soxr is missing.

    Example:

    ```python
    digits = kerasgan.datasets.load_sounds("digits", length=8192, sample_rate=8000, labels=True)
    sounds, labels = digits[0]
    ```
    """
    check_options(
        length=length,
        sample_rate=sample_rate,
        batch_size=batch_size,
        workers=workers,
        seed=seed,
        cache=cache,
    )

    def finish(samples):
        return _finished(samples, length, trim, normalize)

    sounds = _open(source, finish, sample_rate, threads(workers))
    labels, label_names = read_labels(sounds, labels, None)
    return SoundDataset(
        sounds,
        length=length,
        modality=Audio(sample_rate),
        labels=labels,
        label_names=label_names,
        batch_size=batch_size,
        shuffle=shuffle,
        cache=cache,
        seed=seed,
        drop_remainder=drop_remainder,
        workers=workers,
    )


def _open(source, finish, sample_rate, workers):
    if hasattr(source, "shape"):
        return _Array(np.asarray(source), finish, "the array")
    path, key = path_and_key(source)
    if path.is_dir():
        try:
            import soundfile  # noqa: F401
            import soxr  # noqa: F401
        except ImportError as error:
            raise ImportError(
                f"To read sound files needs soundfile and soxr ({error}): "
                'pip install "kerasgan[sound]"'
            ) from error
        return _Files(path, finish, sample_rate, workers)
    check_numpy_file(path, "sounds")
    arrays, key = named_array(path, key, (2, 3), "sounds")
    rates = [int(arrays[name]) for name in ("rate", "sample_rate") if name in arrays]
    if rates and rates[0] != sample_rate:
        raise ValueError(
            f"{str(path)!r} holds sounds at {rates[0]:,} Hz, and arrays are taken as they are. "
            f"Received: sample_rate={sample_rate}. Resample them, or write them as sound files, "
            "which are resampled."
        )
    return _Array(arrays[key], finish, str(path))


def _finished(samples, length, trim, normalize):
    """Samples in [-1, 1] as int16 `(length, 1)`."""
    peak = np.abs(samples).max(initial=0.0)
    if not np.isfinite(peak):
        raise ValueError("it holds NaN or infinite samples")
    if trim and peak > 0.0:
        loud = np.flatnonzero(np.abs(samples) > peak * 10 ** (-SILENT / 20))
        samples = samples[loud[0] : loud[-1] + 1]
    if normalize and peak > 0.0:
        samples = samples / peak
    samples = np.pad(samples[:length], (0, max(0, length - len(samples))))
    return Audio().to_user(samples)[:, None]
