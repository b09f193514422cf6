"""Keras's own distribution runs the models as they are, over two devices of one process."""

import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from tiny import compiled, images, mlp_gan, train

from kerasgan.models import GAN

BACKEND = keras.backend.backend()


class FixedLatents(GAN):
    """Replicas draw latents of their own: without drawing, two runs can be compared."""

    def draw(self, batch):
        ones = keras.ops.ones((keras.ops.shape(batch["real"])[0], 1))
        return batch | {"latents": ones * keras.ops.convert_to_tensor([[0.5, -1.0, 1.5, -0.2]])}


def run(model):
    sgd = keras.optimizers.SGD
    compiled(model, discriminator_optimizer=sgd(0.1), generator_optimizer=sgd(0.1))
    history = train(model, images(8))
    return [np.array(history["generator_loss"]), *model.get_weights()]


def data_parallel(path):
    keras.distribution.set_distribution(keras.distribution.DataParallel())
    assert len(keras.distribution.list_devices()) == 2
    np.savez(path, *run(mlp_gan(cls=FixedLatents)))


def mirrored(path):
    import tensorflow as tf

    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    assert strategy.num_replicas_in_sync == 2
    with strategy.scope():
        model = mlp_gan(cls=FixedLatents)
        result = run(model)
    np.savez(path, *result)


@pytest.mark.parametrize(
    "way",
    [
        pytest.param("data_parallel", marks=pytest.mark.skipif(BACKEND != "jax", reason="JAX's")),
        pytest.param(
            "mirrored", marks=pytest.mark.skipif(BACKEND != "tensorflow", reason="TensorFlow's")
        ),
    ],
)
def test_two_devices_train_as_one_does(way, tmp_path):
    flags = {"XLA_FLAGS": "--xla_force_host_platform_device_count=2"} if BACKEND == "jax" else {}
    subprocess.run(
        [sys.executable, __file__, way, str(tmp_path / "two.npz")],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])} | flags,
        check=True,
        timeout=300,
    )
    with np.load(tmp_path / "two.npz") as stored:
        two = [stored[name] for name in stored]
    for a, b in zip(two, run(mlp_gan(cls=FixedLatents)), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


if __name__ == "__main__":
    globals()[sys.argv[1]](sys.argv[2])
