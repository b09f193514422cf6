"""Photographs that do not train, enlarged after every epoch."""

from pathlib import Path

import keras
import numpy as np
from PIL import Image

from kerasgan.grid import make_grid, write_image
from kerasgan.metrics import peak_signal_to_noise_ratio


class HeldOutPhotographs(keras.callbacks.Callback):
    """Measure and show super-resolution of photographs that are held out of training.

    After every epoch the log gets `held_out_psnr`, the mean peak signal-to-noise ratio in dB
    of luminance without a border of `scale` pixels, as the papers measure it. A picture shows
    the centre of the first four: bicubic, enlarged, original.

    Args:
        photographs: List of uint8 arrays `(height, width, 3)`; sides that are no multiple of
            the scale are cut.
        shrink: Function `shrink(photograph, scale)` to the small photograph.
        folder: Where `epoch_0001.png`, … go.

    Example:

    ```python
    held_out = HeldOutPhotographs(photographs, kerasgan.datasets.shrink, "grids")
    model.fit("photographs", epochs=10, callbacks=[held_out])
    ```
    """

    SHOWN = 160

    def __init__(self, photographs, shrink, folder):
        super().__init__()
        self.photographs = photographs
        self.shrink = shrink
        self.folder = Path(folder)

    def on_epoch_end(self, epoch, logs=None):
        logs["held_out_psnr"], picture = self.measure()
        write_image(self.folder / f"epoch_{epoch + 1:04d}.png", picture)

    def measure(self):
        """The mean ratio in dB, and the picture."""
        scale, values, shown = self.model.scale, [], []
        for photograph in self.photographs:
            height, width = (side // scale * scale for side in photograph.shape[:2])
            real = photograph[:height, :width]
            small = np.asarray(self.shrink(real, scale))
            made = self.model.generate(small[None])[0]
            values.append(peak_signal_to_noise_ratio(real, made, luminance=True, border=scale))
            if len(shown) < 12:
                bicubic = Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)
                shown += [self._centre(image) for image in (np.asarray(bicubic), made, real)]
        return float(np.mean(values)), make_grid(np.stack(shown), columns=3)

    def _centre(self, image):
        side = self.SHOWN
        top, left = (max(0, (length - side) // 2) for length in image.shape[:2])
        cut = image[top : top + side, left : left + side]
        full = np.zeros((side, side, 3), "uint8")
        full[: cut.shape[0], : cut.shape[1]] = cut
        return full
