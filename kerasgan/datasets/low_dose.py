"""X-rays as a lower dose would have shown them."""

import math
import numbers

import numpy as np


class LowDose:
    """What fewer photons leave of an X-ray: blur of the detector, and noise of counting.

    A grey value v, from 0 to 1, stands for `p = absorption · v`, the line integral of the
    absorption along a ray, so that what absorbs is bright. By Beer and Lambert's law
    `photons · exp(-p)` of the photons sent to a pixel are expected to arrive; they are spread by a
    Gaussian, and counted: `N ~ Poisson(blur(photons · exp(-p)))`. Shown is `-log(N / photons)` as
    a grey value again. Where many arrive, the noise of p has a standard deviation of
    `exp(p / 2) / photons ** 0.5`: the brighter, the noisier.

    The image given is taken for one without noise. Scatter, noise of the electronics and the
    spectrum of the rays are left out. For slices of a CT, whose noise is that of projections, it
    is no model.

    Args:
        photons: Float, photons sent to a pixel, 1 or more; or `(low, high)`, between which each
            image's number is drawn, uniformly in its logarithm.
        absorption: Float, the line integral that white stands for, above 0.
        blur: Float, standard deviation of the Gaussian in pixels, 0 for none.

    Raises:
        ValueError: On an argument out of its range.

    Example:

    ```python
    degrade = kerasgan.datasets.LowDose(photons=100.0)
    noisy = degrade(scan, np.random.default_rng(0))
    ```

    Reference: Barrett and Swindell 1981, "Radiological Imaging", chapters 4 and 5.
    """

    def __init__(
        self,
        photons: float | tuple[float, float] = 200.0,
        absorption: float = 4.0,
        blur: float = 0.5,
    ):
        limits = photons if isinstance(photons, (tuple, list)) else (photons, photons)
        if len(limits) != 2 or not all(map(_is_finite, limits)) or not 1 <= limits[0] <= limits[1]:
            raise ValueError(
                "photons must be a number, 1 or more, or (low, high), two of them. "
                f"Received: photons={photons!r}"
            )
        if not _is_finite(absorption) or absorption <= 0:
            raise ValueError(
                f"absorption must be a number above 0. Received: absorption={absorption!r}"
            )
        if not _is_finite(blur) or blur < 0:
            raise ValueError(f"blur must be a number, 0 or more. Received: blur={blur!r}")
        self.photons, self.absorption, self.blur = photons, absorption, blur
        self._limits = limits

    def __call__(self, image, random):
        """One draw.

        Args:
            image: uint8 or uint16 `(height, width)` or `(height, width, channels)`.
            random: `numpy.random.Generator`.

        Returns:
            Array of the same dtype and shape.

        Raises:
            ValueError: On any other image.
        """
        image = np.asarray(image)
        if image.dtype not in ("uint8", "uint16") or image.ndim not in (2, 3) or not image.size:
            raise ValueError(
                "Expected uint8 or uint16 (height, width) or (height, width, channels). "
                f"Received: shape {image.shape}, dtype {image.dtype}"
            )
        white = np.iinfo(image.dtype).max
        arriving = _blurred(np.exp(-self.absorption * (image / white)), self.blur)
        photons = np.exp(random.uniform(*np.log(self._limits)))
        # A pixel that no photon reached says as much as one that a single photon reached.
        counts = np.maximum(random.poisson(photons * arriving), 1)
        grey = np.log(photons / counts) / self.absorption
        return np.rint(np.clip(grey, 0, 1) * white).astype(image.dtype)


def _is_finite(value):
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    return is_number and math.isfinite(value)


def _blurred(image, sigma):
    if sigma == 0:
        return image
    radius = math.ceil(4 * sigma)
    kernel = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    for axis in (0, 1):
        room = [(radius, radius) if i == axis else (0, 0) for i in range(image.ndim)]
        windows = np.lib.stride_tricks.sliding_window_view(
            np.pad(image, room, "symmetric"), len(kernel), axis
        )
        image = windows @ (kernel / kernel.sum())
    return image
