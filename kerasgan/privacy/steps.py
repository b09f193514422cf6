"""The steps of a training with privacy, and the budget that ends it."""

import keras
from keras import ops

from kerasgan.datasets.lots import Lots
from kerasgan.engine import backend
from kerasgan.engine.backend import RECORDS
from kerasgan.modalities import Arrays


class PrivateSteps:
    """What a `fit` with privacy does to a model: as a context, while it lasts.

    Args:
        privacy: `Privacy`.
        model: The model.
        records: Dict of arrays of all records, by the names that the model takes.
        batch_size: Records a step, on average.
        epochs: The last one.

    Attributes:
        lots: The batches to fit on.
        budget: The callback that keeps within the budget.
    """

    def __init__(self, privacy, model, records, batch_size, epochs):
        n = len(next(iter(records.values())))
        privacy.check(model, n)
        self.privacy, self.model = privacy, model
        seed = int(ops.convert_to_numpy(model.seed_generator.state)[0])
        self.lots = Lots(records, min(batch_size or 32, n), seed, RECORDS)
        told = {"noise_multiplier": privacy.noise_multiplier, "share": self.lots.share}
        before = {name: (model.promise or told)[name] for name in told}
        if before != told:
            raise ValueError(
                "A run goes on with the noise_multiplier and the share of the records that it "
                f"began with, by which its steps are counted: {before}. Received: {told}"
            )
        self.budget = Budget(self, epochs * len(self.lots))

    def __enter__(self):
        model = self.model
        self.before = {name: getattr(model, name) for name in ("modalities", "repeats")}
        model.beside = ("included",)
        model.modalities = {**model.modalities, "included": Arrays()}
        model.repeats, model.every = {}, {"generator": self.privacy.discriminator_steps}
        # What was compiled knows nothing of noise.
        model.privacy, model.train_function = self, None
        return self

    def __exit__(self, *error):
        for name, value in self.before.items():
            setattr(self.model, name, value)
        self.model.beside, self.model.every = (), {}
        self.model.privacy = self.model.train_function = None

    def gradients(self, batch, variables):
        """The mean loss, and the noisy mean of clipped gradients, inside a step."""
        model, size = self.model, self.lots.batch_size
        records = {name: batch[name] for name in type(model).takes}
        told = self.without_data(batch)
        records["fake"] = model.no_gradient(model.made, told)
        if "labels" in told:
            records["fake_labels"] = told["labels"]
        loss, sums = self.clipped_sums(records, batch["included"][:, 0], variables)
        deviation = self.privacy.noise_multiplier * self.privacy.clipping_norm
        noise = [
            deviation * keras.random.normal(v.shape, seed=model.seed_generator) for v in variables
        ]
        return loss / size, [(total + own) / size for total, own in zip(sums, noise)]

    def without_data(self, batch):
        """What the generator may see of a batch: what it drew, and classes drawn anew.

        In turns of the discriminator too: by its batch normalisation what it makes for one record
        would depend on all others, and on how many there are.
        """
        kept = {name: batch[name] for name in ("latents", "noise") if name in batch}
        if "condition" in batch:
            # Of a table that is told it is the same for all rows.
            kept["condition"] = ops.ones_like(batch["condition"])
        if "labels" in batch:
            n, dim = ops.shape(batch["labels"])
            seed = backend.seed_of_latents(self.model.seed_generator)
            kept["labels"] = ops.one_hot(keras.random.randint((n,), 0, dim, seed=seed), dim)
        return kept

    def clipped_sums(self, records, included, variables):
        """The sums over records of the loss and of its gradients, each clipped to the norm."""
        model, norm = self.model, self.privacy.clipping_norm
        before, model._rehearsing = model._rehearsing, True  # nothing is logged of one record
        try:
            return backend.clipped_sums(
                model.discriminator_loss, variables, records, included, norm
            )
        finally:
            model._rehearsing = before


class Budget(keras.callbacks.Callback):
    """Ends a run before the step that would exceed the budget, and logs `epsilon`.

    Args:
        steps: `PrivateSteps`.
        most: Steps that are asked for.
    """

    def __init__(self, steps, most):
        super().__init__()
        self.privacy, self.lots, self.most = steps.privacy, steps.lots, most

    def on_train_begin(self, logs=None):
        self.allowed = self.privacy.allowed(self.lots.share, self.most)
        self.counted = None

    def on_epoch_begin(self, epoch, logs=None):
        # Not earlier: `BackupAndRestore` may still load a state.
        if self.counted is None:
            optimizer = self.model.optimizer.by_player["discriminator"]
            self.counted = int(optimizer.iterations)
            if self.counted >= self.allowed and self.most > self.counted:
                beyond = self.privacy.spent(self.counted + 1, self.lots.share)
                raise ValueError(
                    f"The budget of {self.privacy.epsilon:g} is spent: a step after "
                    f"{self.counted:,} makes {beyond:.4g}. A larger one is another "
                    "promise; a larger noise_multiplier lasts longer."
                )

    def on_train_batch_end(self, batch, logs=None):
        self.counted += 1
        if self.counted >= self.allowed:
            self.model.stop_training = True

    def on_epoch_end(self, epoch, logs=None):
        logs["epsilon"] = self.privacy.spent(self.counted, self.lots.share)
        self._promise(self.counted, logs["epsilon"])

    def on_train_end(self, logs=None):
        # A run that was whole already makes no epoch.
        if self.counted is None:
            steps = int(self.model.optimizer.by_player["discriminator"].iterations)
            self._promise(steps, self.privacy.spent(steps, self.lots.share))

    def _promise(self, steps, epsilon):
        self.model.promise = {
            "epsilon": round(epsilon, 4),
            "delta": self.privacy.delta,
            "noise_multiplier": self.privacy.noise_multiplier,
            "clipping_norm": self.privacy.clipping_norm,
            "steps": steps,
            "share": self.lots.share,
        }
