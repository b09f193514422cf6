"""What PyTorch computes faster than by way of Keras's operations: layers of networks."""

import contextlib
import contextvars

import torch
from keras import ops
from torch.nn import functional

from kerasgan.engine import by_keras, on_torch_devices

_single_records = contextvars.ContextVar("single_records", default=False)


def batch_normalization(x, scale, offset, epsilon):
    if on_torch_devices.in_step() > 1:
        axes = tuple(range(x.ndim - 1))
        mean = on_torch_devices.mean(x.mean(axes))
        variance = on_torch_devices.mean(((x - mean) ** 2).mean(axes))
        outputs = ops.batch_normalization(x, mean, variance, -1, offset, scale, epsilon)
        return outputs, mean.detach(), variance.detach()
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
    if _single_records.get() and groups == 1 and set(dilation_rate) == {1}:
        y = OfSingleRecords.apply(x, kernel, strides, padding).permute(0, 2, 3, 1)
        return y if bias is None else y + bias
    y = functional.conv2d(x, kernel, bias, strides, padding, dilation_rate, groups)
    return y.permute(0, 2, 3, 1)


@contextlib.contextmanager
def single_records():
    """Where the gradient of each record by itself is asked for, by `torch.func.vmap`."""
    token = _single_records.set(True)
    try:
        yield
    finally:
        _single_records.reset(token)


class OfSingleRecords(torch.autograd.Function):
    """`conv2d`, the gradient of whose kernel is a product of matrices.

    PyTorch makes one convolution of as many groups as there are records, several times as slow.
    """

    @staticmethod
    def forward(x, kernel, strides, padding):
        return functional.conv2d(x, kernel, None, strides, padding)

    @staticmethod
    def setup_context(ctx, inputs, output):
        x, kernel, ctx.strides, ctx.padding = inputs
        ctx.save_for_backward(x, kernel)

    @staticmethod
    def vmap(info, in_dims, x, kernel, strides, padding):
        def convolved(x, kernel):
            return OfSingleRecords.forward(x, kernel, strides, padding)

        return torch.func.vmap(convolved, in_dims[:2])(x, kernel), 0

    @staticmethod
    def backward(ctx, slope):
        (x, kernel), by_x = ctx.saved_tensors, None
        if ctx.needs_input_grad[0]:
            by_x = torch.nn.grad.conv2d_input(x.shape, kernel, slope, ctx.strides, ctx.padding)
        (high, wide), (down, right) = ctx.padding or (0, 0), ctx.strides
        # In the order of Keras's kernels, so that nothing is copied to sum what comes of it.
        patches = functional.pad(x, (wide, wide, high, high)).permute(0, 2, 3, 1)
        patches = patches.unfold(1, kernel.shape[2], down).unfold(2, kernel.shape[3], right)
        patches = patches.permute(0, 1, 2, 4, 5, 3).flatten(3).flatten(0, 2)
        by_kernel = patches.mT @ slope.permute(0, 2, 3, 1).flatten(0, 2)
        out, into, *size = kernel.shape
        return by_x, by_kernel.reshape(*size, into, out).permute(3, 2, 0, 1), None, None


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
    # A file that is traced for one sample is to take any number.
    if layer.axis not in (-1, x.ndim - 1) or torch.jit.is_tracing():
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
    # Of no use to a file that is exported, in which kernels have to be constants.
    return x.shape[1] == 1 and x.shape[2] > 1 and not torch.jit.is_tracing()


def kernel_first(kernel):
    kernel = kernel.permute(3, 2, 0, 1)
    return kernel.contiguous() if kernel.shape[2] == 1 and kernel.shape[3] > 1 else kernel


def with_zero_first(kernel):
    # A tap of zero, and both sides are padded, or lose, as much: to do so apart copies the row.
    return functional.pad(kernel, (1, 0))


def lstm(layer, x):
    zeros = x.new_zeros((1, len(x), layer.units))
    outputs, *_ = torch.lstm(
        x,
        (zeros, zeros),
        _lstm_weights(layer.cell, x),
        has_biases=True,
        num_layers=1,
        dropout=0.0,
        train=False,
        bidirectional=False,
        batch_first=True,
    )
    return outputs


def lstm_cell(cell, x, states):
    hidden, carry = torch.lstm_cell(x, states, *_lstm_weights(cell, x))
    return hidden, (hidden, carry)


def _lstm_weights(cell, x):
    # Keras adds and splits what its products give operation by operation; the order of the gates
    # is the same.
    kernel, recurrent, bias = (v.value.to(x.dtype) for v in cell.weights)
    return [kernel.mT, recurrent.mT, bias, torch.zeros_like(bias)]
