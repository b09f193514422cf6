"""Feature matching, Salimans et al. 2016 (arXiv:1606.03498), section 3.1."""

import functools

import keras
from keras import ops

from kerasgan.engine.registry import register
from kerasgan.models.gan import GAN


@register
class FeatureMatchingGAN(GAN):
    """A GAN whose generator matches mean features of the discriminator.

    `‖E f(x) - E f(G(z))‖²` over the batch, f an intermediate layer of the discriminator,
    takes the place of the generator's adversarial loss.

    Args:
        generator: As in `GAN`.
        discriminator: A functional or sequential Keras model.
        feature_layer: Name of the discriminator's layer whose output is f. By default what
            its last layer takes.
        adversarial_loss, penalties, discriminator_steps: Of the discriminator, as in `GAN`.
        augmentation, ema_decay, seed, name: As in `AdversarialModel`.

    Default optimizers: as of `GAN`.

    Raises:
        ValueError: If the discriminator has no layer of that name.

    Example:

    ```python
    generator, discriminator = kerasgan.networks.dcgan(image_shape=(32, 32, 1))
    model = kerasgan.models.FeatureMatchingGAN(generator, discriminator)
    model.fit(images, batch_size=64, epochs=20)
    ```
    """

    fixes = ()

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        feature_layer: str | None = None,
        **kwargs,
    ):
        super().__init__(generator, discriminator, **kwargs)
        self.feature_layer = feature_layer
        names = [layer.name for layer in discriminator.layers]
        if feature_layer not in (None, *names):
            raise ValueError(
                f"feature_layer must be one of {', '.join(names)}. Received: {feature_layer!r}"
            )

    # Kept out of Keras's sight: its layers are the discriminator's.
    @functools.cached_property
    def _features(self):
        network = self.discriminator
        f = network.layers[-1].input
        if self.feature_layer is not None:
            f = network.get_layer(self.feature_layer).output
        return keras.Model(network.inputs, f)

    def generator_loss(self, batch, training=True):
        fake = self.generator(self.generator_inputs(batch), training=training)
        real_features, fake_features = (
            ops.mean(self._features(*self.augment((x,), training), training=training), axis=0)
            for x in (batch["real"], fake)
        )
        return ops.sum((real_features - fake_features) ** 2)
