"""MIDI files and the notes in them, on a grid of steps."""

import numpy as np

from kerasgan.marks.midi import text as marks_text

SUFFIXES = (".mid", ".midi")
DRUMS = 9
VELOCITY = 80
# A damaged file may say any length: this is hours of music.
MOST = 2**17


def mido():
    """mido, which comes with an extra.

    Raises:
        ImportError: With the sentence on how to install it.
    """
    try:
        import mido
    except ImportError as error:
        raise ImportError(f'MIDI needs mido ({error}): pip install "kerasgan[music]"') from error
    return mido


def read_rolls(path, steps_per_beat):
    """What sounds in a MIDI file at which step.

    A track is a channel of a track of the file that has notes; drums are left aside.

    Args:
        path: Of the file.
        steps_per_beat: Steps of a quarter note. What begins or ends between two of them is moved
            to the nearer one; a note has one step at least.

    Returns:
        bool array `(steps, 128, tracks)`.

    Raises:
        ValueError: On a file that is no MIDI, or one without notes.
    """
    library = mido()
    try:
        file = library.MidiFile(path)
        notes = _notes(file)
        scale = steps_per_beat / file.ticks_per_beat
    except Exception as error:  # mido's are of many kinds
        if isinstance(error, MemoryError) or getattr(error, "errno", None):
            raise  # of the machine, not of the file
        reason = str(error) or "it ends too early"
        raise ValueError(f"it is no MIDI file that can be read: {reason}") from error
    if not notes:
        raise ValueError("it has no note, drums left aside")
    tracks = sorted({track for track, *_ in notes})
    length = round(max(end for *_, end in notes) * scale) + 1
    if length > MOST:
        raise ValueError(f"it is {length:,} steps long, more than {MOST:,}")
    rolls = np.zeros((length, 128, len(tracks)), bool)
    for track, pitch, start, end in notes:
        first = round(start * scale)
        rolls[first : max(round(end * scale), first + 1), pitch, tracks.index(track)] = True
    last = np.flatnonzero(rolls.any(axis=(1, 2)))[-1]
    return rolls[: last + 1]


def _notes(file):
    """`((track, channel), pitch, start, end)` of every note, in ticks."""
    found = []
    for number, track in enumerate(file.tracks):
        now, sounding = 0, {}
        for message in track:
            now += message.time
            if message.type not in ("note_on", "note_off") or message.channel == DRUMS:
                continue
            key = (number, message.channel), message.note
            # Struck again, it has ended; so has what nothing ends before its track does.
            if key in sounding:
                found.append((*key, sounding.pop(key), now))
            if message.type == "note_on" and message.velocity:
                sounding[key] = now
        found += [(*key, start, now) for key, start in sounding.items()]
    return found


def file_of(rolls, lowest, steps_per_beat, steps_per_bar):
    """A `mido.MidiFile` of what sounds, a track each.

    Args:
        rolls: bool array `(steps, pitches, tracks)`.
        lowest: MIDI number of the first pitch.
        steps_per_beat, steps_per_bar: Steps of a quarter note, and of a bar.
    """
    library = mido()
    file = library.MidiFile(ticks_per_beat=120 * steps_per_beat, charset="utf-8")
    for number in range(rolls.shape[2]):
        # Drums have a channel of their own.
        channel = number % 15 + (number % 15 >= DRUMS)
        silence = np.zeros((1, rolls.shape[1]), bool)
        edges = np.diff(
            np.concatenate([silence, rolls[..., number], silence]).astype("int8"), axis=0
        )
        track, last = library.MidiTrack(), 0
        if not number and (said := marks_text()):
            track.append(library.MetaMessage("text", text=said))
        if not number and steps_per_bar % steps_per_beat == 0:
            beats = steps_per_bar // steps_per_beat
            track.append(library.MetaMessage("time_signature", numerator=beats, denominator=4))
        for step in np.flatnonzero(edges.any(axis=1)):
            # What ends comes first.
            for pitch in np.argsort(edges[step], kind="stable"):
                if edges[step, pitch]:
                    kind = "note_on" if edges[step, pitch] > 0 else "note_off"
                    options = {"note": int(pitch) + lowest, "velocity": VELOCITY}
                    time = 120 * int(step - last)
                    track.append(library.Message(kind, channel=channel, time=time, **options))
                    last = step
        track.append(library.MetaMessage("end_of_track", time=120 * int(len(rolls) - last)))
        file.tracks.append(track)
    return file
