"""A network copied through its configuration, whatever it is made of."""

import contextlib
import types
import warnings

import keras

from kerasgan.engine import backend, beyond_keras
from kerasgan.engine.shapes import every_layer, reason_of


def frozen_copy(network, name=None):
    """The same network with weights of its own, equal at first, that do not train.

    Raises:
        ValueError: On a network that cannot be made from its configuration, naming the layer.
    """
    with keras.StatelessScope(), _findable(network):
        try:
            copy = _made_anew(network, name)
            backend.start_from(copy.weights, network.weights)
        except Exception as error:  # each class raises its own
            raise ValueError(_why_not(network, error)) from error
    copy.trainable = False
    return copy


def _made_anew(network, name=None):
    with beyond_keras.without_tensorflow():
        config = network.get_config()
        if name and "name" in config:
            config["name"] = name
        copy = type(network).from_config(config)
    if not copy.built:
        copy.build_from_config(network.get_build_config())
        copy.built = True
    return copy


def _why_not(network, reason):
    for layer in every_layer(network):
        if layer is not network and not getattr(layer, "layers", ()):
            try:
                type(layer).from_config(layer.get_config())
            except Exception as error:  # each class raises its own
                return _told(layer, error)
    return _told(network, reason)


def _told(layer, error):
    kind = type(layer).__name__
    return (
        f"{layer.name!r} of class {kind} cannot be made anew from its configuration, which the "
        f"averaged network needs. Give {kind} a get_config() that returns what its constructor "
        f"takes, and a build() that makes its weights. {reason_of(error)}".strip()
    )


def warn_of_lambdas(network):
    """Say which layers of a network that is saved hold functions that no file brings back."""
    layers = [
        layer.name
        for layer in every_layer(network)
        if not getattr(layer, "layers", ())
        # What a constructor of the user's makes, it makes again.
        and _is_keras(type(layer))
        and any(getattr(part, "__name__", "") == "<lambda>" for part in _parts(layer, set()))
    ]
    if layers:
        warnings.warn(
            f"{network.name!r} may not load from what is saved: there is a lambda in its "
            f"{', '.join(layers)}. Use a function with a name, registered with "
            "keras.saving.register_keras_serializable."
        )


@contextlib.contextmanager
def _findable(network):
    """Let Keras find the functions and classes that a network is made of by their names.

    For this time a function has a name of its own: that of two lambdas is the same, and one
    called `relu` would be taken for Keras's.
    """
    known, names = {}, {}
    for part in _parts(network, set()):
        cls = part if isinstance(part, types.FunctionType) else type(part)
        if _is_keras(cls) or keras.saving.get_registered_name(cls) != cls.__name__:
            continue
        if part is cls:
            names[part] = part.__name__
            part.__name__ = f"function_{len(names)}"
        known[cls.__name__] = cls
    try:
        with keras.saving.custom_object_scope(known):
            yield
    finally:
        for function, name in names.items():
            function.__name__ = name


def _is_keras(part):
    return str(part.__module__).split(".")[0] == "keras"


def _parts(value, seen):
    """Functions, and objects with a configuration, that a layer holds."""
    if id(value) in seen:
        return
    seen.add(id(value))
    held = ()
    if isinstance(value, types.FunctionType):
        yield value
    elif isinstance(value, (list, tuple)):
        held = value
    elif isinstance(value, dict):
        held = value.values()
    elif hasattr(value, "get_config") and not isinstance(value, type):
        yield value
        # Keras wraps a layer's methods.
        held = [v for key, v in vars(value).items() if not hasattr(type(value), key)]
        held += getattr(value, "layers", ())
    for item in list(held):
        yield from _parts(item, seen)
