"""A trained model in use: outside of a step."""

from kerasgan.engine import backend
from kerasgan.engine.data import described
from kerasgan.engine.serving import IsServed
from kerasgan.engine.shapes import shapes


class IsUsed(IsServed):
    """What users, callbacks, reports and the zoo ask of an `AdversarialModel`."""

    @property
    def network(self):
        """The network that the verb runs."""
        return getattr(self, f"averaged_{self.averaged[0]}")

    def run(self, inputs, network=None):
        """What a network, by default the verb's, makes of a batch outside of a step.

        Of float32 NumPy arrays; so is what it gives.
        """
        made = backend.run_network(self, network or self.network, inputs)
        return made.astype("float32", copy=False)

    def predict(self, x, **kwargs):
        taken = shapes(self.network)[0]
        taken = taken if isinstance(taken, list) else [taken]
        given = list(x) if isinstance(x, (list, tuple)) else [x]
        # A dataset has no shape: Keras looks at what it gives.
        is_given = hasattr(x, "shape") or isinstance(x, (str, list, tuple))
        is_dataset = not is_given and (hasattr(x, "__iter__") or hasattr(x, "__getitem__"))
        if not is_dataset and not (len(given) == len(taken) and all(map(_fits, taken, given))):
            raise ValueError(
                f"predict() hands {self.averaged[0]} its own input, of shape "
                f"{' and '.join(map(str, taken))}. Received: "
                f"{' and '.join(map(described, given))}. What this model is for is "
                f"{type(self).__name__}.{self.verb}()."
            )
        return super().predict(x, **kwargs)

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


def _fits(shape, array):
    given = tuple(getattr(array, "shape", ()))
    known = (side in (None, own) for side, own in zip(shape[1:], given[1:]))
    return len(given) == len(shape) and all(known)
