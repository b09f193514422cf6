"""Variables that one thread reads while another fits, on JAX."""

import contextlib
import threading

# In the order in which Keras hands them to a step.
STATE = ("trainable_variables", "non_trainable_variables")
STATE += ("optimizer_variables", "metrics_variables")


class SharesState:
    """A model whose variables one thread may read while another fits it.

    Keras takes the values out of the variables for an epoch and hands them to each step, which
    deletes them. Here nobody reads during a step, and the values stay in the variables until it.
    """

    def __new__(cls, *args, **kwargs):
        model = super().__new__(cls, *args, **kwargs)
        object.__setattr__(model, "_state_lock", threading.RLock())
        return model

    def make_train_function(self, force=False):
        is_made = self.train_function is not None and not force
        super().make_train_function(force)
        if not is_made:
            self.train_function = self._alone(self.train_function, STATE)

    def make_test_function(self, force=False):
        is_made = self.test_function is not None and not force
        super().make_test_function(force)
        if not is_made:
            self.test_function = self._alone(
                self.test_function, [name for name in STATE if name != "optimizer_variables"]
            )

    def _alone(self, function, names):
        def step(state, iterator):
            with self._state_lock:
                logs, state = function(state, iterator)
                # As Keras does it, but before anybody else can look.
                self._jax_state = dict(zip(names, state))
                self._jax_state_synced = False
            return logs, state

        return step

    def jax_state_sync(self):
        with self._state_lock:
            super().jax_state_sync()
            self._jax_state = None

    def _purge_model_variables(self, **groups):
        pass


@contextlib.contextmanager
def settled(model):
    with model._state_lock:
        model.jax_state_sync()
        yield
