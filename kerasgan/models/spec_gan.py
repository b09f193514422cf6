"""SpecGAN, Donahue et al. 2018 (arXiv:1802.04208)."""

import keras

from kerasgan.engine.registry import register
from kerasgan.modalities import Spectrograms
from kerasgan.models.acgan import ACGAN
from kerasgan.models.wgan_gp import WGANGP


@register
class SpecGAN(WGANGP):
    """A Wasserstein GAN with gradient penalty of sounds as log-magnitude spectrograms.

    To the networks, DCGAN's, a sound is a picture. What turns one into the other and back, with
    the means and deviations of the data, is the modality, and is stored with the model; phases are
    Griffin and Lim's, so that samples sound rougher than their spectrograms look.

    Args:
        generator: Keras model from latents to spectrograms `(batch, frequencies, frames, 1)` in
            [-1, 1].
        discriminator: The critic, as in `WGANGP`.
        modality: `kerasgan.modalities.Spectrograms`, that of the data; by default of the paper's
            sizes, and of logarithms as they are.
        penalty_weight, discriminator_steps: As in `WGANGP`.
        augmentation, ema_decay, seed, name: As in `AdversarialModel`.

    Default optimizers: Adam with learning rate 1e-4, beta_1 0.5 and beta_2 0.9 for both.

    Raises:
        ValueError: If the critic has batch normalisation, or the generator makes other
            spectrograms.

    Example:

    ```python
    sounds = kerasgan.datasets.load_spectrograms("drums", frames=128, sample_rate=16000)
    networks = kerasgan.networks.dcgan(
        (128, 128, 1), width=32, **kerasgan.models.SpecGAN.network_options
    )
    model = kerasgan.models.SpecGAN(*networks, modality=sounds.modalities["modality"])
    model.fit(sounds, epochs=100)
    ```
    """

    door = "load_spectrograms"
    recipe = {}
    network_options = {"discriminator_normalization": None}
    fixes = ()

    modality_of = staticmethod(lambda shape: Spectrograms())

    def __init__(self, generator: keras.Model, discriminator: keras.Model, **kwargs):
        super().__init__(generator, discriminator, **kwargs)
        if self.sample_shape != self.modality.image_shape:
            raise ValueError(
                f"generator must make spectrograms {self.modality.image_shape}, (frequencies, "
                "frames, 1), as the modality has them. Received one that makes "
                f"{self.sample_shape}"
            )

    def default_optimizers(self):
        return {p: keras.optimizers.Adam(1e-4, beta_1=0.5, beta_2=0.9) for p in self.players}

    def data_options(self):
        names = ("sample_rate", "frame_length", "hop", "frames")
        return {name: getattr(self.modality, name) for name in names}

    def card_fields(self):
        return super().card_fields() | {"sample_rate": self.modality.sample_rate}


@register
class ConditionalSpecGAN(SpecGAN, ACGAN):
    """SpecGAN of labelled sounds, whose critic names the label beside its judgement.

    The labels are learned as in `ACGAN` (Odena et al. 2017, arXiv:1610.09585), from real sounds
    alone.

    Args:
        generator: Keras model from `[latents, labels]` to spectrograms.
        discriminator: The critic, from spectrograms to two outputs, as in `ACGAN`:
            `conditioning="auxiliary"` in the builder.
        modality: As in `SpecGAN`.
        penalty_weight, discriminator_steps: As in `WGANGP`.
        classification_weight, classify_generated, labels: As in `ACGAN`.
        augmentation, ema_decay, seed, name: As in `AdversarialModel`.

    Default optimizers: as of `SpecGAN`.

    Raises:
        ValueError: As `SpecGAN` and `ConditionalGAN` do.

    Example:

    ```python
    networks = kerasgan.networks.dcgan(
        (128, 128, 1), label_dim=10, **kerasgan.models.ConditionalSpecGAN.network_options
    )
    model = kerasgan.models.ConditionalSpecGAN(*networks, modality=modality)
    model.fit(sounds, labels, epochs=100)
    ```
    """

    network_options = {"discriminator_normalization": None, "conditioning": "auxiliary"}
