"""WaveGAN in plain `torch.nn`, as who knows no Keras would write it.

The same networks, of as many parameters, and the same losses, turns, optimizers and averaged
generator as in kerasgan.
"""

import copy

import torch
from torch import nn
from torch.nn import functional

DECAY = 0.999


class Same(nn.Conv1d):
    """A convolution of kernel 25 and stride 4 that gives a fourth of the length."""

    def forward(self, x):
        return super().forward(functional.pad(x, (10, 11)))


class Shuffle(nn.Module):
    """Phase shuffle, one shift a batch."""

    def forward(self, x):
        shift = int(torch.randint(0, 5, ()))
        return functional.pad(x, (2, 2), mode="reflect")[..., shift : shift + x.shape[-1]]


class Start(nn.Module):
    def __init__(self, latent_dim, channels, length):
        super().__init__()
        self.dense = nn.Linear(latent_dim, channels * length)
        self.shape = (channels, length)

    def forward(self, z):
        return torch.relu(self.dense(z).unflatten(1, self.shape))


def generator(length, width, latent_dim=100, strides=4):
    widths = [width * 2**i for i in reversed(range(strides))]
    layers = [Start(latent_dim, widths[0], length // 4**strides)]
    for a, b in zip(widths, widths[1:]):
        layers += [nn.ConvTranspose1d(a, b, 25, 4, 11, 1), nn.ReLU()]
    return nn.Sequential(*layers, nn.ConvTranspose1d(width, 1, 25, 4, 11, 1), nn.Tanh())


def critic(length, width, strides=4):
    layers, channels = [], 1
    for i in range(strides):
        layers += [Shuffle()] * (i > 0) + [Same(channels, width * 2**i, 25, 4), nn.LeakyReLU(0.2)]
        channels = width * 2**i
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels * length // 4**strides, 1))


class WassersteinGAN:
    def __init__(self, generator, critic, latent_dim, turns=5):
        self.generator, self.critic = generator, critic
        self.average = copy.deepcopy(self.generator).requires_grad_(False).eval()
        self.latent_dim, self.turns = latent_dim, turns
        self.of_critic, self.of_generator = (
            torch.optim.Adam(x.parameters(), 1e-4, (0.5, 0.9))
            for x in (self.critic, self.generator)
        )

    def made(self, n):
        return self.generator(torch.randn(n, self.latent_dim))

    def step(self, real):
        for _ in range(self.turns):
            with torch.no_grad():
                fake = self.made(len(real))
            place = torch.rand(len(real), *[1] * (real.ndim - 1))
            mixed = (place * real + (1 - place) * fake).requires_grad_()
            slope = torch.autograd.grad(self.critic(mixed).sum(), mixed, create_graph=True)[0]
            penalty = 10 * (slope.flatten(1).norm(dim=1) - 1).square().mean()
            loss = self.critic(fake).mean() - self.critic(real).mean() + penalty
            self.of_critic.zero_grad()
            loss.backward()
            self.of_critic.step()
        loss = -self.critic(self.made(len(real))).mean()
        self.of_generator.zero_grad()
        loss.backward(inputs=list(self.generator.parameters()))
        self.of_generator.step()
        pairs = self.average.parameters(), self.generator.parameters()
        torch._foreach_lerp_(*(list(p) for p in pairs), 1.0 - DECAY)

    def generate(self, latents):
        with torch.inference_mode():
            return self.average(latents)


class WaveGAN(WassersteinGAN):
    def __init__(self, length, width, latent_dim=100, turns=5):
        networks = generator(length, width, latent_dim), critic(length, width)
        super().__init__(*networks, latent_dim, turns)
