"""Progressive growing of GANs, Karras et al. 2017 (arXiv:1710.10196)."""

import keras
from keras import ops

from kerasgan import losses
from kerasgan.engine.registry import register
from kerasgan.models.gan import GAN
from kerasgan.networks.progressive import SIZES
from kerasgan.penalties import GradientPenalty


@register
class ProgressiveGAN(GAN):
    """A Wasserstein GAN that learns small pictures first, and grows by layers for larger ones.

    Section 2: training begins at 4×4 pixels. Then both networks get layers for twice the size,
    which fade in over the first half of that size's training; real pictures go from the smaller
    size to the larger with them. The loss is that of WGAN-GP with one turn of the critic, and with
    a drift term `ε E[D(x)²]` that keeps its values near 0 (appendix A.1).

    One model is one size. `grow_from` takes over what a smaller one has learned;
    `kerasgan train progressive_gan` does so from 4 pixels on in a stage a size, each of
    `fit.epochs`. A model that has not been grown trains all its layers at once.

    Args:
        generator: As `kerasgan.networks.progressive` makes it.
        discriminator: The critic, made with it.
        penalty_weight: Float, λ of the gradient penalty.
        drift_weight: Float, ε of the drift term.
        fading: Float in [0, 1], the share of `fit`'s steps in which new layers fade in; in the
            paper 800,000 of 1,600,000 pictures of a size.
        modality: As in `GAN`.
        augmentation, ema_decay, seed, name: As in `AdversarialModel`.

    Default optimizers: Adam with learning rate 0.001, beta_1 0, beta_2 0.99 and epsilon 1e-8 for
    both; a new size begins with new ones.

    Raises:
        ValueError: If the critic has batch normalisation, or on a number out of its range.

    Example:

    ```python
    model = None
    for size in (4, 8, 16, 32, 64):
        pictures = kerasgan.datasets.load("pictures", image_shape=(size, size, 3), batch_size=16)
        networks = kerasgan.networks.progressive((size, size, 3))
        smaller, model = model, kerasgan.models.ProgressiveGAN(*networks)
        if smaller:
            model.grow_from(smaller)
        model.fit(pictures, epochs=20)
    ```
    """

    builders = "progressive"
    fixes = ("adversarial_loss", "penalties", "discriminator_steps")

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        penalty_weight: float = 10.0,
        drift_weight: float = 1e-3,
        fading: float = 0.5,
        **kwargs,
    ):
        if not 0 <= fading <= 1:
            raise ValueError(f"fading must be in [0, 1]. Received: fading={fading}")
        super().__init__(
            generator,
            discriminator,
            adversarial_loss=losses.Wasserstein(drift_weight),
            penalties=[GradientPenalty(penalty_weight)],
            **kwargs,
        )
        self.penalty_weight = penalty_weight
        self.drift_weight = drift_weight
        self.fading = fading
        self.fade_step = self.add_weight(shape=(), initializer="zeros", trainable=False)

    @classmethod
    def recipe_of(cls, data):
        # A stage a size.
        size, *_, channels = data.get("image_shape", (64, 64, 3))
        if size not in SIZES:
            return cls.recipe
        smaller = [{"data": {"image_shape": [n, n, channels]}} for n in SIZES if n < size]
        first, *others = [*smaller, {}]
        return cls.recipe | {"stages": [first, *({"start": "previous"} | s for s in others)]}

    def default_optimizers(self):
        options = {"beta_1": 0.0, "beta_2": 0.99, "epsilon": 1e-8}
        return {player: keras.optimizers.Adam(1e-3, **options) for player in self.players}

    # Growing.

    def grow_from(self, smaller):
        """Take over the layers of a model of half of the size, and let the others fade in.

        Args:
            smaller: `ProgressiveGAN` of `networks.progressive` with the same numbers but the size.

        Raises:
            ValueError: If it has another size, or layers of other shapes.
        """
        for name in (*self.network_names, *(f"averaged_{name}" for name in self.averaged)):
            self.grow(name, getattr(self, name), getattr(smaller, name))

    @staticmethod
    def grow(name, network, smaller):
        """What `grow_from` does to one network, called this in messages."""
        sizes = [_size(of) for of in (network, smaller)]
        if sizes[0] not in (2 * sizes[1], sizes[1]):
            raise ValueError(
                f"The {name} grows from one for half of its {sizes[0]} pixels, or goes on from one "
                f"for as many. Received one for {sizes[1]}."
            )
        if sizes[0] == sizes[1]:
            network.set_weights(smaller.get_weights())
            return
        layers = {layer.name: layer for layer in network.layers}
        for layer in smaller.layers:
            # What that one faded in from is not in this one.
            if not layer.weights or layer.name == "fade" or layer.name not in layers:
                continue
            same = layers[layer.name]
            if [w.shape for w in same.weights] != [w.shape for w in layer.weights]:
                raise ValueError(
                    f"The {name} cannot grow: its layer {layer.name!r} has weights of other "
                    "shapes than the smaller one's. Build both with the same numbers but the size."
                )
            same.set_weights(layer.get_weights())
        layers["fade"].alpha.assign(0.0)

    def fit(self, x=None, y=None, callbacks=None, **kwargs):
        callbacks = [] if callbacks is None else keras.tree.flatten(callbacks)
        return super().fit(x, y, callbacks=[_Fading(self), *callbacks], **kwargs)

    def alphas(self):
        """How far each network that fades has faded in: its weights of that name."""
        networks = [*self.networks().values(), self.averaged_generator]
        return [x.alpha for network in networks for x in network.layers if x.name == "fade"]

    def read_batch(self, data):
        batch = super().read_batch(data)
        for alpha in self.alphas()[:1]:
            real = batch["real"]
            small = ops.average_pool(real, 2, strides=2, data_format="channels_last")
            small = ops.repeat(ops.repeat(small, 2, axis=1), 2, axis=2)
            batch["real"] = small + ops.cast(alpha, real.dtype) * (real - small)
        return batch

    def after_step(self, batch):
        super().after_step(batch)
        for alpha in self.alphas():
            alpha.assign(ops.minimum(alpha + self.fade_step, 1.0))


class _Fading(keras.callbacks.Callback):
    """Sets how fast layers fade in, so that they have after their share of `fit`'s steps."""

    def __init__(self, model):
        super().__init__()
        self.gan = model

    def on_epoch_begin(self, epoch, logs=None):
        alphas = self.gan.alphas()
        if not alphas or float(alphas[0]) >= 1.0:
            return
        steps = self.params["steps"]
        if steps is None:
            raise ValueError(
                "Layers that fade in need to know how long training is: pass fit() the "
                "steps_per_epoch of this dataset."
            )
        left = steps * (self.gan.fading * self.params["epochs"] - epoch)
        self.gan.fade_step.assign((1.0 - float(alphas[0])) / max(left, 1.0))


def _size(network):
    """The side of the pictures that a network makes or takes."""
    taken, made = network.input_shape, network.output_shape
    return (made if len(made) == 4 else taken)[1]
