"""DP-MERF, Harder et al. 2021 (arXiv:2002.11603): one private look, then a generator."""

import math

import keras
import numpy as np
from keras import ops

from kerasgan import modalities
from kerasgan.arguments import check_whole
from kerasgan.engine.accounting import accounting
from kerasgan.engine.data import named
from kerasgan.engine.generation import GeneratesSamples
from kerasgan.engine.labels import RemembersLabels
from kerasgan.engine.registry import register
from kerasgan.engine.shapes import shapes
from kerasgan.modalities import ClassLabels

# Records whose features are in memory at a time.
RECORDS = 1000


@register
class DPMERF(RemembersLabels, GeneratesSamples):
    """A generator of classes that learns from one noisy mean, with differential privacy.

    There is no adversary: it is the cheap baseline of private generators, and what an adversary
    that is trained with `kerasgan.Privacy` has to beat. With random Fourier features

    ```
    φ(x) = √(2 / D) [cos(w₁ x), …, sin(w₁ x), …],  w ~ N(0, 1 / length_scale²)
    μ = 1/m Σ [φ(x), 1] ⊗ y,  μ̃ = μ + normal noise of deviation 2 σ / m
    θ ← Adam(∇θ ‖μ̃ - mean of φ(G(z, y)) ⊗ y, by the frequencies in μ̃‖²)
    ```

    the first `fit` takes μ̃ of all m records, once, and the generator sees nothing else of them. It
    is (ε, δ) private: whatever one of the records is changes the probability of what comes of it by
    a factor of at most e^ε, but for δ; two records make means that are at most 2 / m apart. σ is
    dp-accounting's, of the Gaussian mechanism. Later fits go on with the same μ̃ and spend nothing.

    Args:
        generator: Keras model from `[latents, labels]` to samples.
        epsilon, delta: Floats, the promise; delta less than 1 / records. The defaults are what the
            paper promises for digits.
        labels: `kerasgan.modalities.ClassLabels`; `modalities["labels"]` of a dataset. By default
            classes without names.
        modality: As in `GAN`.
        features: D, an even number: 10,000 in the paper.
        length_scale: Float, about the distance of two samples, as the generator makes them.
            By default what the paper takes for digits of 28 pixels, for samples of this size.
        ema_decay, seed, name: As in `AdversarialModel`. Keep the seed to yourself, who knows it
            knows the noise; with a dataset of `kerasgan.datasets` that is drawn by a secret one.

    Default optimizer: Adam with learning rate 1e-3; in the paper 1e-2, which falls.

    Raises:
        ValueError: If the generator takes no classes, on a number out of its range, and from `fit`
            on a delta that is too large.

    Example:

    ```python
    generator, _ = kerasgan.networks.mlp((28, 28, 1), label_dim=10)
    model = kerasgan.models.DPMERF(generator)
    model.fit(images, labels, batch_size=500, epochs=20)
    sevens = model.generate(16, labels=7)
    ```
    """

    players = {"generator": ("generator",)}
    takes = ("real", "labels")
    builders = "dcgan"
    network_options = {}
    fixes = ("augmentation",)
    recipe = {"data": {"batch_size": 500, "flip": False}}

    def __init__(
        self,
        generator: keras.Model,
        *,
        epsilon: float = 1.0,
        delta: float = 1e-5,
        labels: ClassLabels | None = None,
        modality: modalities.Modality | None = None,
        features: int = 10_000,
        length_scale: float | None = None,
        **kwargs,
    ):
        taken, made = shapes(generator)
        if not isinstance(taken, list) or len(taken) != 2 or len(taken[0]) != 2:
            raise ValueError(
                "generator must take [latents, labels]: label_dim=… in the builders. Received one "
                f"of inputs {taken}"
            )
        check_whole(2, features=features)
        dim, shape = taken[1][-1], tuple(made[1:])
        size = math.prod(shape)
        # √105 in [0, 1], which is twice as much in [-1, 1].
        length_scale = length_scale or 2 * math.sqrt(105 * size / 784)
        for name, value in (("epsilon", epsilon), ("length_scale", length_scale)):
            if not 0.0 < value < math.inf:
                raise ValueError(f"{name} must be positive. Received: {value}")
        if not 0.0 < delta < 1.0:
            raise ValueError(f"delta must be in (0, 1). Received: {delta}")
        super().__init__(
            {"generator": generator},
            {"real": modality or modalities.of_shape(shape)},
            {"real": shape, "labels": (dim,)},
            taken[0][-1],
            **kwargs,
        )
        self.labels = ClassLabels(dim) if labels is None else labels
        if not isinstance(self.labels, ClassLabels) or self.labels.dim != dim:
            raise ValueError(
                f"labels must be the {dim} classes that the generator takes. Received: "
                f"{self.labels!r}"
            )
        self.modalities["labels"] = self.labels
        self.epsilon, self.delta = float(epsilon), float(delta)
        drawn = np.random.default_rng(self.seed).standard_normal((size, features // 2), "float32")
        self.frequencies = self._constant(drawn / np.float32(length_scale))
        # One row more than features: how frequent each class is. Zeros until the data are seen.
        self.mean_embedding = self._constant(np.zeros((features // 2 * 2 + 1, dim), "float32"))
        self.start_memory()

    def _constant(self, values):
        weight = self.add_weight(
            shape=values.shape, initializer="zeros", trainable=False, dtype="float32"
        )
        weight.assign(values)
        return weight

    @classmethod
    def sizes(cls, sample_shapes):
        """What the data's shapes give the builder: dict of its arguments."""
        return {"image_shape": sample_shapes["real"], "label_dim": sample_shapes["labels"][0]}

    def data_options(self):
        return {"image_shape": self.sample_shape}

    def default_optimizers(self):
        return {"generator": keras.optimizers.Adam(1e-3)}

    def fit(self, x=None, y=None, **kwargs):
        """Train, as every model does; the first time on all records, which are seen once.

        Args:
            x, y: Arrays of samples and of classes, also as a tuple or a dict, or a dataset of
                `kerasgan.datasets`.
            **kwargs: As of `AdversarialModel.fit`, without `privacy`.

        Raises:
            ValueError: On records that cannot be seen all at once, a delta of 1 / records or more,
                or an entry's model: another look would spend its promise again.
        """
        if not ops.convert_to_numpy(self.mean_embedding).any():
            self._look(x, y)
        return super().fit(x, y, **kwargs)

    def own_promise(self):
        told = {"epsilon": self.epsilon, "delta": self.delta}
        return told | {"neighbours": "one record replaced"}

    def _look(self, x, y):
        if self.is_loaded:
            raise ValueError(
                f"This {type(self).__name__} has made its promise of the data that it was trained "
                "on, and another look would spend as much again. Train a new one."
            )
        whole = x.everything() if hasattr(x, "everything") else x
        whole = whole if isinstance(whole, (tuple, list, dict)) else (whole, y)
        records = named(whole, self.takes)
        if not all(hasattr(part, "dtype") for part in records.values()):
            raise ValueError(
                f"{type(self).__name__} sees all records once: give fit arrays of all of them, or "
                f"a dataset of kerasgan.datasets. Received: {type(x).__name__}"
            )
        self.check_batch(records, "the arrays")
        n = len(records["real"])
        if self.delta >= 1.0 / n:
            raise ValueError(
                f"delta must be less than 1 / records, 1 / {n:,}: with a larger one a method that "
                f"publishes a record as it is would count as private. Received: {self.delta}"
            )
        found = np.zeros(self.mean_embedding.shape, "float64")
        frequencies = ops.convert_to_numpy(self.frequencies)
        for start in range(0, n, RECORDS):
            part = {k: self._network(k, v[start : start + RECORDS]) for k, v in records.items()}
            angles = part["real"].reshape(len(part["real"]), -1) @ frequencies
            found += _features(np, angles).T @ part["labels"] / n
        deviation = accounting().get_sigma_gaussian(self.epsilon, self.delta) * 2.0 / n
        # Not by the seed of a recipe, which gives a dataset: published with its entry, it is known.
        seed = None if self.seed is None or hasattr(x, "everything") else [self.seed, n]
        noise = np.random.default_rng(seed)
        self.mean_embedding.assign(found + deviation * noise.standard_normal(found.shape))

    def _network(self, name, values):
        return ops.convert_to_numpy(self.modalities[name].to_network(values))

    def after_step(self, batch):
        """Which classes there were is part of the data, and not remembered."""

    def generator_loss(self, batch, training=True):
        n, dim = ops.shape(batch["latents"])[0], self.labels.dim
        # As many of each class; nothing but the number of the batch's records is seen.
        labels = ops.one_hot(ops.arange(n) % dim, dim)
        made = self.generator([batch["latents"], labels], training=training)
        angles = ops.matmul(ops.reshape(made, (-1, self.frequencies.shape[0])), self.frequencies)
        # Where noise leaves none above 0, all are equal.
        shares = ops.maximum(self.mean_embedding[-1], 0.0) + 1e-12
        of_classes = labels / ops.maximum(ops.sum(labels, axis=0), 1.0)
        found = ops.matmul(ops.transpose(_features(ops, angles)), of_classes)
        return ops.sum(ops.square(found * shares / ops.sum(shares) - self.mean_embedding))


def _features(numeric, angles):
    """Random Fourier features of each sample, and a 1."""
    waves = numeric.concatenate([numeric.cos(angles), numeric.sin(angles)], axis=-1)
    return numeric.concatenate(
        [waves / math.sqrt(angles.shape[-1]), numeric.ones_like(angles[:, :1])], axis=-1
    )
