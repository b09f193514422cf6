"""Write the chorales that `musegan_chorales` is trained on as MIDI files, a folder a split.

    python benchmarks/music.py CHORALES --npz jsb_chorales_16th_satb.npz
    kerasgan train musegan_chorales --data CHORALES/train
    kerasgan evaluate musegan_chorales --data CHORALES/test

The file has the pitches of four voices at every sixteenth note, -1 where one is silent, of the
pieces of a split one after another, and the length of each (Boulanger-Lewandowski et al. 2012,
arXiv:1206.6392). Notes that are struck again at once come out as one.
"""

import argparse
from pathlib import Path

import numpy as np

from kerasgan.modalities import midi

SPLITS = ("train", "valid", "test")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, help="folder to write")
    parser.add_argument("--npz", required=True, help="the chorales")
    options = parser.parse_args()
    with np.load(options.npz) as arrays:
        stored = {name: arrays[name] for name in arrays.files}
    for split in SPLITS:
        (options.out / split).mkdir(parents=True, exist_ok=True)
        pieces = np.split(stored[split], np.cumsum(stored[f"{split}_length"])[:-1])
        for number, piece in enumerate(pieces):
            # A row more, which takes what is silent.
            rolls = np.zeros((len(piece), 129, piece.shape[1]), bool)
            for voice, pitches in enumerate(piece.T):
                rolls[np.arange(len(piece)), pitches, voice] = True
            path = options.out / split / f"{number:03d}.mid"
            midi.file_of(rolls[:, :128], 0, 4, 16).save(path)
        print(f"Wrote {len(pieces)} pieces to {options.out / split}")


if __name__ == "__main__":
    main()
