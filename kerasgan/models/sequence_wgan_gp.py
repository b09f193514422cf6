"""WGAN-GP of sequences of tokens, Gulrajani et al. 2017 (arXiv:1704.00028)."""

import keras

from kerasgan.engine.registry import register
from kerasgan.modalities import Sequences
from kerasgan.models.wgan_gp import WGANGP


@register
class SequenceWGANGP(WGANGP):
    """A Wasserstein GAN with gradient penalty of sequences: DNA, or short texts.

    Tokens are discrete, and through them no gradient flows. Here none has to: the generator gives
    a probability of each token at each place, and the critic, whose slope the penalty holds, sees
    these as they are beside one-hot vectors of real sequences (section 5.2 of the paper; of DNA
    Killoran et al. 2017, arXiv:1712.06148). `generate` takes the most likely token of each place.

    Args:
        generator: Keras model from latents to probabilities `(batch, length, tokens)`.
        discriminator: The critic, as in `WGANGP`, of such sequences.
        modality: `kerasgan.modalities.Sequences`, the vocabulary and the length; by default DNA.
        penalty_weight, discriminator_steps: As in `WGANGP`.
        augmentation, ema_decay, seed, name: As in `AdversarialModel`.

    Default optimizers: Adam with learning rate 1e-4, beta_1 0.5 and beta_2 0.9 for both.

    Raises:
        ValueError: If the networks are of other sequences than the modality, or the critic has
            batch normalisation.

    Example:

    ```python
    promoters = kerasgan.datasets.load_sequences("promoters.fasta")
    dna = promoters.modalities["modality"]
    networks = kerasgan.networks.sequence((dna.length, len(dna.tokens)), width=32)
    model = kerasgan.models.SequenceWGANGP(*networks, modality=dna)
    model.fit(promoters, epochs=500)
    made = model.generate(100)  # an array of str
    ```
    """

    builders = "sequence"
    door = "load_sequences"
    recipe = {}
    network_options = {}
    fixes = ()
    modality_of = staticmethod(lambda shape: Sequences(list("ACGT"), shape[0]))

    def __init__(self, generator: keras.Model, discriminator: keras.Model, **kwargs):
        super().__init__(generator, discriminator, **kwargs)
        modality = self.modality
        if self.sample_shape != (modality.length, len(modality.tokens)):
            raise ValueError(
                f"The modality has sequences of {modality.length} out of {len(modality.tokens)} "
                f"tokens. Received: a generator that makes {self.sample_shape}; "
                f"kerasgan.networks.sequence(({modality.length}, {len(modality.tokens)})) builds "
                "a fitting one."
            )

    @classmethod
    def sizes(cls, sample_shapes):
        return {"sequence_shape": sample_shapes["real"]}

    def data_options(self):
        return self.modality.get_config()

    def default_optimizers(self):
        return {p: keras.optimizers.Adam(1e-4, beta_1=0.5, beta_2=0.9) for p in self.players}

    def reference_samples(self, latents):
        """The probabilities of these latents, before the most likely tokens are taken."""
        return self.generate(latents=latents, as_float=True)
