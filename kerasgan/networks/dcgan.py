"""Deep convolutional networks, Radford et al. 2015 (arXiv:1511.06434)."""

import keras
from keras import layers

from kerasgan.layers import Conv2DTranspose, MinibatchDiscrimination
from kerasgan.networks import options
from kerasgan.networks.builder import builder


@builder
def dcgan(
    image_shape: tuple[int, ...] = (64, 64, 3),
    latent_dim: int = 100,
    width: int = 128,
    kernel_size: int = 5,
    discriminator_normalization: str | None = "batch",
    label_dim: int | None = None,
    conditioning: str = "concatenation",
    minibatch_discrimination: bool = False,
):
    """The generator and the discriminator of DCGAN.

    The generator projects the latent to 4×4 and doubles the size with transposed
    convolutions, batch normalisation and ReLU, ending in tanh; the discriminator mirrors
    it with strided convolutions and LeakyReLU 0.2. Batch normalisation is left out at
    the generator's output and the discriminator's input, and weights start from
    N(0, 0.02), as in the paper; those of a discriminator without normalisation by the rule of
    He et al. 2015 (arXiv:1502.01852).

    Args:
        image_shape: `(size, size, channels)`; size a power of two from 16 to 256.
        latent_dim: Length of the latent.
        width: Channels next to the image; they double with every halving of the size,
            up to 1024. 128 in the paper.
        kernel_size: Of every convolution; 5 in the paper's figure 1. An even size
            leaves no checkerboard that training would have to unlearn.
        discriminator_normalization: `"batch"`, the paper's; `"layer"`, over all features
            of a sample; `"spectral"`, of every weight (Miyato et al. 2018,
            arXiv:1802.05957); or None.
        label_dim: Length of the label vectors of a conditional pair, one-hot or of
            attributes; None for no labels. The generator appends them to its latents.
        conditioning: What the discriminator does with labels. `"concatenation"`: takes
            them as channels, each of its label's value everywhere (Mirza & Osindero 2014,
            arXiv:1411.1784). `"projection"`: adds to the logit the inner product of their
            embedding with the last features, summed over positions (Miyato & Koyama 2018,
            arXiv:1802.05637). `"auxiliary"`: takes images only and names their labels
            (Odena et al. 2017, arXiv:1610.09585). `"classes"`: the same without a logit of
            its own, and the generator takes no labels (Salimans et al. 2016, arXiv:1606.03498).
        minibatch_discrimination: Whether `kerasgan.layers.MinibatchDiscrimination` comes
            before the output.

    Returns:
        `(generator, discriminator)`: from latents `(batch, latent_dim)` to images in
        [-1, 1], and from images to one logit, `(batch, 1)`. With labels the generator
        takes `[latents, labels]`, the discriminator `[images, labels]`; an auxiliary one
        gives `[logits, label_logits]` for images, one of classes `label_logits`.

    Raises:
        ValueError: On another size, normalisation or conditioning, or a number below 1.

    Example:

    ```python
    generator, discriminator = kerasgan.networks.dcgan((32, 32, 1), width=64)
    ```
    """
    size, channels = image_shape[0], image_shape[-1]
    sizes = [16, 32, 64, 128, 256]
    options.check_square(image_shape, sizes)
    options.check_options(discriminator_normalization, conditioning)
    doublings = sizes.index(size) + 2
    widths = [min(width * 2**i, 1024) for i in range(doublings)]

    def start():
        # A new one each time: an initializer draws the same numbers whenever it is called.
        return {"kernel_initializer": keras.initializers.RandomNormal(stddev=0.02)}

    def he():
        return {"kernel_initializer": keras.initializers.HeNormal()}

    def normalise(x, normalization="batch"):
        if normalization != "batch":
            # An initializer that nobody uses would shift the seeds of those after it: a network
            # built anew from its configuration would start from other weights.
            return options.normalize(x, normalization)
        gamma = keras.initializers.RandomNormal(1.0, 0.02)
        return options.normalize(x, normalization, gamma_initializer=gamma)

    # Functional, not sequential: Keras rebuilds a sequential model with every layer added,
    # which would be most of the time to load one.
    inputs, z, labels = options.generator_inputs(latent_dim, label_dim, conditioning)
    x = options.with_labels(z, labels)
    x = layers.Dense(4 * 4 * widths[-1], use_bias=False, **start())(x)
    x = layers.Reshape((4, 4, widths[-1]))(x)
    x = layers.ReLU()(normalise(x))
    for filters in reversed(widths[:-1]):
        x = Conv2DTranspose(filters, kernel_size, 2, "same", use_bias=False, **start())(x)
        x = layers.ReLU()(normalise(x))
    x = Conv2DTranspose(channels, kernel_size, 2, "same", **start())(x)
    x = layers.Activation("tanh", dtype="float32")(x)
    generator = keras.Model(inputs, x, name="generator")

    convolution, weights = options.weight_layers(discriminator_normalization)
    if discriminator_normalization is None:
        # Nothing makes up for weights that are too small: signals and gradients would fade.
        start = he

    def dense(units, **kwargs):
        return weights(units, **kwargs, **start())

    inputs, images, labels = options.discriminator_inputs(image_shape, label_dim, conditioning)
    x = options.with_label_planes(images, labels, conditioning)
    # A normalisation of the features has a shift of its own.
    shifted = discriminator_normalization in ("batch", "layer")
    for i, filters in enumerate(widths):
        bias = i == 0 or not shifted
        x = convolution(filters, kernel_size, 2, "same", use_bias=bias, **start())(x)
        if i:
            x = normalise(x, discriminator_normalization)
        x = layers.LeakyReLU(0.2)(x)
    features, x = x, layers.Flatten()(x)
    if minibatch_discrimination:
        x = MinibatchDiscrimination()(x)
    x = options.discriminator_outputs(x, features, labels, label_dim, conditioning, dense)
    discriminator = keras.Model(inputs, x, name="discriminator")
    return generator, discriminator
