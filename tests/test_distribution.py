"""Every backend's own engine trains the models as they are over two devices, or processes."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
import tomllib
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image
from tiny import array, compiled, images

from kerasgan import datasets, models, networks, zoo
from kerasgan.cli import main
from kerasgan.diagnosis.run import rows
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
    there, back = (
        networks.translator((None, None, 1), channels=1, width=2, blocks=1) for _ in range(2)
    )
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
    model = compiled(make(), optimizer=keras.optimizers.SGD(0.01))
    if "large" in model.takes:
        large = images(8, (16, 16, 3))
        given = {"small": large[:, ::2, ::2], "large": large}
    elif "source" in model.takes:
        given = {"source": images(8, SHAPE), "target": images(8, SHAPE, seed=1)}
    elif BACKEND == "tensorflow":
        given = images(8, SHAPE)
    else:
        given = datasets.load(images(8, SHAPE), SHAPE, batch_size=4, flip=False, workers=1)
    options = {} if isinstance(given, datasets.Batches) else {"batch_size": 4, "shuffle": False}
    history = model.fit(given, epochs=1, verbose=0, **options).history
    found = {name: np.array(values) for name, values in history.items()}
    # Each replica has seeds and pictures in store of its own.
    own = re.compile("seed|pool")
    weights = [array(v) for v in model.weights if not own.search(v.path)]
    return found | {str(number): value for number, value in enumerate(weights)}


def wide():
    return GAN(*networks.mlp(SHAPE, latent_dim=4, width=8, depth=1))


def split_over_two():
    """A model whose layers lie on two devices in parts, by Keras's own `ModelParallel`."""
    mesh = keras.distribution.DeviceMesh((1, 2), ["batch", "model"])
    layout = keras.distribution.LayoutMap(mesh)
    layout[".*dense.*kernel"] = ("model", None)
    parallel = keras.distribution.ModelParallel(
        layout_map=layout, batch_dim_name="batch", auto_shard_dataset=False
    )
    keras.distribution.set_distribution(parallel)
    try:
        return trained(wide)
    finally:
        keras.distribution.set_distribution(None)


def two_devices():
    if BACKEND != "tensorflow":
        return devices.over(None if BACKEND == "torch" else 2)
    import tensorflow as tf

    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope()


def compare(*names):
    """Train models over two devices and over one."""
    makes = [globals()[str(name)] for name in names]
    with two_devices():
        assert devices.number() == 2
        over_two = [trained(make) for make in makes]
        with pytest.raises(ValueError, match="2 devices take an equal part of every batch"):
            compiled(gan()).fit(images(7, SHAPE), batch_size=4)
        if BACKEND == "tensorflow":
            with pytest.raises(ValueError, match="Give arrays"):
                compiled(gan()).fit(datasets.load(images(8, SHAPE), SHAPE, batch_size=4))
    if not devices.is_first():
        return
    if BACKEND == "jax":
        makes, over_two = [*makes, wide], [*over_two, split_over_two()]
    for make, two in zip(makes, over_two):
        one = trained(make)
        assert set(two) == set(one)
        for name in one:
            np.testing.assert_allclose(
                two[name], one[name], rtol=1e-4, atol=1e-5, err_msg=f"{make.__name__}: {name}"
            )


def command(arguments):
    simulated = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count=2"
    path = os.pathsep.join([str(Path(__file__).parents[1]), str(Path(__file__).parent)])
    return {
        "args": [sys.executable, *(TORCHRUN if BACKEND == "torch" else []), *map(str, arguments)],
        "env": os.environ | {"PYTHONPATH": path, "XLA_FLAGS": simulated},
    }


def test_two_devices_train_as_one_does():
    subprocess.run(**command([__file__, "compare", "gan"]), check=True, timeout=1200)


@pytest.mark.slow
@pytest.mark.skipif(BACKEND == "tensorflow", reason="of GAN alone")
def test_two_devices_train_the_larger_models_as_one_does():
    names = ["wgan_gp", "cycle_gan", "srgan"]
    subprocess.run(**command([__file__, "compare", *names]), check=True, timeout=1200)


def words(folder):
    found = ["train", "dcgan", "--data", folder / "pictures", "--out", folder / "run"]
    found += ["data.image_shape=[16, 16, 1]", "networks.width=2", "fit.held_out=4"]
    found += ["--epochs", 3, "--batch-size", 4]
    return found if BACKEND == "torch" else [*found, "--devices", 2]


def killed(folder):
    """Train by the command, and kill what has begun: of two processes the second."""
    state, own = folder / "run" / "state.weights.h5", os.environ.get("RANK", "1") == "1"

    def kill():
        while not state.exists():
            time.sleep(0.002)
        os.kill(os.getpid(), signal.SIGKILL)

    if own:
        threading.Thread(target=kill, daemon=True).start()
    sys.exit(main([str(word) for word in words(folder)]))


@pytest.mark.slow
@pytest.mark.skipif(BACKEND == "tensorflow", reason="it trains recipes on one device")
def test_a_run_over_two_devices_goes_on_when_one_was_killed(tmp_path):
    (tmp_path / "pictures").mkdir()
    for i, image in enumerate(images(15, SHAPE)):
        Image.fromarray(image[..., 0]).save(tmp_path / "pictures" / f"{i:02d}.png")
    output = {"capture_output": True, "text": True, "timeout": 1200}
    first = subprocess.run(**command([__file__, "killed", tmp_path]), **output)
    assert first.returncode != 0 and not (tmp_path / "run" / "entry").exists()
    if BACKEND == "torch":
        (line,) = (x for x in first.stderr.splitlines() if x.startswith("kerasgan: "))
        assert "Another process of this training has ended" in line
    again = subprocess.run(**command([__file__, "trained_by_command", tmp_path]), **output)
    assert again.returncode == 0, again.stderr
    # One of the processes tells and writes.
    assert again.stdout.count("Going on with") == again.stdout.count("Done.") == 1
    assert [*dict(rows(tmp_path / "run" / "log.csv"))] == [0, 1, 2]
    assert len([*(tmp_path / "run" / "grids").iterdir()]) == 3
    sessions = tomllib.loads((tmp_path / "run" / "environment.toml").read_text())["session"]
    assert [session["devices"] for session in sessions] == [2, 2]
    assert zoo.load(tmp_path / "run").generate(2).shape == (2, *SHAPE)


def trained_by_command(folder):
    sys.exit(main([str(word) for word in words(folder)]))


def test_devices_that_are_not_there_are_refused(tmp_path, capsys):
    Image.fromarray(images(1, SHAPE)[0, ..., 0]).save(tmp_path / "one.png")
    words = ["train", "dcgan", "--data", tmp_path, "--out", "run", "--devices", 9]
    assert main([str(word) for word in words]) == 2
    line = capsys.readouterr().err
    expected = "9 are asked for" if BACKEND == "jax" else "torchrun --nproc-per-node 9"
    assert expected in line and line.count("\n") == 1


@pytest.mark.without_backend
def test_the_parts_of_a_batch_are_the_batch():
    def data(number, part=None):
        found = datasets.load(images(10, SHAPE), SHAPE, batch_size=4, flip=True, workers=1, seed=3)
        found.divide(number, part)
        return found

    one, two = data(1), data(2)
    first, second = data(2, 0), data(2, 1)
    assert len(one) == len(first) == 3
    for i in range(2):
        np.testing.assert_array_equal(np.concatenate([first[i], second[i]]), one[i])
        np.testing.assert_array_equal(two[i], one[i])
    four = data(4)
    assert [len(data(4, part)[2]) for part in range(4)] == [1] * 4
    # The last two pictures, each twice.
    np.testing.assert_array_equal(four[2], np.concatenate([one[2], one[2]]))


@pytest.mark.without_backend
def test_a_batch_that_cannot_be_divided_is_refused():
    data = datasets.load(images(10, SHAPE), SHAPE, batch_size=4, workers=1)
    with pytest.raises(ValueError, match="batch_size must be a multiple of 3"):
        data.divide(3)


if __name__ == "__main__":
    if BACKEND == "tensorflow":
        import tensorflow as tf

        cpu = tf.config.list_physical_devices("CPU")[0]
        half = [tf.config.LogicalDeviceConfiguration()] * 2
        tf.config.set_logical_device_configuration(cpu, half)
    globals()[sys.argv[1]](*map(Path, sys.argv[2:]))
