"""A step: a sequence of turns, on one device or as one of several replicas."""

import keras
from keras import ops

from kerasgan.engine import backend, beyond_keras, devices
from kerasgan.engine.data import named


class Steps:
    """What `AdversarialModel` does in a step of `fit` or `evaluate`."""

    def read_batch(self, data):
        """A batch by name, as the networks see it."""
        given = named(data, (*self.takes, *self.beside))
        if missing := [name for name in self.takes if name not in given]:
            raise ValueError(
                f"A batch holds {', '.join(self.takes)}. Received one without {', '.join(missing)}"
            )
        return {name: self.modalities[name].to_network(value) for name, value in given.items()}

    def _step(self, data, training):
        given = named(data, (*self.takes, *self.beside))
        with devices.replica(self):
            # Held-out data are read whole by every process.
            is_own = training and self.reads_own
            self._turns(given if is_own else devices.share(given), training)
        return {metric.name: metric.result() for metric in self.metrics}

    def _turns(self, given, training):
        self.watch({name: value for name, value in given.items() if name in self.takes})
        batch = self.read_batch(given)
        for player in self.players:
            if training and self.every.get(player, 1) > 1:
                due = ops.equal(self.optimizer.iterations % self.every[player], 0)
                backend.when(
                    due, lambda player=player: self.turn(player, batch), self._variables_of_step()
                )
                continue
            for _ in range(self.repeats.get(player, 1) if training else 1):
                self.turn(player, batch, training)
        if training:
            if self.privacy is None:
                self.after_step(batch)
            self._average()
            self.optimizer.iterations.assign_add(1)

    def turn(self, player, batch, training=True):
        """One turn of a player: its loss is lowered by moving its networks."""
        drawn = devices.spread(self.draw(batch))
        if training and self.privacy is not None and player != "discriminator":
            drawn = self.privacy.without_data(drawn)
        if training:
            optimizer, variables = self.optimizer.by_player[player], self.variables_of(player)
            if self.privacy is not None and player == "discriminator":
                loss, gradients = self.privacy.gradients(drawn, variables)
            else:
                loss, gradients = backend.gradients(
                    lambda: self.whole_loss(player, drawn), variables, optimizer.scale_loss
                )
            backend.apply(optimizer, gradients, variables)
            self.after_turn(player)
        else:
            loss = self.whole_loss(player, drawn, training=False)
        n = ops.shape(next(iter(batch.values())))[0]
        self.trackers[f"{player}_loss"].update_state(loss, sample_weight=n)

    def whole_loss(self, player, batch, **training):
        """A player's loss, with what the layers of its networks add to it."""
        own, networks = self.networks_of(player), self.networks().values()
        with beyond_keras.added_losses(own, networks) as added:
            loss = getattr(self, f"{player}_loss")(batch, **training)
        weights = [v for v in self.variables_of(player) if v.regularizer is not None]
        added = [ops.sum(one) for one in [*added, *(v.regularizer(v) for v in weights)]]
        return sum((ops.cast(one, keras.config.floatx()) for one in added), loss)

    def decay(self):
        """The decay of the averages at this step."""
        return self.ema_decay

    def _average(self):
        step = ops.cast(self.optimizer.iterations, "float32")
        decay = ops.minimum(self.decay(), (1.0 + step) / (10.0 + step))
        for name in self.averaged:
            average, network = getattr(self, f"averaged_{name}"), getattr(self, name)
            backend.move_towards(average.weights, network.weights, 1.0 - decay)

    def _groups(self):
        return (
            self.trainable_variables,
            self.non_trainable_variables,
            self.optimizer.variables,
            self.metrics_variables,
        )

    def _variables_of_step(self):
        return [v for group in self._groups() for v in group]

    def train_step(self, *args):
        return backend.run_step(lambda data: self._step(data, True), args, self._groups())

    def test_step(self, *args):
        trained, others, _, metrics = self._groups()
        groups = (trained, others, metrics)
        return backend.run_step(lambda data: self._step(data, False), args, groups)
