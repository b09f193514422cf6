"""StyleGAN2, Karras et al. 2019 (arXiv:1912.04958)."""

import keras
from keras import ops

from kerasgan.arguments import check_not_negative
from kerasgan.engine import backend
from kerasgan.engine.registry import register
from kerasgan.models.conditional_gan import ConditionalGAN
from kerasgan.models.stylegan import StyleGAN

# Steps from one penalty of a player to the next, and the loss that it is.
LAZY = {
    "discriminator": (16, "gradient_penalty"),
    "generator": (8, "path_length_penalty"),
}
PATH_DECAY = 0.01


@register
class StyleGAN2(StyleGAN):
    """The minimax game with R1 and path-length regularisation, each in lazy turns.

    Section 3.1: a penalty needs no turn at every step, so R1 (Mescheder et al. 2018,
    arXiv:1801.04406) comes every 16th and the path lengths' every 8th, with a weight that is as
    many times as large, by the same optimizer. Section 3.2, equation 4: a step of the style is to
    move the picture equally far wherever it is made, `(‖Jᵀ y‖ - a)²` for pictures y of noise, with
    a the moving mean of these lengths. It takes half of the batch. Styles are mixed in training,
    and of use, as in `StyleGAN`.

    In the progress bar `gradient_penalty` and `path_length` are means over the turns that had
    them; 0 where there was none.

    Args:
        generator: Keras model as `kerasgan.networks.stylegan2` makes it, with the layers
            `"mapping"` and `"synthesis"`.
        discriminator: As in `GAN`, without batch normalisation.
        penalty_weight: Float, γ of R1. The paper chooses it for each data set; the authors' code
            has `0.0002 * size ** 2 / batch_size` where nothing else is known.
        path_length_weight: Float, γ of the path lengths; 0 for none.
        mixing_probability: Float in [0, 1], how many of the pictures have two latents.
        modality: As in `GAN`.
        augmentation, ema_decay, seed, name: As in `AdversarialModel`.

    Default optimizers: Adam with learning rate 0.002, beta_1 0 and beta_2 0.99 for both, corrected
    for the lazy turns as in the paper: with one in k, c = k / (k + 1) times the rate, and the
    betas to the power of c.

    Raises:
        ValueError: If the generator has no mapping or synthesis, the discriminator has batch
            normalisation, or on a number out of its range.

    Example:

    ```python
    networks = kerasgan.networks.stylegan2((64, 64, 3), width=32)
    model = kerasgan.models.StyleGAN2(*networks)
    model.fit(images, batch_size=32, epochs=100)
    ```
    """

    builders = "stylegan2"
    fixes = ()

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        penalty_weight: float = 1.0,
        path_length_weight: float = 2.0,
        **kwargs,
    ):
        check_not_negative(path_length_weight=path_length_weight)
        super().__init__(generator, discriminator, penalty_weight=penalty_weight, **kwargs)
        self.path_length_weight = path_length_weight
        self.path_length_mean = self.add_weight(shape=(), initializer="zeros", trainable=False)
        self.track("gradient_penalty", "path_length")

    def default_optimizers(self):
        return {player: _adam(interval) for player, (interval, _) in LAZY.items()}

    def style_sizes(self):
        # The first of a size is also that of the picture before it; the last of the picture alone.
        n = self.synthesis.input_shape[1]
        return [min(4 * 2 ** ((i + 1) // 2), self.sample_shape[0]) for i in range(n)]

    # Lazy turns.

    def penalty(self, fake, batch):
        return 0.0

    def after_step(self, batch):
        super().after_step(batch)
        for player, (interval, loss) in LAZY.items():
            if player == "generator" and not self.path_length_weight:
                continue
            due = ops.equal(self.optimizer.iterations % interval, 0)
            backend.when(
                due,
                lambda player=player, loss=loss: self._lazy_turn(player, loss, batch),
                self._variables_of_step(),
            )

    def _lazy_turn(self, player, loss, batch):
        # No player of its own: another Adam would give its gradient the size of a whole step.
        drawn = self.draw(batch)
        optimizer, variables = self.optimizer.by_player[player], self.variables_of(player)
        interval = float(LAZY[player][0])
        _, gradients = backend.gradients(
            lambda: interval * getattr(self, loss)(drawn), variables, optimizer.scale_loss
        )
        # Biases may be without one. Keras would warn of that, and leave out their moments.
        gradients = [ops.zeros_like(v) if g is None else g for g, v in zip(gradients, variables)]
        backend.apply(optimizer, gradients, variables)

    def gradient_penalty(self, batch):
        """R1 of a batch, with its weight."""
        value = super().penalty(None, batch)
        self.log(gradient_penalty=value)
        return value

    def path_length_penalty(self, batch):
        """The path lengths' penalty of half of a batch, with its weight."""
        half = (ops.shape(batch["real"])[0] + 1) // 2
        styles = self.styles({name: value[:half] for name, value in batch.items()})
        lengths = self.path_lengths(styles)
        step = PATH_DECAY * (ops.mean(ops.stop_gradient(lengths)) - self.path_length_mean)
        mean = self.path_length_mean + step
        self.path_length_mean.assign(mean)
        self.log(path_length=ops.mean(lengths))
        return self.path_length_weight * ops.mean(ops.square(lengths - mean))

    def path_lengths(self, styles):
        """How far a step of the styles moves each picture, `(batch,)`."""
        shape = (ops.shape(styles)[0], *self.sample_shape)
        noise = keras.random.normal(shape, seed=self.seed_generator)
        noise = noise / (self.sample_shape[0] * self.sample_shape[1]) ** 0.5
        gradient = backend.input_gradient(
            lambda styles: self.synthesis(styles, training=True) * noise, styles
        )
        gradient = ops.cast(gradient, keras.config.floatx())
        return ops.sqrt(ops.mean(ops.sum(ops.square(gradient), axis=2), axis=1) + 1e-12)


@register
class ConditionalStyleGAN2(StyleGAN2, ConditionalGAN):
    """StyleGAN2 of labelled data, as the authors' code has it.

    The label is embedded beside the latent in the mapping, and the discriminator projects its
    features on it (Miyato and Koyama 2018, arXiv:1802.05637).

    Args:
        generator: As in `StyleGAN2`, from `[latents, labels]`.
        discriminator: Keras model from `[samples, labels]` to logits `(batch, 1)`. The builder
            makes both with `label_dim=…`.
        penalty_weight, path_length_weight, mixing_probability: As in `StyleGAN2`.
        labels: As in `ConditionalGAN`.
        modality: As in `GAN`.
        augmentation, ema_decay, seed, name: As in `AdversarialModel`.

    Default optimizers: as of `StyleGAN2`.

    Raises:
        ValueError: As `StyleGAN2` and `ConditionalGAN` do.

    Example:

    ```python
    networks = kerasgan.networks.stylegan2((32, 32, 3), width=32, label_dim=10)
    model = kerasgan.models.ConditionalStyleGAN2(*networks)
    model.fit(images, labels, batch_size=32, epochs=100)
    ```
    """


def _adam(interval):
    share = interval / (interval + 1)
    return keras.optimizers.Adam(0.002 * share, beta_1=0.0, beta_2=0.99**share)
