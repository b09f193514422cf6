"""What a backend needs no code of its own for."""

import contextlib

import keras
from keras import ops


class SharesState:
    """Nothing: steps change variables in place."""


def nothing(*args):
    """Where a backend has nothing to do, or nothing to tell."""


def as_it_is(value):
    return value


def called(make):
    return make()


seed_of_latents = as_it_is
convolution = ops.conv
transposed_convolution = ops.conv_transpose
max_pooling = ops.max_pool


def settled(model):
    return contextlib.nullcontext()


def run_network(model, network, inputs):
    return network.predict_on_batch(inputs)


def padded_size(n, most):
    return n


def floats(variables, targets):
    """Pairs of a float variable and its target."""
    pairs = zip(variables, targets, strict=True)
    return [pair for pair in pairs if keras.backend.is_float_dtype(pair[0].dtype)]


def move_towards(variables, targets, share):
    for variable, target in floats(variables, targets):
        variable.assign_add(ops.cast(share, variable.dtype) * (target - variable))


def batch_normalization(x, scale, offset, epsilon):
    mean, variance = ops.moments(x, axes=list(range(len(x.shape) - 1)))
    outputs = ops.batch_normalization(x, mean, variance, -1, offset, scale, epsilon)
    return outputs, ops.stop_gradient(mean), ops.stop_gradient(variance)
