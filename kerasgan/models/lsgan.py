"""Least squares GAN, Mao et al. 2017 (arXiv:1611.04076)."""

import keras

from kerasgan.engine.registry import register
from kerasgan.models.gan import GAN


@register
class LSGAN(GAN):
    """A GAN whose discriminator regresses 1 on real samples and 0 on generated ones.

    Least squares also pull on samples that are on the right side of the decision but far
    from the data, where the sigmoid's gradient has faded.

    Args:
        generator, discriminator: As in `GAN`; the discriminator's output is linear.
        modality, penalties, discriminator_steps: As in `GAN`.
        augmentation, ema_decay, seed, name: As in `AdversarialModel`.

    Default optimizers: `GAN`'s, Adam with beta_1 0.5 and learning rate 2e-4, the paper's for grey
    characters (it takes 1e-3 for scenes).

    Example:

    ```python
    generator, discriminator = kerasgan.networks.dcgan(image_shape=(32, 32, 1))
    model = kerasgan.models.LSGAN(generator, discriminator)
    model.fit(images, batch_size=64, epochs=20)
    ```
    """

    fixes = ("adversarial_loss",)

    def __init__(self, generator: keras.Model, discriminator: keras.Model, **kwargs):
        super().__init__(generator, discriminator, adversarial_loss="least_squares", **kwargs)
