"""Contrastive unpaired translation, Park et al. 2020 (arXiv:2007.15651)."""

import keras
from keras import ops

from kerasgan import losses
from kerasgan.engine.registry import register
from kerasgan.engine.shapes import refuse_unbuilt
from kerasgan.models.translation import TranslatesImages


@register
class CUT(TranslatesImages):
    """One generator, one way: each patch of a translation is to tell of the patch it was.

    Equation 6: `L_GAN(G, D) + λ_X L_PatchNCE(G, H, X) + λ_Y L_PatchNCE(G, H, Y)`. PatchNCE takes
    the features of the first half of G, projected by H, at places drawn at random: the vector of
    a place in G(x) is to be nearer to that of the same place in x than to those of all others
    drawn in x. Of a target, G(y) is to be y (λ_Y). The sum over depths is a mean here, as in the
    authors' code.

    FastCUT, the paper's faster form, is `patch_weight=10.0, identity_weight=0.0`; its mirroring of
    sources is the data's `flip`.

    Args:
        generator: Keras model from sources `(batch, height, width, channels)` in [-1, 1] to
            targets of the same height and width in [-1, 1], functional; its layers of the names
            of the inputs of `projections` are the features.
        discriminator: Keras model from targets to logits, one or a map of them.
        projections: Keras model from a list of features `(batch, places, channels)` to a list of
            vectors `(batch, places, dim)`, H: `kerasgan.networks.cut` makes all
            three.
        patch_weight: Float, λ_X.
        identity_weight: Float, λ_Y; 0 where sources and targets differ in their channels.
        patches: Places drawn a depth and batch, at most.
        temperature: Float above 0, τ of the contrast.
        adversarial_loss: As in `GAN`.
        augmentation, ema_decay, seed, name: As in `AdversarialModel`.

    Default optimizers: Adam with learning rate 2e-4 and beta_1 0.5 for both players.

    Raises:
        ValueError: If the networks do not fit together, or on a number out of its range.

    Example:

    ```python
    data = kerasgan.datasets.load_unpaired("horses", "zebras", size=128)
    networks = kerasgan.networks.cut((128, 128, 3), width=32, blocks=6)
    model = kerasgan.models.CUT(*networks, patch_weight=10.0, identity_weight=0.0)
    model.fit(data, epochs=200)
    zebra = model.translate("horse.jpg")
    ```
    """

    players = {"discriminator": ("discriminator",), "generator": ("generator", "projections")}
    unpaired = True
    door = "load_unpaired"
    builders = "cut"
    fixes = ()

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        projections: keras.Model,
        *,
        patch_weight: float = 1.0,
        identity_weight: float = 1.0,
        patches: int = 256,
        temperature: float = 0.07,
        adversarial_loss: str | losses.AdversarialLoss = "least_squares",
        **kwargs,
    ):
        source, target = self.checked(generator, discriminator)
        if patch_weight < 0 or identity_weight < 0 or patches < 2 or not temperature > 0:
            raise ValueError(
                "patch_weight and identity_weight must be 0 or more, patches at least 2, and "
                f"temperature above 0. Received: patch_weight={patch_weight}, "
                f"identity_weight={identity_weight}, patches={patches}, temperature={temperature}"
            )
        self.check_identity(identity_weight, source, target)
        features = _features(generator, projections)
        networks = {
            "generator": generator,
            "discriminator": discriminator,
            "projections": projections,
        }
        super().__init__(networks, source, target, **kwargs)
        self.patch_weight = patch_weight
        self.identity_weight = identity_weight
        self.patches = patches
        self.temperature = temperature
        # Views of the generator, which share its weights.
        self.encoder = keras.Model(generator.inputs, features)
        self.encoding_generator = keras.Model(generator.inputs, [generator.output, *features])
        self.adversarial_loss = losses.get(adversarial_loss)
        self.track(*self.adversarial_loss.shown, "patch_loss")

    def default_optimizers(self):
        return {player: keras.optimizers.Adam(2e-4, beta_1=0.5) for player in self.players}

    def discriminator_loss(self, batch, training=True):
        fake = self.no_gradient(self.generator, batch["source"], training)
        return 0.5 * self.judging_loss(self.discriminator, batch["target"], fake, training)

    def generator_loss(self, batch, training=True):
        fake, *features = self.encoding_generator(batch["source"], training=training)
        total = self.deceiving_loss(self.discriminator, batch["target"], fake, training)
        patch_loss = self.patch_loss(fake, features, training)
        self.log(patch_loss=patch_loss)
        total += self.patch_weight * patch_loss
        if self.identity_weight:
            same, *features = self.encoding_generator(batch["target"], training=training)
            total += self.identity_weight * self.patch_loss(same, features, training)
        return total

    def patch_loss(self, made, features, training=True):
        """PatchNCE of what was made of images that have these features."""
        places = [self._places(f) for f in features]
        queries = _at(self.encoder(made, training=training), places)
        keys = _at([ops.stop_gradient(f) for f in features], places)
        queries = self.projections(queries, training=training)
        keys = self.projections(keys, training=training)
        losses = [self._contrast(q, ops.stop_gradient(k)) for q, k in zip(queries, keys)]
        return sum(losses) / len(losses)

    def _places(self, features):
        """Numbers of places in features, drawn without one coming twice."""
        count = features.shape[1] * features.shape[2]
        drawn = keras.random.uniform((count,), seed=self.seed_generator)
        return ops.argsort(drawn)[: self.patches]

    def _contrast(self, queries, keys):
        """Cross entropy of finding, among all keys of an image, that of the query's place."""
        queries, keys = _directions(queries), _directions(keys)
        similar = ops.matmul(queries, ops.swapaxes(keys, 1, 2)) / self.temperature
        same = ops.sum(queries * keys, axis=-1) / self.temperature
        return ops.mean(ops.logsumexp(similar, axis=-1) - same)

    def judged(self, batch):
        return self.shown(self.no_gradient(self.generator, batch["source"]), batch)


def _directions(vectors):
    # Not by their length: the gradient of a root is infinite at a vector of zeros.
    return vectors * ops.rsqrt(ops.sum(ops.square(vectors), axis=-1, keepdims=True) + 1e-12)


def _at(features, places):
    """The vectors of features at numbered places: `(batch, places, channels)` each."""
    flat = [ops.reshape(f, (-1, f.shape[1] * f.shape[2], f.shape[3])) for f in features]
    return [ops.take(f, p, axis=1) for f, p in zip(flat, places)]


def _features(generator, projections):
    """The outputs of the generator's layers that the projections name."""
    refuse_unbuilt(projections=projections)
    layers = {layer.name: layer for layer in generator.layers}
    found = []
    for taken in projections.inputs:
        made = layers[taken.name].output if taken.name in layers else None
        if made is None or len(made.shape) != 4 or made.shape[-1] != taken.shape[-1]:
            raise ValueError(
                f"projections has an input {taken.name!r} of {taken.shape[-1]} channels, and "
                f"generator has no layer of that name that gives so many. It has: "
                f"{', '.join(layers)}"
            )
        found.append(made)
    return found
