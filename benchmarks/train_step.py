"""Is `fit` as fast as a loop written by hand?

    KERAS_BACKEND=jax python benchmarks/train_step.py --model wgan_gp

The same model is trained by `kerasgan` under `fit` and by the shortest correct loop in the
backend's own terms: same DCGAN networks, batches, turns, losses, Adam and averaged generator.
Those networks have kerasgan's convolutions and batch normalisation; a second loop has Keras's in
their place, as one written without kerasgan would. On PyTorch DCGAN has another rival, its
networks in plain `torch.nn`, channels first. The rivals take turns in one process, in alternating
order; a ratio is a rival's time over kerasgan's in the same round, so 1 or more means that
kerasgan is at least as fast.
"""

import argparse
import functools
import statistics
import time

import keras
import numpy as np
from keras import ops
from results import record, spread

import kerasgan

BACKEND = keras.backend.backend()
DECAY = 0.999
CLASSES = 10
# Turns of the discriminator a step, and of both players' Adam: rate, beta_1, beta_2.
SETTINGS = {
    "gan": (1, 2e-4, 0.5, 0.999),
    "wgan_gp": (5, 1e-4, 0.0, 0.9),
    "conditional_gan": (1, 2e-4, 0.5, 0.999),
}


def networks(options):
    model = kerasgan.models.MODELS[options.model]
    return kerasgan.networks.dcgan(
        (options.size, options.size, 3),
        width=options.width,
        label_dim=CLASSES if "labels" in model.takes else None,
        **model.network_options,
    )


def with_kerasgan(images, labels, options):
    model = kerasgan.models.MODELS[options.model](*networks(options), seed=0)
    model.compile()
    return lambda: model.fit(images, labels, batch_size=options.batch_size, verbose=0)


def with_keras_layers(network):
    """The same network with Keras's own layers in place of kerasgan's of the same names."""

    def clone(layer):
        cls = type(layer)
        if cls.__module__.startswith("kerasgan."):
            cls = getattr(keras.layers, cls.__name__, cls)
        return cls.from_config(layer.get_config())

    return keras.models.clone_model(network, clone_function=clone)


def by_hand(images, labels, options, change=lambda network: network):
    generator, discriminator = map(change, networks(options))
    average = keras.models.clone_model(generator)
    step = {"tensorflow": tensorflow_step, "jax": jax_step, "torch": torch_step}[BACKEND](
        options.model, generator, discriminator, average
    )
    return lambda: loop(step, images, labels, options.batch_size)


def loop(step, images, labels, batch_size):
    order = np.random.permutation(len(images))
    for start in range(0, len(images), batch_size):
        rows = order[start : start + batch_size]
        loss = step(images[rows], None if labels is None else labels[rows])
    return float(loss)


def adam(model):
    _, rate, beta_1, beta_2 = SETTINGS[model]
    return keras.optimizers.Adam(rate, beta_1, beta_2)


def given(x, labels):
    return x if labels is None else [x, labels]


def tensorflow_step(model, generator, discriminator, average):
    import tensorflow as tf

    turns = SETTINGS[model][0]
    g_optimizer, d_optimizer = adam(model), adam(model)
    g_optimizer.build(generator.trainable_variables)
    d_optimizer.build(discriminator.trainable_variables)

    def judge(samples, labels):
        return discriminator(given(samples, labels), training=True)

    def d_loss_fn(real, fake, labels):
        on_real, on_fake = judge(real, labels), judge(fake, labels)
        if model != "wgan_gp":
            return tf.reduce_mean(tf.nn.softplus(-on_real)) + tf.reduce_mean(
                tf.nn.softplus(on_fake)
            )
        place = tf.random.uniform((tf.shape(real)[0], 1, 1, 1))
        mixed = place * real + (1.0 - place) * fake
        with tf.GradientTape() as tape:
            tape.watch(mixed)
            on_mixed = judge(mixed, labels)
        gradient = tape.gradient(on_mixed, mixed)
        norm = tf.sqrt(tf.reduce_sum(gradient**2, (1, 2, 3)) + 1e-12)
        penalty = tf.reduce_mean((norm - 1.0) ** 2)
        return tf.reduce_mean(on_fake) - tf.reduce_mean(on_real) + 10.0 * penalty

    def g_loss_fn(fake, labels):
        on_fake = judge(fake, labels)
        return tf.reduce_mean(-on_fake if model == "wgan_gp" else tf.nn.softplus(-on_fake))

    @tf.function
    def step(real, labels):
        real = tf.cast(real, "float32") / 127.5 - 1.0
        n = tf.shape(real)[0]
        for _ in range(turns):
            fake = generator(given(tf.random.normal((n, 100)), labels), training=True)
            with tf.GradientTape() as tape:
                d_loss = d_loss_fn(real, fake, labels)
            gradients = tape.gradient(d_loss, discriminator.trainable_variables)
            d_optimizer.apply(gradients, discriminator.trainable_variables)
        z = tf.random.normal((n, 100))
        with tf.GradientTape() as tape:
            g_loss = g_loss_fn(generator(given(z, labels), training=True), labels)
        gradients = tape.gradient(g_loss, generator.trainable_variables)
        g_optimizer.apply(gradients, generator.trainable_variables)
        for a, v in zip(average.weights, generator.weights):
            a.assign_sub((1.0 - DECAY) * (a - v))
        return d_loss + g_loss

    return step


def jax_step(model, generator, discriminator, average):
    import jax
    import jax.numpy as jnp

    turns = SETTINGS[model][0]
    g_optimizer, d_optimizer = adam(model), adam(model)
    g_optimizer.build(generator.trainable_variables)
    d_optimizer.build(discriminator.trainable_variables)

    def judge(d, d_state, samples, labels):
        return discriminator.stateless_call(d, d_state, given(samples, labels), training=True)

    def d_loss_fn(d, d_state, real, fake, labels, key):
        on_real, d_state = judge(d, d_state, real, labels)
        on_fake, d_state = judge(d, d_state, fake, labels)
        if model != "wgan_gp":
            loss = jnp.mean(jax.nn.softplus(-on_real)) + jnp.mean(jax.nn.softplus(on_fake))
            return loss, d_state
        place = jax.random.uniform(key, (len(real), 1, 1, 1))
        mixed = place * real + (1.0 - place) * fake
        gradient = jax.grad(lambda x: jnp.sum(judge(d, d_state, x, labels)[0]))(mixed)
        norm = jnp.sqrt(jnp.sum(gradient**2, (1, 2, 3)) + 1e-12)
        loss = jnp.mean(on_fake) - jnp.mean(on_real) + 10.0 * jnp.mean((norm - 1.0) ** 2)
        return loss, d_state

    def g_loss_fn(g, g_state, d, d_state, z, labels):
        fake, g_state = generator.stateless_call(g, g_state, given(z, labels), training=True)
        on_fake, d_state = judge(d, d_state, fake, labels)
        loss = jnp.mean(-on_fake if model == "wgan_gp" else jax.nn.softplus(-on_fake))
        return loss, (g_state, d_state)

    def step(state, real, labels):
        g, g_state, d, d_state, g_moments, d_moments, mean, key = state
        key, *keys = jax.random.split(key, 2 * turns + 2)
        real = real.astype("float32") / 127.5 - 1.0
        for _ in range(turns):
            z = jax.random.normal(keys.pop(), (len(real), 100))
            fake, g_state = generator.stateless_call(g, g_state, given(z, labels), training=True)
            (d_loss, d_state), gradients = jax.value_and_grad(d_loss_fn, has_aux=True)(
                d, d_state, real, fake, labels, keys.pop()
            )
            d, d_moments = d_optimizer.stateless_apply(d_moments, gradients, d)
        z = jax.random.normal(keys.pop(), (len(real), 100))
        (g_loss, (g_state, d_state)), gradients = jax.value_and_grad(g_loss_fn, has_aux=True)(
            g, g_state, d, d_state, z, labels
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

    def run(images, labels):
        nonlocal state
        state, loss = step(state, images, labels)
        return loss

    return run


def torch_step(model, generator, discriminator, average):
    import torch

    return torch_loop(
        model,
        generator,
        discriminator,
        list(generator.parameters()),
        list(average.parameters()),
        lambda batch: torch.from_numpy(batch).to(ops.zeros(()).device),
        lambda network: [v.value for v in network.trainable_variables],
    )


def torch_loop(model, generator, discriminator, current, average, to_device, trainable):
    import torch
    from torch.nn.functional import softplus

    turns, rate, *betas = SETTINGS[model]
    rates = {"lr": rate, "betas": betas, "eps": 1e-7}
    g_optimizer = torch.optim.Adam(trainable(generator), **rates)
    d_optimizer = torch.optim.Adam(trainable(discriminator), **rates)
    generator.train(), discriminator.train()
    pairs = [(a, v) for a, v in zip(average, current) if a.is_floating_point()]
    average, current = [a.data for a, _ in pairs], [v.data for _, v in pairs]
    call = {"training": True} if isinstance(generator, keras.Model) else {}

    def make(real, labels):
        z = torch.randn(len(real), 100, device=real.device)
        return generator(given(z, labels), **call)

    def judge(samples, labels):
        return discriminator(given(samples, labels), **call)

    def d_loss_fn(real, fake, labels):
        on_real, on_fake = judge(real, labels), judge(fake, labels)
        if model != "wgan_gp":
            return softplus(-on_real).mean() + softplus(on_fake).mean()
        place = torch.rand(len(real), 1, 1, 1, device=real.device)
        mixed = (place * real + (1.0 - place) * fake).requires_grad_()
        on_mixed = judge(mixed, labels).sum()
        (gradient,) = torch.autograd.grad(on_mixed, mixed, create_graph=True)
        norm = (gradient.square().sum((1, 2, 3)) + 1e-12).sqrt()
        return on_fake.mean() - on_real.mean() + 10.0 * (norm - 1.0).square().mean()

    def g_loss_fn(fake, labels):
        on_fake = judge(fake, labels)
        return (-on_fake if model == "wgan_gp" else softplus(-on_fake)).mean()

    def move(optimizer, loss, network):
        optimizer.zero_grad()
        # Gradients of all else in the graph would be computed and thrown away.
        loss.backward(inputs=trainable(network))
        optimizer.step()

    def step(images, labels):
        real = to_device(images).float() / 127.5 - 1.0
        labels = None if labels is None else to_device(labels)
        for _ in range(turns):
            with torch.no_grad():
                fake = make(real, labels)
            d_loss = d_loss_fn(real, fake, labels)
            move(d_optimizer, d_loss, discriminator)
        g_loss = g_loss_fn(make(real, labels), labels)
        move(g_optimizer, g_loss, generator)
        torch._foreach_lerp_(average, current, 1.0 - DECAY)
        return (d_loss + g_loss).detach()

    return step


def plain_torch(images, labels, options):
    import copy
    import math

    import torch
    from torch import nn

    levels = int(math.log2(options.size)) - 2
    widths = [min(options.width * 2**i, 1024) for i in range(levels)]

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
        options.model,
        generator,
        discriminator,
        [*generator.parameters(), *generator.buffers()],
        [*average.parameters(), *average.buffers()],
        lambda batch: torch.from_numpy(batch).to(device).permute(0, 3, 1, 2),
        lambda network: list(network.parameters()),
    )
    return lambda: loop(step, images, labels, options.batch_size)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", choices=SETTINGS, default="gan")
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--width", type=int, default=32)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--steps", type=int, default=30, help="a rival and round")
    parser.add_argument("--rounds", type=int, default=5, help="a build")
    # Two builds of the same program differ by a few hundredths, however many the rounds.
    parser.add_argument("--builds", type=int, default=1, help="times the rivals are made anew")
    options = parser.parse_args()
    keras.utils.set_random_seed(0)
    n = options.batch_size * options.steps
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (n, options.size, options.size, 3), dtype="uint8")
    labels = None
    if options.model == "conditional_gan":
        labels = np.eye(CLASSES, dtype="float32")[random.integers(0, CLASSES, n)]
    makers = {
        "kerasgan": with_kerasgan,
        "by hand": by_hand,
        "by hand, Keras's layers": functools.partial(by_hand, change=with_keras_layers),
    }
    if BACKEND == "torch" and options.model == "gan":
        makers["plain torch"] = plain_torch
    times = {name: [] for name in makers}
    for build in range(options.builds):
        # None is always the first to be given memory.
        order = list(makers.items())[:: -1 if build % 2 else 1]
        rivals = {name: make(images, labels, options) for name, make in order}
        for run in rivals.values():
            run()
        for i in range(options.rounds):
            # None always runs when the other has just warmed the machine up.
            for name, run in list(rivals.items())[:: -1 if i % 2 else 1]:
                start = time.perf_counter()
                run()
                times[name].append(time.perf_counter() - start)
    rows = []
    for name in list(makers)[1:]:
        ratios = [rival / ours for rival, ours in zip(times[name], times["kerasgan"])]
        rows.append(
            {
                "model": options.model,
                "rival": name,
                **spread(ratios),
                "ms_per_step": round(1e3 * statistics.median(times["kerasgan"]) / options.steps, 1),
                **vars(options),
            }
        )
    record("train_step", rows, by=("backend", "model", "size", "width"))


if __name__ == "__main__":
    main()
