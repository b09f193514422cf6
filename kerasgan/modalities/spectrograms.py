"""Sounds of one length, which networks see as log-magnitude spectrograms."""

import numpy as np
from keras import ops

from kerasgan.engine.registry import register
from kerasgan.modalities.audio import Audio

# Before the logarithm: silence has one too.
LEAST = 1e-6
# At how many deviations from its mean a bin is clipped, and how often phases are improved.
CLIPPED, ITERATIONS = 3.0, 16
FITTED = ("means", "deviations")


@register
class Spectrograms(Audio):
    """Waveforms `(batch, frames * hop, 1)` that networks see as images of SpecGAN.

    As Donahue et al. 2018 (arXiv:1802.04208) have it: the logarithm of the magnitudes of a
    short-time Fourier transform, each frequency with mean 0 and deviation 1 over the training data,
    clipped at three deviations and scaled to [-1, 1]; the highest frequency is left out. Back, of
    frequencies alone, phases are found by Griffin and Lim's algorithm (1984,
    doi:10.1109/TASSP.1984.1164317).

    Args:
        sample_rate: Samples a second.
        frame_length: Samples of a window, a power of 2.
        hop: Samples from a window to the next.
        frames: Windows of a sound.
        means, deviations: Lists of `frame_length / 2` floats, of the logarithms of the data;
            `kerasgan.datasets.load_spectrograms` measures them.

    Raises:
        ValueError: On numbers that do not fit.

    Example:

    ```python
    sounds = kerasgan.datasets.load_spectrograms("drums", frames=64, hop=128)
    modality = sounds.modalities["modality"]
    ```
    """

    def __init__(
        self,
        sample_rate: int = 16_000,
        frame_length: int = 256,
        hop: int = 128,
        frames: int = 128,
        means: list | None = None,
        deviations: list | None = None,
    ):
        super().__init__(sample_rate)
        if frame_length < 4 or frame_length & (frame_length - 1):
            raise ValueError(
                f"frame_length must be a power of 2, 4 or more. Received: {frame_length}"
            )
        # At its edges a window is 0: without overlap there is no way back.
        if not 0 < hop < frame_length or frames < 1:
            raise ValueError(
                "hop must be 1 or more and below frame_length, frames 1 or more. Received: "
                f"hop={hop}, frame_length={frame_length}, frames={frames}"
            )
        self.frame_length, self.hop, self.frames = frame_length, hop, frames
        self.bins = frame_length // 2
        self.means = np.zeros(self.bins) if means is None else np.asarray(means, "float64")
        self.deviations = (
            np.ones(self.bins) if deviations is None else np.asarray(deviations, "float64")
        )
        if not self.means.shape == self.deviations.shape == (self.bins,):
            raise ValueError(
                f"means and deviations must have {self.bins} numbers each, half of frame_length. "
                f"Received: {len(self.means)} and {len(self.deviations)}"
            )

    @property
    def length(self):
        """Samples of a sound."""
        return self.frames * self.hop

    @property
    def image_shape(self):
        """`(frequencies, frames, 1)`: what the networks see."""
        return (self.bins, self.frames, 1)

    def expected(self, shape=None):
        return super().expected((self.length, 1))

    def check(self, batch, where="x", shape=None):
        super().check(batch, where, (self.length, 1))

    def logarithms(self, waveforms):
        """Of floats `(batch, length)` the logarithms of magnitudes, `(batch, frames, bins)`."""
        real, imaginary = self._transform(waveforms)
        magnitudes = ops.sqrt(ops.square(real) + ops.square(imaginary))
        # Of one window more, which is centred at the end.
        return ops.log(magnitudes[:, : self.frames, : self.bins] + LEAST)

    def _transform(self, waveforms):
        return ops.stft(waveforms, self.frame_length, self.hop, self.frame_length)

    def to_network(self, batch):
        waveforms = super().to_network(batch)[..., 0]
        normal = (self.logarithms(waveforms) - self._of("means")) / self._of("deviations")
        images = ops.transpose(ops.clip(normal / CLIPPED, -1.0, 1.0), (0, 2, 1))
        return images[..., None]

    def _of(self, name):
        return ops.convert_to_tensor(getattr(self, name).astype("float32"))

    def to_user(self, values):
        normal = np.clip(values[..., 0].transpose(0, 2, 1), -1.0, 1.0) * CLIPPED
        magnitudes = np.exp(normal * self.deviations + self.means).astype("float32")
        padded = np.pad(magnitudes, ((0, 0), (0, 1), (0, 1)))
        made = [self._waveform(one) for one in padded]
        return super().to_user(np.stack(made)[..., None] if made else np.zeros((0, self.length, 1)))

    def _waveform(self, magnitudes):
        """Griffin and Lim: phases of the waveform whose magnitudes are nearest, again and again."""
        angles = np.random.default_rng(0).uniform(-np.pi, np.pi, magnitudes.shape)
        for _ in range(ITERATIONS):
            parts = (magnitudes * np.cos(angles), magnitudes * np.sin(angles))
            parts = tuple(part.astype("float32")[None] for part in parts)
            waveform = ops.istft(
                parts, self.frame_length, self.hop, self.frame_length, length=self.length
            )
            real, imaginary = map(ops.convert_to_numpy, self._transform(waveform))
            angles = np.arctan2(imaginary[0], real[0])
        return np.clip(ops.convert_to_numpy(waveform)[0], -1.0, 1.0)

    def get_config(self):
        sizes = {name: getattr(self, name) for name in ("frame_length", "hop", "frames")}
        fitted = {name: [float(f"{x:.6g}") for x in getattr(self, name)] for name in FITTED}
        return super().get_config() | sizes | fitted

    def __repr__(self):
        told = {k: v for k, v in self.get_config().items() if k not in FITTED}
        return f"Spectrograms({', '.join(f'{key}={value!r}' for key, value in told.items())})"
