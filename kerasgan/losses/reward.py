"""A reward beside the discriminator's, as in ORGAN, Guimaraes et al. 2017 (arXiv:1705.10843)."""

import os

import keras
from keras import ops


class AddedReward:
    """What a network of the user's, which does not train, thinks of whole texts.

    It is no Keras object, so that Keras neither trains the network nor stores it with a model.

    Args:
        given: The path of a `.keras` file, which is read when it is first asked, a Keras model, or
            None for one that was not stored.
        shape: `(length, tokens)` of its texts.

    Raises:
        ValueError: On a network of other shapes, or what is none; of a path when it is read.
    """

    def __init__(self, given, shape):
        is_path = isinstance(given, (str, os.PathLike))
        self.path = os.fspath(given) if is_path else None
        self.shape = shape
        self.network = None if is_path or given is None else self._checked(given)

    def prepare(self):
        """Read the network: before a step is traced, where no variable can be made."""
        if self.network is not None:
            return
        if self.path is None:
            raise ValueError(
                "reward_weight is above 0, and there is no reward: one that was given as a Keras "
                "model is not stored with the weights. Give it to model.use_reward(network) first."
            )
        if not os.path.isfile(self.path):
            raise ValueError(
                f"There is no file {self.path!r} of a reward. Before training on, give "
                "model.use_reward(network) the one that it was trained with."
            )
        self.network = self._checked(keras.saving.load_model(self.path, compile=False))

    def check(self, samples):
        """Refuse a network that gives texts, one-hot, what is no reward."""
        self.prepare()
        found = ops.convert_to_numpy(self(samples))
        if not ((found >= 0) & (found <= 1)).all():
            raise ValueError(
                "reward must be in [0, 1], as the discriminator's share is: let its last layer "
                f"have the activation sigmoid. Received for the data {found.min():.3g} to "
                f"{found.max():.3g}"
            )

    def __call__(self, samples):
        """Of one-hot texts `(batch, length, tokens)` the reward of each, `(batch,)`."""
        self.prepare()
        return ops.cast(self.network(samples, training=False)[:, 0], keras.config.floatx())

    def _checked(self, network):
        if not isinstance(network, keras.Model) or not network.built:
            raise ValueError(
                "reward must be a built keras.Model or the path of a .keras file. Received: "
                f"{network!r}"
            )
        length, tokens = self.shape
        try:
            made = network(keras.KerasTensor((None, length, tokens)), training=False).shape
        except Exception:  # each layer raises its own
            made = None
        if made is None or tuple(made) != (None, 1):
            found = "does not take them" if made is None else f"makes {tuple(made)} of them"
            raise ValueError(
                f"reward must go from one-hot texts (None, {length}, {tokens}) to (None, 1). "
                f"Received {network.name!r}, which {found}"
            )
        return network
