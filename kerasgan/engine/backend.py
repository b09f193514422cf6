"""What the engine asks of a backend, and the file that answers."""

import importlib
import importlib.util

import keras
import numpy as np
from keras import ops

from kerasgan.engine import beyond_keras, by_keras

BACKEND = keras.backend.backend()

if BACKEND not in ("tensorflow", "jax", "torch"):
    raise ImportError(
        f"kerasgan trains on the tensorflow, jax and torch backends; KERAS_BACKEND is "
        f"{BACKEND!r}. Set KERAS_BACKEND to one of the three."
    )

_on = importlib.import_module(f"kerasgan.engine.on_{BACKEND}")

# Gradients of so many single records are in memory at a time.
RECORDS = by_keras.RECORDS


def gradients(loss_fn, variables, scale_loss=lambda loss: loss):
    """The loss and its gradients, of one player's turn.

    What happens between them and `apply` is the place to clip, to add noise, to reduce over
    replicas or to measure.

    Args:
        loss_fn: Function without arguments that returns a scalar.
        variables: What to differentiate by.
        scale_loss: Function of the loss that is differentiated in its place, as
            `keras.optimizers.Optimizer.scale_loss`.

    Returns:
        `(loss, gradients)`, the loss not scaled, a gradient for each variable.
    """
    return _on.gradients(loss_fn, variables, scale_loss)


def clipped_sums(loss_fn, variables, records, included, norm):
    """The sums over records of a loss and of its gradients, each record's clipped to a norm.

    Args:
        loss_fn: Function of a batch, a dict by name, which here has one record.
        variables: What to differentiate by.
        records: Dict of tensors by name, whose number is a multiple of `RECORDS`.
        included: Tensor `(records,)` of 1, and of 0 for a record that is not to count.
        norm: Float: what the gradient of a record, over all variables, is at most.

    Returns:
        `(loss, gradients)`, a gradient for each variable.
    """
    return _on.clipped_sums(loss_fn, variables, records, included, norm)


def apply(optimizer, gradients, variables):
    """Move the variables with the optimizer by their (scaled) gradients."""
    _on.apply(optimizer, gradients, variables)


def input_gradient(fn, x):
    """The gradient of `sum(fn(x))` with respect to `x`, differentiable again."""
    added = beyond_keras.added.get()
    before = len(added)
    gradient = _on.input_gradient(fn, x)
    # What layers added on the way belongs to `x`, which is no sample, and on JAX to its trace.
    if added:
        del added[before:]
    return gradient


def without_gradient(fn, *args, **kwargs):
    """Call `fn` and cut its result off from whatever is being differentiated."""
    return _on.without_gradient(fn, *args, **kwargs)


def when(condition, turn, variables):
    """Call `turn()`, inside a step, if the condition holds.

    Args:
        condition: Scalar tensor.
        turn: Function without arguments and result.
        variables: All that `turn` reads or writes.
    """
    _on.when(condition, turn, variables)


def rehearse(fn, variables):
    """Trace `fn()` for what it does in Python, where a step cannot do that by itself.

    A step on JAX, or of several replicas, cannot make a variable, so a metric that a loss logs
    must be known before. Elsewhere nothing happens.
    """
    _on.rehearse(fn, variables)


def outside_of_step(make):
    """What `make()` returns, made outside of a step that may be under way."""
    return _on.outside_of_step(make)


def seed_of_latents(seed_generator):
    """What `keras.random` takes as the seed of a turn's latents."""
    return _on.seed_of_latents(seed_generator)


def order_kernels(variables):
    """Keep kernels of convolutions in the order in memory that the backend computes with.

    Values and shapes stay the same.
    """
    _on.order_kernels(variables)


def move_towards(variables, targets, share):
    """Move every float variable a share, a scalar tensor, of the way to its target."""
    _on.move_towards(variables, targets, share)


def batch_normalization(x, scale, offset, epsilon):
    """`x` normalised over all axes but the last, with its batch's mean and variance.

    Args:
        x: Floats `(batch, ..., channels)`.
        scale, offset: Variables `(channels,)`, or None.
        epsilon: Float, added to the variance.

    Returns:
        `(outputs, mean, variance)`; no gradient flows through the last two.
    """
    return _on.batch_normalization(x, scale, offset, epsilon)


def convolution(x, kernel, bias, **options):
    """`keras.ops.conv` and a bias, or None, by what is fastest; options all by name."""
    return _on.convolution(x, kernel, bias, **options)


def transposed_convolution(x, kernel, bias, **options):
    """`keras.ops.conv_transpose`, in the same way."""
    return _on.transposed_convolution(x, kernel, bias, **options)


def depthwise_convolution(x, kernel, strides):
    """`keras.ops.depthwise_conv` without padding, channels last, in the same way."""
    return _on.depthwise_convolution(x, kernel, strides)


def max_pooling(layer, x):
    """What a `keras.layers.MaxPooling2D` makes of its input, in the same way."""
    return _on.max_pooling(layer, x)


def reflection_padding(x, high, wide):
    """Images or features with `high` rows and `wide` columns of their mirror image on each side."""
    return _on.reflection_padding(x, high, wide)


def nearest_upsampling(layer, x):
    """What a `keras.layers.UpSampling2D` by nearest neighbours makes of its input."""
    return _on.nearest_upsampling(layer, x)


def group_normalization(layer, x):
    """What a `keras.layers.GroupNormalization` makes of its input, in the same way."""
    return _on.group_normalization(layer, x)


def lstm(layer, x):
    """What a `keras.layers.LSTM` of Keras's default arguments gives at every place."""
    return _on.lstm(layer, x)


def lstm_cell(cell, x, states):
    """What the cell of such a layer gives at one place, and its states after that."""
    return _on.lstm_cell(cell, x, states)


def run_step(step, args, groups):
    """Run `step(data)` as Keras's trainer of this backend expects it.

    TensorFlow and PyTorch hand over the data and change variables in place. JAX threads state
    through: `groups` are the variables that it holds values for, in its order.
    """
    return _on.run_step(step, args, groups)


def without_autotune(epoch_iterator):
    """Keep TensorFlow from tuning the pipeline that Keras made of arrays or a `PyDataset`.

    The end of an epoch often waits for the tuner to wake: for seconds in a run's first minute.
    """
    _on.without_autotune(epoch_iterator)


def without_effect(fn, variables):
    """`fn`, compiled where the backend does, as a function that changes no variable.

    Args:
        fn: Function of NumPy arrays, or None for an argument that is left out. Returns a dict
            of tensors.
        variables: All that `fn` reads or writes.

    Returns:
        The function of the same arguments; it gives a dict of NumPy arrays.
    """
    call = _on.without_effect(fn, variables)
    return lambda *args: {k: ops.convert_to_numpy(v) for k, v in call(*args).items()}


def accelerator():
    """The name of the accelerator that the backend computes on; None on a processor alone."""
    return _on.accelerator()


def faster_backend():
    """The installed backend that trains faster than this one on a processor alone, or None.

    By `benchmarks/train_step.py --size 64`; None too where there is an accelerator.
    """
    names = _on.faster_on_a_processor if accelerator() is None else ()
    return next(filter(importlib.util.find_spec, names), None)


def framework_random_state():
    """The backend's global random state as a uint8 array, or None where it has none.

    Keras's `Dropout` without a seed draws from it on PyTorch, so a run that is to be
    resumed exactly must keep it.
    """
    return _on.framework_random_state()


def set_framework_random_state(state):
    """Put back what `framework_random_state` returned."""
    _on.set_framework_random_state(state)


# A base of every model: what `settled` needs of the trainer.
SharesState = _on.SharesState


def sync_state(model):
    """Write a step's results back to `model`'s variables, if a fit is under way on JAX.

    There `fit` keeps the values of an epoch aside from the variables.
    """
    _on.sync_state(model)


def settled(model):
    """A context in which `model`'s variables hold their values, and no step of a fit begins.

    For whoever may read them from another thread than the one that fits.
    """
    return _on.settled(model)


def run_network(model, network, inputs):
    """What a network of a model makes of a batch, as NumPy arrays, from any thread."""
    return _on.run_network(model, network, inputs)


def padded_size(n, most):
    """The size, of at most `most`, that a batch of `n` is to be padded to.

    Where a program is compiled for every size, there are few.
    """
    return _on.padded_size(n, most)


def exported_formats(of_any_size):
    """Formats of `keras.Model.export` that are written, of inputs of one size or of any."""
    return _on.exported_formats(of_any_size)


def export(model, path, format):
    """Write a Keras model of inputs and outputs by name in one of these formats."""
    _on.export(model, path, format)


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
        beyond_keras.initialize_by(
            variable, lambda value=value: _on.as_kept(np.array(ops.convert_to_numpy(value)))
        )
