"""Models of pictures from latents, on networks of their own, small enough to train in a test."""

import keras
from tiny_features import SCALES, feature_file

from kerasgan import models, networks


def fastgan(seed=1):
    keras.utils.set_random_seed(seed)
    pair = networks.fastgan((32, 32, 1), latent_dim=4, width=1, discriminator_width=1)
    return models.FastGAN(*pair, seed=seed)


def projected_gan(seed=1):
    network = feature_file()  # first: it sets the seed
    keras.utils.set_random_seed(seed)
    widths = {"width": 1, "projection_width": 1, "discriminator_width": 1}
    pair = networks.projected((32, 32, 1), network, SCALES, latent_dim=4, **widths)
    return models.ProjectedGAN(*pair, seed=seed)


def progressive_gan(seed=1):
    keras.utils.set_random_seed(seed)
    pair = networks.progressive((8, 8, 1), latent_dim=4, max_width=4)
    return models.ProgressiveGAN(*pair, seed=seed)


def stylegan2(seed=1, cls=models.StyleGAN2, label_dim=None):
    keras.utils.set_random_seed(seed)
    options = {"latent_dim": 4, "width": 2, "max_width": 4, "style_dim": 4, "mapping_layers": 1}
    build = getattr(networks, cls.builders)
    return cls(*build((32, 32, 1), label_dim=label_dim, **options), seed=seed)


def stylegan(seed=1):
    return stylegan2(seed, models.StyleGAN)


def conditional_stylegan(seed=1):
    return stylegan2(seed, models.ConditionalStyleGAN, label_dim=3)


def conditional_stylegan2(seed=1):
    return stylegan2(seed, models.ConditionalStyleGAN2, label_dim=3)
