"""Every backend's own engine trains the models as they are over two devices, or processes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image
from tiny import array, compiled, images

from kerasgan import datasets, models, networks
from kerasgan.diagnosis import run as runs
from kerasgan.engine import devices

BACKEND = keras.backend.backend()
SHAPE = (16, 16, 1)
TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]


class OfThePicture:
    """Replicas draw latents of their own: made of the pictures, two runs can be compared."""

    def draw(self, batch):
        rows = keras.ops.reshape(batch["real"], (-1, 64, 4))
        return batch | {"latents": keras.ops.mean(rows, axis=1) * 4.0}


class GAN(OfThePicture, models.GAN):
    pass


class WGANGP(OfThePicture, models.WGANGP):
    pass


def gan():
    return GAN(*networks.dcgan(SHAPE, latent_dim=4, width=2))


def wgan_gp():
    options = models.WGANGP.network_options
    return WGANGP(*networks.dcgan(SHAPE, latent_dim=4, width=2, **options), discriminator_steps=2)


def cycle_gan():
    there, back = (networks.translator((None, None, 1), width=2, blocks=1) for _ in range(2))
    judges = [networks.patchgan(SHAPE, width=2, depth=1) for _ in range(2)]
    return models.CycleGAN(there, back, *judges, identity_weight=0.5)


def srgan():
    networks_ = networks.srresnet(2, width=2, blocks=1), networks.srgan_discriminator(16, 2)
    return models.SRGAN(*networks_, content_loss="mean_squared_error")


def trained(make):
    """What two steps of a model with plain optimizers lead to."""
    # Where a penalty looks is drawn by each replica for itself.
    keras.random.uniform = lambda shape, *args, **kwargs: keras.ops.full(shape, 0.3)
    keras.utils.set_random_seed(1)
    model = compiled(make(), optimizer=keras.optimizers.SGD(0.05))
    if "large" in model.takes:
        large = images(8, (16, 16, 3))
        given = {"small": large[:, ::2, ::2], "large": large}
    elif "source" in model.takes:
        given = {"source": images(8, SHAPE), "target": images(8, SHAPE, seed=1)}
    else:
        given = datasets.load(images(8, SHAPE), SHAPE, batch_size=4, flip=False, workers=1)
    options = {} if isinstance(given, datasets.Batches) else {"batch_size": 4, "shuffle": False}
    history = model.fit(given, epochs=1, verbose=0, **options).history
    found = {name: np.array(values) for name, values in history.items()}
    weights = {str(i): array(v) for i, v in enumerate(model.weights) if "seed" not in v.path}
    return found | weights


MODELS = (gan, wgan_gp, cycle_gan, srgan)


def over_two(folder):
    """Train every model over two devices; of processes one writes."""
    with devices.over(None if BACKEND == "torch" else 2):
        assert devices.number() == 2
        for make in MODELS:
            found = trained(make)
            if devices.is_first():
                np.savez(Path(folder) / f"{make.__name__}.npz", **found)


def command(arguments, **variables):
    flags = {"XLA_FLAGS": "--xla_force_host_platform_device_count=2"} if BACKEND == "jax" else {}
    path = os.pathsep.join([str(Path(__file__).parents[1]), str(Path(__file__).parent)])
    return {
        "args": [sys.executable, *(TORCHRUN if BACKEND == "torch" else []), *map(str, arguments)],
        "env": os.environ | {"PYTHONPATH": path} | flags | variables,
    }


def test_two_devices_train_as_one_does(tmp_path, monkeypatch):
    subprocess.run(**command([__file__, tmp_path]), check=True, timeout=300)
    monkeypatch.setattr(keras.random, "uniform", None)  # which `trained` replaces
    for make in MODELS:
        one = trained(make)
        with np.load(tmp_path / f"{make.__name__}.npz") as two:
            assert set(two) == set(one)
            for name in one:
                np.testing.assert_allclose(
                    two[name], one[name], rtol=2e-4, atol=2e-5, err_msg=f"{make.__name__} {name}"
                )


if __name__ == "__main__":
    if BACKEND == "tensorflow":
        import tensorflow as tf

        cpu = tf.config.list_physical_devices("CPU")[0]
        half = [tf.config.LogicalDeviceConfiguration()] * 2
        tf.config.set_logical_device_configuration(cpu, half)
    over_two(sys.argv[1])
