"""Time-series generative adversarial network (TimeGAN), Yoon et al. 2019 (NeurIPS)."""

import functools
from typing import Literal

import keras
from keras import ops

from kerasgan import losses
from kerasgan.engine.generation import GeneratesSamples
from kerasgan.engine.registry import register
from kerasgan.engine.shapes import refuse_unbuilt, shapes
from kerasgan.modalities import Arrays, Modality

PLAYERS = {
    "embedding": {"autoencoder": ("embedder", "recovery")},
    "supervised": {"supervisor": ("supervisor",)},
    "joint": {
        "generator": ("generator", "supervisor"),
        "autoencoder": ("embedder", "recovery"),
        "discriminator": ("discriminator",),
    },
}


@register
class TimeGAN(GeneratesSamples):
    """Series made in the space of an autoencoder, with a network that learns what follows what.

    ```
    h ← E(x);  ĥ ← G(z);  x̂ ← R(S(ĥ))
    L_R ← √mean (x - R(h))²                        reconstruction
    L_S ← mean (h_{t+1} - S(h)_t)²                 the next step
    L_U ← log D(h) + log(1 - D(S(ĥ))) + γ log(1 - D(ĥ))
    stage "embedding":   E, R ← Adam(∇ 10 L_R)
    stage "supervised":  S ← Adam(∇ L_S)
    stage "joint":       twice  G, S ← Adam(∇ -L_U + 100 √L_S + 100 moments)
                         twice  E, R ← Adam(∇ 10 L_R + 0.1 L_S)
                         D ← Adam(∇ -L_U)
    ```

    where the generator's part of L_U is the non-saturating one, and moments are how far the means
    and the deviations of a batch of x̂ are from those of x, at each step. A model is of one stage;
    `kerasgan train timegan` trains all three, one after another. The discriminator moves in every
    step, while the authors' program leaves it out where its loss is below 0.15; latents are
    normal, there uniform. Series come from the averaged networks.

    Args:
        generator, supervisor, recovery, embedder, discriminator: As `kerasgan.networks.timegan`
            builds them, G, S, R, E and D.
        modality: `kerasgan.modalities.Series` of the data, or arrays of floats by default.
        stage: What is trained: `"embedding"`, `"supervised"` or `"joint"`.
        gamma: Float, γ.
        supervised_weight, moments_weight: Floats, the 100 of √L_S and that of the moments.
        reconstruction_weight: Float, the 10 of L_R.
        augmentation, ema_decay, seed, name: As in `AdversarialModel`.

    Default optimizers: Adam with learning rate 1e-3.

    Raises:
        ValueError: If the networks do not fit one another, or on another stage.

    Example:

    ```python
    series = kerasgan.datasets.load_series("stock.csv", length=24)
    networks = kerasgan.networks.timegan(series.shapes["real"])
    for stage in ("embedding", "supervised", "joint"):
        model = kerasgan.models.TimeGAN(*networks, modality=series.series, stage=stage)
        model.fit(series, epochs=100)
    windows = model.generate(1000)
    ```
    """

    builders = "timegan"
    door = "load_series"
    averaged = ("generator", "supervisor", "recovery")
    recipe = {
        "stages": [
            {"model": {"stage": "embedding"}},
            {"start": "previous", "model": {"stage": "supervised"}},
            {"start": "previous"},
        ]
    }

    def __init__(
        self,
        generator: keras.Model,
        supervisor: keras.Model,
        recovery: keras.Model,
        embedder: keras.Model,
        discriminator: keras.Model,
        *,
        modality: Modality | None = None,
        stage: Literal["embedding", "supervised", "joint"] = "joint",
        gamma: float = 1.0,
        supervised_weight: float = 100.0,
        moments_weight: float = 100.0,
        reconstruction_weight: float = 10.0,
        **kwargs,
    ):
        networks = {
            "generator": generator,
            "supervisor": supervisor,
            "recovery": recovery,
            "embedder": embedder,
            "discriminator": discriminator,
        }
        refuse_unbuilt(**networks)
        if stage not in PLAYERS:
            raise ValueError(
                f"stage must be one of {', '.join(PLAYERS)}. Received: stage={stage!r}"
            )
        series, embedded = shapes(embedder)
        fitting = {
            "generator": (shapes(generator)[0], embedded),
            "supervisor": (embedded, embedded),
            "recovery": (embedded, series),
            "discriminator": (embedded, (*embedded[:2], 1)),
        }
        for name, expected in fitting.items():
            if tuple(map(tuple, shapes(networks[name]))) != tuple(map(tuple, expected)):
                raise ValueError(
                    f"{name} must go from {expected[0]} to {expected[1]}, as the embedder goes "
                    f"from {series} to {embedded}. Received one from {shapes(networks[name])[0]} "
                    f"to {shapes(networks[name])[1]}. kerasgan.networks.timegan builds all five."
                )
        self.players = PLAYERS[stage]
        self.repeats = {"generator": 2, "autoencoder": 2} if stage == "joint" else {}
        super().__init__(
            networks,
            {"real": modality or Arrays()},
            {"real": tuple(series[1:])},
            shapes(generator)[0][-1],
            **kwargs,
        )
        self.stage = stage
        self.gamma = gamma
        self.supervised_weight = supervised_weight
        self.moments_weight = moments_weight
        self.reconstruction_weight = reconstruction_weight
        self.adversarial_loss = losses.get("minimax")
        if stage == "joint":
            self.track(*self.adversarial_loss.shown)

    @classmethod
    def sizes(cls, sample_shapes):
        """What the data's shapes give the builder: dict of its arguments."""
        return {"series_shape": sample_shapes["real"]}

    def data_options(self):
        return {"length": self.sample_shape[0]}

    def default_optimizers(self):
        return {player: keras.optimizers.Adam(1e-3) for player in self.players}

    # Losses.

    def autoencoder_loss(self, batch, training=True):
        real = batch["real"]
        embedded = self.embedder(real, training=training)
        error = ops.mean(ops.square(real - self.recovery(embedded, training=training)))
        self.log(reconstruction=error)
        loss = self.reconstruction_weight * ops.sqrt(error + 1e-12)
        if self.stage == "joint":
            loss += 0.1 * self.step_loss(embedded, training)
        return loss

    def supervisor_loss(self, batch, training=True):
        return self.step_loss(self.no_gradient(self.embedder, batch["real"], training), training)

    def step_loss(self, embedded, training=True):
        """How far what the supervisor says of the next step is from it, L_S."""
        said = self.supervisor(embedded, training=training)
        return ops.mean(ops.square(embedded[:, 1:] - said[:, :-1]))

    def generator_loss(self, batch, training=True):
        real = batch["real"]
        first = self.generator(batch["latents"], training=training)
        second = self.supervisor(first, training=training)
        made = self.recovery(second, training=training)
        logits = self.judge([second, first], training)
        game = [self.adversarial_loss.generator(None, x) for x in logits]
        embedded = self.no_gradient(self.embedder, real, training)
        following = ops.sqrt(self.step_loss(embedded, training) + 1e-12)
        moments = ops.mean(ops.abs(ops.mean(made, axis=0) - ops.mean(real, axis=0)))
        moments += ops.mean(ops.abs(_deviation(made) - _deviation(real)))
        self.log(moments=moments)
        loss = game[0] + self.gamma * game[1]
        return loss + self.supervised_weight * following + self.moments_weight * moments

    def discriminator_loss(self, batch, training=True):
        first, second = self.no_gradient(self._embedded, batch["latents"], training)
        real = self.no_gradient(self.embedder, batch["real"], training)
        real, fake, earlier = self.judge([real, second, first], training)
        self.log(**self.adversarial_loss.scores(real, fake))
        loss = self.adversarial_loss.discriminator(real, fake)
        # Its part of real ones is in the first already.
        return loss + self.gamma * ops.mean(ops.softplus(earlier))

    def _embedded(self, latents, training=True):
        first = self.generator(latents, training=training)
        return first, self.supervisor(first, training=training)

    def judge(self, parts, training=True):
        """Logits of several batches of embedded series, which the discriminator sees as one."""
        logits = self.logits(self.discriminator, ops.concatenate(parts), training=training)
        return ops.split(logits, len(parts))

    def judged(self, batch):
        second = self.no_gradient(self._embedded, batch["latents"])[1]
        seen = {"samples": self.no_gradient(self.recovery, second)}
        if self.stage == "joint":
            real = self.no_gradient(self.embedder, batch["real"])
            real, fake = self.judge([real, second])
            seen |= {"real_logits": real, "fake_logits": fake}
        return seen

    # Outside.

    @functools.cached_property
    def network(self):
        # Not tracked: its weights are those of the averages.
        latents = keras.Input((self.latent_dim,), name="latents")
        x = self.averaged_supervisor(self.averaged_generator(latents))
        return keras.Model(latents, self.averaged_recovery(x), name="averaged_networks")

    def card_fields(self):
        return super().card_fields() | {"variables": getattr(self.modality, "names", [])}

    def reference_samples(self, latents):
        # As the networks give them: in the data's units rounding depends on the backend.
        return self.generate(latents=latents, as_float=True)


def _deviation(series):
    return ops.sqrt(ops.var(series, axis=0) + 1e-6)
