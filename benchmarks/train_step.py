"""Is `fit` as fast as a loop written by hand?

    KERAS_BACKEND=jax python benchmarks/train_step.py

The same DCGAN is trained by `kerasgan` under `fit` and by the shortest correct loop in the
backend's own terms: same networks, batches, losses, Adam and averaged generator. On PyTorch
a third rival has its networks in plain `torch.nn`, channels first. The rivals take turns in
one process; a ratio is a rival's time over kerasgan's in the same round, so 1 or more means
that kerasgan is at least as fast.
"""

import argparse
import statistics
import time

import keras
import numpy as np
from keras import ops
from results import record

import kerasgan

BACKEND = keras.backend.backend()
DECAY = 0.999


def networks(size, width):
    return kerasgan.networks.dcgan((size, size, 3), width=width)


def with_kerasgan(images, batch_size, size, width):
    model = kerasgan.models.GAN(*networks(size, width), seed=0)
    model.compile()
    return lambda: model.fit(images, batch_size=batch_size, verbose=0)


def by_hand(images, batch_size, size, width):
    generator, discriminator = networks(size, width)
    average = keras.models.clone_model(generator)
    step = {"tensorflow": tensorflow_step, "jax": jax_step, "torch": torch_step}[BACKEND](
        generator, discriminator, average
    )
    return lambda: loop(step, images, batch_size)


def loop(step, images, batch_size):
    order = np.random.permutation(len(images))
    for start in range(0, len(images), batch_size):
        loss = step(images[order[start : start + batch_size]])
    return float(loss)


def adam():
    return keras.optimizers.Adam(2e-4, beta_1=0.5)


def tensorflow_step(generator, discriminator, average):
    import tensorflow as tf

    g_optimizer, d_optimizer = adam(), adam()
    g_optimizer.build(generator.trainable_variables)
    d_optimizer.build(discriminator.trainable_variables)

    @tf.function
    def step(real):
        real = tf.cast(real, "float32") / 127.5 - 1.0
        n = tf.shape(real)[0]
        fake = generator(tf.random.normal((n, 100)), training=True)
        with tf.GradientTape() as tape:
            d_loss = tf.reduce_mean(
                tf.nn.softplus(-discriminator(real, training=True))
            ) + tf.reduce_mean(tf.nn.softplus(discriminator(fake, training=True)))
        gradients = tape.gradient(d_loss, discriminator.trainable_variables)
        d_optimizer.apply(gradients, discriminator.trainable_variables)
        z = tf.random.normal((n, 100))
        with tf.GradientTape() as tape:
            fake = generator(z, training=True)
            g_loss = tf.reduce_mean(tf.nn.softplus(-discriminator(fake, training=True)))
        gradients = tape.gradient(g_loss, generator.trainable_variables)
        g_optimizer.apply(gradients, generator.trainable_variables)
        for a, v in zip(average.weights, generator.weights):
            a.assign_sub((1.0 - DECAY) * (a - v))
        return d_loss + g_loss

    return lambda batch: step(tf.constant(batch))


def jax_step(generator, discriminator, average):
    import jax
    import jax.numpy as jnp

    g_optimizer, d_optimizer = adam(), adam()
    g_optimizer.build(generator.trainable_variables)
    d_optimizer.build(discriminator.trainable_variables)

    def d_loss_fn(d, d_state, real, fake):
        on_real, d_state = discriminator.stateless_call(d, d_state, real, training=True)
        on_fake, d_state = discriminator.stateless_call(d, d_state, fake, training=True)
        loss = jnp.mean(jax.nn.softplus(-on_real)) + jnp.mean(jax.nn.softplus(on_fake))
        return loss, d_state

    def g_loss_fn(g, g_state, d, d_state, z):
        fake, g_state = generator.stateless_call(g, g_state, z, training=True)
        logits, d_state = discriminator.stateless_call(d, d_state, fake, training=True)
        return jnp.mean(jax.nn.softplus(-logits)), (g_state, d_state)

    def step(state, real):
        g, g_state, d, d_state, g_moments, d_moments, mean, key = state
        key, first, second = jax.random.split(key, 3)
        real = real.astype("float32") / 127.5 - 1.0
        z = jax.random.normal(first, (len(real), 100))
        fake, g_state = generator.stateless_call(g, g_state, z, training=True)
        (d_loss, d_state), gradients = jax.value_and_grad(d_loss_fn, has_aux=True)(
            d, d_state, real, fake
        )
        d, d_moments = d_optimizer.stateless_apply(d_moments, gradients, d)
        z = jax.random.normal(second, (len(real), 100))
        (g_loss, (g_state, d_state)), gradients = jax.value_and_grad(g_loss_fn, has_aux=True)(
            g, g_state, d, d_state, z
        )
        g, g_moments = g_optimizer.stateless_apply(g_moments, gradients, g)
        mean = jax.tree.map(lambda a, v: a - (1.0 - DECAY) * (a - v), mean, [g, g_state])
        return (g, g_state, d, d_state, g_moments, d_moments, mean, key), d_loss + g_loss

    step = jax.jit(step, donate_argnums=0)

    def values(variables):
        return [jnp.array(v.value) for v in variables]

    state = (
        values(generator.trainable_variables),
        values(generator.non_trainable_variables),
        values(discriminator.trainable_variables),
        values(discriminator.non_trainable_variables),
        values(g_optimizer.variables),
        values(d_optimizer.variables),
        [values(generator.trainable_variables), values(generator.non_trainable_variables)],
        jax.random.key(0),
    )

    def run(batch):
        nonlocal state
        state, loss = step(state, batch)
        return loss

    return run


def torch_step(generator, discriminator, average):
    import torch

    return torch_loop(
        generator,
        discriminator,
        list(generator.parameters()),
        list(average.parameters()),
        lambda batch: torch.from_numpy(batch).to(ops.zeros(()).device),
        lambda network: [v.value for v in network.trainable_variables],
    )


def torch_loop(generator, discriminator, current, average, to_device, trainable):
    import torch
    from torch.nn.functional import softplus

    rates = {"lr": 2e-4, "betas": (0.5, 0.999), "eps": 1e-7}
    g_optimizer = torch.optim.Adam(trainable(generator), **rates)
    d_optimizer = torch.optim.Adam(trainable(discriminator), **rates)
    generator.train(), discriminator.train()
    pairs = [(a, v) for a, v in zip(average, current) if a.is_floating_point()]
    average, current = [a.data for a, _ in pairs], [v.data for _, v in pairs]
    call = {"training": True} if isinstance(generator, keras.Model) else {}

    def step(batch):
        real = to_device(batch).float() / 127.5 - 1.0
        with torch.no_grad():
            fake = generator(torch.randn(len(real), 100, device=real.device), **call)
        d_loss = (
            softplus(-discriminator(real, **call)).mean()
            + softplus(discriminator(fake, **call)).mean()
        )
        d_optimizer.zero_grad()
        d_loss.backward()
        d_optimizer.step()
        fake = generator(torch.randn(len(real), 100, device=real.device), **call)
        g_loss = softplus(-discriminator(fake, **call)).mean()
        g_optimizer.zero_grad()
        # Gradients of the discriminator's weights would be computed and thrown away.
        g_loss.backward(inputs=trainable(generator))
        g_optimizer.step()
        torch._foreach_lerp_(average, current, 1.0 - DECAY)
        return (d_loss + g_loss).detach()

    return step


def plain_torch(images, batch_size, size, width):
    import copy
    import math

    import torch
    from torch import nn

    levels = int(math.log2(size)) - 2
    widths = [min(width * 2**i, 1024) for i in range(levels)]

    def normalise(channels):
        return nn.BatchNorm2d(channels)

    layers = [
        nn.Linear(100, 16 * widths[-1], bias=False),
        nn.Unflatten(1, (widths[-1], 4, 4)),
        normalise(widths[-1]),
        nn.ReLU(),
    ]
    ups = [*reversed(widths), 3]
    for i, (a, b) in enumerate(zip(ups, ups[1:])):
        last = i == levels - 1
        layers.append(nn.ConvTranspose2d(a, b, 5, 2, 2, output_padding=1, bias=last))
        layers += [nn.Tanh()] if last else [normalise(b), nn.ReLU()]
    generator = nn.Sequential(*layers)
    layers = []
    for i, (a, b) in enumerate(zip([3, *widths], widths)):
        layers.append(nn.Conv2d(a, b, 5, 2, 2, bias=i == 0))
        layers += [normalise(b)] if i else []
        layers.append(nn.LeakyReLU(0.2))
    discriminator = nn.Sequential(*layers, nn.Flatten(), nn.Linear(16 * widths[-1], 1))
    device = ops.zeros(()).device
    generator, discriminator = generator.to(device), discriminator.to(device)
    average = copy.deepcopy(generator)
    step = torch_loop(
        generator,
        discriminator,
        [*generator.parameters(), *generator.buffers()],
        [*average.parameters(), *average.buffers()],
        lambda batch: torch.from_numpy(batch).to(device).permute(0, 3, 1, 2),
        lambda network: list(network.parameters()),
    )
    return lambda: loop(step, images, batch_size)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--width", type=int, default=32)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--steps", type=int, default=30, help="a rival and round")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    keras.utils.set_random_seed(0)
    n = options.batch_size * options.steps
    images = np.random.default_rng(0).integers(
        0, 256, (n, options.size, options.size, 3), dtype="uint8"
    )
    makers = {"kerasgan": with_kerasgan, "by hand": by_hand}
    if BACKEND == "torch":
        makers["plain torch"] = plain_torch
    arguments = (images, options.batch_size, options.size, options.width)
    rivals = {name: make(*arguments) for name, make in makers.items()}
    for run in rivals.values():
        run()
    times = {name: [] for name in rivals}
    for _ in range(options.rounds):
        for name, run in rivals.items():
            start = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - start)
    rows = []
    for name in list(rivals)[1:]:
        ratios = [rival / ours for rival, ours in zip(times[name], times["kerasgan"])]
        rows.append(
            {
                "model": "DCGAN",
                "rival": name,
                "ratio_median": round(statistics.median(ratios), 3),
                "ratio_min": round(min(ratios), 3),
                "ratio_max": round(max(ratios), 3),
                "ms_per_step": round(1e3 * statistics.median(times["kerasgan"]) / options.steps, 1),
                **vars(options),
            }
        )
    record("train_step", rows)


if __name__ == "__main__":
    main()
