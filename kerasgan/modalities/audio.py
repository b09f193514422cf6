"""Sounds of one length."""

import wave

import numpy as np
from keras import ops

from kerasgan.engine.registry import register
from kerasgan.files import write_whole
from kerasgan.marks import wav, xmp
from kerasgan.marks.manifest import sign
from kerasgan.modalities.images import make_grid
from kerasgan.modalities.modality import Modality

FRAME = 256


@register
class Audio(Modality):
    """Waveforms `(batch, length, channels)`, int16 or floats in [-1, 1].

    Args:
        sample_rate: Samples a second.

    Example:

    ```python
    model = kerasgan.models.GAN(
        generator, discriminator, modality=kerasgan.modalities.Audio(sample_rate=8000)
    )
    model.fit(clips)  # int16, (n, length, 1)
    ```
    """

    accepted = "int16 or float in [-1, 1]"
    integers = ("int16",)
    limit = 1.0
    suffixes = (".wav", ".npz")

    def __init__(self, sample_rate: int = 16_000):
        if sample_rate < 1:
            raise ValueError(f"sample_rate must be at least 1. Received: {sample_rate}")
        self.sample_rate = sample_rate

    def to_network(self, batch):
        batch = ops.convert_to_tensor(batch)
        is_pcm = "int16" in str(batch.dtype)
        batch = super().to_network(batch)
        return batch / 32768.0 if is_pcm else batch

    def to_user(self, values):
        return np.clip(np.rint(values * 32768.0), -32768, 32767).astype("int16")

    def preview(self, samples):
        """A grid of spectrograms in decibels, low tones at the bottom; black is silence."""
        shown = []
        for clip in samples[:, :, 0].astype("float64"):
            clip = np.pad(clip, (0, max(0, FRAME - len(clip))))
            frames = np.lib.stride_tricks.sliding_window_view(clip, FRAME)[:: FRAME // 4]
            power = np.abs(np.fft.rfft(frames * np.hanning(FRAME))).T[::-1] ** 2
            decibels = 10 * np.log10(np.maximum(power / max(power.max(), 1e-12), 1e-6))
            shown.append(np.rint((decibels + 60.0) / 60.0 * 255).astype("uint8"))
        # A line of white between two of them.
        return make_grid(np.pad(shown, ((0, 0), (0, 1), (0, 1)), constant_values=255)[..., None])

    def write(self, samples, path):
        """A `.wav` file of all samples, one after another, or an `.npz` array."""
        if path.suffix.lower() != ".wav":
            super().write(samples, path)
            return

        def save(temporary):
            # Through a file object: the module would not close a file that fills the disk.
            with open(temporary, "wb") as file, wave.open(file, "wb") as sound:
                sound.setnchannels(samples.shape[2])
                sound.setsampwidth(2)
                sound.setframerate(self.sample_rate)
                sound.writeframes(samples.astype("<i2").tobytes())
            if packet := xmp.marked():
                wav.add_xmp(temporary, packet)
            sign(temporary)

        write_whole(path, save)

    def get_config(self):
        return {"sample_rate": self.sample_rate}
