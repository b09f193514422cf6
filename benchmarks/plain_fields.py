"""The networks of fields in plain `torch.nn`, as who knows no Keras would write them.

Of as many parameters as those of kerasgan, on a square grid of one variable whose side is a power
of 2.
"""

import torch
from torch import nn
from torch.nn import functional


class Generator(nn.Module):
    def __init__(self, side, width, latent_dim, start=4):
        super().__init__()
        self.sides = [start]
        while self.sides[-1] < side:
            self.sides.append(2 * self.sides[-1])
        widths = [width * side // own for own in self.sides]
        self.sizes = [latent_dim, *(own**2 for own in self.sides[1:])]
        self.dense = nn.Linear(latent_dim, start**2 * widths[0])
        self.finer = nn.ModuleList(
            nn.ModuleList([nn.Conv2d(a + 1, b, 3, padding=1), nn.Conv2d(b, b, 3, padding=1)])
            for a, b in zip(widths, widths[1:])
        )
        self.last = nn.Conv2d(width, 1, 3, padding=1)

    def forward(self, latents):
        latent, *noises = latents.split(self.sizes, dim=1)
        x = leaky(self.dense(latent)).unflatten(1, (-1, self.sides[0], self.sides[0]))
        for side, noise, (first, second) in zip(self.sides[1:], noises, self.finer):
            x = functional.interpolate(x, scale_factor=2)
            x = torch.cat([x, noise.view(-1, 1, side, side)], dim=1)
            x = leaky(second(leaky(first(x))))
        return torch.tanh(self.last(x))


class Critic(nn.Sequential):
    def __init__(self, side, width, start=4):
        layers = [nn.Conv2d(1, width, 3, padding=1), nn.LeakyReLU(0.2)]
        while side > start:
            layers += [nn.Conv2d(width, 2 * width, 4, 2, 1), nn.LeakyReLU(0.2)]
            side, width = side // 2, 2 * width
        super().__init__(*layers, nn.Flatten(), nn.Linear(width * side**2, 1))


def leaky(x):
    return functional.leaky_relu(x, 0.2)
