"""Several devices on TensorFlow: `tf.distribute.MirroredStrategy`, by which Keras trains.

`MultiWorkerMirroredStrategy` is not: `fit` of Keras 3.15 fails under it.
"""

import contextlib

import tensorflow as tf

from kerasgan.engine import by_keras

share = by_keras.as_it_is
spread = by_keras.as_it_is
begin = by_keras.nothing
part = by_keras.nothing
is_first = by_keras.yes

HINT = "To try it on a processor, see tf.config.set_logical_device_configuration."


@contextlib.contextmanager
def over(n):
    if n in (None, 1):
        yield
        return
    found = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    by_keras.refuse_too_many(n, len(found), HINT)
    with tf.distribute.MirroredStrategy([device.name for device in found[:n]]).scope():
        yield


def number():
    return tf.distribute.get_strategy().num_replicas_in_sync


# Whether each replica does the same by itself.
_apart = False


def in_step():
    """Over how many replicas the step that is under way runs; 1 outside of one."""
    return 1 if _apart or tf.distribute.in_cross_replica_context() else number()


def by_first(fn, args):
    """What `fn` gives in the first replica: between replicas no gradient can be taken."""
    global _apart
    if number() == 1:
        return fn(*args)
    strategy = tf.distribute.get_strategy()
    _apart = True
    try:
        found = strategy.run(fn, args)
    finally:
        _apart = False
    return {name: strategy.experimental_local_results(x)[0] for name, x in found.items()}


@contextlib.contextmanager
def replica(model):
    if in_step() == 1:
        yield
        return
    rank = tf.distribute.get_replica_context().replica_id_in_sync_group
    with by_keras.own_seeds(model, rank):
        yield
