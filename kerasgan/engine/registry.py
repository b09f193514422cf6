"""One decorator makes a class known to Keras's serialisation and to kerasgan."""

import keras

PACKAGE = "kerasgan"
REGISTERED = {}


def register(cls):
    """Make `cls` serialisable as `"kerasgan>Name"` and list it in `REGISTERED`."""
    REGISTERED[cls.__name__] = cls
    return keras.saving.register_keras_serializable(package=PACKAGE)(cls)
