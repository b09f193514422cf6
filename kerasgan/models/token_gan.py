"""What adversarial models share whose generator says which token follows."""

import functools
from typing import Literal

import keras
import numpy as np
from keras import ops

from kerasgan import losses
from kerasgan.engine.generation import GeneratesSamples
from kerasgan.engine.shapes import refuse_unbuilt, shapes
from kerasgan.layers import TokenRecurrence
from kerasgan.modalities import Sequences


class TokenGAN(GeneratesSamples):
    """A generator of texts token by token, against a discriminator of whole texts.

    Its latents are a normal number a place, by which the token there is drawn. What is drawn has no
    gradient: a subclass says in `generator_loss` of its adversarial stage how one is come by.

    Args:
        generator, discriminator: As `kerasgan.networks.sequence_gan` builds them.
        modality: `kerasgan.modalities.Sequences`, the vocabulary and the length.
        stage: What is trained, one of the class's `stages`: the generator on the likelihood of
            the data, the discriminator alone, or both against one another.
        adversarial_loss, discriminator_steps: As in `GAN`.
        augmentation, ema_decay, seed, name: As in `AdversarialModel`.

    Raises:
        ValueError: If the networks are of other sequences than the modality, or on a wrong stage.
    """

    builders = "sequence_gan"
    door = "load_sequences"
    # By the stage what it moves.
    stages = {
        "likelihood": {"generator": ("generator",)},
        "discriminator": {"discriminator": ("discriminator",)},
        "adversarial": {"generator": ("generator",), "discriminator": ("discriminator",)},
    }
    stage = "adversarial"
    serves = {"known": None, "latents": None, "temperature": None}
    fixes = ()

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        modality: Sequences | None = None,
        stage: Literal["likelihood", "discriminator", "adversarial"] = "adversarial",
        adversarial_loss: str | losses.AdversarialLoss = "minimax",
        discriminator_steps: int = 5,
        **kwargs,
    ):
        refuse_unbuilt(generator=generator, discriminator=discriminator)
        if stage not in self.stages:
            raise ValueError(
                f"stage must be one of {', '.join(self.stages)}. Received: stage={stage!r}"
            )
        if discriminator_steps < 1:
            raise ValueError(
                f"discriminator_steps must be at least 1. Received: {discriminator_steps}"
            )
        if not isinstance(modality, Sequences):
            raise ValueError(
                "modality must be a kerasgan.modalities.Sequences: its vocabulary and length are "
                f"the data's. Received: {modality!r}"
            )
        length, tokens = shape = (modality.length, len(modality.tokens))
        expected = {
            "generator": ((None, length), (None, *shape)),
            "discriminator": ((None, *shape), (None, 1)),
        }
        for name, network in (("generator", generator), ("discriminator", discriminator)):
            if tuple(map(tuple, shapes(network))) != expected[name]:
                raise ValueError(
                    f"The modality has sequences of {length} out of {tokens} tokens, for which "
                    f"{name} must go from {expected[name][0]} to {expected[name][1]}. Received one "
                    f"from {shapes(network)[0]} to {shapes(network)[1]}; "
                    f"kerasgan.networks.sequence_gan(({length}, {tokens})) builds a fitting one."
                )
        recurrence_of(generator)
        self.players = self.stages[stage]
        self.repeats = {"discriminator": discriminator_steps} if stage == "adversarial" else {}
        super().__init__(
            {"generator": generator, "discriminator": discriminator},
            {"real": modality},
            {"real": shape},
            length,
            **kwargs,
        )
        self.stage = stage
        self.discriminator_steps = discriminator_steps
        self.adversarial_loss = losses.get(adversarial_loss)
        if "discriminator" in self.players:
            self.track(*self.adversarial_loss.shown)

    @classmethod
    def sizes(cls, sample_shapes):
        """What the data's shapes give the builder: dict of its arguments."""
        return {"sequence_shape": sample_shapes["real"]}

    def data_options(self):
        return self.modality.get_config()

    # Losses.

    def generator_loss(self, batch, training=True):
        if self.stage == "likelihood":
            codes = ops.argmax(batch["real"], axis=-1)
            return -ops.mean(self.log_likelihood(codes, training))
        return self.adversarial_generator_loss(batch, training)

    def log_likelihood(self, codes, training=True):
        """The logarithm of the probability of each token by those before it, `(batch, length)`."""
        return self.chosen(ops.log_softmax(self.generator(codes, training=training)), codes)

    def discriminator_loss(self, batch, training=True):
        fake = self.no_gradient(self.fake, batch, training)
        real_logits = self.judge(batch["real"], training)
        fake_logits = self.judge(fake, training)
        self.log(**self.adversarial_loss.scores(real_logits, fake_logits))
        return self.adversarial_loss.discriminator(real_logits, fake_logits)

    def adversarial_generator_loss(self, batch, training=True):
        """What the generator lowers in the adversarial stage."""
        raise NotImplementedError

    def fake(self, batch, training=True):
        """What the discriminator sees of a batch's samples: one-hot vectors or probabilities."""
        return self.one_hot(self.drawn(batch["latents"]))

    def drawn(self, latents, known=None):
        """Codes that the generator draws, behind those that are known, where they are not -1."""
        known = ops.full(ops.shape(latents), -1, "int32") if known is None else known
        draw = recurrence_of(self.generator)
        return self.no_gradient(lambda given, training: draw(*given), [known, latents])

    @staticmethod
    def chosen(values, codes):
        """Of values `(batch, length, tokens)` those of the codes, `(batch, length)`."""
        return ops.take_along_axis(values, ops.cast(codes, "int32")[..., None], axis=-1)[..., 0]

    def one_hot(self, codes):
        return self.modality.to_network(codes)

    def judge(self, samples, training=True):
        """The discriminator's logits, `(batch, 1)`."""
        return self.logits(self.discriminator, samples, training=training)

    def judged(self, batch):
        fake = self.no_gradient(self.fake, batch)
        return {
            "samples": fake,
            "real_logits": self.judge(batch["real"]),
            "fake_logits": self.judge(fake),
        }

    # Outside.

    @functools.cached_property
    def network(self):
        # Not tracked: its weights are those of the average.
        known = keras.Input((self.latent_dim,), dtype="int32", name="known")
        latents = keras.Input((self.latent_dim,), name="latents")
        temperature = keras.Input((1,), name="temperature")
        codes = recurrence_of(self.averaged_generator)(known, latents, temperature)
        return keras.Model([known, latents, temperature], codes, name="averaged_networks")

    def generate(
        self,
        n: int | None = None,
        seed: int | None = None,
        latents=None,
        temperature: float = 1.0,
        batch_size: int = 64,
        as_float: bool = False,
        verbose: bool | None = None,
    ):
        """New texts from the averaged generator.

        Args:
            n, seed, latents, batch_size, verbose: As of `GAN.generate`.
            temperature: Float above 0 by which the logits are divided before a token is drawn:
                below 1 likelier texts, and less variety.
            as_float: Return one-hot vectors, float32 `(n, length, tokens)`.

        Returns:
            Array of str, `(n,)`.

        Raises:
            ValueError: On a temperature that is not above 0, or as `GAN.generate`.

        Example:

        ```python
        texts = model.generate(100, seed=0, temperature=0.8)
        ```
        """
        if not 0.0 < temperature < float("inf"):
            raise ValueError(f"temperature must be above 0. Received: {temperature}")
        (latents,) = self.inputs_of(n, seed, latents)
        known = np.full(latents.shape, -1, "int32")
        heat = np.full((len(latents), 1), temperature, "float32")
        tokens = np.eye(len(self.modality.tokens), dtype="float32")

        def finish(made):
            # Before the first batch there is an empty one, of the samples' shape.
            codes = made.astype("int32") if made.ndim == 2 else made.argmax(axis=-1)
            return tokens[codes] if as_float else self.modality.to_user(codes)

        return self.in_batches([known, latents, heat], batch_size, verbose, finish=finish)

    def preview(self, n=64, seed=0, batch=None):
        return self.modality.preview(self.generate(n, seed=seed, verbose=False))

    def card_fields(self):
        return super().card_fields() | {"unit": self.modality.unit}

    def reference_samples(self, latents):
        return self.generate(latents=latents, as_float=True)


def recurrence_of(generator):
    """The layer of a generator that says what follows, and draws it."""
    for layer in generator.layers:
        if isinstance(layer, TokenRecurrence):
            return layer
    raise ValueError(
        "generator must have a kerasgan.layers.TokenRecurrence, as kerasgan.networks.sequence_gan "
        f"builds it. Received one of {', '.join(layer.name for layer in generator.layers)}"
    )
