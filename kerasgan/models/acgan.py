"""Auxiliary classifier GAN, Odena et al. 2017 (arXiv:1610.09585)."""

import keras
from keras import ops

from kerasgan.engine.registry import register
from kerasgan.modalities import Attributes
from kerasgan.models.conditional_gan import ConditionalGAN


@register
class ACGAN(ConditionalGAN):
    """A conditional GAN whose discriminator names the label instead of being told it.

    With L_S the adversarial loss and L_C the cross-entropy of the label, equations 2 and 3:
    the discriminator lowers both, the generator its adversarial loss and L_C of its samples.

    The paper's discriminator learns the label from generated samples too. It then helps the
    generator to signs of the label that nobody else sees: of clothes asked for by class, a
    classifier of real ones agreed with 83% after 20 epochs. Here it learns from real samples
    alone, as StarGAN's does (Choi et al. 2018, arXiv:1711.09020): 99% after 14
    (`benchmarks/label_agreement.py`; it agrees with 92% of real ones).

    Args:
        generator: Keras model from `[latents, labels]` to samples.
        discriminator: Keras model from samples to two outputs, logits `(batch, 1)` and
            logits of the labels `(batch, label_dim)`: `conditioning="auxiliary"` in the
            builders.
        classification_weight: Float, weight of L_C; 1 in the paper.
        classify_generated: Whether the discriminator lowers L_C of generated samples too.
        labels: As in `ConditionalGAN`. Attributes are in [0, 1].
        modality, adversarial_loss, penalties, discriminator_steps: As in `GAN`.
        augmentation, ema_decay, seed, name: As in `AdversarialModel`.

    Default optimizers: Adam with learning rate 2e-4 and beta_1 0.5 for both.

    Example:

    ```python
    networks = kerasgan.networks.dcgan((32, 32, 1), label_dim=10, conditioning="auxiliary")
    model = kerasgan.models.ACGAN(*networks)
    model.fit(images, labels, batch_size=100, epochs=20)
    ```
    """

    label_inputs = (True, False)
    network_options = {"conditioning": "auxiliary"}

    fixes = ()

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        classification_weight: float = 1.0,
        classify_generated: bool = False,
        **kwargs,
    ):
        super().__init__(generator, discriminator, **kwargs)
        self.classification_weight = classification_weight
        self.classify_generated = classify_generated

    def discriminator_loss(self, batch, training=True):
        fake = self.no_gradient(self.generator, self.generator_inputs(batch), training)
        real_logits, real_labels = self.outputs_for(batch["real"], training)
        fake_logits, fake_labels = self.outputs_for(fake, training)
        self.log(**self.adversarial_loss.scores(real_logits, fake_logits))
        loss = self.adversarial_loss.discriminator(real_logits, fake_logits)
        classification = self.classification_loss(batch["labels"], real_labels)
        self.log(classification_loss=classification)
        if self.classify_generated:
            classification += self.classification_loss(batch["labels"], fake_labels)
        loss += self.classification_weight * classification
        if training:
            self.observe(real_logits)
            loss += self.penalty(fake, batch)
        return loss

    def generator_loss(self, batch, training=True):
        fake = self.generator(self.generator_inputs(batch), training=training)
        fake_logits, fake_labels = self.outputs_for(fake, training)
        real_logits = None
        if self.adversarial_loss.pairs:
            real_logits, _ = self.outputs_for(batch["real"], training)
        classification = self.classification_loss(batch["labels"], fake_labels)
        loss = self.adversarial_loss.generator(real_logits, fake_logits)
        return loss + self.classification_weight * classification

    def outputs_for(self, samples, training=True):
        """Logits, and logits of the labels, for (augmented) samples."""
        return self.logits(self.discriminator, samples, training=training)

    def judge(self, samples, batch, training=True):
        return self.outputs_for(samples, training)[0]

    def classification_loss(self, labels, logits):
        """Cross-entropy of classes, or the mean over attributes of theirs."""
        if isinstance(self.labels, Attributes):
            return ops.mean(ops.binary_crossentropy(labels, logits, from_logits=True))
        return ops.mean(ops.categorical_crossentropy(labels, logits, from_logits=True))
