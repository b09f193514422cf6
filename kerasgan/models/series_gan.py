"""A Wasserstein GAN of series, by Gulrajani et al. 2017 (arXiv:1704.00028)."""

import keras

from kerasgan.engine.registry import register
from kerasgan.modalities import Modality
from kerasgan.models.wgan_gp import WGANGP


@register
class SeriesGAN(WGANGP):
    """A Wasserstein GAN with gradient penalty of whole windows of a series.

    The algorithm is WGAN-GP's, on the networks of `kerasgan.networks.mlp`, which see every step of
    a window at once: for windows of some hundred steps at most.

    Args:
        generator: Keras model from latents to series `(batch, length, channels)`.
        discriminator: The critic, as in `WGANGP`.
        penalty_weight, discriminator_steps: As in `WGANGP`.
        modality: `kerasgan.modalities.Series` of the data, or arrays of floats by default.
        augmentation, ema_decay, seed, name: As in `AdversarialModel`.

    Default optimizers: Adam with learning rate 5e-4, beta_1 0.5 and beta_2 0.9 for both.

    Raises:
        ValueError: If the critic has batch normalisation.

    Example:

    ```python
    series = kerasgan.datasets.load_series("stock.csv", length=24)
    networks = kerasgan.networks.mlp(series.shapes["real"], width=128)
    model = kerasgan.models.SeriesGAN(*networks, modality=series.series)
    model.fit(series, epochs=100)
    windows = model.generate(1000)  # float32 (1000, 24, variables), NaN where one is missing
    ```
    """

    builders = "mlp"
    door = "load_series"
    recipe = {}
    network_options = {}
    fixes = ()

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        modality: Modality | None = None,
        discriminator_steps: int = 3,
        **kwargs,
    ):
        super().__init__(
            generator,
            discriminator,
            modality=modality,
            discriminator_steps=discriminator_steps,
            **kwargs,
        )

    def data_options(self):
        return {"length": self.sample_shape[0]}

    def default_optimizers(self):
        return {p: keras.optimizers.Adam(5e-4, beta_1=0.5, beta_2=0.9) for p in self.players}

    def card_fields(self):
        return super().card_fields() | {"variables": getattr(self.modality, "names", [])}

    def reference_samples(self, latents):
        # As the networks give them: in the data's units rounding depends on the backend.
        return self.generate(latents=latents, as_float=True)
