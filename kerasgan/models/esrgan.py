"""ESRGAN, Wang et al. 2018 (arXiv:1809.00219)."""

import keras

from kerasgan import losses
from kerasgan.engine.registry import register
from kerasgan.models.srgan import SRGAN


@register
class ESRGAN(SRGAN):
    """SRGAN with a relativistic average discriminator and features before activation.

    Equation 3: the generator lowers `content + 5e-3 · adversarial + 1e-2 · mean |x - G(z)|`.
    The discriminator tells whether a patch is more real than the others are on average.

    Args:
        generator: As in `SRGAN`; the paper's is `kerasgan.networks.rrdb`.
        discriminator, ema_decay, seed, name: As in `SRGAN`.
        content_loss: As in `SRGAN`; by default of VGG19's features before activation.
        adversarial_weight, pixel_weight: Floats, of the terms above.

    Default optimizers: Adam with learning rate 1e-4 for both; the paper halves it four
    times.

    Raises:
        ValueError: If the networks do not fit together.

    Example:

    ```python
    discriminator = kerasgan.networks.srgan_discriminator(patch_size=128)
    model = kerasgan.models.ESRGAN(kerasgan.networks.rrdb(blocks=8), discriminator)
    model.fit("photographs", epochs=100)
    ```
    """

    builders = {"generator": "rrdb", "discriminator": "srgan_discriminator"}
    fixes = ("adversarial_loss",)

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        content_loss: str | keras.losses.Loss | None = None,
        adversarial_weight: float = 5e-3,
        pixel_weight: float = 1e-2,
        **kwargs,
    ):
        if content_loss is None:
            content_loss = losses.FeatureLoss(activated=False)
        super().__init__(
            generator,
            discriminator,
            content_loss=content_loss,
            adversarial_weight=adversarial_weight,
            pixel_weight=pixel_weight,
            adversarial_loss="relativistic_average",
            **kwargs,
        )
