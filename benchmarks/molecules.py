"""Molecules by likelihood at several temperatures, and by adversarial training from there on.

    python benchmarks/molecules.py split qm9_smiles.smi -o FOLDER
    kerasgan train gumbel_sequence_gan --data FOLDER/train.smi --out RUN data.unit=smiles
    KERAS_BACKEND=jax python benchmarks/molecules.py judge RUN FOLDER

`split` leaves out formulas that RDKit does not read and molecules with radicals, writes each in
RDKit's one way, and keeps a tenth to judge by. `judge` counts which of the samples are valid,
different and new, and how far their properties are from those of the tenth.
"""

import argparse
from pathlib import Path

import numpy as np
from results import record

import kerasgan
from kerasgan.datasets.sequences import read_texts
from kerasgan.zoo.sequences import evaluate_molecules

TEMPERATURES = (0.6, 0.8, 1.0, 1.2)


def split(options):
    from rdkit import Chem, RDLogger

    RDLogger.DisableLog("rdApp.*")
    texts = set()
    for text in read_texts(options.data, options.column)[0]:
        molecule = Chem.MolFromSmiles(text)
        if molecule and not any(atom.GetNumRadicalElectrons() for atom in molecule.GetAtoms()):
            texts.add(Chem.MolToSmiles(molecule))
    texts = np.random.default_rng(0).permutation(sorted(texts))
    options.out.mkdir(parents=True, exist_ok=True)
    for part, rows in (("test", texts[: len(texts) // 10]), ("train", texts[len(texts) // 10 :])):
        path = options.out / f"{part}.smi"
        path.write_text("".join(f"{text}\n" for text in rows))
        print(f"{len(rows)} molecules in {path}")


def judge(options):
    training, test = (np.array(read_texts(options.data / f"{x}.smi")[0]) for x in ("train", "test"))
    run, rows = Path(options.run), []
    stages = {"likelihood": run / "stage_1" / "entry", "adversarial": run}
    for stage, place in stages.items():
        if not place.is_dir():
            continue
        model = kerasgan.zoo.load(place)
        for temperature in TEMPERATURES if stage == "likelihood" else (1.0,):
            made = model.generate(
                options.n, options.seed, temperature=temperature, batch_size=256, verbose=False
            )
            figures = evaluate_molecules(test[: options.n], made, training, options.seed)
            row = {"run": run.name, "stage": stage, "temperature": temperature}
            rows.append(row | {key: round(value, 4) for key, value in figures.items()})
            print(rows[-1], flush=True)
    record("molecules", rows, by=("run",))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("split")
    one.add_argument("data", help="a file of SMILES, as load_sequences takes it")
    one.add_argument("--column", help="of a .csv file")
    one.add_argument("-o", "--out", type=Path, required=True)
    one.set_defaults(function=split)
    two = commands.add_parser("judge")
    two.add_argument("run", help="a run folder, or an entry")
    two.add_argument("data", type=Path, help="folder of `split`")
    two.add_argument("-n", type=int, default=2000)
    two.add_argument("--seed", type=int, default=0)
    two.set_defaults(function=judge)
    options = parser.parse_args()
    options.function(options)


if __name__ == "__main__":
    main()
