"""Is a generator of tokens as fast as in plain PyTorch?

    KERAS_BACKEND=jax python benchmarks/tokens.py

Training: `fit` of the likelihood stage against a loop by hand around `torch.nn.Embedding`, `LSTM`
and `Linear` of as many parameters, on the same codes, with the same optimizer; neither averages
its weights. Inference: `generate` against draws from `LSTMCell`, both to codes. They take turns; a
ratio is plain PyTorch's time over kerasgan's in the same round, so 1 or more means that kerasgan is
at least as fast. The first call of each compiles and is not counted.
"""

import argparse
import os
import statistics

import keras
import numpy as np
import torch
from generate import alternate
from results import record, spread
from torch import nn

from kerasgan import models, networks
from kerasgan.modalities import Sequences


class Plain(nn.Module):
    def __init__(self, tokens, embedding_dim, width):
        super().__init__()
        self.tokens = tokens
        self.embedding = nn.Embedding(tokens + 1, embedding_dim)
        self.lstm = nn.LSTM(embedding_dim, width, batch_first=True)
        self.head = nn.Linear(width, tokens)
        self.optimizer = torch.optim.Adam(self.parameters(), 1e-3)

    def step(self, codes):
        before = nn.functional.pad(codes[:, :-1], (1, 0), value=self.tokens)
        logits = self.head(self.lstm(self.embedding(before))[0])
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), codes.flatten())
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()

    @torch.inference_mode()
    def draw(self, n, length):
        token, state, made = torch.full((n, 1), self.tokens), None, []
        for _ in range(length):
            hidden, state = self.lstm(self.embedding(token), state)
            token = torch.multinomial(self.head(hidden[:, 0]).softmax(-1), 1)
            made.append(token)
        return torch.cat(made, dim=1).numpy()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--length", type=int, default=50)
    parser.add_argument("--tokens", type=int, default=24)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--steps", type=int, default=4, help="a rival and round")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS") or len(os.sched_getaffinity(0))))
    shape, n = (options.length, options.tokens), options.steps * options.batch_size
    codes = np.random.default_rng(0).integers(0, options.tokens, (n, options.length), "int32")
    modality = Sequences([str(i) for i in range(options.tokens)], options.length, "word")
    model = models.SequenceGAN(
        *networks.sequence_gan(shape, options.width),
        modality=modality,
        stage="likelihood",
        ema_decay=0.0,
    )
    model.compile(keras.optimizers.Adam(1e-3))
    plain = Plain(options.tokens, 32, options.width)
    # PyTorch's LSTM has a second bias.
    more = sum(p.numel() for p in plain.parameters()) - model.generator.count_params()
    assert more == 4 * options.width

    def train():
        model.fit(codes, batch_size=options.batch_size, verbose=0)

    def train_plain():
        order = np.random.permutation(n)
        for start in range(0, n, options.batch_size):
            plain.step(torch.from_numpy(codes[order[start : start + options.batch_size]]).long())

    def draw():
        model.generate(n, batch_size=options.batch_size, verbose=False)

    def draw_plain():
        for _ in range(options.steps):
            plain.draw(options.batch_size, options.length)

    rows = []
    for what, run, rival in (("training", train, train_plain), ("inference", draw, draw_plain)):
        ratios, times = alternate(run, rival, options.rounds)
        row = {"what": what} | spread(ratios)
        row |= {"sequences_per_second": round(n / statistics.median(times), 1)}
        own = ("length", "tokens", "width", "batch_size", "rounds")
        rows.append(row | {key: getattr(options, key) for key in own})
    record("tokens", rows)


if __name__ == "__main__":
    main()
