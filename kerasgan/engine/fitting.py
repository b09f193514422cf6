"""Compiling, fitting and evaluating a model whose step is a sequence of turns."""

import warnings

import keras

from kerasgan.engine import backend, devices
from kerasgan.engine.data import FromEpoch, prepared, refuse_counts, refuse_weights
from kerasgan.engine.optimizer import for_players
from kerasgan.engine.saving import deserialized, is_float16
from kerasgan.engine.watching import Notices


class Fits:
    """What `AdversarialModel` does about optimizers and data."""

    # Whether the weights are those of an entry of the zoo; whether each of several processes is
    # given its own part of a batch.
    is_loaded = reads_own = False

    def compile(
        self,
        optimizer: str | keras.optimizers.Optimizer | None = None,
        *,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: bool | str = "auto",
        **optimizers,
    ):
        """Choose the optimizers; with no argument, the paper's.

        Args:
            optimizer: A `keras.optimizers` optimizer or its name, of which every player gets
                one of its own.
            run_eagerly, steps_per_execution, jit_compile: As in `keras.Model.compile`.
            **optimizers: `<player>_optimizer`, one a player, in place of `optimizer`.

        Raises:
            TypeError: On an argument that names no player, or a player without optimizer.
            ValueError: If two players share one optimizer object.
        """
        variables = {player: self.variables_of(player) for player in self.players}
        half = any(is_float16(network) for network in self.networks().values())
        chosen = for_players(self, optimizer, optimizers, half)
        chosen.build(variables)
        backend.order_kernels([*self.variables, *chosen.variables])
        arguments = {
            "run_eagerly": run_eagerly,
            "steps_per_execution": steps_per_execution,
            "jit_compile": jit_compile,
        }
        super().compile(optimizer=chosen, auto_scale_loss=False, **arguments)
        self._compile_arguments = arguments

    def get_compile_config(self):
        if not self.compiled:
            return None
        return self._compile_arguments | {
            f"{player}_optimizer": keras.saving.serialize_keras_object(optimizer)
            for player, optimizer in self.optimizer.by_player.items()
        }

    def compile_from_config(self, config):
        self.compile(**{k: deserialized(v) for k, v in config.items()})

    def feature_networks(self):
        """Names, paths or models of what its losses look through, and what must not judge it."""
        return [loss.network for loss in self.feature_losses()]

    def feature_losses(self):
        """The losses that look through a frozen network, as `losses.FeatureLoss` does."""
        losses = [part for part in vars(self).values() if isinstance(part, keras.losses.Loss)]
        return [x for x in losses if hasattr(x, "network") and hasattr(x, "prepare")]

    def expected(self):
        """Sentences that say what a batch should be."""
        return " ".join(self._expected(name) for name in self.takes)

    def _expected(self, name):
        return f"{name}: {self.modalities[name].expected(self.sample_shapes.get(name))}"

    def check_batch(self, batch, where):
        """Refuse a batch, a dict of arrays by name, that the model cannot train on.

        Raises:
            ValueError: If one is missing, is not of its modality, or if they differ in length.
        """
        # Before a step is traced, where no variable can be made.
        for loss in self.feature_losses():
            loss.prepare()
        for name in self.takes:
            if name not in batch:
                raise ValueError(
                    f"{type(self).__name__} takes {', '.join(self.takes)}: "
                    f"fit({', '.join(self.takes)}), or a dataset of such batches. There is no "
                    f"{name}. {self._expected(name)}"
                )
            place = where if len(self.takes) == 1 else f"{name} of {where}"
            self.modalities[name].check(batch[name], place, self.sample_shapes.get(name))
        lengths = {name: len(batch[name]) for name in self.takes}
        if len({*lengths.values()}) > 1 and not self.unpaired:
            told = ", ".join(f"{n} {name}" for name, n in lengths.items())
            raise ValueError(f"Expected one of each a sample. Received in {where}: {told}")

    def _ready(self, x, y, batch_size=None):
        """Data that is checked, and trackers for what the losses log."""
        x, y, first = prepared(x, y, self, batch_size)
        if not self.compiled:
            self.compile()
            if self.is_loaded:
                rates = {p: float(o.learning_rate) for p, o in self.optimizer.by_player.items()}
                warnings.warn(
                    "Trained weights go on with new optimizers, at the learning rates of the paper "
                    f"({', '.join(f'{p} {rate:.3g}' for p, rate in rates.items())}). To keep more "
                    "of what they have learned, compile() with lower ones."
                )
        if not self._rehearsed:
            self._rehearsing = True
            try:
                backend.rehearse(lambda: self._rehearsed_losses(first), self._variables_of_step())
            except Exception:
                # A loss that runs eagerly may do what cannot be traced.
                if not self.run_eagerly:
                    raise
            finally:
                self._rehearsing = False
            self._rehearsed = True
        return x, y

    def _rehearsed_losses(self, first):
        batch = self.read_batch(first)
        return [getattr(self, f"{player}_loss")(self.draw(batch)) for player in self.players]

    def fit(self, x=None, y=None, **kwargs):
        """Train on `x`, as `keras.Model.fit` does; a model not compiled yet is, first.

        Args:
            x: What the model `takes`: an array; a tuple or a dict of arrays; or a
                `tf.data.Dataset`, PyTorch `DataLoader`, `keras.utils.PyDataset` or generator of
                batches of such, on every backend.
            y: The second array that it takes, if `x` is the first one. What a model does not
                take is left aside: labels, by a model without.
            **kwargs: As in `keras.Model.fit`, without `sample_weight`, `class_weight`; and
                `privacy`, a `kerasgan.Privacy`, for a model whose discriminator alone sees the
                data, of which `x` and `y` are arrays.

        Raises:
            ValueError: Before the first step, on what is missing, or of the wrong shape, dtype
                or range, or holds NaN. Of a dataset, a loader or a generator the first batch is
                looked at then, and a later one that holds such values ends the run when a step
                was given it, before a callback saves what came of it.
        """
        weights = {name: kwargs.pop(name, None) for name in ("sample_weight", "class_weight")}
        refuse_weights(**weights)
        refuse_counts(**kwargs)
        privacy = kwargs.pop("privacy", None)
        if privacy is not None:
            if devices.number() > 1:
                raise ValueError("Privacy is counted on one device. Train on one, without others.")
            size, epochs = kwargs.pop("batch_size", None), kwargs.get("epochs", 1)
            steps = privacy.steps(self, x, y, size, epochs)
            callbacks = keras.tree.flatten(kwargs.pop("callbacks", None) or [])
            with steps:
                return self._fit(steps.lots, None, callbacks=[steps.budget, *callbacks], **kwargs)
        self.trained_openly, self.promise = True, self.own_promise()
        return self._fit(x, y, **kwargs)

    def own_promise(self):
        """What the model promises of its data without `privacy`, for its card, or None."""

    def _fit(self, x, y, **kwargs):
        x, y = self._ready(x, y, kwargs.get("batch_size"))
        self.reads_own = devices.divide(x, kwargs.get("batch_size"))
        devices.begin(self._variables_of_step())
        if kwargs.get("validation_data") is not None:
            held_out, labels, _ = prepared(kwargs["validation_data"], None, self)
            kwargs["validation_data"] = held_out if labels is None else (held_out, labels)
        given = kwargs.get("callbacks")
        callbacks = [] if given is None else keras.tree.flatten(given)
        if getattr(x, "orders_itself", False):
            kwargs.setdefault("shuffle", False)
            callbacks.insert(0, FromEpoch(x))
        # First, before those that save.
        kwargs["callbacks"] = [Notices(), *callbacks]
        return super().fit(x, y, **kwargs)

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        # Keras's trainer of TensorFlow, and no other, calls this between making the pipeline of
        # `fit` or `evaluate` and reading it.
        if iterator is not None:
            backend.without_autotune(iterator)
        super()._maybe_symbolic_build(iterator=iterator, data_batch=data_batch)

    def evaluate(self, x=None, y=None, *, return_dict=True, **kwargs):
        """Losses and scores on held-out samples, without moving a weight.

        They tell whether the discriminator has memorised its training samples, not how
        good the generator is: for that, compare sets of samples with a metric.

        Args: as `fit`'s. Returns: dict from a name to a float, or a list.
        """
        # `fit` has looked at its validation data, and gives the same iterator every epoch.
        if not kwargs.get("_use_cached_eval_dataset"):
            refuse_weights(sample_weight=kwargs.get("sample_weight"))
            refuse_counts(**kwargs)
            x, y = self._ready(x, y)
        return super().evaluate(x, y, return_dict=return_dict, **kwargs)
