"""A sequence GAN by the Gumbel-softmax relaxation, as RelGAN, Nie et al. 2019 (ICLR)."""

import keras
from keras import ops

from kerasgan import losses
from kerasgan.engine.registry import register
from kerasgan.models.token_gan import TokenGAN


@register
class GumbelSequenceGAN(TokenGAN):
    """Texts learned through a softmax that comes ever nearer to the tokens that were drawn.

    ```
    stage "likelihood":   G ← Adam(∇ -mean log G(x_t | x_{<t}))           on the data
    stage "adversarial":  y_t ← argmax_i (o_i + g_i),  o the logits of G after y_{<t},
                          g from Gumbel(0, 1);  ŷ_t ← softmax(β_n (o + g))
                          G ← Adam(∇ softplus(D(x) - D(ŷ)))
                          five times  D ← Adam(∇ softplus(D(ŷ) - D(x)))
                          β_n ← β^(n / N) in step n of N
    ```

    The loss, its relaxation and β are RelGAN's (the relaxation by Jang et al. 2017,
    arXiv:1611.01144); the networks are SeqGAN's, not its memory and its many embeddings. A model
    is of one stage; `kerasgan train gumbel_sequence_gan` trains both, one after the other.

    Args:
        generator, discriminator: As `kerasgan.networks.sequence_gan` builds them.
        modality: `kerasgan.modalities.Sequences`, the vocabulary and the length.
        inverse_temperature: Float, β, from which on it stays: the larger, the more variety.
        annealing_steps: N.
        stage: What is trained: `"likelihood"` or `"adversarial"`.
        adversarial_loss, discriminator_steps: As in `GAN`.
        augmentation, ema_decay, seed, name: As in `AdversarialModel`.

    Default optimizers: Adam with learning rate 1e-2 in the first stage, 1e-4 for both in the other.

    Raises:
        ValueError: If the networks are of other sequences than the modality, on another stage, or
            a number below 1.

    Example:

    ```python
    molecules = kerasgan.datasets.load_sequences("molecules.smi", unit="smiles")
    networks = kerasgan.networks.sequence_gan(molecules.shapes["real"], width=256)
    for stage in ("likelihood", "adversarial"):
        model = kerasgan.models.GumbelSequenceGAN(
            *networks, modality=molecules.modality, stage=stage
        )
        model.fit(molecules, epochs=10)
    made = model.generate(100)
    ```
    """

    stages = {name: TokenGAN.stages[name] for name in ("likelihood", "adversarial")}
    recipe = {"stages": [{"model": {"stage": "likelihood"}}, {"start": "previous"}]}

    fixes = ()

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        inverse_temperature: float = 100.0,
        annealing_steps: int = 2000,
        adversarial_loss: str | losses.AdversarialLoss = "relativistic",
        **kwargs,
    ):
        if inverse_temperature < 1 or annealing_steps < 1:
            raise ValueError(
                "inverse_temperature and annealing_steps must be at least 1. Received: "
                f"{inverse_temperature} and {annealing_steps}"
            )
        super().__init__(generator, discriminator, adversarial_loss=adversarial_loss, **kwargs)
        self.inverse_temperature = inverse_temperature
        self.annealing_steps = annealing_steps

    def default_optimizers(self):
        rate = 1e-2 if self.stage == "likelihood" else 1e-4
        return {player: keras.optimizers.Adam(rate) for player in self.players}

    def adversarial_generator_loss(self, batch, training=True):
        fake_logits = self.judge(self.fake(batch, training), training)
        real_logits = None
        if self.adversarial_loss.pairs:
            real_logits = self.judge(batch["real"], training)
        return self.adversarial_loss.generator(real_logits, fake_logits)

    def fake(self, batch, training=True):
        codes = self.drawn(batch["latents"])
        logits = self.generator(codes, training=training)
        noise = self.no_gradient(self.noise, (logits, codes))
        return ops.softmax(self.beta() * (logits + noise))

    def beta(self):
        """The inverse temperature of this step."""
        step = ops.cast(self.optimizer.iterations, "float32") / self.annealing_steps
        return ops.power(float(self.inverse_temperature), ops.minimum(step, 1.0))

    def noise(self, given, training=True):
        """Gumbel noise by which these codes have the largest logits (Maddison et al. 2014).

        To draw a token by its probability and then the noise that would have chosen it is to draw
        the noise and then the token that it chooses (arXiv:1411.0030).
        """
        logits, codes = given
        shares = ops.softmax(logits)
        uniform = keras.random.uniform(
            ops.shape(logits), minval=1e-30, maxval=1.0, seed=self.seed_generator
        )
        exponentials = -ops.log(uniform)
        first = self.chosen(exponentials, codes)[..., None]
        # Where the others come after it.
        times = exponentials / ops.maximum(shares, 1e-30) + first
        is_chosen = ops.arange(self.sample_shape[1]) == ops.cast(codes, "int32")[..., None]
        times = ops.where(is_chosen, first, times)
        return -ops.log(ops.maximum(times, 1e-30)) - ops.log_softmax(logits)
