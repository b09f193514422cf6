"""How like real series synthetic ones are, and how useful: the protocol of Yoon et al. 2019."""

import keras
import numpy as np
from keras import layers

from kerasgan.modalities import Series

BATCH = 128


class SeriesQuality:
    """Figures of synthetic series beside real ones.

    Networks that judge see every variable scaled by the range of the real ones, and whether it is
    known where some are missing.

    Args:
        series: The `kerasgan.modalities.Series`, which says what the variables are.
        real: Array `(n, length, variables)`, NaN where a value is missing, of 10 series or more.
        synthetic: As many or other series that a model made, of the same length.

    Raises:
        ValueError: If the arrays do not fit the series or one another, or are of fewer.

    Example:

    ```python
    quality = kerasgan.metrics.SeriesQuality(model.modality, windows, model.generate(3000))
    print(quality.discriminative_score(), quality.predictive_score())
    ```
    """

    def __init__(self, series: Series, real, synthetic):
        self.series = series
        scaled = []
        for name, values in (("real", real), ("synthetic", synthetic)):
            series.check(values, name, (None, series.channels))
            if len(values) < 10:
                raise ValueError(f"{name} must hold 10 series or more. Received: {len(values)}")
            scaled.append(keras.ops.convert_to_numpy(series.to_network(values)))
        if scaled[0].shape[1:] != scaled[1].shape[1:]:
            raise ValueError(
                "real and synthetic must be of one length. Received: "
                f"{scaled[0].shape[1]} and {scaled[1].shape[1]}"
            )
        low, high = (f(scaled[0], axis=(0, 1)) for f in (np.min, np.max))
        width = np.where(high > low, high - low, 1.0)
        self.real, self.synthetic = (((x - low) / width).astype("float32") for x in scaled)

    def discriminative_score(self, seed: int = 0, steps: int = 2000) -> float:
        """How well a recurrent classifier tells synthetic series from real ones: |accuracy - ½|.

        It learns on four fifths of both and is asked about the others, as many of both: 0 is
        chance, 0.5 always right.

        Args:
            seed: Integer, of the classifier, of what it is trained on and of what it is asked.
            steps: Of its training; the paper's by default.
        """
        random = np.random.default_rng(seed)
        n = min(len(self.real), len(self.synthetic))
        parts = [x[random.permutation(len(x))[:n]] for x in (self.real, self.synthetic)]
        seen = n * 4 // 5
        known, asked = (np.concatenate(p) for p in zip(*((x[:seen], x[seen:]) for x in parts)))
        labels = np.repeat([1.0, 0.0], seen).astype("float32")
        network = _network(known.shape, False, None, seed)
        loss = keras.losses.BinaryCrossentropy(from_logits=True)
        network.compile(keras.optimizers.Adam(1e-3), loss)
        network.fit(_Drawn(known, labels, 2 * BATCH, steps, seed), **_ONCE)
        said = network.predict(asked, batch_size=1024, verbose=0)[:, 0] > 0
        return abs(float(np.mean(said == np.repeat([True, False], n - seen))) - 0.5)

    def predictive_score(self, seed: int = 0, steps: int = 5000, of_real: bool = False) -> float:
        """The mean absolute error of the last variable a step ahead, on the real series.

        A recurrent network learns from synthetic series to say it by the other variables so far;
        where there is one variable, by its own values. The error is in parts of the range of the
        real values.

        Args:
            seed: Integer, of the network and of what it is trained on.
            steps: Of its training; the paper's by default.
            of_real: Whether it learns from the real series: the score that can be had.
        """
        last = len(self.series.names) - 1
        rest = [i for i in range(self.real.shape[2]) if i != last] or [last]
        given = self.real if of_real else self.synthetic
        network = _network((*given.shape[:2], len(rest)), True, "sigmoid", seed)
        network.compile(keras.optimizers.Adam(1e-3), "mean_absolute_error")
        inputs, targets = given[:, :-1, rest], given[:, 1:, last : last + 1]
        network.fit(_Drawn(inputs, targets, BATCH, steps, seed), **_ONCE)
        said = network.predict(self.real[:, :-1, rest], batch_size=1024, verbose=0)
        return float(np.mean(np.abs(said - self.real[:, 1:, last : last + 1])))

    def autocorrelations(self):
        """Of the real and of the synthetic series, `(lags, variables)` each, from lag 0 on.

        The mean over series of the correlation of a series, less its mean, with itself later on.
        """
        return tuple(_autocorrelation(x[..., : len(self.series.names)]) for x in self._both())

    def spectra(self):
        """Of the real and of the synthetic series, `(frequencies, variables)`, of sum 1 each.

        The mean power of each frequency but 0, in steps of one wave a window.
        """
        return tuple(_spectrum(x[..., : len(self.series.names)]) for x in self._both())

    def _both(self):
        return self.real, self.synthetic

    def differences(self):
        """How far autocorrelations and spectra are apart, 0 for the same: dict of two floats.

        `autocorrelation_difference` is the mean absolute difference over lags and variables,
        `spectrum_difference` the share of the power, mean over variables, that is elsewhere.
        """
        apart = [np.abs(one - other) for one, other in (self.autocorrelations(), self.spectra())]
        return {
            "autocorrelation_difference": float(apart[0][1:].mean()),
            "spectrum_difference": float(apart[1].sum(axis=0).mean() / 2),
        }


def _autocorrelation(series):
    moved = series - series.mean(axis=1, keepdims=True)
    length = moved.shape[1]
    power = np.abs(np.fft.rfft(moved, 2 * length, axis=1)) ** 2
    found = np.fft.irfft(power, 2 * length, axis=1)[:, :length]
    return (found / np.maximum(found[:, :1], 1e-12)).mean(axis=0)


def _spectrum(series):
    power = (np.abs(np.fft.rfft(series, axis=1)[:, 1:]) ** 2).mean(axis=0)
    return power / np.maximum(power.sum(axis=0), 1e-12)


def _network(shape, at_every_step, activation, seed):
    """A GRU of half as many units as there are channels, and one value of it."""
    units = max(1, shape[2] // 2)
    options = {
        "kernel_initializer": keras.initializers.GlorotUniform(seed),
        "recurrent_initializer": keras.initializers.Orthogonal(seed=seed),
    }
    start = {"kernel_initializer": keras.initializers.GlorotUniform(seed)}
    return keras.Sequential(
        [
            keras.Input((None, shape[2])),
            layers.GRU(units, return_sequences=at_every_step, **options),
            layers.Dense(1, activation, dtype="float32", **start),
        ]
    )


_ONCE = {"epochs": 1, "verbose": 0, "shuffle": False}


class _Drawn(keras.utils.PyDataset):
    """Batches drawn anew for every step, the same for one seed."""

    def __init__(self, inputs, targets, size, steps, seed):
        super().__init__()
        self.inputs, self.targets = inputs, targets
        self.size, self.steps, self.seed = size, steps, seed

    def __len__(self):
        return self.steps

    def __getitem__(self, index):
        random = np.random.default_rng([self.seed, index])
        drawn = random.integers(len(self.inputs), size=self.size)
        return self.inputs[drawn], self.targets[drawn]
