"""Texts by adversarial training beside the same generator by likelihood alone.

    KERAS_BACKEND=jax python benchmarks/text.py oracle seqgan_oracle_lstm.npz
    KERAS_BACKEND=jax python benchmarks/text.py captions TRAIN.txt TEST.txt

`oracle` is the task of SeqGAN (Yu et al. 2017, arXiv:1609.05473): the data are drawn from an LSTM
of random weights, which then says how likely it finds what a model makes, in nats a token
(published: 9.038 by likelihood, 8.736 by SeqGAN, trained for longer).

`captions` sets quality, BLEU-4 against held-out captions, beside variety, self-BLEU-4: by
likelihood alone at several temperatures, which is the curve that an adversarial model has to lie
above (Caccia et al. 2020, arXiv:1811.02549); and by adversarial training that goes on from there.
"""

import argparse
import time

import keras
import numpy as np
from results import record

from kerasgan import datasets, metrics, models, networks
from kerasgan.modalities import Sequences

LENGTH = 20
MODELS = {"sequence_gan": models.SequenceGAN, "gumbel_sequence_gan": models.GumbelSequenceGAN}
TEMPERATURES = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25)


class Oracle:
    """The LSTM of SeqGAN's authors."""

    def __init__(self, path):
        with np.load(path) as file:
            arrays = [file[name] for name in sorted(file.files)]
        self.table, *gates, self.head, self.offset = arrays
        self.gates = [gates[i : i + 3] for i in (0, 3, 6, 9)]
        self.tokens = len(self.table)

    def _run(self, n, token_of):
        """Ask for the token of each place by the logarithms of the probabilities there."""
        h = c = np.zeros((n, self.table.shape[1]))
        token = np.zeros(n, int)
        for place in range(LENGTH):
            x = self.table[token]
            i, f, o, g = (
                x @ kernel + h @ recurrent + bias for kernel, recurrent, bias in self.gates
            )
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
            logits = h @ self.head + self.offset
            logits -= logits.max(axis=1, keepdims=True)
            token = token_of(place, logits - np.log(np.exp(logits).sum(axis=1, keepdims=True)))

    def draw(self, n, random):
        found = []

        def drawn(place, chances):
            found.append((chances + random.gumbel(size=chances.shape)).argmax(axis=1))
            return found[-1]

        self._run(n, drawn)
        return np.stack(found, axis=1)

    def negative_log_likelihood(self, codes):
        found = []

        def given(place, chances):
            found.append(chances[np.arange(len(codes)), codes[:, place]])
            return codes[:, place]

        self._run(len(codes), given)
        return -float(np.mean(found))


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def trained(cls, built, modality, codes, stage, options, epochs, rates=None, **own):
    model = cls(*built, modality=modality, stage=stage, seed=options.seed, **own)
    rates = {f"{player}_optimizer": keras.optimizers.Adam(r) for player, r in (rates or {}).items()}
    model.compile(**{k: v for k, v in rates.items() if k.split("_")[0] in model.players})
    model.fit(codes, batch_size=64, epochs=epochs, verbose=2)
    return model


def adversarial(cls, built, modality, codes, options):
    """A model whose generator has learnt by likelihood, after its adversarial stage."""
    if "discriminator" in cls.stages:
        trained(cls, built, modality, codes, "discriminator", options, 1)
    own = {"discriminator_steps": options.discriminator_steps}
    own |= (
        {"rollouts": options.rollouts}
        if cls is models.SequenceGAN
        else {"annealing_steps": options.steps}
    )
    part = codes[: 64 * options.steps]
    epochs = -(-64 * options.steps // len(codes))
    rates = {"generator": options.rate, "discriminator": 1e-4}
    return trained(cls, built, modality, part, "adversarial", options, epochs, rates, **own)


def runs(modality, codes, options, figures):
    """Rows of likelihood alone, and of each model from there."""
    shape, rows = (modality.length, len(modality.tokens)), []
    for name in ["likelihood", *MODELS]:
        keras.utils.set_random_seed(options.seed)
        built = networks.sequence_gan(shape, options.width)
        start = time.time()
        if name == "likelihood":
            model = trained(
                models.SequenceGAN, built, modality, codes, "likelihood", options, options.epochs
            )
            learnt, before = built[0].get_weights(), time.time() - start
            minutes = before / 60
        else:
            built[0].set_weights(learnt)
            model = adversarial(MODELS[name], built, modality, codes, options)
            minutes = (before + time.time() - start) / 60
        for temperature in TEMPERATURES if name == "likelihood" else (1.0,):
            made = model.generate(options.n, seed=options.seed, temperature=temperature)
            row = {"model": name, "temperature": temperature, "minutes": round(minutes, 1)}
            row |= {"n": options.n} | {k: round(v, 4) for k, v in figures(made).items()}
            rows.append(row)
            print(row, flush=True)
    return rows


def oracle(options):
    teacher = Oracle(options.weights)
    modality = Sequences([str(code) for code in range(teacher.tokens)], LENGTH, "word")
    codes = teacher.draw(options.training, np.random.default_rng(options.seed))
    own = teacher.negative_log_likelihood(codes)

    def figures(made):
        return {"nll": teacher.negative_log_likelihood(modality.encode(made)), "nll_of_real": own}

    record("text_oracle", runs(modality, codes, options, figures))


def captions(options):
    data = datasets.load_sequences(options.train, unit="word", length=LENGTH)
    test, _ = datasets.sequences.read_texts(options.test)
    random = np.random.default_rng(options.seed)
    one, other = np.array_split(random.permutation(np.array(test)), 2)
    one = one[: options.n]

    def figures(made):
        return {"bleu_4": metrics.bleu(made, other, 4), "self_bleu_4": metrics.self_bleu(made, 4)}

    rows = runs(data.modality, data.source.codes, options, figures)
    real = {k: round(v, 4) for k, v in figures(one).items()}
    rows.append({"model": "real captions", "temperature": 1.0, "minutes": 0, "n": len(one)} | real)
    record("text_captions", rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("oracle")
    one.add_argument("weights", help="seqgan_oracle_lstm.npz")
    one.add_argument("--training", type=int, default=10_000, help="texts drawn to learn from")
    one.set_defaults(run=oracle)
    two = commands.add_parser("captions")
    two.add_argument("train", help="a caption a line")
    two.add_argument("test")
    two.set_defaults(run=captions)
    for command, width in ((one, 32), (two, 128)):
        command.add_argument("--width", type=int, default=width, help="units of the LSTM")
        command.add_argument("--epochs", type=int, default=10, help="by likelihood")
        command.add_argument("--steps", type=int, default=50, help="of the adversarial stage")
        command.add_argument("--rate", type=float, default=1e-3, help="of the generator, there")
        command.add_argument("--rollouts", type=int, default=1)
        command.add_argument("--discriminator-steps", type=int, default=1)
        command.add_argument("-n", type=int, default=1000, help="samples to judge")
        command.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
