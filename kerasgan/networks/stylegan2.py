"""The networks of StyleGAN2, Karras et al. 2019 (arXiv:1912.04958)."""

import keras
from keras import layers

from kerasgan.layers import (
    BilinearUpsampling,
    Blur2D,
    EqualizedConv2D,
    EqualizedDense,
    LearnedConstant,
    ModulatedConv2D,
    NoiseInput,
)
from kerasgan.networks import options
from kerasgan.networks.builder import builder
from kerasgan.networks.stylegan import GAIN, SIZES, judgement, leaky, style_inputs, with_mapping


@builder
def stylegan2(
    image_shape: tuple[int, ...] = (64, 64, 3),
    latent_dim: int = 512,
    width: int = 128,
    max_width: int = 512,
    style_dim: int = 512,
    mapping_layers: int = 8,
    label_dim: int | None = None,
    conditioning: str = "projection",
):
    """The generator and the discriminator of StyleGAN2.

    A mapping network turns the latent into a style, and each convolution of the synthesis scales
    its input channels by a linear function of a style and normalises its kernel by what that did
    to it; noise is added by learned strengths. Pictures of each size are summed (skip
    connections), while the discriminator is residual and sees how much the samples of a batch
    differ. Layers have an equalised learning rate. This is configuration E of the paper, F with
    `width` doubled.

    The generator's layers `"mapping"` and `"synthesis"` are models of their own: from latents
    `(batch, latent_dim)`, with labels `[latents, labels]`, to styles `(batch, style_dim)`; and from
    styles `(batch, number of styles, style_dim)` to images. A picture of 2ⁿ pixels has 2 n - 2
    styles, from coarse to fine.

    Args:
        image_shape: `(size, size, channels)`; size 32, 64, 128 or 256.
        latent_dim: Length of the latent.
        width: Channels next to the image; they double with every halving of the size. In the
            paper's configuration F 128 at 256 pixels, and 512 at 64.
        max_width: Up to this.
        style_dim: Length of a style, and width of the mapping network.
        mapping_layers: Its layers.
        label_dim: Length of a label; None without labels. The generator's is embedded and
            appended to the latent, as in the authors' code.
        conditioning: What the discriminator does with labels: `"projection"`, as in the authors'
            code, or another of `dcgan`'s.

    Returns:
        `(generator, discriminator)` as `dcgan` returns them; images are not bounded.

    Raises:
        ValueError: On another size or conditioning, or a number below 1.

    Example:

    ```python
    generator, discriminator = kerasgan.networks.stylegan2((64, 64, 3), width=32, max_width=256)
    styles = generator.get_layer("mapping")(latents)
    ```
    """
    size, channels = image_shape[0], image_shape[-1]
    options.check_square(image_shape, SIZES)
    options.check_options(None, conditioning)
    doublings = SIZES.index(size) + 3
    widths = [min(width * 2**i, max_width) for i in range(doublings, -1, -1)]

    synthesis = _synthesis(widths, style_dim, channels)
    told = None if conditioning == "classes" else label_dim
    generator = with_mapping(synthesis, latent_dim, mapping_layers, told)

    inputs, images, labels = options.discriminator_inputs(image_shape, label_dim, conditioning)
    x = options.with_label_planes(images, labels, conditioning)
    x = leaky(EqualizedConv2D(widths[-1], 1, gain=GAIN)(x))
    for filters in reversed(widths[:-1]):
        x = _halved(x, filters)
    x = judgement(x, labels, label_dim, conditioning)
    return generator, keras.Model(inputs, x, name="discriminator")


def _synthesis(widths, style_dim, channels):
    # A style for the first convolution and one for its picture; two convolutions a doubling, whose
    # picture shares the style of the next one's first.
    styles, cropped = style_inputs(2 * len(widths), style_dim)

    def modulated(x, filters, kernel_size, style, **kwargs):
        scales = EqualizedDense(x.shape[-1], bias_initializer="ones")(style)
        return ModulatedConv2D(filters, kernel_size, **kwargs)([x, scales])

    def convolved(x, filters, style, **kwargs):
        x = modulated(x, filters, 3, style, gain=GAIN, **kwargs)
        return leaky(NoiseInput()(x))

    def picture(x, style):
        return modulated(x, channels, 1, style, demodulate=False, dtype="float32")

    x = LearnedConstant((4, 4, widths[0]))(styles)
    x = convolved(x, widths[0], cropped[0])
    made = picture(x, cropped[1])
    for i, filters in enumerate(widths[1:]):
        x = convolved(x, filters, cropped[2 * i + 1], upsample=True)
        x = convolved(x, filters, cropped[2 * i + 2])
        made = BilinearUpsampling(2, dtype="float32")(made)
        made = layers.Add(dtype="float32")([made, picture(x, cropped[2 * i + 3])])
    return keras.Model(styles, made, name="synthesis")


def _halved(x, filters):
    """A block of the discriminator; the root of 2 keeps the size of the sum of both ways."""
    shortcut = Blur2D(padding=1, strides=2)(x)
    shortcut = EqualizedConv2D(filters, 1, use_bias=False, gain=0.5**0.5)(shortcut)
    x = leaky(EqualizedConv2D(x.shape[-1], 3, padding="same", gain=GAIN)(x))
    x = Blur2D(padding=2)(x)
    x = leaky(EqualizedConv2D(filters, 3, strides=2, gain=GAIN)(x))
    x = layers.Rescaling(0.5**0.5)(x)
    return layers.Add()([x, shortcut])
