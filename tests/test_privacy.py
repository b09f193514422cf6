"""Training with differential privacy: what it promises, and that the promise is kept."""

import keras
import numpy as np
import pytest
from tiny import SHAPE, accounted_epsilon, array, assert_same, compiled, images, mlp_gan, state

import kerasgan
from kerasgan import metrics, models, networks, zoo
from kerasgan.augment import InstanceNoise
from kerasgan.modalities import Attributes
from kerasgan.penalties import R1
from kerasgan.privacy import PrivateSteps
from kerasgan.zoo.training import train

BUDGET = {"epsilon": 1e12, "delta": 1e-3, "discriminator_steps": 2}


def private(**options):
    return kerasgan.Privacy(**BUDGET | options)


def sums(model, real, fake, included, norm):
    steps = PrivateSteps(private(clipping_norm=norm), model, {"real": real}, 4, 1)
    variables = model.variables_of("discriminator")
    real = np.asarray(model.modalities["real"].to_network(real), "float32")

    def see():
        records = {"real": real, "fake": fake}
        records = {k: keras.ops.convert_to_tensor(v) for k, v in records.items()}
        tensor = keras.ops.cast(included, "float32")
        loss, found = steps.clipped_sums(records, tensor, variables)
        flat = keras.ops.concatenate([keras.ops.reshape(g, (-1,)) for g in found])
        return {"sums": flat, "loss": loss}

    from kerasgan.engine import backend

    return backend.without_effect(see, model.variables)()


def records(n=64):
    fake = np.random.default_rng(1).uniform(-1, 1, (n, *SHAPE)).astype("float32")
    return images(n), fake, np.ones(n, "float32")


def test_without_clipping_the_sums_are_those_of_the_batch():
    model, (real, fake, all_of_them) = compiled(mlp_gan()), records()
    found = sums(model, real, fake, all_of_them, norm=1e9)["sums"]
    ones = [sums(model, real, fake, (np.arange(64) == i) * 1.0, 1e9)["sums"] for i in range(3)]
    some = sums(model, real, fake, (np.arange(64) < 3) * 1.0, 1e9)["sums"]
    np.testing.assert_allclose(some, sum(ones), atol=1e-4)
    assert np.linalg.norm(found) > np.linalg.norm(some)


def test_the_sums_of_convolutions_are_those_of_the_batch():
    from kerasgan.engine import backend

    keras.utils.set_random_seed(0)
    pair = networks.dcgan((16, 16, 1), width=2, discriminator_normalization=None)
    model, (real, fake) = compiled(models.GAN(*pair)), [images(64, (16, 16, 1))] * 2
    fake = fake[::-1] / np.float32(127.5) - 1
    found = sums(model, real, fake, np.arange(64) < 35, norm=1e9)["sums"]

    def whole():
        batch = {"real": keras.ops.cast(real[:35], "float32") / 127.5 - 1, "fake": fake[:35]}
        _, gradients = backend.gradients(
            lambda: model.discriminator_loss(batch), model.variables_of("discriminator")
        )
        return {"gradients": keras.ops.concatenate([keras.ops.ravel(g) for g in gradients])}

    expected = backend.without_effect(whole, model.variables)()["gradients"]
    np.testing.assert_allclose(found / 35, expected, atol=1e-5)


def test_one_record_moves_the_clipped_sum_by_the_norm_at_most():
    model, (real, fake, included) = compiled(mlp_gan()), records()
    whole = sums(model, real, fake, included, norm=0.01)["sums"]
    moved = []
    for record in range(3):
        without = included * (np.arange(64) != record)
        apart = np.linalg.norm(whole - sums(model, real, fake, without, norm=0.01)["sums"])
        moved.append(apart)
    # Of other records the gradients are longer than the norm, so that it is reached.
    assert max(moved) <= 0.01 * (1 + 1e-3) and min(moved) >= 0.0099


def fit(model, epochs=1, n=40, **options):
    privacy = options.pop("privacy", None) or private()
    options = {"batch_size": 10, "verbose": 0, "privacy": privacy} | options
    return model.fit(images(n), epochs=epochs, **options).history


def test_a_run_logs_its_epsilon_and_the_card_has_it(tmp_path):
    model = compiled(mlp_gan())
    history = fit(model, epochs=2, privacy=private(noise_multiplier=2.0))
    for epoch, epsilon in enumerate(history["epsilon"], 1):
        assert epsilon == accounted_epsilon(2.0, 10 / 40, 4 * epoch, 1e-3)
    assert np.isfinite(history["discriminator_loss"]).all()
    card = zoo.info(zoo.save(model, tmp_path / "entry"))
    assert card["privacy"]["epsilon"] == round(history["epsilon"][-1], 4)
    assert card["privacy"]["steps"] == 8 and card["privacy"]["delta"] == 1e-3
    again = zoo.load(tmp_path / "entry")
    assert zoo.info(zoo.save(again, tmp_path / "again"))["privacy"] == card["privacy"]
    # What then learns without it promises nothing any more.
    compiled(again).fit(images(8), verbose=0)
    assert "privacy" not in zoo.info(zoo.save(again, tmp_path / "open"))


def test_noise_is_added_and_the_generator_takes_a_turn_for_several():
    quiet, loud = compiled(mlp_gan()), compiled(mlp_gan())
    fit(quiet, privacy=private(noise_multiplier=1e-4))
    fit(loud, privacy=private(noise_multiplier=5.0, discriminator_steps=4))
    turns = [m.optimizer.by_player["generator"].iterations for m in (quiet, loud)]
    assert [int(array(t)) for t in turns] == [2, 1]
    before, after = (array(m.discriminator.trainable_variables[0]) for m in (quiet, loud))
    assert np.abs(before - after).max() > 1e-5


@pytest.mark.without_backend
def test_a_run_ends_with_its_budget_and_does_not_begin_without():
    privacy = private(epsilon=10.0)
    allowed = privacy.allowed(0.25, 100)
    assert privacy.spent(allowed, 0.25) <= 10.0 < privacy.spent(allowed + 1, 0.25)
    model = compiled(mlp_gan())
    history = fit(model, epochs=25, privacy=privacy)
    steps = model.optimizer.by_player["discriminator"].iterations
    assert int(array(steps)) == allowed < 100 and history["epsilon"][-1] <= 10.0
    with pytest.raises(ValueError, match="The budget of 10 is spent"):
        fit(model, epochs=26, privacy=privacy)
    with pytest.raises(ValueError, match="goes on with the noise_multiplier.*1.0"):
        fit(model, epochs=26, privacy=private(epsilon=10.0, noise_multiplier=9.0))


def test_a_resumed_run_has_spent_what_a_whole_one_has(tmp_path):
    whole, cut = compiled(mlp_gan()), compiled(mlp_gan())
    expected = fit(whole, epochs=2)
    fit(cut)
    cut.save(tmp_path / "model.keras")
    resumed = keras.saving.load_model(tmp_path / "model.keras")
    found = fit(resumed, epochs=2, initial_epoch=1)
    assert found["epsilon"] == expected["epsilon"][1:]
    assert_same(state(resumed), state(whole))


@pytest.mark.without_backend
def test_what_cannot_be_private_is_refused_with_the_reason():
    def refused(model, told, **options):
        with pytest.raises(ValueError, match=told):
            fit(model, **options)

    refused(mlp_gan(), "delta must be less than 1 / records", privacy=private(delta=1 / 40))
    refused(mlp_gan(augmentation=InstanceNoise()), "augmentation")
    refused(mlp_gan(penalties=[R1()]), "a penalty")
    refused(mlp_gan(cls=models.R3GAN), "real samples|a penalty")
    normal = networks.dcgan((32, 32, 1), width=2, discriminator_normalization="batch")
    with pytest.raises(ValueError, match="statistics of a batch"):
        models.GAN(*normal).fit(images(40, (32, 32, 1)), privacy=private(), verbose=0)
    keras.utils.set_random_seed(0)
    pair = networks.mlp(SHAPE, latent_dim=4, width=8, label_dim=3)
    with pytest.raises(ValueError, match="of attributes"):
        of_attributes = models.ConditionalGAN(*pair, labels=Attributes(3))
        of_attributes.fit(images(40), np.zeros((40, 3)), privacy=private())
    open_one = compiled(mlp_gan())
    open_one.fit(images(8), verbose=0)
    refused(open_one, "learned from data without privacy")
    with pytest.raises(ValueError, match="an array of all of them"):
        mlp_gan().fit(iter([images(4)]), privacy=private())
    with pytest.raises(ValueError, match="noise_multiplier must be positive"):
        private(noise_multiplier=0.0)


@pytest.mark.without_backend
def test_lots_take_each_record_as_often_as_another():
    steps = PrivateSteps(private(), mlp_gan(), {"real": images(200)}, 20, 1)
    lots = [steps.lots[i][0]["included"].sum() for i in range(10)]
    assert len({*lots}) > 3 and 10 < np.mean(lots) < 30
    assert steps.lots.room % 32 == 0 and steps.lots.room >= max(lots)


def labelled(seed=1):
    keras.utils.set_random_seed(seed)
    pair = networks.mlp(SHAPE, latent_dim=4, width=8, depth=1, label_dim=3)
    return compiled(models.ConditionalGAN(*pair, seed=seed), optimizer="sgd")


def test_the_generator_learns_of_the_data_through_the_discriminator_alone():
    found = []
    for data in (0, 1):
        model = labelled()
        before = [array(v) for v in model.generator.trainable_variables]
        # So that the discriminator stays where it is.
        privacy = private(clipping_norm=1e-20, discriminator_steps=1)
        real, classes = images(40, seed=data), np.full(40, data)
        model.fit(real, classes, batch_size=10, verbose=0, privacy=privacy)
        found.append([array(v) for v in model.generator.trainable_variables])
        assert any((a != b).any() for a, b in zip(before, found[-1]))
        # Nor does it remember which classes there were.
        assert not array(model.seen_labels).any()
    assert_same(*found)


def test_a_discriminator_of_classes_moves_by_the_class_too():
    moved = []
    for data in (0, 1):
        model = labelled()
        model.fit(images(40), np.full(40, data), batch_size=10, verbose=0, privacy=private())
        moved.append([array(v) for v in model.discriminator.trainable_variables])
    assert any(np.abs(a - b).max() > 1e-6 for a, b in zip(*moved))


@pytest.mark.without_backend
def test_it_is_trained_by_a_recipe(tmp_path):
    np.savez(tmp_path / "data.npz", x=images(40), y=np.arange(40) % 3)
    networks = {"builder": "mlp", "latent_dim": 4, "width": 8, "depth": 1}
    recipe = {
        "model": {"augmentation": "none"},
        "networks": networks,
        "data": {"image_shape": list(SHAPE), "batch_size": 10},
        "privacy": BUDGET | {"noise_multiplier": 2.0},
        "fit": {"epochs": 2, "held_out": 0},
    }
    run = tmp_path / "run"
    for _ in range(2):  # the second time there is nothing left to do
        train("conditional_gan", tmp_path / "data.npz", run, recipe)
        card = zoo.info(str(run))
        expected = private(noise_multiplier=2.0).spent(8, 0.25)
        assert card["privacy"]["epsilon"] == round(expected, 4)
        assert card["privacy"]["steps"] == 8
    # The seed, which the recipe tells, is not that of the noise.
    other = tmp_path / "other"
    train("conditional_gan", tmp_path / "data.npz", other, recipe)
    one, two = (zoo.load(str(folder)).generator.get_weights() for folder in (run, other))
    assert any((a != b).any() for a, b in zip(one, two))
    with pytest.raises(ValueError, match="neither start nor stages"):
        train("conditional_gan", tmp_path / "data.npz", run, recipe | {"start": str(run)})
    with pytest.raises(ValueError, match="epsilon"):
        wrong = recipe | {"privacy": {"delta": 1e-3}}
        train("conditional_gan", tmp_path / "data.npz", tmp_path / "third", wrong)


@pytest.mark.without_backend
def test_the_bound_of_an_audit_is_that_of_the_binomial_distribution():
    included = np.arange(40) % 2 == 0
    # Twenty guesses, all right: 0.05 = p^20 with p = e^ε / (1 + e^ε).
    p = 0.05 ** (1 / 20)
    assert abs(metrics.audited_epsilon(included * 1.0, included) - np.log(p / (1 - p))) < 1e-5
    assert metrics.audited_epsilon(included * 1.0, included, delta=1e-3) == 0.0
    assert metrics.audited_epsilon(-1.0 * included, included) == 0.0
    with pytest.raises(ValueError, match=r"4 canaries.*shapes \(3,\) and \(3,\)"):
        metrics.audited_epsilon(np.ones(3), np.ones(3))


def audited(noise):
    """The ε that was spent on images of noise, and the least that an audit finds."""
    random = np.random.default_rng(0)
    canaries = random.choice([0, 255], (400, *SHAPE)).astype("uint8")
    included = random.random(400) < 0.5
    model = compiled(mlp_gan(), discriminator_optimizer=keras.optimizers.Adam(0.02))
    told = private(noise_multiplier=noise, delta=1e-5)
    records = canaries[included]
    history = model.fit(records, batch_size=20, epochs=10, privacy=told, verbose=0).history
    seen = model.discriminator.predict(canaries / 127.5 - 1.0, verbose=0)[:, 0]
    return history["epsilon"][-1], metrics.audited_epsilon(seen, included, told.delta)


def test_an_audit_by_canaries_stays_under_epsilon_and_finds_noise_that_is_missing():
    spent, found = audited(noise=1.0)
    assert found < spent
    _, without = audited(noise=1e-3)
    assert without > found + 0.5
