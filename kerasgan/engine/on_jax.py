"""What a step needs of JAX.

A step runs inside a `keras.StatelessScope`, and what `jax.grad` traces needs a scope of its own
whose parent must be found: Keras exports the scope, not the function that returns the current one.
"""

import jax
import keras
from keras import ops
from keras.src.backend.common.stateless_scope import get_stateless_scope

from kerasgan.engine import by_keras

outside_of_step = by_keras.called
order_kernels = by_keras.nothing
move_towards = by_keras.move_towards
batch_normalization = by_keras.batch_normalization
framework_random_state = by_keras.nothing
set_framework_random_state = by_keras.nothing
without_autotune = by_keras.nothing
# Keras's own conversion compiles a program a shape.
as_kept = jax.device_put


def _child(parent, overrides=()):
    scope = keras.StatelessScope()
    scope.state_mapping = dict(parent.state_mapping)
    scope.state_mapping.update({id(v): value for v, value in overrides})
    return scope


def _updates(child, parent, skip=()):
    # A traced value must not reach the parent by side effect: what the child wrote leaves
    # `jax.grad` as an auxiliary output.
    skip = {id(v) for v in skip}
    return {
        key: value
        for key, value in child.state_mapping.items()
        if key not in skip and value is not parent.state_mapping.get(key)
    }


def gradients(loss_fn, variables, scale_loss):
    parent = get_stateless_scope()

    def scaled_loss(values):
        with _child(parent, zip(variables, values)) as scope:
            loss = loss_fn()
            scaled = scale_loss(loss)
        return scaled, (loss, _updates(scope, parent, skip=variables))

    values = [v.value for v in variables]
    found, (loss, updates) = jax.grad(scaled_loss, has_aux=True)(values)
    parent.state_mapping.update(updates)
    return loss, found


def apply(optimizer, gradients, variables):
    # Not `optimizer.apply`: loss scaling branches with `lax.cond`, which only the stateless form
    # can cross.
    state = optimizer.variables
    values, new_state = optimizer.stateless_apply(
        [v.value for v in state], gradients, [v.value for v in variables]
    )
    for variable, value in zip([*variables, *state], [*values, *new_state]):
        variable.assign(value)


def input_gradient(fn, x):
    parent = get_stateless_scope()
    if parent is None:
        return jax.grad(lambda x: ops.sum(fn(x)))(x)

    def total(x):
        with _child(parent) as scope:
            y = ops.sum(fn(x))
        return y, _updates(scope, parent)

    gradient, updates = jax.grad(total, has_aux=True)(x)
    parent.state_mapping.update(updates)
    return gradient


def without_gradient(fn, *args, **kwargs):
    return jax.lax.stop_gradient(fn(*args, **kwargs))


def when(condition, turn, variables):
    parent = get_stateless_scope()

    def taken(values):
        with _child(parent, zip(variables, values)) as scope:
            turn()
            return [scope.get_current_value(v) for v in variables]

    before = [v.value for v in variables]
    after = jax.lax.cond(condition, taken, lambda values: values, before)
    for variable, value in zip(variables, after):
        variable.assign(value)


def rehearse(fn, variables):
    with keras.StatelessScope((v, v.value) for v in variables):
        jax.eval_shape(fn)


def seed_of_latents(seed_generator):
    # A key that is split off, as in a loop written for JAX. Latents from Keras's counter are the
    # same to XLA's compiler but for the order it computes a step in, and it finds one that takes
    # more scratch memory and, by `benchmarks/train_step.py`, more time.
    return jax.random.split(seed_generator.next(), 1)[0]


def run_step(step, args, groups):
    # Keras hands over `(state, data)` and wants `(logs, state)` back.
    state, data = args
    pairs = [pair for group, values in zip(groups, state) for pair in zip(group, values)]
    with keras.StatelessScope(pairs) as scope:
        logs = step(data)
    return logs, tuple([scope.get_current_value(v) for v in group] for group in groups)


def without_effect(fn, variables):
    @jax.jit
    def stateless(values, args):
        with keras.StatelessScope(zip(variables, values)):
            return fn(*args)

    return lambda *args: stateless([v.value for v in variables], args)


def accelerator():
    device = jax.devices()[0]
    return None if device.platform == "cpu" else device.device_kind


def sync_state(model):
    model.jax_state_sync()
