"""The base of every model: networks, players, turns."""

import keras
from keras import ops

from kerasgan.engine import backend
from kerasgan.engine.copying import frozen_copy
from kerasgan.engine.fitting import Fits
from kerasgan.engine.judging import Judges
from kerasgan.engine.saving import Saves
from kerasgan.engine.shapes import check_ends, judged_shape, refuse_complex
from kerasgan.engine.stepping import Steps
from kerasgan.engine.using import IsUsed
from kerasgan.engine.watching import Watches


class AdversarialModel(
    Saves, Judges, Fits, Watches, IsUsed, Steps, backend.SharesState, keras.Model
):
    """A `keras.Model` whose training step is a sequence of turns, one a player.

    A subclass says what a batch holds, names its players in the order of their turns with the
    networks that each one moves, and writes one loss a player:

    ```python
    class Denoiser(AdversarialModel):
        takes = ("noisy", "clean")
        verb = "denoise"

        def __init__(self, generator, discriminator, **kwargs):
            networks = {"generator": generator, "discriminator": discriminator}
            images = kerasgan.modalities.Images()
            super().__init__(networks, {"noisy": images, "clean": images}, **kwargs)

        def discriminator_loss(self, batch, training=True):
            fake = self.no_gradient(self.generator, batch["noisy"], training)
            real_logits = self.logits(self.discriminator, batch["clean"], training=training)
            fake_logits = self.logits(self.discriminator, fake, training=training)
            return ops.mean(ops.softplus(-real_logits)) + ops.mean(ops.softplus(fake_logits))

        def generator_loss(self, batch, training=True):
            fake = self.generator(batch["noisy"], training=training)
            error = ops.mean(ops.abs(batch["clean"] - fake))
            self.log(error=error)
            logits = self.logits(self.discriminator, fake, training=training)
            return ops.mean(ops.softplus(-logits)) + 100.0 * error

        def denoise(self, images):
            images = ops.convert_to_numpy(self.modalities["noisy"].to_network(images))
            return self.modalities["clean"].to_user(self.run(images))
    ```

    The same source trains on TensorFlow, JAX and PyTorch. A turn computes the gradients
    of its own networks only. To a player's loss are added the regularisers and the `add_loss`
    of its networks' layers. `loss` in the logs is the sum of the players' losses: callbacks
    may ask whether it is finite, but it need not fall.

    Args:
        networks: Dict from a name to a built Keras model; each becomes an attribute.
        modalities: Dict from each name in `takes` to its `kerasgan.modalities.Modality`.
        sample_shapes: Dict from such a name to the shape of one sample, None for a side of
            any length; a name left out is checked for all but its shape.
        augmentation: Keras layer, or list of them, applied to everything image-like that a
            discriminator sees, real and generated; gradients must flow through it.
        ema_decay: Float in [0, 1). Decay a step of the averaged networks, which the verb
            uses. It warms up as `min(ema_decay, (1 + step) / (10 + step))`.
        seed: Integer seed of what is drawn while training.
        name: String.

    Attributes:
        players: Dict from a player to the names of the networks that it moves.
        repeats: Dict from a player to its turns a step, where it is not one.
        every: Dict from a player to the steps from one of its turns to the next, where it is
            not one: a lazy penalty's.
        averaged: Names of the networks that have an average, `averaged_<name>`.
        takes: Names of what a batch holds, in the order that `fit` is given it.
        makes: Name of what the verb makes, of those.
        unpaired: Whether arrays may differ in length, drawn each in an order of its own.
        needs_data: Whether the verb makes something of data that it is given.
        calibrated: Whether `calibrate(batch)`, of held-out data, is to follow its training.
        verb: Name of the method that people call.
        door: Name of the loader in `kerasgan.datasets` whose data it takes.
        fixes: Names of the arguments of its base that its constructor sets: for a subclass that
            hands on `**kwargs`, so that they are neither saved nor asked for.
        builders: Dict from a network's name to its default builder in `kerasgan.networks`; or
            the name of one that builds all of them.
        recipe: What a recipe says of it beside the defaults of the signatures: tables, as in
            `kerasgan.recipes`.

    Raises:
        ValueError: If `ema_decay` is out of its range.
    """

    players = {"discriminator": ("discriminator",), "generator": ("generator",)}
    repeats = {}
    every = {}
    averaged = ("generator",)
    takes = ("real",)
    makes = "real"
    unpaired = False
    needs_data = True
    calibrated = False
    verb = "generate"
    door = "load"
    builders = {}
    recipe = {}
    fixes = ()
    # What a `fit` with privacy does in place of a step, and what its batches hold beside; whether
    # one without has been, and what the card says of it.
    privacy = None
    beside = ()
    trained_openly = False
    promise = None

    def __init__(
        self,
        networks,
        modalities,
        sample_shapes=None,
        *,
        augmentation: keras.layers.Layer | list | None = None,
        ema_decay: float = 0.999,
        seed: int | None = None,
        name: str | None = None,
    ):
        super().__init__(name=name)
        if not 0.0 <= ema_decay < 1.0:
            raise ValueError(f"ema_decay must be in [0, 1). Received: {ema_decay}")
        for key, network in networks.items():
            refuse_complex(network, key)
            setattr(self, key, network)
        self.network_names = tuple(networks)
        self.modalities = modalities
        self.sample_shapes = sample_shapes or {}
        self.augmentation = augmentation
        self.ema_decay = ema_decay
        self.seed = seed
        for key in self.averaged:
            average = frozen_copy(networks[key], f"averaged_{key}")
            setattr(self, f"averaged_{key}", average)
        check_ends(networks, self.averaged, modalities.get(self.makes))
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.trackers = {}
        self.track(*(f"{player}_loss" for player in self.players))
        self._start_watching()
        for layer in self._augmentations():
            if not layer.built:
                layer.build(judged_shape(self.discriminator))
            self.track(*getattr(layer, "report", ()))
        self._rehearsing = self._rehearsed = False
        self.built = True

    @classmethod
    def recipe_of(cls, data):
        """`recipe` for data of these options, on which a subclass may let it depend."""
        return cls.recipe

    # Its networks.

    def networks(self):
        """Dict from a name to each network that was given."""
        return {name: getattr(self, name) for name in self.network_names}

    def networks_of(self, player):
        """The networks that a player moves."""
        return [getattr(self, name) for name in self.players[player]]

    def variables_of(self, player):
        """The variables that a player moves."""
        return [v for network in self.networks_of(player) for v in network.trainable_variables]

    # What a subclass writes its losses with.

    def no_gradient(self, network, inputs, training=True):
        """What a network makes, with no gradient flowing back through it."""
        return backend.without_gradient(network, inputs, training=training)

    def log(self, **values):
        """Show the mean of each of these tensors in the progress bar and the history."""
        for name, value in values.items():
            if name not in self.trackers:
                self.track(name)
            if not self._rehearsing:
                self.trackers[name].update_state(ops.stop_gradient(value))

    def track(self, *names):
        """Make the trackers of values that a loss is going to log."""
        for name in names:
            self.trackers[name] = backend.outside_of_step(lambda n=name: keras.metrics.Mean(n))

    def default_optimizers(self):
        """The paper's optimizers: dict from a player to its `keras.optimizers`."""
        return {}

    # What a step calls, and a subclass may override.

    def draw(self, batch):
        """The batch with what is drawn anew for every turn: latents, say."""
        return batch

    def fixed_draw(self, n, random):
        """What `draw` would draw for a batch of `n`, from a NumPy generator: dict of arrays.

        A batch that holds it already is left as it is by `draw`.
        """
        return {}

    def after_turn(self, player):
        """What follows a player's move."""
        return None

    def after_step(self, batch):
        """What follows the turns of a step."""
        return None

    def call(self, inputs, training=False):
        name = self.averaged[0]
        return getattr(self, name if training else f"averaged_{name}")(inputs, training=training)
