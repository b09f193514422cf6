"""Differentially private training, Abadi et al. 2016 (arXiv:1607.00133), of a discriminator."""

import dataclasses
import math

import keras
import numpy as np

from kerasgan.arguments import check_whole
from kerasgan.datasets.lots import Lots
from kerasgan.engine import backend
from kerasgan.engine.backend import RECORDS
from kerasgan.engine.saving import is_float16
from kerasgan.engine.shapes import every_layer, refuse_batch_normalization
from kerasgan.modalities import Arrays
from kerasgan.models import GAN

# What a model must have of `GAN`, of which it is known who sees the data.
KNOWN = (
    *("discriminator_loss", "generator_loss", "made", "judge", "draw", "generator_inputs"),
    *("after_step", "turn", "whole_loss"),
)


@dataclasses.dataclass(frozen=True)
class Privacy:
    """What `fit(…, privacy=Privacy(epsilon=10, delta=1e-5))` promises, and how it is kept.

    A trained generator is (ε, δ) differentially private: whether any one record was among those of
    training changes the probability of what comes of it by a factor of at most e^ε, but for δ. Only
    the discriminator sees the data. Of each of its steps

    ```
    L ← records, each with probability batch_size / records
    g ← sum over L of ∇l clipped to the norm C, + normal noise of deviation σ C
    w ← w - optimizer(g / batch_size)
    ```

    and the generator learns from it alone (post-processing). ε is counted by dp-accounting, from
    the steps that the discriminator's optimizer has made: a run that is resumed with the same
    numbers goes on where it was. It is in the logs and on the card, and the run ends before the
    step that would exceed it. One turn of the generator follows several of the discriminator, as
    Bie et al. 2023 (arXiv:2302.02936) recommend.

    Losses and figures that callbacks show are of the data as they are, and not part of the promise;
    neither is a model that was chosen by them. Keep the seed to yourself: who knows it knows the
    noise.

    Args:
        epsilon: Float, the budget.
        delta: Float, less than 1 / records.
        noise_multiplier: Float, σ: more noise, more steps.
        clipping_norm: Float, C.
        discriminator_steps: Turns of the discriminator, each with records of its own, for one of
            the generator.

    Raises:
        ValueError: On a number out of its range. From `fit`, on a model that cannot be trained so,
            with the reason.

    Example:

    ```python
    networks = kerasgan.networks.mlp((28, 28, 1))
    model = kerasgan.models.GAN(*networks)
    privacy = kerasgan.Privacy(epsilon=10, delta=1e-5)
    model.fit(images, batch_size=600, epochs=100, privacy=privacy)
    ```
    """

    epsilon: float
    delta: float
    noise_multiplier: float = 1.0
    clipping_norm: float = 1.0
    discriminator_steps: int = 10

    def __post_init__(self):
        check_whole(1, discriminator_steps=self.discriminator_steps)
        for name in ("epsilon", "noise_multiplier", "clipping_norm"):
            if not 0.0 < getattr(self, name) < math.inf:
                raise ValueError(f"{name} must be positive. Received: {getattr(self, name)}")
        if not 0.0 < self.delta < 1.0:
            raise ValueError(f"delta must be in (0, 1). Received: {self.delta}")

    def spent(self, steps: int, share: float) -> float:
        """The ε of so many steps, each of which takes a record with probability `share`."""
        if not steps:
            return 0.0
        events, rdp = _accounting()
        accountant = rdp.RdpAccountant()
        noise = events.GaussianDpEvent(self.noise_multiplier)
        accountant.compose(events.PoissonSampledDpEvent(share, noise), int(steps))
        return float(accountant.get_epsilon(self.delta))

    def allowed(self, share: float, most: int) -> int:
        """How many steps, of at most so many, the budget lasts for."""
        if self.spent(most, share) <= self.epsilon:
            return most
        low, high = 0, most
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (
                (middle, high) if self.spent(middle, share) <= self.epsilon else (low, middle)
            )
        return low

    def steps(self, model, x, batch_size: int | None = None, epochs: int = 1) -> "PrivateSteps":
        """What a `fit` of a model to an array `x` does in place of its own steps."""
        x = x["real"] if isinstance(x, dict) and [*x] == ["real"] else x
        if not hasattr(x, "dtype") or not hasattr(x, "shape"):
            raise ValueError(
                "Privacy draws the records of each step itself: give fit an array of all of them. "
                f"Received: {type(x).__name__}"
            )
        model.modalities["real"].check(x, "x", model.sample_shapes.get("real"))
        return PrivateSteps(self, model, np.asarray(x), batch_size, epochs)

    def check(self, model, records: int):
        """Refuse a model, or a number of records, for which the promise could not be kept.

        Raises:
            ValueError: With the reason.
        """
        if self.delta >= 1.0 / records:
            raise ValueError(
                f"delta must be less than 1 / records, 1 / {records:,}: with a larger one a method "
                f"that publishes a record as it is would count as private. Received: {self.delta}"
            )
        reason = _reason(model)
        if reason:
            raise ValueError(f"{type(model).__name__} cannot be trained with privacy: {reason}.")
        refuse_batch_normalization(
            model.discriminator,
            "statistics of a batch let every record move the gradients of all others, so that "
            "clipping each bounds nothing",
        )


def _reason(model):
    """Why a model cannot be trained with privacy, or None."""
    if model.trained_openly or model.is_loaded:
        return "it has learned from data without privacy, which cannot be undone"
    own = [getattr(type(model), name) is getattr(GAN, name, None) for name in KNOWN]
    if not all(own) or type(model).takes != ("real",):
        return "it is not known of its losses that the discriminator alone sees the data"
    if model.adversarial_loss.pairs:
        return "its generator's loss looks at real samples"
    if model.penalties:
        return "a penalty takes gradients of gradients of each record"
    if model.augmentation is not None:
        return "augmentation draws for a batch, and records are clipped one by one"
    if is_float16(model.discriminator):
        return "float16 scales gradients before they are clipped; take mixed_bfloat16"
    if any(v.regularizer is not None for v in model.discriminator.trainable_variables):
        return "its discriminator has regularisers"
    if any(getattr(x, "seed_generator", None) for x in every_layer(model.discriminator)):
        return "its discriminator draws at random, in dropout say"
    return None


class PrivateSteps:
    """What a `fit` with privacy does to a model: as a context, while it lasts.

    Args:
        privacy: `Privacy`.
        model: The model.
        real: Array of all records.
        batch_size: Records a step, on average.
        epochs: The last one.

    Attributes:
        lots: The batches to fit on.
        budget: The callback that keeps within the budget.
    """

    def __init__(self, privacy, model, real, batch_size, epochs):
        privacy.check(model, len(real))
        self.privacy, self.model = privacy, model
        size = min(batch_size or 32, len(real))
        self.lots = Lots(real, size, model.seed or 0, RECORDS)
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
        self.before = {name: getattr(model, name) for name in ("takes", "modalities", "repeats")}
        model.takes = (*model.takes, "included")
        model.modalities = {**model.modalities, "included": Arrays()}
        model.wrong["included"] = keras.metrics.Sum("wrong_included")
        model.repeats, model.every = {}, {"generator": self.privacy.discriminator_steps}
        # What was compiled knows nothing of noise.
        model.privacy, model.train_function = self, None
        return self

    def __exit__(self, *error):
        for name, value in self.before.items():
            setattr(self.model, name, value)
        del self.model.wrong["included"]
        self.model.every = {}
        self.model.privacy = self.model.train_function = None

    def gradients(self, batch, variables):
        """The mean loss, and the noisy mean of clipped gradients, inside a step."""
        model, size = self.model, self.lots.batch_size
        records = {"real": batch["real"], "fake": model.no_gradient(model.made, batch)}
        loss, sums = self.clipped_sums(records, batch["included"][:, 0], variables)
        deviation = self.privacy.noise_multiplier * self.privacy.clipping_norm
        noise = [
            deviation * keras.random.normal(v.shape, seed=model.seed_generator) for v in variables
        ]
        return loss / size, [(total + own) / size for total, own in zip(sums, noise)]

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
        self.model.promise = {
            "epsilon": round(logs["epsilon"], 4),
            "delta": self.privacy.delta,
            "noise_multiplier": self.privacy.noise_multiplier,
            "clipping_norm": self.privacy.clipping_norm,
            "steps": self.counted,
            "share": self.lots.share,
        }


def _accounting():
    try:
        import dp_accounting
        from dp_accounting import rdp
    except ImportError as error:
        raise ImportError(
            f'Privacy is counted by dp-accounting ({error}): pip install "kerasgan[privacy]"'
        ) from error
    return dp_accounting, rdp
