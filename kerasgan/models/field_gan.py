"""Wasserstein GANs of fields, by Gulrajani et al. 2017 (arXiv:1704.00028)."""

import keras

from kerasgan.engine.registry import register
from kerasgan.modalities import Arrays, Conditions
from kerasgan.models.conditional_gan import ConditionalGAN
from kerasgan.models.wgan_gp import WGANGP


@register
class FieldGAN(WGANGP):
    """A Wasserstein GAN with gradient penalty of physical variables on a grid.

    The algorithm is WGAN-GP's, on the networks of `kerasgan.networks.fields`.

    Args:
        generator: Keras model from latents to fields `(batch, *grid, variables)`.
        discriminator: The critic, as in `WGANGP`.
        penalty_weight, discriminator_steps: As in `WGANGP`.
        modality: `kerasgan.modalities.Fields` of the data, or arrays of floats by default.
        augmentation, ema_decay, seed, name: As in `AdversarialModel`.

    Default optimizers: as of `WGANGP`.

    Raises:
        ValueError: If the critic has batch normalisation.

    Example:

    ```python
    winds = kerasgan.datasets.load_fields("winds.npz")
    networks = kerasgan.networks.fields(winds.shapes["real"])
    model = kerasgan.models.FieldGAN(*networks, modality=winds.fields)
    model.fit(winds, epochs=100)
    made = model.generate(100)  # float32 (100, *grid, variables), in the data's units
    ```
    """

    builders = "fields"
    door = "load_fields"
    recipe = {}
    network_options = {}
    fixes = ()
    modality_of = staticmethod(lambda shape: Arrays())

    @classmethod
    def sizes(cls, sample_shapes):
        labels = sample_shapes.get("labels")
        return {"field_shape": sample_shapes["real"], "label_dim": labels and labels[0]}

    def data_options(self):
        return {"dimensions": len(self.sample_shape) - 1}

    def card_fields(self):
        return super().card_fields() | {"variables": getattr(self.modality, "names", [])}

    def reference_samples(self, **inputs):
        # As the networks give them: a decision between two values is no measure of the weights.
        return self.generate(**inputs, as_float=True)


@register
class ConditionalFieldGAN(ConditionalGAN, FieldGAN):
    """`FieldGAN` of fields with conditions: a temperature, a year, a scenario.

    Generator and critic are both told them, as in `ConditionalGAN` (Mirza and Osindero 2014,
    arXiv:1411.1784), numbers as they are: between those of training the generator interpolates.

    Args:
        generator: Keras model from `[latents, labels]` to fields.
        discriminator: The critic, from `[fields, labels]` to one value, as in `WGANGP`.
        labels: `kerasgan.modalities.Conditions` of the data.
        penalty_weight, discriminator_steps, modality: As in `FieldGAN`.
        augmentation, ema_decay, seed, name: As in `AdversarialModel`.

    Default optimizers: as of `WGANGP`.

    Raises:
        ValueError: As `FieldGAN` and `ConditionalGAN` do.

    Example:

    ```python
    lattices = kerasgan.datasets.load_fields("ising.npz", labels=["temperature"])
    networks = kerasgan.networks.fields(lattices.shapes["real"], periodic=True, label_dim=1)
    model = kerasgan.models.ConditionalFieldGAN(*networks, **lattices.modalities)
    model.fit(lattices, epochs=100)
    critical = model.generate(64, labels={"temperature": 2.27})
    ```
    """

    fixes = ()

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        labels: Conditions,
        **kwargs,
    ):
        super().__init__(generator, discriminator, labels=labels, **kwargs)

    def data_options(self):
        return super().data_options() | {"labels": self.labels.names}
