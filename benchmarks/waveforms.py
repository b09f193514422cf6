"""Is WaveGAN as fast as in plain PyTorch?

    KERAS_BACKEND=torch python benchmarks/waveforms.py

Training: `fit` against the loop of `plain_sounds.py`, the same networks, losses, turns, optimizers
and averaged generator, on the same int16 arrays. Inference: `generate` against the plain generator,
from latents to int16. They take turns; a ratio is plain PyTorch's time over kerasgan's in the same
round, so 1 or more means that kerasgan is at least as fast.
"""

import argparse
import statistics

import keras
import numpy as np
import plain_sounds
import torch
from generate import alternate
from results import record, spread

from kerasgan import models, networks


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--length", type=int, default=8192)
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--steps", type=int, default=2, help="a rival and round")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    n = options.steps * options.batch_size
    random = np.random.default_rng(0)
    sounds = random.integers(-9999, 9999, (n, options.length, 1)).astype("int16")
    latents = random.standard_normal((n, 100), "float32")
    keras.utils.set_random_seed(0)
    model = models.WaveGAN(*networks.wavegan((options.length, 1), width=options.width))
    model.compile()
    plain = plain_sounds.WaveGAN(options.length, options.width)
    for ours, theirs in (
        (model.generator, plain.generator),
        (model.discriminator, plain.critic),
    ):
        assert ours.count_params() == sum(p.numel() for p in theirs.parameters())

    def train():
        model.fit(sounds, batch_size=options.batch_size, verbose=0)

    def train_plain():
        order = np.random.permutation(n)
        for start in range(0, n, options.batch_size):
            rows = sounds[order[start : start + options.batch_size]]
            plain.step(torch.from_numpy(rows).mT.float() / 32768)

    def infer():
        model.generate(latents=latents, batch_size=options.batch_size, verbose=False)

    def infer_plain():
        for batch in torch.from_numpy(latents).split(options.batch_size):
            made = (plain.generate(batch) * 32768).round().clamp(-32768, 32767)
            made.to(torch.int16).mT.numpy()

    rows = []
    for what, run, rival in (("training", train, train_plain), ("inference", infer, infer_plain)):
        ratios, times = alternate(run, rival, options.rounds)
        rows.append(
            {
                "what": what,
                **spread(ratios),
                "sounds_per_second": round(n / statistics.median(times), 2),
                "length": options.length,
                "width": options.width,
                "batch_size": options.batch_size,
                "rounds": options.rounds,
            }
        )
    record("waveforms", rows)


if __name__ == "__main__":
    main()
