"""Train the classifier that sounds are judged by, on real ones with labels.

    KERAS_BACKEND=torch python benchmarks/sounds.py DIGITS -o digits.keras
    kerasgan evaluate wavegan_digits --data DIGITS/train --features digits.keras

DIGITS has the folders `train` and `test` with a folder of sounds a label in each. `--npz fsdd.npz`
writes them first, of the Free Spoken Digit Dataset as one file; its test sounds are takes 0 to 4 of
every speaker and digit, which no model sees in training. `--npz drums16k.npz` writes drums of eight
kits by kind, as far as their names tell it; its test sounds are two whole kits.
"""

import argparse
from pathlib import Path

import keras
import numpy as np
from keras import layers
from results import record

import kerasgan

TEST_KITS = ("HardElectro1", "VariBreaks")


def unpack(file, folder):
    """The sounds of one file as WAV files: `train/3/3_george_7.wav`."""
    import soundfile

    with np.load(file) as arrays:
        stored = {name: arrays[name] for name in arrays.files}
    sounds = drums(stored) if "kit" in stored else digits(stored)
    for clip, is_test, label, name in sounds:
        path = folder / ("test" if is_test else "train") / label
        path.mkdir(parents=True, exist_ok=True)
        soundfile.write(path / f"{name}.wav", clip, int(stored["rate"]))


def digits(stored):
    compressed = stored["mulaw"] / 127.5 - 1.0
    samples = np.sign(compressed) * (256.0 ** np.abs(compressed) - 1.0) / 255.0
    clips = np.split(samples, np.cumsum(stored["length"])[:-1])
    named = (stored[name] for name in ("digit", "speaker", "take"))
    for clip, digit, speaker, take in zip(clips, *named):
        yield clip, take < 5, str(digit), f"{digit}_{speaker}_{take}"


def drums(stored):
    named = (stored[name] for name in ("audio", "kit", "kind", "name"))
    for i, (clip, kit, kind, name) in enumerate(zip(*named)):
        yield clip, kit in TEST_KITS, str(kind), f"{i:03d}_{name}"


def read(folder, length, sample_rate):
    """All sounds below a folder, floats in [-1, 1] `(n, length, 1)`, and their labels' names."""
    dataset = kerasgan.datasets.load_sounds(
        folder, length, sample_rate, normalize=True, shuffle=False, labels=True
    )
    sounds, labels = zip(*(dataset[i] for i in range(len(dataset))))
    names = np.array(dataset.label_names)[np.concatenate(labels)]
    return np.concatenate(sounds) / np.float32(32768), names


def classifier(length, sample_rate, label_dim):
    """A network from waveforms to logits, over the mel spectrogram in decibels."""
    x = inputs = keras.Input((length, 1))
    # What is 56 dB below a tone at full scale is silence: generated sounds have a noise that real
    # ones have not. Keras measures `top_db` from the loudest of the batch.
    mel = {"num_mel_bins": 64, "min_freq": 60, "min_power": 1e-2, "top_db": 200.0}
    x = layers.Reshape((length,))(x)
    x = layers.MelSpectrogram(256, 128, sampling_rate=sample_rate, **mel)(x)
    x = layers.Rescaling(1 / 40)(layers.Reshape((*x.shape[1:], 1))(x))
    for width in (32, 64, 64):
        x = layers.Conv2D(width, 5, 2, "same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
    x = layers.Dropout(0.5)(layers.Flatten()(x))
    return keras.Model(inputs, layers.Dense(label_dim)(x))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder with train and test")
    parser.add_argument("-o", "--out", default="digits.keras", help="file to write")
    parser.add_argument("--npz", help="sounds in one file, to write into that folder first")
    parser.add_argument("--length", type=int, default=6144)
    parser.add_argument("--sample-rate", type=int, default=8000)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.npz:
        unpack(options.npz, options.data)
    keras.utils.set_random_seed(options.seed)
    size = options.length, options.sample_rate
    sounds, names = read(options.data / "train", *size)
    # The test sounds need not be of all kinds.
    kinds, labels = np.unique(names, return_inverse=True)
    network = classifier(*size, len(kinds))
    steps = options.epochs * -(-len(sounds) // 64)
    network.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(2e-3, steps)),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    network.fit(sounds, labels, batch_size=64, epochs=options.epochs, verbose=2)
    sounds, names = read(options.data / "test", *size)
    right = kinds[network.predict(sounds, verbose=0).argmax(1)] == names
    network.save(options.out)
    row = {
        "data": options.data.name,
        "length": options.length,
        "test_accuracy": round(float(right.mean()), 4),
        "n_test": len(right),
        "epochs": options.epochs,
        "seed": options.seed,
    }
    record("sounds", [row], by=("data", "length"))


if __name__ == "__main__":
    main()
