"""Pix2Pix, inpainting and the style of a painting in plain `torch.nn`, channels first.

Each is the same networks, of as many parameters, and the same losses, turns, optimizers and
averaged generator as in kerasgan, as who knows no Keras would write them.
"""

import copy

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm

DECAY = 0.999


def instance(channels):
    return nn.InstanceNorm2d(channels, eps=1e-5, affine=True)


class UNet(nn.Module):
    def __init__(self, width, depth):
        super().__init__()
        widths = [width * min(2**i, 8) for i in range(depth)]
        self.down = nn.ModuleList([nn.Conv2d(3, width, 4, 2, 1)])
        for i in range(1, depth):
            inner = i == depth - 1
            layers = [nn.LeakyReLU(0.2), nn.Conv2d(widths[i - 1], widths[i], 4, 2, 1, bias=inner)]
            self.down.append(nn.Sequential(*layers, *([] if inner else [instance(widths[i])])))
        self.up = nn.ModuleList()
        taken = widths[-1]
        for i, channels in enumerate(reversed(widths[:-1])):
            layers = [nn.ReLU(), nn.ConvTranspose2d(taken, channels, 4, 2, 1, bias=False)]
            layers += [instance(channels)] + [nn.Dropout(0.5)] * (i < min(3, depth - 4))
            self.up.append(nn.Sequential(*layers))
            taken = 2 * channels
        self.last = nn.ConvTranspose2d(taken, 3, 4, 2, 1)

    def forward(self, x):
        seen = []
        for layer in self.down:
            x = layer(x)
            seen.append(x)
        seen.pop()
        for layer in self.up:
            x = torch.cat([layer(x), seen.pop()], 1)
        return torch.tanh(self.last(torch.relu(x)))


def patchgan(width, depth=3):
    layers, channels = [nn.Conv2d(6, width, 4, 2, 1), nn.LeakyReLU(0.2)], width
    for i in range(1, depth + 1):
        filters, stride = width * min(2**i, 8), 2 if i < depth else 1
        layers += [] if stride == 2 else [nn.ZeroPad2d((0, 1, 0, 1))]
        layers += [nn.Conv2d(channels, filters, 4, stride, 1, bias=False), instance(filters)]
        layers += [nn.LeakyReLU(0.2)]
        channels = filters
    return nn.Sequential(*layers, nn.ZeroPad2d((0, 1, 0, 1)), nn.Conv2d(channels, 1, 4, 1, 1))


class Gated(nn.Conv2d):
    def __init__(self, inputs, filters, size, stride=1, rate=1):
        super().__init__(inputs, 2 * filters, size, stride, rate * (size // 2), rate)

    def forward(self, x):
        features, gate = super().forward(x).chunk(2, 1)
        return functional.elu(features) * torch.sigmoid(gate)


def answer(width, dilations):
    layers, channels = [], 4
    for filters, size, stride in (
        *((width, 5, 1), (2 * width, 3, 2), (2 * width, 3, 1)),
        *((4 * width, 3, 2), (4 * width, 3, 1)),
    ):
        layers.append(Gated(channels, filters, size, stride))
        channels = filters
    layers += [Gated(channels, channels, 3, 1, rate) for rate in (*dilations, 1)]
    for filters, last in ((2 * width, 2 * width), (width, width // 2)):
        layers += [
            nn.Upsample(scale_factor=2),
            Gated(channels, filters, 3),
            Gated(filters, last, 3),
        ]
        channels = last
    return nn.Sequential(*layers, nn.Conv2d(channels, 3, 3, 1, 1), nn.Tanh())


class GatedGenerator(nn.Module):
    def __init__(self, width, dilations):
        super().__init__()
        self.first, self.second = answer(width, dilations), answer(width, dilations)

    def forward(self, x):
        coarse, masks = self.first(x), x[:, 3:]
        return self.second(torch.cat([x[:, :3] + coarse * masks, masks], 1)), coarse


def sn_patchgan(width, depth):
    layers, channels = [], 4
    for i in range(depth):
        filters = width * min(2**i, 4)
        layers.append(spectral_norm(nn.Conv2d(channels, filters, 5, 2, 2)))
        layers += [nn.LeakyReLU(0.2)] * (i < depth - 1)
        channels = filters
    return nn.Sequential(*layers)


class Residual(nn.Sequential):
    def forward(self, x):
        return x + super().forward(x)


def stylizer(width, blocks=5):
    def convolution(inputs, filters, size, stride=1):
        padded = nn.ReflectionPad2d(size // 2)
        return [padded, nn.Conv2d(inputs, filters, size, stride, bias=False), instance(filters)]

    wide = 4 * width
    layers = [*convolution(3, width, 9), nn.ReLU(), *convolution(width, 2 * width, 3, 2), nn.ReLU()]
    layers += [*convolution(2 * width, wide, 3, 2), nn.ReLU()]
    for _ in range(blocks):
        inner = [*convolution(wide, wide, 3), nn.ReLU(), *convolution(wide, wide, 3)]
        layers.append(Residual(*inner))
    for i in (1, 0):
        up = convolution(width * 2 ** (i + 1), width * 2**i, 3)
        layers += [nn.Upsample(scale_factor=2), *up, nn.ReLU()]
    return nn.Sequential(*layers, nn.ReflectionPad2d(4), nn.Conv2d(width, 3, 9), nn.Tanh())


class VGG16(nn.Module):
    """The features after block1_conv2, block2_conv2, block3_conv3 and block4_conv3."""

    def __init__(self):
        super().__init__()
        blocks, channels = [], 3
        for i, (filters, count) in enumerate(((64, 2), (128, 2), (256, 3), (512, 3))):
            layers = [nn.MaxPool2d(2)] if i else []
            for _ in range(count):
                layers += [nn.Conv2d(channels, filters, 3, 1, 1), nn.ReLU()]
                channels = filters
            blocks.append(nn.Sequential(*layers))
        self.blocks = nn.ModuleList(blocks).requires_grad_(False)

    def forward(self, x):
        return [x := block(x) for block in self.blocks]


def gram(x):
    n, channels, height, width = x.shape
    x = x.reshape(n, channels, -1)
    return x @ x.mT / (channels * height * width)


def squared(a, b):
    return (a - b).square().mean()


class Trained:
    """Players and their losses; a step is one turn of each."""

    def __init__(self, generator, discriminator=None, rate=2e-4, beta=0.5):
        self.generator, self.discriminator = generator, discriminator
        self.average = copy.deepcopy(generator).requires_grad_(False).eval()
        players = [p for p in (discriminator, generator) if p is not None]
        self.optimizers = [torch.optim.Adam(p.parameters(), rate, (beta, 0.999)) for p in players]
        self.parameters = [list(p.parameters()) for p in players]

    def step(self, *batch):
        losses = [self.generator_loss]
        if self.discriminator is not None:
            losses.insert(0, self.discriminator_loss)
        for optimizer, parameters, loss in zip(self.optimizers, self.parameters, losses):
            optimizer.zero_grad()
            value = loss(*batch)
            value.backward(inputs=parameters)
            optimizer.step()
        pairs = zip(self.average.state_dict().values(), self.generator.state_dict().values())
        pairs = [pair for pair in pairs if pair[0].is_floating_point()]
        torch._foreach_lerp_([a for a, _ in pairs], [v for _, v in pairs], 1.0 - DECAY)
        return value.detach()

    def run(self, x):
        with torch.inference_mode():
            return self.average(x)


class Pix2Pix(Trained):
    def __init__(self, width, depth):
        super().__init__(UNet(width, depth), patchgan(width))

    def judge(self, images, sources):
        return self.discriminator(torch.cat([images, sources], 1))

    def discriminator_loss(self, source, target):
        with torch.no_grad():
            fake = self.generator(source)
        real, fake = self.judge(target, source), self.judge(fake, source)
        return 0.5 * (functional.softplus(-real).mean() + functional.softplus(fake).mean())

    def generator_loss(self, source, target):
        fake = self.generator(source)
        adversarial = functional.softplus(-self.judge(fake, source)).mean()
        return adversarial + 100.0 * (target - fake).abs().mean()


class Inpainting(Trained):
    def __init__(self, width, dilations, discriminator_width, depth):
        judge = sn_patchgan(discriminator_width, depth)
        super().__init__(GatedGenerator(width, dilations), judge, rate=1e-4)

    def judge(self, images, masks):
        return self.discriminator(torch.cat([images, masks], 1))

    def seen(self, images, masks):
        return self.generator(torch.cat([images * (1 - masks), masks], 1))

    def discriminator_loss(self, images, masks):
        with torch.no_grad():
            made, _ = self.seen(images, masks)
        real = self.judge(images, masks)
        fake = self.judge(images + masks * (made - images), masks)
        return torch.relu(1 - real).mean() + torch.relu(1 + fake).mean()

    def generator_loss(self, images, masks):
        answers = self.seen(images, masks)
        error = sum((images - made).abs().mean() for made in answers)
        return error - self.judge(images + masks * (answers[0] - images), masks).mean()

    def run(self, x):
        return super().run(x)[0]


class StyleTransfer(Trained):
    def __init__(self, width, painting):
        super().__init__(stylizer(width), rate=1e-3, beta=0.9)
        self.vgg = VGG16()
        with torch.no_grad():
            self.grams = [gram(x) for x in self.vgg(painting)]

    def generator_loss(self, images):
        made = self.generator(images)
        with torch.no_grad():
            content = self.vgg(images)[2]
        found = self.vgg(made)
        style = sum(squared(gram(x), g) for x, g in zip(found, self.grams))
        rough = squared(made[:, :, 1:], made[:, :, :-1]) + squared(made[..., 1:], made[..., :-1])
        return squared(found[2], content) + 5.0 * style + 0.02 * 127.5**2 * rough
