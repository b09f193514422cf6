"""Projected GAN, Sauer et al. 2021 (arXiv:2111.01007)."""

import keras

from kerasgan.engine.registry import register
from kerasgan.engine.shapes import every_layer
from kerasgan.losses.projection import RandomProjection
from kerasgan.models.gan import GAN


@register
class ProjectedGAN(GAN):
    """The hinge loss, played on features of a frozen network: much better, much sooner.

    The discriminators see what a network that was trained on other images makes of an image,
    randomly mixed, and never the image itself. That network is read when training begins, and is
    neither stored with the model nor needed to generate. It must not judge the model: any
    measure on its features would praise what it was trained to please.

    Args:
        generator: As in `GAN`; the paper's is FastGAN's.
        discriminator: Keras model from images to logits with a layer
            `kerasgan.networks.RandomProjection`: `kerasgan.networks.projected` makes both.
        discriminator_steps: As in `GAN`.
        augmentation, ema_decay, seed, name: As in `AdversarialModel`. The paper has
            differentiable augmentation.

    Default optimizers: Adam with learning rate 2e-4, beta_1 0 and beta_2 0.99 for both.

    Raises:
        ValueError: If the discriminator has no such layer; and when training begins, if its
            feature network is not there.

    Example:

    ```python
    names = ["block2_add", "block4_add", "block10_add", "block15_project_bn"]
    pair = kerasgan.networks.projected((64, 64, 3), "efficientnet_lite0.keras", names)
    augmentation = kerasgan.augment.DifferentiableAugmentation()
    model = kerasgan.models.ProjectedGAN(*pair, augmentation=augmentation)
    model.fit(images, batch_size=16, epochs=100)
    ```
    """

    builders = "projected"
    fixes = ("adversarial_loss", "penalties", "modality")

    def __init__(self, generator: keras.Model, discriminator: keras.Model, **kwargs):
        super().__init__(generator, discriminator, adversarial_loss="hinge", **kwargs)
        if self.projection is None:
            raise ValueError(
                "discriminator must see images through a kerasgan.networks.RandomProjection, as "
                f"kerasgan.networks.projected makes it. Received: {discriminator.name!r} without "
                "one."
            )

    @property
    def projection(self):
        """The layer of the discriminator that holds the feature network."""
        layers = every_layer(self.discriminator)
        return next((x for x in layers if isinstance(x, RandomProjection)), None)

    def feature_networks(self):
        return [*super().feature_networks(), self.projection.network]

    def default_optimizers(self):
        return {p: keras.optimizers.Adam(2e-4, beta_1=0.0, beta_2=0.99) for p in self.players}

    def check_batch(self, batch, where):
        self.projection.prepare()
        super().check_batch(batch, where)
