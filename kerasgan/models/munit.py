"""Translation with several answers, Huang et al. 2018 (arXiv:1804.04732)."""

import keras
from keras import ops

from kerasgan import losses
from kerasgan.arguments import check_not_negative
from kerasgan.engine import backend
from kerasgan.engine.registry import register
from kerasgan.engine.shapes import reason_of, refuse_unbuilt, shapes
from kerasgan.models.styled_translation import TranslatesWithStyles


@register
class MUNIT(TranslatesWithStyles):
    """An image is content, which both kinds have in common, and a style of its kind.

    A translation is the content of an image decoded with a style of the other kind: one drawn
    from N(0, 1), so that an image has as many translations as wanted, or that of another image.

    Equation 5: for both kinds `L_GAN + λx L_recon of images + λc L_recon of content + λs L_recon
    of styles`: an image is to be what its own content and style are decoded to, and content and
    style that were decoded are to be found again in what they were decoded to; means of absolute
    errors. With `cycle_weight`, that of the paper's style-augmented cycle consistency besides,
    for kinds that have much in common. Its perceptual loss for large images is left out.

    Args:
        source_content_encoder: Keras model from sources `(batch, height, width, channels)` in
            [-1, 1] to their content.
        source_style_encoder: Keras model from sources to styles `(batch, style_dim)`.
        source_decoder: Keras model from `[content, styles]` to sources.
        target_content_encoder, target_style_encoder, target_decoder: The same of targets.
        discriminator: Keras model from targets to logits, a map of them, or a list of maps, one a
            scale, whose losses are summed.
        backward_discriminator: The same of sources. `kerasgan.networks.munit` makes all eight.
        reconstruction_weight: Float, λx.
        content_weight: Float, λc.
        style_weight: Float, λs.
        cycle_weight: Float; 10 in the paper where it is used.
        adversarial_loss: As in `GAN`.
        augmentation, ema_decay, seed, name: As in `AdversarialModel`.

    Default optimizers: Adam with learning rate 1e-4, beta_1 0.5 and weight decay 1e-4 for both
    players. The decay is Keras's, of the weights beside the gradient's step; the authors' is added
    to the gradient.

    Raises:
        ValueError: If the networks do not fit together, or on a negative weight.

    Example:

    ```python
    data = kerasgan.datasets.load_unpaired("edges", "shoes", size=128)
    model = kerasgan.models.MUNIT(*kerasgan.networks.munit((128, 128, 3), width=32))
    model.fit(data, epochs=50)
    several = model.translate("edges.png", n=4, seed=0)
    alike = model.translate("edges.png", style="shoe.jpg")
    ```
    """

    players = {
        "discriminator": ("discriminator", "backward_discriminator"),
        "generator": TranslatesWithStyles.averaged,
    }
    unpaired = True
    door = "load_unpaired"
    builders = "munit"
    fixes = ()

    def __init__(
        self,
        source_content_encoder: keras.Model,
        source_style_encoder: keras.Model,
        source_decoder: keras.Model,
        target_content_encoder: keras.Model,
        target_style_encoder: keras.Model,
        target_decoder: keras.Model,
        discriminator: keras.Model,
        backward_discriminator: keras.Model,
        *,
        reconstruction_weight: float = 10.0,
        content_weight: float = 1.0,
        style_weight: float = 1.0,
        cycle_weight: float = 0.0,
        adversarial_loss: str | losses.AdversarialLoss = "least_squares",
        **kwargs,
    ):
        given = (
            *(source_content_encoder, source_style_encoder, source_decoder),
            *(target_content_encoder, target_style_encoder, target_decoder),
            *(discriminator, backward_discriminator),
        )
        networks = dict(zip((*self.averaged, *self.players["discriminator"]), given))
        refuse_unbuilt(**networks)
        weights = {
            "reconstruction_weight": reconstruction_weight,
            "content_weight": content_weight,
            "style_weight": style_weight,
            "cycle_weight": cycle_weight,
        }
        check_not_negative(**weights)
        decoders = (source_decoder, target_decoder)
        _, there = (_joined(*given[:2], decoder) for decoder in decoders)
        back, _ = (_joined(*given[3:5], decoder) for decoder in decoders)
        source, target = self.checked(there, discriminator)
        self.checked(back, backward_discriminator, (target, source))
        super().__init__(networks, source, target, **kwargs)
        for key, value in weights.items():
            setattr(self, key, value)
        self.adversarial_loss = losses.get(adversarial_loss)
        shown = ("reconstruction_loss", "content_loss", "style_loss")
        self.track(*self.adversarial_loss.shown, *shown)

    def default_optimizers(self):
        options = {"beta_1": 0.5, "weight_decay": 1e-4}
        return {player: keras.optimizers.Adam(1e-4, **options) for player in self.players}

    # In a step.

    def draw(self, batch):
        """The batch with styles drawn from the standard normal, if it has none."""
        if "target_style" in batch:
            return batch
        drawn = {}
        for style, content in (("source_style", "target"), ("target_style", "source")):
            shape = (ops.shape(batch[content])[0], self.style_dim)
            seed = backend.seed_of_latents(self.seed_generator)
            drawn[style] = keras.random.normal(shape, seed=seed)
        return batch | drawn

    def fixed_draw(self, n, random):
        shape = (n, self.style_dim)
        names = ("source_style", "target_style")
        return {name: random.standard_normal(shape, "float32") for name in names}

    def _encoded(self, kind, images, training):
        """Content and styles of images of a kind, `"source"` or `"target"`."""
        content = getattr(self, f"{kind}_content_encoder")(images, training=training)
        return content, getattr(self, f"{kind}_style_encoder")(images, training=training)

    def _translations(self, batch, training=True):
        """Targets made of the sources, and sources made of the targets, with the drawn styles."""
        content_x = self.source_content_encoder(batch["source"], training=training)
        content_y = self.target_content_encoder(batch["target"], training=training)
        fake_y = self.target_decoder([content_x, batch["target_style"]], training=training)
        fake_x = self.source_decoder([content_y, batch["source_style"]], training=training)
        return fake_y, fake_x

    def discriminator_loss(self, batch, training=True):
        fakes = self.no_gradient(self._translations, batch, training)
        judges = (self.discriminator, self.backward_discriminator)
        reals = (batch["target"], batch["source"])
        return sum(
            self.judging_loss(judge, real, fake, training)
            for judge, real, fake in zip(judges, reals, fakes)
        )

    def generator_loss(self, batch, training=True):
        x, y = batch["source"], batch["target"]

        def as_source(*codes):
            return self.source_decoder(list(codes), training=training)

        def as_target(*codes):
            return self.target_decoder(list(codes), training=training)

        content_x, style_x = self._encoded("source", x, training)
        content_y, style_y = self._encoded("target", y, training)
        fake_y = as_target(content_x, batch["target_style"])
        fake_x = as_source(content_y, batch["source_style"])
        content_fake_y, style_fake_y = self._encoded("target", fake_y, training)
        content_fake_x, style_fake_x = self._encoded("source", fake_x, training)
        reconstruction = _distance(as_source(content_x, style_x), x)
        reconstruction += _distance(as_target(content_y, style_y), y)
        content = _distance(content_fake_y, content_x) + _distance(content_fake_x, content_y)
        style = _distance(style_fake_y, batch["target_style"])
        style += _distance(style_fake_x, batch["source_style"])
        self.log(reconstruction_loss=reconstruction, content_loss=content, style_loss=style)
        total = self.reconstruction_weight * reconstruction
        total += self.content_weight * content + self.style_weight * style
        if self.cycle_weight:
            cycle = _distance(as_source(content_fake_y, style_x), x)
            cycle += _distance(as_target(content_fake_x, style_y), y)
            total += self.cycle_weight * cycle
        judges = ((self.discriminator, y, fake_y), (self.backward_discriminator, x, fake_x))
        for judge, real, fake in judges:
            total += self.deceiving_loss(judge, real, fake, training)
        return total

    def judged(self, batch):
        fake, _ = self.no_gradient(self._translations, batch)
        return self.shown(fake, batch)


def _joined(content_encoder, style_encoder, decoder):
    """The network from images to images of the other kind that these are, to see that they fit."""
    try:
        inputs = keras.Input(shapes(content_encoder)[0][1:])
        return keras.Model(inputs, decoder([content_encoder(inputs), style_encoder(inputs)]))
    except Exception as error:  # each layer raises its own
        raise ValueError(
            "Encoders of content and of style must take images of one kind, and decoders content "
            "and styles, styles of one length for both kinds. Received: "
            f"{content_encoder.name!r}, {style_encoder.name!r} and {decoder.name!r}. "
            f"{reason_of(error)}"
        ) from error


def _distance(made, given):
    made, given = (ops.cast(x, keras.config.floatx()) for x in (made, given))
    return ops.mean(ops.abs(made - given))
