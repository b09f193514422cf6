"""StyleGAN: its networks, and what its styles are good for."""

import keras
import numpy as np
import pytest
from tiny import array, compiled, images, train

from kerasgan import models, networks, zoo
from kerasgan.cli import main

TINY = {"latent_dim": 4, "width": 2, "max_width": 4, "style_dim": 4, "mapping_layers": 2}


def model_of(cls=models.StyleGAN, seed=1, **options):
    keras.utils.set_random_seed(seed)
    build = getattr(networks, cls.builders)
    return cls(*build((32, 32, 1), **TINY, **options), seed=seed)


# What it is made of beside StyleGAN2, which each backend sees, other tests see there.
@pytest.mark.without_backend
def test_a_step_moves_every_weight_and_a_seed_gives_the_same_pictures():
    model = compiled(model_of())
    before = [array(v) for v in model.trainable_variables]
    history = train(model, images(8, (32, 32, 1)))
    assert np.isfinite([v for values in history.values() for v in values]).all()
    still = [v.path for v, old in zip(model.trainable_variables, before) if (array(v) == old).all()]
    assert not still
    made = model.generate(3, seed=5)
    np.testing.assert_array_equal(model.generate(3, seed=5, batch_size=2), made)


@pytest.mark.without_backend
@pytest.mark.parametrize("size, styles", [(32, 8), (64, 10), (128, 12), (256, 14)])
def test_two_styles_a_size(size, styles):
    generator, discriminator = networks.stylegan((size, size, 2), **TINY)
    assert generator.output_shape == discriminator.input_shape == (None, size, size, 2)
    assert discriminator.output_shape == (None, 1)
    assert generator.get_layer("synthesis").input_shape == (None, styles, 4)
    assert generator.get_layer("mapping").output_shape == (None, 4)


@pytest.mark.without_backend
def test_a_style_is_the_mean_and_the_deviation_of_each_channel():
    synthesis = networks.stylegan((32, 32, 3), **TINY)[0].get_layer("synthesis")
    last = [x for x in synthesis.layers if "adaptive_instance" in x.name][-1]
    dense = [x for x in synthesis.layers if "equalized_dense" in x.name][-2:]
    features = keras.Model(synthesis.inputs, last.output)
    styles = np.random.default_rng(0).standard_normal((2, 8, 4), "float32")
    means, deviations = (array(layer(styles[:, -1])) for layer in dense)
    found = array(features([styles]))
    np.testing.assert_allclose(found.mean((1, 2)), means, atol=1e-4)
    np.testing.assert_allclose(found.std((1, 2)), np.abs(deviations), rtol=1e-2, atol=1e-3)


@pytest.mark.without_backend
def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="image_shape must be .*32, 64, 128, 256. Received"):
        networks.stylegan((48, 48, 3))
    with pytest.raises(ValueError, match='must have the layers "mapping" and "synthesis"'):
        models.StyleGAN(*networks.mlp((8, 8, 1), latent_dim=4, width=8, depth=1))
    pair = networks.stylegan((32, 32, 1), **TINY)
    with pytest.raises(ValueError, match="mixing_probability must be in .0, 1.. Received.*=2"):
        models.StyleGAN(*pair, mixing_probability=2)


@pytest.fixture(scope="module")
def trained():
    model = model_of()
    # As after training: a mean that is not 0.
    model.part("mapping").get_layer("mean_style").mean.assign(np.arange(4) / 4)
    return model


@pytest.mark.without_backend
def test_truncation_draws_styles_to_their_mean(trained):
    free, half, none = (trained.styles_of(3, seed=1, truncation=t) for t in (1, 0.5, 0))
    mean = np.broadcast_to(np.arange(4, dtype="float32") / 4, (3, 8, 4))
    np.testing.assert_allclose(none, mean, atol=1e-6)
    np.testing.assert_allclose(half, (free + mean) / 2, rtol=1e-5)
    whole, plain = trained.generate(3, seed=1, as_float=True), trained.predict(latents(3, 1))
    np.testing.assert_allclose(whole, plain, atol=1e-5)
    same = trained.generate(3, seed=1, truncation=0.0, as_float=True)
    np.testing.assert_allclose(same[0], same[1], atol=1e-5)
    for wrong in (1.5, float("nan"), "much"):
        with pytest.raises(ValueError, match="truncation must be in .0, 1.. Received"):
            trained.generate(1, truncation=wrong)


def latents(n, seed):
    return np.random.default_rng(seed).standard_normal((n, 4), "float32")


@pytest.mark.without_backend
def test_mixing_takes_the_styles_of_named_layers_from_the_other(trained):
    one, other = (trained.styles_of(1, seed=s)[0] for s in (3, 4))
    expected = np.concatenate([other[:4], one[4:]])[None]
    made = trained.mix(3, 4, "coarse", as_float=True)
    np.testing.assert_allclose(made, trained.synthesize(expected, as_float=True)[0], atol=1e-5)
    every = trained.mix(3, 4, ["coarse", 16, 32], as_float=True)
    np.testing.assert_allclose(every, trained.generate(1, seed=4, as_float=True)[0], atol=1e-5)
    with pytest.raises(ValueError, match="'coarse', 'middle', 4, 8, 16, 32. Received: 'fine'"):
        trained.mix(3, 4, "fine")
    second = model_of(models.StyleGAN2)
    assert second.style_sizes() == [4, 8, 8, 16, 16, 32, 32, 32]
    with pytest.raises(ValueError, match=r"styles must have shape \(n, 8, 4\)"):
        second.synthesize(np.zeros((1, 3, 4)))


@pytest.mark.without_backend
def test_the_command_truncates(trained, tmp_path, capsys):
    entry = zoo.save(trained, tmp_path / "entry")
    out = tmp_path / "made.npz"
    command = ["generate", str(entry), "-n", "2", "--seed", "1", "-o", str(out)]
    assert main([*command, "--truncation", "0.7"]) == 0
    with np.load(out) as file:
        expected = zoo.load(entry).generate(2, seed=1, truncation=0.7)
        np.testing.assert_array_equal(file[file.files[0]], expected)
    pair = networks.mlp((8, 8, 1), latent_dim=4, width=8, depth=1)
    plain = zoo.save(models.GAN(*pair), tmp_path / "plain")
    assert main(["generate", str(plain), "--truncation", "0.7"]) == 2
    assert "takes no --truncation" in capsys.readouterr().err
