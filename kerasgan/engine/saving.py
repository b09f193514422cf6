"""How a model is saved: its arguments, and the state that Keras does not keep by itself."""

import inspect

import keras
import numpy as np
from keras import ops

from kerasgan.engine import backend
from kerasgan.engine.copying import warn_of_lambdas
from kerasgan.engine.shapes import every_layer, reason_of

_OPEN = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)


class Saves:
    """Configuration and variables of an `AdversarialModel`.

    The configuration holds the constructor's arguments, those of a user's subclass too: by
    the attribute of the same name where there is one, else as they were given.
    """

    def __new__(cls, *args, **kwargs):
        model = super().__new__(cls, *args, **kwargs)
        signature = inspect.signature(cls.__init__)
        given = signature.bind_partial(model, *args, **kwargs).arguments
        itself, *parameters = signature.parameters.values()
        del given[itself.name]
        for parameter in parameters:
            if parameter.kind is inspect.Parameter.VAR_KEYWORD:
                given |= given.pop(parameter.name, {})
            elif parameter.kind is inspect.Parameter.VAR_POSITIONAL and parameter.name in given:
                raise TypeError(
                    f"{cls.__name__}.__init__ takes *{parameter.name}, which cannot be saved by "
                    "name. Name its arguments."
                )
        # Not by Keras's way of setting: networks would be tracked before there is a model.
        object.__setattr__(model, "_given", given)
        return model

    def stored_networks(self):
        """What an entry of the zoo holds: dict from a name to a network, averaged if it is."""
        averages = {name: getattr(self, f"averaged_{name}") for name in self.averaged}
        return self.networks() | averages

    def needed(self):
        """Set of the names of the stored networks that the verb needs."""
        return set(self.averaged)

    def get_config(self):
        for network in self.networks().values():
            warn_of_lambdas(network)
        # Defaults too: those of a later version may differ.
        known = {n: p.default for n, p in arguments(type(self)).items() if p.default is not p.empty}
        return {
            name: keras.saving.serialize_keras_object(getattr(self, name, value))
            for name, value in (known | self._given).items()
        }

    @classmethod
    def from_config(cls, config):
        made = {}
        for name, value in config.items():
            try:
                made[name] = deserialized(value)
            except Exception as error:  # each class raises its own, with all of its configuration
                raise ValueError(
                    f"The {name} of this {cls.__name__} cannot be made: {reason_of(error)}"
                ) from error
        return cls(**made)

    def _own_weights(self):
        networks = [*self.networks().values(), *self.stored_networks().values()]
        theirs = {id(w) for layer in [*networks, *self._augmentations()] for w in layer.weights}
        return [w for w in self.weights if id(w) not in theirs]

    def _random_states(self):
        weights = {id(w) for w in self.non_trainable_weights}
        return [v for v in self.non_trainable_variables if id(v) not in weights]

    def save_own_variables(self, store):
        for i, weight in enumerate(self._own_weights()):
            store[f"own_{i}"] = ops.convert_to_numpy(weight)
        # Keras keeps no seed-generator state, without which a resumed run would differ.
        for i, state in enumerate(self._random_states()):
            store[f"random_{i}"] = ops.convert_to_numpy(state)
        framework = backend.framework_random_state()
        if framework is not None:
            store["random_framework"] = framework

    def load_own_variables(self, store):
        for i, weight in enumerate(self._own_weights()):
            weight.assign(np.array(store[f"own_{i}"]))
        for i, state in enumerate(self._random_states()):
            if f"random_{i}" in store.keys():  # noqa: SIM118 - an h5 store
                state.assign(np.array(store[f"random_{i}"]))
        # That state belongs to the whole program: only a run that is resumed may set it.
        if self.compiled and "random_framework" in store.keys():  # noqa: SIM118
            backend.set_framework_random_state(np.array(store["random_framework"]))


def arguments(cls):
    """What a model is made with: dict from a name to its `inspect.Parameter`.

    Its own arguments and, as far as it hands others on, the keyword-only ones of its bases
    without those that it `fixes`. Of a class with a constructor that does not say what it
    fixes, its own and its root's.
    """
    found, fixed, silent = {}, set(), False
    for base in (c for c in cls.__mro__ if issubclass(c, Saves) and c is not Saves):
        own = list(inspect.signature(base.__init__).parameters.values())[1:]
        is_root = base.__name__ == "AdversarialModel"
        for parameter in own if not silent or is_root else ():
            is_meant = base is cls or parameter.kind is inspect.Parameter.KEYWORD_ONLY
            if is_meant and parameter.kind not in _OPEN and parameter.name not in fixed:
                found.setdefault(parameter.name, parameter)
        if "__init__" in base.__dict__ or "fixes" in base.__dict__:
            fixed |= set(base.__dict__.get("fixes", ()))
            silent |= "fixes" not in base.__dict__
        if not any(p.kind is inspect.Parameter.VAR_KEYWORD for p in own):
            break
    return found


def deserialized(value):
    """What Keras has serialised, in lists too."""
    if isinstance(value, (list, tuple)):
        return [deserialized(item) for item in value]
    is_object = isinstance(value, dict) and "class_name" in value
    return keras.saving.deserialize_keras_object(value) if is_object else value


def is_float16(network):
    """Whether any layer computes in mixed float16."""
    # A loaded network keeps the policy of its layers, not its own.
    return any(layer.dtype_policy.name == "mixed_float16" for layer in every_layer(network))
