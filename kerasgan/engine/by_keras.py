"""What a backend needs no code of its own for."""

import contextlib
import warnings

import keras
from keras import ops

RECORDS = 32


class SharesState:
    """Nothing: steps change variables in place."""


def nothing(*args):
    """Where a backend has nothing to do, or nothing to tell."""


def as_it_is(value):
    return value


def called(make):
    return make()


seed_of_latents = as_it_is
max_pooling = keras.layers.MaxPooling2D.call
nearest_upsampling = keras.layers.UpSampling2D.call
group_normalization = keras.layers.GroupNormalization.call
lstm = keras.layers.LSTM.__call__
lstm_cell = keras.layers.LSTMCell.__call__


def convolution(x, kernel, bias, **options):
    return with_bias(ops.conv(x, kernel, **options), bias, options["data_format"])


def transposed_convolution(x, kernel, bias, **options):
    return with_bias(ops.conv_transpose(x, kernel, **options), bias, options["data_format"])


def depthwise_convolution(x, kernel, strides):
    return ops.depthwise_conv(x, kernel, strides, "valid", data_format="channels_last")


def reflection_padding(x, high, wide):
    return ops.pad(x, ((0, 0), (high, high), (wide, wide), (0, 0)), mode="reflect")


def with_bias(x, bias, data_format):
    if bias is None:
        return x
    return ops.add(x, ops.reshape(bias, (-1, 1, 1)) if data_format == "channels_first" else bias)


def settled(model):
    return contextlib.nullcontext()


in_no_context = settled


def yes():
    return True


@contextlib.contextmanager
def own_seeds(model, rank):
    """While it lasts, a replica draws other random numbers than the others.

    After it all have the same seeds again: one of them is saved.
    """
    states = [v for v in model.non_trainable_variables if v.name == "seed_generator_state"]
    # Seeds are followed by counts of what was drawn: far enough apart to share none.
    moves = [ops.cast(ops.stack([rank * 2**24 + rank, 0]), v.dtype) for v in states]
    for state, move in zip(states, moves):
        state.assign(state + move)
    yield
    for state, move in zip(states, moves):
        state.assign(state - move)


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


def batch_normalization(x, scale, offset, epsilon, synchronized=False):
    axes = list(range(len(x.shape) - 1))
    mean, variance = ops.moments(x, axes=axes, synchronized=synchronized)
    outputs = ops.batch_normalization(x, mean, variance, -1, offset, scale, epsilon)
    return outputs, ops.stop_gradient(mean), ops.stop_gradient(variance)


def clipped(loss, gradients, included, norm):
    """One record's loss and gradients, clipped to a norm; zeros if it is not included."""
    size = ops.sqrt(sum(ops.sum(ops.square(g)) for g in gradients))
    share = included * ops.minimum(1.0, norm / ops.maximum(size, 1e-12))
    return loss * included, [g * share for g in gradients]


def export(model, path, format, **options):
    signature = {
        x.name: keras.InputSpec(shape=x.shape, dtype=x.dtype, name=x.name) for x in model.inputs
    }
    model.export(str(path), format=format, input_signature=[signature], verbose=False, **options)


@contextlib.contextmanager
def converting(format, extra="export"):
    """What fails while a file of a format is made, told to people."""
    # What converters warn of is nothing that a user could change.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except ImportError as error:
            raise ImportError(
                f'{format} needs more packages ({error}): pip install "kerasgan[{extra}]"'
            ) from error
        except OSError:
            raise
        except Exception as error:  # each converter raises its own
            reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
            raise ValueError(
                f"This network cannot be written as {format}: {reason}. Try another format."
            ) from error
