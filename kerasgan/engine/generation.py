"""Samples from latents: `generate` and `interpolate`."""

import time

import keras
import numpy as np
from keras import ops

from kerasgan.arguments import check_whole
from kerasgan.engine import backend
from kerasgan.engine.data import described
from kerasgan.engine.model import AdversarialModel


class GeneratesSamples(AdversarialModel):
    """A model whose generator makes samples from latents, and from labels if it `takes` them."""

    needs_data = False
    fixes = ()

    def __init__(self, networks, modalities, sample_shapes, latent_dim, **kwargs):
        super().__init__(networks, modalities, sample_shapes, **kwargs)
        self.sample_shape = sample_shapes["real"]
        self.latent_dim = latent_dim

    @property
    def serves(self):
        return dict.fromkeys(self.reference_inputs(1))

    @property
    def modality(self):
        """What its samples are."""
        return self.modalities["real"]

    # In a step.

    def draw(self, batch):
        """The batch with latents drawn from the standard normal, if it has none."""
        if "latents" in batch:
            return batch
        n = ops.shape(batch["real"])[0]
        seed = backend.seed_of_latents(self.seed_generator)
        return batch | {"latents": keras.random.normal((n, self.latent_dim), seed=seed)}

    def fixed_draw(self, n, random):
        return {"latents": random.standard_normal((n, self.latent_dim), "float32")}

    def generator_inputs(self, batch):
        """What the generator is given of a batch."""
        labels = batch.get("labels")
        return batch["latents"] if labels is None else [batch["latents"], labels]

    # Outside.

    def generate(
        self,
        n: int | None = None,
        seed: int | None = None,
        latents=None,
        labels=None,
        batch_size: int = 64,
        as_float: bool = False,
        verbose: bool | None = None,
    ):
        """New samples from the averaged generator.

        Latents come from NumPy, so one seed gives the same samples on every backend
        and for every batch size (to the rounding of float32, at most one grey level).

        Args:
            n: Number of samples, 0 or more. Defaults to the number of `latents`, or of
                `labels`, or 1.
            seed: Integer, or None for other samples every time.
            latents: Float array `(n, latent_dim)` to use in place of drawn ones.
            labels: For a model that takes them: a class as an integer or by its name, or
                attributes as a dict from names to values (0 for those left out) or as a
                vector; one for all samples, or a list of one each. By default drawn from
                the last 4,096 labels of training.
            batch_size: Samples on the device at a time.
            as_float: Return what the generator made: of images floats in [-1, 1], of sequences
                probabilities.
            verbose: Show a progress bar; by default if it takes longer than a second.

        Returns:
            What the modality gives: of images a uint8 array `(n, height, width, channels)` in
            [0, 255]; of sounds int16 `(n, length, channels)`; of sequences strings `(n,)`; else
            floats.

        Raises:
            ValueError: On a number that is no whole one or too small, `latents` of another
                shape or that are not finite, or a label that the model does not know.

        Example:

        ```python
        images = kerasgan.zoo.load("dcgan_celeba").generate(16, seed=0)
        ```
        """
        inputs = self.inputs_of(n, seed, latents, labels)
        return self.in_batches(inputs, batch_size, verbose, finish=self.finisher(as_float))

    def inputs_of(self, n=None, seed=None, latents=None, labels=None):
        """What `generate` hands to the generator: a list of latents and, of a model with, labels.

        Arguments as of `generate`.
        """
        check_whole(0, **{k: v for k, v in (("n", n), ("seed", seed)) if v is not None})
        if latents is not None:
            latents = self.checked("latents", latents, (n, self.latent_dim))
            n = len(latents)
        labels = self.label_rows(n, labels, seed)
        if labels is not None:
            n = len(labels)
        latents = self._latents(n, seed, latents)
        return [latents] if labels is None else [latents, labels]

    def in_batches(self, inputs, batch_size=64, verbose=False, network=None, finish=None):
        """What a network, by default the generator, makes of arrays, a batch at a time.

        Args:
            inputs: List of arrays of one length, one an input.
            batch_size, verbose: As of `generate`.
            network: A part of the generator.
            finish: Function of what it makes of a batch, which is kept of it.
        """
        check_whole(1, batch_size=batch_size)
        made = self.sample_shape if network is None else network.output_shape[1:]
        finish = finish or (lambda made: made)
        options = {} if network is None else {"network": network}
        parts = [finish(np.empty((0, *made), "float32"))]
        bar = _SlowProgress(len(inputs[0]), verbose)
        for start in range(0, len(inputs[0]), batch_size):
            given = [array[start : start + batch_size] for array in inputs]
            real = len(given[0])
            # Every batch after the first has its size: one shape, one compilation.
            size = batch_size if start else backend.padded_size(real, batch_size)
            given = [np.pad(a, [(0, size - real)] + [(0, 0)] * (a.ndim - 1)) for a in given]
            made = self.run(given if len(given) > 1 else given[0], **options)
            parts.append(finish(made[:real]))
            bar.update(start + real)
        return np.concatenate(parts) if len(parts) != 2 else parts[1]

    def finisher(self, as_float):
        """The function that makes of what the generator made what `generate` returns."""
        return (lambda made: made) if as_float else self.modality.to_user

    def label_rows(self, n, labels, seed):
        """Label vectors of `n` samples; None, for `engine/labels.py` has what a model with does."""
        if labels is not None:
            raise ValueError(f"This {type(self).__name__} takes no labels. Received: {labels!r}")

    def grid_labels(self, n):
        """Labels of a grid of `n` samples, as `generate` takes them."""

    def _latents(self, n, seed, latents):
        if latents is None:
            shape = (1 if n is None else int(n), self.latent_dim)
            return np.random.default_rng(seed).standard_normal(shape, "float32")
        if seed is not None:
            raise ValueError("Pass seed or latents, not both.")
        return latents

    def checked(self, name, values, shape):
        """Latents as float32, whatever they were given as; None in `shape` is any number."""
        try:
            given = ops.convert_to_numpy(values) if ops.is_tensor(values) else np.asarray(values)
            if given.dtype.kind in "cSU":
                raise TypeError
            given = given.astype("float32")
        except (TypeError, ValueError):
            raise ValueError(
                f"{name} must be numbers of shape {_told(shape)}. Received: {described(values)}"
            ) from None
        sides = zip(shape, given.shape)
        if given.ndim != len(shape) or any(side not in (None, own) for side, own in sides):
            hint = f". For one sample pass {name}[None]" if given.shape == shape[1:] else ""
            raise ValueError(
                f"{name} must have shape {_told(shape)}. Received: {given.shape}{hint}"
            )
        if not np.isfinite(given).all():
            raise ValueError(f"{name} must be finite. Received: NaN or infinite values")
        return given

    def interpolate(self, start, end, steps: int = 8, **kwargs):
        """Samples on the way from one latent to another, spherically.

        Latents of many dimensions lie near a sphere; a straight line would cut through
        its empty middle (White 2016, arXiv:1609.04468).

        Args:
            start, end: A latent `(latent_dim,)` each, or integer seeds of one.
            steps: Number of samples, both ends included; at least 2.
            **kwargs: As in `generate`. Labels that are not given are drawn once.

        Returns:
            What `generate` returns, `(steps, …)`.

        Example:

        ```python
        images = model.interpolate(1, 2, steps=10)
        ```
        """
        check_whole(2, steps=steps)
        a, b = (self.end(name, given) for name, given in (("start", start), ("end", end)))
        latents = between(a, b, np.linspace(0.0, 1.0, steps, dtype="float32")[:, None])
        if kwargs.get("labels") is None and "labels" in self.takes:
            kwargs["labels"] = self.label_rows(1, None, None)
        return self.generate(latents=latents, **kwargs)

    def end(self, name, given):
        """A latent that is given, or drawn from an integer seed."""
        if np.ndim(given) == 0:
            check_whole(0, **{name: given})
            return self._latents(1, given, None)[0]
        return self.checked(name, given, (self.latent_dim,))

    # What callbacks, reports and the zoo ask for.

    def preview(self, n=64, seed=0, batch=None):
        labels = self.grid_labels(n)
        return self.modality.preview(self.generate(n, seed=seed, labels=labels, verbose=False))

    def samples(self, n, seed=0, batch=None):
        return self.generate(n, seed=seed, verbose=False)

    def card_fields(self):
        return {"samples": [int(n) for n in self.sample_shape], "latent_dim": self.latent_dim}

    def reference_inputs(self, n):
        latents = np.random.default_rng(0).standard_normal((n, self.latent_dim), "float32")
        labels = self.label_rows(n, self.grid_labels(n), 0)
        return {"latents": latents} | ({} if labels is None else {"labels": labels})


def between(a, b, t):
    """Latents on the way from `a` to `b`, at places `t` `(steps, 1)` in [0, 1], on a sphere."""
    cosine = a @ b / (np.linalg.norm(a) * np.linalg.norm(b) + 1e-12)
    angle = np.arccos(np.clip(cosine, -1.0, 1.0))
    if np.sin(angle) < 1e-6:
        return (1 - t) * a + t * b
    return (np.sin((1 - t) * angle) * a + np.sin(t * angle) * b) / np.sin(angle)


def _told(shape):
    """A shape in words, None as `n`."""
    return str(shape).replace("None", "n")


class _SlowProgress:
    """A progress bar that appears once the work has taken a second."""

    def __init__(self, total, verbose):
        self.total, self.verbose = total, verbose
        self.start, self.bar = time.monotonic(), None

    def update(self, done):
        slow = time.monotonic() - self.start > 1.0 and done < self.total
        if self.bar is None and (self.verbose or (self.verbose is None and slow)):
            self.bar = keras.utils.Progbar(self.total)
        if self.bar is not None:
            self.bar.update(done)
