"""What people pass to builders and to a model's verbs: used as the field writes it, or refused."""

import keras
import numpy as np
import pytest
from tiny import images, mlp_gan, train

from kerasgan import networks
from kerasgan.models import SRGAN, Pix2Pix

BUILT = {
    "dcgan": lambda: networks.dcgan((16, 16, 3), latent_dim=4, width=2, label_dim=2),
    "mlp": lambda: networks.mlp((4, 5, 1), latent_dim=4, width=4),
    "resnet": lambda: networks.resnet((32, 32, 1), latent_dim=4, width=2),
    "unet": lambda: [networks.unet((16, 32, 1), width=2)],
    "patchgan": lambda: [networks.patchgan((32, 64, 3), condition_channels=1, width=2)],
    "srresnet": lambda: [networks.srresnet(2, width=4, blocks=1), networks.srgan_discriminator(32)],
    "rrdb": lambda: [networks.rrdb(2, width=4, blocks=1, growth=2)],
    "pan": lambda: [networks.pan(2, width=4, blocks=1)],
}


@pytest.fixture
def channels_first():
    keras.config.set_image_data_format("channels_first")
    yield
    keras.config.set_image_data_format("channels_last")


@pytest.mark.parametrize("name", BUILT)
def test_builders_put_channels_last_whatever_keras_is_told(name, channels_first):
    told = [(n.input_shape, n.output_shape, n.count_params()) for n in BUILT[name]()]
    keras.config.set_image_data_format("channels_last")
    assert told == [(n.input_shape, n.output_shape, n.count_params()) for n in BUILT[name]()]


def test_a_model_trains_and_makes_images_under_channels_first(channels_first):
    generator = networks.unet((8, 16, 1), width=2, dropout=0.0)
    discriminator = networks.patchgan((8, 16, 3), condition_channels=1, width=2, depth=1)
    model = Pix2Pix(generator, discriminator)
    sources = images(2, (8, 16, 1))
    train(model, (sources, images(2, (8, 16, 3))))
    assert model.translate(sources).shape == (2, 8, 16, 3)
    assert keras.config.image_data_format() == "channels_first"


@pytest.mark.parametrize(
    "build, arguments, message",
    [
        ("dcgan", {"image_shape": 64}, "image_shape must be a tuple of whole numbers.*=64"),
        ("dcgan", {"image_shape": ()}, r"image_shape must be a tuple.*image_shape=\(\)"),
        ("dcgan", {"image_shape": (64, 64, 3.5)}, "each of at least 1"),
        ("dcgan", {"latent_dim": 0}, "latent_dim must be at least 1, a whole number. Rec.*=0"),
        ("resnet", {"latent_dim": "128"}, "latent_dim must be at least 1.*='128'"),
        ("mlp", {"width": True}, "width must be at least 1.*width=True"),
        ("mlp", {"label_dim": 2.0}, "a whole number or None. Received: label_dim=2.0"),
        ("unet", {"image_shape": (16, 16)}, "a tuple of 3 whole numbers"),
        ("unet", {"dropout": "0.5"}, "dropout must be a finite number. Received: dropout='0.5'"),
        ("patchgan", {"depth": 0}, "depth must be at least 1"),
        ("srresnet", {"scale": [4]}, "scale must be at least 1"),
        ("srgan_discriminator", {"patch_size": None}, "patch_size must be at least 1"),
        ("rrdb", {"residual_scaling": float("nan")}, "residual_scaling must be a finite number"),
        ("pan", {"width": 41}, "width must be an even number. Received: width=41"),
    ],
)
def test_builders_refuse_what_is_no_size(build, arguments, message):
    with pytest.raises(ValueError, match=message):
        getattr(networks, build)(**arguments)


@pytest.fixture(scope="module")
def model():
    return mlp_gan()


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"n": "4"}, "n must be at least 0, a whole number. Received: n='4'"),
        ({"n": True}, "n=True"),
        ({"seed": -4}, "seed must be at least 0, a whole number. Received: seed=-4"),
        ({"seed": "a"}, "seed='a'"),
        ({"batch_size": 2.5}, "batch_size must be at least 1, a whole number"),
        ({"latents": np.zeros(4)}, r"\(n, 4\). Received: \(4,\). For one sample pass latents\[N"),
        ({"latents": np.full((2, 4), np.nan)}, "latents must be finite. Received: NaN"),
        ({"latents": "noise"}, r"latents must be numbers of shape \(n, 4\). Received: str"),
        ({"latents": [[1, 2, 3, 4], [1]]}, "latents must be numbers.*Received: list of 2 list"),
        ({"latents": np.ones((1, 4)) * 1j}, "latents must be numbers.*Received: complex128"),
        ({"latents": object()}, "Received: object"),
        ({"labels": 3}, "takes no labels. Received: 3"),
    ],
)
def test_generate_refuses_what_it_cannot_use(model, arguments, message):
    with pytest.raises(ValueError, match=message):
        model.generate(**arguments)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((1, 2, "5"), "steps must be at least 2, a whole number. Received: steps='5'"),
        ((1.5, 2), "start must be at least 0, a whole number. Received: start=1.5"),
        ((1, None), "end must be.*end=None"),
        ((1, np.zeros(5)), r"end must have shape \(4,\). Received: \(5,\)"),
        ((np.full(4, np.inf), 1), "start must be finite"),
    ],
)
def test_interpolate_refuses_what_is_no_latent(model, arguments, message):
    with pytest.raises(ValueError, match=message):
        model.interpolate(*arguments)


@pytest.mark.parametrize("x", ["photo.jpg", None, 4, np.zeros((2, 3)), [np.zeros((2, 4))] * 2])
def test_predict_refuses_what_is_no_input_of_its_network(model, x):
    with pytest.raises(ValueError, match=r"predict.. hands generator its own input.*generate"):
        model.predict(x, verbose=0)


def test_translate_and_upscale_refuse_what_they_cannot_use():
    generator = networks.unet((8, 8, 1), width=2)
    discriminator = networks.patchgan((8, 8, 3), condition_channels=1, width=2, depth=1)
    translate = Pix2Pix(generator, discriminator).translate
    generator = networks.srresnet(2, width=4, blocks=1)
    discriminator = networks.srgan_discriminator(16, width=2)
    upscale = SRGAN(generator, discriminator, content_loss="mse").upscale
    image = images(1, (8, 8, 3))[0]
    for call, message in (
        (lambda: translate(image[..., :1], batch_size=0), "batch_size must be at least 1, a whole"),
        (lambda: translate([image, image]), "Expected a path, a Pillow image or an array.*list"),
        (lambda: upscale(None), "Expected a path, a Pillow image or an array.*NoneType"),
        (lambda: upscale(image, tile="64"), "tile must be at least 1, a whole number.*'64'"),
        (lambda: upscale(image, overlap=2.5), "overlap must be at least 0, a whole number.*2.5"),
        (lambda: upscale(image, strength="0.5"), r"strength must be in \[0, 1\]. Received.*'0.5'"),
    ):
        with pytest.raises(ValueError, match=message):
            call()
