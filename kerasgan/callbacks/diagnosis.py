"""What tells a healthy run from an ill one, measured after every epoch."""

import itertools
import math
import warnings

import keras
import numpy as np
from keras import ops

from kerasgan.callbacks.looking import Look
from kerasgan.diagnosis import rules
from kerasgan.engine import backend
from kerasgan.engine.data import named
from kerasgan.modalities import Audio, Images

# 40 dB below a peak.
SILENT = 0.01


class Diagnosis(keras.callbacks.Callback):
    """Measure after every epoch what `kerasgan.diagnosis` judges a run by, and warn.

    Each finding is a warning when it first appears. Nothing is done in the steps; at the end
    of an epoch the networks run on a few batches as in training, with augmentation, and every
    change of their state is undone: a run goes on as it would without this callback. The log
    of the epoch gets, as far as a model tells (`judged`),

    - `real_over_fake`: the share of pairs of a real and a generated sample in which the
      discriminator ranks the real one higher. 0.5 if it cannot tell them apart, 1 if it
      always can, with any loss. Of patches, a sample's rank is by their mean.
    - `held_out_over_fake`, `real_over_held_out`: the same of held-out and generated, and of
      real and held-out samples. The last is 0.5 until training samples are memorised.
    - `diversity`: how many different samples there are among those of fixed latents or
      inputs, over how many there are among as many real ones. Both are Vendi scores (Friedman
      and Dieng 2022, arXiv:2210.02410), with a normal kernel whose deviation is a quarter of the
      mean distance between real samples.
    - `sample_change`: how far these samples have moved in the epoch, on average, over the mean
      distance between real samples.
    - `<player>_gradient`: the norm of the gradient of a player's loss; `<player>_step`: how
      far its weights have come in the epoch, over their norm before it and the number of steps.
    - of images, `real_range`: the highest value less the lowest, 2 for images in [-1, 1];
      `fake_outside`: the share of generated values out of [-1, 1].
    - of sounds, `fake_silent`: the share of generated ones whose peak is 40 dB or more below the
      median peak of real ones; `fake_clipped`, `real_clipped`: the share of values at full scale.

    The generator is the one that trains, not the averaged one. Callbacks that write the log,
    such as `keras.callbacks.CSVLogger`, come after this one in the list.

    Args:
        real: Training samples as `fit` takes them, in their natural mix: an array, a tuple in
            the order of `model.takes`, or a dict. `n` of them are used.
        held_out: Samples that are not trained on, as `real`, at least 50; None for none.
        n: Integer. Samples of each kind to look at, or as many as there are.
        seed: Integer seed of the latents and of what is chosen of the samples.

    Raises:
        ValueError: From `fit`, on fewer than 50 held-out samples, whose shares would be chance,
            on fewer than 2 samples, or on samples that the model cannot train on.

    Example:

    ```python
    diagnosis = kerasgan.callbacks.Diagnosis(images[500:], held_out=images[:500])
    log = keras.callbacks.CSVLogger("run/log.csv", append=True)
    model.fit(images[500:], epochs=50, callbacks=[diagnosis, log])
    print(*kerasgan.diagnosis.diagnose("run"), sep="\\n")
    ```
    """

    # Nothing is done in a step: Keras need not wait for its losses.
    async_safe = True
    FEWEST = 50

    def __init__(self, real, held_out=None, *, n: int = 256, seed: int = 0):
        super().__init__()
        self.real = real
        self.held_out = held_out
        self.n = n
        self.seed = seed

    def on_train_begin(self, logs=None):
        model = self.model
        kinds = {"real": self.real}
        if self.held_out is not None:
            kinds["held_out"] = self.held_out
            count = min(map(len, named(self.held_out, model.takes).values()), default=0)
            if count < self.FEWEST:
                raise ValueError(
                    f"Diagnosis needs at least {self.FEWEST} held-out samples, or None. Received: "
                    f"{count}"
                )
        self._look = Look(model, self._see, kinds, self.n, self.seed)
        real = ops.convert_to_numpy(model.read_batch(self._look.chosen["real"])[model.makes])
        self._range = float(real.max()) - float(real.min())
        self._peak = float(np.median(np.abs(real).reshape(len(real), -1).max(axis=1)))
        self._real_clipped = _clipped(real)
        self._scale = _distances(real).sum() / (len(real) * (len(real) - 1)) or 1.0
        self._real_variety = self._variety(real)
        self._weights, self._curves, self._known = None, {}, set()

    def on_epoch_begin(self, epoch, logs=None):
        # Not earlier: `BackupAndRestore` may still load a state.
        if self._weights is None:
            self._samples = self._look().get("samples")
            self._weights, self._steps = self._trained(), int(self.model.optimizer.iterations)

    def on_epoch_end(self, epoch, logs=None):
        logs.update(self._measured())
        for name, value in logs.items():
            self._curves.setdefault(name, {})[epoch + 1] = float(value)
        for finding in rules.findings(self._curves):
            if finding.illness not in self._known:
                self._known.add(finding.illness)
                warnings.warn(f"{finding.illness}: {finding.evidence} Try first: {finding.advice}")

    def _see(self, batches):
        model, batch = self.model, batches["real"]
        seen = dict(model.judged(batch))
        if "held_out" in batches and "real_logits" in seen:
            seen["held_out_logits"] = model.judged(batches["held_out"])["real_logits"]
        for player in model.players:
            _, found = backend.gradients(
                lambda player=player: model.whole_loss(player, batch), model.variables_of(player)
            )
            squares = [ops.sum(ops.square(g)) for g in found if g is not None]
            seen[f"{player}_gradient"] = ops.sqrt(sum(squares, ops.zeros(())))
        return seen

    def _measured(self):
        seen = self._look()
        samples, before = seen.pop("samples", None), self._samples
        self._samples = samples
        kinds = {kind: seen.pop(f"{kind}_logits", None) for kind in ("real", "held_out", "fake")}
        measured = {
            f"{one}_over_{other}": _share_over(kinds[one], kinds[other])
            for one, other in itertools.combinations(kinds, 2)
            if kinds[one] is not None and kinds[other] is not None
        }
        if samples is not None:
            measured |= self._compared(samples, before)
        measured |= seen
        weights, steps = self._trained(), int(self.model.optimizer.iterations)
        for player, before in self._weights.items():
            moved = np.linalg.norm(weights[player] - before)
            whole = max(np.linalg.norm(before), 1e-12) * max(steps - self._steps, 1)
            measured[f"{player}_step"] = float(moved / whole)
        self._weights, self._steps = weights, steps
        return measured

    def _compared(self, samples, before):
        """What samples tell beside the real ones, and beside those of the epoch before."""
        finite = np.isfinite(samples).all()
        moved = np.linalg.norm((samples - before).reshape(len(samples), -1), axis=1)
        measured = {
            "diversity": self._variety(samples) / self._real_variety if finite else math.nan,
            "sample_change": float(moved.mean() / self._scale),
        }
        if isinstance(self.model.modalities[self.model.makes], Images):
            measured["real_range"] = self._range
            measured["fake_outside"] = float(np.mean(np.abs(samples) > 1.001))
        if isinstance(self.model.modalities[self.model.makes], Audio):
            peaks = np.abs(samples).reshape(len(samples), -1).max(axis=1)
            measured["fake_silent"] = float(np.mean(peaks <= SILENT * self._peak))
            measured["fake_clipped"] = _clipped(samples)
            measured["real_clipped"] = self._real_clipped
        return measured

    def _trained(self):
        """Dict from a player to all its trained weights in one row."""
        return {
            player: np.concatenate(
                [ops.convert_to_numpy(v).ravel() for v in self.model.variables_of(player)] or [[]]
            )
            for player in self.model.players
        }

    def _variety(self, samples):
        """The Vendi score: as many different samples would have this entropy."""
        kernel = np.exp(-0.5 * (_distances(samples) / (self._scale / 4)) ** 2)
        shares = np.linalg.eigvalsh(kernel / len(samples))
        shares = shares[shares > 1e-12]
        return float(np.exp(-np.sum(shares * np.log(shares))))


def _clipped(samples):
    """The share of values at full scale."""
    return float(np.mean(np.abs(samples) > 0.999))


def _distances(samples):
    x = samples.reshape(len(samples), -1).astype("float64")
    x = x - x.mean(axis=0)
    squares = (x**2).sum(axis=1)
    return np.sqrt(np.maximum(squares[:, None] + squares - 2.0 * x @ x.T, 0.0))


def _share_over(above, below):
    """The share of pairs in which the first is larger; equal ones count half."""
    above, below = (logits.reshape(len(logits), -1).mean(axis=1) for logits in (above, below))
    if not (np.isfinite(above).all() and np.isfinite(below).all()):
        return math.nan
    return float(np.mean(np.sign(above[:, None] - below)) / 2 + 0.5)
