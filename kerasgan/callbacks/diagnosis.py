"""What tells a healthy run from an ill one, measured after every epoch."""

import math
import warnings

import keras
import numpy as np
from keras import ops

from kerasgan.diagnosis import rules
from kerasgan.engine import backend


class Diagnosis(keras.callbacks.Callback):
    """Measure after every epoch what `kerasgan.diagnosis` judges a run by, and warn.

    Each finding is a warning when it first appears. Nothing is done in the steps; at the end
    of an epoch the networks run on a few batches as in training, with augmentation, and every
    change of their state is undone: a run goes on as it would without this callback. The log
    of the epoch gets

    - `real_over_fake`: the share of pairs of a real and a generated sample in which the
      discriminator ranks the real one higher. 0.5 if it cannot tell them apart, 1 if it
      always can, with any loss.
    - `held_out_over_fake`, `real_over_held_out`: the same of held-out and generated, and of
      real and held-out samples. The last is 0.5 until training samples are memorised.
    - `diversity`: how many different samples there are among those of fixed latents, over
      how many there are among as many real ones. Both are Vendi scores (Friedman and Dieng
      2022, arXiv:2210.02410), with a normal kernel whose deviation is a quarter of the mean
      distance between real samples.
    - `sample_change`: how far samples of fixed latents have moved in the epoch, on average,
      over the mean distance between real samples.
    - `<player>_gradient`: the norm of the gradient of a player's loss; `<player>_step`: how
      far its weights have come in the epoch, over their norm before it and the number of steps.
    - of images, `real_range`: the highest value less the lowest, 2 for images in [-1, 1];
      `fake_outside`: the share of generated values out of [-1, 1].

    The generator is the one that trains, not the averaged one. Callbacks that write the log,
    such as `keras.callbacks.CSVLogger`, come after this one in the list.

    Args:
        real: Training samples as `fit` takes them, in their natural mix: an array, or a tuple
            `(samples, labels)`. `n` of them are used.
        held_out: Samples that are not trained on, as `real`, at least 50; None for none.
        n: Integer. Samples of each kind to look at, or as many as there are.
        seed: Integer seed of the latents and of what is drawn of the samples.

    Raises:
        ValueError: On fewer than 50 held-out samples, whose shares would be chance; from
            `fit`, on fewer than 2 samples, on samples that the model cannot train on, or with
            a model that draws none from latents.

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
    BATCH, FEWEST = 64, 50

    def __init__(self, real, held_out=None, n=256, seed=0):
        super().__init__()
        if held_out is not None and len(_pair(held_out)[0]) < self.FEWEST:
            raise ValueError(
                f"Diagnosis needs at least {self.FEWEST} held-out samples, or None. Received: "
                f"{len(_pair(held_out)[0])}"
            )
        self.real = real
        self.held_out = held_out
        self.n = n
        self.seed = seed

    def on_train_begin(self, logs=None):
        model = self.model
        if None in model.sample_shape:
            raise ValueError(
                f"Diagnosis needs a model that draws samples from latents. {type(model).__name__} "
                "enlarges images: watch it with HeldOutPhotographs."
            )
        kinds = [_pair(self.real)] + ([] if self.held_out is None else [_pair(self.held_out)])
        for samples, labels in kinds:
            model.check_data(samples, labels)
        n = min(self.n, *(len(samples) for samples, _ in kinds))
        if n < 2:
            raise ValueError(
                f"Diagnosis needs at least 2 samples. Received: n={self.n} of {len(kinds[0][0])}"
            )
        size = min(n, self.BATCH)
        n -= n % size
        random = np.random.default_rng(self.seed)
        z = random.standard_normal((n, model.latent_dim), "float32")
        chosen = [_chosen(kind, n, random) for kind in kinds]
        slices = [slice(i, i + size) for i in range(0, n, size)]
        self._batches = [
            (z[at], *([None if a is None else a[at] for a in kind] for kind in chosen))
            for at in slices
        ]
        real = ops.convert_to_numpy(model.read_batch(chosen[0])[0])
        self._range = float(real.max()) - float(real.min())
        self._scale = _distances(real).sum() / (n * (n - 1)) or 1.0
        self._real_variety = self._variety(real)
        variables = [
            *model.trainable_variables,
            *model.non_trainable_variables,
            *model.metrics_variables,
        ]
        self._look = backend.without_effect(self._batch, variables)
        self._samples, self._curves, self._known = None, {}, set()

    def on_epoch_begin(self, epoch, logs=None):
        # Not earlier: `BackupAndRestore` may still load a state.
        if self._samples is None:
            self._samples = self._seen()["samples"]
            self._weights, self._steps = self._trained(), int(self.model.optimizer.iterations)

    def on_epoch_end(self, epoch, logs=None):
        logs.update(self._measured())
        for name, value in logs.items():
            self._curves.setdefault(name, {})[epoch + 1] = float(value)
        for finding in rules.findings(self._curves):
            if finding.illness not in self._known:
                self._known.add(finding.illness)
                warnings.warn(f"{finding.illness}: {finding.evidence} Try first: {finding.advice}")

    def _batch(self, z, real, held_out=None):
        """What a step would see."""
        model = self.model
        samples, _, labels = model.read_batch(tuple(real))
        z = ops.convert_to_tensor(z)
        fake = model.fake(z, labels)
        seen = {
            "samples": fake,
            "real_logits": model.discriminate(samples, labels),
            "fake_logits": model.discriminate(fake, labels),
        }
        if held_out is not None:
            others, _, other_labels = model.read_batch(tuple(held_out))
            seen["held_out_logits"] = model.discriminate(others, other_labels)
        for player in model.players:
            loss_fn = getattr(model, f"{player}_loss")
            seen[f"{player}_gradient"] = backend.gradient_norm(
                lambda loss_fn=loss_fn: loss_fn(samples, z, labels),
                getattr(model, player).trainable_variables,
            )
        return seen

    def _seen(self):
        """All batches: arrays one after another, and means of the numbers."""
        backend.sync_state(self.model)
        batches = [self._look(*batch) for batch in self._batches]
        columns = {name: [batch[name] for batch in batches] for name in batches[0]}
        return {
            name: np.concatenate(values) if values[0].ndim else float(np.mean(values))
            for name, values in columns.items()
        }

    def _measured(self):
        seen = self._seen()
        samples, before = seen.pop("samples"), self._samples
        self._samples = samples
        real, fake = seen.pop("real_logits"), seen.pop("fake_logits")
        measured = {"real_over_fake": _share_over(real, fake)}
        if "held_out_logits" in seen:
            held_out = seen.pop("held_out_logits")
            measured["held_out_over_fake"] = _share_over(held_out, fake)
            measured["real_over_held_out"] = _share_over(real, held_out)
        finite = np.isfinite(samples).all()
        measured["diversity"] = self._variety(samples) / self._real_variety if finite else math.nan
        moved = np.linalg.norm((samples - before).reshape(len(samples), -1), axis=1)
        measured["sample_change"] = float(moved.mean() / self._scale)
        measured |= seen
        weights, steps = self._trained(), int(self.model.optimizer.iterations)
        for player, before in self._weights.items():
            moved = np.linalg.norm(weights[player] - before)
            whole = max(np.linalg.norm(before), 1e-12) * max(steps - self._steps, 1)
            measured[f"{player}_step"] = float(moved / whole)
        self._weights, self._steps = weights, steps
        if samples.ndim == 4:
            measured["real_range"] = self._range
            measured["fake_outside"] = float(np.mean(np.abs(samples) > 1.001))
        return measured

    def _trained(self):
        """Dict from a player to all its trained weights in one row."""
        networks = {player: getattr(self.model, player) for player in self.model.players}
        return {
            player: np.concatenate(
                [ops.convert_to_numpy(v).ravel() for v in network.trainable_variables] or [[]]
            )
            for player, network in networks.items()
        }

    def _variety(self, samples):
        """The Vendi score: as many different samples would have this entropy."""
        kernel = np.exp(-0.5 * (_distances(samples) / (self._scale / 4)) ** 2)
        shares = np.linalg.eigvalsh(kernel / len(samples))
        shares = shares[shares > 1e-12]
        return float(np.exp(-np.sum(shares * np.log(shares))))


def _pair(data):
    samples, labels, _ = keras.utils.unpack_x_y_sample_weight(data)
    return samples, labels


def _chosen(kind, n, random):
    rows = random.permutation(len(kind[0]))[:n]
    return [None if a is None else np.asarray(a)[rows] for a in kind]


def _distances(samples):
    x = samples.reshape(len(samples), -1).astype("float64")
    x = x - x.mean(axis=0)
    squares = (x**2).sum(axis=1)
    return np.sqrt(np.maximum(squares[:, None] + squares - 2.0 * x @ x.T, 0.0))


def _share_over(above, below):
    """The share of pairs in which the first is larger; equal ones count half."""
    above, below = above.reshape(-1, 1), below.reshape(1, -1)
    if not (np.isfinite(above).all() and np.isfinite(below).all()):
        return math.nan
    return float(np.mean(np.sign(above - below)) / 2 + 0.5)
