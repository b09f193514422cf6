"""Several devices on TensorFlow: in the scope of a `tf.distribute.MirroredStrategy`.

`MultiWorkerMirroredStrategy` is not: `fit` of Keras 3.15 fails under it.
"""

import contextlib

import tensorflow as tf

from kerasgan.engine import by_keras

share = by_keras.as_it_is
spread = by_keras.as_it_is
begin = by_keras.nothing
is_first = by_keras.yes


@contextlib.contextmanager
def over(n):
    if n not in (None, 1):
        raise ValueError(
            "On TensorFlow a recipe trains on one device. Set KERAS_BACKEND=jax; or torch, where "
            f"torchrun --nproc-per-node {n} -m kerasgan train … starts a process for each."
        )
    yield


def number():
    return tf.distribute.get_strategy().num_replicas_in_sync


def part():
    raise ValueError(
        "Over several devices TensorFlow comes to other losses than over one with a dataset of "
        "kerasgan.datasets. Give arrays, or set KERAS_BACKEND=jax or torch."
    )


def in_step():
    """Over how many replicas the step that is under way runs; 1 outside of one."""
    return 1 if tf.distribute.in_cross_replica_context() else number()


@contextlib.contextmanager
def replica(model):
    if in_step() == 1:
        yield
        return
    rank = tf.distribute.get_replica_context().replica_id_in_sync_group
    with by_keras.own_seeds(model, rank):
        yield
