"""An entry read and written: model to folder and back."""

import itertools
import json
import os
import warnings
import zipfile
from pathlib import Path

import keras
import numpy as np
import tomli_w

from kerasgan import __version__, augment, models  # noqa: F401 - what entries hold
from kerasgan.engine.backend import start_from
from kerasgan.engine.model import AdversarialModel
from kerasgan.files import temporary_folder
from kerasgan.marks import marking_made
from kerasgan.modalities import write_image
from kerasgan.zoo import format_1, integrity
from kerasgan.zoo.safety import check_classes, weights_at_most

REFERENCES = 4
LARGEST_CONFIG = 2**22
# Numbers that a model may hold beside the weights in its files: pools of images, memories.
BESIDE = 2**26


def load_entry(folder):
    """The model in a checked entry."""
    folder = Path(folder)
    card = integrity.check(folder)
    with keras.StatelessScope():
        model = build(folder)
        for name in model.stored_networks():
            file = f"{format_1.file_of(name, card)}.npz"
            if file not in card["files"]:
                raise ValueError(f"{folder / integrity.CARD} lists no {file}.")
            if (folder / file).is_file():
                _start(getattr(model, name).weights, name, folder / file)
            else:
                warnings.warn(f"{folder} has no {file}: to train on, its {name} starts anew.")
        if hasattr(model, "seen_labels"):
            if "labels.npz" not in card["files"]:
                raise ValueError(f"{folder / integrity.CARD} lists no labels.npz.")
            _start([model.seen_labels], "memory of labels", folder / "labels.npz")
    model.promise = card.get("privacy")
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
    if path.stat().st_size > LARGEST_CONFIG:
        raise ValueError(f"{path} has more than {LARGEST_CONFIG:,} bytes, and so is none.")
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        check_classes(config, path)
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"{path} is not valid JSON: {error}") from None
    try:
        card = integrity.read_card(folder)
        if card["format"] == 1:
            config = format_1.upgraded(config, card)
        config["config"] |= changes
        with weights_at_most(_most_weights(folder), path):
            model = keras.saving.deserialize_keras_object(config, safe_mode=True)
    except Exception as error:  # each class raises its own
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise ValueError(
            f"{path} cannot be built with Keras {keras.__version__}: {reason}"
        ) from error
    if not isinstance(model, AdversarialModel):
        raise ValueError(f"{path} holds a {type(model).__name__}, which is no kerasgan model.")
    return model


def _most_weights(folder):
    """How many numbers the model can hold, by the bytes of the files of weights.

    In half precision a number has two bytes, and a network that has an average is made twice.
    """
    card, files = integrity.listed(folder)
    known = BESIDE
    for name, file in files.items():
        if name.endswith(".npz"):
            is_there = (Path(folder) / name).is_file()
            known += file["bytes"] if is_there else min(file["bytes"], BESIDE)
    return known


def _start(weights, name, path):
    expected = [tuple(weight.shape) for weight in weights]
    try:
        with zipfile.ZipFile(path) as file:
            members = sorted(file.namelist())
            shapes = [_shape(file, member) for member in members]
            if shapes == expected:
                values = [_array(file, member) for member in members]
    except Exception as error:  # a zip, a NumPy header or a pickled object
        raise ValueError(f"{path} is no .npz file of plain arrays: {error}") from error
    if shapes != expected:
        pairs = enumerate(itertools.zip_longest(shapes, expected))
        place, (held, wanted) = next(pair for pair in pairs if pair[1][0] != pair[1][1])
        raise ValueError(
            f"{path} does not fit config.json: of shape {held} is weight {place} in it, of shape "
            f"{wanted} in the {name}."
        )
    start_from(weights, [v.astype(w.dtype) for v, w in zip(values, weights)])


def _shape(file, member):
    """The shape that an array in an archive declares: what is not expected is not read."""
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    with file.open(member) as content:
        shape, _, dtype = read[np.lib.format.read_magic(content)](content)
    if dtype.kind not in "biuf":
        raise ValueError(f"{member} holds values of type {dtype}.")
    return shape


def _array(file, member):
    with file.open(member) as content:
        return np.lib.format.read_array(content, allow_pickle=False)


def save_entry(model, folder, card=None, recipe=None, sample=None):
    if not isinstance(model, AdversarialModel):
        raise TypeError(
            f"model must be a model of kerasgan.models. Received: {type(model).__name__}"
        )
    folder = Path(folder)
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        try:
            integrity.read_card(folder)
        except (ValueError, OSError):
            raise ValueError(f"{folder} exists and is no entry: choose a new folder.") from None
    with temporary_folder(folder.parent) as temporary:
        new, old = Path(temporary, "new"), Path(temporary, "old")
        new.mkdir()
        _write(model, new, card or {}, recipe, sample)
        if folder.exists():
            os.replace(folder, old)
        os.replace(new, folder)
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
        # An .npz file holds no bfloat16.
        seen = keras.ops.convert_to_numpy(model.seen_labels).astype("float32")
        np.savez_compressed(folder / "labels.npz", seen)
    if sample is None and not model.needs_data:
        sample = model.preview(64, seed=0)
    if sample is not None:
        with marking_made(card.get("name", type(model).__name__), model.verb):
            write_image(folder / "sample.png", sample)
    write_card(model, folder, card, precision)


def write_card(model, folder, card, precision):
    """Write the card of an entry whose other files are there."""
    networks = model.stored_networks()
    files = {
        path.name: {"bytes": path.stat().st_size, "sha256": integrity.sha256(path)}
        | ({"training_only": True} if path.stem in {*networks} - model.needed() else {})
        for path in sorted(folder.iterdir())
        if path.name != integrity.CARD
    }
    measured = {
        "format": integrity.FORMAT,
        "library": integrity.LIBRARY,
        "version": __version__,
        "model": type(model).__name__,
        "verb": model.verb,
        "modality": type(model.modalities[model.makes]).__name__.lower(),
        "modalities": {n: type(m).__name__ for n, m in model.modalities.items()},
        **model.card_fields(),
        "parameters": {name: int(network.count_params()) for name, network in networks.items()},
        "precision": precision,
        **({} if model.promise is None else {"privacy": model.promise}),
    }
    # What was measured has the last word.
    integrity.write_card(folder, {**measured, **card, **measured, "files": files})


def _cast(values, dtype):
    with np.errstate(over="ignore"):
        return [v if v.dtype.kind in "iub" else v.astype(dtype) for v in values]


def _half_if_unseen(model, weights, inputs, samples):
    """`("float16", samples)` if rounding the weights changes no pixel by more than a level."""
    halves = {player: _cast(values, "float16") for player, values in weights.items()}
    if not all(np.isfinite(v).all() for values in halves.values() for v in values):
        return "float32", samples
    halves = {
        name: [v.astype(w.dtype) for v, w in zip(values, weights[name])]
        for name, values in halves.items()
    }
    needed, first = model.needed(), model.averaged[0]
    half = _samples_with(model, inputs, {name: halves[name] for name in needed})
    pairs = [(samples, half)]
    for name in needed - {first}:
        # In the place of the network that the reference is made with, if it is made like it.
        if [w.shape for w in weights[name]] == [w.shape for w in weights[first]]:
            pairs.append(
                [_samples_with(model, inputs, {first: w[name]}) for w in (weights, halves)]
            )
    # Of samples that are no images, a 255th of their range.
    level = 1 if samples.dtype == "uint8" else np.ptp(samples) / 255
    moved = max(np.abs(a.astype("float32") - b.astype("float32")).max() for a, b in pairs)
    return ("float16", half) if moved <= level else ("float32", samples)


def _samples_with(model, inputs, weights):
    """Samples of the reference with other weights for some of the networks."""
    networks = model.stored_networks()
    kept = {name: networks[name].get_weights() for name in weights}
    try:
        for name, values in weights.items():
            networks[name].set_weights(values)
        return model.reference_samples(**inputs)
    finally:
        for name, values in kept.items():
            networks[name].set_weights(values)
