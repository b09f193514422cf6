"""The base of every model: players, turns, `compile`, `fit`, `generate`, saving."""

import inspect

import keras
import numpy as np
from keras import ops

from kerasgan.engine import backend
from kerasgan.engine.data import check_images, refuse_weights, to_unit_range
from kerasgan.engine.generation import GeneratesSamples
from kerasgan.engine.optimizer import PlayerOptimizers


class AdversarialModel(GeneratesSamples, keras.Model):
    """A `keras.Model` whose training step is a sequence of turns, one a player.

    A subclass names its players in the order of their turns, keeps each one's network
    in an attribute of that name, and writes one loss a player:

    ```python
    class LeastSquares(AdversarialModel):
        players = ("discriminator", "generator")

        def discriminator_loss(self, real, z, training=True):
            fake = self.fake(z, training)
            real_logits = self.discriminate(real, training)
            fake_logits = self.discriminate(fake, training)
            self.log(real_score=real_logits, fake_score=fake_logits)
            return ops.mean((real_logits - 1.0) ** 2) + ops.mean(fake_logits**2)

        def generator_loss(self, real, z, training=True):
            fake = self.generator(z, training=training)
            return ops.mean((self.discriminate(fake, training) - 1.0) ** 2)
    ```

    The same source trains on TensorFlow, JAX and PyTorch. A turn computes the gradients
    of its own player only.

    Args:
        generator: Keras model from latents `(batch, latent_dim)` to samples; images are
            floats in [-1, 1], channels last.
        discriminator: Keras model from samples to logits, one or a map of them a sample.
        augmentation: Keras layer applied to every image the discriminator sees, real and
            generated, in both turns; gradients must flow through it.
        ema_decay: Float in [0, 1). Decay a step of the averaged generator, which
            `generate` uses. It warms up as `min(ema_decay, (1 + step) / (10 + step))`.
        seed: Integer seed of the latents drawn while training.
        name: String.

    Raises:
        ValueError: If the networks do not fit together, saying where.
    """

    players = ("discriminator", "generator")
    scores = ("real_score", "fake_score")

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
        _check_networks(generator, discriminator)
        if not 0.0 <= ema_decay < 1.0:
            raise ValueError(f"ema_decay must be in [0, 1). Received: {ema_decay}")
        self.generator = generator
        self.discriminator = discriminator
        self.augmentation = augmentation
        self.ema_decay = ema_decay
        self.seed = seed
        (_, self.latent_dim), (_, *sample_shape) = _shapes(generator)
        self.sample_shape = tuple(sample_shape)
        self.averaged_generator = _copy_network(generator)
        self.averaged_generator.trainable = False
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.trackers = {
            name: keras.metrics.Mean(name)
            for name in (*(f"{p}_loss" for p in self.players), *self.scores)
        }
        if augmentation is not None and not augmentation.built:
            augmentation.build((None, *self.sample_shape))
        self.built = True

    # What a subclass writes its losses with.

    def fake(self, z, training=True):
        """Samples of the generator that no gradient flows back through."""
        return backend.without_gradient(self.generator, z, training=training)

    def discriminate(self, samples, training=True):
        """Logits of the discriminator for (augmented) samples, in float32 or better."""
        if self.augmentation is not None and training:
            samples = self.augmentation(samples, training=True)
        logits = self.discriminator(samples, training=training)
        return ops.cast(logits, keras.config.floatx())

    def log(self, **values):
        """Show the mean of each of these tensors in the progress bar and the history."""
        for name, value in values.items():
            self.trackers[name].update_state(ops.stop_gradient(value))

    def sample_latents(self, n):
        """`n` latents drawn from the standard normal, inside a compiled step."""
        return keras.random.normal((n, self.latent_dim), seed=self.seed_generator)

    def default_optimizers(self):
        """The paper's optimizers: dict from a player to its `keras.optimizers`."""
        return {}

    # The step.

    def _turns(self, data, training):
        x, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        real = to_unit_range(x)
        n = ops.shape(real)[0]
        for player in self.players:
            z = self.sample_latents(n)
            loss_fn = getattr(self, f"{player}_loss")
            if training:
                loss = backend.minimize(
                    lambda: loss_fn(real, z),  # noqa: B023
                    getattr(self, player).trainable_variables,
                    self.optimizer.by_player[player],
                )
            else:
                loss = loss_fn(real, z, training=False)
            self.trackers[f"{player}_loss"].update_state(loss, sample_weight=n)
        if training:
            self._average()
            self.optimizer.iterations.assign_add(1)
        return {metric.name: metric.result() for metric in self.metrics}

    def _average(self):
        step = ops.cast(self.optimizer.iterations, "float32")
        decay = ops.minimum(self.ema_decay, (1.0 + step) / (10.0 + step))
        for average, current in zip(
            self.averaged_generator.weights, self.generator.weights, strict=True
        ):
            rest = ops.cast(1.0 - decay, average.dtype)
            average.assign_sub(rest * (average - current))

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

    def fit(self, x=None, y=None, **kwargs):
        """Train on `x`, as `keras.Model.fit` does; a model not compiled yet is, first.

        Args:
            x: Images: a NumPy array, `tf.data.Dataset`, PyTorch `DataLoader`,
                `keras.utils.PyDataset` or generator, on every backend. uint8 in
                [0, 255] or float in [-1, 1], shape `(batch, height, width, channels)`.
            y: Labels, which a model without labels leaves aside.
            **kwargs: As in `keras.Model.fit`, without `sample_weight`, `class_weight`.

        Raises:
            ValueError: Before the first step, if `x` has the wrong rank, size, channel
                count, dtype or range, or holds NaN.
        """
        weights = {name: kwargs.pop(name, None) for name in ("sample_weight", "class_weight")}
        refuse_weights(**weights)
        x = check_images(x, self.sample_shape)
        if kwargs.get("validation_data") is not None:
            held_out, labels, weights = keras.utils.unpack_x_y_sample_weight(
                kwargs["validation_data"]
            )
            refuse_weights(sample_weight=weights)
            kwargs["validation_data"] = (check_images(held_out, self.sample_shape), labels)
        if not self.compiled:
            self.compile()
        if getattr(x, "orders_itself", False):
            kwargs.setdefault("shuffle", False)
        return super().fit(x, y, **kwargs)

    def evaluate(self, x=None, y=None, **kwargs):
        """Losses and scores on held-out images, without moving a weight.

        They tell whether the discriminator has memorised its training images, not how
        good the samples are: for that, compare sets of images with a metric.

        Args: as `fit`'s. Returns: as `keras.Model.evaluate`'s.
        """
        # `fit` has looked at its validation data, and gives the same iterator every epoch.
        if not kwargs.get("_use_cached_eval_dataset"):
            refuse_weights(sample_weight=kwargs.get("sample_weight"))
            x = check_images(x, self.sample_shape)
        if not self.compiled:
            self.compile()
        return super().evaluate(x, y, **kwargs)

    # Saving.

    def get_config(self):
        config = {}
        for argument in inspect.signature(type(self).__init__).parameters:
            if argument != "self":
                value = getattr(self, argument)
                is_object = hasattr(value, "get_config")
                config[argument] = (
                    keras.saving.serialize_keras_object(value) if is_object else value
                )
        return config

    @classmethod
    def from_config(cls, config):
        return cls(**{k: _deserialized(v) for k, v in config.items()})

    def _random_states(self):
        weights = {id(w) for w in self.non_trainable_weights}
        return [v for v in self.non_trainable_variables if id(v) not in weights]

    def save_own_variables(self, store):
        # Keras keeps no seed-generator state, without which a resumed run would differ.
        for i, state in enumerate(self._random_states()):
            store[f"random_{i}"] = ops.convert_to_numpy(state)
        framework = backend.framework_random_state()
        if framework is not None:
            store["random_framework"] = framework

    def load_own_variables(self, store):
        for i, state in enumerate(self._random_states()):
            if f"random_{i}" in store.keys():  # noqa: SIM118 - an h5 store
                state.assign(np.array(store[f"random_{i}"]))
        # That state belongs to the whole program: only a run that is resumed may set it.
        if self.compiled and "random_framework" in store.keys():  # noqa: SIM118
            backend.set_framework_random_state(np.array(store["random_framework"]))


def _deserialized(value):
    is_object = isinstance(value, dict) and "class_name" in value
    return keras.saving.deserialize_keras_object(value) if is_object else value


def _is_float16(layer):
    # A loaded network keeps the policy of its layers, not its own.
    own = layer.dtype_policy.name == "mixed_float16"
    return own or any(_is_float16(inner) for inner in getattr(layer, "layers", ()))


def _scaled(optimizer):
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        return optimizer
    return keras.optimizers.LossScaleOptimizer(optimizer)


def _shapes(network):
    """Shapes of what a built network takes and gives."""
    if hasattr(network, "input_shape"):
        return network.input_shape, network.output_shape
    # A subclass of `keras.Model` remembers only what it was built with.
    taken = (None, *network.get_build_config()["input_shape"][1:])
    return taken, network.compute_output_spec(keras.KerasTensor(taken)).shape


def _check_networks(generator, discriminator):
    for network, role in ((generator, "generator"), (discriminator, "discriminator")):
        if not isinstance(network, keras.Model) or not network.built:
            raise ValueError(
                f"{role} must be a built keras.Model (a functional or sequential one "
                f"with a keras.Input, say). Received: {network!r}"
            )
    shape, made = _shapes(generator)
    if isinstance(shape, list) or len(shape) != 2 or shape[-1] is None:
        raise ValueError(
            "generator must take latents of shape (batch, latent_dim). Received a "
            f"generator with input shape {shape}"
        )
    made, seen = tuple(made[1:]), tuple(_shapes(discriminator)[0][1:])
    if made != seen or None in made:
        raise ValueError(
            f"generator makes samples of shape {made} but discriminator takes "
            f"{seen}: the two must be equal and fully known."
        )


def _copy_network(network):
    with keras.StatelessScope():
        copy = network.__class__.from_config(network.get_config())
        if not copy.built:
            copy.build_from_config(network.get_build_config())
            copy.built = True
        backend.start_from(copy.weights, network.weights)
    return copy
