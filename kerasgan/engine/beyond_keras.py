"""What the project takes from Keras beyond its public API, but for two things.

`added_losses` asks for all layers of a network, however deep. A variable's initializer is replaced
before it runs, in `initialize_by`. What Keras believes to be installed is set in
`without_tensorflow`: no public argument reaches it. The two: `on_jax.py` reads a scope, as it
tells, and `backend.without_autotune` sets what `fit` reads on TensorFlow.
"""

import contextlib
import contextvars
import sys

import keras
from keras.src.utils.module_utils import tensorflow as lazy_tensorflow

# What layers add inside of `added_losses`.
added = contextvars.ContextVar("added", default=())


@contextlib.contextmanager
def added_losses(counted, networks):
    """The list that `add_loss` of the layers of some networks, in all their calls, adds to inside.

    Keras keeps those of a network's last call; here it keeps none. Activity regularisers call
    `add_loss` too.

    Args:
        counted: Networks whose layers add to the list.
        networks: All networks.
    """
    found, layers = [], []
    for network in networks:
        kept = found if any(network is one for one in counted) else []
        for layer in filter(_may_add, network._flatten_layers()):
            vars(layer)["add_loss"] = lambda loss, kept=kept: kept.extend(keras.tree.flatten(loss))
            layers.append(layer)
    token = added.set(found)
    try:
        yield found
    finally:
        added.reset(token)
        for layer in layers:
            vars(layer).pop("add_loss", None)


def _may_add(layer):
    # Of Keras's layers and ours no other calls `add_loss`.
    is_own = type(layer).__module__.partition(".")[0] not in ("keras", "kerasgan")
    return is_own or layer.activity_regularizer is not None


def initialize_by(variable, value):
    """Let a variable of a scope that is still open start from what `value()` returns."""
    variable._initializer = lambda shape, dtype: value()


@contextlib.contextmanager
def without_tensorflow():
    """Spare a program that has not imported TensorFlow the seconds of doing so.

    Keras imports it, where it is installed, to ask whether what it describes is
    TensorFlow's. Nothing is before the import.
    """
    known = lazy_tensorflow._available
    if "tensorflow" not in sys.modules:
        lazy_tensorflow._available = False
    try:
        yield
    finally:
        lazy_tensorflow._available = known
