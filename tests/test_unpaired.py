"""Translation without pairs: its data, its pool, and the losses of its papers."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from PIL import Image
from tiny import images

from kerasgan import cli, datasets, models, networks, zoo
from kerasgan.layers import ImagePool


def constant(values):
    return np.broadcast_to(np.float32(values)[:, None, None, None], (len(values), 2, 2, 1))


def test_a_pool_gives_earlier_images_half_of_the_time():
    pool, returned = ImagePool(4, seed=0), []
    pool.build((None, 2, 2, 1))
    for step in range(150):
        given = [2 * step, 2 * step + 1]
        found = ops.convert_to_numpy(pool(ops.convert_to_tensor(constant(given))))
        assert np.ptp(found, axis=(1, 2, 3)).max() == 0
        returned.append(found[:, 0, 0, 0].astype(int))
    returned = np.stack(returned)
    latest = np.arange(300).reshape(150, 2)
    np.testing.assert_array_equal(returned[:2], latest[:2])  # while it is filled
    own = returned[2:] == latest[2:]
    assert 0.4 < own.mean() < 0.6 and (returned <= latest).all()
    # An earlier one leaves the pool, so that it cannot come twice but for the first four.
    earlier = returned[2:][~own]
    assert len(set(earlier)) == len(earlier)
    with pytest.raises(ValueError, match="images of one size"):
        ImagePool().build((None, None, None, 3))


def tint(factor, name):
    """A generator that multiplies by a factor."""
    start = keras.initializers.Constant(factor)
    layer = layers.Conv2D(1, 1, use_bias=False, kernel_initializer=start)
    return keras.Sequential([keras.Input((4, 4, 1)), layer], name=name)


def test_the_losses_of_cycle_gan_are_the_papers():
    judges = [tint(2.0, "a"), tint(3.0, "b")]  # logits are twice, three times the pixels
    model = models.CycleGAN(tint(0.5, "there"), tint(-1.0, "back"), *judges, pool_size=0)
    x, y = np.full((2, 4, 4, 1), 0.4, "float32"), np.full((2, 4, 4, 1), 0.8, "float32")
    batch = {"source": ops.convert_to_tensor(x), "target": ops.convert_to_tensor(y)}
    found = float(ops.convert_to_numpy(ops.stop_gradient(model.generator_loss(batch, False))))
    # G(x) = 0.2, F(y) = -0.8, F(G(x)) = -0.2, G(F(y)) = -0.4; D_Y(0.2) = 0.4, D_X(-0.8) = -2.4
    cycle, identity = 0.6 + 1.2, 0.4 + 0.8
    deceived = (0.4 - 1) ** 2 + (-2.4 - 1) ** 2
    scale = deceived / losses_of(model, 0.4, -2.4)
    expected = deceived / scale + 10 * cycle + 5 * identity
    assert found == pytest.approx(expected, rel=1e-5)


def losses_of(model, *logits):
    """The generator's adversarial loss of these logits, whatever constant is before it."""
    return sum(
        float(ops.convert_to_numpy(model.adversarial_loss.generator(None, ops.full((1, 1), v))))
        for v in logits
    )


@pytest.mark.without_backend
def test_the_patch_loss_of_cut_is_the_cross_entropy_of_places():
    keras.utils.set_random_seed(0)
    built = networks.cut((32, 32, 3), width=2, blocks=1, projection_dim=4)
    model = models.CUT(*built, patches=4096, temperature=0.1, seed=0)
    x = ops.convert_to_tensor(images(2, (32, 32, 3)).astype("float32") / 127.5 - 1)
    made, *features = model.encoding_generator(x)
    found = float(ops.convert_to_numpy(ops.stop_gradient(model.patch_loss(made, features, False))))

    def vectors(features):
        flat = [ops.reshape(f, (2, -1, f.shape[-1])) for f in features]
        projected = model.projections(flat)
        projected = [ops.convert_to_numpy(ops.stop_gradient(v)) for v in projected]
        return [v / np.sqrt((v**2).sum(-1, keepdims=True) + 1e-12) for v in projected]

    depths = []
    for query, key in zip(vectors(model.encoder(made)), vectors(features)):
        logits = np.einsum("bqd,bkd->bqk", query, key) / 0.1
        right = np.einsum("bqd,bqd->bq", query, key) / 0.1
        depths.append(np.log(np.exp(logits).sum(-1)) - right)
    assert found == pytest.approx(np.mean([d.mean() for d in depths]), rel=1e-4)


@pytest.mark.without_backend
def test_cut_moves_its_projections_with_the_generator_alone():
    keras.utils.set_random_seed(0)
    model = models.CUT(*networks.cut((32, 32, 1), channels=1, width=2, blocks=1), seed=0)
    names = {v.path for v in model.variables_of("generator")}
    assert names == {v.path for n in (model.generator, model.projections) for v in n.weights}
    with pytest.raises(ValueError, match="no layer of that name"):
        models.CUT(model.generator, model.discriminator, networks.cut((32, 32, 3), width=4)[2])


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kinds")
    for kind, count, level in (("a", 5, 0), ("b", 8, 100)):
        (folder / kind).mkdir()
        for i in range(count):
            Image.new("L", (12, 10), level + i).save(folder / kind / f"{i}.png")
    return folder / "a", folder / "b"


def load(folders, **options):
    options = {"size": 8, "source_channels": 1, "load_size": 10, "batch_size": 2} | options
    return datasets.load_unpaired(*folders, **options)


@pytest.mark.without_backend
def test_each_kind_is_gone_through_in_an_order_of_its_own(folders):
    data = load(folders)
    assert len(data) == 4 and data.num_images == 8
    assert data.shapes == {"source": (8, 8, 1), "target": (8, 8, 3)}
    seen = []
    data.on_epoch_begin()
    for _ in range(2):
        batches = [data[i] for i in range(len(data))]
        seen.append([np.concatenate(side)[:, 0, 0, 0].tolist() for side in zip(*batches)])
        data.on_epoch_end()
    for _, targets in seen:
        assert sorted(targets) == list(range(100, 108))
    assert seen[0][1] != seen[1][1]
    sources = seen[0][0] + seen[1][0]  # 4 of 5 each time, in eight batches
    assert all(len(set(sources[i : i + 4])) == 4 for i in range(0, 16, 4))
    assert set(sources) == set(range(5))

    resumed = load(folders)
    resumed.epoch = 1
    np.testing.assert_array_equal(
        np.concatenate([resumed[i][1] for i in range(4)])[:, 0, 0, 0], seen[1][1]
    )
    a, b = data.hold_out(2)
    assert a.shape == (2, 8, 8, 1) and b.shape == (2, 8, 8, 3)
    left = {int(v) for i in range(3) for v in data[i][1][:, 0, 0, 0]}
    assert not left & set(b[:, 0, 0, 0].tolist()) and data.num_images == 6
    with pytest.raises(ValueError, match="batch"):
        load(folders, batch_size=6)


@pytest.mark.without_backend
def test_a_translation_learns_from_folders_and_takes_any_size(folders):
    keras.utils.set_random_seed(0)
    there = networks.translator((None, None, 1), channels=3, width=2, blocks=1)
    back = networks.translator((None, None, 3), channels=1, width=2, blocks=1)
    judges = [networks.patchgan((8, 8, c), width=2, depth=1) for c in (3, 1)]
    with pytest.raises(ValueError, match="identity_weight must be 0"):
        models.CycleGAN(there, back, *judges)
    with pytest.raises(ValueError, match="backward_generator must turn"):
        models.CycleGAN(there, there, judges[0], judges[0], identity_weight=0.0)
    model = models.CycleGAN(there, back, *judges, identity_weight=0.0, pool_size=2, seed=0)
    history = model.fit(load(folders, size=8), epochs=2, verbose=0).history
    assert np.isfinite(history["cycle_loss"]).all()
    colour = model.translate(images(2, (13, 18, 1)))
    assert colour.shape == (2, 13, 18, 3) and colour.dtype == "uint8"
    assert model.translate(colour, backward=True).shape == (2, 13, 18, 1)


@pytest.mark.without_backend
def test_the_command_translates_back_and_refuses_what_a_model_does_not_take(tmp_path, capsys):
    there = networks.translator((None, None, 1), channels=3, width=2, blocks=1)
    back = networks.translator((None, None, 3), channels=1, width=2, blocks=1)
    judges = [networks.patchgan((16, 16, c), width=2, depth=1) for c in (3, 1)]
    model = models.CycleGAN(there, back, *judges, identity_weight=0.0, pool_size=0)
    entry = str(zoo.save(model, tmp_path / "entry"))
    picture = str(tmp_path / "colour.png")
    Image.new("RGB", (20, 13), "red").save(picture)
    command = ["translate", picture, "--model", entry, "-o", str(tmp_path / "grey.png")]
    assert cli.main([*command, "--backward"]) == 0
    with Image.open(tmp_path / "grey.png") as made:
        assert made.size == (20, 13) and made.mode == "L"
    assert cli.main([*command, "--seed", "1"]) == 2
    assert "takes no --seed" in capsys.readouterr().err
