"""Several devices on JAX: `keras.distribution`, under which a step is one program for all."""

import contextlib

import keras

from kerasgan.engine import by_keras

replica = by_keras.in_no_context
share = by_keras.as_it_is
begin = by_keras.nothing
part = by_keras.nothing
is_first = by_keras.yes


@contextlib.contextmanager
def over(n):
    if n is None:
        yield
        return
    found, before = keras.distribution.list_devices(), keras.distribution.distribution()
    if n > len(found):
        raise ValueError(
            f"Found {len(found)} device{'s' * (len(found) > 1)}, and {n} are asked for. To try it "
            f"on a processor, set XLA_FLAGS=--xla_force_host_platform_device_count={n} before the "
            "command."
        )
    # Every process would read all of a dataset, so Keras would have to divide it; here is one.
    keras.distribution.set_distribution(
        keras.distribution.DataParallel(devices=found[:n], auto_shard_dataset=False)
    )
    try:
        yield
    finally:
        keras.distribution.set_distribution(before)


def number():
    distribution = keras.distribution.distribution()
    if distribution is None:
        return 1
    mesh = distribution.device_mesh
    return dict(zip(mesh.axis_names, mesh.shape))[distribution.batch_dim_name]


def spread(batch):
    distribution = keras.distribution.distribution()
    if distribution is None:
        return batch

    def spread_one(x):
        if not x.shape or x.shape[0] % number():
            return x
        return keras.distribution.distribute_tensor(x, distribution.get_data_layout(x.shape))

    # Else all of what is made of latents would be computed on every device.
    return {name: spread_one(x) for name, x in batch.items()}
