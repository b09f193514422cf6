"""A GAN that learns classes from few labels, Salimans et al. 2016 (arXiv:1606.03498), section 5."""

import keras
import numpy as np
from keras import ops

from kerasgan.engine.registry import register
from kerasgan.engine.shapes import refuse_batch_normalization, shapes
from kerasgan.modalities import ClassLabels
from kerasgan.models.feature_matching import FeatureMatchingGAN


@register
class SemiSupervisedGAN(FeatureMatchingGAN):
    """A GAN whose discriminator tells the classes, from few labels and many images without.

    The discriminator is a classifier of k classes and of one more, generated images, whose logit
    is 0. With `Z = Σ exp(logits)` an image is real with probability `D = Z / (Z + 1)`, and the
    discriminator lowers

    ```
    -E[log p(y | x, y ≤ k)] - E[log D(x)] - E[log(1 - D(G(z)))]
    ```

    the first over images with a label, the second over all of them. The generator matches features,
    as in `FeatureMatchingGAN`. What comes of it is the classifier, `classify`; the samples are a
    means, and not the best that a GAN makes.

    Args:
        generator: As in `GAN`.
        discriminator: A functional or sequential Keras model from samples to a logit a class,
            `(batch, classes)`, without batch normalisation: `conditioning="classes"` and
            `label_dim=…` in the builders.
        labels: `kerasgan.modalities.ClassLabels`, with the names of the classes;
            `modalities["labels"]` of a dataset. By default classes without names.
        classification_weight: Float, 0 or more: of the first term; 1 in the paper.
        feature_layer, modality, adversarial_loss, penalties, discriminator_steps: As in
            `FeatureMatchingGAN`.
        augmentation, ema_decay, seed, name: As in `AdversarialModel`. The discriminator is
            averaged too, and `classify` takes the average.

    Default optimizers: as of `GAN`.

    Raises:
        ValueError: If the networks' shapes do not fit, or the labels' number, if the discriminator
            has batch normalisation, or on a weight below 0.

    Example:

    ```python
    data = kerasgan.datasets.load_partly_labelled("pictures", (32, 32, 3), labels="labels.csv")
    networks = kerasgan.networks.dcgan(
        (32, 32, 3), label_dim=data.num_labels, **kerasgan.models.SemiSupervisedGAN.network_options
    )
    model = kerasgan.models.SemiSupervisedGAN(*networks, labels=data.modalities["labels"])
    model.fit(data, epochs=20)
    probabilities = model.classify(images)
    ```

    Arrays are given by name: `model.fit({"real": images, "labelled": few, "labels": classes})`.
    """

    takes = ("real", "labelled", "labels")
    unpaired = True
    averaged = ("generator", "discriminator")
    door = "load_partly_labelled"
    network_options = {"conditioning": "classes", "discriminator_normalization": None}
    fixes = ()

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        labels: ClassLabels | None = None,
        classification_weight: float = 1.0,
        **kwargs,
    ):
        super().__init__(generator, discriminator, **kwargs)
        refuse_batch_normalization(
            discriminator,
            "it would classify by the statistics of real and generated images mixed, and is "
            "trained on batches of one kind",
        )
        made = shapes(discriminator)[1]
        if isinstance(made, list) or len(made) != 2 or (made[-1] or 0) < 2:
            raise ValueError(
                "discriminator must give a logit for each of 2 or more classes, (batch, classes): "
                'label_dim=…, conditioning="classes" in the builders. Received one that gives '
                f"{made}"
            )
        dim = made[-1]
        self.labels = ClassLabels(dim) if labels is None else labels
        if not isinstance(self.labels, ClassLabels) or self.labels.dim != dim:
            raise ValueError(
                f"labels must be the {dim} classes that the discriminator tells. Received: "
                f"{self.labels!r}"
            )
        if not classification_weight >= 0:
            raise ValueError(
                "classification_weight must be 0 or more. Received: "
                f"classification_weight={classification_weight}"
            )
        self.classification_weight = classification_weight
        self.modalities |= {"labelled": self.modality, "labels": self.labels}
        self.sample_shapes |= {"labelled": self.sample_shape, "labels": (dim,)}
        self.track("classification_loss", "accuracy")

    def check_batch(self, batch, where):
        super().check_batch(batch, where)
        labelled, labels = len(batch["labelled"]), len(batch["labels"])
        if labelled != labels:
            raise ValueError(
                "Expected one label for each of the labelled samples. Received in "
                f"{where}: {labelled} labelled, {labels} labels"
            )

    def generator_inputs(self, batch):
        return batch["latents"]

    def discriminator_loss(self, batch, training=True):
        loss = super().discriminator_loss(batch, training)
        labels = batch["labels"]
        logits = self.logits(self.discriminator, batch["labelled"], training=training)
        classification = ops.mean(ops.categorical_crossentropy(labels, logits, from_logits=True))
        right = ops.equal(ops.argmax(labels, axis=-1), ops.argmax(logits, axis=-1))
        self.log(classification_loss=classification, accuracy=ops.mean(ops.cast(right, "float32")))
        return loss + self.classification_weight * classification

    def judge(self, samples, batch, training=True):
        """Logits that samples are real, log Z: D = sigmoid(log Z)."""
        logits = self.logits(self.discriminator, samples, training=training)
        return ops.logsumexp(logits, axis=-1, keepdims=True)

    def classify(self, images, batch_size: int = 64):
        """How probable each class is for images, by the averaged discriminator.

        Args:
            images: Array of the shape of training, uint8 in [0, 255] or float in [-1, 1].
            batch_size: Images on the device at a time.

        Returns:
            float32 array `(n, classes)`; a row sums to 1.

        Raises:
            ValueError: On another shape, dtype or range.

        Example:

        ```python
        classes = model.classify(images).argmax(axis=1)
        names = [model.labels.names[i] for i in classes]
        ```
        """
        self.modality.check(images, "images", self.sample_shape)
        images = ops.convert_to_numpy(self.modality.to_network(images))

        def probabilities(logits):
            shares = np.exp(logits - logits.max(axis=1, keepdims=True))
            return shares / shares.sum(axis=1, keepdims=True)

        return self.in_batches(
            [images], batch_size, network=self.averaged_discriminator, finish=probabilities
        )

    def measure(self, batch):
        """Accuracy on held-out images with labels."""
        if "labels" not in batch:
            return {}
        expected = self.labels.rows(batch["labels"]).argmax(axis=1)
        found = self.classify(np.asarray(batch["labelled"])).argmax(axis=1)
        return {"held_out_accuracy": float(np.mean(found == expected))}
