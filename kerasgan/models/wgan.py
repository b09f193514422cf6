"""Wasserstein GAN, Arjovsky et al. 2017 (arXiv:1701.07875)."""

import keras
from keras import ops

from kerasgan.engine.registry import register
from kerasgan.engine.shapes import refuse_batch_normalization
from kerasgan.models.gan import GAN


@register
class WGAN(GAN):
    """A critic that measures a distance, in place of a discriminator that decides.

    Algorithm 1, one training step of which is one compiled step here:

    ```
    repeat discriminator_steps times:
        g ← ∇w [mean f(x) - mean f(G(z))];  w ← w + RMSProp(g);  w ← clip(w, -clip, clip)
    θ ← θ - RMSProp(-∇θ mean f(G(z)))
    ```

    The paper draws new real samples for every turn of the critic; here its turns share
    the batch that `fit` hands to the step, with new latents each. `wasserstein_distance`
    in the progress bar is the critic's estimate, up to the scale of its slope; it falls as
    samples improve.

    Args:
        generator: As in `GAN`.
        discriminator: The critic, a Keras model from samples to one unbounded value,
            `(batch, 1)`, without batch normalisation: `discriminator_normalization="layer"` or
            None in the builders.
        discriminator_steps: Turns of the critic for one of the generator, n_critic.
        clip: Float. Bound of every weight of the critic, c.
        modality, penalties: As in `GAN`.
        augmentation, ema_decay, seed, name: As in `AdversarialModel`.

    Default optimizers: RMSprop with learning rate 5e-5 for both.

    Raises:
        ValueError: If the critic has batch normalisation, or `clip` is not positive.

    Example:

    ```python
    generator, critic = kerasgan.networks.dcgan((32, 32, 1), discriminator_normalization=None)
    model = kerasgan.models.WGAN(generator, critic)
    model.fit(images, batch_size=64, epochs=20)
    ```
    """

    network_options = {"discriminator_normalization": None}

    fixes = ("adversarial_loss",)

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        discriminator_steps: int = 5,
        clip: float = 0.01,
        **kwargs,
    ):
        super().__init__(
            generator,
            discriminator,
            adversarial_loss="wasserstein",
            discriminator_steps=discriminator_steps,
            **kwargs,
        )
        refuse_batch_normalization(
            discriminator, "clipping its scales shuts it down, and its bound is lost"
        )
        if not clip > 0.0:
            raise ValueError(f"clip must be positive. Received: clip={clip}")
        self.clip = clip

    def after_turn(self, player):
        if player == "discriminator":
            for weight in self.discriminator.trainable_variables:
                weight.assign(ops.clip(weight, -self.clip, self.clip))

    def default_optimizers(self):
        return {player: keras.optimizers.RMSprop(5e-5) for player in self.players}
