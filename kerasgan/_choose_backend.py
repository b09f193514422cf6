"""Which backend Keras will use, settled before Keras is imported."""

import importlib.util
import json
import os
import sys
from pathlib import Path

BACKENDS = ("tensorflow", "jax", "torch")


def choose_backend():
    """Take an installed backend where the user named none and Keras's default is missing.

    Raises:
        ImportError: If no backend is installed, or the one named is not; the message
            names the extra to install.
    """
    if "keras" in sys.modules:
        return
    installed = [b for b in BACKENDS if importlib.util.find_spec(b) is not None]
    if not installed:
        raise ImportError(
            "kerasgan needs TensorFlow, JAX or PyTorch, and none of them is installed. Run\n"
            '    pip install "kerasgan[jax]"\n'
            "or kerasgan[tensorflow] or kerasgan[torch]. JAX is the smallest."
        )
    config = keras_home() / "keras.json"
    named, source = os.environ.get("KERAS_BACKEND"), "KERAS_BACKEND"
    if not named and config.is_file():
        named, source = _backend_in(config), str(config)
        # Keras writes "tensorflow" there by itself on its first import, so where
        # TensorFlow is missing that is nobody's choice.
        if named == "tensorflow" and named not in installed:
            named = None
    if named in BACKENDS and named not in installed:
        raise ImportError(
            f"{source} names the backend {named!r}, which is not installed. Run\n"
            f'    pip install "kerasgan[{named}]"\n'
            f"or set KERAS_BACKEND to one that is: {', '.join(installed)}."
        )
    if not named and "tensorflow" not in installed:
        os.environ["KERAS_BACKEND"] = installed[0]
        print(
            f"kerasgan: no Keras backend is named; using {installed[0]}. "
            "Set KERAS_BACKEND to choose another.",
            file=sys.stderr,
        )


def keras_home():
    """Keras's own folder, which holds its configuration and its downloads."""
    return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")


def _backend_in(config):
    try:
        return json.loads(config.read_text()).get("backend")
    except (ValueError, OSError, AttributeError):
        return None
