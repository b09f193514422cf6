"""An entry read and written: model to folder and back."""

import json
import os
import shutil
import tempfile
from pathlib import Path

import keras
import numpy as np
import tomli_w

from kerasgan import __version__, augment, models  # noqa: F401 - what entries hold
from kerasgan.engine.backend import start_from
from kerasgan.engine.model import AdversarialModel
from kerasgan.grid import make_grid, write_image
from kerasgan.zoo import store

REFERENCES = 4


def load_entry(folder):
    """The model in a checked entry."""
    store.check(folder)
    with keras.StatelessScope():
        model = build(folder)
        for player in model.players:
            _start(getattr(model, player), Path(folder) / f"{player}.npz")
    return model


def build(folder):
    """The model of an entry's architecture, with fresh weights.

    Raises:
        ValueError: On a class that is neither Keras's nor registered, naming the file.
    """
    path = Path(folder) / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is not valid JSON: {error}") from None
    _check_classes(config, path)
    try:
        model = keras.saving.deserialize_keras_object(config, safe_mode=True)
    except Exception as error:
        raise ValueError(
            f"{path} cannot be built with Keras {keras.__version__}: {error}"
        ) from error
    if not isinstance(model, AdversarialModel):
        raise ValueError(f"{path} holds a {type(model).__name__}, which is no kerasgan model.")
    return model


def _check_classes(config, path):
    # Keras imports the module that a config names. An entry comes from anywhere, so
    # only what Keras exports or somebody registered in this process may be named.
    if isinstance(config, list):
        for value in config:
            _check_classes(value, path)
    if not isinstance(config, dict):
        return
    if "class_name" in config:
        name, module = config["class_name"], config.get("module")
        registered = config.get("registered_name") or name
        special = str(name).startswith("__") and name != "__lambda__"
        of_keras = str(module).split(".")[0] == "keras"
        if not (special or of_keras or keras.saving.get_registered_object(registered)):
            raise ValueError(
                f"{path} names the class {registered!r} of {module!r}, which is unknown here. "
                "Register it with keras.saving.register_keras_serializable before loading, "
                "if you trust the entry, or update kerasgan."
            )
    for value in config.values():
        _check_classes(value, path)


def _start(network, path):
    with np.load(path, allow_pickle=False) as file:
        values = [file[key] for key in sorted(file.files)]
    shapes = [value.shape for value in values]
    expected = [tuple(weight.shape) for weight in network.weights]
    if shapes != expected:
        raise ValueError(
            f"{path} does not fit config.json: it holds weights of shapes {shapes}, the "
            f"{network.name} has {expected}."
        )
    start_from(network.weights, [v.astype(w.dtype) for v, w in zip(values, network.weights)])


def save_entry(model, folder, card=None, recipe=None):
    folder = Path(folder)
    if folder.exists() and not (folder / store.CARD).is_file() and any(folder.iterdir()):
        raise ValueError(f"{folder} exists and is no entry: choose a new folder.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        _write(model, temporary, card or {}, recipe)
        if folder.exists():
            shutil.rmtree(folder)
        os.chmod(temporary, 0o755)
        os.replace(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return folder


def _write(model, folder, card, recipe):
    config = keras.saving.serialize_keras_object(model)
    config.pop("compile_config", None)
    (folder / "config.json").write_text(json.dumps(config, indent=1), encoding="utf-8")
    if recipe:
        (folder / "recipe.toml").write_text(tomli_w.dumps(recipe), encoding="utf-8")
    latents = np.random.default_rng(0).standard_normal(
        (REFERENCES, model.latent_dim), dtype="float32"
    )
    weights = {player: getattr(model, player).get_weights() for player in model.players}
    weights["generator"] = model.averaged_generator.get_weights()
    precision, samples = _half_if_unseen(model, weights, latents)
    for player, values in weights.items():
        # A weight's place in the network's list is its key.
        np.savez(
            folder / f"{player}.npz",
            **{f"{i:04d}": v.astype(precision) for i, v in enumerate(values)},
        )
    np.savez_compressed(folder / "reference.npz", latents=latents, samples=samples)
    if samples.ndim == 4 and samples.shape[-1] in (1, 3, 4):
        write_image(folder / "sample.png", make_grid(model.generate(64, seed=0)))
    files = {
        path.name: {"bytes": path.stat().st_size, "sha256": store.sha256(path)}
        for path in sorted(folder.iterdir())
    }
    full = {
        "format": store.FORMAT,
        "library": store.LIBRARY,
        "version": __version__,
        "model": type(model).__name__,
        "samples": [int(n) for n in model.sample_shape],
        "latent_dim": model.latent_dim,
        "parameters": {
            player: int(getattr(model, player).count_params()) for player in model.players
        },
        "precision": precision,
    }
    (folder / store.CARD).write_text(
        tomli_w.dumps({**full, **card, "files": files}, multiline_strings=True), encoding="utf-8"
    )


def _half_if_unseen(model, weights, latents):
    """`("float16", samples)` if rounding the weights changes no pixel by more than a level."""
    full = model.generate(latents=latents)
    halves = {p: [v.astype("float16") for v in values] for p, values in weights.items()}
    if all(np.isfinite(v).all() for values in halves.values() for v in values):
        generator = model.averaged_generator
        generator.set_weights([v.astype("float32") for v in halves["generator"]])
        half = model.generate(latents=latents)
        generator.set_weights(weights["generator"])
        if np.abs(half.astype("float32") - full.astype("float32")).max() <= 1:
            return "float16", half
    return "float32", full
