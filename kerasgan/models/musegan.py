"""MuseGAN, Dong et al. 2018 (arXiv:1709.06298)."""

import keras

from kerasgan.engine.registry import register
from kerasgan.modalities import Music
from kerasgan.models.wgan_gp import WGANGP


@register
class MuseGAN(WGANGP):
    """A Wasserstein GAN with gradient penalty of bars of several tracks.

    The algorithm is WGAN-GP's; what makes it fit for music is in the networks of
    `kerasgan.networks.musegan`: a latent with parts that all tracks share and parts of each, over
    the sample and bar by bar. What the generator makes is a note where it is above 0.

    Args:
        generator: Keras model from latents to rolls `(batch, bars, steps, pitches, tracks)` in
            [-1, 1].
        discriminator: The critic, as in `WGANGP`.
        penalty_weight, discriminator_steps: As in `WGANGP`.
        modality: `kerasgan.modalities.Music` with the pitches and the beat of the data.
        augmentation, ema_decay, seed, name: As in `AdversarialModel`.

    Default optimizers: Adam with learning rate 1e-3, beta_1 0.5 and beta_2 0.9 for both, as the
    authors' code has them.

    Raises:
        ValueError: If the critic has batch normalisation.

    Example:

    ```python
    music = kerasgan.datasets.load_music("chorales", transpose=5)
    networks = kerasgan.networks.musegan((4, 16, 48, 4), monophonic=True)
    model = kerasgan.models.MuseGAN(*networks, modality=music.modalities["modality"])
    model.fit(music, epochs=100)
    ```
    """

    builders = "musegan"
    door = "load_music"
    recipe = {}
    network_options = {}
    fixes = ()
    modality_of = staticmethod(lambda shape: Music())

    @classmethod
    def sizes(cls, sample_shapes):
        return {"roll_shape": sample_shapes["real"]}

    def data_options(self):
        bars, steps, pitches, tracks = self.sample_shape
        shape = {"bars": bars, "steps_per_bar": steps, "pitches": pitches, "tracks": tracks}
        return shape | self.modality.get_config()

    def card_fields(self):
        return super().card_fields() | self.modality.get_config()

    def reference_samples(self, **inputs):
        """As the generator makes them: by notes alone weights could hardly be checked."""
        return self.generate(**inputs, as_float=True)

    def default_optimizers(self):
        return {p: keras.optimizers.Adam(1e-3, beta_1=0.5, beta_2=0.9) for p in self.players}
