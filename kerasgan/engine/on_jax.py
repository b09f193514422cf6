"""What a step needs of JAX.

A step runs inside a `keras.StatelessScope`, and what `jax.grad` traces needs a scope of its own
whose parent must be found: Keras exports the scope, not the function that returns the current one.
"""

import jax
import jax.numpy as jnp
import keras
import numpy as np
from jax import lax
from keras import ops
from keras.src.backend.common.stateless_scope import get_stateless_scope

from kerasgan.engine import by_keras, shared_state

faster_on_a_processor = ("tensorflow",)
outside_of_step = by_keras.called
order_kernels = by_keras.nothing
depthwise_convolution = by_keras.depthwise_convolution
max_pooling = by_keras.max_pooling
group_normalization = by_keras.group_normalization
lstm = by_keras.lstm
lstm_cell = by_keras.lstm_cell
nearest_upsampling = by_keras.nearest_upsampling
reflection_padding = by_keras.reflection_padding
move_towards = by_keras.move_towards
batch_normalization = by_keras.batch_normalization
framework_random_state = by_keras.nothing
set_framework_random_state = by_keras.nothing
without_autotune = by_keras.nothing
SharesState = shared_state.SharesState
settled = shared_state.settled
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


def clipped_sums(loss_fn, variables, records, included, norm):
    parent = get_stateless_scope()
    values = [v.value for v in variables]

    def of_one(values, record):
        with _child(parent, zip(variables, values)):
            return loss_fn({name: x[None] for name, x in record.items()})

    def clipped(record, is_included):
        loss, found = jax.value_and_grad(of_one)(values, record)
        return by_keras.clipped(loss, found, is_included, norm)

    def add(total, part):
        each = jax.vmap(clipped)(*part)
        return jax.tree.map(lambda sum_, x: sum_ + x.sum(axis=0), total, each), None

    parts = jax.tree.map(
        lambda x: x.reshape(-1, by_keras.RECORDS, *x.shape[1:]), (records, included)
    )
    nothing = jnp.zeros(()), [jnp.zeros_like(value) for value in values]
    return lax.scan(add, nothing, parts)[0]


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


def convolution(x, kernel, bias, **options):
    x, kernel = ops.convert_to_tensor(x), ops.convert_to_tensor(kernel)
    if x.shape[-1] != kernel.shape[2] or not _is_slow(x, **options):
        return by_keras.convolution(x, kernel, bias, **options)
    y = _strided(x.shape[1:3], kernel, **options)[0](x, kernel)
    return by_keras.with_bias(y, bias, options["data_format"])


def transposed_convolution(x, kernel, bias, output_padding, **options):
    x, kernel = ops.convert_to_tensor(x), ops.convert_to_tensor(kernel)
    slow = x.shape[-1] == kernel.shape[3] and output_padding is None and _is_slow(x, **options)
    if not slow:
        return by_keras.transposed_convolution(
            x, kernel, bias, output_padding=output_padding, **options
        )
    # What a convolution takes to give `x`.
    sides = [
        side * stride if options["padding"] == "same" else (side - 1) * stride + max(taps, stride)
        for side, stride, taps in zip(x.shape[1:3], options["strides"], kernel.shape)
    ]
    y = _strided(sides, kernel, **options)[1](x, kernel)
    return by_keras.with_bias(y, bias, options["data_format"])


def _is_slow(x, strides, dilation_rate, data_format, **_):
    """Whether XLA takes many times longer than `_strided`: with strides, on a processor."""
    known = all(isinstance(side, int) for side in x.shape[1:])
    plain = data_format == "channels_last" and max(dilation_rate) == 1
    return known and plain and max(strides) > 1 and accelerator() is None


def _strided(sides, kernel, strides, padding, **_):
    """A strided convolution of pictures of these sides, and its gradient, the transposed one.

    On a processor XLA spends up to a hundred times as long on a convolution that is dilated, or
    whose kernel is larger than what it slides over, as on others. So `spread` is one of stride 1
    that computes the `strides` phases of the result as channels of their own, and each of three
    functions has the other two for its gradients, none of them what `jax.grad` would make of it.
    """
    pads = lax.padtype_to_pads(sides, kernel.shape[:2], strides, padding.upper())
    like = jax.ShapeDtypeStruct(kernel.shape, kernel.dtype)
    axes = [_phases(*numbers) for numbers in zip(sides, kernel.shape, strides, pads)]
    taps, leads, frames, crops = zip(*axes)
    (high, wide), (rows, columns) = strides, taps

    def convolve(x, kernel):
        return _convolve(x, kernel, strides, pads)

    def spread(y, kernel):
        ends = [t * s - k - a for t, s, k, a in zip(taps, strides, kernel.shape, leads)]
        kernel = jnp.pad(kernel, (*zip(leads, ends), (0, 0), (0, 0)))
        channels, filters = kernel.shape[2:]
        kernel = kernel.reshape(rows, high, columns, wide, channels, filters)[::-1, :, ::-1]
        kernel = kernel.transpose(0, 2, 5, 1, 3, 4).reshape(rows, columns, filters, -1)
        y = _convolve(y, kernel, (1, 1), frames)
        n, height, width, _ = y.shape
        y = y.reshape(n, height, width, high, wide, channels).transpose(0, 1, 3, 2, 4, 5)
        y = y.reshape(n, height * high, width * wide, channels)
        return y[:, crops[0] : crops[0] + sides[0], crops[1] : crops[1] + sides[1]]

    def correlate(x, y):
        return jax.linear_transpose(lambda kernel: convolve(x, kernel), like)(y)[0]

    by_kernel = _bilinear(convolve, lambda g, k: back(g, k), lambda x, g: between(x, g))
    back = _bilinear(spread, lambda g, k: by_kernel(g, k), lambda y, g: between(g, y))
    between = _bilinear(correlate, lambda g, y: back(y, g), lambda x, g: by_kernel(x, g))
    return by_kernel, back


def _phases(side, size, stride, pad):
    """Along one axis: taps a phase, zeros before the kernel, frame of the input, what to crop."""
    taps = -(-size // stride)
    # As far as the kernel has to be filled up, it is so that nothing is computed to be cropped.
    lead = min(-pad[0] % stride, taps * stride - size)
    first, crop = divmod(pad[0] + lead, stride)
    last = (side - 1 + pad[0] + lead) // stride
    given = (side + sum(pad) - size) // stride + 1
    return taps, lead, (taps - 1 - first, last + 1 - given), crop


def _convolve(x, kernel, strides, pads):
    if any(taps > side for taps, side in zip(kernel.shape[:2], x.shape[1:3])):
        # Apart from the convolution, or XLA would see the smaller picture.
        x = lax.optimization_barrier(jnp.pad(x, ((0, 0), *pads, (0, 0))))
        pads = ((0, 0), (0, 0))
    layout = ("NHWC", "HWIO", "NHWC")
    return lax.conv_general_dilated(x, kernel, strides, pads, dimension_numbers=layout)


def _bilinear(fn, by_first, by_second):
    """`fn(a, b)` whose gradients are `by_first(gradient, b)` and `by_second(a, gradient)`."""
    fn = jax.custom_vjp(fn)
    fn.defvjp(
        lambda a, b: (fn(a, b), (a, b)),
        lambda kept, g: (by_first(g, kept[1]), by_second(kept[0], g)),
    )
    return fn


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


def run_network(model, network, inputs):
    # Keras's own deletes the values that it computes with, for whoever else reads them.
    with settled(model):
        if not hasattr(network, "_without_effect"):
            network._without_effect = without_effect(
                lambda x: network(x, training=False), network.variables
            )
        made = network._without_effect(inputs)
    return jax.tree.map(np.array, made)


def padded_size(n, most):
    return min(most, 2 ** (n - 1).bit_length())


def exported_formats(of_any_size):
    return ("tf_saved_model",)


def export(model, path, format):
    with by_keras.converting(format, "tensorflow"):
        by_keras.export(model, path, format)
