"""What a discriminator says, of what it is shown: logits, and augmentation before them."""

import keras
import numpy as np
from keras import ops

from kerasgan.engine.shapes import moved_together


class Judges:
    """What `AdversarialModel` shows its discriminators."""

    def logits(self, network, *inputs, training=True):
        """What a discriminator says of its (augmented) inputs, in float32 or better."""
        inputs = self.augment(inputs, training)
        outputs = network(inputs[0] if len(inputs) == 1 else list(inputs), training=training)
        if isinstance(outputs, (list, tuple)):
            return [ops.cast(output, keras.config.floatx()) for output in outputs]
        return ops.cast(outputs, keras.config.floatx())

    def augment(self, inputs, training=True):
        """Tuple of a discriminator's inputs as it sees them.

        Inputs of the same height and width are augmented as one, by the same draw; what is no
        image, such as labels, is left as it is.
        """
        layers = self._augmentations()
        if not training or not layers:
            return inputs
        moved = moved_together([x.shape for x in inputs])
        x = ops.concatenate([inputs[i] for i in moved], axis=-1) if len(moved) > 1 else inputs[0]
        for layer in layers:
            x = layer(x, training=True)
        ends = np.cumsum([inputs[i].shape[-1] for i in moved])[:-1].tolist()
        parts = dict(zip(moved, ops.split(x, ends, axis=-1) if ends else [x]))
        return tuple(parts.get(i, given) for i, given in enumerate(inputs))

    def observe(self, real_logits):
        """Let augmentation that adapts see the logits of the real samples of a turn."""
        for layer in self._augmentations():
            if hasattr(layer, "observe"):
                layer.observe(ops.stop_gradient(real_logits))
                self.log(**layer.report)

    def _augmentations(self):
        given = self.augmentation
        layers = given if isinstance(given, (list, tuple)) else [given]
        return [layer for layer in layers if layer is not None]
