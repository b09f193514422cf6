"""Every model of the family: what its paper says happens, and what all of them can do."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from tiny import compiled, images, train

from kerasgan import losses, models, networks, penalties
from kerasgan.augment import DifferentiableAugmentation
from kerasgan.modalities import Attributes, ClassLabels

SHAPE = (8, 8, 1)
X, Y = images(8), np.arange(8) % 3
NETWORK = {"latent_dim": 4, "width": 8, "depth": 1}
LABELLED = {"label_dim": 3}

# Each model, the options of its networks, and its own.
FAMILY = {
    "GAN": (models.GAN, {}, {}),
    "LSGAN": (models.LSGAN, {}, {}),
    "WGAN": (models.WGAN, {}, {"discriminator_steps": 2}),
    "WGANGP": (models.WGANGP, models.WGANGP.network_options, {"discriminator_steps": 2}),
    "SNGAN": (
        models.SNGAN,
        {"discriminator_normalization": "spectral"},
        {"discriminator_steps": 1},
    ),
    "R3GAN": (models.R3GAN, {}, {}),
    "FeatureMatchingGAN": (models.FeatureMatchingGAN, {}, {}),
    "ConditionalGAN": (
        models.ConditionalGAN,
        LABELLED,
        {"labels": ClassLabels(3, ["a", "b", "c"])},
    ),
    "ProjectionGAN": (
        models.ProjectionGAN,
        LABELLED | models.ProjectionGAN.network_options,
        {"discriminator_steps": 1},
    ),
    "ACGAN": (models.ACGAN, LABELLED | {"conditioning": "auxiliary"}, {}),
}
EVERY = pytest.mark.parametrize("name", FAMILY)


def all_here(first, values):
    """Parameters of a test whose first runs on each backend, the others on one."""
    others = [v for v in values if v != first]
    return [first, *(pytest.param(v, marks=pytest.mark.without_backend) for v in others)]


def build(name, seed=1, **options):
    cls, network, own = FAMILY[name]
    keras.utils.set_random_seed(seed)
    pair = networks.mlp(SHAPE, **NETWORK | network)
    return cls(*pair, seed=seed, **own | options)


def numbers(variables):
    return [np.array(ops.convert_to_numpy(v)) for v in variables]


OF_THEIR_OWN = ("StyleGAN", "WaveGAN", "SpecGAN")


def test_no_model_of_latents_is_left_out():
    of_latents = {cls.__name__ for cls in models.MODELS.values() if issubclass(cls, models.GAN)}
    # Those that train with networks of their own alone have tests of their own.
    own = {"FastGAN", "ProjectedGAN", "ProgressiveGAN", "ConditionalR3GAN", "MuseGAN"}
    own |= {f"{kind}{name}" for kind in ("", "Conditional") for name in OF_THEIR_OWN}
    own |= {"StyleGAN2", "ConditionalStyleGAN2", "SemiSupervisedGAN", "SeriesGAN", "SequenceWGANGP"}
    own |= {"FieldGAN", "ConditionalFieldGAN"}
    assert set(FAMILY) == of_latents - own


@EVERY
def test_each_turn_moves_its_own_player_only(name):
    model = compiled(build(name))
    for moved in model.players:
        optimizers = {
            f"{player}_optimizer": keras.optimizers.SGD(1e-3 if player == moved else 0.0)
            for player in model.players
        }
        model.compile(**optimizers)
        before = {player: numbers(model.variables_of(player)) for player in model.players}
        train(model, X, y=Y)
        for player, old in before.items():
            new = numbers(model.variables_of(player))
            change = max(np.abs(a - b).max() for a, b in zip(old, new))
            if name == "WGAN" and player == "discriminator" != moved:
                continue  # the clipping moves it
            assert (change > 0) == (player == moved), player


@pytest.mark.without_backend
@EVERY
def test_augmentation_and_unequal_batches_work_with_every_model(name):
    model = build(name, augmentation=[DifferentiableAugmentation(seed=0)])
    history = train(
        compiled(model, run_eagerly=True),
        X[:7],
        y=Y[:7],
        batch_size=4,
        validation_data=(X[:4], Y[:4]),
    )
    assert np.isfinite([v for values in history.values() for v in values]).all()


@keras.saving.register_keras_serializable("test_family")
class Doubled(layers.Layer):
    def call(self, x, training=False):
        return 2.0 * x


def test_augmentation_leaves_labels_beside_points_as_they_are():
    pair = networks.mlp((2,), latent_dim=2, width=4, depth=1, label_dim=3)
    model = models.ConditionalGAN(*pair, augmentation=Doubled())
    points, labels = np.ones((4, 2), "float32"), np.eye(3, dtype="float32")[[0, 1, 2, 0]]
    seen = model.augment((ops.convert_to_tensor(points), ops.convert_to_tensor(labels)))
    np.testing.assert_array_equal(ops.convert_to_numpy(seen[0]), 2 * points)
    np.testing.assert_array_equal(ops.convert_to_numpy(seen[1]), labels)


@pytest.mark.parametrize("loss", all_here("relativistic", losses.LOSSES))
@pytest.mark.parametrize("name", ["ConditionalGAN", "ACGAN", "FeatureMatchingGAN"])
def test_any_loss_goes_with_any_penalty_and_conditioning(name, loss):
    model = build(
        name,
        adversarial_loss=loss,
        penalties=[penalties.GradientPenalty(1.0), penalties.R1(), penalties.R2()],
        discriminator_steps=2,
    )
    # What is compiled takes JAX seconds a combination; the bare models above are.
    history = train(compiled(model, run_eagerly=True), X, y=Y)
    assert np.isfinite([v for values in history.values() for v in values]).all()
    assert set(losses.get(loss).shown) < history.keys()
    again = type(model).from_config(model.get_config())
    assert [type(p) for p in again.penalties] == [type(p) for p in model.penalties]


@EVERY
def test_penalties_and_turns_are_kept(name):
    options = {"discriminator_steps": 3}
    if name not in ("WGANGP", "R3GAN"):  # which are their penalties
        options["penalties"] = [penalties.R1(2.0)]
    model = build(name, **options)
    assert model.penalties or name in ("WGANGP", "R3GAN")
    again = type(model).from_config(model.get_config())
    assert again.repeats == model.repeats == {"discriminator": 3}
    kept, given = ([(type(p), p.weight) for p in m.penalties] for m in (again, model))
    assert kept == given


# What the papers say.


@pytest.mark.parametrize("name", ["WGAN", "WGANGP"])
@pytest.mark.parametrize("steps", [1, 3])
def test_the_critic_moves_discriminator_steps_times_a_step(name, steps):
    model = build(name, discriminator_steps=steps)
    train(model, X, batch_size=4)
    optimizers = model.optimizer.by_player
    assert int(optimizers["discriminator"].iterations) == 2 * steps
    assert int(optimizers["generator"].iterations) == int(model.optimizer.iterations) == 2


def test_wgan_clips_every_weight_of_the_critic():
    model = build("WGAN", clip=0.003)
    assert max(np.abs(w).max() for w in model.discriminator.get_weights()) > 0.003
    train(model, X)
    weights = model.discriminator.get_weights()
    assert max(np.abs(w).max() for w in weights) <= np.float32(0.003)
    assert max(np.abs(w).max() for w in model.generator.get_weights()) > 0.003


def linear(cls, kernel, **options):
    """D(x) = kernel · x, and a generator of zeros."""
    generator = keras.Sequential([keras.Input((2,)), layers.Dense(3, kernel_initializer="zeros")])
    critic = keras.Sequential([keras.Input((3,)), layers.Dense(1, use_bias=False)])
    critic.set_weights([np.array(kernel, "float32")[:, None]])
    model = cls(generator, critic, seed=0, **options)
    rates = {"discriminator_optimizer": keras.optimizers.SGD(0.1)}
    return compiled(model, **rates, generator_optimizer=keras.optimizers.SGD(0.0)), critic


@pytest.mark.parametrize("weight", [0.0, 10.0])
def test_the_penalty_weight_of_wgan_gp_does_what_it_says(weight):
    kernel, x = np.array([3.0, 0.0, 4.0]), np.random.default_rng(0).normal(size=(4, 3))
    model, critic = linear(models.WGANGP, kernel, penalty_weight=weight, discriminator_steps=1)
    history = train(model, x.astype("float32"))
    # -E[D(x)] + E[D(0)] + λ (5 - 1)²; its gradient is -E[x] + 2 λ (5 - 1) kernel / 5.
    distance = (x @ kernel).mean()
    assert history["discriminator_loss"][0] == pytest.approx(-distance + 16 * weight, rel=1e-5)
    assert history["wasserstein_distance"][0] == pytest.approx(distance, rel=1e-5)
    moved = kernel - 0.1 * (-x.mean(0) + 8 * weight * kernel / 5)
    np.testing.assert_allclose(critic.get_weights()[0][:, 0], moved, rtol=1e-5)


def test_r3gan_pairs_samples_and_penalises_both_sides():
    kernel, x = np.array([0.3, 0.0, 0.4]), np.random.default_rng(0).normal(size=(4, 3))
    model, critic = linear(models.R3GAN, kernel, penalty_weight=3.0)
    history = train(model, x.astype("float32"))
    logits = x @ kernel
    # softplus(D(0) - D(x)) + γ/2 ‖kernel‖² twice
    loss = np.log1p(np.exp(-logits)).mean() + 3.0 * 0.25
    assert history["discriminator_loss"][0] == pytest.approx(loss, rel=1e-5)
    slope = (-x / (1 + np.exp(logits))[:, None]).mean(0) + 6.0 * kernel
    moved = critic.get_weights()[0][:, 0]
    np.testing.assert_allclose(moved, kernel - 0.1 * slope, rtol=1e-5, atol=1e-6)
    # The generator meets the discriminator that has just learned.
    assert history["generator_loss"][0] == pytest.approx(
        np.log1p(np.exp(x @ moved)).mean(), rel=1e-5
    )


@pytest.mark.parametrize("layer", [None, "hidden"])
def test_feature_matching_in_closed_form(layer):
    x = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
    generator = keras.Sequential([keras.Input((2,)), layers.Dense(3, kernel_initializer="zeros")])
    discriminator = keras.Sequential(
        [keras.Input((3,)), layers.Dense(2, name="hidden"), layers.ReLU(), layers.Dense(1)]
    )
    model = models.FeatureMatchingGAN(generator, discriminator, feature_layer=layer)
    rates = {f"{player}_optimizer": keras.optimizers.SGD(0.0) for player in model.players}
    history = train(compiled(model, **rates), x)
    kernel, bias = discriminator.get_weights()[:2]
    shape = (lambda f: f) if layer else (lambda f: np.maximum(f, 0))
    difference = shape(x @ kernel + bias).mean(0) - shape(bias)
    assert history["generator_loss"][0] == pytest.approx((difference**2).sum(), rel=1e-5)


@pytest.mark.parametrize("multi_label", [False, True])
@pytest.mark.parametrize("classify_generated", [False, True])
def test_acgan_adds_the_cross_entropy_of_the_label(multi_label, classify_generated):
    """With weights of zero every class has probability 1/3, every attribute 1/2."""
    labels = (Attributes if multi_label else ClassLabels)(3)
    options = {"labels": labels, "classify_generated": classify_generated}
    model = build("ACGAN", classification_weight=2.0, **options)
    model.discriminator.set_weights([0 * w for w in model.discriminator.get_weights()])
    rates = {f"{player}_optimizer": keras.optimizers.SGD(0.0) for player in model.players}
    labels = np.eye(3)[Y] if multi_label else Y
    history = train(compiled(model, **rates), X, y=labels)
    entropy = np.log(2) if multi_label else np.log(3)
    assert history["classification_loss"][0] == pytest.approx(entropy, rel=1e-5)
    both = 2 * np.log(2) + 2 * (1 + classify_generated) * entropy
    assert history["discriminator_loss"][0] == pytest.approx(both, rel=1e-5)
    assert history["generator_loss"][0] == pytest.approx(np.log(2) + 2 * entropy, rel=1e-5)


def test_a_conditional_model_learns_which_label_is_which():
    """Class 0 is black, class 1 white: what a generator without labels could only mix."""
    keras.utils.set_random_seed(0)
    labels = np.arange(512) % 2
    x = np.broadcast_to((labels * 255).astype("uint8")[:, None, None, None], (512, *SHAPE))
    pair = networks.mlp(
        SHAPE, latent_dim=4, width=32, depth=1, label_dim=2, conditioning="projection"
    )
    model = models.ConditionalGAN(*pair, seed=0, ema_decay=0.9)
    rates = {f"{player}_optimizer": keras.optimizers.Adam(0.005, 0.5) for player in model.players}
    train(compiled(model, **rates), x, y=labels, batch_size=64, epochs=40)
    black, white = (model.generate(8, seed=0, labels=label).mean() for label in (0, 1))
    assert black < 64 and white > 191


# What is refused.


def normalised(name, **options):
    cls, _, own = FAMILY[name]
    pair = networks.mlp(SHAPE, **NETWORK, discriminator_normalization="batch")
    return cls(*pair, **own | options)


@pytest.mark.parametrize(
    "make",
    [
        lambda: normalised("WGAN"),
        lambda: normalised("WGANGP"),
        lambda: normalised("R3GAN"),
        lambda: normalised("GAN", penalties=[penalties.R1()]),
    ],
    ids=["WGAN", "WGANGP", "R3GAN", "a penalty"],
)
def test_batch_normalisation_in_a_critic_is_refused_with_the_reason(make):
    message = r"must not have batch normalisation: .+'batch_norm.*discriminator_normalization"
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    "name, options, message",
    [
        ("WGAN", {"discriminator_steps": 0}, "discriminator_steps must be at least 1. Received: 0"),
        ("WGAN", {"clip": 0.0}, "clip must be positive. Received: clip=0.0"),
        ("GAN", {"discriminator_steps": 0}, "discriminator_steps must be at least 1"),
        ("WGANGP", {"penalty_weight": -1.0}, "weight must be 0 or more. Received: weight=-1.0"),
        ("FeatureMatchingGAN", {"feature_layer": "no"}, "feature_layer must be one of .*'no'"),
        ("GAN", {"adversarial_loss": "no"}, "adversarial_loss must be one of .*'no'"),
    ],
    ids=str,
)
def test_arguments_out_of_range_are_refused(name, options, message):
    with pytest.raises(ValueError, match=message):
        build(name, **options)


def test_sngan_wants_spectral_normalisation():
    with pytest.raises(ValueError, match='discriminator_normalization="spectral"'):
        models.SNGAN(*networks.mlp(SHAPE, **NETWORK))


@pytest.mark.parametrize(
    "cls, network, message",
    [
        (models.GAN, LABELLED, "generator must take latents alone"),
        (models.ConditionalGAN, {}, r"generator must take \[latents, labels\].*label_dim"),
        (
            models.ConditionalGAN,
            LABELLED | {"conditioning": "auxiliary"},
            r"discriminator must take \[samples, labels\]",
        ),
        (models.ACGAN, LABELLED, "discriminator must take samples alone"),
    ],
    ids=str,
)
def test_networks_with_and_without_labels_are_told_apart(cls, network, message):
    with pytest.raises(ValueError, match=message):
        cls(*networks.mlp(SHAPE, **NETWORK | network))


def test_two_discriminators_of_different_labels_are_refused():
    generator, _ = networks.mlp(SHAPE, **NETWORK, label_dim=3)
    _, discriminator = networks.mlp(SHAPE, **NETWORK, label_dim=4)
    with pytest.raises(ValueError, match=r"labels of one shape.*\(None, 3\) and \(None, 4\)"):
        models.ConditionalGAN(generator, discriminator)


def test_a_loss_of_ones_own_trains_and_is_saved():
    @keras.saving.register_keras_serializable("test_family")
    class Cubic(losses.AdversarialLoss):
        def discriminator(self, real, fake):
            return ops.mean(fake**3) - ops.mean(real**3)

        def generator(self, real, fake):
            return -ops.mean(fake**3)

    model = build("GAN", adversarial_loss=Cubic())
    train(model, X)
    assert isinstance(models.GAN.from_config(model.get_config()).adversarial_loss, Cubic)
