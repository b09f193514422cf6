"""What makes a photograph small and poor, for super-resolution to learn the way back.

A degradation is called as `degrade(patch, scale, random)`: uint8 `(height, width, 3)`, a whole
number and a `numpy.random.Generator`; it gives uint8 `(height // scale, width // scale, 3)`.
"""

import io

import numpy as np
from PIL import Image, ImageFilter

FILTERS = (Image.Resampling.BOX, Image.Resampling.BILINEAR, Image.Resampling.BICUBIC)


def modcrop(picture, scale):
    """A picture without what `scale` leaves over at its bottom and its right.

    Args:
        picture: Array `(height, width)` or `(height, width, channels)`, or a
            `PIL.Image.Image`.
        scale: Integer that height and width are to be multiples of.

    Returns:
        The picture, of the same kind.

    Raises:
        ValueError: If the picture is smaller than `scale`, or `scale` is no such number.

    Example:

    ```python
    real = modcrop(photograph, 4)
    low = shrink(photograph, 4)  # one pixel for each 4×4 of `real`
    ```
    """
    if not isinstance(scale, int) or scale < 1:
        raise ValueError(f"scale must be an integer, 1 or more. Received: scale={scale!r}")
    is_picture = isinstance(picture, Image.Image)
    height, width = picture.size[::-1] if is_picture else picture.shape[:2]
    if min(height, width) < scale:
        raise ValueError(
            f"A picture must have {scale} pixels a side or more to be shrunk {scale} times. "
            f"Received: height {height}, width {width}"
        )
    height, width = height - height % scale, width - width % scale
    return picture.crop((0, 0, width, height)) if is_picture else picture[:height, :width]


def shrink(picture, scale):
    """A picture `scale` times smaller, by the bicubic filter of the papers.

    It is the filter of MATLAB's `imresize` (a = -0.5, as much wider as the picture gets
    smaller), by which most papers on super-resolution make their low resolution. Sides that
    `scale` does not divide are cropped by `modcrop` first.

    Args:
        picture: uint8 array `(height, width)` or `(height, width, 3)`, or a
            `PIL.Image.Image` of mode "L" or "RGB".
        scale: Integer, 1 or more.

    Returns:
        The small picture, of the same kind.

    Raises:
        ValueError: On any other picture or scale.

    Example:

    ```python
    low = shrink(photograph, 4)
    ```
    """
    is_picture = isinstance(picture, Image.Image)
    if is_picture and picture.mode not in ("L", "RGB"):
        raise ValueError(
            'picture must have mode "L" or "RGB". Received: mode '
            f"{picture.mode!r}. Convert it: picture.convert('RGB')"
        )
    if not is_picture:
        picture = Image.fromarray(_checked(picture, grey=True))
    picture = modcrop(picture, scale)
    picture = picture.resize([side // scale for side in picture.size], Image.Resampling.BICUBIC)
    return picture if is_picture else np.array(picture)


def bicubic(patch, scale, random):
    """The degradation of most papers: `shrink`, and nothing drawn."""
    return shrink(patch, scale)


class PracticalDegradation:
    """What happens to pictures in practice: blur, resizing, noise and JPEG, each twice.

    A Gaussian blur, as wide in all directions or not; a resize by a filter drawn from area,
    bilinear and bicubic; Gaussian or Poisson noise, in colour or grey; JPEG. Then all of it
    once more, more gently, and the last size is reached before or after the second JPEG.

    Ranges and probabilities are the paper's and, for the resizes, those of its authors'
    training options. Left out are the sinc filters, and the generalised Gaussian and
    plateau-shaped kernels, so that Gaussian ones take their share. Pillow's filters are
    antialiased.

    Example:

    ```python
    photographs = kerasgan.datasets.load_photographs("photographs", degradation="practical")

    degrade = kerasgan.datasets.PracticalDegradation()
    low = degrade(photograph, 4, np.random.default_rng(0))
    ```

    Reference: Wang, Xie, Dong and Shan 2021, "Real-ESRGAN: Training Real-World Blind
    Super-Resolution with Pure Synthetic Data", arXiv:2107.10833.
    """

    def __call__(self, patch, scale, random):
        """One draw.

        Args:
            patch: uint8 `(height, width, 3)`.
            scale: Integer, 1 or more.
            random: `numpy.random.Generator`.

        Returns:
            uint8 `(height // scale, width // scale, 3)`.

        Raises:
            ValueError: On any other patch or scale.
        """
        image = modcrop(_checked(patch), scale)
        size = np.array(image.shape[:2])
        image = _blurred(image, (0.2, 3.0), random)
        image = _resized(image, size * _factor((0.2, 0.7), (0.15, 1.5), random), random)
        image = _with_noise(image, (1, 30), (0.05, 3.0), random)
        image = _jpeg(image, random)
        if random.random() < 0.8:
            image = _blurred(image, (0.2, 1.5), random)
        size = size // scale
        image = _resized(image, size * _factor((0.3, 0.4), (0.3, 1.2), random), random)
        image = _with_noise(image, (1, 25), (0.05, 2.5), random)
        if random.random() < 0.5:
            return _jpeg(_resized(image, size, random), random)
        return _resized(_jpeg(image, random), size, random)


class SharedDegradation:
    """What happens to pictures that are passed on: blur, resizing, JPEG, each in half of them.

    A Gaussian blur of a deviation of 0 to 3 pixels, and JPEG of a quality of 30 to 95, as in the
    paper's "Blur+JPEG (0.5)"; between the two a picture is shrunk down to half of its size, which
    is ours, and extended to the former size by reflection. What is to tell generated pictures
    from real ones learns not to rely on what this takes away.

    Example:

    ```python
    share = kerasgan.datasets.SharedDegradation()
    shared = share(photograph, 1, np.random.default_rng(0))
    ```

    Reference: Wang, Wang, Zhang, Owens and Efros 2020, "CNN-generated images are surprisingly
    easy to spot... for now", arXiv:1912.11035.
    """

    def __call__(self, patch, scale, random):
        """One draw; arguments and result as of `PracticalDegradation`."""
        image = shrink(_checked(patch), scale)
        height, width = image.shape[:2]
        if random.random() < 0.5:
            blur = ImageFilter.GaussianBlur(random.uniform(0.0, 3.0))
            image = np.asarray(Image.fromarray(image).filter(blur))
        if random.random() < 0.5:
            image = _resized(image, np.array([height, width]) * random.uniform(0.5, 1.0), random)
            missing = [(0, height - image.shape[0]), (0, width - image.shape[1]), (0, 0)]
            image = np.pad(image, missing, "symmetric")
        return _jpeg(image, random) if random.random() < 0.5 else image


DEGRADATIONS = {
    "bicubic": bicubic,
    "practical": PracticalDegradation(),
    "shared": SharedDegradation(),
}


def get(degradation):
    """The degradation of that name, or the callable itself."""
    if callable(degradation):
        return degradation
    if degradation not in [*DEGRADATIONS]:
        raise ValueError(
            f"degradation must be one of {', '.join(map(repr, DEGRADATIONS))}, or called as "
            f"degrade(patch, scale, random). Received: degradation={degradation!r}"
        )
    return DEGRADATIONS[degradation]


def _checked(image, grey=False):
    image = np.asarray(image)
    if image.dtype != np.uint8 or image.shape[2:] != (3,) and not (grey and image.ndim == 2):
        raise ValueError(
            f"Expected uint8 (height, width, 3){' or (height, width)' if grey else ''}. "
            f"Received: shape {image.shape}, dtype {image.dtype}"
        )
    return image


def _blurred(image, sigmas, random):
    radius = random.integers(3, 11)
    across, along = random.uniform(*sigmas, 2)
    if random.random() < 0.45 / 0.7:
        along = across
    angle = random.uniform(-np.pi, np.pi)
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    u, v = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    kernel = np.exp(-((u / across) ** 2 + (v / along) ** 2) / 2)
    kernel /= kernel.sum()
    channels = np.moveaxis(image.astype("float32"), -1, 0)
    padded = np.pad(channels, [(0, 0), (radius, radius), (radius, radius)], "reflect")
    size = padded.shape[1:]
    spectrum = np.fft.rfft2(padded) * np.fft.rfft2(kernel.astype("float32"), size)
    # What the transform carries over an edge lies in the rows and columns cut off.
    blurred = np.fft.irfft2(spectrum, size)[:, 2 * radius :, 2 * radius :]
    return _rounded(np.moveaxis(blurred, 0, -1))


def _factor(probabilities, limits, random):
    """How much larger: up and down with these probabilities, else not at all."""
    up, down = probabilities
    drawn = random.random()
    if drawn < up:
        return random.uniform(1.0, limits[1])
    return random.uniform(limits[0], 1.0) if drawn < up + down else 1.0


def _resized(image, size, random):
    height, width = (max(1, round(side)) for side in size)
    resampling = FILTERS[random.integers(len(FILTERS))]
    return np.asarray(Image.fromarray(image).resize((width, height), resampling))


def _with_noise(image, sigmas, strengths, random):
    grey = random.random() < 0.4
    light = image.mean(axis=2, keepdims=True) if grey else image.astype("float64")
    if random.random() < 0.5:
        noise = random.normal(0.0, random.uniform(*sigmas), light.shape)
    else:
        noise = (random.poisson(light) - light) * random.uniform(*strengths)
    return _rounded(image + noise)


def _jpeg(image, random):
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=int(random.integers(30, 96)))
    return np.asarray(Image.open(file))


def _rounded(image):
    return np.clip(np.rint(image), 0, 255).astype("uint8")
