"""Wasserstein GAN with gradient penalty, Gulrajani et al. 2017 (arXiv:1704.00028)."""

import keras

from kerasgan.engine.registry import register
from kerasgan.models.gan import GAN
from kerasgan.penalties import GradientPenalty


@register
class WGANGP(GAN):
    """A Wasserstein critic whose slope is held at 1 by a penalty.

    Algorithm 1, one training step of which is one compiled step here:

    ```
    repeat discriminator_steps times:
        x̂ ← ε x + (1 - ε) G(z)
        L ← mean D(G(z)) - mean D(x) + λ mean (‖∇x̂ D(x̂)‖ - 1)²;  w ← Adam(∇w L)
    θ ← Adam(∇θ -mean D(G(z)))
    ```

    The paper draws new real samples for every turn of the critic; here its turns share
    the batch that `fit` hands to the step, with new latents each. `wasserstein_distance`
    in the progress bar is the critic's estimate of the distance; it falls as samples
    improve.

    Args:
        generator: As in `GAN`.
        discriminator: The critic, a Keras model from samples to one unbounded value,
            `(batch, 1)`, without batch normalisation; the paper recommends layer normalisation in
            its place: `discriminator_normalization="layer"` in the builders.
        penalty_weight: Float, λ.
        discriminator_steps: Turns of the critic for one of the generator, n_critic.
        modality: As in `GAN`.
        augmentation, ema_decay, seed, name: As in `AdversarialModel`.

    Default optimizers: Adam with learning rate 1e-4, beta_1 0 and beta_2 0.9 for both.

    Raises:
        ValueError: If the critic has batch normalisation.

    Example:

    ```python
    generator, critic = kerasgan.networks.dcgan((32, 32, 1), discriminator_normalization="layer")
    model = kerasgan.models.WGANGP(generator, critic)
    model.fit(images, batch_size=64, epochs=20)
    ```
    """

    network_options = {"discriminator_normalization": "layer"}

    fixes = ("adversarial_loss", "penalties")

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        penalty_weight: float = 10.0,
        discriminator_steps: int = 5,
        **kwargs,
    ):
        super().__init__(
            generator,
            discriminator,
            adversarial_loss="wasserstein",
            penalties=[GradientPenalty(penalty_weight)],
            discriminator_steps=discriminator_steps,
            **kwargs,
        )
        self.penalty_weight = penalty_weight

    def default_optimizers(self):
        return {p: keras.optimizers.Adam(1e-4, beta_1=0.0, beta_2=0.9) for p in self.players}
