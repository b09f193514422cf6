"""Translation through a shared latent space, Liu et al. 2017 (arXiv:1703.00848)."""

import keras
from keras import ops

from kerasgan import losses
from kerasgan.arguments import check_not_negative
from kerasgan.engine.registry import register
from kerasgan.engine.shapes import reason_of, refuse_unbuilt, shapes
from kerasgan.models.translation import TranslatesImages


@register
class UNIT(TranslatesImages):
    """Two autoencoders of one latent space: what one encodes, the other decodes to its own kind.

    Equation 3: for both kinds of image the losses of a variational autoencoder, of the cycle to
    the other kind and back, and of a discriminator that sees translations. A code is N(μ, 1)
    around what an encoder gives; its divergence from N(0, 1) is taken as the mean of μ², and the
    likelihood of an image as the mean absolute error, both as in the authors' code.

    That both kinds have one latent space is a prior of the networks: the last layers of the
    encoders are the same, and the first of the decoders. Those layers are the network `shared`.

    The discriminators are the paper's, one scale of patches; the authors' later code has several
    scales and least squares.

    Args:
        source_encoder: Keras model from sources `(batch, height, width, channels)` in [-1, 1] to
            features.
        source_decoder: Keras model from features to sources.
        target_encoder, target_decoder: The same of targets.
        shared: Keras model from features to a list of codes, without noise, and of features for a
            decoder, of the codes with noise where it trains.
        discriminator: Keras model from targets to logits, one or a map of them.
        backward_discriminator: The same of sources. `kerasgan.networks.unit` makes all seven.
        adversarial_weight: Float, λ0.
        divergence_weight: Float, λ1 and λ3, of the first codes and of those of translations.
        reconstruction_weight: Float, λ2.
        cycle_weight: Float, λ4.
        adversarial_loss: As in `GAN`.
        augmentation, ema_decay, seed, name: As in `AdversarialModel`.

    Default optimizers: Adam with learning rate 1e-4 and beta_1 0.5 for both players.

    Raises:
        ValueError: If the networks do not fit together, or on a negative weight.

    Example:

    ```python
    data = kerasgan.datasets.load_unpaired("summer", "winter", size=128)
    model = kerasgan.models.UNIT(*kerasgan.networks.unit((128, 128, 3), width=32))
    model.fit(data, epochs=200)
    winter = model.translate("summer.jpg")
    summer = model.translate("winter.jpg", backward=True)
    ```
    """

    averaged = ("source_encoder", "source_decoder", "target_encoder", "target_decoder", "shared")
    players = {
        "discriminator": ("discriminator", "backward_discriminator"),
        "generator": averaged,
    }
    unpaired = True
    door = "load_unpaired"
    builders = "unit"
    fixes = ()

    def __init__(
        self,
        source_encoder: keras.Model,
        source_decoder: keras.Model,
        target_encoder: keras.Model,
        target_decoder: keras.Model,
        shared: keras.Model,
        discriminator: keras.Model,
        backward_discriminator: keras.Model,
        *,
        adversarial_weight: float = 10.0,
        divergence_weight: float = 0.1,
        reconstruction_weight: float = 100.0,
        cycle_weight: float = 100.0,
        adversarial_loss: str | losses.AdversarialLoss = "minimax",
        **kwargs,
    ):
        networks = {
            "source_encoder": source_encoder,
            "source_decoder": source_decoder,
            "target_encoder": target_encoder,
            "target_decoder": target_decoder,
            "shared": shared,
            "discriminator": discriminator,
            "backward_discriminator": backward_discriminator,
        }
        refuse_unbuilt(**networks)
        weights = {
            "adversarial_weight": adversarial_weight,
            "divergence_weight": divergence_weight,
            "reconstruction_weight": reconstruction_weight,
            "cycle_weight": cycle_weight,
        }
        check_not_negative(**weights)
        there = _joined(source_encoder, shared, target_decoder)
        back = _joined(target_encoder, shared, source_decoder)
        source, target = self.checked(there, discriminator)
        self.checked(back, backward_discriminator, (target, source))
        super().__init__(networks, source, target, **kwargs)
        for key, value in weights.items():
            setattr(self, key, value)
        # Views of the averages, which share their weights.
        shared = self.averaged_shared
        self.translator = _joined(
            self.averaged_source_encoder, shared, self.averaged_target_decoder
        )
        self.backward_translator = _joined(
            self.averaged_target_encoder, shared, self.averaged_source_decoder
        )
        self.adversarial_loss = losses.get(adversarial_loss)
        shown = ("reconstruction_loss", "cycle_loss", "divergence")
        self.track(*self.adversarial_loss.shown, *shown)

    def default_optimizers(self):
        return {player: keras.optimizers.Adam(1e-4, beta_1=0.5) for player in self.players}

    @property
    def network(self):
        return self.translator

    def call(self, inputs, training=False):
        return self.network(inputs, training=training)

    def _encoded(self, encoder, images, training):
        """Codes of images, and features for a decoder."""
        return self.shared(encoder(images, training=training), training=training)

    def _translations(self, batch, training=True):
        """Targets made of the sources, and sources made of the targets."""
        _, features_x = self._encoded(self.source_encoder, batch["source"], training)
        _, features_y = self._encoded(self.target_encoder, batch["target"], training)
        fake_y = self.target_decoder(features_x, training=training)
        return fake_y, self.source_decoder(features_y, training=training)

    def discriminator_loss(self, batch, training=True):
        fakes = self.no_gradient(self._translations, batch, training)
        judges = (self.discriminator, self.backward_discriminator)
        reals = (batch["target"], batch["source"])
        return self.adversarial_weight * sum(
            self.judging_loss(judge, real, fake, training)
            for judge, real, fake in zip(judges, reals, fakes)
        )

    def generator_loss(self, batch, training=True):
        x, y = batch["source"], batch["target"]

        def as_source(features):
            return self.source_decoder(features, training=training)

        def as_target(features):
            return self.target_decoder(features, training=training)

        codes_x, features_x = self._encoded(self.source_encoder, x, training)
        codes_y, features_y = self._encoded(self.target_encoder, y, training)
        fake_y, fake_x = as_target(features_x), as_source(features_y)
        codes_fake_y, features_fake_y = self._encoded(self.target_encoder, fake_y, training)
        codes_fake_x, features_fake_x = self._encoded(self.source_encoder, fake_x, training)
        reconstruction = _distance(as_source(features_x), x) + _distance(as_target(features_y), y)
        cycle = _distance(as_source(features_fake_y), x) + _distance(as_target(features_fake_x), y)
        codes = (codes_x, codes_y, codes_fake_x, codes_fake_y)
        divergence = sum(_divergence(code) for code in codes)
        self.log(reconstruction_loss=reconstruction, cycle_loss=cycle, divergence=divergence)
        total = self.reconstruction_weight * reconstruction + self.cycle_weight * cycle
        total += self.divergence_weight * divergence
        judges = ((self.discriminator, y, fake_y), (self.backward_discriminator, x, fake_x))
        for judge, real, fake in judges:
            deceived = self.deceiving_loss(judge, real, fake, training)
            total += self.adversarial_weight * deceived
        return total

    def translate(self, images, batch_size: int = 8, *, backward: bool = False):
        """The other kind of image for each that is given; as `Pix2Pix.translate`.

        Args:
            images, batch_size: As in `Pix2Pix.translate`.
            backward: Turn targets into sources.

        Returns:
            As `Pix2Pix.translate`. Codes have no noise: one image gives one result.

        Example:

        ```python
        summer = model.translate("winter.jpg", backward=True)
        ```
        """
        if not backward:
            return super().translate(images, batch_size)
        channels = self.sample_shapes["target"][-1]
        return self._through(self.backward_translator, images, channels, batch_size)

    def judged(self, batch):
        fake, _ = self.no_gradient(self._translations, batch)
        return self.shown(fake, batch)


def _joined(encoder, shared, decoder):
    """The network from images to images that these three are."""
    try:
        inputs = keras.Input(shapes(encoder)[0][1:])
        _, features = shared(encoder(inputs))
        return keras.Model(inputs, decoder(features))
    except Exception as error:  # each layer raises its own
        raise ValueError(
            "An encoder must make the features that shared takes, and shared codes and the "
            f"features that a decoder takes. Received: {encoder.name!r}, {shared.name!r} and "
            f"{decoder.name!r}. {reason_of(error)}"
        ) from error


def _distance(made, images):
    return ops.mean(ops.abs(made - images))


def _divergence(codes):
    return ops.mean(ops.square(ops.cast(codes, keras.config.floatx())))
