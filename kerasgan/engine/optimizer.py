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
    other player's by the same factor, so that a schedule keeps the ratio between them. It
    raises a `TypeError` where the rate of a player is a schedule already, and moves none.
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
            try:
                optimizer.learning_rate = rates[player]
            except TypeError:
                raise TypeError(
                    f"The learning rate of the {player} is a schedule, so that no other can be "
                    "set. Compile with a number; or set the rate of one player by itself, "
                    "model.optimizer.by_player[…].learning_rate."
                ) from None
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


def for_players(model, optimizer, optimizers, half):
    """The optimizers that `compile` was given, with the paper's for the players left out.

    Args:
        model: Has `players` and `default_optimizers`.
        optimizer: One for all players, who get a copy each; or None.
        optimizers: Dict from `<player>_optimizer` to one, its name, or None.
        half: Whether losses are to be scaled, for float16.

    Returns:
        `PlayerOptimizers`.

    Raises:
        TypeError: On an argument that names no player, or a player without optimizer.
        ValueError: If two players share one optimizer object.
    """
    chosen = model.default_optimizers()
    if optimizer is not None:
        given = keras.optimizers.get(optimizer)
        chosen = {player: type(given).from_config(given.get_config()) for player in model.players}
    known = [f"{player}_optimizer" for player in model.players]
    for argument, value in optimizers.items():
        if argument not in known:
            raise TypeError(
                f"compile() got an unexpected argument {argument!r}. Each player "
                f"has its own optimizer: {', '.join(known)}; losses belong to the "
                "model."
            )
        if value is not None:
            chosen[argument.removesuffix("_optimizer")] = keras.optimizers.get(value)
    missing = [a for a in known if a.removesuffix("_optimizer") not in chosen]
    if missing:
        raise TypeError(
            f"{type(model).__name__} has no default optimizers: pass compile() "
            f"{', '.join(missing)}, or one optimizer for all."
        )
    if len({id(o) for o in chosen.values()}) < len(chosen):
        raise ValueError(
            "Two players share one optimizer object; its moments would mix. Pass "
            "one optimizer a player, or one for all as the first argument."
        )
    return PlayerOptimizers(
        {player: _scaled(chosen[player]) if half else chosen[player] for player in model.players}
    )


def _scaled(optimizer):
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        return optimizer
    return keras.optimizers.LossScaleOptimizer(optimizer)
