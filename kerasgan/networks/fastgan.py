"""FastGAN's networks, Liu et al. 2021 (arXiv:2101.04775)."""

import keras
from keras import layers, ops

from kerasgan.layers import Conv2D, NoiseInput, UpSampling2D
from kerasgan.networks import options
from kerasgan.networks.builder import builder

SIZES = (32, 64, 128, 256)
# How many times `width` channels features of a size have.
GENERATOR = {4: 16, 8: 8, 16: 4, 32: 2, 64: 2, 128: 1, 256: 0.5}
DISCRIMINATOR = {8: 8, 16: 4, 32: 2, 64: 1, 128: 0.5, 256: 0.25}
DECODER = {16: 4, 32: 2, 64: 2, 128: 1}
# The discriminator's layers whose features are decoded, and the largest picture decoded.
PART, WHOLE, DECODED = "features_16", "features_8", 128


def start():
    # A new one each time: an initializer draws the same numbers whenever it is called.
    return {"kernel_initializer": keras.initializers.RandomNormal(stddev=0.02), "use_bias": False}


def normalize(x, normalization="batch"):
    if normalization != "batch":
        return options.normalize(x, normalization)
    gamma = keras.initializers.RandomNormal(1.0, 0.02)
    return options.normalize(x, normalization, gamma_initializer=gamma)


def gated(x):
    """A gated linear unit: half of the channels, each by the sigmoid of one of the others."""
    return ops.glu(normalize(x))


@builder
def fastgan(
    image_shape: tuple[int, ...] = (64, 64, 3),
    latent_dim: int = 256,
    width: int = 64,
    discriminator_width: int = 64,
    discriminator_normalization: str | None = "batch",
):
    """The generator and the discriminator of FastGAN, for few pictures and little time.

    The generator doubles the size by nearest neighbours, a convolution, batch normalisation and a
    gated linear unit; every other block has a second convolution, and adds noise. Skip-layer
    excitation (equation 1) gates the channels of features of size s by those of size s / 16: of
    64 by 4, of 128 by 8, of 256 by 16. Images of 32 pixels have nothing so small, and no gate.

    The discriminator halves the size to 8×8 by residual blocks and judges each 4×4 of it. From
    its layers `features_16` and `features_8` `kerasgan.models.FastGAN` has real images
    reconstructed. The excitation and the second, small image that the authors' code also has,
    and its spectral normalisation, are not part of the paper, nor of this.

    Args:
        image_shape: `(size, size, channels)`; size 32, 64, 128 or 256.
        latent_dim: Length of the latent; 256 in the paper's code.
        width: Of the generator: channels at 128 pixels, from 16 times as many at 4 to half at
            256. 64 in the paper's code.
        discriminator_width: Of the discriminator: channels at 64 pixels; they double with every
            halving of the size. In the paper's code 64, whatever the size of the images.
        discriminator_normalization: `"batch"`, the paper's; `"layer"`, `"spectral"` or None, as
            in `dcgan`.

    Returns:
        `(generator, discriminator)`: from latents `(batch, latent_dim)` to images in [-1, 1], and
        from images to logits of 25 places, `(batch, 25)`.

    Raises:
        ValueError: On another size or normalisation, or a number below 1.

    Example:

    ```python
    generator, discriminator = kerasgan.networks.fastgan((64, 64, 3), width=32)
    ```
    """
    options.check_options(discriminator_normalization, "concatenation")
    generator = fastgan_generator(image_shape, latent_dim, width)
    return generator, _discriminator(image_shape, discriminator_width, discriminator_normalization)


def fastgan_generator(image_shape, latent_dim, width):
    """The generator alone; arguments as of `fastgan`."""
    size, channels = image_shape[0], image_shape[-1]
    options.check_square(image_shape, SIZES)
    widths = {at: max(int(share * width), 1) for at, share in GENERATOR.items()}

    def convolution(x, filters):
        return Conv2D(2 * filters, 3, padding="same", **start())(x)

    inputs = keras.Input((latent_dim,), name="latents")
    # A transposed convolution of one place.
    x = layers.Dense(4 * 4 * 2 * widths[4], **start())(inputs)
    x = gated(layers.Reshape((4, 4, 2 * widths[4]))(x))
    features, at = {4: x}, 4
    while at < size:
        at *= 2
        x = convolution(UpSampling2D(2)(x), widths[at])
        if at in (8, 32, 128):
            x = gated(NoiseInput()(x))
            x = NoiseInput()(convolution(x, widths[at]))
        x = gated(x)
        if at // 16 in features:
            x = skip_layer_excitation(features[at // 16], x)
        features[at] = x
    x = Conv2D(channels, 3, padding="same", **start())(x)
    x = layers.Activation("tanh", dtype="float32")(x)
    return keras.Model(inputs, x, name="generator")


def skip_layer_excitation(small, large):
    """The channels of large features, each by a gate in (0, 1) that the small ones decide."""
    filters = large.shape[-1]
    x = layers.AveragePooling2D(small.shape[1] // 4)(small)
    x = Conv2D(filters, 4, **start())(x)
    x = layers.Activation("silu")(x)
    x = Conv2D(filters, 1, activation="sigmoid", **start())(x)
    return layers.Multiply(name=f"excited_{large.shape[1]}")([large, x])


def _discriminator(image_shape, width, normalization):
    size = image_shape[0]
    weight_layer, _ = options.weight_layers(normalization)

    def convolution(x, filters, kernel_size, strides=1, padding="same", **more):
        begin = start()
        if normalization is None:
            # Nothing makes up for weights that are too small.
            begin["kernel_initializer"] = keras.initializers.HeNormal()
        return weight_layer(filters, kernel_size, strides, padding, **begin | more)(x)

    def unit(x, *sizes):
        return layers.LeakyReLU(0.2)(normalize(convolution(x, *sizes), normalization))

    def filters(at):
        return max(int(DISCRIMINATOR[at] * width), 1)

    inputs = keras.Input(image_shape, name="images")
    x = layers.LeakyReLU(0.2)(convolution(inputs, filters(size), 3))
    for at in (n for n in reversed(SIZES[:-1]) if n < size):
        x = _down(x, unit, filters(at), f"down_{at}")
    x = _down(x, unit, filters(16), PART)
    x = _down(x, unit, filters(8), WHOLE)
    x = unit(x, 2 * filters(8), 1)
    x = convolution(x, 1, 4, padding="valid", dtype="float32")
    return keras.Model(inputs, layers.Flatten(dtype="float32")(x), name="discriminator")


def _down(x, unit, filters, name):
    """The mean of two convolutions, the first of stride 2, and of a pooled one of 1×1."""
    main = unit(unit(x, filters, 4, 2), filters, 3)
    direct = unit(layers.AveragePooling2D(2)(x), filters, 1)
    return layers.Average(name=name)([main, direct])


def fastgan_decoder(discriminator, width=32):
    """The two decoders of the discriminator's self-supervision (section 3.2), as one network.

    Args:
        discriminator: Has layers `features_16` and `features_8`, as `fastgan` makes it.
        width: Channels at 128 pixels; 32 in the paper's code.

    Returns:
        Keras model from `[features_8, quarter]`, `quarter` a quarter of `features_16`, to
        `[whole, part]`: the image, of 128 pixels at most, and that quarter of it.
    """
    size, channels = discriminator.input_shape[1], discriminator.input_shape[-1]
    inputs, outputs = [], []
    for name, layer, side in (("whole", WHOLE, size), ("part", PART, size // 2)):
        x = keras.Input((8, 8, discriminator.get_layer(layer).output.shape[-1]), name=name)
        inputs.append(x)
        while x.shape[1] < min(side, DECODED):
            x = UpSampling2D(2)(x)
            filters = max(DECODER[x.shape[1]] * width, 1)
            x = gated(Conv2D(2 * filters, 3, padding="same", **start())(x))
        x = Conv2D(channels, 3, padding="same", **start())(x)
        outputs.append(layers.Activation("tanh", dtype="float32")(x))
    return keras.Model(inputs, outputs, name="decoder")
