"""StyleGAN, Karras et al. 2018 (arXiv:1812.04948)."""

import math
import numbers

import keras
import numpy as np
from keras import ops

from kerasgan.engine import backend
from kerasgan.engine.registry import register
from kerasgan.models.conditional_gan import ConditionalGAN
from kerasgan.models.gan import GAN
from kerasgan.penalties import R1

# Sizes in pixels of the layers of figure 3.
GROUPS = {"coarse": (4, 8), "middle": (16, 32), "fine": (64, 128, 256)}


@register
class StyleGAN(GAN):
    """The minimax game with R1, for a generator that makes pictures of styles.

    A mapping network takes the latent to a style, and each layer of the synthesis network is told
    one. While training, a picture is made of the styles of two latents, one up to a layer and the
    other from there on (style mixing, section 3.1), so that each layer's style is its own. In use,
    styles can be drawn towards their mean (`generate(truncation=…)`, appendix B), mixed (`mix`),
    found for a picture and moved (`kerasgan.latents`).

    Args:
        generator: Keras model as `kerasgan.networks.stylegan` makes it, with the layers
            `"mapping"` and `"synthesis"`.
        discriminator: As in `GAN`, without batch normalisation.
        penalty_weight: Float, γ of R1.
        mixing_probability: Float in [0, 1], how many of the pictures have two latents.
        modality: As in `GAN`.
        augmentation, ema_decay, seed, name: As in `AdversarialModel`.

    Default optimizers: Adam with learning rate 0.001, beta_1 0 and beta_2 0.99 for both.

    Raises:
        ValueError: If the generator has no mapping or synthesis, the discriminator has batch
            normalisation, or on a number out of its range.

    Example:

    ```python
    networks = kerasgan.networks.stylegan((64, 64, 3), width=32)
    model = kerasgan.models.StyleGAN(*networks)
    model.fit(images, batch_size=32, epochs=100)
    images = model.generate(16, truncation=0.7)
    ```
    """

    builders = "stylegan"
    fixes = ("adversarial_loss", "penalties", "discriminator_steps")

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        penalty_weight: float = 10.0,
        mixing_probability: float = 0.9,
        **kwargs,
    ):
        names = {layer.name for layer in getattr(generator, "layers", ())}
        if not {"mapping", "synthesis"} <= names:
            raise ValueError(
                'generator must have the layers "mapping" and "synthesis", as '
                f"kerasgan.networks.{self.builders} makes it. Received: {generator!r}"
            )
        if not 0 <= mixing_probability <= 1:
            raise ValueError(
                "mixing_probability must be in [0, 1]. Received: "
                f"mixing_probability={mixing_probability}"
            )
        super().__init__(generator, discriminator, penalties=[R1(penalty_weight)], **kwargs)
        self.penalty_weight = penalty_weight
        self.mixing_probability = mixing_probability

    @property
    def mapping(self):
        """The part of the generator from latents to styles."""
        return self.generator.get_layer("mapping")

    @property
    def synthesis(self):
        """The part of the generator from styles, one a layer, to samples."""
        return self.generator.get_layer("synthesis")

    def default_optimizers(self):
        return {p: keras.optimizers.Adam(1e-3, beta_1=0.0, beta_2=0.99) for p in self.players}

    # Style mixing in training.

    def draw(self, batch):
        if "latents" in batch:
            return batch
        batch = super().draw(batch)
        n = ops.shape(batch["real"])[0]
        latents, chosen, where = (backend.seed_of_latents(self.seed_generator) for _ in range(3))
        return batch | {
            "other_latents": keras.random.normal((n, self.latent_dim), seed=latents),
            "mixed": keras.random.uniform((n,), seed=chosen),
            "crossover": keras.random.uniform((n,), seed=where),
        }

    def fixed_draw(self, n, random):
        return super().fixed_draw(n, random) | {
            "other_latents": random.standard_normal((n, self.latent_dim), "float32"),
            "mixed": random.random(n, "float32"),
            "crossover": random.random(n, "float32"),
        }

    def styles(self, batch, training=True):
        """The styles of a batch, `(batch, number of styles, style_dim)`, mixed in training."""
        n = self.synthesis.inputs[0].shape[1]
        styles = self.mapping(self.generator_inputs(batch), training=training)
        styles = ops.repeat(styles[:, None], n, axis=1)
        if not training or not self.mixing_probability or "mixed" not in batch:
            return styles
        other = batch | {"latents": batch["other_latents"]}
        other = self.mapping(self.generator_inputs(other), training=training)[:, None]
        # From one of the styles after the first on; or from none.
        first = 1 + ops.floor(batch["crossover"] * (n - 1))
        first = ops.where(batch["mixed"] < self.mixing_probability, first, float(n))
        is_other = ops.arange(n, dtype=first.dtype) >= first[:, None]
        return ops.where(is_other[:, :, None], other, styles)

    def made(self, batch, training=True):
        return self.synthesis(self.styles(batch, training), training=training)

    # In use.

    def generate(
        self,
        n: int | None = None,
        seed: int | None = None,
        latents=None,
        labels=None,
        batch_size: int = 64,
        as_float: bool = False,
        verbose: bool | None = None,
        truncation: float = 1.0,
    ):
        """New samples from the averaged generator.

        Args:
            n, seed, latents, labels, batch_size, as_float, verbose: As of `GAN.generate`.
            truncation: Float in [0, 1], ψ of appendix B: how far from their mean styles stay. 1
                leaves them as they are, 0.7 gives fewer poor samples and less variety, and at 0
                all are the mean one.

        Returns:
            As `GAN.generate`.

        Raises:
            ValueError: As `GAN.generate` does, and on a truncation out of its range.
        """
        styles = self.styles_of(n, seed, latents, labels, truncation, batch_size)
        return self.synthesize(styles, batch_size, as_float, verbose)

    def styles_of(
        self, n=None, seed=None, latents=None, labels=None, truncation=1.0, batch_size=64
    ):
        """Styles, one a layer and all alike: float32 array `(n, number of styles, style_dim)`.

        Arguments as of `generate`.
        """
        is_number = isinstance(truncation, numbers.Real) and math.isfinite(truncation)
        if not is_number or not 0 <= truncation <= 1:
            raise ValueError(f"truncation must be in [0, 1]. Received: truncation={truncation!r}")
        inputs = self.inputs_of(n, seed, latents, labels)
        styles = self.in_batches(inputs, batch_size, network=self.part("mapping"))
        if truncation != 1:
            mean = self.mean_style()
            styles = mean + np.float32(truncation) * (styles - mean)
        return np.repeat(styles[:, None], len(self.style_sizes()), axis=1)

    def synthesize(self, styles, batch_size=64, as_float=False, verbose=None):
        """Samples of styles, as `generate` gives them.

        Args:
            styles: Float array `(n, number of styles, style_dim)`, as of `styles_of`.
            batch_size, as_float, verbose: As of `generate`.
        """
        synthesis = self.part("synthesis")
        styles = self.checked("styles", styles, (None, *synthesis.input_shape[1:]))
        finish = self.finisher(as_float)
        return self.in_batches([styles], batch_size, verbose, synthesis, finish)

    def mix(self, one, other, layers="coarse", *, truncation: float = 1.0, labels=None, **kwargs):
        """A sample of the styles of one latent, but at some layers of another's.

        Args:
            one, other: A latent `(latent_dim,)` each, or integer seeds of one.
            layers: Where the other's styles are taken: `"coarse"` (4 and 8 pixels: pose, shape),
                `"middle"` (16 and 32), `"fine"` (64 and more: colours), a size in pixels, or a list
                of these.
            truncation, labels: As of `generate`; one label.
            **kwargs: As of `synthesize`.

        Returns:
            One sample, `(height, width, channels)`.

        Raises:
            ValueError: On layers that the synthesis does not have, with those that it has.

        Example:

        ```python
        image = model.mix(3, 8, layers=["coarse", 16])
        ```
        """
        latents = np.stack([self.end("one", one), self.end("other", other)])
        if labels is None and "labels" in self.takes:
            labels = self.label_rows(1, None, None)
        styles = self.styles_of(latents=latents, labels=labels, truncation=truncation)
        mixed = np.where(self.at_layers(layers)[:, None], styles[1], styles[0])
        return self.synthesize(mixed[None], **kwargs)[0]

    def at_layers(self, layers):
        """Which of the styles are those of layers, named as of `mix`: bool array."""
        sizes, chosen = self.style_sizes(), set()
        for name in layers if isinstance(layers, (list, tuple)) else [layers]:
            found = {*GROUPS.get(name, (name,))} & {*sizes}
            if not found:
                groups = [key for key, group in GROUPS.items() if {*group} & {*sizes}]
                known = ", ".join([*map(repr, groups), *map(str, dict.fromkeys(sizes))])
                raise ValueError(f"layers are of {known}. Received: {name!r}")
            chosen |= found
        return np.isin(sizes, [*chosen])

    def style_sizes(self):
        """The size in pixels that each of the styles works at."""
        return [4 * 2 ** (i // 2) for i in range(self.synthesis.input_shape[1])]

    def part(self, name):
        """A part of the averaged generator, `"mapping"` or `"synthesis"`."""
        return self.averaged_generator.get_layer(name)

    def mean_style(self):
        """The mean of the styles seen in training, float32 `(style_dim,)`."""
        with backend.settled(self):
            mean = self.part("mapping").get_layer("mean_style").mean
            return np.array(ops.convert_to_numpy(mean), "float32")


@register
class ConditionalStyleGAN(StyleGAN, ConditionalGAN):
    """StyleGAN of labelled data.

    The label is embedded beside the latent in the mapping, and the discriminator projects its
    features on it (Miyato and Koyama 2018, arXiv:1802.05637), as in `ConditionalStyleGAN2`.

    Args:
        generator: As in `StyleGAN`, from `[latents, labels]`.
        discriminator: Keras model from `[samples, labels]` to logits `(batch, 1)`. The builder
            makes both with `label_dim=…`.
        penalty_weight, mixing_probability: As in `StyleGAN`.
        labels: As in `ConditionalGAN`.
        modality: As in `GAN`.
        augmentation, ema_decay, seed, name: As in `AdversarialModel`.

    Default optimizers: as of `StyleGAN`.

    Raises:
        ValueError: As `StyleGAN` and `ConditionalGAN` do.

    Example:

    ```python
    networks = kerasgan.networks.stylegan((32, 32, 3), width=32, label_dim=10)
    model = kerasgan.models.ConditionalStyleGAN(*networks)
    model.fit(images, labels, batch_size=32, epochs=100)
    ```
    """
