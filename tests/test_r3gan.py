"""R3GAN's networks, and the schedule that its training follows."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from tiny import array, assert_same, images, mlp_gan, state, train

from kerasgan import models, networks
from kerasgan.augment import AdaptiveAugmentation
from kerasgan.engine.scheduled_adam import ScheduledAdam, cosine_share

SMALL = {"latent_dim": 4, "width": 4, "blocks": 1, "group_width": 2}


def model_of(seed=1, cls=models.R3GAN, label_dim=None, **options):
    keras.utils.set_random_seed(seed)
    pair = networks.r3gan((32, 32, 1), label_dim=label_dim, **SMALL)
    return cls(*pair, seed=seed, **options)


def test_every_weight_learns():
    model = model_of(schedule_steps=4)
    before = [array(v) for v in model.trainable_variables]
    # Kernels that start from 0 let nothing through to those before them in the first step.
    history = train(model, images(8, (32, 32, 1)), epochs=2)
    assert np.isfinite([v for values in history.values() for v in values]).all()
    still = [v.path for v, old in zip(model.trainable_variables, before) if (array(v) == old).all()]
    assert not still


@pytest.mark.without_backend
def test_blocks_begin_as_nothing_and_keep_the_size_of_signals():
    keras.utils.set_random_seed(0)
    generator, discriminator = networks.r3gan((32, 32, 3), width=64, blocks=2)
    zero = [w for w in generator.trainable_weights if len(w.shape) == 4 and not array(w).any()]
    assert len(zero) == 8
    z = np.random.default_rng(0).standard_normal((16, 64), "float32")
    assert 0.5 < array(generator(z)).std() < 2
    kernels = [w for w in generator.trainable_weights if tuple(w.shape) == (3, 3, 16, 128)]
    # He's deviation, by the fourth root of the number of blocks smaller.
    expected = (2 / 1.04 / (9 * 16)) ** 0.5 * 8**-0.25
    assert array(kernels[0]).std() == pytest.approx(expected, rel=0.05)
    assert not [x for x in discriminator.layers if isinstance(x, layers.BatchNormalization)]


@pytest.mark.without_backend
@pytest.mark.parametrize("size", [32, 64, 256])
def test_sizes(size):
    options = SMALL | {"width": 16}
    generator, discriminator = networks.r3gan((size, size, 2), **options)
    assert generator.output_shape == discriminator.input_shape == (None, size, size, 2)
    assert discriminator.output_shape == (None, 1)


@pytest.mark.without_backend
def test_labels_change_what_is_made_and_how_it_is_judged():
    model = model_of(cls=models.ConditionalR3GAN, label_dim=3)
    one, other = (model.generate(2, seed=0, labels=label, as_float=True) for label in (0, 1))
    assert (one != other).any()
    x, labels = np.repeat(one[:1], 3, axis=0), np.eye(3, dtype="float32")
    assert len(np.unique(array(model.discriminator([x, labels])))) == 3


@pytest.mark.without_backend
def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="size one of 32, 64, 128, 256"):
        networks.r3gan((48, 48, 3))
    with pytest.raises(ValueError, match="group_width must divide .*24, 24, 24, 24, 12"):
        networks.r3gan((64, 64, 3), width=24)
    with pytest.raises(ValueError, match="schedule_steps must be at least 1, a whole number"):
        mlp_gan(cls=models.R3GAN, schedule_steps=0)
    with pytest.raises(ValueError, match="augmentation_probability must be in .0, 0.8."):
        mlp_gan(cls=models.R3GAN, augmentation_probability=0.9)


def test_adam_with_a_beta_2_that_moves_is_adam_with_each_of_them():
    optimizer = ScheduledAdam(0.1, 4, final_beta_2=0.99, beta_1=0.0, beta_2=0.9)
    x = keras.Variable([1.0, 2.0])
    optimizer.build([x])
    expected, v = np.array([1.0, 2.0]), np.zeros(2)
    for step in range(3):
        gradient = np.array([0.5, -1.0]) * (step + 1)
        optimizer.apply([ops.convert_to_tensor(gradient, "float32")])
        beta = 0.9 + 0.09 * (1 - np.cos(np.pi * step / 4)) / 2
        v = beta * v + (1 - beta) * gradient**2
        expected -= 0.1 * gradient / (np.sqrt(v / (1 - beta ** (step + 1))) + 1e-7)
        np.testing.assert_allclose(array(x), expected, rtol=1e-4)
    again = ScheduledAdam.from_config(optimizer.get_config())
    assert (again.beta_2, again.final_beta_2, again.decay_steps) == (0.9, 0.99, 4)


@pytest.mark.without_backend
def test_the_schedule_moves_penalty_average_rate_and_augmentation(tmp_path):
    def make():
        augmentation = AdaptiveAugmentation(policy="blit", seed=1)
        options = {"schedule_steps": 4, "augmentation_probability": 0.5}
        return mlp_gan(cls=models.R3GAN, augmentation=augmentation, **options)

    model = make()
    plain = mlp_gan(cls=models.R3GAN)
    x = images(8)
    train(model, x, epochs=2)
    assert float(array(model.share())) == 1.0
    # As the last of the steps had it.
    last = 0.5 * float(cosine_share(3, 4))
    assert float(array(model.augmentation.probability)) == pytest.approx(last)
    assert float(array(model.decay())) == pytest.approx(model.ema_decay, rel=1e-4)
    rates = [float(o.learning_rate) for o in model.optimizer.by_player.values()]
    assert rates == [pytest.approx(5e-5)] * 2
    real = ops.convert_to_tensor(np.float32(x / 127.5 - 1))
    model.discriminator.set_weights(plain.discriminator.get_weights())
    model.augmentation.probability.assign(0.0)
    model.augmentation = plain.augmentation
    whole, tenth = (array(m.penalty(real, {"real": real})) for m in (plain, model))
    np.testing.assert_allclose(tenth, whole / 10, rtol=1e-4)

    cut = make()
    train(cut, x)
    cut.save(tmp_path / "model.keras")
    resumed = keras.saving.load_model(tmp_path / "model.keras")
    train(resumed, x, initial_epoch=1, epochs=2)
    again = make()
    train(again, x, epochs=2)
    assert_same(state(resumed), state(again))
