"""PAN in plain `torch.nn`, channels first, as who knows no Keras would write it."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

BLOCKS = 16


class PAN(nn.Module):
    """Zhao et al. 2020 (arXiv:2010.01073), four times as large.

    Args:
        weights: List of the convolutions' kernels `(height, width, inputs, outputs)`, each
            followed by its bias if it has one, in the order in which they are applied.
    """

    def __init__(self, weights):
        super().__init__()
        self.convolutions = nn.ModuleList()
        for weight in map(torch.from_numpy, weights):
            if weight.ndim == 1:
                self.convolutions[-1].bias = nn.Parameter(weight)
                continue
            size, _, inputs, outputs = weight.shape
            layer = nn.Conv2d(inputs, outputs, size, padding=size // 2, bias=False)
            layer.weight = nn.Parameter(weight.permute(3, 2, 0, 1).contiguous())
            self.convolutions.append(layer)

    def forward(self, images):
        layers = iter(self.convolutions)

        def convolve(x):
            return next(layers)(x)

        def activate(x):
            return functional.leaky_relu(x, 0.2, inplace=True)

        def attend(x, to):
            return x * torch.sigmoid(convolve(to))

        x = start = convolve(images)
        for _ in range(BLOCKS):
            plain, attended = activate(convolve(x)), activate(convolve(x))
            plain = activate(convolve(plain))
            attended = attend(convolve(attended), attended)
            attended = activate(convolve(attended))
            x = x + convolve(torch.cat([plain, attended], 1))
        x = start + convolve(x)
        for _ in range(2):
            x = convolve(functional.interpolate(x, scale_factor=2))
            x = activate(attend(x, x))
            x = activate(convolve(x))
        enlarged = functional.interpolate(images, scale_factor=4, mode="bilinear")
        return convolve(x) + enlarged


def load(path):
    """The network whose weights are in an `.npz` file, in the order above."""
    with np.load(path) as file:
        return PAN([file[name] for name in file.files])


def upscale(network, image):
    """A uint8 image `(height, width, 3)` through the network, as uint8."""
    with torch.inference_mode():
        x = torch.from_numpy(image).permute(2, 0, 1)[None] / 127.5 - 1.0
        y = (network(x)[0].clamp(-1.0, 1.0) + 1.0) * 127.5
        return y.round().to(torch.uint8).permute(1, 2, 0).numpy()


def upscale_in_tiles(network, image, tile=256, overlap=16):
    """The same, a tile at a time; of each, `overlap` pixels of context are thrown away."""
    height, width = image.shape[:2]
    result = np.empty((4 * height, 4 * width, 3), "uint8")
    step = tile - 2 * overlap
    for top in range(0, height, step):
        for left in range(0, width, step):
            above, before = max(0, top - overlap), max(0, left - overlap)
            part = image[above : top + step + overlap, before : left + step + overlap]
            made = upscale(network, np.ascontiguousarray(part))
            made = made[4 * (top - above) :, 4 * (left - before) :][: 4 * step, : 4 * step]
            result[4 * top : 4 * (top + step), 4 * left : 4 * (left + step)] = made
    return result
