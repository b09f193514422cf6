"""An entry read and written: model to folder and back."""

import json
import os
import shutil
import tempfile
import warnings
from pathlib import Path

import keras
import numpy as np
import tomli_w

from kerasgan import __version__, augment, models  # noqa: F401 - what entries hold
from kerasgan.engine.backend import start_from
from kerasgan.engine.model import AdversarialModel
from kerasgan.modalities import write_image
from kerasgan.zoo import format_1, store
from kerasgan.zoo.safety import check_classes

REFERENCES = 4


def load_entry(folder):
    """The model in a checked entry."""
    folder = Path(folder)
    card = store.check(folder)
    with keras.StatelessScope():
        model = build(folder)
        for name in model.stored_networks():
            file = f"{format_1.file_of(name, card)}.npz"
            if file not in card["files"]:
                raise ValueError(f"{folder / store.CARD} lists no {file}.")
            if (folder / file).is_file():
                _start(getattr(model, name).weights, name, folder / file)
            else:
                warnings.warn(f"{folder} has no {file}: to train on, its {name} starts anew.")
        if hasattr(model, "seen_labels"):
            if "labels.npz" not in card["files"]:
                raise ValueError(f"{folder / store.CARD} lists no labels.npz.")
            _start([model.seen_labels], "memory of labels", folder / "labels.npz")
    return model


def build(folder, **changes):
    """The model of an entry's architecture, with fresh weights.

    Args:
        folder: Of the entry.
        **changes: Arguments of the model to take in place of the entry's.

    Raises:
        ValueError: On a class that is neither Keras's nor registered, naming the file.
    """
    path = Path(folder) / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        check_classes(config, path)
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"{path} is not valid JSON: {error}") from None
    try:
        card = store.read_card(folder)
        if card["format"] == 1:
            config = format_1.upgraded(config, card)
        config["config"] |= changes
        model = keras.saving.deserialize_keras_object(config, safe_mode=True)
    except Exception as error:  # each class raises its own
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise ValueError(
            f"{path} cannot be built with Keras {keras.__version__}: {reason}"
        ) from error
    if not isinstance(model, AdversarialModel):
        raise ValueError(f"{path} holds a {type(model).__name__}, which is no kerasgan model.")
    return model


def _start(weights, name, path):
    try:
        with np.load(path, allow_pickle=False) as file:
            values = [file[key] for key in sorted(file.files)]
    except Exception as error:  # a zip, a NumPy header or a pickled object
        raise ValueError(f"{path} is no .npz file of plain arrays: {error}") from error
    shapes = [value.shape for value in values]
    expected = [tuple(weight.shape) for weight in weights]
    if shapes != expected:
        raise ValueError(
            f"{path} does not fit config.json: it holds weights of shapes {shapes}, the "
            f"{name} has {expected}."
        )
    start_from(weights, [v.astype(w.dtype) for v, w in zip(values, weights)])


def save_entry(model, folder, card=None, recipe=None, sample=None):
    folder = Path(folder)
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        try:
            store.read_card(folder)
        except (ValueError, OSError):
            raise ValueError(f"{folder} exists and is no entry: choose a new folder.") from None
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        new, old = temporary / "new", temporary / "old"
        new.mkdir()
        _write(model, new, card or {}, recipe, sample)
        if folder.exists():
            os.replace(folder, old)
        os.replace(new, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return folder


def _write(model, folder, card, recipe, sample):
    config = keras.saving.serialize_keras_object(model)
    config.pop("compile_config", None)
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    if recipe:
        (folder / "recipe.toml").write_text(tomli_w.dumps(recipe), encoding="utf-8")
    inputs = model.reference_inputs(REFERENCES)
    samples = model.reference_samples(**inputs)
    weights = {name: network.get_weights() for name, network in model.stored_networks().items()}
    precision, samples = _half_if_unseen(model, weights, inputs, samples)
    for name, values in weights.items():
        # A weight's place in the network's list is its key.
        values = _cast(values, precision)
        np.savez(folder / f"{name}.npz", **{f"{i:04d}": v for i, v in enumerate(values)})
    np.savez_compressed(folder / "reference.npz", **inputs, samples=samples)
    if hasattr(model, "seen_labels"):
        seen = keras.ops.convert_to_numpy(model.seen_labels)
        np.savez_compressed(folder / "labels.npz", seen)
    if sample is None and not model.needs_data:
        sample = model.preview(64, seed=0)
    if sample is not None:
        write_image(folder / "sample.png", sample)
    write_card(model, folder, card, precision)


def write_card(model, folder, card, precision):
    """Write the card of an entry whose other files are there."""
    networks = model.stored_networks()
    files = {
        path.name: {"bytes": path.stat().st_size, "sha256": store.sha256(path)}
        | ({"training_only": True} if path.stem in {*networks} - model.needed() else {})
        for path in sorted(folder.iterdir())
        if path.name != store.CARD
    }
    measured = {
        "format": store.FORMAT,
        "library": store.LIBRARY,
        "version": __version__,
        "model": type(model).__name__,
        "verb": model.verb,
        "modality": type(model.modalities[model.makes]).__name__.lower(),
        "modalities": {n: type(m).__name__ for n, m in model.modalities.items()},
        **model.card_fields(),
        "parameters": {name: int(network.count_params()) for name, network in networks.items()},
        "precision": precision,
    }
    (folder / store.CARD).write_text(
        # What was measured has the last word.
        tomli_w.dumps({**measured, **card, **measured, "files": files}, multiline_strings=True),
        encoding="utf-8",
    )


def _cast(values, dtype):
    with np.errstate(over="ignore"):
        return [v if v.dtype.kind in "iub" else v.astype(dtype) for v in values]


def _half_if_unseen(model, weights, inputs, samples):
    """`("float16", samples)` if rounding the weights changes no pixel by more than a level."""
    halves = {player: _cast(values, "float16") for player, values in weights.items()}
    if all(np.isfinite(v).all() for values in halves.values() for v in values):
        networks = model.stored_networks()
        try:
            for name in model.needed():
                values = zip(halves[name], weights[name])
                networks[name].set_weights([v.astype(w.dtype) for v, w in values])
            half = model.reference_samples(**inputs)
        finally:
            for name in model.needed():
                networks[name].set_weights(weights[name])
        # Of samples that are no images, a 255th of their range.
        level = 1 if samples.dtype == "uint8" else np.ptp(samples) / 255
        if np.abs(half.astype("float32") - samples.astype("float32")).max() <= level:
            return "float16", half
    return "float32", samples
