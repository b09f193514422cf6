"""What an adversarial loss is."""


class AdversarialLoss:
    """A loss for each player, of the logits of real and of generated samples.

    Both methods take `(real, fake)`: logits of any, equal, shape, unbounded. A subclass
    that is registered with Keras (`keras.saving.register_keras_serializable`) is saved
    with its model.

    Attributes:
        pairs: Whether the generator's loss looks at `real`; where it does not, `real` is
            None there, and the discriminator need not run on real samples.
        shown: Names of what `scores` returns.
    """

    pairs = False
    shown = ("real_score", "fake_score")

    def discriminator(self, real, fake):
        """What the discriminator or critic lowers: a scalar."""
        raise NotImplementedError

    def generator(self, real, fake):
        """What the generator lowers: a scalar."""
        raise NotImplementedError

    def scores(self, real, fake):
        """What the progress bar shows: dict from a name to a tensor, whose mean is shown."""
        return {"real_score": real, "fake_score": fake}

    def get_config(self):
        return {}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


def checked_smoothing(label_smoothing):
    """`label_smoothing`, or a `ValueError` if it is out of [0, 0.5)."""
    if not 0.0 <= label_smoothing < 0.5:
        raise ValueError(
            f"label_smoothing must be in [0, 0.5). Received: label_smoothing={label_smoothing}"
        )
    return label_smoothing
