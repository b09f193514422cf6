"""Differentially private training, Abadi et al. 2016 (arXiv:1607.00133), of a discriminator."""

import dataclasses
import math
import secrets

import numpy as np

from kerasgan.arguments import check_whole
from kerasgan.engine.accounting import accounting
from kerasgan.engine.data import named
from kerasgan.engine.saving import is_float16
from kerasgan.engine.shapes import every_layer, refuse_batch_normalization
from kerasgan.modalities import ClassLabels, PublicTable
from kerasgan.models import GAN, ConditionalGAN, TabularGAN
from kerasgan.privacy.steps import PrivateSteps

# The models of which it is known who sees the data, and what another must have of them.
KNOWN = {cls.takes: cls for cls in (GAN, ConditionalGAN, TabularGAN)}
SAME = (
    *("discriminator_loss", "generator_loss", "made", "judge", "draw", "generator_inputs"),
    *("activated", "condition_loss", "packed", "after_step", "turn", "whole_loss"),
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

    and the generator learns from it alone (post-processing); of a model with classes it makes and
    learns all of them equally, for how frequent each is would be of the data too. A `TabularGAN`
    needs a `kerasgan.modalities.PublicTable`. ε is counted by
    dp-accounting, from the steps that the discriminator's optimizer has made: a run that is resumed
    with the same numbers goes on where it was. It is in the logs and on the card, and the run ends
    before the step that would exceed it. One turn of the generator follows several of the
    discriminator, as Bie et al. 2023 (arXiv:2302.02936) recommend.

    Losses and figures that callbacks show are of the data as they are, and not part of the promise;
    neither is a model that was chosen by them. Keep the seed to yourself: who knows it knows the
    noise. A recipe, which is published with its entry, tells its seed: there the noise is drawn by
    another one, which nobody is told.

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
        package = accounting()
        accountant = package.rdp.RdpAccountant()
        noise = package.GaussianDpEvent(self.noise_multiplier)
        accountant.compose(package.PoissonSampledDpEvent(share, noise), int(steps))
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

    def steps(
        self, model, x, y=None, batch_size: int | None = None, epochs: int = 1
    ) -> PrivateSteps:
        """What a `fit` of a model to arrays `x` and `y` does in place of its own steps."""
        whole = x if isinstance(x, (tuple, list, dict)) else (x, y)
        parts = whole.values() if isinstance(whole, dict) else whole
        if not all(part is None or hasattr(part, "dtype") for part in parts):
            raise ValueError(
                "Privacy draws the records of each step itself: give fit an array of all of them. "
                f"Received: {type(x).__name__}"
            )
        records = named(whole, model.takes)
        model.check_batch(records, "the arrays")
        records = {name: np.asarray(array) for name, array in records.items()}
        return PrivateSteps(self, model, records, batch_size, epochs)

    def of_recipe(self, model, dataset, first: int) -> dict:
        """What `fit` is given in place of a recipe's dataset, from epoch `first` on."""
        if not first:
            # Kept with the state of the run alone, so that it goes on.
            model.seed_generator.state.assign([secrets.randbits(31), 0])
        everything = dataset.everything()
        return {"x": everything, "batch_size": dataset.batch_size, "privacy": self}

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
    known = KNOWN.get(type(model).takes)
    if not all(getattr(type(model), name, 0) is getattr(known, name, 0) for name in SAME):
        return "it is not known of its losses that the discriminator alone sees the data"
    if known is ConditionalGAN and not isinstance(model.labels, ClassLabels):
        return "of attributes it could not draw some without looking at the data"
    if known is TabularGAN and type(model.table) is not PublicTable:
        return "its table is fitted to the data; tell what is known of it, in a PublicTable"
    if known is TabularGAN and model.pack > 1:
        return "its discriminator judges several rows at once; build it with pack=1"
    if model.adversarial_loss.pairs:
        return "its generator's loss looks at real samples"
    if model.penalties:
        return "a penalty takes gradients of gradients of each record; weigh it by 0"
    if model.augmentation is not None:
        return "augmentation draws for a batch, and records are clipped one by one"
    if is_float16(model.discriminator):
        return "float16 scales gradients before they are clipped; take mixed_bfloat16"
    if any(v.regularizer is not None for v in model.discriminator.trainable_variables):
        return "its discriminator has regularisers"
    if any(getattr(x, "seed_generator", None) for x in every_layer(model.discriminator)):
        return "its discriminator draws at random, in dropout say; build it with dropout=0"
    return None
