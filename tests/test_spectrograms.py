"""Sounds that networks see as spectrograms: there and back, their door, and SpecGAN."""

import keras
import numpy as np
import pytest
from tiny import array

from kerasgan import datasets, models, networks, zoo
from kerasgan.modalities import Spectrograms

RATE = 8000
SIZES = {"frame_length": 32, "hop": 16, "frames": 16}


def tones(n=6, length=256):
    t = np.arange(length) / RATE
    pitches = np.linspace(500, 2500, n)[:, None]
    return np.rint(16384 * np.sin(2 * np.pi * pitches * t)).astype("int16")[..., None]


def test_a_tone_s_energy_is_at_its_frequency():
    modality = Spectrograms(RATE, **SIZES)
    found = array(modality.logarithms(tones(1)[:, :, 0].astype("float32") / 32768.0))
    assert found.shape == (1, 16, 16)
    # 500 Hz of 4000, in 16 frequencies of 250 Hz. A Hann window of 32 has a sum of 16.
    assert (found[0, 2:-2].argmax(axis=1) == 2).all()
    np.testing.assert_allclose(np.exp(found[0, 4, 2]), 0.5 * 16 / 2, rtol=0.02)


def test_what_goes_there_comes_back():
    modality = datasets.load_spectrograms(tones(), sample_rate=RATE, trim=False, **SIZES).modality
    seen = array(modality.to_network(tones()))
    assert seen.shape == (6, 16, 16, 1) and np.abs(seen).max() <= 1
    back = modality.to_user(seen)
    before, after = (
        np.exp(array(modality.logarithms(x[:, :, 0].astype("float32") / 32768.0)))
        for x in (tones(), back)
    )
    # Phases are found, and what is quiet was clipped, so that not all is as it was.
    assert np.linalg.norm(before - after) < 0.25 * np.linalg.norm(before)
    assert modality.to_user(seen[:0]).shape == (0, 256, 1)


@pytest.mark.without_backend
def test_frequencies_are_normalised_over_the_data_and_saved_with_the_model(tmp_path):
    sounds = np.random.default_rng(0).integers(-9000, 9000, (20, 256, 1), "int16")
    data = datasets.load_spectrograms(sounds, sample_rate=RATE, batch_size=20, trim=False, **SIZES)
    found = array(data.modality.logarithms(sounds[:, :, 0].astype("float32") / 32768.0))
    np.testing.assert_allclose(data.modality.means, found.mean((0, 1)), rtol=1e-4)
    np.testing.assert_allclose(data.modality.deviations, found.std((0, 1)), rtol=1e-3)
    normal = (found - data.modality.means) / data.modality.deviations / 3
    seen = array(data.modality.to_network(sounds))[..., 0].transpose(0, 2, 1)
    np.testing.assert_allclose(seen, normal.clip(-1, 1), atol=1e-4)
    assert data.shapes == {"real": (16, 16, 1)}
    pair = networks.dcgan((16, 16, 1), latent_dim=4, width=2, **models.SpecGAN.network_options)
    model = models.SpecGAN(*pair, modality=data.modality, seed=0)
    zoo.save(model, tmp_path / "entry")
    loaded = zoo.load(str(tmp_path / "entry")).modality
    np.testing.assert_allclose(loaded.means, data.modality.means, rtol=1e-5)
    assert loaded.get_config() == data.modality.get_config()


@pytest.mark.without_backend
def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="power of 2"):
        Spectrograms(RATE, frame_length=100)
    with pytest.raises(ValueError, match="hop must be 1 or more and below"):
        Spectrograms(RATE, frame_length=32, hop=32)
    with pytest.raises(ValueError, match="16 numbers each"):
        Spectrograms(RATE, **SIZES, means=[0.0])
    keras.utils.set_random_seed(0)
    pair = networks.dcgan((16, 16, 1), latent_dim=4, width=2, **models.SpecGAN.network_options)
    with pytest.raises(ValueError, match="generator must make spectrograms"):
        models.SpecGAN(*pair, modality=Spectrograms(RATE))
    model = models.SpecGAN(*pair, modality=Spectrograms(RATE, **SIZES))
    with pytest.raises(ValueError, match=r"\(batch, 256, 1\).*\(4, 100, 1\)"):
        model.fit(tones(4, 100))
