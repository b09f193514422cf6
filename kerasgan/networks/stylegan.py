"""The networks of StyleGAN, Karras et al. 2018 (arXiv:1812.04948)."""

import keras
from keras import layers

from kerasgan.layers import (
    AdaptiveInstanceNormalization,
    BilinearUpsampling,
    Blur2D,
    EqualizedConv2D,
    EqualizedDense,
    LearnedConstant,
    MeanStyle,
    MinibatchDeviation,
    NoiseInput,
    PixelNormalization,
)
from kerasgan.networks import options
from kerasgan.networks.builder import builder

SIZES = (32, 64, 128, 256)
# What keeps the size of signals through a leaky ReLU.
GAIN = 2**0.5


@builder
def stylegan(
    image_shape: tuple[int, ...] = (64, 64, 3),
    latent_dim: int = 512,
    width: int = 256,
    max_width: int = 512,
    style_dim: int = 512,
    mapping_layers: int = 8,
    label_dim: int | None = None,
    conditioning: str = "projection",
):
    """The generator and the discriminator of StyleGAN, at one size.

    A mapping network turns the latent into a style. The synthesis starts from a learned constant;
    after each of its convolutions noise is added by learned strengths, and each channel is
    normalised and given a mean and a deviation that are linear in a style (AdaIN). Sizes change
    bilinearly, and layers have an equalised learning rate. The paper's networks grow with the
    size of the pictures (`progressive`); these are trained as a whole, as those of `stylegan2`.

    The generator's layers `"mapping"` and `"synthesis"` are models of their own, as `stylegan2`'s.
    Every size from 4 on has two styles.

    Args:
        image_shape: `(size, size, channels)`; size 32, 64, 128 or 256.
        latent_dim: Length of the latent.
        width: Channels next to the image; they double with every halving of the size. In the
            paper 256 at 64 pixels and 64 at 256.
        max_width: Up to this.
        style_dim: Length of a style, and width of the mapping network.
        mapping_layers: Its layers.
        label_dim: Length of a label; None without labels. The generator's is embedded and
            appended to the latent.
        conditioning: What the discriminator does with labels: `"projection"`, or another of
            `dcgan`'s.

    Returns:
        `(generator, discriminator)` as `dcgan` returns them; images are not bounded.

    Raises:
        ValueError: On another size or conditioning, or a number below 1.

    Example:

    ```python
    generator, discriminator = kerasgan.networks.stylegan((64, 64, 3), width=32, max_width=256)
    styles = generator.get_layer("mapping")(latents)
    ```
    """
    options.check_square(image_shape, SIZES)
    options.check_options(None, conditioning)
    doublings = SIZES.index(image_shape[0]) + 3
    widths = [min(width * 2**i, max_width) for i in range(doublings, -1, -1)]

    synthesis = _synthesis(widths, style_dim, image_shape[-1])
    told = None if conditioning == "classes" else label_dim
    generator = with_mapping(synthesis, latent_dim, mapping_layers, told)

    inputs, images, labels = options.discriminator_inputs(image_shape, label_dim, conditioning)
    x = options.with_label_planes(images, labels, conditioning)
    x = leaky(EqualizedConv2D(widths[-1], 1, gain=GAIN)(x))
    for filters, halved in zip(widths[:0:-1], widths[-2::-1]):
        x = leaky(_convolution(filters)(x))
        x = leaky(Blur2D(padding=1, strides=2)(_convolution(halved)(x)))
    x = judgement(x, labels, label_dim, conditioning)
    return generator, keras.Model(inputs, x, name="discriminator")


def judgement(x, labels, label_dim, conditioning):
    """Logits of a discriminator's features of 4×4 pixels."""
    filters = x.shape[-1]
    x = leaky(_convolution(filters)(MinibatchDeviation()(x)))
    x = leaky(EqualizedDense(filters, gain=GAIN)(layers.Flatten()(x)))
    # So that the inner product with a label has the size of the other logit.
    features = layers.Rescaling(filters**-0.5, dtype="float32")(x)
    return options.discriminator_outputs(
        x, features, labels, label_dim, conditioning, EqualizedDense
    )


def with_mapping(synthesis, latent_dim, mapping_layers, label_dim):
    """A generator: the network from latents, and labels if any, to styles, and a synthesis."""
    _, n, style_dim = synthesis.input_shape
    mapping = _mapping(latent_dim, style_dim, mapping_layers, label_dim)
    inputs, _, _ = options.network_inputs((latent_dim,), label_dim)
    styles = layers.RepeatVector(n)(mapping(inputs))
    return keras.Model(inputs, synthesis(styles), name="generator")


def _mapping(latent_dim, style_dim, mapping_layers, label_dim):
    inputs, z, labels = options.network_inputs((latent_dim,), label_dim)
    x = PixelNormalization()(z)
    if labels is not None:
        embedding = PixelNormalization()(EqualizedDense(latent_dim)(labels))
        x = layers.Concatenate()([x, embedding])
    for _ in range(mapping_layers):
        x = EqualizedDense(style_dim, gain=GAIN, learning_rate_multiplier=0.01)(x)
        x = leaky(x)
    return keras.Model(inputs, MeanStyle(name="mean_style")(x), name="mapping")


def style_inputs(n, style_dim):
    """The input of a synthesis of `n` styles, and each of them."""
    styles = keras.Input((n, style_dim))
    each = [layers.Flatten()(layers.Cropping1D((i, n - 1 - i))(styles)) for i in range(n)]
    return styles, each


def _synthesis(widths, style_dim, channels):
    styles, each = style_inputs(2 * len(widths), style_dim)

    def styled(x, style):
        x = leaky(NoiseInput(per_channel=True)(x))
        parts = [EqualizedDense(x.shape[-1], bias_initializer=b)(style) for b in ("zeros", "ones")]
        return AdaptiveInstanceNormalization()([x, layers.Concatenate()(parts)])

    x = styled(LearnedConstant((4, 4, widths[0]), "ones")(styles), each[0])
    x = styled(_convolution(widths[0])(x), each[1])
    for i, filters in enumerate(widths[1:], 1):
        x = styled(_convolution(filters)(BilinearUpsampling(2)(x)), each[2 * i])
        x = styled(_convolution(filters)(x), each[2 * i + 1])
    images = EqualizedConv2D(channels, 1, dtype="float32")(x)
    return keras.Model(styles, images, name="synthesis")


def _convolution(filters):
    return EqualizedConv2D(filters, 3, padding="same", gain=GAIN)


def leaky(x):
    return layers.LeakyReLU(0.2)(x)
