"""The only file that knows which backend runs.

It also holds what the project takes from Keras beyond its public API. On JAX a step runs
inside a `keras.StatelessScope`, and what `jax.grad` traces needs a scope of its own whose
parent must be found: Keras exports the scope, not the function that returns the current
one. A variable's initializer is replaced before it runs, in `start_from`. What `fit` reads
on TensorFlow is set in `without_autotune`, and what Keras believes to be installed in
`without_tensorflow`: no public argument reaches either.
"""

import contextlib
import sys

import keras
import numpy as np
from keras import ops
from keras.src.utils.module_utils import tensorflow as lazy_tensorflow

BACKEND = keras.backend.backend()

if BACKEND == "tensorflow":
    import tensorflow as tf

    def minimize(loss_fn, variables, optimizer):
        """One player's turn: lower `loss_fn()` by moving `variables`; returns the loss."""
        values = [v.value for v in variables]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(values)
            loss = loss_fn()
            # Keras sums gradients over the replicas of a `tf.distribute` strategy.
            replicas = tf.distribute.get_strategy().num_replicas_in_sync
            scaled = optimizer.scale_loss(loss / replicas)
        optimizer.apply(tape.gradient(scaled, values), variables)
        return loss

    def input_gradient(fn, x):
        """The gradient of `sum(fn(x))` with respect to `x`, differentiable again."""
        with tf.GradientTape() as tape:
            tape.watch(x)
            total = ops.sum(fn(x))
        return tape.gradient(total, x)

    def without_gradient(fn, *args, **kwargs):
        """Call `fn` and cut its result off from whatever is being differentiated."""
        return tf.stop_gradient(fn(*args, **kwargs))

elif BACKEND == "torch":
    import torch

    def minimize(loss_fn, variables, optimizer):
        """One player's turn: lower `loss_fn()` by moving `variables`; returns the loss."""
        with torch.enable_grad():
            loss = loss_fn()
            scaled = optimizer.scale_loss(loss)
            # Only this player's gradients are computed: nothing accumulates in `.grad`.
            values = [v.value for v in variables]
            # A player may have nothing to move: PyTorch refuses to differentiate by nothing.
            gradients = torch.autograd.grad(scaled, values, allow_unused=True) if values else []
        with torch.no_grad():
            # One copy, or every operation of the optimizer walks memory in another order than
            # the variable's.
            gradients = [
                g if g is None or g.stride() == v.stride() else torch.empty_like(v).copy_(g)
                for g, v in zip(gradients, values)
            ]
            optimizer.apply(gradients, variables)
        return loss.detach()

    # What `torch.compile` has compiled cannot be differentiated twice.
    @torch.compiler.disable
    def input_gradient(fn, x):
        """The gradient of `sum(fn(x))` with respect to `x`, differentiable again."""
        with torch.enable_grad():
            if not x.requires_grad:
                x = x.detach().requires_grad_(True)
            return torch.autograd.grad(ops.sum(fn(x)), x, create_graph=True)[0]

    def without_gradient(fn, *args, **kwargs):
        """Call `fn` and cut its result off from whatever is being differentiated."""
        with torch.no_grad():
            return fn(*args, **kwargs)

elif BACKEND == "jax":
    import jax
    from keras.src.backend.common.stateless_scope import get_stateless_scope

    def _child(parent, overrides=()):
        scope = keras.StatelessScope()
        scope.state_mapping = dict(parent.state_mapping)
        scope.state_mapping.update({id(v): value for v, value in overrides})
        return scope

    def _updates(child, parent, skip=()):
        # A traced value must not reach the parent by side effect: what the child wrote
        # leaves `jax.grad` as an auxiliary output.
        skip = {id(v) for v in skip}
        return {
            key: value
            for key, value in child.state_mapping.items()
            if key not in skip and value is not parent.state_mapping.get(key)
        }

    def minimize(loss_fn, variables, optimizer):
        """One player's turn: lower `loss_fn()` by moving `variables`; returns the loss."""
        parent = get_stateless_scope()
        values = [v.value for v in variables]

        def scaled_loss(values):
            with _child(parent, zip(variables, values)) as scope:
                loss = loss_fn()
                scaled = optimizer.scale_loss(loss)
            return scaled, (loss, _updates(scope, parent, skip=variables))

        gradients, (loss, updates) = jax.grad(scaled_loss, has_aux=True)(values)
        parent.state_mapping.update(updates)
        # Not `optimizer.apply`: loss scaling branches with `lax.cond`, which only the
        # stateless form can cross.
        state = optimizer.variables
        values, new_state = optimizer.stateless_apply([v.value for v in state], gradients, values)
        for variable, value in zip([*variables, *state], [*values, *new_state]):
            variable.assign(value)
        return loss

    def input_gradient(fn, x):
        """The gradient of `sum(fn(x))` with respect to `x`, differentiable again."""
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
        """Call `fn` and cut its result off from whatever is being differentiated."""
        return jax.lax.stop_gradient(fn(*args, **kwargs))

else:
    raise ImportError(
        f"kerasgan trains on the tensorflow, jax and torch backends; KERAS_BACKEND is "
        f"{BACKEND!r}. Set KERAS_BACKEND to one of the three."
    )


def seed_of_latents(seed_generator):
    """What `keras.random` takes as the seed of a turn's latents.

    On JAX a key that is split off, as in a loop written for JAX. Latents from Keras's counter
    are the same to XLA's compiler but for the order it computes a step in, and it finds one
    that takes more scratch memory and, by `benchmarks/train_step.py`, more time.
    """
    if BACKEND != "jax":
        return seed_generator
    return jax.random.split(seed_generator.next(), 1)[0]


def order_kernels(variables):
    """Keep kernels of convolutions in the order in memory that the backend computes with.

    On PyTorch a convolution would copy its kernel to that order in every pass, and get the
    gradient in an order that is not the variable's. Values and shapes stay the same.
    """
    if BACKEND == "torch":
        for kernel in (v.value for v in variables if len(v.shape) == 4):
            kernel.data = kernel.data.permute(3, 0, 1, 2).contiguous().permute(1, 2, 3, 0)


def move_towards(variables, targets, share):
    """Move every float variable a share, a scalar tensor, of the way to its target."""
    pairs = [
        (variable, target)
        for variable, target in zip(variables, targets, strict=True)
        if keras.backend.is_float_dtype(variable.dtype)
    ]
    if BACKEND == "torch" and pairs:
        # In one call: one a weight would take longer than a small network's convolutions.
        values, ends = ([v.value for v in side] for side in zip(*pairs))
        with torch.no_grad():
            torch._foreach_lerp_(values, ends, [share.to(value) for value in values])
        return
    for variable, target in pairs:
        variable.assign_add(ops.cast(share, variable.dtype) * (target - variable))


def batch_normalization(x, scale, offset, epsilon):
    """`x` normalised over all axes but the last, with its batch's mean and variance.

    Args:
        x: Floats `(batch, ..., channels)`.
        scale, offset: Variables `(channels,)`, or None.
        epsilon: Float, added to the variance.

    Returns:
        `(outputs, mean, variance)`; no gradient flows through the last two.
    """
    if BACKEND == "torch":
        outputs, mean, inverse = torch.native_batch_norm(
            x.contiguous().movedim(-1, 1),
            *(None if v is None else v.value for v in (scale, offset)),
            running_mean=None,
            running_var=None,
            training=True,
            momentum=0.0,
            eps=epsilon,
        )
        return outputs.movedim(1, -1), mean.detach(), inverse.detach() ** -2 - epsilon
    if BACKEND == "tensorflow" and x.dtype == "float32" and len(x.shape) == 4:
        channels = x.shape[-1]
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=x,
            scale=tf.ones(channels) if scale is None else scale,
            offset=tf.zeros(channels) if offset is None else offset,
            mean=[],
            variance=[],
            epsilon=epsilon,
        )
        # The kernel gives the unbiased estimate.
        n = tf.cast(tf.size(x) // channels, x.dtype)
        variance *= tf.maximum(n - 1.0, 1.0) / n
        return outputs, tf.stop_gradient(mean), tf.stop_gradient(variance)
    mean, variance = ops.moments(x, axes=list(range(len(x.shape) - 1)))
    outputs = ops.batch_normalization(x, mean, variance, -1, offset, scale, epsilon)
    return outputs, ops.stop_gradient(mean), ops.stop_gradient(variance)


def run_step(step, args, groups):
    """Run `step(data)` as Keras's trainer of this backend expects it.

    TensorFlow and PyTorch hand over the data and change variables in place. JAX hands
    over `(state, data)` and wants `(logs, state)` back: `groups` are the variables that
    `state` holds values for, in its order.
    """
    if BACKEND == "tensorflow":
        # The graph of a step reaches past the end of a dataset of unknown length. What
        # waits for no data, step counters and seeds, would run there once too often.
        with tf.control_dependencies([t for t in tf.nest.flatten(args) if tf.is_tensor(t)]):
            return step(*args)
    if BACKEND == "torch":
        return step(*args)
    state, data = args
    pairs = [pair for group, values in zip(groups, state) for pair in zip(group, values)]
    with keras.StatelessScope(pairs) as scope:
        logs = step(data)
    return logs, tuple([scope.get_current_value(v) for v in group] for group in groups)


def without_autotune(epoch_iterator):
    """Keep TensorFlow from tuning the pipeline that Keras made of arrays or a `PyDataset`.

    There is nothing in it to tune, and the end of an epoch often waits for the tuner to wake,
    which it does ever more rarely: for seconds in a run's first minute.
    """
    adapter = type(epoch_iterator.data_adapter).__name__
    dataset = epoch_iterator._distributed_dataset
    # A `tf.data.Dataset` of the user's own has the options that the user gave it.
    if adapter != "TFDatasetAdapter" and isinstance(dataset, tf.data.Dataset):
        options = tf.data.Options()
        options.autotune.enabled = False
        epoch_iterator._distributed_dataset = dataset.with_options(options)


class _NormOfGradients:
    """An optimizer for `minimize` that moves nothing."""

    variables = ()

    def scale_loss(self, loss):
        return loss

    def apply(self, gradients, variables):
        squares = [ops.sum(ops.square(g)) for g in gradients if g is not None]
        self.norm = ops.sqrt(sum(squares, ops.zeros(())))

    def stateless_apply(self, state, gradients, values):
        self.apply(gradients, values)
        return values, state


def gradient_norm(loss_fn, variables):
    """The norm of the gradient that one player's turn would follow; meant for `without_effect`."""
    optimizer = _NormOfGradients()
    minimize(loss_fn, variables, optimizer)
    return optimizer.norm


def without_effect(fn, variables):
    """`fn`, compiled where the backend does, as a function that changes no variable.

    Args:
        fn: Function of NumPy arrays, or None for an argument that is left out. Returns a dict
            of tensors.
        variables: All that `fn` reads or writes.

    Returns:
        The function of the same arguments; it gives a dict of NumPy arrays.
    """
    if BACKEND == "jax":

        @jax.jit
        def stateless(values, args):
            with keras.StatelessScope(zip(variables, values)):
                return fn(*args)

        def call(*args):
            return stateless([v.value for v in variables], args)

    else:
        compiled = tf.function(fn) if BACKEND == "tensorflow" else fn

        def call(*args):
            before = [np.array(ops.convert_to_numpy(v)) for v in variables]
            random = framework_random_state()
            try:
                return compiled(*args)
            finally:
                for variable, value in zip(variables, before):
                    variable.assign(value)
                set_framework_random_state(random)

    return lambda *args: {k: ops.convert_to_numpy(v) for k, v in call(*args).items()}


def accelerator():
    """The name of the accelerator that the backend computes on; None on a processor alone."""
    if BACKEND == "jax":
        device = jax.devices()[0]
        return None if device.platform == "cpu" else device.device_kind
    if BACKEND == "torch":
        return torch.cuda.get_device_name() if torch.cuda.is_available() else None
    found = tf.config.list_physical_devices("GPU")
    return tf.config.experimental.get_device_details(found[0]).get("device_name") if found else None


def framework_random_state():
    """The backend's global random state as a uint8 array, or None where it has none.

    Keras's `Dropout` without a seed draws from it on PyTorch, so a run that is to be
    resumed exactly must keep it.
    """
    return torch.get_rng_state().numpy() if BACKEND == "torch" else None


def set_framework_random_state(state):
    """Put back what `framework_random_state` returned."""
    if BACKEND == "torch":
        torch.set_rng_state(torch.from_numpy(np.array(state, dtype="uint8")))


def sync_state(model):
    """Write a step's results back to `model`'s variables, if a fit is under way on JAX.

    There `fit` takes the values out of the variables for the time of an epoch.
    """
    if BACKEND == "jax":
        model.jax_state_sync()


def _as_the_backend_keeps_it(array):
    if BACKEND == "jax":
        # Keras's own conversion compiles a program a shape.
        return jax.device_put(array)
    if BACKEND == "torch" and array.ndim == 4:
        # As `order_kernels` does. PyTorch takes an array's order in memory over.
        return np.ascontiguousarray(array.transpose(3, 0, 1, 2)).transpose(1, 2, 3, 0)
    return array


def start_from(variables, values):
    """Let variables declared in a `keras.StatelessScope` start from `values`.

    Leaving the scope runs their initializers, and on JAX a random one compiles a program
    for every new shape: seconds for weights that would be overwritten at once.

    Args:
        variables: Variables created inside the scope that is still open.
        values: As many arrays or `keras.Variable`s of the same shapes.
    """
    for variable, value in zip(variables, values, strict=True):
        # A copy: on PyTorch a variable would otherwise share the memory of its source.
        variable._initializer = lambda shape, dtype, value=value: _as_the_backend_keeps_it(
            np.array(ops.convert_to_numpy(value))
        )


@contextlib.contextmanager
def without_tensorflow():
    """Spare a program that has not imported TensorFlow the seconds of doing so.

    Keras imports it, where it is installed, to ask whether what it describes is
    TensorFlow's. Nothing is before the import.
    """
    known = lazy_tensorflow._available
    if "tensorflow" not in sys.modules:
        lazy_tensorflow._available = False
    try:
        yield
    finally:
        lazy_tensorflow._available = known
