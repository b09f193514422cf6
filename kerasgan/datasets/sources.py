"""Where pictures come from: each source has a length, `source[i]` and `source.name(i)`.

`source.raw(i)` is what is stored of a picture, bytes or an array, to tell whether it has changed.

`source.labels()` gives the classes of all pictures and the names of the classes, or None;
`source.labels` is None where the source knows none.
"""

import contextlib
import functools
import os
import re
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

from kerasgan.datasets.folder import Folder


def open_source(source, fit, workers, data_dir=None):
    """The pictures that `load`'s argument `source` names, each given through `fit`."""
    if hasattr(source, "shape"):
        return Array(source, fit, "the array")
    if not isinstance(source, (str, os.PathLike)):
        raise ValueError(
            "source must be a folder, a NumPy file, an array or a name such as "
            f"'tfds:fashion_mnist'. Received: {source!r}"
        )
    if str(source).startswith("tfds:"):
        return tensorflow_dataset(str(source), fit, data_dir)
    path, key = path_and_key(source)
    if path.is_dir():
        return Folder(path, fit, workers)
    if not path.exists():
        raise FileNotFoundError(
            f"{str(path)!r} does not exist (looked from {Path.cwd()}). Expected a folder of "
            "pictures, a .npy or .npz file, or 'tfds:' and the name of a TensorFlow Dataset."
        )
    if path.suffix not in (".npy", ".npz"):
        raise ValueError(
            f"{str(path)!r} is a file. Expected the folder that holds the pictures, or a "
            ".npy or .npz file."
        )
    return _numpy_file(path, key, fit)


class Array:
    """uint8 images `(n, height, width)` or `(n, height, width, channels)`."""

    def __init__(self, images, fit, origin, labels=None):
        shape = images.shape
        if len(shape) not in (3, 4) or len(shape) == 4 and shape[3] not in (1, 3, 4):
            first = len(shape) == 4 and shape[1] in (1, 3, 4)
            raise ValueError(
                f"{origin} must have shape (n, height, width) or (n, height, width, "
                f"channels) with 1, 3 or 4 channels. Received: shape {tuple(shape)}."
                + (" Transpose it: np.moveaxis(images, 1, -1)." if first else "")
            )
        if images.dtype != np.uint8:
            raise ValueError(
                f"{origin} must hold uint8 in [0, 255]. Received: dtype {images.dtype}. "
                "Scale the values to [0, 255] and use .astype('uint8')."
            )
        if 0 in shape:
            raise ValueError(f"{origin} holds no picture. Received: shape {tuple(shape)}")
        self.images, self.fit, self.origin, self.labels = images, fit, origin, labels

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        return self.read(index, self.fit)

    def read(self, index, fit):
        return fit(_picture(self.images[index]))

    def name(self, index):
        return f"image {index} of {self.origin}"

    def raw(self, index):
        return self.images[index]


class TensorFlowDataset:
    """One split of a TensorFlow Dataset that gives its examples in any order."""

    def __init__(self, examples, feature, fit, origin, labels):
        self.examples, self.feature, self.fit = examples, feature, fit
        self.origin, self.labels = origin, labels

    def __len__(self):
        return len(self.examples)

    def __getitem__(self, index):
        return self.fit(_picture(self.examples[index][self.feature]))

    def name(self, index):
        return f"example {index} of {self.origin}"

    def raw(self, index):
        return self.examples[index][self.feature]


def tensorflow_dataset(name, fit, data_dir):
    """The source that `tfds:NAME` or `tfds:NAME:SPLIT` names."""
    # A version, which begins with a digit, belongs to the name.
    match = re.fullmatch(r"tfds:([^:]+(?::\d[^:]*)?)(?::(.+))?", name)
    if not match:
        raise ValueError(
            "A TensorFlow Dataset is named 'tfds:NAME' or 'tfds:NAME:SPLIT', such as "
            f"'tfds:fashion_mnist:train'. Received: {name!r}"
        )
    dataset, split = match[1], match[2] or "train"
    try:
        import tensorflow_datasets as tfds
    except ImportError as error:
        raise ImportError(
            f"{name!r} needs TensorFlow Datasets, which cannot be imported ({error}): "
            'pip install "kerasgan[data]"'
        ) from error
    try:
        builder = tfds.builder(dataset, data_dir=data_dir)
    except tfds.core.DatasetNotFoundError:
        # Its own message lists every dataset there is.
        raise ValueError(
            f"There is no TensorFlow Dataset {dataset!r}. Names are listed at "
            "https://www.tensorflow.org/datasets/catalog"
        ) from None
    if not builder.is_prepared():
        _download(tfds.builder(dataset, data_dir=data_dir, file_format="array_record"))
        builder = tfds.builder(dataset, data_dir=data_dir)
    features = builder.info.features
    feature = next((k for k, v in features.items() if isinstance(v, tfds.features.Image)), None)
    if feature is None:
        raise ValueError(f"{name!r} holds no image; its features are {', '.join(features)}.")
    label = dict(features.items()).get("label")
    if not isinstance(label, tfds.features.ClassLabel):
        label = None
    try:
        examples = builder.as_data_source(split=split)
    except NotImplementedError:
        # Prepared as TFRecord, which is read in order only: kept in memory, resized.
        stream = tfds.as_numpy(builder.as_dataset(split=split))
        pairs = ((fit(_picture(example[feature])), example.get("label")) for example in stream)
        images, classes = zip(*pairs)
        images = np.stack(images)
        return Array(
            images,
            lambda picture: np.asarray(picture).reshape(images.shape[1:]),
            name,
            label and (lambda: (classes, label.names)),
        )

    def labels():
        undecoded = builder.as_data_source(
            split=split, decoders={feature: tfds.decode.SkipDecoding()}
        )
        return [example["label"] for example in undecoded], label.names

    return TensorFlowDataset(examples, feature, fit, name, label and labels)


def _download(builder):
    try:
        with contextlib.suppress(urllib.error.HTTPError):  # an answer is all that is asked for
            # Without a network, TensorFlow Datasets would try again for minutes.
            urllib.request.urlopen("https://storage.googleapis.com", timeout=5).close()
        builder.download_and_prepare()
    except Exception as error:  # each dataset's script raises its own
        raise ValueError(
            f"TensorFlow Dataset {builder.name!r} is not in {builder.data_dir} and could not "
            f"be prepared ({error}). Without a network, prepare it on another machine and "
            "pass the folder it lies in as data_dir, or use a folder of pictures or a "
            ".npy file."
        ) from error


def _picture(array):
    return Image.fromarray(array[..., 0] if array.shape[-1] == 1 else array)


def path_and_key(source):
    """A path, and the name behind it of an array in it, `file.npz:name`, or None."""
    file, key = re.fullmatch(r"(.*?)(?:(?<=\.npz):(\w+))?", str(source), re.DOTALL).groups()
    return Path(file).expanduser(), key


def numpy_arrays(path):
    """The arrays of a .npz file by name; that of a .npy file has the name None."""
    try:
        content = np.load(path, mmap_mode="r", allow_pickle=False)
        if path.suffix == ".npy":
            return {None: content}
        with content:
            return {name: content[name] for name in content.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{str(path)!r} is not a NumPy file that can be read: {error}") from error


def check_numpy_file(path, what):
    """Refuse a path that is neither a folder of what is said nor a NumPy file."""
    if not path.exists():
        raise FileNotFoundError(
            f"{str(path)!r} does not exist (looked from {Path.cwd()}). Expected a folder of "
            f"{what}, or a .npy or .npz file."
        )
    if path.suffix not in (".npy", ".npz"):
        raise ValueError(
            f"{str(path)!r} is a file. Expected the folder that holds the {what}, or a .npy or "
            ".npz file."
        )


def named_array(path, key, ranks, what):
    """The arrays of a NumPy file, and the name of the one that is meant.

    Args:
        path: Of the file.
        key: The name, or None for the only array of these ranks.
        ranks: Numbers of dimensions.
        what: What the array holds, for messages.
    """
    arrays = numpy_arrays(path)
    known = [name for name, array in arrays.items() if array.ndim in ranks]
    if key is None and len(known) == 1:
        key = known[0]
    if key not in arrays:
        received = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
        raise ValueError(
            f"{str(path)!r} must hold one array of {what}, or name one of several: "
            f"'{path}:NAME'. Received: {received or 'no array'}"
        )
    return arrays, key


def _numpy_file(path, key, fit):
    arrays, key = named_array(path, key, (3, 4), "images")
    # Not the other images, which would stay in memory.
    others = {name: array for name, array in arrays.items() if array.ndim in (1, 2)}
    labels = functools.partial(_labels_beside, path, key, arrays[key], others)
    return Array(arrays[key], fit, str(path), labels if others else None)


def _labels_beside(path, key, images, arrays):
    """The labels in a .npz file of its images `key`, and their names if it has them."""
    n = len(images)
    twin = "_".join({"x": "y", "images": "labels"}.get(part, part) for part in key.split("_"))
    fitting = [name for name, a in arrays.items() if a.shape == (n,) and a.dtype.kind in "iu"]
    if twin in arrays or len(fitting) == 1:
        names = arrays.get("label_names")
        labels = arrays[twin if twin in arrays else fitting[0]]
        return labels, None if names is None else [str(name) for name in names]
    received = ", ".join(f"{name} {a.shape} {a.dtype}" for name, a in arrays.items())
    raise ValueError(
        f"labels=True looks in {str(path)!r} for {twin!r}, or for the only array of {n} "
        f"integers. Received: {received}. Pass the array itself as labels."
    )
