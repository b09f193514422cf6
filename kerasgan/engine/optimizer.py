"""One optimizer object that owns one optimizer a player."""

import keras

from kerasgan.engine.registry import register


@register
class PlayerOptimizers(keras.optimizers.Optimizer):
    """What `fit`, `save` and callbacks see of a model with several optimizers.

    Keras reads one `model.optimizer`: its `variables` are the state that JAX threads
    through a step and that files keep, its `learning_rate` is what schedules set. This
    object hands each of these on to one optimizer a player.

    Args:
        optimizers: Dict from a player's name to its `keras.optimizers.Optimizer`.
        name: String.

    Setting `learning_rate` moves the first player's rate to the given value and every
    other player's by the same factor, so that a schedule keeps the ratio between them.
    `iterations` counts training steps.
    """

    def __init__(self, optimizers, name="player_optimizers"):
        super().__init__(learning_rate=0.0, name=name)
        # Not `optimizers`: Keras's callbacks would set each rate by itself then, and an
        # absolute schedule would make them equal.
        self.by_player = optimizers

    def build(self, variables):
        """Create the state of every player's optimizer.

        Args:
            variables: Dict from a player's name to the variables it moves.
        """
        for player, optimizer in self.by_player.items():
            if not optimizer.built:
                with keras.name_scope(player):
                    optimizer.build(variables[player])
        super().build([v for group in variables.values() for v in group])

    @property
    def variables(self):
        inner = [v for o in self.by_player.values() for v in o.variables]
        return [self._iterations, *inner]

    @property
    def learning_rate(self):
        return next(iter(self.by_player.values())).learning_rate

    @learning_rate.setter
    def learning_rate(self, value):
        rates = {p: float(o.learning_rate) for p, o in self.by_player.items()}
        first = next(iter(rates.values()))
        for player, optimizer in self.by_player.items():
            ratio = rates[player] / first if first else 1.0
            optimizer.learning_rate = float(value) * ratio

    def finalize_variable_values(self, var_list):
        for optimizer in self.by_player.values():
            optimizer.finalize_variable_values(optimizer._trainable_variables)

    def save_own_variables(self, store):
        # The players' optimizers are saved as this object's children.
        store["iterations"] = keras.ops.convert_to_numpy(self._iterations)

    def load_own_variables(self, store):
        self._iterations.assign(store["iterations"])

    def get_config(self):
        return {
            "name": self.name,
            "optimizers": {
                player: keras.saving.serialize_keras_object(optimizer)
                for player, optimizer in self.by_player.items()
            },
        }

    @classmethod
    def from_config(cls, config):
        optimizers = {
            player: keras.saving.deserialize_keras_object(optimizer)
            for player, optimizer in config["optimizers"].items()
        }
        return cls(optimizers, name=config["name"])
