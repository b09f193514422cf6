"""One decorator makes a class known to Keras's serialisation, as `kerasgan>Name`."""

import keras

register = keras.saving.register_keras_serializable(package="kerasgan")
