"""Texts token by token: what is drawn, what a token is rewarded, how a gradient is come by."""

import math

import keras
import numpy as np
import pytest
from tiny import compiled

from kerasgan import cli, models, networks, zoo
from kerasgan.layers import TokenRecurrence
from kerasgan.modalities import Sequences

SIZE = {"width": 8, "embedding_dim": 4, "filters": 4, "kernel_sizes": (1, 2)}
RANDOM = np.random.default_rng(0)


def array(x):
    return keras.ops.convert_to_numpy(x)


def made(cls=models.SequenceGAN, length=4, tokens="ACG", seed=1, **options):
    keras.utils.set_random_seed(seed)
    built = networks.sequence_gan((length, len(tokens)), **SIZE)
    return cls(*built, modality=Sequences(list(tokens), length), seed=seed, **options)


def below(latents):
    return np.vectorize(lambda z: (1 + math.erf(z / 2**0.5)) / 2)(latents)


def softmax(x):
    x = np.exp(x - x.max(axis=-1, keepdims=True))
    return x / x.sum(axis=-1, keepdims=True)


def test_a_draw_is_by_the_probabilities_of_the_likelihood_and_keeps_what_is_known():
    layer = TokenRecurrence(5, embedding_dim=3, units=4)
    latents = RANDOM.standard_normal((64, 6)).astype("float32")
    known = np.full((64, 6), -1)
    layer(np.zeros((1, 6), int))
    layer.set_weights([3 * w + 0.1 for w in layer.get_weights()])
    for temperature in (1.0, 0.5):
        heat = np.full((64, 1), temperature, "float32")
        codes = array(layer(known, latents, heat))
        ends = softmax(array(layer(codes)) / temperature).cumsum(axis=-1)
        ends = np.concatenate([np.zeros((64, 6, 1)), ends], axis=-1)
        first, last = (np.take_along_axis(ends, codes[..., None] + i, -1)[..., 0] for i in (0, 1))
        marks = below(latents)
        assert (first - 1e-5 < marks).all() and (marks < last + 1e-5).all()
        assert codes.min() == 0 and codes.max() == 4
    known[:, :3] = codes[:, :3]
    np.testing.assert_array_equal(array(layer(known, latents, heat)), codes)
    known[:, 2] = 4 - codes[:, 2]
    again = array(layer(known, latents, heat))
    np.testing.assert_array_equal(again[:, :3], known[:, :3])
    assert (again[:, 3:] != codes[:, 3:]).any()


@pytest.mark.without_backend
def test_the_likelihood_is_that_of_an_lstm():
    layer = TokenRecurrence(5, embedding_dim=3, units=4)
    codes = RANDOM.integers(0, 5, (2, 6))
    logits = array(layer(codes))
    table, kernel, recurrent, bias, head, offset = (array(w) for w in layer.weights)

    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    h = c = np.zeros((2, 4))
    for place, before in enumerate([np.full(2, 5), *codes.T[:-1]]):
        i, f, g, o = np.split(table[before] @ kernel + h @ recurrent + bias, 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        np.testing.assert_allclose(logits[:, place], h @ head + offset, atol=1e-5)


@pytest.mark.without_backend
def test_a_token_is_rewarded_by_the_mean_of_what_may_follow():
    model = made(length=2, rollouts=4)
    model.generator.set_weights([3 * w for w in model.generator.get_weights()])
    *others, kernel, bias = model.discriminator.get_weights()
    model.discriminator.set_weights([*others, 20 * kernel, bias])
    texts = np.array([[0, 1], [2, 2]], "int32")
    found = array(model.rewards(keras.ops.convert_to_tensor(texts.repeat(500, axis=0))))
    for (first, second), rewards in zip(texts, found.reshape(2, 500, 2).mean(axis=1)):
        ends = np.array([[first, token] for token in range(3)])
        logits = array(model.discriminator(np.eye(3)[ends]))[:, 0]
        scores, chances = 1 / (1 + np.exp(-logits)), softmax(array(model.generator(ends)))[0, 1]
        assert np.ptp(scores) > 0.02
        assert rewards[0] == pytest.approx(scores @ chances, abs=float(np.ptp(scores)) / 10)
        assert rewards[1] == pytest.approx(scores[second], abs=1e-5)


@pytest.mark.without_backend
def test_the_noise_is_gumbels_and_would_have_chosen_what_was_drawn():
    model = made(models.GumbelSequenceGAN)
    model.generator.set_weights([9 * w for w in model.generator.get_weights()])
    codes = model.drawn(keras.ops.convert_to_tensor(RANDOM.standard_normal((9000, 4), "float32")))
    logits = model.generator(codes)
    noise = array(model.noise((logits, codes)))
    np.testing.assert_array_equal((array(logits) + noise).argmax(axis=-1), array(codes))
    # Of each token, whether likely or not: the constant of Euler, and π² / 6.
    np.testing.assert_allclose(noise.mean(axis=(0, 1)), np.euler_gamma, atol=0.03)
    np.testing.assert_allclose(noise.var(axis=(0, 1)), np.pi**2 / 6, atol=0.08)


@pytest.mark.without_backend
def test_the_softmax_comes_nearer_to_tokens_step_by_step():
    model = compiled(made(models.GumbelSequenceGAN, inverse_temperature=16.0, annealing_steps=4))
    for step, beta in ((0, 1.0), (2, 4.0), (4, 16.0), (9, 16.0)):
        model.optimizer.iterations.assign(step)
        assert float(array(model.beta())) == pytest.approx(beta, rel=1e-4)
    latents = keras.ops.convert_to_tensor(RANDOM.standard_normal((2, 4), "float32"))
    fake = array(model.fake({"latents": latents}))
    np.testing.assert_allclose(fake.sum(axis=-1), 1.0, atol=1e-5)
    np.testing.assert_array_equal(fake.argmax(axis=-1), array(model.drawn(latents)))


@pytest.mark.without_backend
def test_likelihood_learns_texts_and_the_temperature_chooses_among_them():
    model = made(stage="likelihood", ema_decay=0.5)
    codes = model.modality.encode(["ACGA", "GGCC"] * 32)
    model.compile(keras.optimizers.Adam(3e-2))
    history = model.fit(codes, batch_size=32, epochs=30, verbose=0).history["generator_loss"]
    assert history[-1] < 0.3 < 0.9 < history[0]
    assert 0.3 < np.mean(model.generate(200, seed=0) == "ACGA") < 0.7
    assert len({*model.generate(50, seed=0, temperature=0.05)}) <= 2


@pytest.mark.parametrize("cls", [models.SequenceGAN, models.GumbelSequenceGAN])
def test_the_generator_goes_where_the_discriminator_points(cls):
    """One that likes the token A, at any place, and does not learn."""
    keras.utils.set_random_seed(0)
    generator, _ = networks.sequence_gan((4, 3), **SIZE)
    inputs, dense = keras.Input((4, 3)), keras.layers.Dense(1)
    judge = keras.Model(inputs, dense(keras.layers.Flatten()(inputs)))
    dense.set_weights([np.tile([[2.0], [0.0], [0.0]], (4, 1)), np.array([-4.0])])
    options = {"rollouts": 2} if cls is models.SequenceGAN else {"annealing_steps": 40}
    options |= {"ema_decay": 0.5, "discriminator_steps": 1, "seed": 0}
    model = cls(generator, judge, modality=Sequences(list("ACG"), 4), **options)
    rates = {"generator": keras.optimizers.Adam(3e-2), "discriminator": keras.optimizers.SGD(0.0)}
    model.compile(**{f"{player}_optimizer": rate for player, rate in rates.items()})
    before = "".join(model.generate(200, seed=0)).count("A") / 800
    model.fit(RANDOM.integers(0, 3, (128, 4)), batch_size=32, epochs=10, verbose=0)
    assert "".join(model.generate(200, seed=0)).count("A") / 800 > 0.7 > 0.5 > before


@pytest.mark.without_backend
def test_a_stage_moves_its_networks_alone():
    for cls in (models.SequenceGAN, models.GumbelSequenceGAN):
        for stage, players in cls.stages.items():
            model = compiled(made(cls, stage=stage), run_eagerly=True)
            before = {name: n.get_weights() for name, n in model.networks().items()}
            model.fit(RANDOM.integers(0, 3, (4, 4)), batch_size=4, verbose=0)
            moved = {
                name
                for name, network in model.networks().items()
                if any((a != b).any() for a, b in zip(before[name], network.get_weights()))
            }
            assert moved == {*players}


@pytest.mark.without_backend
def test_one_seed_gives_the_same_texts_in_batches_of_any_size():
    model = made()
    texts = model.generate(10, seed=3)
    assert texts.shape == (10,) and {*map(len, texts)} == {4}
    assert model.generate(10, seed=3, batch_size=3).tolist() == texts.tolist()
    assert model.modality.decode(model.generate(10, seed=3, as_float=True)).tolist() == [*texts]
    assert model.generate(0).shape == (0,)


@pytest.mark.without_backend
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"stage": "first"}, "one of likelihood, discriminator, adversarial. Received"),
        ({"rollouts": 0}, "rollouts must be at least 1"),
        ({"discriminator_steps": 0}, "discriminator_steps must be at least 1"),
        ({"cls": models.GumbelSequenceGAN, "stage": "discriminator"}, "likelihood, adversarial"),
        ({"cls": models.GumbelSequenceGAN, "annealing_steps": 0}, "at least 1. Received: 100.0"),
    ],
)
def test_arguments_out_of_range_are_refused(options, said):
    with pytest.raises(ValueError, match=said):
        made(**options)


@pytest.mark.without_backend
def test_networks_of_other_sequences_and_wrong_temperatures_are_refused():
    generator, judge = networks.sequence_gan((4, 3), **SIZE)
    with pytest.raises(ValueError, match=r"sequences of 5 out of 3 tokens.*\(\(5, 3\)\) builds"):
        models.SequenceGAN(generator, judge, modality=Sequences(list("ACG"), 5))
    x = inputs = keras.Input((4,))
    x = keras.layers.Embedding(3, 3)(x)
    with pytest.raises(ValueError, match="must have a kerasgan.layers.TokenRecurrence"):
        models.SequenceGAN(keras.Model(inputs, x), judge, modality=Sequences(list("ACG"), 4))
    with pytest.raises(ValueError, match="modality must be a kerasgan.modalities.Sequences"):
        models.SequenceGAN(generator, judge)
    with pytest.raises(ValueError, match="kernel_sizes must hold one of at most the length, 4"):
        networks.sequence_gan((4, 3), kernel_sizes=(5, 6))
    with pytest.raises(ValueError, match="temperature must be above 0. Received: 0"):
        made().generate(1, temperature=0)


@pytest.mark.without_backend
def test_the_command_trains_all_stages_and_writes_texts(tmp_path, capsys):
    data, run, out = tmp_path / "in.txt", tmp_path / "run", tmp_path / "made.txt"
    texts = ["a cat sat", "a dog", "the cat sat", "the dog sat"] * 4
    data.write_text("\n".join(texts))
    words = ["train", "sequence_gan", "--data", data, "--out", run, "--epochs", 1]
    words += ["--batch-size", 4, "data.unit=word", "networks.width=4", "networks.filters=2"]
    words += ["model.rollouts=1", "model.discriminator_steps=1", "fit.held_out=4"]
    assert cli.main([str(word) for word in words]) == 0
    assert (run / "stage_2" / "entry").is_dir()
    words = ["generate", run, "-n", 5, "--seed", 0, "-o", out, "--temperature", 0.5]
    assert cli.main([str(word) for word in words]) == 0
    expected = zoo.load(run).generate(5, seed=0, temperature=0.5)
    assert out.read_text().splitlines() == expected.tolist()
    words = ["generate", run, "-o", out, "--temperature", -1]
    assert cli.main([str(word) for word in words]) == 2
    assert "temperature must be above 0" in capsys.readouterr().err

    (tmp_path / "other.txt").write_text("a bird sat\na cat\nthe dog\na dog sat")
    words = ["evaluate", run, "--data", tmp_path / "other.txt", "-n", 8, "--training", data]
    assert cli.main([str(word) for word in words]) == 0
    lines = capsys.readouterr().out.splitlines()
    figures = {line[:38].strip(): float(line[38:]) for line in lines}
    for name in ("bleu 2", "self bleu 5", "bleu 3 of real halves", "distinct", "copies"):
        assert 0 <= figures[name] <= 1
