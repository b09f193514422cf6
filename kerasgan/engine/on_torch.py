"""What a step needs of PyTorch."""

import functools

import keras
import numpy as np
import torch
from keras import ops
from torch.nn import functional
from torch.optim.adam import adam

from kerasgan.engine import by_keras

faster_on_a_processor = ("tensorflow",)
outside_of_step = by_keras.called
seed_of_latents = by_keras.seed_of_latents
SharesState = by_keras.SharesState
settled = by_keras.settled
run_network = by_keras.run_network
padded_size = by_keras.padded_size
sync_state = by_keras.nothing
rehearse = by_keras.nothing
without_autotune = by_keras.nothing


def gradients(loss_fn, variables, scale_loss):
    with torch.enable_grad():
        loss = loss_fn()
        scaled = scale_loss(loss)
        # Only this player's gradients are computed: nothing accumulates in `.grad`.
        values = [v.value for v in variables]
        # A player may have nothing to move: PyTorch refuses to differentiate by nothing.
        try:
            found = torch.autograd.grad(scaled, values, allow_unused=True) if values else []
        except RuntimeError as error:
            if "modified by an inplace operation" not in str(error):
                raise
            raise ValueError(
                "A layer writes over its own weights whenever it is called, as "
                "keras.layers.SpectralNormalization does, which PyTorch cannot differentiate. Use "
                "kerasgan.layers.SpectralConv2D and SpectralDense: they do not."
            ) from error
    with torch.no_grad():
        # One copy, or every operation of the optimizer walks memory in another order than the
        # variable's.
        return loss.detach(), [
            g if g is None or g.stride() == v.stride() else torch.empty_like(v).copy_(g)
            for g, v in zip(found, values)
        ]


def clipped_sums(loss_fn, variables, records, included, norm):
    values = [v.value.detach() for v in variables]

    def of_one(values, record):
        with keras.StatelessScope(zip(variables, values)):
            return loss_fn({name: x[None] for name, x in record.items()})

    def clipped(record, is_included):
        found, loss = torch.func.grad_and_value(of_one)(values, record)
        return by_keras.clipped(loss, found, is_included, norm)

    total = torch.zeros(()), [torch.zeros_like(value) for value in values]
    for start in range(0, len(included), by_keras.RECORDS):
        part = slice(start, start + by_keras.RECORDS)
        batch = {name: x[part].detach() for name, x in records.items()}
        loss, found = torch.func.vmap(clipped)(batch, included[part])
        total = total[0] + loss.sum(), [t + g.sum(dim=0) for t, g in zip(total[1], found)]
    return total


def apply(optimizer, gradients, variables):
    # Keras's Adam walks through all of memory nine times a step, PyTorch's once. There is no
    # public place to put it, and all else of `apply` is to stay Keras's.
    is_plain = type(optimizer) is adam_of_keras() and not optimizer.amsgrad
    if is_plain and "_parallel_update_step" not in vars(optimizer):
        optimizer._parallel_update_step = functools.partial(adam_step, optimizer)
    with torch.no_grad():
        optimizer.apply(gradients, variables)


@functools.cache
def adam_of_keras():
    # What `keras.optimizers.Adam` makes on PyTorch is of a class of its own.
    return type(keras.optimizers.Adam())


def adam_step(optimizer, gradients, variables, learning_rate):
    moments = zip(*(moments_of(optimizer, v) for v in variables))
    values, (first, second) = [v.value for v in variables], map(list, moments)
    tensors = [values, gradients, first, second]
    # PyTorch's goes through all four in the order of memory.
    if any(len({t.stride() for t in group}) > 1 for group in zip(*tensors)):
        return type(optimizer)._parallel_update_step(optimizer, gradients, variables, learning_rate)
    # A tensor where gradients are accumulated.
    step = float(ops.convert_to_tensor(optimizer.iterations)) + 1.0
    adam(
        *tensors,
        max_exp_avg_sqs=[],
        state_steps=[torch.tensor(step - 1.0) for _ in values],
        fused=True,
        amsgrad=False,
        beta1=optimizer.beta_1,
        beta2=optimizer.beta_2,
        lr=float(learning_rate),
        weight_decay=0.0,
        # Keras adds it before the correction of the second moment, PyTorch after it.
        eps=optimizer.epsilon / (1.0 - optimizer.beta_2**step) ** 0.5,
        maximize=False,
    )


def moments_of(optimizer, variable):
    place = optimizer._get_variable_index(variable)
    return optimizer._momentums[place].value, optimizer._velocities[place].value


# What `torch.compile` has compiled cannot be differentiated twice.
@torch.compiler.disable
def input_gradient(fn, x):
    with torch.enable_grad():
        if not x.requires_grad:
            x = x.detach().requires_grad_(True)
        return torch.autograd.grad(ops.sum(fn(x)), x, create_graph=True)[0]


def without_gradient(fn, *args, **kwargs):
    with torch.no_grad():
        return fn(*args, **kwargs)


def when(condition, turn, variables):
    if bool(condition):
        turn()


def order_kernels(variables):
    # A convolution would copy its kernel to this order in every pass, and get the gradient in an
    # order that is not the variable's.
    for kernel in (v.value for v in variables if len(v.shape) == 4):
        kernel.data = kernel.data.permute(3, 0, 1, 2).contiguous().permute(1, 2, 3, 0)


def move_towards(variables, targets, share):
    pairs = by_keras.floats(variables, targets)
    if not pairs:
        return
    # In one call: one a weight would take longer than a small network's convolutions.
    values, ends = ([v.value for v in side] for side in zip(*pairs))
    with torch.no_grad():
        torch._foreach_lerp_(values, ends, [share.to(value) for value in values])


def batch_normalization(x, scale, offset, epsilon):
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


def convolution(x, kernel, bias, *, strides, padding, dilation_rate, data_format):
    x, kernel, bias = map(as_tensor, (x, kernel, bias))
    if data_format != "channels_last" or x.ndim != 4:
        return by_keras.convolution(
            *(x, kernel, bias),
            strides=strides,
            padding=padding,
            dilation_rate=dilation_rate,
            data_format=data_format,
        )
    pads = [(0, 0)] * 2
    if padding == "same":
        sides = zip(x.shape[1:3], kernel.shape, strides, dilation_rate)
        missing = [max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0) for n, k, s, d in sides]
        pads = [(total // 2, total - total // 2) for total in missing]
    groups = x.shape[-1] // kernel.shape[2]
    kernel = kernel_first(kernel)
    if is_row(x) and set(dilation_rate) == {1} and pads[1][1] == pads[1][0] + 1:
        kernel, pads[1] = with_zero_first(kernel), (pads[1][1], pads[1][1])
    symmetric = all(before == after for before, after in pads)
    x = channels_first(x)
    if not symmetric:
        x = functional.pad(x, [p for pair in reversed(pads) for p in pair])
    padding = [before for before, _ in pads] if symmetric else 0
    y = functional.conv2d(x, kernel, bias, strides, padding, dilation_rate, groups)
    return y.permute(0, 2, 3, 1)


def transposed_convolution(x, kernel, bias, output_padding, **options):
    x, kernel, bias = map(as_tensor, (x, kernel, bias))
    sizes, strides = kernel.shape[:2], options["strides"]
    plain = output_padding is None and set(options["dilation_rate"]) == {1} and x.ndim == 4
    gaps = any(size < stride for size, stride in zip(sizes, strides))
    if not plain or gaps or options["data_format"] != "channels_last":
        return by_keras.transposed_convolution(
            x, kernel, bias, output_padding=output_padding, **options
        )
    same = options["padding"] == "same"
    crops = [size - stride if same else 0 for size, stride in zip(sizes, strides)]
    kernel = kernel_first(kernel)
    if is_row(x) and crops[1] % 2:
        kernel, crops[1] = with_zero_first(kernel), crops[1] + 1
    # Both sides lose as much by PyTorch's padding; of an odd number the last side loses the rest.
    padding = [crop // 2 for crop in crops]
    y = functional.conv_transpose2d(channels_first(x), kernel, bias, strides, padding)
    height, width = (side - crop % 2 for side, crop in zip(y.shape[2:], crops))
    return y[:, :, :height, :width].permute(0, 2, 3, 1)


def depthwise_convolution(x, kernel, strides):
    x, kernel = map(as_tensor, (x, kernel))
    y = functional.conv2d(
        channels_first(x), kernel.permute(2, 3, 0, 1), stride=strides, groups=x.shape[-1]
    )
    return y.permute(0, 2, 3, 1)


def max_pooling(layer, x):
    if layer.data_format != "channels_last" or layer.padding != "valid":
        return by_keras.max_pooling(layer, x)
    made = functional.max_pool2d(channels_first(x), layer.pool_size, layer.strides)
    return made.permute(0, 2, 3, 1)


def reflection_padding(x, high, wide):
    pads = [wide, wide, high, high]
    return functional.pad(channels_first(x), pads, mode="reflect").permute(0, 2, 3, 1)


def nearest_upsampling(layer, x):
    if layer.data_format != "channels_last":
        return by_keras.nearest_upsampling(layer, x)
    return functional.interpolate(channels_first(x), scale_factor=layer.size).permute(0, 2, 3, 1)


def group_normalization(layer, x):
    if layer.axis not in (-1, x.ndim - 1):
        return by_keras.group_normalization(layer, x)
    scale, offset = (None if v is None else v.value for v in (layer.gamma, layer.beta))
    x = x.movedim(-1, 1)
    if layer.groups == x.shape[1] and (torch.is_grad_enabled() or x.shape[0] == 1):
        # The kernel of groups takes up to fifty times as long for one channel a group.
        made = [_normalized(sample, layer, scale, offset) for sample in x.split(1)]
        return (torch.cat(made) if len(made) > 1 else made[0]).movedim(1, -1)
    # Its gradient in the order of channels last takes up to thirty times as long.
    x = x.contiguous() if torch.is_grad_enabled() else x
    made = functional.group_norm(x, layer.groups, scale, offset, layer.epsilon)
    return made.movedim(1, -1)


def _normalized(sample, layer, scale, offset):
    # Not `functional.batch_norm`, which refuses a single place.
    return torch.batch_norm(sample, scale, offset, None, None, True, 0.0, layer.epsilon, False)


def as_tensor(x):
    return None if x is None else ops.convert_to_tensor(x)


def channels_first(x):
    # A view. Keras copies every input twice: to channels first, and back in memory.
    row = is_row(x)
    x = x.permute(0, 3, 1, 2)
    # Of one row, a sound say, the kernels for this order in memory take up to ten times as long.
    return x.contiguous() if row else x


def is_row(x):
    return x.shape[1] == 1 and x.shape[2] > 1


def kernel_first(kernel):
    kernel = kernel.permute(3, 2, 0, 1)
    return kernel.contiguous() if kernel.shape[2] == 1 and kernel.shape[3] > 1 else kernel


def with_zero_first(kernel):
    # A tap of zero, and both sides are padded, or lose, as much: to do so apart copies the row.
    return functional.pad(kernel, (1, 0))


def run_step(step, args, groups):
    return step(*args)


def without_effect(fn, variables):
    def call(*args):
        before = [np.array(ops.convert_to_numpy(v)) for v in variables]
        random = framework_random_state()
        try:
            return fn(*args)
        finally:
            for variable, value in zip(variables, before):
                variable.assign(value)
            set_framework_random_state(random)

    return call


def check_export(format):
    if format == "tf_saved_model":
        raise ValueError(
            'On PyTorch Keras exports no SavedModel. Pass format="torch", with a path that ends '
            'in .pt2, or "onnx"; or save the model and load it with KERAS_BACKEND=tensorflow to '
            "export it there."
        )


def accelerator():
    return torch.cuda.get_device_name() if torch.cuda.is_available() else None


def framework_random_state():
    return torch.get_rng_state().numpy()


def set_framework_random_state(state):
    torch.set_rng_state(torch.from_numpy(np.array(state, dtype="uint8")))


def as_kept(array):
    if array.ndim != 4:
        return array
    # As `order_kernels` does. PyTorch takes an array's order in memory over.
    return np.ascontiguousarray(array.transpose(3, 0, 1, 2)).transpose(1, 2, 3, 0)
