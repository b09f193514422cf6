"""Sounds: files as batches, and the networks and the models of waveforms."""

import numpy as np
import pytest
import soundfile
from tiny import array

from kerasgan import datasets, layers, networks, zoo
from kerasgan.cli import main
from kerasgan.engine import backend, by_keras
from kerasgan.modalities import Audio

RATE = 8000


def tone(hertz=440.0, rate=RATE, seconds=0.5, peak=0.5):
    return peak * np.sin(2 * np.pi * hertz * np.arange(int(rate * seconds)) / rate)


def loudest(sound, rate=RATE):
    """The frequency with the most power, in hertz."""
    power = np.abs(np.fft.rfft(sound.astype("float64").ravel()))
    return power.argmax() * rate / sound.size


def load(folder, **options):
    options = {"length": 2000, "sample_rate": RATE, "shuffle": False} | options
    return datasets.load_sounds(folder, **options)


@pytest.mark.without_backend
@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
def test_a_tone_keeps_its_pitch_from_a_stereo_file_of_any_kind_and_rate(suffix, tmp_path):
    for rate in (8000, 16000, 44100):
        both = np.stack([tone(rate=rate), np.zeros(rate // 2)], axis=1)
        soundfile.write(tmp_path / f"{rate}.{suffix}", both, rate)
    sounds = load(tmp_path)[0]
    assert sounds.shape == (3, 2000, 1) and sounds.dtype == "int16"
    for sound in sounds:
        assert abs(loudest(sound) - 440) < 5
        # Half of the peak of the channel that is not silent.
        assert abs(np.abs(sound).max() / 32768 - 0.25) < 0.03


@pytest.mark.without_backend
def test_silence_around_a_sound_is_cut_and_a_short_one_is_filled_up(tmp_path):
    quiet = 0.001 * np.random.default_rng(0).standard_normal(1000)
    whole = np.concatenate([quiet, tone(seconds=0.1), quiet])
    soundfile.write(tmp_path / "a.wav", whole, RATE)
    sound = load(tmp_path)[0][0, :, 0]
    assert np.abs(sound[:20]).max() > 3000 and not sound[805:].any()
    assert not np.abs(load(tmp_path, trim=False)[0][0, :900]).max() > 300
    assert np.abs(load(tmp_path, normalize=True)[0]).max() == 32767


@pytest.mark.without_backend
def test_what_is_no_sound_is_named_and_left_out(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        soundfile.write(tmp_path / name / "a.wav", tone(), RATE)
    (tmp_path / "one" / "text.wav").write_text("no sound at all")
    soundfile.write(tmp_path / "two" / "empty.wav", np.zeros(0), RATE)
    with pytest.warns(UserWarning) as warned:
        dataset = load(tmp_path, labels=True)
    said = "\n".join(str(w.message) for w in warned)
    assert "text.wav" in said and "empty.wav: it holds no sample" in said
    assert dataset.num_images == 2 and dataset.label_names == ["one", "two"]
    np.testing.assert_array_equal(dataset[0][1], [0, 1])
    assert dataset.modalities["modality"].sample_rate == RATE


@pytest.mark.without_backend
def test_arrays_give_what_files_of_them_give(tmp_path):
    clips = np.rint(np.stack([tone(hertz) for hertz in (300, 500)]) * 32767).astype("int16")
    for i, clip in enumerate(clips):
        soundfile.write(tmp_path / f"{i}.wav", clip, RATE)
    np.savez(tmp_path / "clips.npz", audio=clips[..., None], kind=np.arange(2))
    expected = load(tmp_path)[0]
    for source in (clips, clips / 32768.0, tmp_path / "clips.npz", f"{tmp_path}/clips.npz:audio"):
        np.testing.assert_array_equal(load(source)[0], expected)


@pytest.mark.without_backend
def test_a_source_without_sounds_is_refused_by_name(tmp_path):
    with pytest.raises(ValueError, match="No sound in"):
        load(tmp_path)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        load(tmp_path / "nowhere")
    for wrong in (np.zeros((2, 9, 2), "int16"), np.full((2, 9), 3.0), np.zeros((2, 0), "int16")):
        with pytest.raises(ValueError, match="the array"):
            load(wrong)


@pytest.mark.without_backend
@pytest.mark.parametrize("length", [64, 100, 1000])
def test_networks_of_waveforms_are_made_for_any_length(length):
    generator, critic = networks.wavegan((length, 1), latent_dim=4, width=2, label_dim=3)
    latents, labels = np.zeros((2, 4), "float32"), np.eye(3, dtype="float32")[:2]
    sounds = array(generator([latents, labels]))
    assert sounds.shape == (2, length, 1) and np.abs(sounds).max() <= 1
    assert array(critic([sounds, labels])).shape == (2, 1)


@pytest.mark.without_backend
def test_a_sound_of_16384_samples_has_the_layers_of_the_paper():
    generator, critic = networks.wavegan()
    counts = [sum(np.prod(v.shape) for v in x.trainable_variables) for x in (generator, critic)]
    # Tables 3 and 4: kernels of 25, widths of 64 to 1024.
    widths = [64, 128, 256, 512, 1024]
    between = [25 * a * b + b for a, b in zip(widths, widths[1:])]
    assert counts[0] == 101 * 16 * 1024 + sum(
        25 * a * b + a for a, b in zip(widths, widths[1:])
    ) + (25 * 64 + 1)
    assert counts[1] == (25 * 64 + 64) + sum(between) + (16 * 1024 + 1)
    with pytest.raises(ValueError, match="64 samples or more"):
        networks.wavegan((63, 1))


def test_phase_shuffle_moves_by_as_many_places_as_drawn_and_mirrors_the_ends():
    x = np.arange(10, dtype="float32").reshape(1, 1, 10, 1)
    mirrored = np.pad(np.arange(10), 2, mode="reflect")
    allowed = {tuple(mirrored[i : i + 10]) for i in range(5)}
    layer = layers.PhaseShuffle(2, seed=0)
    np.testing.assert_array_equal(array(layer(x)), x)
    seen = {tuple(array(layer(x, training=True)).ravel().astype(int)) for _ in range(60)}
    assert seen == allowed


@pytest.mark.parametrize("kind", ["convolution", "transposed_convolution"])
def test_convolutions_of_one_row_give_what_keras_gives(kind):
    random = np.random.default_rng(0)
    x = random.standard_normal((2, 1, 22, 3)).astype("float32")
    kernel = random.standard_normal((1, 25, 3, 3)).astype("float32")
    options = {"strides": (1, 4), "padding": "same", "dilation_rate": (1, 1)}
    options["data_format"] = "channels_last"
    if kind == "transposed_convolution":
        options["output_padding"] = None
    made, expected = (getattr(m, kind)(x, kernel, None, **options) for m in (backend, by_keras))
    np.testing.assert_allclose(array(made), array(expected), atol=1e-4)


@pytest.mark.without_backend
def test_a_folder_of_sounds_is_trained_on_and_labels_are_said_in_turn(tmp_path, capsys):
    for name in ("low", "high"):
        (tmp_path / "sounds" / name).mkdir(parents=True)
        for i in range(4):
            clip = tone({"low": 300, "high": 1200}[name] + 10 * i, seconds=0.1)
            soundfile.write(tmp_path / "sounds" / name / f"{i}.wav", clip, RATE)
    run, said = tmp_path / "run", tmp_path / "said.wav"
    words = ["train", "conditional_wavegan", "--data", tmp_path / "sounds", "--out", run]
    words += ["--epochs", 1, "--batch-size", 4, "data.length=64", "data.sample_rate=8000"]
    words += ["data.labels=true", "networks.width=2", "networks.latent_dim=2"]
    assert main([str(word) for word in words]) == 0
    card = zoo.info(run)
    assert card["sample_rate"] == RATE and card["samples"] == [64, 1]
    assert (run / "grids" / "epoch_0001.png").exists()

    words = ["generate", run, "--labels", "low,high,low", "--seed", 0, "-o", said]
    assert main([str(word) for word in words]) == 0
    samples, rate = soundfile.read(said, dtype="int16")
    assert rate == RATE
    expected = zoo.load(run).generate(3, seed=0, labels=["low", "high", "low"])
    np.testing.assert_array_equal(samples, expected.ravel())

    np.savez(tmp_path / "fast.npz", audio=np.zeros((8, 64), "int16"), rate=16000)
    capsys.readouterr()
    again = ["train", run, "--data", tmp_path / "fast.npz", "--out", tmp_path / "other"]
    assert main([str(word) for word in again]) == 2
    assert "holds sounds at 16,000 Hz" in capsys.readouterr().err
    again = ["train", run, "--data", tmp_path / "sounds", "--out", tmp_path / "other"]
    again += ["start=zoo", "data.sample_rate=16000"]
    assert main([str(word) for word in again]) == 2
    assert "sample_rate=8000), and the data are read as" in capsys.readouterr().err


@pytest.mark.without_backend
def test_a_preview_shows_a_high_tone_above_a_low_one_and_silence_in_black():
    clips = np.stack([tone(500, seconds=0.2), tone(3000, seconds=0.2), np.zeros(1600)])[..., None]
    picture = Audio(RATE).preview(np.rint(clips * 32767).astype("int16"))
    side = picture.shape[0] // 2
    low, high = picture[:side, : picture.shape[1] // 2], picture[:side, picture.shape[1] // 2 :]
    rows = [np.median(shown[:-1, :-1, 0].argmax(axis=0)) for shown in (low, high)]
    assert np.allclose(rows, [129 - 16, 129 - 96], atol=2)
    assert not picture[side:-1, : low.shape[1] - 1].any()
