"""The latent space as a tool: codes, projection, directions, edits and films."""

import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image
from tiny import array, mlp_gan

from kerasgan import latents, losses, models, networks
from kerasgan.marks import Mark, marking, read_marks

SHAPE = (32, 32, 1)
TINY = {"latent_dim": 4, "width": 2, "max_width": 4, "style_dim": 4, "mapping_layers": 2}


@pytest.fixture(scope="module")
def styled():
    keras.utils.set_random_seed(1)
    return models.StyleGAN2(*networks.stylegan2(SHAPE, **TINY), seed=1)


@pytest.fixture(scope="module")
def plain():
    return mlp_gan()


def perceptual():
    """A loss on a feature network of one's own."""
    keras.utils.set_random_seed(0)
    x = inputs = keras.Input((None, None, 1))
    x = layers.Conv2D(4, 3, strides=2, padding="same", name="features")(x)
    return losses.FeatureLoss(keras.Model(inputs, x), layer="features", scale=1.0)


@pytest.mark.without_backend
@pytest.mark.parametrize("model, options", [("styled", {"truncation": 0.7}), ("plain", {})])
def test_codes_are_what_samples_are_made_of(model, options, request):
    model = request.getfixturevalue(model)
    found = latents.codes(model, 3, seed=5, **options)
    made = model.generate(3, seed=5, **options)
    np.testing.assert_array_equal(latents.render(model, found), made)


@pytest.mark.parametrize(
    "name", [pytest.param("styled", marks=pytest.mark.without_backend), "plain"]
)
def test_projection_finds_a_picture_that_the_model_makes(name, request):
    model = request.getfixturevalue(name)
    code = latents.codes(model, 1, seed=7)
    if name == "plain":
        # At the distance from 0 at which latents of more numbers lie by themselves.
        code *= model.latent_dim**0.5 / np.linalg.norm(code)
    picture = latents.render(model, code, as_float=True)[0]
    before = [array(v) for v in model.averaged_generator.weights]
    found = latents.project(model, picture, loss=perceptual(), steps=60)
    assert found.losses[-1] < 0.3 * found.losses[0] and len(found.losses) == 61
    np.testing.assert_array_equal(latents.render(model, found.code[None])[0], found.image)
    assert found.code.shape == latents.codes(model, 1).shape[1:]
    for weight, old in zip(model.averaged_generator.weights, before):
        np.testing.assert_array_equal(array(weight), old)


@pytest.mark.without_backend
def test_projection_takes_files_and_labels_and_says_what_does_not_fit(plain, tmp_path):
    Image.fromarray(np.full((20, 30, 3), 99, "uint8")).save(tmp_path / "grey.png")
    pair = networks.mlp((8, 8, 1), latent_dim=4, width=8, depth=1, label_dim=3)
    conditional = models.ConditionalGAN(*pair)
    options = {"loss": keras.losses.MeanSquaredError(), "steps": 2, "candidates": 2}
    found = latents.project(conditional, tmp_path / "grey.png", labels=1, **options)
    assert found.image.shape == (8, 8, 1)
    np.testing.assert_allclose(np.linalg.norm(found.code), 2.0, rtol=1e-5)
    with pytest.raises(ValueError, match=r"shape \(8, 8, 1\), .* Received: shape \(9, 9, 1\)"):
        latents.project(plain, np.zeros((9, 9, 1), "uint8"), **options)
    with pytest.raises(ValueError, match="steps must be at least 1"):
        latents.project(plain, np.zeros((8, 8, 1), "uint8"), steps=0)
    generator = networks.unet((16, 16, 1), channels=3, width=2)
    pix2pix = models.Pix2Pix(generator, networks.patchgan((16, 16, 3), 1, width=2, depth=1))
    with pytest.raises(ValueError, match="Pix2Pix makes nothing of latents"):
        latents.codes(pix2pix)


@pytest.mark.without_backend
def test_directions_are_eigenvectors_of_what_multiplies_a_code(styled, plain):
    scales = [x for x in styled.part("synthesis").layers if type(x).__name__ == "EqualizedDense"]
    stacked = np.concatenate([array(x.kernel) / 2 for x in scales], axis=1)
    kernel = array(plain.averaged_generator.layers[1].kernel)
    for model, matrix in ((styled, stacked), (plain, kernel)):
        found = latents.directions(model, 4)
        np.testing.assert_allclose(found @ found.T, np.eye(4), atol=1e-5)
        values = np.linalg.svd(matrix, compute_uv=False) ** 2
        np.testing.assert_allclose(((found @ matrix) ** 2).sum(1), values[:4], rtol=1e-3)
    z = keras.Input((4,))
    reshaped = layers.Conv2DTranspose(1, 8)(layers.Reshape((1, 1, 4))(z))
    judge = networks.mlp((8, 8, 1), latent_dim=4, width=8, depth=1)[1]
    with pytest.raises(ValueError, match="has none: find directions by labels"):
        latents.directions(models.GAN(keras.Model(z, reshaped), judge))


@pytest.mark.without_backend
def test_a_direction_by_labels_parts_them():
    random = np.random.default_rng(0)
    normal = np.array([0.6, 0.0, -0.8, 0.0], "float32")
    # Of unequal variances, so that the difference of the means is another direction.
    codes = random.standard_normal((4000, 4), "float32") * [3.0, 1.0, 1.0, 1.0]
    found = latents.direction_of(codes, codes @ normal > 0)
    assert found @ normal > 0.99
    styles = np.repeat(codes[:, None], 8, axis=1)
    np.testing.assert_allclose(latents.direction_of(styles, codes @ normal > 0), found)
    with pytest.raises(ValueError, match="must have both 0 and 1. Received: all 1"):
        latents.direction_of(codes, np.ones(4000))
    with pytest.raises(ValueError, match="one for each of the 4000 codes"):
        latents.direction_of(codes, [0, 1])


@pytest.mark.without_backend
def test_an_edit_moves_codes_at_the_layers_named(styled):
    code, direction = np.zeros((2, 8, 4), "float32"), np.array([0, 1, 0, 0], "float32")
    moved = latents.edit(code, direction, -2.0, at=styled.at_layers("coarse"))
    expected = np.zeros((2, 8, 4))
    expected[:, :3, 1] = -2
    np.testing.assert_array_equal(moved, expected)
    np.testing.assert_array_equal(latents.edit(code[0, 0], direction, 1.0), direction)
    with pytest.raises(ValueError, match="a latent has none, and is moved as a whole"):
        latents.edit(code[0, 0], direction, 1.0, at=styled.at_layers("coarse"))
    with pytest.raises(ValueError, match=r"direction must have shape \(4,\)"):
        latents.edit(code, np.zeros(3), 1.0)


@pytest.mark.without_backend
@pytest.mark.parametrize("suffix", [".gif", ".webp"])
@pytest.mark.parametrize("name", ["styled", "plain"])
def test_a_film_goes_through_codes_and_back(name, suffix, request, tmp_path):
    model = request.getfixturevalue(name)
    found = latents.codes(model, 3, seed=0)
    with marking(Mark("model", "generate")):
        path = latents.film(model, tmp_path / f"film{suffix}", found, steps=2, milliseconds=80)
    assert bool(read_marks(path).metadata) == (suffix == ".webp")
    with Image.open(path) as opened:
        assert opened.size == model.sample_shape[:2] and opened.is_animated
        frames = []
        for frame in range(opened.n_frames):
            opened.seek(frame)
            frames.append(np.asarray(opened.convert("L"), "int16"))
    assert len(frames) == 6
    made = model.generate(3, seed=0)[..., 0].astype("int16")
    for shown, whole in zip(frames[::2], made):
        assert np.abs(shown - whole).mean() < 12
    with pytest.raises(ValueError, match="a .gif or .webp file"):
        latents.film(model, tmp_path / "film.mp4", found)
    with pytest.raises(ValueError, match="through two codes or more. Received: 1"):
        latents.film(model, path, found[:1])
