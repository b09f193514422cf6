"""Music: MIDI files as batches of piano rolls and back, the networks of bars, and its figures."""

import keras
import numpy as np
import pytest
from tiny import array

from kerasgan import datasets, layers, metrics, models, networks, zoo
from kerasgan.cli import main
from kerasgan.engine.backend import input_gradient
from kerasgan.modalities import Music, midi

mido = pytest.importorskip("mido")
without_backend = pytest.mark.without_backend
SHAPE = (2, 4, 24, 2)


def file_of(*tracks, ticks=480, channel=0):
    """A file of tracks, each of notes `(pitch, start, end)` in beats."""
    file = mido.MidiFile(ticks_per_beat=ticks)
    for notes in tracks:
        events = [(start, 1, "note_on", pitch) for pitch, start, _ in notes]
        events += [(end, 0, "note_off", pitch) for pitch, _, end in notes]
        track, now = mido.MidiTrack(), 0
        for beat, _, kind, pitch in sorted(events):
            time = round((beat - now) * ticks)
            track.append(mido.Message(kind, note=pitch, channel=channel, time=time))
            now = beat
        file.tracks.append(track)
    return file


def rolls(n=8, shape=SHAPE, seed=0):
    """One pitch a step and track, each held for two steps."""
    random = np.random.default_rng(seed)
    chosen = random.integers(0, shape[2], (n, shape[0], shape[1] // 2, shape[3])).repeat(2, axis=2)
    return (chosen[:, :, :, None] == np.arange(shape[2])[:, None]).astype("uint8")


def load(source, **options):
    bars, steps, pitches, tracks = SHAPE
    options = {"bars": bars, "steps_per_bar": steps, "steps_per_beat": 2} | options
    options = {"lowest": 48, "pitches": pitches, "tracks": tracks, "shuffle": False} | options
    return datasets.load_music(source, **options)


@without_backend
@pytest.mark.parametrize("ticks", [96, 480])
def test_notes_of_a_file_sound_at_the_steps_that_they_are_nearest_to(ticks, tmp_path):
    upper = [(64, 0, 1), (65, 1, 1.5), (65, 1.5, 2), (67, 2.05, 3.95)]
    lower = [(48, 0, 4), (52, 3.5, 3.6)]
    file_of(upper, [], lower, ticks=ticks).save(tmp_path / "a.mid")
    found = midi.read_rolls(tmp_path / "a.mid", steps_per_beat=4)
    expected = np.zeros((16, 128, 2), bool)
    for pitch, start, end, track in [(64, 0, 4, 0), (65, 4, 8, 0), (67, 8, 16, 0)]:
        expected[start:end, pitch, track] = True
    expected[:, 48, 1] = expected[14, 52, 1] = True
    np.testing.assert_array_equal(found, expected)


@without_backend
def test_what_is_written_as_midi_is_read_again_and_lasts_as_long_as_it_should(tmp_path):
    made = rolls(3)
    Music(48, 2).write(made, tmp_path / "song.mid")
    found = midi.read_rolls(tmp_path / "song.mid", 2)[:, 48:72]
    np.testing.assert_array_equal(found, made.reshape(-1, 24, 2))
    # 24 steps, 2 a beat, at the 120 beats a minute of a file that says none.
    file = mido.MidiFile(tmp_path / "song.mid")
    assert file.length == pytest.approx(6.0)
    meters = [m for m in file.tracks[0] if m.type == "time_signature"]
    assert [(m.numerator, m.denominator) for m in meters] == [(2, 4)]
    Music(48, 2).write_each(made, tmp_path / "each")
    each = [midi.read_rolls(path, 2) for path in sorted((tmp_path / "each").iterdir())]
    np.testing.assert_array_equal(
        np.concatenate(each), np.concatenate(np.split(np.pad(found, ((0, 0), (48, 56), (0, 0))), 3))
    )


@without_backend
def test_each_file_that_cannot_be_used_is_named_with_the_reason(tmp_path):
    pair = [(60, 0, 4)], [(50, 0, 4)]
    file_of(*pair).save(tmp_path / "good.mid")
    (tmp_path / "text.mid").write_text("no music at all")
    (tmp_path / "empty.mid").write_bytes(b"")
    (tmp_path / "cut.mid").write_bytes((tmp_path / "good.mid").read_bytes()[:-9])
    file_of([], []).save(tmp_path / "silent.mid")
    file_of(*pair, channel=9).save(tmp_path / "drums.mid")
    file_of(pair[0]).save(tmp_path / "solo.mid")
    file_of([(90, 0, 4)], pair[1]).save(tmp_path / "high.mid")
    file_of([(60, 0, 10**6)], pair[1]).save(tmp_path / "endless.mid")
    with pytest.warns(UserWarning) as warned:
        music = load(tmp_path)
    said = {str(w.message).split(".mid: ")[0].rpartition("/")[2]: str(w.message) for w in warned}
    reasons = {
        **dict.fromkeys(("text", "empty", "cut"), "no MIDI file that can be read"),
        **dict.fromkeys(("silent", "drums"), "no note"),
        "solo": "1 tracks with notes, not tracks=2",
        "high": "from 50 to 90, and not in 48 to 71",
        "endless": "2,000,001 steps",
    }
    assert said.keys() == reasons.keys()
    for name, reason in reasons.items():
        assert reason in said[name]
    assert music.num_images == 1
    (tmp_path / "good.mid").unlink()
    with pytest.warns(UserWarning), pytest.raises(ValueError, match="No music in"):
        load(tmp_path)


@without_backend
def test_a_phrase_begins_at_every_bar_in_files_and_in_arrays_alike(tmp_path):
    piece = rolls(2).reshape(1, 16, 24, 2)
    Music(48, 2).write(rolls(2), tmp_path / "a.mid")
    np.savez(tmp_path / "a.npz", rolls=rolls(2).reshape(1, 4, 4, 24, 2), key=np.arange(3))
    expected = np.stack([piece[0, start : start + 8] for start in (0, 4, 8)]).reshape(3, *SHAPE)
    for source in (tmp_path, tmp_path / "a.npz", f"{tmp_path}/a.npz:rolls", piece, piece > 0):
        np.testing.assert_array_equal(load(source)[0], expected)
    together = load(tmp_path, tracks=1, bars=5)[0]
    np.testing.assert_array_equal(together[0, :4, :, :, 0].reshape(16, 24), piece[0].max(axis=2))
    assert not together[0, 4].any()


@without_backend
def test_sources_and_arguments_that_cannot_be_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        load(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="as pitches and tracks say"):
        load(np.zeros((2, 8, 24, 3), "uint8"))
    with pytest.raises(ValueError, match="uint8 above 1. Of how loud notes are give rolls > 0"):
        load(np.full((2, 8, 24, 2), 90, "uint8"))
    for wrong in ({"pitches": 20}, {"lowest": 110}, {"transpose": 24}, {"bars": 0}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            load(rolls(), **wrong)
    with pytest.raises(ValueError, match="a multiple of 12"):
        networks.musegan((1, 4, 20, 1))


@without_backend
def test_transposed_phrases_keep_their_intervals_and_stay_in_the_range():
    narrow = np.zeros((1, *SHAPE), "uint8")
    narrow[0, :, :, 3, 0] = narrow[0, :, :, 22, 1] = 1
    music = load(narrow.repeat(64, axis=0), transpose=5, batch_size=64)
    seen = music[0]
    lows, highs = (seen[..., track].argmax(axis=3)[:, 0, 0] for track in (0, 1))
    np.testing.assert_array_equal(highs - lows, 19)
    # Three semitones down there is room, one up.
    assert set(lows) == {0, 1, 2, 3, 4}
    np.testing.assert_array_equal(music.sample(1), narrow)


def test_decisions_are_made_and_their_gradient_is_that_of_the_probabilities():
    x = np.array([[0.2, 0.7, 0.1], [0.6, 0.3, 0.1]], "float32")
    for axis, expected in ((None, x > 0.5), (-1, x == x.max(axis=1, keepdims=True))):
        layer = layers.StraightThrough(axis)
        np.testing.assert_array_equal(array(layer(x)), expected)
        weights = keras.ops.convert_to_tensor(np.arange(6, dtype="float32").reshape(2, 3))

        def judge(x, layer=layer, weights=weights):
            return keras.ops.sum(weights * layer(x), axis=1)

        gradient = input_gradient(judge, keras.ops.convert_to_tensor(x))
        np.testing.assert_allclose(array(gradient), array(weights))


@without_backend
@pytest.mark.parametrize("shape", [(4, 16, 48, 4), (1, 6, 12, 1), (3, 12, 24, 2)])
def test_networks_of_bars_are_made_for_any_meter(shape):
    for monophonic in (False, True):
        keras.utils.set_random_seed(0)
        pair = networks.musegan(shape, latent_dim=4, width=4, monophonic=monophonic)
        latents = np.random.default_rng(0).standard_normal((2, 4 * (2 + 2 * shape[3])), "float32")
        made = array(pair[0](10 * latents))
        assert made.shape == (2, *shape) and set(np.unique(made)) <= {-1.0, 1.0}
        assert ((made > 0).sum(axis=3).max() <= 1) >= monophonic
        assert array(pair[1](made)).shape == (2, 1)


@without_backend
def test_a_latent_of_one_track_moves_that_track_alone_and_a_shared_one_all():
    keras.utils.set_random_seed(0)
    generator, _ = networks.musegan((2, 4, 24, 3), latent_dim=8, width=8)
    latents = np.random.default_rng(0).standard_normal((1, 8, 8), "float32")
    before = array(generator(latents.reshape(1, -1)))
    for part in range(8):
        moved = latents.copy()
        moved[0, part] += 30.0
        after = array(generator(moved.reshape(1, -1)))
        tracks = set(np.flatnonzero((after != before).any(axis=(0, 1, 2, 3))))
        assert tracks == ({0, 1, 2} if part < 2 else {part // 2 - 1})


@without_backend
def test_figures_of_music_are_what_they_are_by_definition():
    silent = np.zeros((1, 2, 8, 24, 2), "uint8")
    song = silent.copy()
    # A bar of C major's scale in the first track, over a C held in the second; then F sharp.
    for step, pitch in enumerate((0, 2, 4, 5, 7, 9, 11, 12)):
        song[0, 0, step, pitch, 0] = 1
    song[0, 0, :, 0, 1] = 1
    song[0, 1, :4, 6, 0] = 1
    assert metrics.empty_bars(song) == 0.25 and metrics.empty_bars(silent) == 1.0
    # Seven classes, C twice; one; one.
    assert metrics.used_pitch_classes(song) == 3.0
    # C and C are one pitch at the first step.
    assert metrics.polyphony(song) == (1 + 7 * 2 + 4) / 12
    # Nine of ten notes; of D major, with F sharp, fewer.
    assert metrics.scale_consistency(song) == 0.9
    assert metrics.note_length(song) == (8 + 8 + 4) / 10
    for figure in (metrics.used_pitch_classes, metrics.polyphony, metrics.scale_consistency):
        assert np.isnan(figure(silent))
    # Where a roll begins changes neither; a semitone up is another key, as consistent.
    assert metrics.scale_consistency(song, lowest=37) == 0.9
    assert metrics.used_pitch_classes(song, lowest=41) == 3.0
    up = np.roll(song, 5, axis=3)
    np.testing.assert_array_equal(metrics.aligned(up), metrics.aligned(song))


@without_backend
def test_a_preview_has_high_pitches_at_the_top_and_a_colour_a_track():
    one = np.zeros((1, 1, 4, 12, 2), "uint8")
    one[0, 0, 0, 11, 0] = one[0, 0, 3, 0, 1] = 1
    picture = Music().preview(one)[:24:2, :10:2]
    assert picture.shape == (12, 5, 3)
    coloured = {(int(y), int(x)) for y, x in np.argwhere(np.ptp(picture, axis=2) > 0)}
    assert coloured == {(0, 1), (11, 4)}
    assert tuple(picture[0, 1]) != tuple(picture[11, 4])


@without_backend
def test_a_folder_of_midi_is_trained_on_and_a_song_is_written_and_judged(tmp_path, capsys):
    (tmp_path / "songs").mkdir()
    Music(48, 2).write_each(rolls(8), tmp_path / "songs")
    run, song = tmp_path / "run", tmp_path / "song.mid"
    words = ["train", "musegan", "--data", tmp_path / "songs", "--out", run, "--epochs", 1]
    words += ["--batch-size", 4, "data.bars=2", "data.steps_per_bar=4", "data.steps_per_beat=2"]
    words += ["data.lowest=48", "data.pitches=24", "data.tracks=2", "data.transpose=2"]
    words += ["networks.width=2", "networks.latent_dim=2", "networks.monophonic=true"]
    assert main([str(word) for word in words]) == 0
    card = zoo.info(run)
    assert card["samples"] == [*SHAPE] and card["modality"] == "music" and card["lowest"] == 48
    assert (run / "grids" / "epoch_0001.png").exists()

    assert main(["generate", str(run), "-n", "4", "--seed", "0", "-o", str(song)]) == 0
    made = zoo.load(run).generate(4, seed=0)
    again = np.zeros((32, 128, 2), bool)
    found = midi.read_rolls(song, 2) if made.any(axis=(0, 1, 2, 3)).all() else None
    if found is not None:
        again[: len(found)] = found
        np.testing.assert_array_equal(again[:, 48:72], made.reshape(32, 24, 2))
    assert main(["generate", str(run), "-n", "2", "-o", str(tmp_path / "songs_of_it")]) == 0
    assert len(list((tmp_path / "songs_of_it").glob("*.mid"))) == 2

    words = ["evaluate", run, "--data", tmp_path / "songs", "-n", 8, "--seed", 1]
    capsys.readouterr()
    assert main([str(w) for w in [*words, "--neighbours", tmp_path / "near.png"]]) == 0
    printed = capsys.readouterr().out.splitlines()
    figures = {line[:38].strip(): line[38:].strip() for line in printed}
    assert float(figures["note length of real"]) == pytest.approx(
        metrics.note_length(load(tmp_path / "songs")[0]), rel=1e-4
    )
    assert float(figures["polyphony"]) == pytest.approx(
        metrics.polyphony(zoo.load(run).generate(8, seed=1)), rel=1e-4, nan_ok=True
    )
    assert (tmp_path / "near.png").exists()
    assert main([str(word) for word in [*words, "--crop", 8]]) == 2
    assert "judged without crop" in capsys.readouterr().err


@without_backend
def test_a_model_of_music_takes_rolls_of_bools_bytes_and_floats():
    keras.utils.set_random_seed(0)
    pair = networks.musegan(SHAPE, latent_dim=2, width=2)
    given = rolls()
    seen = [array(Music().to_network(x)) for x in (given, given > 0, 2.0 * given - 1.0)]
    for other in seen[1:]:
        np.testing.assert_array_equal(seen[0], other)
    assert set(np.unique(seen[0])) == {-1.0, 1.0}
    models.MuseGAN(*pair).fit(given, batch_size=4, verbose=0)
    with pytest.raises(ValueError, match="uint8 above 1"):
        models.MuseGAN(*pair).fit(90 * given, batch_size=4, verbose=0)
