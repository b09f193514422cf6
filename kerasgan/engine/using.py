"""A trained model in use: outside of a step."""

from keras import ops

from kerasgan.engine import backend
from kerasgan.engine.shapes import shapes


class IsUsed:
    """What users, callbacks, reports and the zoo ask of an `AdversarialModel`."""

    @property
    def network(self):
        """The network that the verb runs."""
        return getattr(self, f"averaged_{self.averaged[0]}")

    def run(self, inputs):
        """What the verb's network makes of a batch, float32 NumPy arrays, outside of a step."""
        backend.sync_state(self)
        return self.network.predict_on_batch(inputs).astype("float32", copy=False)

    def predict(self, x, **kwargs):
        taken = shapes(self.network)[0]
        given = getattr(x, "shape", None)
        if given is not None and not isinstance(taken, list):
            fits = (side in (None, other) for side, other in zip(taken[1:], given[1:]))
            if len(given) != len(taken) or not all(fits):
                raise ValueError(
                    f"predict() hands {self.averaged[0]} its own input, of shape {taken}. "
                    f"Received: shape {tuple(given)}. What this model is for is "
                    f"{type(self).__name__}.{self.verb}()."
                )
        return super().predict(x, **kwargs)

    def export(self, filepath, format="tf_saved_model", **kwargs):
        """Write the verb's network for a serving runtime, as `keras.Model.export` does."""
        taken = shapes(self.network)[0]
        taken = taken if isinstance(taken, list) else [taken]
        # Keras exports what has been called.
        zeros = [ops.zeros([1 if side is None else side for side in shape]) for shape in taken]
        self.network(zeros if len(zeros) > 1 else zeros[0])
        self.network.export(filepath, format=format, **kwargs)

    # What callbacks, reports and the zoo ask for.

    def preview(self, n: int = 64, seed: int = 0, batch: dict | None = None):
        """A picture of what the model makes.

        Args:
            n: Number of samples.
            seed: Integer, of what is drawn.
            batch: Held-out data by name, for a model that makes something of what it is given.

        Returns:
            uint8 array `(height, width, channels)`.
        """
        raise NotImplementedError(f"{type(self).__name__} has no preview().")

    def samples(self, n, seed=0, batch=None):
        """`n` samples as the verb gives them, to be measured; arguments as of `preview`."""
        raise ValueError(f"{type(self).__name__} makes no samples of its own: see {self.verb}().")

    def judged(self, batch):
        """What shows how a discriminator judges, for `Diagnosis`; inside a step.

        Args:
            batch: As a loss gets it.

        Returns:
            Dict of tensors, any of: `samples`, what was generated; `real_logits` and
            `fake_logits`.
        """
        return {}

    def measure(self, batch):
        """Figures of held-out data by name: dict from a name to a float."""
        return {}

    def data_options(self):
        """Arguments of the door that follow from the networks."""
        return {}

    def card_fields(self):
        """What a card says beside what every card says."""
        return {}

    def reference_inputs(self, n):
        """Arguments of `reference_samples` whose result is kept to check the weights by."""
        raise NotImplementedError(f"{type(self).__name__} has no reference_inputs().")

    def reference_samples(self, **inputs):
        """What those arguments give, as an array."""
        return getattr(self, self.verb)(**inputs)
