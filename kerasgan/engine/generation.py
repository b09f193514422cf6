"""Samples from a trained generator: `generate` and `interpolate`."""

import time

import keras
import numpy as np

from kerasgan.engine import backend
from kerasgan.engine.data import to_uint8


class GeneratesSamples:
    """What a model with an `averaged_generator` gives its users."""

    takes_labels = False

    def generate(
        self,
        n=None,
        seed=None,
        latents=None,
        labels=None,
        batch_size=64,
        as_float=False,
        verbose=None,
    ):
        """New samples from the averaged generator.

        Latents come from NumPy, so one seed gives the same pictures on every backend
        and for every batch size (to the rounding of float32, at most one grey level).

        Args:
            n: Number of samples, 0 or more. Defaults to the number of `latents`, or of
                `labels`, or 1.
            seed: Integer, or None for other pictures every time.
            latents: Float array `(n, latent_dim)` to use in place of drawn ones.
            labels: For a model that takes them: a class as an integer or by its name, or
                attributes as a dict from names to values (0 for those left out) or as a
                vector; one for all samples, or a list of one each. By default drawn from
                the last 4,096 labels of training.
            batch_size: Samples on the device at a time.
            as_float: Return floats in [-1, 1] in place of uint8 in [0, 255].
            verbose: Show a progress bar; by default if it takes longer than a second.

        Returns:
            NumPy array `(n, height, width, channels)`, uint8 in [0, 255]; floats if
            `as_float`, or if the samples are not images.

        Raises:
            ValueError: On a negative `n`, `latents` of another shape, or a label that the
                model does not know.

        Example:

        ```python
        images = kerasgan.zoo.load("dcgan_celeba").generate(16, seed=0)
        ```
        """
        backend.sync_state(self)
        if latents is not None:
            latents = np.atleast_1d(np.asarray(latents, "float32"))
            n = len(latents) if n is None else n
        if n is not None and (n < 0 or n != int(n)):
            raise ValueError(f"n must be a whole number, 0 or more. Received: n={n}")
        labels = self.label_rows(n, labels, seed)
        if labels is not None:
            n = len(labels)
        latents = self._latents(n, seed, latents)
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1. Received: {batch_size}")
        is_image = len(self.sample_shape) == 3
        as_float = as_float or not is_image
        samples = np.empty((len(latents), *self.sample_shape), "float32" if as_float else "uint8")
        bar = _SlowProgress(len(latents), verbose)
        for start in range(0, len(latents), batch_size):
            inputs = [a[start : start + batch_size] for a in (latents, labels) if a is not None]
            real = len(inputs[0])
            if start:
                # Every batch after the first has its size: one shape, one compilation.
                inputs = [np.pad(a, ((0, batch_size - real), (0, 0))) for a in inputs]
            values = self._generate_batch(*inputs)[:real]
            samples[start : start + real] = values if as_float else to_uint8(values)
            bar.update(start + real)
        return samples

    def _generate_batch(self, latents, *labels):
        inputs = [latents, *labels] if labels else latents
        return self.averaged_generator.predict_on_batch(inputs).astype("float32")

    def label_rows(self, n, labels, seed):
        """None: `engine/labels.py` has what a model with labels does."""
        if labels is not None:
            raise ValueError(f"This {type(self).__name__} takes no labels. Received: {labels!r}")

    def grid_labels(self, n):
        """Labels of a grid of `n` samples, as `generate` takes them."""

    # What an entry of the zoo holds.

    def card_fields(self):
        """What the card says of the samples."""
        return {"samples": [int(n) for n in self.sample_shape], "latent_dim": self.latent_dim}

    def reference_inputs(self, n):
        """Arguments of `generate` whose result is kept to check the weights by."""
        latents = np.random.default_rng(0).standard_normal((n, self.latent_dim), "float32")
        labels = self.label_rows(n, self.grid_labels(n), 0)
        return {"latents": latents} | ({} if labels is None else {"labels": labels})

    def sample_images(self):
        """Images to show, uint8 `(n, height, width, channels)`, or None."""
        if len(self.sample_shape) == 3 and self.sample_shape[-1] in (1, 3, 4):
            return self.generate(64, seed=0, labels=self.grid_labels(64))
        return None

    def _latents(self, n, seed, latents):
        if latents is None:
            shape = (1 if n is None else int(n), self.latent_dim)
            return np.random.default_rng(seed).standard_normal(shape, "float32")
        if latents.shape != (n, self.latent_dim):
            raise ValueError(
                f"latents must have shape ({n}, {self.latent_dim}). Received: {latents.shape}"
            )
        if seed is not None:
            raise ValueError("Pass seed or latents, not both.")
        return latents

    def interpolate(self, start, end, steps=8, **kwargs):
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
        if steps < 2:
            raise ValueError(f"steps must be at least 2. Received: steps={steps}")
        a, b = (
            self._latents(1, end_, None)[0]
            if isinstance(end_, (int, np.integer))
            else self._latents(1, None, np.asarray(end_, "float32")[None])[0]
            for end_ in (start, end)
        )
        cosine = a @ b / (np.linalg.norm(a) * np.linalg.norm(b) + 1e-12)
        angle = np.arccos(np.clip(cosine, -1.0, 1.0))
        t = np.linspace(0.0, 1.0, steps, dtype="float32")[:, None]
        if np.sin(angle) < 1e-6:
            latents = (1 - t) * a + t * b
        else:
            latents = (np.sin((1 - t) * angle) * a + np.sin(t * angle) * b) / np.sin(angle)
        if kwargs.get("labels") is None and self.takes_labels:
            kwargs["labels"] = self.label_rows(1, None, None)
        return self.generate(latents=latents, **kwargs)


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
