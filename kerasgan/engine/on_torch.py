"""What a step needs of PyTorch."""

import functools

import keras
import numpy as np
import torch
from keras import ops
from torch.optim.adam import adam

from kerasgan.engine import by_keras, on_torch_devices, on_torch_layers

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
batch_normalization = on_torch_layers.batch_normalization
convolution = on_torch_layers.convolution
transposed_convolution = on_torch_layers.transposed_convolution
depthwise_convolution = on_torch_layers.depthwise_convolution
max_pooling = on_torch_layers.max_pooling
reflection_padding = on_torch_layers.reflection_padding
nearest_upsampling = on_torch_layers.nearest_upsampling
group_normalization = on_torch_layers.group_normalization
lstm = on_torch_layers.lstm
lstm_cell = on_torch_layers.lstm_cell


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
        found = [
            g if g is None or g.stride() == v.stride() else torch.empty_like(v).copy_(g)
            for g, v in zip(found, values)
        ]
        return on_torch_devices.averaged(loss.detach(), found)


def clipped_sums(loss_fn, variables, records, included, norm):
    values = [v.value.detach() for v in variables]

    def of_one(values, record):
        with keras.StatelessScope(zip(variables, values)):
            return loss_fn({name: x[None] for name, x in record.items()})

    of_each = torch.func.vmap(torch.func.grad_and_value(of_one), in_dims=(None, 0))
    total, sums = torch.zeros(()), [torch.zeros_like(value) for value in values]
    # There is room for more records than a lot has, nearly always.
    chosen = included.nonzero()[:, 0]
    for start in range(0, len(chosen), by_keras.RECORDS):
        part = chosen[start : start + by_keras.RECORDS]
        batch = {name: x[part].detach() for name, x in records.items()}
        with on_torch_layers.single_records():
            found, losses = of_each(values, batch)
        # Not `by_keras.clipped` of each, which would write every gradient once more.
        sizes = torch.stack([torch.linalg.vector_norm(g.flatten(1), dim=1) for g in found])
        shares = (norm / torch.linalg.vector_norm(sizes, dim=0).clamp(min=1e-12)).clamp(max=1.0)
        total = total + losses.sum()
        for own, g in zip(sums, found):
            own += torch.tensordot(shares, g, 1)
    return total, sums


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


def exported_formats(of_any_size):
    # Keras traces networks with sides of 1 where any are allowed, and SavedModels need TensorFlow.
    return () if of_any_size else ("onnx",)


def export(model, path, format):
    with by_keras.converting(format):
        import onnx

        by_keras.export(model, path, format)
        # The output gets its name, which Keras leaves to PyTorch's counter.
        written, (name,) = onnx.load(path), model.output
        (output,) = written.graph.output
        for node in written.graph.node:
            node.output[:] = [name if made == output.name else made for made in node.output]
        output.name = name
        onnx.save(written, path)


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
