"""Music as piano rolls: which pitches sound at which steps."""

import keras
import numpy as np
from keras import ops

from kerasgan.engine.registry import register
from kerasgan.files import write_whole
from kerasgan.modalities import midi
from kerasgan.modalities.images import make_grid
from kerasgan.modalities.modality import Modality, count_of_others

# Of the tracks in turn, as they are drawn; and what begins a bar.
COLOURS = ((200, 40, 40), (230, 150, 20), (40, 140, 60), (40, 80, 200), (130, 60, 160))
PAPER, LINE = 255, 225
SCALE = 2


@register
class Music(Modality):
    """Piano rolls `(batch, bars, steps, pitches, tracks)`: 1 where a pitch sounds, else 0.

    A pitch that sounds at two steps running is one note, held: a roll does not tell it from one
    struck twice. Networks see 1 where it sounds and -1 elsewhere.

    Args:
        lowest: The lowest pitch, by its MIDI number, 0 to 127: 60 is the C in the middle.
        steps_per_beat: Steps of a quarter note.

    Example:

    ```python
    model = kerasgan.models.MuseGAN(
        generator, critic, modality=kerasgan.modalities.Music(lowest=36)
    )
    model.fit(rolls)  # uint8, (n, 4, 16, 48, 4)
    ```
    """

    accepted = "bool, 0 and 1 as uint8, or floats in [-1, 1], above 0 where a pitch sounds"
    integers = ("bool", "uint8")
    limit = 1.0
    suffixes = (".mid", ".npz")
    stored_as = "rolls"

    def __init__(self, lowest: int = 36, steps_per_beat: int = 4):
        if not 0 <= lowest <= 127:
            raise ValueError(f"lowest must be in [0, 127]. Received: {lowest}")
        if steps_per_beat < 1:
            raise ValueError(f"steps_per_beat must be at least 1. Received: {steps_per_beat}")
        self.lowest = lowest
        self.steps_per_beat = steps_per_beat

    def check(self, batch, where="x", shape=None):
        super().check(batch, where, shape)
        if "uint8" in str(batch.dtype) and int(ops.convert_to_numpy(self.wrong(batch))):
            raise ValueError(
                f"{self.expected(shape)} Received in {where}: uint8 above 1. Of how loud notes "
                "are give rolls > 0."
            )

    def wrong(self, batch):
        batch = ops.convert_to_tensor(batch)
        if keras.backend.standardize_dtype(batch.dtype) == "uint8":
            return count_of_others(batch < 2)
        return super().wrong(batch)

    def to_network(self, batch):
        batch = ops.convert_to_tensor(batch)
        is_float = keras.backend.is_float_dtype(keras.backend.standardize_dtype(batch.dtype))
        batch = super().to_network(batch)
        return batch if is_float else 2.0 * batch - 1.0

    def to_user(self, values):
        return (values > 0).astype("uint8")

    def preview(self, samples):
        """A grid of rolls, high pitches at the top, a colour a track, a line before each bar."""
        n, bars, steps, pitches, tracks = samples.shape
        shown = np.full((n, bars, steps + 1, pitches, 3), PAPER, "uint8")
        shown[:, :, 0] = LINE
        for track in range(tracks):
            sounds = samples[..., track] > 0
            shown[:, :, 1:][sounds] = COLOURS[track % len(COLOURS)]
        shown = shown.reshape(n, bars * (steps + 1), pitches, 3).swapaxes(1, 2)[:, ::-1]
        shown = shown.repeat(SCALE, axis=1).repeat(SCALE, axis=2)
        return make_grid(np.pad(shown, ((0, 0), (0, SCALE), (0, SCALE), (0, 0))))

    def write(self, samples, path):
        """A `.mid` file of all samples, one after another, a track each; or an `.npz` array."""
        if path.suffix.lower() != ".mid":
            super().write(samples, path)
            return
        n, bars, steps, pitches, tracks = samples.shape
        rolls = samples.reshape(n * bars * steps, pitches, tracks) > 0
        file = midi.file_of(rolls, self.lowest, self.steps_per_beat, steps)
        write_whole(path, file.save)

    def get_config(self):
        return {"lowest": self.lowest, "steps_per_beat": self.steps_per_beat}
