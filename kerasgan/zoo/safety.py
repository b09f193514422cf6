"""What the config.json of an entry, which comes from anywhere, may name, and how much it may make.

Keras would import the module that a config names. Here only what is loaded already counts:
what somebody registered in this process, and the classes of Keras that networks are made of.
"""

import contextlib
import inspect
import math
import sys
import threading

import keras

_VALUES = ("__keras_tensor__", "__tensor__", "__numpy__", "__bytes__", "__ellipsis__", "__slice__")
_FUNCTIONS = {
    name
    for module in (keras.activations, keras.losses, keras.metrics)
    for name in dir(module)
    if inspect.isfunction(getattr(module, name))
} - {"get", "serialize", "deserialize"}
_PARTS = (
    keras.Operation,
    keras.DTypePolicy,
    keras.Initializer,
    keras.Loss,
    keras.Metric,
    keras.Optimizer,
    keras.Quantizer,
    keras.Regularizer,
    keras.constraints.Constraint,
    keras.optimizers.schedules.LearningRateSchedule,
    keras.random.SeedGenerator,
)
_THAT_CARRY_CODE = (
    keras.layers.FlaxLayer,
    keras.layers.JaxLayer,
    keras.layers.TFSMLayer,
    keras.layers.TorchModuleWrapper,
)


_one_at_a_time = threading.RLock()


@contextlib.contextmanager
def weights_at_most(most, path):
    """Refuse inside, before memory is taken, layers whose weights are more than `most` numbers.

    A layer is built by making its weights, and shapes follow from layers before it: nothing but
    building tells how many there are. So the door through which every layer makes them counts.

    Args:
        most: How many numbers the weights of this thread's layers may have, all together.
        path: Of what is read, for the message.
    """
    thread, made = threading.get_ident(), 0

    def counted(layer, shape=None, *args, **kwargs):
        nonlocal made
        if threading.get_ident() == thread:
            made += math.prod(shape or ())
            if made > most:
                raise ValueError(
                    f"{path} describes networks of more than {most:,} weights, which the files "
                    "beside it cannot hold."
                )
        return add_weight(layer, shape, *args, **kwargs)

    with _one_at_a_time:
        add_weight = keras.Layer.add_weight
        keras.Layer.add_weight = counted
        try:
            yield
        finally:
            keras.Layer.add_weight = add_weight


def check_classes(config, path):
    """Raise a ValueError if the config read from `path` names what an entry may not make."""
    if isinstance(config, list):
        for value in config:
            check_classes(value, path)
    if not isinstance(config, dict):
        return
    if "class_name" in config and not _is_known(config):
        name, module = config["class_name"], config.get("module")
        if name == "function":
            name = config.get("config")
        raise ValueError(
            f"{path} names {name!r} of {module!r}, which is unknown here or could run code. "
            "If it is a class or function of your own, register it with "
            "keras.saving.register_keras_serializable before loading; if it is kerasgan's, "
            "update kerasgan."
        )
    for value in config.values():
        check_classes(value, path)


def _is_known(config):
    name, module = config["class_name"], config.get("module")
    if name == "function":
        name = config.get("config")
        registered = keras.saving.get_registered_object(str(name))
        return bool(registered) or (module == "builtins" and str(name) in _FUNCTIONS)
    if name in _VALUES:
        return True
    registered = keras.saving.get_registered_object(str(config.get("registered_name", name)))
    if registered or str(module).split(".")[0] != "keras":
        # Without a module Keras would go by the older format's rules.
        return bool(registered) and "module" in config
    found = getattr(sys.modules.get(module), str(name), None)
    return (
        isinstance(found, type)
        and issubclass(found, _PARTS)
        and not issubclass(found, _THAT_CARRY_CODE)
    )
