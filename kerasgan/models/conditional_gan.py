"""Conditional GAN, Mirza and Osindero 2014 (arXiv:1411.1784)."""

from kerasgan.engine.labels import TakesLabels
from kerasgan.engine.registry import register
from kerasgan.models.gan import GAN


@register
class ConditionalGAN(TakesLabels, GAN):
    """A GAN whose generator and discriminator are both given the label.

    Equation 2: `min_G max_D E[log D(x|y)] + E[log(1 - D(G(z|y)|y))]`, or the same with
    another loss, penalties or turns. Labels are classes, as integers or one-hot, or
    vectors of attributes. In training each generated sample takes the label of a real one.

    Args:
        generator: Keras model from `[latents, labels]` to samples, labels
            `(batch, label_dim)`.
        discriminator: Keras model from `[samples, labels]` to logits `(batch, 1)`. The
            builders make both with `label_dim=…`.
        label_names: List of `label_dim` names of classes or attributes, by which
            `generate` knows them too.
        multi_label: Labels are vectors of attributes, any number of which may be set,
            rather than classes.
        adversarial_loss, penalties, discriminator_steps: As in `GAN`.
        augmentation, ema_decay, seed, name: As in `AdversarialModel`.

    Default optimizers: as of `GAN`. The paper's momentum of 0.5 to 0.7 and rate of 0.1
    belong to its maxout networks.

    Raises:
        ValueError: If the networks' shapes do not fit, or the names' number.

    Example:

    ```python
    networks = kerasgan.networks.dcgan((32, 32, 1), label_dim=10)
    model = kerasgan.models.ConditionalGAN(*networks)
    model.fit(images, labels, batch_size=128, epochs=20)
    sevens = model.generate(16, labels=7)
    ```
    """

    def __init__(
        self,
        generator,
        discriminator,
        label_names=None,
        multi_label=False,
        adversarial_loss="minimax",
        penalties=(),
        discriminator_steps=1,
        **kwargs,
    ):
        super().__init__(
            generator, discriminator, adversarial_loss, penalties, discriminator_steps, **kwargs
        )
        self.start_labels(label_names, multi_label)
