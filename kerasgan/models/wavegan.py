"""WaveGAN, Donahue et al. 2018 (arXiv:1802.04208)."""

import keras

from kerasgan.engine.registry import register
from kerasgan.modalities import Audio
from kerasgan.models.acgan import ACGAN
from kerasgan.models.wgan_gp import WGANGP


@register
class WaveGAN(WGANGP):
    """A Wasserstein GAN with gradient penalty of waveforms.

    The algorithm is WGAN-GP's; what makes it fit for sound is in the networks of
    `kerasgan.networks.wavegan`: long kernels, strides of 4, and phase shuffle in the critic.

    Args:
        generator: Keras model from latents to waveforms `(batch, length, channels)` in [-1, 1].
        discriminator: The critic, as in `WGANGP`.
        penalty_weight, discriminator_steps: As in `WGANGP`.
        modality: `kerasgan.modalities.Audio` with the sample rate of the data; 16 kHz by default.
        augmentation, ema_decay, seed, name: As in `AdversarialModel`.

    Default optimizers: Adam with learning rate 1e-4, beta_1 0.5 and beta_2 0.9 for both.

    Raises:
        ValueError: If the critic has batch normalisation.

    Example:

    ```python
    sounds = kerasgan.datasets.load_sounds("drums", length=16384, sample_rate=16000)
    networks = kerasgan.networks.wavegan((16384, 1), width=32)
    model = kerasgan.models.WaveGAN(*networks, modality=sounds.modalities["modality"])
    model.fit(sounds, epochs=100)
    ```
    """

    builders = "wavegan"
    door = "load_sounds"
    recipe = {}
    network_options = {}
    fixes = ()
    modality_of = staticmethod(lambda shape: Audio())

    @classmethod
    def sizes(cls, sample_shapes):
        labels = sample_shapes.get("labels")
        return {"sound_shape": sample_shapes["real"], "label_dim": labels and labels[0]}

    def data_options(self):
        length = self.sample_shape[0]
        return {"length": length, "sample_rate": self.modality.sample_rate}

    def card_fields(self):
        return super().card_fields() | {"sample_rate": self.modality.sample_rate}

    def default_optimizers(self):
        return {p: keras.optimizers.Adam(1e-4, beta_1=0.5, beta_2=0.9) for p in self.players}


@register
class ConditionalWaveGAN(WaveGAN, ACGAN):
    """WaveGAN of labelled sounds, whose critic names the label beside its judgement.

    The labels are learned as in `ACGAN` (Odena et al. 2017, arXiv:1610.09585), from real sounds
    alone.

    Args:
        generator: Keras model from `[latents, labels]` to waveforms.
        discriminator: The critic, from waveforms to two outputs, as in `ACGAN`:
            `conditioning="auxiliary"` in the builder.
        penalty_weight, discriminator_steps: As in `WGANGP`.
        classification_weight, classify_generated, labels: As in `ACGAN`.
        modality: As in `WaveGAN`.
        augmentation, ema_decay, seed, name: As in `AdversarialModel`.

    Default optimizers: as of `WaveGAN`.

    Raises:
        ValueError: As `WaveGAN` and `ConditionalGAN` do.

    Example:

    ```python
    networks = kerasgan.networks.wavegan((8192, 1), label_dim=10, conditioning="auxiliary")
    model = kerasgan.models.ConditionalWaveGAN(*networks)
    model.fit(sounds, labels, epochs=100)
    ```
    """

    network_options = {"conditioning": "auxiliary"}
