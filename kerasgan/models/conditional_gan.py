"""Conditional GAN, Mirza and Osindero 2014 (arXiv:1411.1784)."""

import keras

from kerasgan.engine.labels import RemembersLabels
from kerasgan.engine.registry import register
from kerasgan.modalities import Attributes, ClassLabels, Conditions
from kerasgan.models.gan import GAN


@register
class ConditionalGAN(RemembersLabels, GAN):
    """A GAN whose generator and discriminator are both given the label.

    Equation 2: `min_G max_D E[log D(x|y)] + E[log(1 - D(G(z|y)|y))]`, or the same with
    another loss, penalties or turns. Labels are classes, as integers or one-hot, or
    vectors of attributes. In training each generated sample takes the label of a real one.

    Args:
        generator: Keras model from `[latents, labels]` to samples, labels
            `(batch, label_dim)`.
        discriminator: Keras model from `[samples, labels]` to logits `(batch, 1)`. The
            builders make both with `label_dim=…`.
        labels: `kerasgan.modalities.ClassLabels`, `Attributes` or `Conditions`, with the names by
            which `generate` knows them too; `modalities["labels"]` of a dataset. By default classes
            without names.
        modality, adversarial_loss, penalties, discriminator_steps: As in `GAN`.
        augmentation, ema_decay, seed, name: As in `AdversarialModel`.

    Default optimizers: as of `GAN`. The paper's momentum of 0.5 to 0.7 and rate of 0.1
    belong to its maxout networks.

    Raises:
        ValueError: If the networks' shapes do not fit, or the labels' number.

    Example:

    ```python
    networks = kerasgan.networks.dcgan((32, 32, 1), label_dim=10)
    model = kerasgan.models.ConditionalGAN(*networks)
    model.fit(images, labels, batch_size=128, epochs=20)
    sevens = model.generate(16, labels=7)
    ```
    """

    takes = ("real", "labels")
    label_inputs = (True, True)
    fixes = ()

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        labels: ClassLabels | Attributes | Conditions | None = None,
        **kwargs,
    ):
        super().__init__(generator, discriminator, **kwargs)
        dim = self.sample_shapes["labels"][0]
        if dim == 1 and not isinstance(labels, (Attributes, Conditions)):
            raise ValueError(
                "generator must take a label as a vector, (batch, number of classes), 1 at the "
                "place of its class: kerasgan turns integers into such. Received a generator that "
                "takes labels of shape (batch, 1). In place of an Embedding use a Dense layer "
                "without bias, which is the same of such a vector; for one attribute pass "
                "labels=kerasgan.modalities.Attributes(1)."
            )
        self.labels = ClassLabels(dim) if labels is None else labels
        if self.labels.dim != dim:
            raise ValueError(
                f"labels must be the {dim} that the generator takes. Received: {self.labels.dim} "
                f"({self.labels.describe()})"
            )
        self.modalities["labels"] = self.labels
        self.start_memory()
