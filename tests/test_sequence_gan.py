"""Texts token by token: what is drawn, what a token is rewarded, how a gradient is come by."""

import math
import os

import h5py
import keras
import numpy as np
import pytest
from tiny import assert_same, compiled, state

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
def test_without_a_rollout_a_token_is_rewarded_by_its_whole_text():
    model = made(rollouts=0)
    texts = keras.ops.convert_to_tensor(RANDOM.integers(0, 3, (5, 4)), "int32")
    logits = array(model.discriminator(model.one_hot(texts)))
    expected = np.repeat(1 / (1 + np.exp(-logits)), 4, axis=1)
    np.testing.assert_allclose(array(model.rewards(texts)), expected, atol=1e-5)


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


def likes(token, length=4, tokens=3, activation="linear", strength=1.0):
    """A reward: the share of a token, the first 0, in a text, times a strength."""
    inputs = keras.Input((length, tokens))
    dense = keras.layers.Dense(1, activation)
    network = keras.Model(inputs, dense(keras.layers.Flatten()(inputs)), name="likes")
    kernel = np.zeros((length, tokens, 1))
    kernel[:, token] = strength / length
    dense.set_weights([kernel.reshape(-1, 1), np.zeros(1)])
    return network


@pytest.mark.without_backend
def test_a_token_is_rewarded_by_what_looks_real_and_by_what_is_liked():
    for weight in (0.25, 1.0):
        model = made(length=2, rollouts=500, reward=likes(1, length=2), reward_weight=weight)
        model.generator.set_weights([3 * w for w in model.generator.get_weights()])
        found = array(model.rewards(keras.ops.convert_to_tensor(np.array([[0, 1]], "int32"))))[0]
        ends = np.array([[0, token] for token in range(3)])
        looks = 1 / (1 + np.exp(-array(model.discriminator(np.eye(3)[ends]))[:, 0]))
        liked = (1 - weight) * looks + weight * np.array([0.0, 0.5, 0.0])
        chances = softmax(array(model.generator(ends)))[0, 1]
        assert found[0] == pytest.approx(liked @ chances, abs=0.05)
        assert found[1] == pytest.approx(liked[1], abs=1e-5)


def test_the_generator_goes_where_the_reward_points_which_stays_as_it_is():
    reward = likes(2)
    model = made(rollouts=2, reward=reward, reward_weight=0.9, discriminator_steps=1, ema_decay=0.5)
    model.compile(keras.optimizers.Adam(3e-2))
    before = "".join(model.generate(200, seed=0)).count("G") / 800
    codes = RANDOM.integers(0, 3, (128, 4))
    history = model.fit(codes, batch_size=32, epochs=10, verbose=0).history
    assert "".join(model.generate(200, seed=0)).count("G") / 800 > 0.7 > 0.5 > before
    assert history["added_reward"][-1] > 0.7 > 0.5 > history["added_reward"][0]
    for kept, weights in zip(likes(2).get_weights(), reward.get_weights()):
        np.testing.assert_array_equal(kept, weights)
    held = {id(weight) for weight in model.weights}
    assert reward.trainable and not held & {id(weight) for weight in reward.weights}


@pytest.mark.without_backend
def test_a_run_with_a_reward_is_cut_and_resumed_and_its_entry_generates_without(tmp_path):
    file, codes = str(tmp_path / "likes.keras"), RANDOM.integers(0, 3, (8, 4))
    likes(1, activation="sigmoid").save(file)
    options = {"batch_size": 4, "shuffle": False, "verbose": 0}

    def begun():
        return made(rollouts=1, reward=file, reward_weight=0.5)

    whole, cut = begun(), begun()
    whole.fit(codes, epochs=2, **options)
    cut.fit(codes, **options)
    cut.save(tmp_path / "model.keras")
    resumed = keras.saving.load_model(tmp_path / "model.keras")
    assert resumed.reward == file and resumed.reward_weight == 0.5
    resumed.fit(codes, initial_epoch=1, epochs=2, **options)
    assert_same(state(resumed), state(whole))

    entry = zoo.save(whole, tmp_path / "entry")
    os.remove(file)
    loaded = zoo.load(entry)
    assert loaded.generate(5, seed=0).tolist() == whole.generate(5, seed=0).tolist()
    with pytest.raises(ValueError, match=r"no file .*likes.keras.*model.use_reward\(network\)"):
        compiled(loaded).fit(codes, **options)
    loaded.use_reward(likes(1))
    loaded.fit(codes, **options)

    # A network in memory has no name that would be found again, and is nowhere in the file.
    loaded.save(tmp_path / "model.keras")
    loaded.save_weights(tmp_path / "state.weights.h5")
    with h5py.File(tmp_path / "state.weights.h5") as weights:
        sizes = []
        weights.visititems(lambda _, x: sizes.append(getattr(x, "shape", None)))
    assert (12, 1) not in sizes
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert again.reward is None and again.reward_weight == 0.5
    with pytest.raises(ValueError, match="not stored with the weights. Give it to model.use_rew"):
        again.fit(codes, **options)


@pytest.mark.without_backend
def test_a_recipe_names_the_file_of_a_reward(tmp_path):
    (tmp_path / "in.txt").write_text("ACGA\nGGCC\n" * 8)
    file = tmp_path / "likes.keras"
    tables = {
        "networks": {"width": 4, "filters": 2, "kernel_sizes": [2]},
        "model": {"rollouts": 1, "reward": str(file), "reward_weight": 0.5},
        "data": {"batch_size": 8},
        "fit": {"epochs": 1, "held_out": 4},
    }
    with pytest.raises(ValueError, match="model.reward: there is no file '.*likes.keras'"):
        zoo.train("sequence_gan", tmp_path / "in.txt", tmp_path / "run", **tables)
    likes(1, activation="sigmoid").save(file)
    model = zoo.train("sequence_gan", tmp_path / "in.txt", tmp_path / "run", **tables)
    assert model.reward == str(file)
    assert "added_reward" in (tmp_path / "run" / "log.csv").read_text().splitlines()[0]
    assert zoo.load(tmp_path / "run").generate(2, seed=0).shape == (2,)


@pytest.mark.without_backend
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"reward": len}, "reward must be a built keras.Model or the path .*function len"),
        ({"reward": keras.Sequential()}, "reward must be a built keras.Model"),
        (
            {"reward": likes(0, length=5)},
            r"from one-hot texts \(None, 4, 3\) to .*not take",
        ),
        ({"reward": keras.Sequential([keras.Input((4, 3)), keras.layers.ReLU()])}, "which makes"),
        ({"reward": likes(0), "reward_weight": 0.0}, "above 0 for a reward to count. .*=0.0"),
        ({"reward_weight": 1.5}, r"in \[0, 1\], and .*reward_weight=1.5"),
    ],
    ids=str,
)
def test_what_is_no_reward_is_refused(options, said):
    with pytest.raises(ValueError, match=said):
        made(**{"reward_weight": 0.5} | options)


@pytest.mark.without_backend
def test_a_reward_out_of_its_range_is_refused_before_training():
    model = made(reward=likes(0, strength=-3.0), reward_weight=0.5)
    with pytest.raises(ValueError, match=r"in \[0, 1\].*activation sigmoid. Received .* -3 to"):
        model.fit(np.zeros((4, 4), int), verbose=0)


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
        ({"rollouts": -1}, "rollouts must be at least 0"),
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
