"""Networks for bars of several tracks, Dong et al. 2018 (arXiv:1709.06298)."""

import math

import keras
from keras import layers

from kerasgan.layers import Conv2D, Conv2DTranspose, StraightThrough, UpSampling2D
from kerasgan.networks import options
from kerasgan.networks.builder import builder

OCTAVE = 12


@builder
def musegan(
    roll_shape: tuple[int, int, int, int] = (4, 16, 48, 4),
    latent_dim: int = 32,
    width: int = 64,
    monophonic: bool = False,
):
    """The generator and the critic of MuseGAN's hybrid model, in two dimensions.

    A latent has two parts that all tracks share, for the whole sample and for its bars, and two of
    each track; of those for bars a temporal network makes a code a bar. A network that all tracks
    share makes beats of what they share, and one of each track makes steps of these and of its
    own. As in Dong and Yang 2018 (arXiv:1804.09399) the generator decides what sounds in training
    too, by `StraightThrough`, and the critic hears three streams: pitches, pitch classes, and
    where notes begin and end. Of neither paper is that beats, half beats, … each add to what
    their steps play, so that notes are held.

    Args:
        roll_shape: `(bars, steps, pitches, tracks)`, pitches a multiple of 12.
        latent_dim: Length of each part of the latent; the whole has `latent_dim * (2 + 2 *
            tracks)` numbers.
        width: Channels of a step; twice as many of a beat and of a bar.
        monophonic: Whether a track plays one note at a time: its pitches are then the
            probabilities of one choice, silence among it, in place of one for each.

    Returns:
        `(generator, critic)`: the generator from latents to rolls `(batch, bars, steps, pitches,
        tracks)` in [-1, 1], the critic from these to logits `(batch, 1)`.

    Raises:
        ValueError: If the pitches are no whole octaves, or on a number below 1.

    Example:

    ```python
    generator, critic = kerasgan.networks.musegan((4, 16, 48, 4), monophonic=True)
    ```
    """
    bars, steps, pitches, tracks = roll_shape
    if pitches % OCTAVE:
        raise ValueError(
            f"roll_shape must be (bars, steps, pitches, tracks), pitches a multiple of {OCTAVE}. "
            f"Received: roll_shape={roll_shape}"
        )
    strides = _prime_factors(steps)
    generator = _generator(roll_shape, latent_dim, width, monophonic, strides)
    return generator, _critic(roll_shape, width, strides)


def _generator(roll_shape, latent_dim, width, monophonic, strides):
    bars, _, pitches, tracks = roll_shape
    inputs = keras.Input((latent_dim * (2 + 2 * tracks),))
    parts = layers.Reshape((2 + 2 * tracks, latent_dim))(inputs)

    def codes(place):
        """A code a bar, of two parts of the latent: the first the same in all."""
        both = layers.Cropping1D((place, 2 * tracks - place))(parts)
        whole = layers.Flatten()(layers.Cropping1D((0, 1))(both))
        each = layers.Flatten()(layers.Cropping1D((1, 0))(both))
        each = layers.ReLU()(layers.Dense(2 * width)(each))
        each = layers.Reshape((bars, latent_dim))(layers.Dense(bars * latent_dim)(each))
        x = layers.Concatenate()([layers.RepeatVector(bars)(whole), each])
        # Images one column wide: their convolutions are the fast ones of every backend.
        return layers.Reshape((bars, 1, 2 * latent_dim))(x)

    half = len(strides) // 2
    beats = math.prod(strides[:half])
    shared = codes(0)
    for stride in strides[:half]:
        shared = _normalized(Conv2DTranspose(2 * width, (stride, 1), (stride, 1)), shared)
    # Bars hear one another here.
    shared = _normalized(Conv2D(2 * width, (3, 1), 1, "same"), shared)
    made = []
    for track in range(tracks):
        own = UpSampling2D((beats, 1))(codes(2 + 2 * track))
        x = layers.Concatenate()([shared, own])
        x = _normalized(Conv2D(2 * width, (3, 1), 1, "same"), x)
        # What a beat says holds at its steps, unless these say otherwise: notes are held.
        logits = Conv2D(pitches + monophonic, 1)(x)
        for stride in strides[half:]:
            x = _normalized(Conv2DTranspose(width, (stride, 1), (stride, 1)), x)
            longer = UpSampling2D((stride, 1))(logits)
            logits = layers.Add()([longer, Conv2D(pitches + monophonic, 1)(x)])
        made.append(logits)
    x = layers.Concatenate(axis=2)(made) if tracks > 1 else made[0]
    if monophonic:
        x = layers.Softmax(dtype="float32")(x)
        x = StraightThrough(axis=-1, dtype="float32")(x)
        # Silence was the last.
        x = layers.Cropping2D(((0, 0), (0, 1)))(layers.Permute((1, 3, 2))(x))
    else:
        x = StraightThrough(dtype="float32")(layers.Activation("sigmoid", dtype="float32")(x))
        x = layers.Permute((1, 3, 2))(x)
    x = layers.Reshape(roll_shape)(layers.Rescaling(2.0, -1.0, dtype="float32")(x))
    return keras.Model(inputs, x, name="generator")


def _normalized(layer, x):
    return layers.ReLU()(options.normalize(layer(x), "batch"))


def _critic(roll_shape, width, strides):
    bars, steps, pitches, tracks = roll_shape
    octaves = pitches // OCTAVE
    inputs = keras.Input(roll_shape)
    rolls = layers.Reshape((bars * steps, pitches, tracks))(inputs)
    before = layers.Cropping2D(((0, 1), (0, 0)))(layers.ZeroPadding2D(((1, 0), (0, 0)))(rolls))
    changes = layers.Subtract()([rolls, before])
    classes = layers.Reshape((bars * steps, octaves, OCTAVE * tracks))(rolls)
    classes = layers.AveragePooling2D((1, octaves))(classes)
    heard = [_down(classes, width, 1)]
    for stream in (rolls, changes):
        stream = _down(stream, width, (1, OCTAVE))
        heard.append(_down(stream, width, (1, octaves)))
    x = layers.Concatenate()(heard)
    for i, stride in enumerate(reversed(strides)):
        filters = width if i < len(strides) // 2 else 2 * width
        x = layers.LeakyReLU(0.2)(Conv2D(filters, (2 * stride, 1), (stride, 1), "same")(x))
    x = layers.LeakyReLU(0.2)(layers.Dense(2 * width)(layers.Flatten()(x)))
    return keras.Model(inputs, layers.Dense(1, dtype="float32")(x), name="discriminator")


def _down(x, filters, stride):
    return layers.LeakyReLU(0.2)(Conv2D(filters, stride, stride, "same")(x))


def _prime_factors(n):
    found, factor = [], 2
    while n > 1:
        while n % factor == 0:
            found.append(factor)
            n //= factor
        factor += 1
    return found
