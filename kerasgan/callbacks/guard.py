"""What to do when a number is no number any more."""

import math
import warnings

import keras
import numpy as np
from keras import ops

from kerasgan.engine import backend
from kerasgan.engine.shapes import ANY_SIDE, shapes


class NumericsGuard(keras.callbacks.Callback):
    """Stop the run, or roll it back, when a loss, weight or output is NaN or infinite.

    Losses are looked at after every step, beside the training where the backend allows it;
    weights, the optimizers' state and what the verb's network makes of noise at the end of every
    epoch. The model then gets the state of the last good epoch back, which is kept in memory.
    Either the run stops with an error that names what was found, or it goes on with all learning
    rates lowered.

    Put it first in the list of callbacks: those that save at the end of an epoch, such as
    `TrainingState` and `keras.callbacks.BackupAndRestore`, then never see a bad state, and the
    error leaves their files as they are.

    Args:
        roll_back: Go on from the last good state in place of stopping. A warning says what
            was found, and the log gets `rollbacks`, the number of them in the epoch, and
            `learning_rate`, the first player's. After 10 without a good epoch between them
            the run stops all the same.
        factor: Float in (0, 1]. What a rollback multiplies the learning rate of every player
            with.

    Raises:
        ValueError: On a factor out of its range; from `fit`, if a learning rate is a schedule,
            which cannot be lowered.
        FloatingPointError: From `fit`, when the run stops.

    Example:

    ```python
    guard = kerasgan.callbacks.NumericsGuard(roll_back=True)
    state = kerasgan.callbacks.TrainingState("run/state.weights.h5", len(dataset))
    model.fit(dataset, epochs=50, callbacks=[guard, state])
    ```
    """

    # Keras may then call `on_train_batch_end` in a thread, and waits for no step's losses.
    async_safe = True
    LIMIT = 10

    def __init__(self, *, roll_back: bool = False, factor: float = 0.5):
        super().__init__()
        if not 0.0 < factor <= 1.0:
            raise ValueError(f"factor must be in (0, 1]. Received: factor={factor}")
        self.roll_back = roll_back
        self.factor = factor

    def on_train_begin(self, logs=None):
        # Not yet the state itself: `BackupAndRestore` may still load one.
        self._good, self._in_a_row = None, 0
        for player, optimizer in self.model.optimizer.by_player.items():
            try:
                optimizer.learning_rate = float(optimizer.learning_rate)
            except TypeError:
                if self.roll_back:
                    raise ValueError(
                        f"The learning rate of the {player} is a schedule, which a rollback "
                        "cannot lower. Compile with a number, and set it by a callback."
                    ) from None

    def on_epoch_begin(self, epoch, logs=None):
        self._found, self._since, self._rollbacks = None, 0, 0
        if self._good is None:
            self._good, bad = self._state()
            self._good_epoch = epoch
            if bad:
                raise FloatingPointError(
                    f"Not finite before the first step: {_listed(bad)}. Load other weights."
                )

    def on_train_batch_end(self, batch, logs=None):
        if bad := _not_finite(logs):
            self._found = batch, bad

    def on_train_batch_begin(self, batch, logs=None):
        # Steps from before a rollback may report late.
        if self._found and self._found[0] >= self._since:
            found, bad = self._found
            backend.sync_state(self.model)
            self._act(bad, f"at batch {found + 1}")
            # Means over the epoch's steps: one that is not finite would stay so.
            self.model.reset_metrics()
            self._since = batch

    def on_epoch_end(self, epoch, logs=None):
        state, bad = self._state()
        bad = _not_finite(logs) or bad or self._bad_outputs()
        if bad:
            self._act(bad, f"at the end of epoch {epoch + 1}")
        else:
            self._good, self._good_epoch, self._in_a_row = state, epoch + 1, 0
        if self.roll_back:
            logs["rollbacks"] = self._rollbacks
            logs["learning_rate"] = float(self.model.optimizer.learning_rate)

    def _variables(self):
        model = self.model
        found = [
            *model.trainable_variables,
            *model.non_trainable_variables,
            *model.optimizer.variables,
        ]
        # The count of steps goes on, for what is named or resumed by it.
        return [v for v in found if v is not model.optimizer.iterations]

    def _state(self):
        """Copies of all variables, and the names of those that are not finite."""
        variables = self._variables()
        state = [np.array(ops.convert_to_numpy(v)) for v in variables]
        return state, [v.path for v, a in zip(variables, state) if not np.isfinite(a).all()]

    def _bad_outputs(self):
        taken, random = shapes(self.model.network)[0], np.random.default_rng(0)
        inputs = [
            random.standard_normal((4, *(side or ANY_SIDE for side in shape[1:])), "float32")
            for shape in (taken if isinstance(taken, list) else [taken])
        ]
        made = self.model.run(inputs if len(inputs) > 1 else inputs[0])
        return (
            [] if np.isfinite(made).all() else [f"what the averaged {self.model.averaged[0]} makes"]
        )

    def _act(self, bad, when):
        rate = float(self.model.optimizer.learning_rate)
        for variable, array in zip(self._variables(), self._good):
            variable.assign(array)
        self._rollbacks += 1
        self._in_a_row += 1
        what = (
            f"Not finite {when}: {_listed(bad)}. The model has its state after epoch "
            f"{self._good_epoch} again"
        )
        if not self.roll_back:
            raise FloatingPointError(
                f"{what}. Lower the learning rates, or let NumericsGuard(roll_back=True) do it."
            )
        if self._in_a_row > self.LIMIT:
            raise FloatingPointError(
                f"{what}, but {self.LIMIT} rollbacks in a row have not helped. Look at the data, "
                "or begin with lower learning rates."
            )
        self.model.optimizer.learning_rate = rate * self.factor
        warnings.warn(f"{what}; learning rates are multiplied by {self.factor}.")


def _not_finite(logs):
    return [name for name, value in logs.items() if "loss" in name and not math.isfinite(value)]


def _listed(names):
    shown = ", ".join(names[:3])
    return shown if len(names) < 4 else f"{shown} and {len(names) - 3} more"
