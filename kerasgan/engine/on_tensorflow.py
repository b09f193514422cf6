"""What a step needs of TensorFlow."""

import numpy as np
import tensorflow as tf
from keras import ops

from kerasgan.engine import by_keras
from kerasgan.engine.on_tensorflow_devices import in_step

faster_on_a_processor = ()
seed_of_latents = by_keras.seed_of_latents
convolution = by_keras.convolution
transposed_convolution = by_keras.transposed_convolution
SharesState = by_keras.SharesState
depthwise_convolution = by_keras.depthwise_convolution
max_pooling = by_keras.max_pooling
group_normalization = by_keras.group_normalization
lstm = by_keras.lstm
lstm_cell = by_keras.lstm_cell
nearest_upsampling = by_keras.nearest_upsampling
reflection_padding = by_keras.reflection_padding
settled = by_keras.settled
padded_size = by_keras.padded_size
order_kernels = by_keras.nothing
move_towards = by_keras.move_towards
framework_random_state = by_keras.nothing
set_framework_random_state = by_keras.nothing
sync_state = by_keras.nothing
as_kept = by_keras.as_it_is


def gradients(loss_fn, variables, scale_loss):
    values = [v.value for v in variables]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(values)
        loss = loss_fn()
        # Keras sums gradients over the replicas of a `tf.distribute` strategy.
        scaled = scale_loss(loss / in_step())
    return loss, tape.gradient(scaled, values)


def clipped_sums(loss_fn, variables, records, included, norm):
    values = [v.value for v in variables]

    def clipped(part):
        record, is_included = part
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(values)
            loss = loss_fn({name: x[None] for name, x in record.items()})
        found = tape.gradient(loss, values, unconnected_gradients="zero")
        return by_keras.clipped(loss, found, is_included, norm)

    def add(total, part):
        return tf.nest.map_structure(
            lambda sum_, x: sum_ + tf.reduce_sum(x, axis=0),
            total,
            tf.vectorized_map(clipped, part),
        )

    parts = tf.nest.map_structure(
        lambda x: tf.reshape(x, (-1, by_keras.RECORDS, *x.shape[1:])), (records, included)
    )
    nothing = tf.zeros(()), [tf.zeros_like(value) for value in values]
    return tf.foldl(add, parts, nothing)


def apply(optimizer, gradients, variables):
    optimizer.apply(gradients, variables)


def input_gradient(fn, x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = ops.sum(fn(x))
    return tape.gradient(total, x)


def without_gradient(fn, *args, **kwargs):
    return tf.nest.map_structure(tf.stop_gradient, fn(*args, **kwargs))


def when(condition, turn, variables):
    if in_step() > 1:
        raise ValueError(
            "TensorFlow cannot take a turn in some steps alone, of a lazy penalty say, over "
            "several devices. Set KERAS_BACKEND=jax or torch, or train on one device."
        )

    def taken():
        turn()
        return True

    tf.cond(tf.cast(condition, "bool"), taken, lambda: False)


def rehearse(fn, variables):
    # Replicas cannot make a variable in a step.
    if tf.distribute.has_strategy():
        tf.function(fn).get_concrete_function()


def outside_of_step(make):
    with tf.init_scope():
        return make()


def batch_normalization(x, scale, offset, epsilon):
    if in_step() > 1:
        return by_keras.batch_normalization(x, scale, offset, epsilon, synchronized=True)
    if x.dtype != "float32" or len(x.shape) != 4:
        return by_keras.batch_normalization(x, scale, offset, epsilon)
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


def run_step(step, args, groups):
    # The graph of a step reaches past the end of a dataset of unknown length. What waits for no
    # data, step counters and seeds, would run there once too often.
    with tf.control_dependencies([t for t in tf.nest.flatten(args) if tf.is_tensor(t)]):
        return step(*args)


def without_autotune(epoch_iterator):
    adapter = type(epoch_iterator.data_adapter).__name__
    dataset = epoch_iterator._distributed_dataset
    # A `tf.data.Dataset` of the user's own has the options that the user gave it.
    if adapter != "TFDatasetAdapter" and isinstance(dataset, tf.data.Dataset):
        options = tf.data.Options()
        options.autotune.enabled = False
        epoch_iterator._distributed_dataset = dataset.with_options(options)


def without_effect(fn, variables):
    compiled = tf.function(fn)

    def call(*args):
        before = [np.array(ops.convert_to_numpy(v)) for v in variables]
        try:
            return compiled(*args)
        finally:
            for variable, value in zip(variables, before):
                variable.assign(value)

    return call


def run_network(model, network, inputs):
    if network.distribute_strategy.num_replicas_in_sync == 1:
        return by_keras.run_network(model, network, inputs)
    # Keras's own would have each replica make all of it.
    return tf.nest.map_structure(np.array, network(inputs, training=False))


def accelerator():
    found = tf.config.list_physical_devices("GPU")
    return tf.config.experimental.get_device_details(found[0]).get("device_name") if found else None


def exported_formats(of_any_size):
    return ("tf_saved_model", "onnx", "openvino", "litert")


def export(model, path, format):
    options = {}
    if format == "litert":
        # TensorFlow's own operations, which Keras allows beside, need more than the runtime.
        options["target_spec"] = {"supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS]}
    with by_keras.converting(format):
        by_keras.export(model, path, format, **options)
        if format == "onnx":
            # What has no counterpart in ONNX is written all the same.
            import onnx

            onnx.checker.check_model(path)
