"""Deep convolutional networks, Radford et al. 2015 (arXiv:1511.06434)."""

import keras
from keras import layers


def dcgan(image_shape=(64, 64, 3), latent_dim=100, width=128, kernel_size=5):
    """The generator and the discriminator of DCGAN.

    The generator projects the latent to 4×4 and doubles the size with transposed
    convolutions, batch normalisation and ReLU, ending in tanh; the discriminator mirrors
    it with strided convolutions and LeakyReLU 0.2. Batch normalisation is left out at
    the generator's output and the discriminator's input, and weights start from
    N(0, 0.02), as in the paper.

    Args:
        image_shape: `(size, size, channels)`; size a power of two from 16 to 256.
        latent_dim: Length of the latent.
        width: Channels next to the image; they double with every halving of the size,
            up to 1024. 128 in the paper.
        kernel_size: Of every convolution; 5 in the paper's figure 1. An even size
            leaves no checkerboard that training would have to unlearn.

    Returns:
        `(generator, discriminator)`: from latents `(batch, latent_dim)` to images in
        [-1, 1], and from images to one logit, `(batch, 1)`.

    Raises:
        ValueError: On another size.

    Example:

    ```python
    generator, discriminator = kerasgan.networks.dcgan((32, 32, 1), width=64)
    ```
    """
    size, channels = image_shape[0], image_shape[-1]
    sizes = [16, 32, 64, 128, 256]
    if len(image_shape) != 3 or image_shape[1] != size or size not in sizes:
        raise ValueError(
            "image_shape must be (size, size, channels) with size one of "
            f"{', '.join(map(str, sizes))}. Received: image_shape={tuple(image_shape)}"
        )
    if channels < 1:
        raise ValueError(f"image_shape needs a channel. Received: {tuple(image_shape)}")
    doublings = sizes.index(size) + 2
    widths = [min(width * 2**i, 1024) for i in range(doublings)]

    def start():
        # A new one each time: an initializer draws the same numbers whenever it is called.
        return {"kernel_initializer": keras.initializers.RandomNormal(stddev=0.02)}

    def normalise():
        return layers.BatchNormalization(
            momentum=0.9,
            epsilon=1e-5,
            gamma_initializer=keras.initializers.RandomNormal(1.0, 0.02),
        )

    # Functional, not sequential: Keras rebuilds a sequential model with every layer added,
    # which would be most of the time to load one.
    z = keras.Input((latent_dim,))
    x = layers.Dense(4 * 4 * widths[-1], use_bias=False, **start())(z)
    x = layers.Reshape((4, 4, widths[-1]))(x)
    x = layers.ReLU()(normalise()(x))
    for filters in reversed(widths[:-1]):
        x = layers.Conv2DTranspose(filters, kernel_size, 2, "same", use_bias=False, **start())(x)
        x = layers.ReLU()(normalise()(x))
    x = layers.Conv2DTranspose(channels, kernel_size, 2, "same", **start())(x)
    x = layers.Activation("tanh", dtype="float32")(x)
    generator = keras.Model(z, x, name="generator")

    images = keras.Input(tuple(image_shape))
    x = images
    for i, filters in enumerate(widths):
        x = layers.Conv2D(filters, kernel_size, 2, "same", use_bias=i == 0, **start())(x)
        if i:
            x = normalise()(x)
        x = layers.LeakyReLU(0.2)(x)
    logits = layers.Dense(1, dtype="float32", **start())(layers.Flatten()(x))
    discriminator = keras.Model(images, logits, name="discriminator")
    return generator, discriminator
