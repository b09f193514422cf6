"""Is a GAN of fields as fast as in plain PyTorch?

    KERAS_BACKEND=tensorflow python benchmarks/fields.py

Training: `fit` of `FieldGAN` against the loop of `plain_sounds.py` around the networks of
`plain_fields.py`: the same layers, losses, turns and averaged generator, on the same arrays.
Inference: `generate` against the plain generator. They take turns; a ratio is plain PyTorch's time
over kerasgan's in the same round, so 1 or more means that kerasgan is at least as fast.
"""

import argparse
import os
import statistics

import keras
import numpy as np
import plain_fields
import torch
from generate import alternate
from plain_sounds import WassersteinGAN
from results import record, spread

from kerasgan import models, networks


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=32)
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--steps", type=int, default=8, help="a rival and round")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS") or len(os.sched_getaffinity(0))))
    shape, n = (options.side, options.side, 1), options.steps * options.batch_size
    random = np.random.default_rng(0)
    fields = random.uniform(-1, 1, (n, *shape)).astype("float32")
    keras.utils.set_random_seed(0)
    model = models.FieldGAN(*networks.fields(shape, width=options.width))
    model.compile()
    latents = random.standard_normal((n, model.latent_dim), "float32")
    pair = (
        plain_fields.Generator(options.side, options.width, 64),
        plain_fields.Critic(options.side, options.width),
    )
    plain = WassersteinGAN(*pair, model.latent_dim)
    for ours, theirs in zip((model.generator, model.discriminator), pair):
        assert ours.count_params() == sum(p.numel() for p in theirs.parameters())

    def train():
        model.fit(fields, batch_size=options.batch_size, verbose=0)

    def train_plain():
        order = np.random.permutation(n)
        for start in range(0, n, options.batch_size):
            rows = fields[order[start : start + options.batch_size]]
            plain.step(torch.from_numpy(rows).permute(0, 3, 1, 2))

    def infer():
        model.generate(latents=latents, batch_size=options.batch_size, verbose=False)

    def infer_plain():
        for batch in torch.from_numpy(latents).split(options.batch_size):
            plain.generate(batch).numpy()

    rows = []
    for what, run, rival in (("training", train, train_plain), ("inference", infer, infer_plain)):
        ratios, times = alternate(run, rival, options.rounds)
        row = {"what": what} | spread(ratios)
        row["fields_per_second"] = round(n / statistics.median(times), 2)
        own = ("side", "width", "batch_size", "rounds")
        rows.append(row | {key: getattr(options, key) for key in own})
    record("fields", rows)


if __name__ == "__main__":
    main()
