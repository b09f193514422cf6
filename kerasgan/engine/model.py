"""The base of every model: players, turns, `compile`, `fit`, `generate`, saving."""

import inspect

import keras
import numpy as np
from keras import ops

from kerasgan.engine import backend
from kerasgan.engine.data import check_data, refuse_weights, to_unit_range
from kerasgan.engine.generation import GeneratesSamples
from kerasgan.engine.optimizer import PlayerOptimizers
from kerasgan.engine.shapes import check_networks, every_layer, shapes


class AdversarialModel(GeneratesSamples, keras.Model):
    """A `keras.Model` whose training step is a sequence of turns, one a player.

    A subclass names its players in the order of their turns, keeps each one's network
    in an attribute of that name, and writes one loss a player:

    ```python
    class Softplus(AdversarialModel):
        players = ("discriminator", "generator")

        def discriminator_loss(self, real, z, labels, training=True):
            real_logits = self.discriminate(real, labels, training)
            fake_logits = self.discriminate(self.fake(z, labels, training), labels, training)
            return ops.mean(ops.softplus(-real_logits)) + ops.mean(ops.softplus(fake_logits))

        def generator_loss(self, real, z, labels, training=True):
            fake = self.make(z, labels, training)
            return ops.mean(ops.softplus(-self.discriminate(fake, labels, training)))
    ```

    The same source trains on TensorFlow, JAX and PyTorch. A turn computes the gradients
    of its own player only. `labels` is None in a model that takes none.

    Args:
        generator: Keras model from latents `(batch, latent_dim)` to samples; images are
            floats in [-1, 1], channels last.
        discriminator: Keras model from samples to logits, one or a map of them a sample.
            The first player: a subclass may call it a critic.
        augmentation: Keras layer, or list of them, applied to every image that the
            discriminator sees, real and generated, in both turns; gradients must flow
            through it.
        ema_decay: Float in [0, 1). Decay a step of the averaged generator, which
            `generate` uses. It warms up as `min(ema_decay, (1 + step) / (10 + step))`.
        seed: Integer seed of the latents drawn while training.
        name: String.

    Raises:
        ValueError: If the networks do not fit together, saying where.
    """

    players = ("discriminator", "generator")
    # Turns a step of each player, where it is not one.
    repeats = {}
    # What the builders of networks are asked for: `dcgan(shape, **WGANGP.network_options)`.
    network_options = {}
    # Whether the generator, and whether the discriminator, takes labels.
    label_inputs = (False, False)

    def __init__(
        self,
        generator,
        discriminator,
        augmentation=None,
        ema_decay=0.999,
        seed=None,
        name=None,
    ):
        super().__init__(name=name)
        self.check_networks(generator, discriminator)
        if not 0.0 <= ema_decay < 1.0:
            raise ValueError(f"ema_decay must be in [0, 1). Received: {ema_decay}")
        self.generator = generator
        if discriminator is not None:
            setattr(self, self.players[0], discriminator)
        self.augmentation = augmentation
        self.ema_decay = ema_decay
        self.seed = seed
        self.averaged_generator = frozen_copy(generator)
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.trackers = {}
        self.show(*(f"{player}_loss" for player in self.players))
        for layer in self._augmentations():
            if not layer.built:
                layer.build((None, *self.sample_shape))
            self.show(*getattr(layer, "report", ()))
        self.built = True

    def check_networks(self, generator, discriminator):
        """Refuse networks that do not fit together; note the shapes of what they take."""
        check_networks(generator, discriminator, self.players[0], self.label_inputs)
        latents, samples = shapes(generator)
        self.latent_dim = (latents[0] if isinstance(latents, list) else latents)[-1]
        self.sample_shape = tuple(samples[1:])

    def stored_networks(self):
        """What an entry of the zoo holds: dict from a name to a network."""
        networks = {player: getattr(self, player) for player in self.players}
        return networks | {"generator": self.averaged_generator}

    def _augmentations(self):
        given = self.augmentation
        layers = given if isinstance(given, (list, tuple)) else [given]
        return [layer for layer in layers if layer is not None]

    # What a subclass writes its losses with.

    def make(self, z, labels=None, training=True):
        """Samples of the generator."""
        return self.generator(z if labels is None else [z, labels], training=training)

    def fake(self, z, labels=None, training=True):
        """Samples of the generator that no gradient flows back through."""
        return backend.without_gradient(self.make, z, labels, training)

    def discriminate(self, samples, labels=None, training=True):
        """Logits of the discriminator for (augmented) samples, in float32 or better."""
        samples = self.augment(samples, training)
        network = getattr(self, self.players[0])
        logits = network(samples if labels is None else [samples, labels], training=training)
        return ops.cast(logits, keras.config.floatx())

    def augment(self, samples, training=True):
        """Samples as the discriminator sees them."""
        if training:
            for layer in self._augmentations():
                samples = layer(samples, training=True)
        return samples

    def observe(self, real_logits):
        """Let augmentation that adapts see the logits of the real samples of a turn."""
        for layer in self._augmentations():
            if hasattr(layer, "observe"):
                layer.observe(ops.stop_gradient(real_logits))
                self.log(**layer.report)

    def show(self, *names):
        """Announce, in the constructor, the names that `log` is going to be given."""
        self.trackers |= {name: keras.metrics.Mean(name) for name in names}

    def log(self, **values):
        """Show the mean of each of these tensors in the progress bar and the history."""
        for name, value in values.items():
            self.trackers[name].update_state(ops.stop_gradient(value))

    def sample_latents(self, n):
        """`n` latents drawn from the standard normal, inside a compiled step."""
        seed = backend.seed_of_latents(self.seed_generator)
        return keras.random.normal((n, self.latent_dim), seed=seed)

    def default_optimizers(self):
        """The paper's optimizers: dict from a player to its `keras.optimizers`."""
        return {}

    def after_turn(self, player):
        """What follows a player's move, inside the step."""

    # What `engine/labels.py` fills in for a model that takes labels.

    def check_labels(self, labels, images):
        """Raise a `ValueError` on labels that the model cannot take."""

    def label_vectors(self, labels):
        """Labels of a batch as the networks take them."""
        # A body of nothing but its docstring is more than TensorFlow's AutoGraph can read.
        return None

    def remember_labels(self, labels):
        """Keep the labels of a training step, to draw from."""

    # The step.

    def read_batch(self, data):
        """A batch as `(real, z, labels)`; z None to draw latents in every turn."""
        x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        return to_unit_range(x), None, self.label_vectors(y)

    def _turns(self, data, training):
        real, z, labels = self.read_batch(data)
        for player in self.players:
            for _ in range(self.repeats.get(player, 1) if training else 1):
                self._turn(player, real, z, labels, training)
        if training:
            self.remember_labels(labels)
            self._average()
            self.optimizer.iterations.assign_add(1)
        return {metric.name: metric.result() for metric in self.metrics}

    def _turn(self, player, real, z, labels, training):
        n = ops.shape(real)[0]
        if z is None:
            z = self.sample_latents(n)
        loss_fn = getattr(self, f"{player}_loss")
        if training:
            loss = backend.minimize(
                lambda: loss_fn(real, z, labels),
                getattr(self, player).trainable_variables,
                self.optimizer.by_player[player],
            )
            self.after_turn(player)
        else:
            loss = loss_fn(real, z, labels, training=False)
        self.trackers[f"{player}_loss"].update_state(loss, sample_weight=n)

    def _average(self):
        step = ops.cast(self.optimizer.iterations, "float32")
        decay = ops.minimum(self.ema_decay, (1.0 + step) / (10.0 + step))
        backend.move_towards(self.averaged_generator.weights, self.generator.weights, 1.0 - decay)

    def train_step(self, *args):
        groups = (
            self.trainable_variables,
            self.non_trainable_variables,
            self.optimizer.variables,
            self.metrics_variables,
        )
        return backend.run_step(lambda data: self._turns(data, True), args, groups)

    def test_step(self, *args):
        groups = (
            self.trainable_variables,
            self.non_trainable_variables,
            self.metrics_variables,
        )
        return backend.run_step(lambda data: self._turns(data, False), args, groups)

    def call(self, latents, training=False):
        generator = self.generator if training else self.averaged_generator
        return generator(latents, training=training)

    @property
    def metrics(self):
        return list(self.trackers.values())

    # Compiling, fitting, evaluating.

    def compile(
        self,
        *,
        run_eagerly=False,
        steps_per_execution=1,
        jit_compile="auto",
        **optimizers,
    ):
        """Choose the optimizers; with no argument, the paper's.

        Args:
            run_eagerly, steps_per_execution, jit_compile: As in `keras.Model.compile`.
            **optimizers: `<player>_optimizer`, one a player: a `keras.optimizers`
                optimizer or its name. A player left out takes the paper's.

        Raises:
            TypeError: On an argument that names no player, or a player without optimizer.
            ValueError: If two players share one optimizer object.
        """
        chosen = self.default_optimizers()
        known = [f"{player}_optimizer" for player in self.players]
        for argument, optimizer in optimizers.items():
            if argument not in known:
                raise TypeError(
                    f"compile() got an unexpected argument {argument!r}. Each player "
                    f"has its own optimizer: {', '.join(known)}; losses belong to the "
                    "model."
                )
            if optimizer is not None:
                player = argument.removesuffix("_optimizer")
                chosen[player] = keras.optimizers.get(optimizer)
        missing = [a for a in known if a.removesuffix("_optimizer") not in chosen]
        if missing:
            raise TypeError(
                f"{type(self).__name__} has no default optimizers: pass compile() "
                f"{', '.join(missing)}."
            )
        if len({id(o) for o in chosen.values()}) < len(chosen):
            raise ValueError(
                "Two players share one optimizer object; its moments would mix. Pass "
                "one optimizer a player."
            )
        networks = {player: getattr(self, player) for player in self.players}
        if any(_is_float16(network) for network in networks.values()):
            chosen = {player: _scaled(o) for player, o in chosen.items()}
        optimizer = PlayerOptimizers({player: chosen[player] for player in self.players})
        optimizer.build({p: n.trainable_variables for p, n in networks.items()})
        backend.order_kernels([*self.variables, *optimizer.variables])
        super().compile(
            optimizer=optimizer,
            run_eagerly=run_eagerly,
            steps_per_execution=steps_per_execution,
            jit_compile=jit_compile,
            auto_scale_loss=False,
        )
        self._compile_arguments = {
            "run_eagerly": run_eagerly,
            "steps_per_execution": steps_per_execution,
            "jit_compile": jit_compile,
        }

    def get_compile_config(self):
        if not self.compiled:
            return None
        return self._compile_arguments | {
            f"{player}_optimizer": keras.saving.serialize_keras_object(optimizer)
            for player, optimizer in self.optimizer.by_player.items()
        }

    def compile_from_config(self, config):
        self.compile(**{k: _deserialized(v) for k, v in config.items()})

    def check_data(self, x, y):
        """Refuse what the model cannot train on; returns data to fit in its place."""
        return check_data(x, y, self.sample_shape, self.check_labels)

    def fit(self, x=None, y=None, **kwargs):
        """Train on `x`, as `keras.Model.fit` does; a model not compiled yet is, first.

        Args:
            x: Images: a NumPy array, `tf.data.Dataset`, PyTorch `DataLoader`,
                `keras.utils.PyDataset` or generator, on every backend. uint8 in
                [0, 255] or float in [-1, 1], shape `(batch, height, width, channels)`.
            y: Labels, which a model without labels leaves aside. A dataset gives
                `(images, labels)` in their place.
            **kwargs: As in `keras.Model.fit`, without `sample_weight`, `class_weight`.

        Raises:
            ValueError: Before the first step, if `x` has the wrong rank, size, channel
                count, dtype or range, or holds NaN; if labels are missing or unknown.
        """
        weights = {name: kwargs.pop(name, None) for name in ("sample_weight", "class_weight")}
        refuse_weights(**weights)
        x = self.check_data(x, y)
        if kwargs.get("validation_data") is not None:
            held_out, labels, weights = keras.utils.unpack_x_y_sample_weight(
                kwargs["validation_data"]
            )
            refuse_weights(sample_weight=weights)
            held_out = self.check_data(held_out, labels)
            kwargs["validation_data"] = (held_out, labels)
        if not self.compiled:
            self.compile()
        if getattr(x, "orders_itself", False):
            kwargs.setdefault("shuffle", False)
        return super().fit(x, y, **kwargs)

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        # Keras's trainer of TensorFlow, and no other, calls this between making the pipeline of
        # `fit` or `evaluate` and reading it.
        if iterator is not None:
            backend.without_autotune(iterator)
        super()._maybe_symbolic_build(iterator=iterator, data_batch=data_batch)

    def evaluate(self, x=None, y=None, **kwargs):
        """Losses and scores on held-out images, without moving a weight.

        They tell whether the discriminator has memorised its training images, not how
        good the samples are: for that, compare sets of images with a metric.

        Args: as `fit`'s. Returns: as `keras.Model.evaluate`'s.
        """
        # `fit` has looked at its validation data, and gives the same iterator every epoch.
        if not kwargs.get("_use_cached_eval_dataset"):
            refuse_weights(sample_weight=kwargs.get("sample_weight"))
            x = self.check_data(x, y)
        if not self.compiled:
            self.compile()
        return super().evaluate(x, y, **kwargs)

    # Saving.

    def get_config(self):
        arguments = list(inspect.signature(type(self).__init__).parameters)[1:]
        if "kwargs" in arguments:
            arguments = [*arguments[:-1], "augmentation", "ema_decay", "seed", "name"]
        return {a: keras.saving.serialize_keras_object(getattr(self, a)) for a in arguments}

    @classmethod
    def from_config(cls, config):
        return cls(**{k: _deserialized(v) for k, v in config.items()})

    def _own_weights(self):
        networks = [getattr(self, player) for player in self.players]
        layers = [*networks, *self.stored_networks().values(), *self._augmentations()]
        theirs = {id(w) for layer in layers for w in layer.weights}
        return [w for w in self.weights if id(w) not in theirs]

    def _random_states(self):
        weights = {id(w) for w in self.non_trainable_weights}
        return [v for v in self.non_trainable_variables if id(v) not in weights]

    def save_own_variables(self, store):
        for i, weight in enumerate(self._own_weights()):
            store[f"own_{i}"] = ops.convert_to_numpy(weight)
        # Keras keeps no seed-generator state, without which a resumed run would differ.
        for i, state in enumerate(self._random_states()):
            store[f"random_{i}"] = ops.convert_to_numpy(state)
        framework = backend.framework_random_state()
        if framework is not None:
            store["random_framework"] = framework

    def load_own_variables(self, store):
        for i, weight in enumerate(self._own_weights()):
            weight.assign(np.array(store[f"own_{i}"]))
        for i, state in enumerate(self._random_states()):
            if f"random_{i}" in store.keys():  # noqa: SIM118 - an h5 store
                state.assign(np.array(store[f"random_{i}"]))
        # That state belongs to the whole program: only a run that is resumed may set it.
        if self.compiled and "random_framework" in store.keys():  # noqa: SIM118
            backend.set_framework_random_state(np.array(store["random_framework"]))


def _deserialized(value):
    if isinstance(value, (list, tuple)):
        return [_deserialized(item) for item in value]
    is_object = isinstance(value, dict) and "class_name" in value
    return keras.saving.deserialize_keras_object(value) if is_object else value


def _is_float16(network):
    # A loaded network keeps the policy of its layers, not its own.
    return any(layer.dtype_policy.name == "mixed_float16" for layer in every_layer(network))


def _scaled(optimizer):
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        return optimizer
    return keras.optimizers.LossScaleOptimizer(optimizer)


def frozen_copy(network):
    """The same network with weights of its own, equal at first, that do not train."""
    with keras.StatelessScope():
        with backend.without_tensorflow():
            copy = network.__class__.from_config(network.get_config())
        if not copy.built:
            copy.build_from_config(network.get_build_config())
            copy.built = True
        backend.start_from(copy.weights, network.weights)
    copy.trainable = False
    return copy
